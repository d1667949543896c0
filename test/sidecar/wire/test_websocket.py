#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The WebSocket protocol: the handshake, the messages of the session, RFC 6455's frames
right and wrong, and the close code that each wrong one gets."""

import base64
import os

from harness import *

stand = at_end(Stand(max_frame_size="64kB"))


def session(query="", protocols=(), skip_first=True, **options):
    socket = closing(WebSocket(stand.address, PATH + query, protocols, **options))
    if skip_first:
        equal(socket.json().get("type"), "WebSessionStarted", "first message")
    return socket


def refused(headers, status, method="GET", version="HTTP/1.1", target=PATH):
    """Checks that this handshake gets a proper HTTP error; returns the answer."""
    connection = closing(Connection(stand.address))
    connection.request(method, target, headers, version=version)
    answer = connection.response()
    one_of(answer.status, status if isinstance(status, tuple) else (status,), f"{answer}")
    return answer


def headers_with(name, value):
    """A good handshake with one header replaced, or taken out when value is None."""
    kept = [(n, v) for n, v in upgrade_headers() if n != name]
    return kept if value is None else [*kept, (name, value)]


# ---- the handshake


@test("websocket_first_message_is_a_cloudevent_that_starts_the_session")
def _():
    first = session(skip_first=False).json()
    equal(first["specversion"], "1.0", "specversion")
    equal(first["type"], "WebSessionStarted", "type")
    true(first["id"] and first["source"], "id and source")
    text = json.dumps(first.get("data"))
    true("session" in text.lower(), f"the session id is in data: {text}")
    other = session(skip_first=False).json()
    true(other["data"] != first["data"], "another session, another id")


@test("websocket_without_subprotocol_gets_none")
def _():
    equal(session().protocol, None, "subprotocol")


@test("websocket_subprotocol_is_one_that_was_offered")
def _():
    equal(session(protocols=["events.v1"]).protocol, "events.v1", "subprotocol")
    equal(session(protocols=["cloudevents.json"]).protocol, "cloudevents.json", "subprotocol")
    one_of(session(protocols=["soap", "cloudevents.json", "events.v1"]).protocol,
           ("cloudevents.json", "events.v1"), "subprotocol")


@test("websocket_unknown_subprotocols_are_answered_by_rfc_6455")
def _():
    # Either no subprotocol in the answer, or a refusal; never one that was not offered.
    try:
        equal(session(protocols=["soap", "wamp"]).protocol, None, "subprotocol")
    except Refused as answer:
        problem(answer.response, 400)


@test("websocket_alias_path_works")
def _():
    closing(WebSocket(stand.address, "/events")).json()


@test("websocket_bytes_right_behind_the_handshake_are_read")
def _():
    socket = session(early=frame(TEXT, b'{"type":"ping"}'))
    equal(socket.json(), {"type": "pong"})


@test("websocket_connection_header_may_be_a_list_in_any_case")
def _():
    connection = closing(Connection(stand.address))
    connection.request("GET", PATH, headers_with("Connection", "keep-alive, uPGRADE"))
    equal(connection.head().status, 101, "status")


@test("websocket_version_other_than_13_is_426_with_the_right_one")
def _():
    answer = refused(headers_with("Sec-WebSocket-Version", "8"), (426, 400))
    equal(answer.header("sec-websocket-version"), "13", "Sec-WebSocket-Version")


@test("websocket_without_version_is_refused")
def _():
    refused(headers_with("Sec-WebSocket-Version", None), (400, 426))


@test("websocket_without_key_is_refused")
def _():
    problem(refused(headers_with("Sec-WebSocket-Key", None), 400), 400)


@test("websocket_bad_key_is_refused")
def _():
    for key in ("short", base64.b64encode(b"fifteen bytes..").decode(), "!" * 24, "A" * 500):
        problem(refused(headers_with("Sec-WebSocket-Key", key), 400), 400)


@test("websocket_two_keys_are_refused")
def _():
    problem(refused([*upgrade_headers(), ("Sec-WebSocket-Key", "A" * 22 + "==")], 400), 400)


@test("websocket_upgrade_without_connection_header_is_no_upgrade")
def _():
    connection = closing(Connection(stand.address))
    connection.request("GET", PATH + "?wait=0", headers_with("Connection", None))
    answer = connection.response()
    one_of(answer.status, (204, 400, 426), f"{answer}")


@test("websocket_upgrade_by_post_is_refused")
def _():
    answer = refused([*upgrade_headers(), ("Content-Length", "0")], (400, 405, 426), "POST")
    true(answer.status != 101, "no upgrade")


@test("websocket_upgrade_on_http_1_0_is_refused")
def _():
    connection = closing(Connection(stand.address))
    connection.request("GET", PATH + "?wait=0", upgrade_headers(), version="HTTP/1.0")
    one_of(connection.response().status, (204, 400, 426, 505), "status")


@test("websocket_upgrade_elsewhere_is_refused")
def _():
    answer = refused(upgrade_headers(), (400, 404, 426), target="/nowhere")
    true(answer.status != 101, "no upgrade")


@test("websocket_upgrade_to_something_else_is_not_an_upgrade")
def _():
    connection = closing(Connection(stand.address))
    connection.request("GET", PATH + "?wait=0", [("Connection", "Upgrade"), ("Upgrade", "h2c")])
    one_of(connection.response().status, (204, 400, 426), "status")


# ---- the messages


@test("websocket_ping_message_is_answered_by_pong")
def _():
    socket = session()
    for _ in range(3):
        socket.send_json({"type": "ping"})
        equal(socket.json(), {"type": "pong"})


@test("websocket_events_are_bare_cloudevents")
def _():
    kind = fresh()
    socket = session(query_string(types=[kind]))
    identity = stand.publish(kind, {"n": 1})
    event = socket.json()
    equal((event["specversion"], event["id"], event["type"]), ("1.0", identity, kind))


@test("websocket_subscribe_adds_topics_and_unsubscribe_takes_them_away")
def _():
    kind, a, b = fresh(), fresh("a"), fresh("b")
    socket = session(query_string(topics=[[a]]))
    stand.publish(kind, {"n": 0}, [b])
    stand.publish(kind, {"n": 1}, [a])
    equal(numbers([socket.json()]), [1])
    socket.send_json({"type": "subscribe", "id": "s1", "data": {"topics": [[b, "x"]]}})
    equal(answer_to(socket, "s1")["type"], "ack")
    stand.publish(kind, {"n": 2}, [b])
    stand.publish(kind, {"n": 3}, [b, "x"])
    stand.publish(kind, {"n": 4}, [a, "y"])
    equal(numbers([socket.json(), socket.json()]), [3, 4])
    socket.send_json({"type": "unsubscribe", "id": "s2", "data": {"topics": [[a]]}})
    equal(answer_to(socket, "s2")["type"], "ack")
    stand.publish(kind, {"n": 5}, [a])
    stand.publish(kind, {"n": 6}, [b, "x", "z"])
    equal(numbers([socket.json()]), [6])


def answer_to(socket, identity):
    """The next message, which must answer this one."""
    message = socket.json()
    equal(message.get("id"), identity, f"id of {message}")
    one_of(message.get("type"), ("ack", "error"), f"type of {message}")
    return message


def message_fails(message, socket=None):
    """Checks that this message gets an error with code and text, and the session goes on."""
    socket = socket or session()
    socket.send_frame(TEXT, message if isinstance(message, bytes) else
                      json.dumps(message).encode())
    answer = socket.json()
    equal(answer.get("type"), "error", f"type of {answer}")
    true(answer.get("code") and answer.get("message"), f"code and message in {answer}")
    if isinstance(message, dict) and isinstance(message.get("id"), str):
        equal(answer.get("id"), message["id"], f"id of {answer}")
    socket.send_json({"type": "ping"})
    equal(socket.json(), {"type": "pong"}, "the session goes on")
    return answer


@test("websocket_unsubscribe_of_the_last_topic_means_nothing_comes")
def _():
    kind, a = fresh(), fresh("a")
    socket = session(query_string(topics=[[a]]))
    socket.send_json({"type": "unsubscribe", "id": "u", "data": {"topics": [[a]]}})
    equal(answer_to(socket, "u")["type"], "ack")
    stand.publish(kind, {"n": 1}, [a])
    witness = closing(WebSocketReader(stand.address, types=[kind], after="earliest"))
    equal(numbers(witness.take(1)), [1])
    socket.send_json({"type": "subscribe", "id": "s", "data": {"topics": [[a]]}})
    equal(answer_to(socket, "s")["type"], "ack")
    stand.publish(kind, {"n": 2}, [a])
    equal(numbers([socket.json()]), [2])


@test("websocket_subscribe_keeps_order_and_repeats_nothing")
def _():
    kind, root = fresh(), fresh("root")
    socket = session(query_string(topics=[[root, "0"]]))
    for number in range(60):
        stand.publish(kind, {"n": number}, [root, "0"])
        if number % 10 == 5:
            socket.send_json({"type": "subscribe", "id": str(number),
                              "data": {"topics": [[root, str(number)]]}})
    got, acks = [], 0
    while len(got) < 60:
        message = socket.json()
        if "specversion" in message:
            got.append(message)
        else:
            equal(message["type"], "ack", f"{message}")
            acks += 1
    equal(numbers(ordered(got)), list(range(60)))


@test("websocket_publish_is_acknowledged_and_delivered")
def _():
    kind = fresh()
    socket = session(query_string(types=[kind]))
    events = [{"specversion": "1.0", "id": f"p-{n}", "source": f"/{kind}", "type": kind,
               "data": {"n": n}} for n in (1, 2)]
    socket.send_json({"type": "publish", "id": "7", "data": events})
    got, acks = [], []
    while len(got) < 2 or not acks:
        message = socket.json()
        (got if "specversion" in message else acks).append(message)
    equal((acks[0]["type"], acks[0]["id"]), ("ack", "7"))
    equal(numbers(got), [1, 2])
    equal([identity for _, identity, _ in stand.table(kind)], ["p-1", "p-2"], "the table")


@test("websocket_publish_of_nothing_valid_is_an_error_with_its_id")
def _():
    message_fails({"type": "publish", "id": "8", "data": [{"specversion": "1.0", "type": ""}]})
    message_fails({"type": "publish", "id": "9", "data": "text"})
    message_fails({"type": "publish", "id": "10"})


@test("websocket_messages_that_make_no_sense_get_an_error_and_no_more")
def _():
    for message in (b"{", b"nonsense", b"[]", b"1", b'"text"', b"null", b"{}",
                    b'{"type":5}', b'{"type":null}', b'{"type":"dance"}', b"",
                    b'{"type":"ping"} x', b'{"type":"subscribe","data":[]}',
                    b"[" * 5000, b'{"type":"ping","type":"ping"' + b"," * 9):
        message_fails(message)


@test("websocket_subscribe_with_bad_topics_is_an_error")
def _():
    for topics in ("a", ["a"], [[1]], [[]], {"a": 1}, None, [["a\u0000"]], 5):
        message_fails({"type": "subscribe", "id": "x", "data": {"topics": topics}})


@test("websocket_subscribe_with_unknown_members_is_an_error")
def _():
    message_fails({"type": "subscribe", "id": "x", "data": {"topix": [["a"]]}})


@test("websocket_too_many_subscriptions_are_an_error")
def _():
    eventsd = stand.another(max_subscriptions="10")
    socket = closing(WebSocket(eventsd.address, PATH + query_string(topics=[["a"]])))
    socket.json()
    answer = message_fails({"type": "subscribe", "id": "x",
                            "data": {"topics": [[f"t{n}"] for n in range(20)]}}, socket)
    equal(answer["id"], "x", "id")


@test("websocket_cloudevents_subprotocol_has_only_cloudevents_on_the_wire")
def _():
    kind = fresh()
    socket = session(query_string(types=[kind]), ["cloudevents.json"])
    socket.send_json({"type": "ping"})
    socket.send_json({"type": "subscribe", "id": "s", "data": {"topics": [["x"]]}})
    socket.send_json({"type": "dance", "id": "d"})
    for _ in range(3):
        message = socket.json()
        equal(message.get("specversion"), "1.0", f"{message}")
        true(message.get("id") and message.get("source") and message.get("type"), f"{message}")


@test("websocket_cloudevents_subprotocol_delivers_events")
def _():
    kind = fresh()
    socket = session(query_string(types=[kind]), ["cloudevents.json"])
    identity = stand.publish(kind, {"n": 1})
    equal(socket.json()["id"], identity)


# ---- frames


@test("websocket_ping_frame_is_answered_with_its_payload")
def _():
    socket = session()
    for payload in (b"", b"hello", os.urandom(125)):
        socket.send_frame(PING, payload)
        equal(socket.pong(), payload)


@test("websocket_unasked_pong_is_ignored")
def _():
    socket = session()
    socket.send_frame(PONG, b"unasked")
    socket.send_json({"type": "ping"})
    equal(socket.json(), {"type": "pong"})


@test("websocket_fragmented_text_is_accepted")
def _():
    socket = session()
    text = b'{"type":"ping"}'
    socket.send_frame(TEXT, text[:1], fin=False)
    for at in range(1, len(text) - 1):
        socket.send_frame(CONTINUATION, text[at:at + 1], fin=False)
    socket.send_frame(CONTINUATION, text[-1:])
    equal(socket.json(), {"type": "pong"})


@test("websocket_empty_fragments_are_accepted")
def _():
    socket = session()
    socket.send_frame(TEXT, b"", fin=False)
    socket.send_frame(CONTINUATION, b'{"type":"ping"}', fin=False)
    socket.send_frame(CONTINUATION, b"")
    equal(socket.json(), {"type": "pong"})


@test("websocket_control_frames_may_come_between_fragments")
def _():
    socket = session()
    socket.send_frame(TEXT, b'{"type":', fin=False)
    socket.send_frame(PING, b"in between")
    equal(socket.pong(), b"in between")
    socket.send_frame(CONTINUATION, b'"ping"}')
    equal(socket.json(), {"type": "pong"})


@test("websocket_character_split_over_fragments_is_accepted")
def _():
    socket = session()
    text = json.dumps({"type": "ping", "id": "\u00fc\U0001f600"}, ensure_ascii=False).encode()
    cut = text.index("\U0001f600".encode()) + 2
    socket.send_frame(TEXT, text[:cut], fin=False)
    socket.send_frame(CONTINUATION, text[cut:])
    equal(socket.json()["type"], "pong")


@test("websocket_frames_byte_by_byte_are_accepted")
def _():
    socket = session()
    for byte in frame(TEXT, b'{"type":"ping"}'):
        socket.send(bytes([byte]))
    equal(socket.json(), {"type": "pong"})


@test("websocket_large_message_within_the_limit_is_accepted")
def _():
    socket = session()
    socket.send_frame(TEXT, b'{"type":"ping"' + b" " * 60_000 + b"}")
    equal(socket.json(), {"type": "pong"})


def wrong(name, code, *frames, query=""):
    """Registers: these frames end the session with that close code, and nobody else's."""
    @test(f"websocket_{name}")
    def _():
        other, socket = session(), session(query)
        for data in frames:
            try:
                socket.send(data)
            except ConnectionError:
                break
        one_of(socket.closed(), code if isinstance(code, tuple) else (code,), "close code")
        true(socket.at_end(), "the connection is closed")
        other.send_json({"type": "ping"})
        equal(other.json(), {"type": "pong"}, "another session goes on")


