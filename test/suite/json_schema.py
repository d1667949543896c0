#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The JSON Schema Test Suite, all of it, inside a private server.

    test/suite/json_schema.py [DRAFT[/FILE]...]     draft7, draft2020-12/ref, ...

A case is a schema, a value and the verdict that the specification gives. It passes if
events.is_valid says the same and events.validation_errors and events.validation_report agree with
it; an error is a failure of that case alone. The files are read by the server itself, as json,
so that numbers and escapes stay as they are written. Each folder runs with its own
events.schema_draft:

    required    the files of the folder itself
    optional    those below optional/
    format      those below optional/format/, with `format` asserted

The schemas of remotes/ are registered under http://localhost:1234/, which is where the suite's
references point; those in the folder of a draft as schemas of that draft. Those of draft 3 and of
the version that is not out yet are not ours.

jsonb cannot hold U+0000. A case that has it runs with another control character in its place, one
that the file does not have anywhere else, and is listed as such.

The first case of each group runs a second time with its schema registered, by URI.

Marks: required 100 %, optional 95 %, format 97 % of the cases of each draft, whatever
json_schema.accepted holds.
"""

import glob
import os
import re
import sys

from common import HERE, Accepted, PgError, finish, server, suite_folder

DRAFTS = {"draft4": "draft-04", "draft6": "draft-06", "draft7": "draft-07",
          "draft2019-09": "2019-09", "draft2020-12": "2020-12"}
MARKS = {"required": 1.0, "optional": 0.95, "format": 0.97}
REMOTE = "http://localhost:1234/"

# events.is_valid, if the other two functions agree with it
SETUP = """
CREATE TABLE public.suite_case (number serial, draft text, kind text, file text, name text,
    first boolean, schema text, data text, expected text);

