#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""A fuzzer of everything that takes a JSON Schema, through SQL.

    SCHEMA_FUZZ_SECONDS=600 SCHEMA_FUZZ_SEED=1 test/fuzz/schema/run.py

Random schemas of the five drafts and random values (generate.py), a fifth of them mutated, go
through all functions inside a private server, and the laws of checks.sql have to hold for each
pair. Some of the pairs run in a database of encoding SQL_ASCII, with bytes in their strings that
are no UTF-8. A backend that goes away is a failure, and the pair that did it is found and shown.

Then a million validations in one backend, out of a cache that holds all their schemas and out of
one that holds none, must leave its memory as it was: the sum over pg_backend_memory_contexts, and
what the kernel counts, so that memory which PostgreSQL does not know of is seen as well.

SCHEMA_FUZZ_SECONDS (20) is how long pairs are made, from SCHEMA_FUZZ_SEED: with the same seed the
pairs are the same, in the same order. It is 1, so that a change is what makes a test fail; $RANDOM
looks elsewhere.
"""

import json
import os
import random
import re
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path[0] = HERE
sys.path.insert(1, os.path.join(ROOT, "test/sidecar/wire"))

from generate import Generator
from kit.postgres import Cluster, PgError

SEED = int(os.environ.get("SCHEMA_FUZZ_SEED") or 1)
SECONDS = float(os.environ.get("SCHEMA_FUZZ_SECONDS") or 20)
BATCH = 50
SHOWN = 20

PAIRS = """
SELECT n, fuzz.pair((p->>0)::jsonb, (p->>1)::jsonb, (p->>2)::jsonb)
FROM json_array_elements($1::json) WITH ORDINALITY AS pairs (p, n)
"""
# \u00a4 stands for a byte that is not the beginning of anything, or not the end
BYTE_PAIRS = """
SELECT n, encode(convert_to(fuzz.pair(replace(p->>0, '\u00a4', chr($2::int))::jsonb,
    replace(p->>1, '\u00a4', chr($2::int))::jsonb, replace(p->>2, '\u00a4', chr($2::int))::jsonb),
    'SQL_ASCII'), 'escape')