PING_TEXT = b'{"type":"ping"}'

wrong("binary_frame_closes_1003", 1003, frame(BINARY, b"\x00\x01"))
wrong("empty_binary_frame_closes_1003", 1003, frame(BINARY))
wrong("text_that_is_not_utf8_closes_1007", 1007, frame(TEXT, b'{"type":"\xff\xfe"}'))
wrong("text_with_a_surrogate_closes_1007", 1007, frame(TEXT, b'{"type":"\xed\xa0\x80"}'))
wrong("text_with_overlong_utf8_closes_1007", 1007, frame(TEXT, b'{"type":"\xc0\xaf"}'))
wrong("text_cut_inside_a_character_closes_1007", 1007, frame(TEXT, b'{"x":"\xf0\x9f\x98'))
wrong("fragments_that_are_not_utf8_close_1007", 1007, frame(TEXT, b'{"x":"\xf0', fin=False),
      frame(CONTINUATION, b'\x9fA"}'))
wrong("too_big_frame_closes_1009", 1009, frame(TEXT, b"x" * 70_000))
wrong("too_big_announced_frame_closes_1009", (1009, 1002), frame(TEXT, b"", length=1 << 40))
wrong("too_big_message_of_fragments_closes_1009", 1009, frame(TEXT, b"x" * 30_000, fin=False),
      frame(CONTINUATION, b"x" * 30_000, fin=False), frame(CONTINUATION, b"x" * 30_000))
