#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The WebSocket handshake: what RFC 6455 asks for, and a proper HTTP error for the rest."""

import base64

from harness import *

stand = at_end(Stand())
session = stand.session


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
    answer = refused([*upgrade_headers(), ("Content-Length", "0")], (400, 405, 415, 426), "POST")
    true(answer.status != 101, "no upgrade")


@test("websocket_upgrade_on_http_1_0_is_refused")
def _():
    connection = closing(Connection(stand.address))
    connection.request("GET", PATH + "?wait=0", upgrade_headers(), version="HTTP/1.0")
    one_of(connection.response().status, (204, 400, 426, 505), "status")


@test("websocket_handshake_with_a_body_is_refused_or_the_body_is_not_a_frame")
def _():
    connection = closing(Connection(stand.address))
    connection.request("GET", PATH, upgrade_headers(), frame(TEXT, b'{"type":"ping"}'))
    answer = connection.response()
    one_of(answer.status, (400, 426), f"{answer}")


@test("websocket_extension_that_is_offered_need_not_be_taken")
def _():
    for offer in ("permessage-deflate; client_max_window_bits", "x-nonsense; a=b"):
        socket = session(extra=[("Sec-WebSocket-Extensions", offer)])
        taken = socket.handshake.header("sec-websocket-extensions")
        equal(taken, None, "an extension that this client could not speak")
        socket.send_json({"type": "ping"})
        equal(socket.json(), {"type": "pong"})


@test("websocket_upgrade_elsewhere_is_refused")
def _():
    answer = refused(upgrade_headers(), (400, 404, 426), target="/nowhere")
    true(answer.status != 101, "no upgrade")


@test("websocket_upgrade_to_something_else_is_not_an_upgrade")
def _():
    connection = closing(Connection(stand.address))
    connection.request("GET", PATH + "?wait=0", [("Connection", "Upgrade"), ("Upgrade", "h2c")])
    one_of(connection.response().status, (204, 400, 426), "status")


if __name__ == "__main__":
    main()