FROM json_array_elements($1::json) WITH ORDINALITY AS pairs (p, n)
"""


def make_pair(rng):
    """(value, schema, a schema that differs in one place), as JSON texts."""
    generator = Generator(rng)
    schema = generator.root()
    value = generator.value_for(schema)
    other = generator.mutate(schema)
    if rng.random() < 0.1:
        schema = generator.mutate(schema)
    if rng.random() < 0.1:
        value = generator.mutate(value)
    return [json.dumps(thing) for thing in (value, schema, other)]


def with_bytes(pair):
    """The pair, unescaped, with the sign that stands for a byte in place of some letters."""
    texts = [json.dumps(json.loads(text), ensure_ascii=False) for text in pair]
    return [re.sub(r'(?<=")a', "\u00a4", text) for text in texts]


class Fuzz:
    """A server, a session for each encoding, and what was found."""

    def __init__(self):
        self.cluster = Cluster(preload=False, settings={"statement_timeout": "10s"})
        self.found = []
        self.count = 0
        setup = self.cluster.session("postgres")
        setup.query("CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
        setup.close()
        with open(os.path.join(HERE, "checks.sql"), encoding="utf-8") as file:
            checks = file.read()
        self.sessions = {}
        for database in ("app", "bytes"):
            session = self.sessions[database] = self.cluster.session(database)
            if database == "bytes":
                session.query("CREATE EXTENSION events")
            session.query(checks)

    def close(self):
        for session in self.sessions.values():
            session.close()
        self.cluster.close()

    def run(self, database, pairs):
        """Runs the pairs, one by one if one of them ends the backend."""
        session = self.sessions[database]
        try:
            if database == "app":
                rows = session.query(PAIRS, json.dumps(pairs))
            else:
                rows = session.query(BYTE_PAIRS, json.dumps(pairs, ensure_ascii=False),
                                     128 + self.count % 128)
        except PgError as error:
            if error.lost:
                session.close()
                self.sessions[database] = self.reconnect(database)
            if len(pairs) > 1:
                for pair in pairs:
                    self.run(database, [pair])
            elif not is_input(error):
                self.found.append((database, str(error), pairs[0]))
            return
        for number, text in rows:
            if text is not None:
                self.found.append((database, text, pairs[int(number) - 1]))

    def reconnect(self, database):
        """A crash takes all sessions with it, and the server a moment to be back."""
        for _ in range(600):
            try:
                return self.cluster.session(database)
            except PgError:
                time.sleep(0.1)
        raise PgError("the server does not come back", lost=True)


def is_input(error):
    """A text that is not even jsonb."""
    return error.sqlstate in ("22P02", "22P05", "22021", "22003")


# ---- memory

MEMORY = "SELECT sum(total_bytes) FROM pg_backend_memory_contexts"
CYCLE = """
SELECT count(*) FROM generate_series(1, $1::int) round, fuzz.kept
WHERE events.is_valid(data, body) IS NULL
"""


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"^RssAnon:\s+(\d+)", file.read(), re.M).group(1)) * 1024


def grows(session, cache_size, total):
    """Bytes that PostgreSQL and the kernel count more after `total` validations than before."""
    session.query(f"SET events.schema_cache_size = '{cache_size}'")
    pairs = int(session.value("SELECT count(*) FROM fuzz.kept"))
    rounds = max(total // pairs, 2)
    session.query(CYCLE, rounds // 10 + 1)
    before = int(session.value(MEMORY)), resident(session.pid)
    session.query(CYCLE, rounds)
    after = int(session.value(MEMORY)), resident(session.pid)
    return rounds * pairs, after[0] - before[0], after[1] - before[1]


def check_memory(fuzz):
    """A text for each growth; the measured figures are printed."""
    rng = random.Random(SEED)
    session = fuzz.sessions["app"]
    session.query("CREATE TABLE fuzz.kept (data jsonb, body jsonb)")
    for _ in range(100):
        session.query("INSERT INTO fuzz.kept SELECT $1::jsonb, $2::jsonb "
                      "WHERE fuzz.verdict($1::jsonb, $2::jsonb) IN ('true', 'false')",
                      *make_pair(rng)[:2])
    problems = []
    for cache_size, total in (("8MB", 1000000), ("64kB", 100000)):
        count, known, anonymous = grows(session, cache_size, total)
        print(f"# {count} validations, a cache of {cache_size}: memory contexts {known:+} bytes, "
              f"resident {anonymous:+} bytes", flush=True)
        if known > 64 * 1024 or anonymous > 2 * 1024 * 1024:
            problems.append(f"memory grew, cache of {cache_size}: {known}, {anonymous} bytes")
    return problems


def main():
    print(f"# SCHEMA_FUZZ_SEED={SEED} SCHEMA_FUZZ_SECONDS={SECONDS:g}", flush=True)
    rng = random.Random(SEED)
    fuzz = Fuzz()
    problems = []
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            pairs = [make_pair(rng) for _ in range(BATCH)]
            fuzz.count += BATCH
            if rng.random() < 0.1:
                fuzz.run("bytes", [with_bytes(pair) for pair in pairs])
            else:
                fuzz.run("app", pairs)
        print(f"# {fuzz.count} pairs", flush=True)
        problems += check_memory(fuzz)
    finally:
        fuzz.close()
    for database, text, (value, schema, other) in fuzz.found[:SHOWN]:
        print(f"not ok - {database}: {' '.join(text.split())}")
        print(ascii(f"#   value  {value}"), ascii(f"#   schema {schema}"), sep="\n")
        print(ascii(f"#   other  {other}"))
    for problem in problems:
        print(f"not ok - {problem}")
    failed = len(fuzz.found) + len(problems)
    print(f"# {fuzz.count + 2 - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
