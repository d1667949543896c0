#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Event patterns of event-ruler's own tests, inside a private server.

    test/suite/patterns.py

A case is a pattern, an event and whether they match, or a pattern that has to be refused. It
passes if events.matches() says so, and events.check_pattern(), the index over many patterns and
events.explain_match() agree with it. Patterns and events are taken as they were written where the
suite has their text, so that numbers, escapes and members that stand twice go through the server's
own parser. Where a recorded verdict and that of event-ruler differ, the case has the latter.

Then all patterns of the suite are one set, and each event of the suite must be matched by those
patterns of it that match it alone.
"""

import json
import os

from common import HERE, Accepted, finish, server, suite_folder

SETUP = """
CREATE FUNCTION public.suite_verdict(pattern text, event text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    verdict boolean;
    in_set boolean;
    explained boolean;
BEGIN
    PERFORM events.check_pattern(pattern);
    IF event IS NULL THEN
        RETURN 'accepted';
    END IF;
    verdict := events.matches(event::jsonb, pattern::jsonb);
    in_set := events._match_set(event::jsonb, ARRAY[pattern::jsonb]) = '{1}';
    IF verdict IS DISTINCT FROM in_set THEN
        RETURN format('matches() says %s, as a set it is %s', verdict, in_set);
    END IF;
    SELECT bool_and(matches) INTO explained FROM events.explain_match(event::jsonb, pattern::jsonb);
    IF explained IS DISTINCT FROM verdict AND pattern !~ '[$]or' THEN
        RETURN format('matches() says %s, explained it is %s', verdict, explained);
    END IF;
    RETURN verdict;
EXCEPTION WHEN invalid_parameter_value OR invalid_text_representation THEN
    BEGIN
        PERFORM events.matches('{}', pattern::jsonb);
        RETURN 'check_pattern() refuses it, matches() does not';
    EXCEPTION WHEN invalid_parameter_value OR invalid_text_representation THEN
        RETURN 'refused';
    END;
WHEN OTHERS THEN
    RETURN format('error %s: %s', SQLSTATE, SQLERRM);
END
$$;

CREATE TABLE public.suite_pattern (number int PRIMARY KEY, pattern jsonb);
CREATE TABLE public.suite_event (event jsonb);
"""

LOAD_PATTERNS = """
INSERT INTO public.suite_pattern
SELECT row_number() OVER (), pattern FROM
    (SELECT DISTINCT pattern::jsonb FROM json_array_elements_text($1) AS patterns (pattern)) AS p
"""
LOAD_EVENTS = """
INSERT INTO public.suite_event
SELECT DISTINCT event::jsonb FROM json_array_elements_text($1) AS events (event)
"""

# events for which the set does not say what its patterns say one by one
COMPARE = """
WITH patterns AS MATERIALIZED (SELECT array_agg(pattern ORDER BY number) AS list
    FROM public.suite_pattern)
SELECT left(event::text, 200), in_set, alone
FROM public.suite_event, patterns,
    LATERAL (SELECT events._match_set(event, list) AS in_set) AS s,
    LATERAL (SELECT coalesce(array_agg(number ORDER BY number), '{}') AS alone
        FROM public.suite_pattern WHERE events.matches(event, pattern)) AS a
WHERE in_set <> alone
"""


def cases(path):
    """(name, text of the pattern, text of the event or None, expected verdict)"""
    with open(path, encoding="utf-8") as file:
        for line in file:
            case = json.loads(line, parse_float=Literal)
            pattern = case.get("pattern_text") or text_of(case["pattern"])
            if "invalid" in case:
                yield f"{case['id']} {case['source']}", pattern, None, "refused"
            else:
                event = case.get("event_text") or text_of(case["event"])
                yield (f"{case['id']} {case['source']}", pattern, event,
                       "t" if case["matches"] else "f")


class Literal(float):
    """A number that remembers how it was written."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self):
        return self.text


def text_of(value):
    """JSON with numbers as they were written."""
    if isinstance(value, dict):
        return "{%s}" % ", ".join(f"{json.dumps(k)}: {text_of(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "[%s]" % ", ".join(text_of(v) for v in value)
    return value.text if isinstance(value, Literal) else json.dumps(value)


def main():
    path = suite_folder("patterns.jsonl")
    accepted = Accepted(os.path.join(HERE, "patterns.accepted"))
    passed, problems, patterns, events = 0, [], [], []
    cluster = server()
    try:
        session = cluster.session()
        session.query(SETUP)
        for name, pattern, event, expected in cases(path):
            verdict = session.query("SELECT public.suite_verdict($1, $2)", pattern, event)[0][0]
            verdict = {"true": "t", "false": "f"}.get(verdict, verdict)
            complaint = accepted.judge(name, verdict == expected)
            if complaint is None:
                passed += 1
            else:
                problems.append(f"{name}: {complaint}, expected {expected}, got {verdict}")
            if event is not None:
                patterns.append(pattern)
                events.append(event)
        session.query(LOAD_PATTERNS, json.dumps(patterns))
        session.query(LOAD_EVENTS, json.dumps(events))
        differing = session.query(COMPARE)
        problems += [f"set: {event}: {in_set}, one by one {alone}"
                     for event, in_set, alone in differing]
        passed += not differing
        session.close()
    finally:
        cluster.close()
    problems += [f"{case}: in {accepted.name}, but not in the suite" for case in accepted.unknown()]
    finish(passed, problems)


if __name__ == "__main__":
    main()
