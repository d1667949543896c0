#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""A fuzzer of FEEL, through SQL.

    FEEL_FUZZ_SECONDS=600 FEEL_FUZZ_SEED=1 test/fuzz/feel/run.py

Random expressions (generate.py), a third of them mutated, and mutated expressions of the suites
where $EVENTS_SUITES has them, go through events.feel() and its siblings with random contexts, in
a database of UTF-8 and in one of SQL_ASCII. What has to hold:

- no error but 42601 (it is no FEEL) and 54001 (it passed a limit);
- the same answer the second time, out of the cache;
- feel_test() is whether feel() is true;
- events.check_feel() takes what events.feel() takes with a context that has no names, but for
  functions that are not there;
- feel_problems() fails only where feel() fails;
- an answer within the time that the limits allow: 5 seconds are too long.

Then many evaluations in one backend must leave its memory as it was. FEEL_FUZZ_SECONDS (20) is
how long expressions are made, from FEEL_FUZZ_SEED (1): with the same seed they are the same.
"""

import json
import os
import random
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path[0] = HERE
sys.path.insert(1, os.path.join(ROOT, "test/sidecar/wire"))

from generate import Generator
from kit.postgres import Cluster, PgError

SEED = int(os.environ.get("FEEL_FUZZ_SEED") or 1)
SECONDS = float(os.environ.get("FEEL_FUZZ_SECONDS") or 20)
BATCH = 50
SHOWN = 20

SETUP = """
CREATE SCHEMA fuzz;
CREATE FUNCTION fuzz.answer(call text, expression text, context jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    detail text;
BEGIN
    EXECUTE call INTO answer USING expression, context;
    RETURN coalesce(answer, 'NULL');
EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE NOT IN ('42601', '54001') THEN
        RAISE;
    END IF;
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN CASE WHEN detail ~ 'there is no function' THEN 'no function'
                ELSE 'error ' || SQLSTATE END;
END
$$;
CREATE FUNCTION fuzz.expression(expression text, context jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    began timestamptz := clock_timestamp();
    value text := fuzz.answer('SELECT events.feel($1, $2)', expression, context);
    again text := fuzz.answer('SELECT events.feel($1, $2)', expression, context);
    test text := fuzz.answer('SELECT events.feel_test($1, $2)', expression, context);
    problems text := fuzz.answer('SELECT count(*) FROM events.feel_problems($1, $2)', expression,
        context);
    syntax text := fuzz.answer('SELECT events.check_feel($1)', expression, context);
    bare text := fuzz.answer('SELECT events.feel($1)', expression, context);
BEGIN
    PERFORM fuzz.answer('SELECT events.feel_unary($1, ''5'', $2)', expression, context);
    PERFORM fuzz.answer('SELECT events.feel_unary($1, $2, $2)', expression, context);
    IF clock_timestamp() - began > interval '5 s' THEN
        RETURN 'takes ' || clock_timestamp() - began;
    ELSIF expression !~ '(now|today)' AND value <> again THEN
        RETURN format('%s, then %s', value, again);
    ELSIF value !~ '^error' AND (value = 'true') <> (test = 'true') THEN
        RETURN format('feel_test() is %s, feel() %s', test, value);
    ELSIF syntax <> 'no function' AND (syntax = 'error 42601') <> (bare = 'error 42601') THEN
        RETURN format('check_feel() says %s, feel() %s', syntax, bare);
    ELSIF problems ~ '^error' AND value !~ '^error' AND problems <> 'error 54001' THEN
        RETURN format('feel_problems() says %s, feel() %s', problems, value);
    END IF;
    RETURN NULL;
END
$$;
SET events.feel_step_limit = 200000;
SET events.feel_memory_limit = '8MB';
SET statement_timeout = '60s';
"""

RUN = """
SELECT n, fuzz.expression(p->>0, (p->>1)::jsonb)
FROM json_array_elements($1::json) WITH ORDINALITY AS pairs (p, n)
"""

MEMORY = "SELECT sum(total_bytes) FROM pg_backend_memory_contexts"


def suite_expressions():
    folder = os.environ.get("EVENTS_SUITES") or os.path.join(ROOT, "..", "shared", "suites")
    found = []
    for name in ("feel.jsonl", "feel-other.jsonl"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                found += [json.loads(line)["expression"] for line in file]
    return found


def make_case(rng, suite):
    """(expression, context)"""
    generator = Generator(rng)
    if suite and rng.random() < 0.3:
        expression = generator.mutate(generator.pick(suite))
    else:
        expression = generator.expression(rng.randrange(1, 6))
        if rng.random() < 0.3:
            expression = generator.mutate(expression)
    return [expression[:20000], generator.context()]


class Fuzz:
    """A server, a session for each encoding, and what was found."""

    def __init__(self):
        self.cluster = Cluster(preload=False)
        self.found = []
        self.count = 0
        setup = self.cluster.session("postgres")
        setup.query("CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
        setup.close()
        self.sessions = {}
        for database in ("app", "bytes"):
            session = self.sessions[database] = self.cluster.session(database)
            if database == "bytes":
                session.query("CREATE EXTENSION events")
                session.query("SET client_encoding = 'SQL_ASCII'")
            session.query(SETUP)

    def close(self):
        for session in self.sessions.values():
            session.close()
        self.cluster.close()

    def run(self, database, cases):
        """Runs the cases, one by one if one of them fails."""
        try:
            rows = self.sessions[database].query(RUN, json.dumps(cases, ensure_ascii=False))
        except PgError as error:
            if error.lost:
                self.sessions[database].close()
                self.reconnect(database)
            if len(cases) > 1:
                for case in cases:
                    self.run(database, [case])
            else:
                self.found.append((database, str(error), cases[0]))
            return
        for number, text in rows:
            if text is not None:
                self.found.append((database, text, cases[int(number) - 1]))

    def reconnect(self, database):
        """A crash takes all sessions with it, and the server a moment to be back."""
        for name in self.sessions:
            for _ in range(600):
                try:
                    self.sessions[name] = self.cluster.session(name)
                    break
                except PgError:
                    time.sleep(0.1)
            self.sessions[name].query(SETUP.replace("CREATE SCHEMA fuzz;", "")
                                      .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))


def grows(session, cases):
    """What the memory of a backend grows by over the same evaluations, again and again."""
    session.query("SET events.feel_cache_size = 256")
    text = json.dumps(cases, ensure_ascii=False)
    sizes = []
    for _ in range(4):
        for _ in range(3):
            session.query(RUN, text)
        sizes.append(int(session.query(MEMORY)[0][0]))
    return sizes[-1] - sizes[1]


def main():
    rng = random.Random(SEED)
    suite = suite_expressions()
    fuzz = Fuzz()
    try:
        end = time.monotonic() + SECONDS
        kept = []
        while time.monotonic() < end and len(fuzz.found) < SHOWN:
            cases = [make_case(rng, suite) for _ in range(BATCH)]
            fuzz.run("bytes" if rng.random() < 0.2 else "app", cases)
            fuzz.count += len(cases)
            kept = cases if len(kept) < 100 else kept
        growth = 0 if fuzz.found else grows(fuzz.sessions["app"], kept)
        if growth > 1024 * 1024:
            fuzz.found.append(("app", f"memory grows by {growth} bytes", ["", ""]))
    finally:
        fuzz.close()
    for database, text, case in fuzz.found[:SHOWN]:
        print(f"not ok - {database}: {' '.join(text.split())}")
        print(f"#   expression {json.dumps(case[0], ensure_ascii=False)}")
        print(f"#   context {case[1]}")
    print(f"# {fuzz.count} expressions, seed {SEED}, {len(suite)} of suites to begin with")
    print(f"# {fuzz.count - len(fuzz.found)} passed, {len(fuzz.found)} failed", flush=True)
    sys.exit(1 if fuzz.found else 0)


if __name__ == "__main__":
    main()
