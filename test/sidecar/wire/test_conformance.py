#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The CloudEvents conformance cases and the examples of the specification: what is posted is what
is received. They are read from a folder beside the project, and skipped where it is missing."""

import os

from harness import *

stand = at_end(Stand())

SUITE = os.environ.get("EVENTS_SUITES") or os.path.join(ROOT, "../shared/suites")


def conformance():
    path = os.path.join(SUITE, "cloudevents/conformance.jsonl")
    if not os.path.exists(path):
        raise Skip(f"no {path}")
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def same_event(got, wanted, name):
    """The wanted attributes are in what was received; null means absent."""
    for key, value in wanted.items():
        if value is None:
            true(key not in got or got[key] is None, f"{name}: {key} is absent")
        elif key == "time":
            equal(got[key].removesuffix("Z")[:19], value.removesuffix("Z")[:19], f"{name}: time")
        elif key != "id":
            equal(got.get(key), value, f"{name}: {key}")


def unique(wanted):
    """Ids repeat in the suite, and an id is taken once only: a source of its own each."""
    return f"{wanted['source']}/{fresh('c')}"


@test("conformance_http_cases_are_received_as_they_were_sent")
def _():
    cases = [case for case in conformance() if case["transport"] == "http"]
    true(cases, "there are cases")
    for case in cases:
        source = unique(case["attributes"])
        headers = [(name, source if name == "ce-source" else value)
                   for name, value in case["request_headers"].items()]
        body = case["body"].replace('"/mycontext/subcontext"', json.dumps(source))
        reader = closing(NdjsonReader(stand.address, types=[case["attributes"]["type"]]))
        answer = fetch(stand.address, "POST", PATH, headers, body.encode())
        equal(answer.status, 201, f"{case['id']}: {answer}")
        got = reader.take(1)[0]
        same_event(got, {**case["attributes"], "source": source}, case["id"])
        equal(got["id"], case["attributes"]["id"], f"{case['id']}: id")
        equal(got["data"], case["data"], f"{case['id']}: data")


@test("conformance_examples_of_the_specification_are_received_as_they_were_sent")
def _():
    for case in conformance():
        if case["transport"] != "json":
            continue
        events = case["event"] if isinstance(case["event"], list) else [case["event"]]
        for wanted in events:
            # "... base64 encoded string ..." stands for one in the specification's text
            if "..." in str(wanted.get("data_base64")):
                wanted = {**wanted, "data_base64": "AAEC"}
            wanted = {**wanted, "source": unique(wanted)}
            reader = closing(NdjsonReader(stand.address, types=[wanted["type"]]))
            answer = post_json(stand.address, wanted, "application/cloudevents+json")
            equal(answer.status, 201, f"{case['id']}: {answer}")
            same_event(reader.take(1)[0], wanted, case["id"])
            reader.close()


if __name__ == "__main__":
    main()
