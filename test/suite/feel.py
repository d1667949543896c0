#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The suites of FEEL, inside a private server: the cases of the DMN TCK, and those of two
implementations.

    test/suite/feel.py [-v] [TEXT...]     only cases whose name contains one of the texts

A case is an expression, a context and the value that it must have; an error of ours is a failure
of that case alone, unless the case wants an error: then a syntax error will do as well as null.

The suites speak of DMN models, which this project does not have. What surrounds an expression
there is written here as FEEL: decisions that it depends on and inputs of temporal types become
entries of a context around it. The type that a model declares for a result (result_type) makes
a list of one element of a value and the other way round, and null of a value of another type;
that is done here for the types whose names say what they are.

Numbers are equal within 1e-8, as in the TCK. Temporal values are compared as text, durations by
their length. Expected values that are Java, Scala or JavaScript are read where they are plain
constructors; contexts that are programs of those languages cannot be had.

Marks: 97 % of the TCK, 90 % of the others, whatever feel.accepted holds.
"""

import json
import os
import re
import sys

from common import HERE, Accepted, PgError, finish, server, suite_folder

MARKS = {"feel.jsonl": 0.97, "feel-other.jsonl": 0.90}

CONSTRUCTORS = {"date": "date", "time": "time", "dateTime": "date and time",
                "duration": "duration"}

JSON_TYPES = {"number": (int, float), "string": str, "boolean": bool}


class Unreadable(Exception):
    """A context or value in a language that is not read here."""


# ---- values

def seconds_of(text):
    """(months, seconds) of a duration; None if the text is none."""
    found = re.fullmatch(r"(-?)P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?"
                         r"(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:\.\d*)?)S)?)?", text)
    if not found:
        return None
    sign = -1 if found.group(1) else 1
    years, months, days, hours, minutes = (int(found.group(n) or 0) for n in range(2, 7))
    seconds = float(found.group(7) or 0)
    return (sign * (12 * years + months),
            sign * (((days * 24 + hours) * 60 + minutes) * 60 + seconds))


def plain_moment(text):
    """One way of writing for all: Z for +00:00, @ in front of a region, no T before a time."""
    text = re.sub(r"(?:[+-]\d\d:\d\d)?\[([^\]]+)\]$", r"@\1", text)
    text = re.sub(r"^T", "", text)
    return re.sub(r"[+-]00:00$", "Z", text)


def same(a, b):
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or abs(a - b) <= 1e-8 * max(1, abs(a), abs(b))
    if isinstance(a, str) and isinstance(b, str):
        if a == b or plain_moment(a) == plain_moment(b):
            return True
        return seconds_of(a) is not None and seconds_of(a) == seconds_of(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a is None and b is None


def read_foreign(text):
    """An expected value or an input in another language, as a pair: FEEL for it, and its JSON."""
    text = text.strip()
    found = re.fullmatch(r"(?:Local|Zoned|Offset)?(Date|Time|DateTime|Duration|Period)"
                         r"\.parse\(\"([^\"]*)\"\)", text)
    if found:
        value = plain_moment(found.group(2))
        return f'@"{value}"', value
    found = re.fullmatch(r"(?:local)?(date|time|dateTime|duration|yearMonthDuration|"
                         r"dayTimeDuration|Time|DateTime)\([\"']([^\"']*)[\"']\)", text)
    if found:
        return f'@"{found.group(2)}"', found.group(2)
    found = re.fullmatch(r"ZonedDateTime\.of\(\s*LocalDateTime\.parse\(\"([^\"]+)\"\),\s*"
                         r"Zone(?:Offset\.ofHours\((\d+)\)|Id\.of\(\"([^\"]+)\"\))\s*\)", text)
    if found:
        zone = f"@{found.group(3)}" if found.group(3) else f"+{int(found.group(2)):02}:00"
        return f'@"{found.group(1)}{zone}"', found.group(1) + zone
    found = re.fullmatch(r"Period\.ofYears\((\d+)\)\.withMonths\((\d+)\)", text)
    if found:
        return None, f"P{found.group(1)}Y{found.group(2)}M"
    if text == "Map.empty":
        return "{}", {}
    found = re.fullmatch(r"'(.*)'", text)
    if found:
        return None, found.group(1)
    if re.fullmatch(r"\.\d+", text):
        return text, float(text)
    raise Unreadable(text)


def literal(value):
    return json.dumps(value, ensure_ascii=False)


# ---- what a DMN model has around an expression

def wrap(case):
    """The expression with its decisions and temporal inputs around it, and the JSON context."""
    context = dict(case["context"])
    entries = []
    for name, kind in case["ctx_types"].items():
        if isinstance(kind, str) and kind in CONSTRUCTORS:
            entries.append(f"{literal(name)}: {CONSTRUCTORS[kind]}({literal(context.pop(name))})")
    entries += [f"{literal(name)}: {expression}" for name, expression in case["deps"]]
    if not entries:
        return case["expression"], context
    entries.append(f'"__result": {case["expression"]}')
    return "{" + ",\n".join(entries) + "}.__result", context


def conform(value, declared):
    """The value as the declared type of a decision."""
    if declared in JSON_TYPES:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        fits = isinstance(value, JSON_TYPES[declared]) and \
            (declared == "boolean") == isinstance(value, bool)
        return value if fits else None
    if declared in ("tStringList", "tNumberList", "tNumList", "ListOfNumbers", "stringList"):
        element = str if "String" in declared or "string" in declared else (int, float)
        if value is not None and not isinstance(value, list):
            value = [value]
        return value if value is None or all(isinstance(v, element) for v in value) else None
    return value


# ---- running

def evaluate(session, expression, context):
    row = session.query("SELECT events.feel($1, $2::jsonb)", expression, json.dumps(context))
    return json.loads(row[0][0])


def run_tck(session, case):
    expression, context = wrap(case)
    try:
        value = conform(evaluate(session, expression, context), case["result_type"])
    except PgError as error:
        return case["error"] and "42601" in str(error.sqlstate), f"error {error}"
    return same(value, case["expected"]), literal(value)


def run_other(session, case):
    if "context_text" in case:
        raise Unreadable(case["context_text"])
    context = case.get("context", {})
    expected = case.get("expected")
    if "expected_text" in case:
        expected = read_foreign(case["expected_text"])[1]
    try:
        if case["kind"] != "unary":
            value = evaluate(session, case["expression"], context)
        elif "input_text" in case:
            given, _ = read_foreign(case["input_text"])
            value = evaluate(session, f"({given}) in ({case['expression']})", context)
        else:
            row = session.query("SELECT events.feel_unary($1, $2::jsonb, $3::jsonb)",
                                case["expression"], literal(case.get("input")), literal(context))
            value = {"t": True, "f": False, "true": True, "false": False, None: None}[row[0][0]]
    except PgError as error:
        return case.get("error", False), f"error {error}"
    if case.get("error"):
        return value is None, literal(value)
    return same(value, expected), literal(value)


def run_file(session, name, run, accepted, chosen, verbose):
    passed, right, total, problems = 0, 0, 0, []
    with open(suite_folder(name), encoding="utf-8") as file:
        for line in file:
            case = json.loads(line)
            key = f"{case['id']} {' '.join(case['expression'].split())}"
            if chosen and not any(text in key for text in chosen):
                continue
            total += 1
            try:
                passes, got = run(session, case)
            except Unreadable as error:
                passes, got = False, f"not read: {error}"
            right += passes
            complaint = accepted.judge(key, passes)
            if complaint is None:
                passed += 1
            if complaint is not None or (verbose and not passes):
                expected = case.get("expected_text", literal(case.get("expected")))
                problems.append(f"{key}: {complaint}, expected {expected}, got {got}")
    share = right / total if total else 1
    print(f"# {name:18} {right:5} / {total:5}  {share:7.2%}", flush=True)
    if not chosen and share < MARKS[name]:
        problems.append(f"{name}: {share:.2%} pass, the mark is {MARKS[name]:.0%}")
    return passed, problems


def main():
    chosen = [argument for argument in sys.argv[1:] if argument != "-v"]
    verbose = "-v" in sys.argv[1:]
    suite_folder("feel.jsonl")
    accepted = Accepted(os.path.join(HERE, "feel.accepted"))
    cluster = server()
    try:
        session = cluster.session()
        passed, problems = run_file(session, "feel.jsonl", run_tck, accepted, chosen, verbose)
        more, others = run_file(session, "feel-other.jsonl", run_other, accepted, chosen, verbose)
        session.close()
    finally:
        cluster.close()
    problems += others
    if not chosen:
        problems += [f"{case}: stands in {accepted.name}, but there is no such case"
                     for case in accepted.unknown()]
    finish(passed + more, problems)


if __name__ == "__main__":
    main()