wrong("unmasked_frame_closes_1002", 1002, frame(TEXT, PING_TEXT, mask=False))
wrong("reserved_bits_close_1002", 1002, frame(TEXT, PING_TEXT, reserved=4))
wrong("reserved_data_opcode_closes_1002", 1002, frame(0x3, b"x"))
wrong("reserved_control_opcode_closes_1002", 1002, frame(0xB, b"x"))
wrong("continuation_of_nothing_closes_1002", 1002, frame(CONTINUATION, b"x"))
wrong("new_text_inside_a_message_closes_1002", 1002, frame(TEXT, b"{", fin=False),
      frame(TEXT, PING_TEXT))
wrong("fragmented_control_frame_closes_1002", 1002, frame(PING, b"x", fin=False))
wrong("long_control_frame_closes_1002", 1002, frame(PING, b"x" * 126))
wrong("length_with_top_bit_closes_1002_or_1009", (1002, 1009), frame(TEXT, b"", length=1 << 63))
wrong("close_with_one_byte_closes_1002", 1002, frame(CLOSE, b"\x03"))
wrong("close_with_a_code_that_may_not_be_sent_closes_1002", 1002, frame(CLOSE, b"\x03\xed"))
wrong("close_reason_that_is_not_utf8_closes_1007_or_1002", (1007, 1002),
      frame(CLOSE, b"\x03\xe8\xff"))