CREATE FUNCTION public.suite_verdict(data text, schema text, assert_format boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    verdict boolean;
    errors bigint;
    report jsonb;
BEGIN
    verdict := events.is_valid(data::jsonb, schema::jsonb, assert_format);
    SELECT count(*) INTO errors FROM events.validation_errors(data::jsonb, schema::jsonb,
        assert_format);
    report := events.validation_report(data::jsonb, schema::jsonb, assert_format);
    IF verdict IS DISTINCT FROM (errors = 0) OR to_jsonb(verdict) IS DISTINCT FROM report->'valid'
    THEN
        RETURN format('is_valid says %s, but there are %s errors and the report says %s', verdict,
            errors, report->'valid');
    END IF;
    RETURN verdict;
EXCEPTION WHEN OTHERS THEN
    RETURN format('error %s: %s', SQLSTATE, SQLERRM);
END
$$;

CREATE FUNCTION public.suite_verdict_by_uri(data text, uri text, body text, assert_format boolean)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events.register_schema(uri, body::jsonb, allow_insecure => true);
    RETURN events.is_valid(data::jsonb, uri, assert_format);
EXCEPTION WHEN OTHERS THEN
    RETURN format('error %s: %s', SQLSTATE, SQLERRM);
END
$$;
"""

LOAD = """
INSERT INTO public.suite_case (draft, kind, file, name, first, schema, data, expected)
SELECT $2, $3, $4::text, concat_ws(' / ', $4::text, g->>'description', t->>'description'),
    t_number = 1, g->'schema', t->'data', t->>'valid'
FROM json_array_elements($1::json) WITH ORDINALITY AS groups (g, g_number),
    json_array_elements(g->'tests') WITH ORDINALITY AS tests (t, t_number)
ORDER BY g_number, t_number
"""

VERDICTS = """
SELECT name, expected, public.suite_verdict(data, schema, $3::boolean)
FROM public.suite_case WHERE draft = $1 AND kind = $2 ORDER BY number
"""

VERDICTS_BY_URI = """
SELECT name, expected, public.suite_verdict_by_uri(data, format('https://suite.test/%s/case-%s',
    draft, number), schema, $3::boolean)
FROM public.suite_case
WHERE draft = $1 AND kind = $2 AND first AND jsonb_typeof(schema::jsonb) = 'object'
    AND NOT schema::jsonb ?| '{$id,id}'
ORDER BY number
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_nul(text):
    """The text of a JSON file with another character for U+0000; says whether it had any."""
    pattern = re.compile(r"((?<!\\)(?:\\\\)*\\u)0000")
    if not pattern.search(text):
        return text, False
    stand_in = next(c for c in range(1, 32) if f"\\u{c:04x}" not in text.lower())
    return pattern.sub(rf"\g<1>{stand_in:04x}", text), True


def kind_of(file):
    if file.startswith("optional/format/"):
        return "format"
    return "optional" if file.startswith("optional/") else "required"


def register_remotes(session, folder):
    """Puts the remotes into the registry; returns what could not be put there."""
    problems = []
    for path in sorted(glob.glob(os.path.join(folder, "**/*.json"), recursive=True)):
        name = os.path.relpath(path, folder)
        folder_name = name.split("/")[0]
        if folder_name in ("draft3", "v1"):
            continue
        try:
            session.query("SELECT set_config('events.schema_draft', $1, false)",
                          DRAFTS.get(folder_name, "2020-12"))
            session.query("SELECT events.register_schema($1, $2::jsonb, allow_insecure => true)",
                          REMOTE + name, read(path))
        except PgError as error:
            problems.append(f"remote {name}: {error}")
    return problems


def load(session, folder, draft):
    """Puts the cases of a draft into the table; returns the files with a stand-in for U+0000."""
    replaced = []
    folder = os.path.join(folder, draft)
    for path in sorted(glob.glob(os.path.join(folder, "**/*.json"), recursive=True)):
        file = os.path.relpath(path, folder).removesuffix(".json")
        if not wanted(draft, file):
            continue
        text, had_nul = without_nul(read(path))
        if had_nul:
            replaced.append(f"{draft}/{file}")
        session.query(LOAD, text, draft, kind_of(file), f"{draft}/{file}")
    return replaced


def wanted(draft, file):
    chosen = sys.argv[1:]
    return not chosen or any(c in (draft, f"{draft}/{file}") for c in chosen)


class Score:
    """Counts cases, and keeps what is to be said about those that fail."""

    def __init__(self, accepted):
        self.accepted = accepted
        self.passed = 0
        self.problems = []

    def count(self, rows, suffix=""):
        """Judges rows of (name, expected, verdict); returns how many pass."""
        right = 0
        for name, expected, verdict in rows:
            passes = verdict == expected
            right += passes
            complaint = self.accepted.judge(name + suffix, passes)
            if complaint is None:
                self.passed += 1
            else:
                self.problems.append(f"{name}{suffix}: {complaint}, expected {said(expected)}, "
                                     f"got {said(verdict)}")
        return right


def said(verdict):
    return {"true": "valid", "false": "invalid", None: "nothing"}.get(verdict, verdict)


def run_kind(session, draft, kind, score):
    """Runs and prints one kind of one draft; nothing if it has no such cases."""
    assert_format = "true" if kind == "format" else None
    rows = session.query(VERDICTS, draft, kind, assert_format)
    if not rows:
        return
    right = score.count(rows)
    by_uri = session.query(VERDICTS_BY_URI, draft, kind, assert_format)
    right_by_uri = score.count(by_uri, " / by URI")
    share = right / len(rows)
    print(f"# {draft:13} {kind:9} {right:5} / {len(rows):5}  {share:7.2%}"
          f"   by URI {right_by_uri:4} / {len(by_uri):4}", flush=True)
    if share < MARKS[kind]:
        score.problems.append(f"{draft} {kind}: {share:.2%} is below the mark, {MARKS[kind]:.0%}")


def main():
    folder = suite_folder("json-schema")
    score = Score(Accepted(os.path.join(HERE, "json_schema.accepted")))
    cluster = server()
    try:
        session = cluster.session()
        session.query(SETUP)
        score.problems += register_remotes(session, os.path.join(folder, "remotes"))
        replaced = []
        for draft, setting in DRAFTS.items():
            session.query(f"SET events.schema_draft = '{setting}'")
            replaced += load(session, os.path.join(folder, "tests"), draft)
            session.query("ANALYZE public.suite_case")
            for kind in MARKS:
                run_kind(session, draft, kind, score)
        session.close()
    finally:
        cluster.close()
    print(f"# with a stand-in for U+0000: {', '.join(replaced) or 'none'}")
    if not sys.argv[1:]:
        score.problems += [f"{case}: in {score.accepted.name}, but not in the suite"
                           for case in score.accepted.unknown()]
    finish(score.passed, score.problems)


if __name__ == "__main__":
    main()
