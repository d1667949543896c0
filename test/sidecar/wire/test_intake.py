#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""POST /v1/events: one event, a batch, binary mode; what is committed when 201 is said, and
why the rest is refused."""

import sys

from harness import *

# an answer may repeat a number of thousands of digits
sys.set_int_max_str_digits(0)

stand = at_end(Stand(max_body_size="1MB", source="/wire/default"))


def event(kind, number=1, **more):
    return {"specversion": "1.0", "id": f"{kind}-{number}", "source": f"/{kind}", "type": kind,
            "data": {"n": number}, **more}


def post(value, content_type="application/cloudevents+json", headers=(), target=PATH):
    return post_json(stand.address, value, content_type, target, headers)


def groups(answer):
    """(success, invalid, error) of an answer, checked for their form."""
    document = answer.json()
    for name in ("success", "invalid", "error"):
        for entry in document.get(name, []):
            true("status" in entry and ("event" in entry or name == "success" and entry.get("id")),
                 f"{name} entry {entry}")
    return tuple(document.get(name, []) for name in ("success", "invalid", "error"))


def accepted(answer, count=1):
    equal(answer.status, 201, f"status of {answer}")
    success, invalid, error = groups(answer)
    equal((len(success), len(invalid), len(error)), (count, 0, 0), "sizes of the groups")
    return success


def stored(kind):
    """Numbers in the table: what is committed by now."""
    return [data["n"] for _, _, data in stand.table(kind)]


@test("intake_one_event_is_committed_when_201_is_said")
def _():
    kind = fresh()
    success = accepted(post(event(kind)))
    equal(stored(kind), [1])
    true(f"{kind}-1" in json.dumps(success), f"the id is in {success}")


@test("intake_each_content_type_of_one_event")
def _():
    for content_type in ("application/json", "application/cloudevents+json",
                         "application/json; charset=utf-8", "application/json;charset=\"UTF-8\"",
                         "APPLICATION/CloudEvents+JSON ; Charset=UTF-8"):
        kind = fresh()
        accepted(post(event(kind), content_type))
        equal(stored(kind), [1], content_type)


@test("intake_batch_is_committed_in_its_order")
def _():
    for content_type in ("application/cloudevents-batch+json", "application/json"):
        kind = fresh()
        accepted(post([event(kind, n) for n in range(20)], content_type), 20)
        equal(stored(kind), list(range(20)), content_type)


@test("intake_alias_path_works")
def _():
    kind = fresh()
    accepted(post(event(kind), target="/events"))
    equal(stored(kind), [1])


@test("intake_of_a_duplicate_is_a_success_and_the_first_stands")
def _():
    kind = fresh()
    accepted(post(event(kind)))
    again = event(kind)
    again["data"] = {"n": 99}
    success = accepted(post(again))
    equal(success[0]["status"], "duplicate")
    equal(success[0]["id"], f"{kind}-1")
    batch = [event(kind, 2), event(kind, 1), event(kind, 2)]
    success = accepted(post(batch, "application/cloudevents-batch+json"), 3)
    equal([entry["status"] for entry in success], ["success", "duplicate", "duplicate"])
    equal(stored(kind), [1, 2])


@test("intake_is_delivered_to_readers")
def _():
    kind = fresh()
    readers = [closing(transport(stand.address, types=[kind])) for transport in TRANSPORTS]
    accepted(post(event(kind)))
    for reader in readers:
        equal(numbers(reader.take(1)), [1])


@test("intake_event_without_id_and_source_gets_them")
def _():
    kind = fresh()
    accepted(post({"specversion": "1.0", "type": kind, "data": {"n": 1}}))
    source, identity = stand.sql.query("SELECT source, id FROM events.event WHERE type = $1",
                                       kind)[0]
    equal(source, "/wire/default", "source")
    true(identity, "id")


@test("intake_binary_mode_takes_attributes_from_headers")
def _():
    kind = fresh()
    headers = [("ce-specversion", "1.0"), ("ce-id", "b1"), ("ce-source", "/s"),
               ("ce-type", kind), ("ce-subject", "%22quoted%22"),
               ("ce-time", "2020-01-02T03:04:05Z"), ("ce-myext", "v%25"), ("CE-Upper", "u")]
    accepted(post(b'{"n": 1}', "application/json", headers))
    row = stand.sql.query("SELECT id, source, subject, datacontenttype, data, attributes, "
                          "time = '2020-01-02 03:04:05+00' FROM events.event WHERE type = $1",
                          kind)[0]
    equal(row[:4], ("b1", "/s", '"quoted"', "application/json"))
    equal(json.loads(row[4]), {"n": 1}, "data")
    attributes = json.loads(row[5])
    equal((attributes.get("myext"), attributes.get("upper")), ("v%", "u"), "extensions")
    equal(row[6], "t", "time")


@test("intake_binary_mode_takes_text_as_a_string_and_bytes_as_base64")
def _():
    for content_type, body, member, value in (
            ("text/plain; charset=utf-8", "h\u00fc".encode(), "data", "h\u00fc"),
            ("application/xml", b"<a/>", "data", "<a/>"),
            ("application/octet-stream", b"\x00\x01\xff", "data_base64", "AAH/")):
        kind = fresh()
        reader = closing(SseReader(stand.address, types=[kind]))
        accepted(post(body, content_type, [("ce-specversion", "1.0"), ("ce-id", kind),
                                           ("ce-source", "/s"), ("ce-type", kind)]))
        got = reader.take(1)[0]
        if member not in got and content_type == "application/xml":
            member, value = "data_base64", "PGEvPg=="
        equal(got.get(member), value, f"{content_type} in {got}")


@test("intake_binary_mode_with_json_that_is_none_is_400")
def _():
    kind = fresh()
    answer = post(b"{", "application/json", [("ce-specversion", "1.0"), ("ce-id", "1"),
                                            ("ce-source", "/s"), ("ce-type", kind)])
    equal(answer.status, 400, f"{answer}")
    equal(stored(kind), [])


@test("intake_binary_mode_without_required_attributes_is_400")
def _():
    equal(post(b"{}", "application/json", [("ce-specversion", "1.0"), ("ce-id", "1")]).status, 400)


@test("intake_some_invalid_is_207_and_the_valid_are_committed")
def _():
    kind = fresh()
    answer = post([event(kind, 0), {**event(kind, 1), "specversion": "0.3"}, event(kind, 2),
                   {"no": "event"}, {**event(kind, 4), "Bad-Name": 1}],
                  "application/cloudevents-batch+json")
    equal(answer.status, 207, f"{answer}")
    success, invalid, error = groups(answer)
    equal((len(success), len(invalid), len(error)), (2, 3, 0), "sizes of the groups")
    equal(stored(kind), [0, 2])
    for entry in invalid:
        equal(entry["status"], "invalid", "status")
        errors = entry["context"]["errors"] if isinstance(entry["context"], dict) \
            else entry["context"]
        true(errors and all("instanceLocation" in e and e.get("message") for e in errors),
             f"errors with places in {entry}")


@test("intake_all_invalid_is_400_with_reasons")
def _():
    answer = post([{"specversion": "1.0"}, 5], "application/cloudevents-batch+json")
    equal(answer.status, 400, f"{answer}")
    success, invalid, _ = groups(answer)
    equal((len(success), len(invalid)), (0, 2), "sizes of the groups")


BAD_EVENTS = {
    "type_missing": {"type": None}, "type_empty": {"type": ""}, "type_a_number": {"type": 5},
    "id_empty": {"id": ""}, "id_a_number": {"id": 5},
    "source_empty": {"source": ""}, "source_an_object": {"source": {}},
    "specversion_wrong": {"specversion": "2.0"}, "specversion_a_number": {"specversion": 1.0},
    "time_of_nonsense": {"time": "noon"}, "time_without_zone": {"time": "2020-01-01T00:00:00"},
    "subject_empty": {"subject": ""}, "extension_in_capitals": {"Ext": "x"},
    "extension_with_underscore": {"my_ext": "x"}, "extension_an_object": {"ext": {"a": 1}},
    "extension_an_array": {"ext": [1]}, "data_and_data_base64": {"data_base64": "AA=="},
    "zero_character": {"subject": "a\u0000b"},
}


def _register(name, change):
    @test(f"intake_{name}_is_400")
    def _():
        kind = fresh()
        bad = {key: value for key, value in {**event(kind), **change}.items()
               if not (key == "type" and value is None)}
        answer = post(bad)
        equal(answer.status, 400, f"{answer}")
        true("json" in answer.header("content-type"), "an explanation in JSON")
        equal(stored(kind), [])


for _name, _change in BAD_EVENTS.items():
    _register(_name, _change)

BODIES = {
    "empty": b"", "cut_off": b'{"specversion": "1.0"', "a_number": b"5", "a_string": b'"x"',
    "null": b"null", "with_a_rest": b'{"specversion":"1.0"} x', "empty_object": b"{}",
    "not_utf8": b'{"specversion":"1.0","type":"\xff\xfe","source":"/s","id":"1"}',
    "nested_too_deeply": b"[" * 50_000 + b"]" * 50_000,
    "nested_too_deeply_as_object": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "with_a_lone_surrogate": b'{"specversion":"1.0","type":"x","source":"/s","id":"\\ud800"}',
    "with_a_huge_number_of_digits": b'{"specversion":"1.0","type":"x","source":"/s","id":"1",'
                                    b'"ext":1' + b"0" * 5000 + b"}",
}


def _register_body(name, body):
    @test(f"intake_body_{name}_is_400")
    def _():
        problem_or_groups(post(body, "application/json"))
        problem_or_groups(post(body, "application/cloudevents+json"))


def problem_or_groups(answer):
    equal(answer.status, 400, f"{answer}")
    if answer.header("content-type").startswith("application/problem+json"):
        problem(answer, 400)
    else:
        groups(answer)


for _name, _body in BODIES.items():
    _register_body(_name, _body)


@test("intake_empty_batch_has_a_clear_answer")
def _():
    answer = post([], "application/cloudevents-batch+json")
    one_of(answer.status, (201, 400), f"{answer}")


@test("intake_other_content_types_are_415")
def _():
    for content_type in ("text/html", "application/x-www-form-urlencoded", "multipart/form-data",
                         "application/cloudevents+avro", "application/json; charset=latin1",
                         "nonsense", "application/jsonx"):
        problem(post(event(fresh()), content_type), 415)


@test("intake_without_content_type_is_415_or_400")
def _():
    answer = fetch(stand.address, "POST", PATH, [], json.dumps(event(fresh())).encode())
    one_of(answer.status, (400, 415), f"{answer}")


@test("intake_content_encoding_that_is_not_supported_is_415")
def _():
    problem(post(event(fresh()), headers=[("Content-Encoding", "br")]), 415)


@test("intake_too_large_body_is_413")
def _():
    problem(post(event(fresh(), pad="x" * 1_100_000)), 413)


@test("intake_too_large_chunked_body_is_413")
def _():
    connection = closing(Connection(stand.address))
    connection.request("POST", PATH, [("Content-Type", "application/json"),
                                      ("Transfer-Encoding", "chunked")])
    try:
        for _ in range(30):
            connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    except ConnectionError:
        pass
    problem(connection.response(), 413)


@test("intake_announced_huge_body_is_413_before_it_is_sent")
def _():
    connection = closing(Connection(stand.address))
    connection.request("POST", PATH, [("Content-Type", "application/json"),
                                      ("Content-Length", "99999999999")])
    problem(connection.response(), 413)
    true(connection.at_end(), "the connection is closed")


@test("intake_too_large_event_is_refused_with_its_reason")
def _():
    stand.sql.query("ALTER SYSTEM SET events.max_event_size = '8kB'")
    stand.sql.query("SELECT pg_reload_conf()")
    try:
        kind = fresh()
        wait_until(lambda: refuses_large(kind), "the new limit is known")
    finally:
        stand.sql.query("ALTER SYSTEM RESET events.max_event_size")
        stand.sql.query("SELECT pg_reload_conf()")


def refuses_large(kind):
    answer = post(event(kind, data={"n": 1, "pad": "x" * 20_000}))
    one_of(answer.status, (201, 400, 413), f"{answer}")
    return answer.status != 201


@test("intake_chunked_body_is_read")
def _():
    kind = fresh()
    body = json.dumps(event(kind)).encode()
    connection = closing(Connection(stand.address))
    connection.request("POST", PATH, [("Content-Type", "application/json"),
                                      ("Transfer-Encoding", "chunked")])
    for at in range(0, len(body), 7):
        part = body[at:at + 7]
        connection.send(b"%x;ext=1\r\n%s\r\n" % (len(part), part))
    connection.send(b"0\r\nTrailer: x\r\n\r\n")
    accepted(connection.response())
    equal(stored(kind), [1])


@test("intake_fills_context_from_traceparent_and_correlation_headers")
def _():
    kind = fresh()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    accepted(post(event(kind), headers=[("traceparent", trace), ("X-Request-Id", "req-1")]))
    attributes = json.loads(stand.sql.value("SELECT attributes FROM events.event WHERE type = $1",
                                            kind))
    equal(attributes.get("traceparent"), trace, "traceparent")
    true(attributes.get("correlationid"), f"correlationid in {attributes}")


@test("intake_answer_carries_no_secrets_of_the_database")
def _():
    text = post([{"specversion": "1.0"}], "application/json").body.decode().lower()
    for word in ("pg_", "select ", "postgres", "sqlstate", stand.cluster.root):
        true(word not in text, f"{word} in {text}")


@test("intake_of_a_registered_type_is_judged_by_its_schema")
def _():
    kind = fresh()
    stand.sql.query("SELECT events.register_schema($1, $2)", f"/{kind}/1.0.0", json.dumps(
        {"type": "object", "properties": {"n": {"type": "integer", "maximum": 5}}}))
    stand.sql.query("SELECT events.register_type($1, $2, $3)", kind, f"/{kind}/1", '{"n": 1}')
    answer = post([event(kind, n) for n in (4, 5, 6)], "application/cloudevents-batch+json")
    equal(answer.status, 207, f"{answer}")
    _, invalid, _ = groups(answer)
    equal([entry["event"]["data"] for entry in invalid], [{"n": 6}], "what is refused")
    true("/data/n" in json.dumps(invalid), f"the pointer is in {invalid}")
    equal(post(event(kind, 7)).status, 400, "all invalid")

    # a schema that changes counts at once, also to the sessions that eventsd holds
    stand.sql.query("SELECT events.register_schema($1, $2)", f"/{kind}/1.1.0", json.dumps(
        {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}}}))
    accepted(post(event(kind, 7)))
    equal(stored(kind), [4, 5, 7])


@test("intake_503_with_retry_after_while_postgresql_is_down")
def _():
    stand.sql.close()
    stand.cluster.stop()
    try:
        kind = fresh()
        answer = post(event(kind))
        problem(answer, 503)
        true(int(answer.header("retry-after")) >= 1, "Retry-After")
    finally:
        stand.cluster.start()
        stand.reconnect()
    wait_until(lambda: post(event(kind)).status == 201, "intake works again")
    equal(stored(kind), [1], "what was refused is not there")


@test("intake_event_whose_text_would_be_enormous_is_refused")
def _():
    # The database keeps 1e131071 in ten bytes and writes it in 131,072 characters.
    kind = fresh()
    answer = post(b'{"specversion":"1.0","id":"1","source":"/s","type":"%s","data":[%s]}'
                  % (kind.encode(), b",".join([b"1e131071"] * 9000)))
    one_of(answer.status, (400, 413), f"{str(answer)[:300]}")
    reader = closing(SseReader(stand.address, types=[kind], after="earliest"))
    accepted(post(event(kind, 2)))
    equal(numbers(reader.take(1)), [2])


if __name__ == "__main__":
    main()