@test("websocket_close_is_answered_with_close")
def _():
    for payload, codes in ((b"\x03\xe8", (1000,)), (b"\x03\xe9bye", (1000, 1001)),
                           (b"", (None, 1000)), (b"\x0f\xa0", (1000, 4000))):
        socket = session()
        socket.send_frame(CLOSE, payload)
        one_of(socket.closed(), codes, f"close code answered to {payload!r}")
        true(socket.at_end(), "the connection is closed")


@test("websocket_events_already_sent_come_before_the_close")
def _():
    kind = fresh()
    socket = session(query_string(types=[kind], after=stand.cursor()))
    stand.publish(kind, {"n": 1})
    equal(numbers([socket.json()]), [1])
    socket.send_frame(CLOSE, b"\x03\xe8")
    equal(socket.closed(), 1000, "close code")


@test("websocket_idle_session_is_pinged_and_kept_while_it_answers")
def _():
    eventsd = stand.another(ping_interval="1s")
    socket = closing(WebSocket(eventsd.address))
    socket.json()
    deadline = Deadline()
    while socket.pings < 3:
        _, opcode, payload = socket.read_frame(deadline)
        socket._control(opcode, payload)
    socket.send_json({"type": "ping"})
    equal(socket.json(), {"type": "pong"})


@test("websocket_session_that_answers_no_ping_is_ended")
def _():
    eventsd = stand.another(ping_interval="1s")
    socket = closing(WebSocket(eventsd.address))
    socket.json()
    socket.answers_pings = False
    try:
        socket.closed()
    except (ConnectionError, ProtocolError):
        pass
    true(socket.at_end(), "the connection is closed")


@test("websocket_that_vanishes_is_forgotten")
def _():
    before = stand.eventsd.descriptors()
    for _ in range(30):
        socket = WebSocket(stand.address)
        socket.json()
        socket.close()
    wait_until(lambda: stand.eventsd.descriptors() <= before + 1, "descriptors are given back")


@test("websocket_flood_of_answers_to_a_client_that_does_not_read_ends_it")
def _():
    socket = session()
    socket.sock.setblocking(False)
    data = frame(TEXT, PING_TEXT) * 500
    deadline = Deadline()
    try:
        while True:
            try:
                socket.sock.send(data)
            except BlockingIOError:
                # Either it stops reading, or it ends the session; in both cases others go on.
                break
            deadline.left()
    except ConnectionError:
        pass
    other = session()
    other.send_json({"type": "ping"})
    equal(other.json(), {"type": "pong"})
    true(stand.eventsd.running(), "eventsd runs")


if __name__ == "__main__":
    main()
