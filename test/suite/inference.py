#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Properties of inferred schemas and of samples, over real events and the schemas of suites.

Inference: a schema that was inferred accepts all of its samples, with `format` as an annotation
and asserted, and nothing in it is a risk. Samples are each event of the corpus alone, the events
of each schema together, and all events together; in one process and in parallel, which has to
make no difference.

Samples: what events.sample() gives is valid. It is asked for every schema of the corpus, where it
has to find something, and for those of the JSON Schema Test Suite that some value is valid by,
where it may say that it found nothing, but nothing else.

Then random values that resemble each other, for EVENTS_RANDOM_SECONDS (5), from the seed
EVENTS_RANDOM_SEED (1, so that a change is what makes a test fail; $RANDOM looks elsewhere): of what
is inferred from them all of this has to hold, too.
"""

import glob
import json
import os
import random
import time

from common import PgError, finish, server, suite_folder
from json_schema import register_remotes

LOAD = """
SET client_min_messages = warning;
CREATE UNLOGGED TABLE sample (number serial, schema text, event jsonb);
ALTER TABLE sample SET (parallel_workers = 2);
"""

# Groups of samples with what is inferred from them, and which samples are of a group.
INFER = {
    "alone": ("SELECT number::text AS name, events.infer_schema(event) AS schema FROM sample",
              "s.number::text = i.name"),
    "by schema": ("SELECT schema AS name, events.infer_schema_agg(event) AS schema FROM sample "
                  "GROUP BY sample.schema", "s.schema = i.name"),
    "together": ("SELECT 'all' AS name, events.infer_schema_agg(event) AS schema FROM sample",
                 "true"),
}

CHECK = """
SELECT i.name, s.number,
    (SELECT jsonb_agg(e) FROM events.validation_errors(s.event, i.schema, $1::boolean) AS e)
FROM inferred AS i JOIN sample AS s ON {members}
WHERE NOT events.is_valid(s.event, i.schema, $1::boolean)
"""

PARALLEL = """
SET max_parallel_workers_per_gather = {workers};
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0
"""

WHOLE = "SELECT events.infer_schema_agg(event) FROM sample"

FOLDERS = {"draft4": "draft-04", "draft6": "draft-06", "draft7": "draft-07",
           "draft2019-09": "2019-09", "draft2020-12": "2020-12"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def run(session, script):
    for statement in script.split(";"):
        if statement.strip():
            session.query(statement)


def load(session):
    run(session, LOAD)
    for line in read(suite_folder("corpus.ndjson")).splitlines():
        case = json.loads(line)
        session.query("INSERT INTO sample (schema, event) VALUES ($1, $2::jsonb)", case["schema"],
                      json.dumps(case["event"]))


def inferred(session):
    """Passed checks and problems."""
    passed, problems = 0, []
    for kind, (query, members) in INFER.items():
        session.query("DROP TABLE IF EXISTS inferred")
        session.query("CREATE UNLOGGED TABLE inferred AS " + query)
        for assert_format in ("false", "true"):
            bad = session.query(CHECK.format(members=members), assert_format)
            problems += [f"{kind} {name}: sample {number} is not valid (format {assert_format}): "
                         f"{errors}" for name, number, errors in bad]
            passed += int(session.value("SELECT count(*) FROM inferred AS i JOIN sample AS s "
                                        f"ON {members}")) - len(bad)
        risks = session.query("SELECT i.name, r.* FROM inferred AS i, "
                              "events.schema_risks(i.schema) AS r")
        problems += [f"{kind}: a risk: {risk}" for risk in risks]
        passed += not risks
    return passed, problems


def parallel(session):
    """The schema of all, from one process and from several."""
    run(session, PARALLEL.format(workers=0))
    serial = session.value(WHOLE)
    run(session, PARALLEL.format(workers=2))
    plan = str(session.query("EXPLAIN " + WHOLE))
    if "Partial Aggregate" not in plan:
        return 0, ["the aggregate is not run in parallel"]
    if session.value(WHOLE) != serial:
        return 0, ["in parallel the schema is another one"]
    return 1, []


def sample(session, schema):
    """True if a sample was found, False if not; AssertionError if it is not valid."""
    try:
        found = session.value("SELECT events.is_valid(events.sample($1::jsonb), $1::jsonb)", schema)
    except PgError as error:
        assert error.sqlstate == "22023", str(error)
        return False
    assert found == "t", "the sample is not valid"
    return True


def corpus_samples(session):
    passed, problems = 0, []
    for path in sorted(glob.glob(os.path.join(suite_folder("corpus-schemas"), "*.json"))):
        try:
            assert sample(session, read(path)), "no sample was found"
            passed += 1
        except AssertionError as error:
            problems.append(f"sample of {os.path.basename(path)}: {error}")
    return passed, problems


def suite_samples(session):
    passed, none = 0, []
    problems = register_remotes(session, suite_folder("json-schema", "remotes"))
    for draft, setting in FOLDERS.items():
        session.query("SELECT set_config('events.schema_draft', $1, false)", setting)
        for path in sorted(glob.glob(os.path.join(suite_folder("json-schema", "tests"), draft,
                                                  "*.json"))):
            for group in json.loads(read(path)):
                text = json.dumps(group["schema"])
                if "\\u0000" in text or not any(test["valid"] for test in group["tests"]):
                    continue
                name = f"{draft}/{os.path.basename(path)}: {group['description']}"
                try:
                    if not sample(session, text):
                        none.append(name)
                    passed += 1
                except AssertionError as error:
                    problems.append(f"{name}: {error}")
    for name in none:
        print(f"# no sample: {name}")
    print(f"# samples were found for {passed - len(none)} of {passed} schemas of the suite")
    return passed, problems


STRINGS = ["", "a", "2020-01-01", "2020-01-01T00:00:00Z", "12:00:00Z", "1.2.3.4", "::1", "a@b.co",
           "https://x.y/z", "urn:a:b", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x" * 70, "\u00e9",
           "\n", "1", "22", "333", "deadbeef01", "\U0001f600"]

RANDOM = """
WITH sample AS (SELECT event FROM jsonb_array_elements($1::jsonb) AS event),
    inferred AS MATERIALIZED (SELECT events.infer_schema_agg(event) AS schema FROM sample)
