#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""A fuzzer of event patterns, alone and in sets.

    PATTERN_FUZZ_SECONDS=600 PATTERN_FUZZ_SEED=1 test/fuzz/match/run.py

Random patterns and events (generate.py) go through SQL inside a private server:

    oracle   events.matches() says what oracle.py says, which knows the language a second time
    set      events._match_set() of all patterns of a round says what events.matches() says of each
    explain  events.explain_match() has a row for each condition and fails with nothing
    mutated  patterns and events changed at random are matched, or refused with a documented
             SQLSTATE, by matches(), _match_set() and check_pattern() alike

A backend that goes away is a failure. PATTERN_FUZZ_SECONDS (20) is how long that goes on, from
PATTERN_FUZZ_SEED (1): the rounds of one seed are always the same.
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

import oracle
from generate import Generator, dumps
from kit.postgres import Cluster, PgError

SEED = int(os.environ.get("PATTERN_FUZZ_SEED") or 1)
SECONDS = float(os.environ.get("PATTERN_FUZZ_SECONDS") or 20)
PATTERNS = 60
EVENTS = 25
SHOWN = 20
DOCUMENTED = ("22023", "22P02", "22P05", "54001", "54000", "22003")

SETUP = """
CREATE SCHEMA fuzz;

-- the SQLSTATE of a pattern, '' if it is one
CREATE FUNCTION fuzz.state(pattern text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events.check_pattern(pattern);
    RETURN '';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

CREATE FUNCTION fuzz.matches(event text, pattern text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN events.matches(event::jsonb, pattern::jsonb);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

CREATE FUNCTION fuzz.explained(event text, pattern text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    failed boolean;
BEGIN
    SELECT bool_or(NOT matches) INTO failed FROM events.explain_match(event::jsonb, pattern::jsonb);
    -- what is all true alone matches, unless it says so itself in a last row
    IF failed IS NOT TRUE AND pattern !~ '"not"'
            AND NOT events.matches(event::jsonb, pattern::jsonb) THEN
        RETURN 'nothing failed, but it does not match';
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;

-- events for which the set differs from the patterns one by one
CREATE FUNCTION fuzz.differing(events text[], patterns text[])
RETURNS TABLE (event text, in_set int[], alone int[]) LANGUAGE plpgsql AS $$
DECLARE
    list jsonb[] := patterns::jsonb[];
BEGIN
    FOREACH event IN ARRAY events LOOP
        in_set := events._match_set(event::jsonb, list);
        SELECT coalesce(array_agg(i ORDER BY i), '{}') INTO alone
            FROM generate_subscripts(list, 1) AS i WHERE events.matches(event::jsonb, list[i]);
        IF in_set <> alone THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
"""

ANSWERS = """
SELECT array_to_string(array_agg(fuzz.matches(e.value, p.value) ORDER BY e.n, p.n), ' ')
FROM json_array_elements_text($1) WITH ORDINALITY AS e (value, n),
    json_array_elements_text($2) WITH ORDINALITY AS p (value, n)
"""
STATES = """
SELECT array_to_string(array_agg(fuzz.state(value) ORDER BY n), ',')
FROM json_array_elements_text($1) WITH ORDINALITY AS p (value, n)
"""
DIFFERING = """
SELECT * FROM fuzz.differing(ARRAY(SELECT json_array_elements_text($1)),
    ARRAY(SELECT json_array_elements_text($2)))
"""
EXPLAINED = """
SELECT e.value, p.value, fuzz.explained(e.value, p.value)
FROM json_array_elements_text($1) AS e (value), json_array_elements_text($2) AS p (value)
WHERE fuzz.explained(e.value, p.value) IS NOT NULL
"""


