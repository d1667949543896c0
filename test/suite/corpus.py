#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The open corpus: real events, their schemas, and the verdicts that were recorded for them.

An event of the corpus names its schema and says what ajv 8 thinks of the two, once with `format`
as an annotation (`valid`) and once with `format` asserted (`valid_format`). Ours have to be the
same, given the schema as jsonb and given it by URI, and the functions that answer have to agree
with each other. A difference that is right stands in corpus.accepted, with its explanation.

Some events have no verdict: ajv could not compile their schema, or there is none. With a schema
they have to be answered all the same, without an error. Each schema of the corpus, used by an
event or not, has to be one that can be registered.
"""

import glob
import json
import os

from common import HERE, Accepted, PgError, finish, server, suite_folder

REGISTRY = "https://corpus.test/"

VERDICT = """
SELECT events.is_valid(data, schema, $3::boolean),
    (SELECT count(*) = 0 FROM events.validation_errors(data, schema, $3::boolean)),
    events.validation_report(data, schema, $3::boolean)->>'valid' = 'true',
    events.is_valid(data, $4, $3::boolean)
FROM (SELECT $1::jsonb AS data, $2::jsonb AS schema) pair
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def register(session, folder):
    """All schemas into the registry; returns their texts, how many are in, and what went wrong."""
    texts, count, problems = {}, 0, []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        name = os.path.basename(path)
        texts[name] = read(path)
        try:
            session.query("SELECT events.register_schema($1, $2::jsonb, allow_insecure => true)",
                          REGISTRY + name, texts[name])
            count += 1
        except PgError as error:
            problems.append(f"schema {name}: {error}")
    return texts, count, problems


def verdict(session, event, schema, assert_format, uri):
    """'valid', 'invalid', or what is wrong with the answer."""
    try:
        row = session.query(VERDICT, event, schema, assert_format, uri)[0]
    except PgError as error:
        return str(error)
    if len(set(row)) != 1:
        return ("is_valid {}, validation_errors {}, validation_report {}, "
                "is_valid by URI {}".format(*row))
    return "valid" if row[0] == "t" else "invalid"


def main():
    lines = read(suite_folder("corpus.ndjson")).splitlines()
    folder = suite_folder("corpus-schemas")
    accepted = Accepted(os.path.join(HERE, "corpus.accepted"))
    cluster = server()
    passed, unrecorded = 0, []
    try:
        session = cluster.session()
        schemas, registered, problems = register(session, folder)
        for number, line in enumerate(lines, 1):
            case = json.loads(line)
            if not case["schema_file"]:
                continue
            for key, assert_format in (("valid", "false"), ("valid_format", "true")):
                got = verdict(session, json.dumps(case["event"]), schemas[case["schema_file"]],
                              assert_format, REGISTRY + case["schema_file"])
                name = f"{number} {case['schema']} {key}"
                if key in case:
                    expected = "valid" if case[key] else "invalid"
                else:
                    expected = got if got in ("valid", "invalid") else "a verdict"
                    unrecorded.append(f"{name}: {got}")
                complaint = accepted.judge(name, got == expected)
                passed += complaint is None
                if complaint:
                    problems.append(f"{name}: {complaint}, expected {expected}, got {got}")
        session.close()
    finally:
        cluster.close()
    print(f"# {registered} / {len(schemas)} schemas registered, {passed} verdicts are right")
    for text in unrecorded:
        print(f"# not recorded: {text}")
    problems += [f"{case}: in {accepted.name}, but not in the corpus"
                 for case in accepted.unknown()]
    finish(passed + registered, problems)


if __name__ == "__main__":
    main()