SELECT (SELECT count(*) FROM sample WHERE NOT events.is_valid(event, schema, true)),
    (SELECT count(*) FROM sample WHERE NOT events.is_valid(event, schema, false)),
    (SELECT count(*) FROM events.schema_risks(schema)),
    events.is_valid(events.sample(schema), schema, true), events.typescript(schema) <> '', schema
FROM inferred
"""


def random_value(rand, depth):
    kind = rand.random() * (0.6 if depth == 0 else 1)
    if kind < 0.35:
        return rand.choice([None, True, False, 0, 1, -5, 1.5, 1e20, 10 ** 30])
    if kind < 0.6:
        return rand.choice(STRINGS)
    if kind < 0.8:
        return [random_value(rand, depth - 1) for _ in range(rand.randrange(4))]
    names = rand.choice([["a", "b", "c", "d"], STRINGS, [f"k{n}" for n in range(40)]])
    return {rand.choice(names): random_value(rand, depth - 1) for _ in range(rand.randrange(5))}


def another(rand, value):
    """A value much like this one."""
    if rand.random() < 0.15:
        return random_value(rand, 2)
    if isinstance(value, list):
        return [another(rand, element) for element in value]
    if isinstance(value, dict):
        return {name: another(rand, member) for name, member in value.items()
                if rand.random() < 0.95}
    return value


def random_samples(session):
    seed = int(os.environ.get("EVENTS_RANDOM_SEED") or 1)
    rand = random.Random(seed)
    end = time.monotonic() + float(os.environ.get("EVENTS_RANDOM_SECONDS", "5"))
    passed = 0
    print(f"# EVENTS_RANDOM_SEED={seed}")
    while time.monotonic() < end:
        first = random_value(rand, 4)
        text = json.dumps([another(rand, first) for _ in range(rand.choice([1, 3, 30, 60]))])
        row = session.query(RANDOM, text)[0]
        if tuple(row[:5]) != ("0", "0", "0", "t", "t"):
            return passed, [f"seed {seed}: {row[:5]}, schema {row[5]}, samples {text}"]
        passed += 1
    return passed, []


def main():
    suite_folder("corpus.ndjson")
    suite_folder("json-schema", "tests")
    cluster = server()
    passed, problems = 0, []
    try:
        session = cluster.session()
        load(session)
        for step in (inferred, parallel, corpus_samples, suite_samples, random_samples):
            more, bad = step(session)
            print(f"# {step.__name__}: {more} right, {len(bad)} wrong")
            passed += more
            problems += bad
        session.close()
    finally:
        cluster.close()
    finish(passed, problems)


if __name__ == "__main__":
    main()
