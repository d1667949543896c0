#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The admin listener: figures that move, a health check that tells the truth, log levels;
and the log itself."""

import re

from harness import *

stand = at_end(Stand())


def admin(method="GET", target="/metrics", body=None, eventsd=None):
    headers = [("Content-Type", "application/json")] if body is not None else []
    return fetch((eventsd or stand.eventsd).admin, method, target, headers, body)


SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (\S+)$')


def samples(eventsd=None):
    """{name{labels}: value}, checked against the text format."""
    answer = admin(eventsd=eventsd)
    equal(answer.status, 200, "status")
    true(answer.header("content-type").startswith("text/plain"), "content type")
    found, typed = {}, {}
    for line in answer.body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            true(name not in typed, f"{name} has one TYPE line")
            typed[name] = kind
        elif line and not line.startswith("#"):
            match = SAMPLE.match(line)
            true(match, f"sample line {line!r}")
            key = match[1] + (match[2] or "")
            true(key not in found, f"{key} is there once")
            family = re.sub(r"_(bucket|sum|count)$", "", match[1])
            true(match[1] in typed or family in typed, f"{match[1]} has a TYPE")
            found[key] = float(match[3])
    true(found, "there are samples")
    return found


def total(found, *words):
    """The sum of the samples whose names and labels hold all the words."""
    hits = [value for key, value in found.items() if all(word in key for word in words)]
    true(hits, f"no sample with {words} in {sorted(found)}")
    return sum(hits)


@test("metrics_names_begin_with_the_program")
def _():
    for key in samples():
        true(key.startswith(("eventsd_", "events_", "process_")), f"name {key}")


@test("metrics_count_connections_by_transport")
def _():
    before = samples()
    readers = []
    for transport, word in ((WebSocketReader, "websocket"), (SseReader, "sse"),
                            (NdjsonReader, "ndjson")):
        readers.append(transport(stand.address))
        wait_until(lambda w=word: clients(w) == clients_in(before, w) + 1,
                   f"one more {word} client")
    held = closing(Connection(stand.address))
    held.request("GET", PATH + query_string(after=stand.cursor(), types=[fresh()]))
    wait_until(lambda: clients("poll") == clients_in(before, "poll") + 1, "one more poll")
    for reader in readers:
        reader.close()
    for word in ("websocket", "sse", "ndjson"):
        wait_until(lambda w=word: clients(w) == clients_in(before, w), f"no more {word} client")


def clients_in(found, word):
    return sum(value for key, value in found.items()
               if "client" in key and word in key and "total" not in key)


def clients(word):
    return clients_in(samples(), word)


@test("metrics_count_events_read_and_delivered")
def _():
    before = samples()
    kind = fresh()
    readers = [closing(transport(stand.address, types=[kind])) for transport in TRANSPORTS]
    stand.publish_many(kind, 10)
    for reader in readers:
        reader.take(10)
    wait_until(lambda: total(samples(), "events_read") >= total(before, "events_read") + 10,
               "events read")
    wait_until(lambda: total(samples(), "deliver", "total")
               >= total(before, "deliver", "total") + 40, "deliveries")


@test("metrics_histogram_of_commit_to_delivery_is_whole")
def _():
    kind = fresh()
    reader = closing(SseReader(stand.address, types=[kind]))
    stand.publish(kind, {"n": 1})
    reader.take(1)
    found = wait_until(lambda: histogram(samples()), "the histogram has counted")
    buckets = sorted((float(re.search(r'le="([^"]+)"', key)[1].replace("+Inf", "inf")), value)
                     for key, value in found.items() if "_bucket" in key)
    values = [value for _, value in buckets]
    equal(values, sorted(values), "buckets are cumulative")
    equal(buckets[-1][0], float("inf"), "the last bucket")
    counts = [value for key, value in found.items() if key.endswith("_count")]
    equal(counts, [values[-1]], "count")
    true(all(value >= 0 for key, value in found.items() if key.endswith("_sum")), "sum")


def histogram(found):
    """The samples of the histogram of delays, once it counted something."""
    part = {key: value for key, value in found.items()
            if re.match(r"eventsd_commit_to_delivery_seconds_(bucket|sum|count)(\{|$)", key)}
    return part if any(value > 0 for key, value in part.items() if "_count" in key) else None


@test("metrics_count_published_events_and_errors")
def _():
    before = samples()
    kind = fresh()
    equal(post_json(stand.address, {"specversion": "1.0", "id": "1", "source": "/s",
                                    "type": kind}).status, 201)
    fetch(stand.address, "GET", PATH + "?bogus=1")
    wait_until(lambda: total(samples(), "published", "total")
               == total(before, "published", "total") + 1, "published")
    wait_until(lambda: total(samples(), "request", "error")
               >= total(before, "request", "error") + 1, "errors")


@test("metrics_answer_head_and_refuse_post")
def _():
    one_of(fetch(stand.eventsd.admin, "HEAD", "/metrics").status, (200, 405), "HEAD")
    equal(admin("POST", "/metrics", b"{}").status, 405, "POST")


@test("admin_is_not_on_the_public_listener_nor_events_on_the_admin_one")
def _():
    for path in ("/metrics", "/sys/healthcheck", "/sys/logging"):
        equal(fetch(stand.address, "GET", path).status, 404, path)
    equal(admin(target="/v1/events?wait=0").status, 404, "events")


@test("admin_can_be_switched_off")
def _():
    eventsd = stand.another(admin_listen="off")
    equal(eventsd.admin, None, "admin address")
    equal(fetch(eventsd.address, "GET", PATH + "?wait=0").status, 204)


@test("healthcheck_is_200_while_all_is_well")
def _():
    answer = admin(target="/sys/healthcheck")
    equal(answer.status, 200, f"{answer}")
    true(isinstance(answer.json(), dict), "a JSON object")


@test("healthcheck_is_503_while_postgresql_is_down_and_200_again")
def _():
    stand.sql.close()
    stand.cluster.stop()
    try:
        wait_until(lambda: admin(target="/sys/healthcheck").status == 503, "503 when it is down")
        connected = total(samples(), "postgres", "connected") \
            if any("postgres" in key for key in samples()) else total(samples(), "pg", "connected")
        equal(connected, 0, "the figure for the connection")
    finally:
        stand.cluster.start()
        stand.reconnect()
    wait_until(lambda: admin(target="/sys/healthcheck").status == 200, "200 when it is back")


@test("logging_level_can_be_read_and_changed_while_running")
def _():
    eventsd = stand.another()
    answer = admin(target="/sys/logging", eventsd=eventsd)
    equal(answer.status, 200, f"{answer}")
    before = answer.json()
    true(isinstance(before, dict) and "info" in json.dumps(before), f"levels {before}")
    body = json.dumps(before).replace("info", "debug").encode()
    one_of(admin("PUT", "/sys/logging", body, eventsd=eventsd).status, (200, 204), "PUT")
    true("debug" in admin(target="/sys/logging", eventsd=eventsd).body.decode(), "debug now")
    count = len(eventsd.logs)
    closing(SseReader(eventsd.address, types=[fresh()]))
    wait_until(lambda: any(log["level"] == "debug" for log in eventsd.logs[count:]),
               "a line of level debug")


@test("logging_level_reaches_all_processes")
def _():
    eventsd = stand.another(processes="2")
    equal(admin("PUT", "/sys/logging", b'{"level":"debug"}', eventsd=eventsd).status, 200, "PUT")

    def both_speak():
        SseReader(eventsd.address, types=[fresh()]).close()
        return len({log["pid"] for log in eventsd.logs if log["level"] == "debug"}) == 2
    wait_until(both_speak, "both processes log lines of level debug")


@test("logging_of_nonsense_is_400")
def _():
    for body in (b"{", b'{"level":"loud"}', b"5", b""):
        problem(admin("PUT", "/sys/logging", body), 400)


@test("log_lines_are_json_with_time_level_and_message")
def _():
    fetch(stand.address, "GET", PATH + "?bogus=1", [("X-Request-Id", "find-me-77")])
    true(stand.eventsd.logs, "there are lines")
    for entry in list(stand.eventsd.logs):
        true(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
                      entry.get("time", "")), f"time in {entry}")
        one_of(entry.get("level"), ("debug", "info", "warning", "warn", "error", "fatal"),
               f"level in {entry}")
        true("message" in entry or "event" in entry, f"message in {entry}")


@test("log_line_of_a_refusal_has_the_correlation_id")
def _():
    fetch(stand.address, "GET", PATH + "?bogus=1", [("X-Request-Id", "find-me-78")])
    stand.eventsd.wait_log(lambda entry: "find-me-78" in json.dumps(entry),
                           "the refusal's log line")


@test("log_line_of_a_refusal_is_one")
def _():
    fetch(stand.address, "GET", PATH + "?bogus=1", [("X-Request-Id", "find-me-79")])
    fetch(stand.address, "GET", PATH + "?bogus=1", [("X-Request-Id", "find-me-80")])
    stand.eventsd.wait_log(lambda entry: "find-me-80" in json.dumps(entry), "the log line")
    lines = [entry for entry in stand.eventsd.logs if "find-me-79" in json.dumps(entry)]
    equal(len(lines), 1, f"lines {lines}")


@test("log_correlation_ids_are_unique")
def _():
    eventsd = stand.another(log_level="debug")
    for _ in range(5):
        for address, target in ((eventsd.address, PATH + "?bogus=1"), (eventsd.admin, "/metrics"),
                                (eventsd.admin, "/nowhere")):
            fetch(address, "GET", target)
    ids = {}
    for log in list(eventsd.logs):
        if log.get("message") == "request":
            identity = log["correlation_id"]
            true(identity not in ids, f"{log} has the id of {ids.get(identity)}")
            ids[identity] = log


@test("log_cannot_be_forged_by_a_request")
def _():
    forged = 'x","level":"fatal","message":"forged'
    fetch(stand.address, "GET", PATH + "?bogus=1", [("X-Request-Id", forged)])
    fetch(stand.address, "GET", PATH + "?topic=%0A%7B%22level%22%3A%22fatal%22%7D&bogus=1")
    stand.eventsd.check()
    true(not any(log.get("level") == "fatal" for log in stand.eventsd.logs), "no forged line")


@test("log_hides_the_password_of_the_database")
def _():
    eventsd = stand.another(database=stand.database + " password=hush-hush")
    fetch(eventsd.address, "GET", PATH + "?wait=0")
    true("hush-hush" not in "\n".join(eventsd.lines), "the password is nowhere")


if __name__ == "__main__":
    main()