class Fuzz:
    """A server, a session, and what was found."""

    def __init__(self):
        self.cluster = Cluster(preload=False, settings={"statement_timeout": "30s"})
        self.session = self.cluster.session()
        self.session.query(SETUP)
        self.found = []
        self.checks = 0

    def note(self, text):
        self.found.append(text)

    def query(self, what, sql, *args):
        """Rows; none, and a note, if there is an error."""
        try:
            return self.session.query(sql, *args)
        except PgError as error:
            self.note(f"{what}: {error}: {args}")
            if error.lost:
                self.session = self.reconnect()
            return []

    def reconnect(self):
        for _ in range(600):
            try:
                return self.cluster.session()
            except PgError:
                time.sleep(0.1)
        raise PgError("the server does not come back", lost=True)

    def round(self, rng):
        """Patterns and events as they should be."""
        generator = Generator(rng, dots=rng.random() < 0.3)
        patterns = [generator.pattern() for _ in range(PATTERNS)]
        events = [generator.event() for _ in range(EVENTS)]
        texts = json.dumps([dumps(e) for e in events]), json.dumps([dumps(p) for p in patterns])
        answers = self.query("matches", ANSWERS, *texts)
        if not answers:
            return
        # an array below a name with a dot and the same names nested is nothing the oracle knows
        if "x.y" not in generator.names:
            self.compare(events, patterns, answers[0][0].split(" "))
        good = [dumps(pattern) for pattern, answer in zip(patterns, answers[0][0].split(" "))
                if answer in ("true", "false")]
        self.compare_set([dumps(e) for e in events], good)
        self.checks += len(events) * len(patterns)

    def compare(self, events, patterns, answers):
        for n, answer in enumerate(answers):
            event, pattern = events[n // PATTERNS], patterns[n % PATTERNS]
            expected = oracle.matches(event, pattern)
            expected = "22023" if expected is None else str(expected).lower()
            if answer != expected:
                self.note(f"{answer}, the oracle says {expected}: {dumps(event)} {dumps(pattern)}")

    def compare_set(self, events, patterns):
        texts = json.dumps(events), json.dumps(patterns)
        for event, in_set, alone in self.query("set", DIFFERING, *texts):
            differing = set(in_set.strip("{}").split(",")) ^ set(alone.strip("{}").split(","))
            some = [patterns[int(i) - 1] for i in differing if i][:2]
            self.note(f"set {in_set}, one by one {alone}: {event} {some}")
        for event, pattern, text in self.query("explain", EXPLAINED, json.dumps(events[:5]),
                                               json.dumps(patterns)):
            self.note(f"explain: {text}: {event} {pattern}")

    def mutated(self, rng):
        """Patterns and events that may be anything."""
        generator = Generator(rng)
        patterns = []
        for _ in range(PATTERNS):
            pattern = generator.mutate(generator.pattern())
            while rng.random() < 0.3:
                pattern = generator.mutate(pattern)
            patterns.append(dumps(pattern))
        events = [dumps(generator.mutate(generator.event())) for _ in range(EVENTS)]
        states = self.query("check_pattern", STATES, json.dumps(patterns))
        if not states:
            return
        states = states[0][0].split(",")
        for pattern, state in zip(patterns, states):
            if state and state not in DOCUMENTED:
                self.note(f"SQLSTATE {state}: {pattern}")
        answers = self.query("matches", ANSWERS, json.dumps(events[:1]), json.dumps(patterns))
        for pattern, state, answer in zip(patterns, states, answers[0][0].split(" ")):
            if (answer in ("true", "false")) != (state == ""):
                self.note(f"check_pattern says {state or 'nothing'}, matches {answer}: {pattern}")
        self.compare_set(events, [p for p, state in zip(patterns, states) if state == ""])
        self.checks += len(events) * len(patterns)


def main():
    print(f"# PATTERN_FUZZ_SEED={SEED} PATTERN_FUZZ_SECONDS={SECONDS:g}", flush=True)
    rng = random.Random(SEED)
    fuzz = Fuzz()
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end and len(fuzz.found) < 1000:
            fuzz.round(rng)
            fuzz.mutated(rng)
    finally:
        fuzz.session.close()
        fuzz.cluster.close()
    for text in fuzz.found[:SHOWN]:
        print(ascii(f"not ok - {' '.join(text.split())[:1500]}"))
    print(f"# {fuzz.checks} pairs of an event and a pattern")
    print(f"# {max(fuzz.checks - len(fuzz.found), 0)} passed, {len(fuzz.found)} failed")
    sys.exit(1 if fuzz.found else 0)


if __name__ == "__main__":
    main()
