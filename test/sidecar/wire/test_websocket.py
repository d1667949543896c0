#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The messages of a WebSocket session: its start, ping, subscribe, unsubscribe, publish, and the
answer to each that makes no sense; both subprotocols."""

from harness import *

stand = at_end(Stand(max_frame_size="64kB"))
session = stand.session


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
    for topics in ("a", ["a"], [[1]], {"a": 1}, None, 5, [["a"], "b"]):
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
    # Whoever wants everything, again and again, is stopped as well.
    for number in range(30):
        socket.send_json({"type": "subscribe", "id": str(number), "data": {"topics": [[]]}})
    kinds = [socket.json()["type"] for _ in range(30)]
    true(kinds.count("ack") <= 10 and kinds[-1] == "error", f"{kinds}")


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


if __name__ == "__main__":
    main()
