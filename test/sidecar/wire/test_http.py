#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""HTTP/1.1: what is well formed is served, kept alive and pipelined in order; what is slow is
given up in time, while others are served."""

import socket

from harness import *

stand = at_end(Stand(max_head_size="16kB", max_url_size="8kB", head_timeout="2s",
                     body_timeout="2s", idle_timeout="30s"))
talk, serves = stand.talk, stand.serves


@test("http_keep_alive_serves_one_request_after_the_other")
def _():
    connection = closing(Connection(stand.address))
    for _ in range(5):
        connection.send(EMPTY_POLL)
        equal(connection.response().status, 204)


@test("http_connection_close_closes")
def _():
    connection, answer = talk(b"GET /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n"
                              b"Connection: close\r\n\r\n")
    equal(answer.status, 204)
    equal(answer.header("connection", "").lower(), "close", "Connection")
    true(connection.at_end(), "the connection is closed")


@test("http_pipelined_requests_are_answered_in_order")
def _():
    # One segment with GET, POST, GET.
    kind = fresh()
    connection = closing(Connection(stand.address))
    connection.send(EMPTY_POLL + post_bytes(event_body(kind)) + EMPTY_POLL)
    equal([connection.response().status for _ in range(3)], [204, 201, 204])
    equal(len(stand.table(kind)), 1, "events")


@test("http_many_pipelined_requests_are_all_answered")
def _():
    connection = closing(Connection(stand.address))
    connection.send(EMPTY_POLL * 300)
    equal({connection.response().status for _ in range(300)}, {204})


@test("http_pipelined_posts_are_all_committed_in_order")
def _():
    kind = fresh()
    connection = closing(Connection(stand.address))
    bodies = [json.dumps({"specversion": "1.0", "id": str(n), "source": f"/{kind}", "type": kind,
                          "data": {"n": n}}).encode() for n in range(20)]
    connection.send(b"".join(post_bytes(body) for body in bodies))
    equal([connection.response().status for _ in range(20)], [201] * 20)
    equal([data["n"] for _, _, data in stand.table(kind)], list(range(20)))


@test("http_request_byte_by_byte_is_served")
def _():
    connection = closing(Connection(stand.address))
    for byte in EMPTY_POLL:
        connection.send(bytes([byte]))
    equal(connection.response().status, 204)


@test("http_empty_line_before_a_request_is_forgiven_or_refused")
def _():
    # RFC 9112 2.2: a server SHOULD ignore at least one.
    serves(b"\r\n" + EMPTY_POLL, 204, 400)


@test("http_absolute_target_is_served")
def _():
    serves(b"GET http://x/v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n\r\n", 204)


@test("http_header_names_are_case_insensitive_and_values_trimmed")
def _():
    kind = fresh()
    body = event_body(kind)
    serves(b"POST /v1/events HTTP/1.1\r\nhOST:x\r\ncontent-TYPE: \t application/json \t\r\n"
           b"CONTENT-length:   %d  \r\n\r\n%s" % (len(body), body), 201)


@test("http_1_0_is_served_and_closed")
def _():
    connection, answer = talk(b"GET /v1/events?wait=0 HTTP/1.0\r\n\r\n")
    equal(answer.status, 204)
    true(connection.at_end(), "the connection is closed")


@test("http_1_0_keep_alive_is_honoured_or_closed")
def _():
    connection, answer = talk(b"GET /v1/events?wait=0 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    equal(answer.status, 204)
    if (answer.header("connection") or "").lower() == "keep-alive":
        connection.send(b"GET /v1/events?wait=0 HTTP/1.0\r\n\r\n")
        equal(connection.response().status, 204)
    else:
        true(connection.at_end(), "the connection is closed")


@test("http_1_0_stream_is_not_chunked_and_ends_with_the_connection")
def _():
    kind = fresh()
    connection = closing(Connection(stand.address))
    connection.send(b"GET /v1/events?types=%s HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n"
                    % kind.encode())
    answer = connection.head()
    equal((answer.status, answer.header("transfer-encoding")), (200, None))
    stand.publish(kind, {"n": 1})
    deadline = Deadline()
    while not (line := connection.take_through(b"\n", deadline)).startswith(b"data:"):
        pass
    equal(json.loads(line[5:])["data"], {"n": 1})


@test("http_head_has_no_body")
def _():
    for target in (b"/v1/events?wait=0", b"/", b"/events.js", b"/nowhere"):
        connection = closing(Connection(stand.address))
        connection.send(b"HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n" % target + EMPTY_POLL)
        one_of(connection.response("HEAD").status, (200, 204, 404, 405), f"HEAD {target}")
        equal(connection.response().status, 204, "the next answer begins at once")


@test("http_head_of_a_stream_does_not_hang")
def _():
    connection = closing(Connection(stand.address))
    connection.send(b"HEAD /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
    one_of(connection.response("HEAD").status, (200, 204, 405), "status")


@test("http_100_continue_is_sent_before_the_body")
def _():
    kind = fresh()
    body = event_body(kind)
    connection = closing(Connection(stand.address))
    connection.send(post_bytes(b"", b"")[:-2].replace(b"Content-Length: 0", b"Content-Length: %d"
                                                      % len(body))
                    + b"Expect: 100-continue\r\n\r\n")
    equal(connection.head().status, 100)
    connection.send(body)
    equal(connection.response().status, 201)


@test("http_100_continue_is_not_sent_when_the_body_is_there_or_unwanted")
def _():
    kind = fresh()
    body = event_body(kind)
    connection = closing(Connection(stand.address))
    connection.send(post_bytes(body, b"Expect: 100-continue\r\n"))
    answer = connection.response()
    if answer.status == 100:
        answer = connection.response()
    equal(answer.status, 201)
    answer = serves(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: text/html\r\n"
                    b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n", 415, 100)


@test("http_other_expectations_are_417")
def _():
    serves(post_bytes(event_body(fresh()), b"Expect: 200-maybe\r\n"), 417)


@test("http_body_of_a_get_is_read_and_not_taken_for_a_request")
def _():
    connection = closing(Connection(stand.address))
    connection.send(b"GET /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(EMPTY_POLL), EMPTY_POLL) + EMPTY_POLL)
    first = connection.response()
    if first.status == 204:
        equal(connection.response().status, 204)
    else:
        one_of(first.status, (400, 413), f"{first}")
    connection.sock.shutdown(socket.SHUT_WR)
    true(connection.at_end(), "no third answer")


@test("http_half_closed_after_a_post_still_gets_its_answer")
def _():
    kind = fresh()
    connection = closing(Connection(stand.address))
    connection.send(post_bytes(event_body(kind)))
    connection.sock.shutdown(socket.SHUT_WR)
    equal(connection.response().status, 201)
    true(connection.at_end(), "the connection is closed")
    equal(len(stand.table(kind)), 1, "events")


@test("http_half_closed_in_the_middle_of_a_body_publishes_nothing")
def _():
    kind = fresh()
    connection = closing(Connection(stand.address))
    connection.send(post_bytes(event_body(kind))[:-5])
    connection.sock.shutdown(socket.SHUT_WR)
    try:
        one_of(connection.response().status, (400, 408), "status")
    except ConnectionError:
        pass
    equal(stand.table(kind), [], "events")


@test("http_half_closed_stream_and_held_poll_are_departures")
def _():
    before = stand.eventsd.descriptors()
    for accept in (b"text/event-stream", b"application/x-ndjson", b"application/json"):
        connection = closing(Connection(stand.address))
        connection.send(b"GET /v1/events?after=%s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n\r\n"
                        % (stand.cursor().encode(), accept))
        connection.sock.shutdown(socket.SHUT_WR)
    wait_until(lambda: stand.eventsd.descriptors() <= before, "the descriptors are given back")


@test("http_slow_head_is_408_while_others_are_served")
def _():
    slow = closing(Connection(stand.address))
    slow.send(b"GET /v1/events?wait=0 HTTP/1.1\r\n")
    slow_too = closing(Connection(stand.address))
    slow_too.send(b"G")
    served, drops = 0, 0
    slow.sock.setblocking(False)
    deadline = Deadline()
    while True:
        equal(fetch(stand.address, "GET", PATH + "?wait=0").status, 204)
        served += 1
        deadline.left()
        try:
            slow.buffer = slow.sock.recv(65536)
            break
        except BlockingIOError:
            # a drop of header now and then does not buy more time
            drops = drip(slow.sock, drops)
    slow.sock.setblocking(True)
    equal(slow.response().status, 408)
    equal(slow_too.response().status, 408)
    true(served > 3, f"{served} others were served")


def drip(sock, drops):
    """Sends a little more, at most fifty times."""
    if drops < 50:
        try:
            sock.send(b"A: b\r\n")
        except ConnectionError:
            pass
    return drops + 1


@test("http_endless_empty_lines_are_not_a_way_to_stay")
def _():
    eventsd = stand.another(idle_timeout="1s", head_timeout="1s")
    connection = closing(Connection(eventsd.address))
    connection.sock.settimeout(0.1)
    deadline = Deadline()
    while True:
        deadline.left()
        try:
            connection.sock.send(b"\r\n")
            if connection.sock.recv(1000) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break


@test("http_slow_body_is_408")
def _():
    slow = closing(Connection(stand.address))
    slow.send(POST + b"Content-Length: 100\r\n\r\n{")
    equal(slow.response().status, 408)


@test("http_idle_keep_alive_connection_is_closed_after_idle_timeout")
def _():
    eventsd = stand.another(idle_timeout="1s")
    connection = closing(Connection(eventsd.address))
    connection.send(EMPTY_POLL)
    equal(connection.response().status, 204)
    true(connection.at_end(), "the connection is closed without an answer")


if __name__ == "__main__":
    main()
