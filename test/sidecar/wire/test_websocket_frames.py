#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""RFC 6455's frames, right and wrong, and the close code that each wrong one gets; sessions that
are idle, vanish, or do not read."""

import os

from harness import *

stand = at_end(Stand(max_frame_size="64kB"))
session = stand.session


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
