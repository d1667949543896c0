#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""HTTP/1.1, strictly: what is well formed is served, pipelined and kept alive; what is not
gets a clear answer, and never a guess that a proxy in front might make differently."""

import socket

from harness import *

stand = at_end(Stand(max_head_size="16kB", max_url_size="8kB", head_timeout="2s",
                     body_timeout="2s", idle_timeout="30s", cors_origins="https://app.example"))

EMPTY_POLL = b"GET /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n\r\n"


def talk(data, method="GET"):
    """Sends these bytes; returns the connection and the first answer."""
    connection = closing(Connection(stand.address))
    connection.send(data)
    return connection, connection.response(method)


def refuses(data, *statuses):
    """Checks the status, that the answer explains itself, and that the connection is closed:
    where one request ended is unknown, so nothing behind it may be taken for another."""
    connection = closing(Connection(stand.address))
    try:
        connection.send(data)
    except ConnectionError:
        pass
    answer = connection.response()
    one_of(answer.status, statuses, f"{data[:120]!r} -> {answer}")
    problem(answer, answer.status)
    true(connection.at_end(), "the connection is closed")
    return answer


def serves(data, *statuses):
    _, answer = talk(data)
    one_of(answer.status, statuses, f"{data[:120]!r} -> {answer}")
    return answer


def event_body(kind):
    return json.dumps({"specversion": "1.0", "id": kind, "source": "/wire", "type": kind}).encode()


def post_bytes(body, extra=b""):
    return (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n%s\r\n" % (len(body), extra)) + body


# ---- well formed


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


# ---- malformed

HEAD = b"GET /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

MALFORMED = {
    "bare_lf_lines": b"GET /v1/events?wait=0 HTTP/1.1\nHost: x\n\n",
    "bare_lf_in_a_header": HEAD + b"A: b\nC: d\r\n\r\n",
    "bare_cr_in_a_header": HEAD + b"A: b\rC: d\r\n\r\n",
    "obs_fold": HEAD + b"A: b\r\n c\r\n\r\n",
    "obs_fold_with_tab": HEAD + b"A: b\r\n\tc\r\n\r\n",
    "blank_before_the_first_header": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "blank_before_the_colon": HEAD + b"A : b\r\n\r\n",
    "header_without_colon": HEAD + b"nonsense\r\n\r\n",
    "header_without_name": HEAD + b": b\r\n\r\n",
    "header_name_with_odd_characters": HEAD + b"A(b): c\r\n\r\n",
    "zero_byte_in_a_header": HEAD + b"A: b\0c\r\n\r\n",
    "control_character_in_a_header": HEAD + b"A: b\x01c\r\n\r\n",
    "double_content_length": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "contradicting_content_length": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "content_length_list": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "content_length_negative": POST + b"Content-Length: -2\r\n\r\n{}",
    "content_length_with_plus": POST + b"Content-Length: +2\r\n\r\n{}",
    "content_length_in_hexadecimal": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "content_length_empty": POST + b"Content-Length:\r\n\r\n{}",
    "content_length_and_chunked": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"
                                  b"\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked_twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"2\r\n{}\r\n0\r\n\r\n",
    "chunked_not_last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "missing_host": b"GET /v1/events?wait=0 HTTP/1.1\r\n\r\n",
    "two_hosts": HEAD + b"Host: y\r\n\r\n",
    "host_of_nonsense": b"GET /v1/events?wait=0 HTTP/1.1\r\nHost: a b/c\r\n\r\n",
    "chunk_size_of_nonsense": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk_size_negative": POST + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "chunk_size_with_0x": POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "chunk_size_with_blank_in_front": POST + b"Transfer-Encoding: chunked\r\n\r\n 2\r\n{}\r\n"
                                      b"0\r\n\r\n",
    "chunk_size_empty": POST + b"Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n",
    "chunk_ended_by_lf": POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "chunk_without_end": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n",
    "two_blanks_in_the_request_line": b"GET  /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "tab_in_the_request_line": b"GET\t/v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "request_line_without_version": b"GET /v1/events?wait=0\r\nHost: x\r\n\r\n",
    "version_of_nonsense": b"GET /v1/events?wait=0 HTTP/x.y\r\nHost: x\r\n\r\n",
    "lower_case_version": b"GET /v1/events?wait=0 http/1.1\r\nHost: x\r\n\r\n",
    "target_without_slash": b"GET v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
    "target_with_control_character": b"GET /v1/\x01events HTTP/1.1\r\nHost: x\r\n\r\n",
    "target_with_raw_high_byte": b"GET /v1/\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
    "empty_request_line": b"\r\n\r\n\r\n\r\n",
    "tls_hello_is_not_http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40
                             + b"\r\n\r\n",
    "smtp_is_not_http": b"EHLO example.com\r\n\r\n",
}


def _register(name, data):
    @test(f"http_{name}_is_400")
    def _():
        if name in ("empty_request_line", "tls_hello_is_not_http"):
            closes_or_refuses(data)
        else:
            refuses(data, 400)


def closes_or_refuses(data):
    connection = closing(Connection(stand.address))
    connection.send(data)
    try:
        one_of(connection.response().status, (400, 408), "status")
    except ConnectionError:
        pass
    true(connection.at_end(), "the connection is closed")


for _name, _data in MALFORMED.items():
    _register(_name, _data)


@test("http_content_length_out_of_range_is_400_or_413")
def _():
    refuses(POST + b"Content-Length: 99999999999999999999999999\r\n\r\n{}", 400, 413)


@test("http_chunk_size_out_of_range_is_400_or_413")
def _():
    refuses(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n{}\r\n", 400, 413)


@test("http_endless_chunk_extension_is_refused")
def _():
    refuses(POST + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 100_000, 400, 413, 431)


@test("http_endless_trailers_are_refused")
def _():
    refuses(POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
            + b"A: b\r\n" * 20_000, 400, 413, 431)


@test("http_transfer_coding_other_than_chunked_is_501_or_400")
def _():
    refuses(POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400, 501)
    refuses(POST + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400, 501)


@test("http_transfer_encoding_on_1_0_is_400")
def _():
    refuses(b"POST /v1/events HTTP/1.0\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400)


@test("http_huge_header_is_431")
def _():
    refuses(HEAD + b"A: " + b"x" * 20_000 + b"\r\n\r\n", 431)


@test("http_many_headers_are_431")
def _():
    refuses(HEAD + b"".join(b"A%d: b\r\n" % n for n in range(3000)) + b"\r\n", 431)


@test("http_endless_header_is_431_before_it_ends")
def _():
    refuses(HEAD + b"A: " + b"x" * 200_000, 431)


@test("http_huge_url_is_414")
def _():
    refuses(b"GET /v1/events?topic=" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414)


@test("http_endless_url_is_414_before_it_ends")
def _():
    refuses(b"GET /" + b"x" * 200_000, 414)


@test("http_endless_method_is_refused_before_it_ends")
def _():
    refuses(b"X" * 200_000, 400, 501)


@test("http_unknown_method_is_501_or_405")
def _():
    serves(b"BREW /v1/events HTTP/1.1\r\nHost: x\r\n\r\n", 405, 501)


@test("http_known_method_that_does_not_fit_is_405_with_allow")
def _():
    for method in (b"PUT", b"DELETE", b"PATCH"):
        answer = serves(method + b" /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
                        405)
        allowed = {word.strip() for word in answer.header("allow").split(",")}
        true({"GET", "POST"} <= allowed, f"Allow: {answer.header('allow')}")


@test("http_method_is_case_sensitive")
def _():
    serves(b"get /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n\r\n", 400, 405, 501)


@test("http_connect_and_trace_are_refused")
def _():
    serves(b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400, 405, 501)
    serves(b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405, 501)


@test("http_version_2_is_505")
def _():
    refuses(b"GET /v1/events?wait=0 HTTP/2.0\r\nHost: x\r\n\r\n", 400, 505)
    refuses(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 505)


@test("http_unknown_path_is_404")
def _():
    for path in (b"/nowhere", b"/v1/eventsx", b"/v1/events/..", b"/../../etc/passwd",
                 b"/%2e%2e/%2e%2e/etc/passwd", b"/v1/events%00"):
        serves(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path, 400, 404)


@test("http_unacceptable_accept_is_406_or_json")
def _():
    connection, answer = talk(b"GET /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n"
                              b"Accept: image/png\r\n\r\n")
    one_of(answer.status, (204, 406), f"{answer}")


@test("http_accept_list_chooses_the_way_of_delivery")
def _():
    for accept, expected in (("text/event-stream, */*;q=0.1", "text/event-stream"),
                             ("application/x-ndjson", "application/x-ndjson"),
                             ("TEXT/Event-Stream", "text/event-stream")):
        connection = closing(Connection(stand.address))
        connection.request("GET", PATH, [("Accept", accept)])
        answer = connection.head()
        true(answer.header("content-type").startswith(expected), f"{accept}: {answer}")


@test("http_error_after_a_good_pipelined_request_comes_second")
def _():
    connection = closing(Connection(stand.address))
    connection.send(EMPTY_POLL + b"nonsense\r\n\r\n" + EMPTY_POLL)
    equal(connection.response().status, 204)
    equal(connection.response().status, 400)
    true(connection.at_end(), "the rest is not read as requests")


@test("http_error_answers_carry_a_correlation_id")
def _():
    answer = fetch(stand.address, "GET", PATH + "?bogus=1", [("X-Request-Id", "wire-1234")])
    true("wire-1234" in answer.body.decode() or "wire-1234" in str(answer.headers),
         f"the correlation id that was sent: {answer}")


# ---- slow


@test("http_slow_head_is_408_while_others_are_served")
def _():
    slow = closing(Connection(stand.address))
    slow.send(b"GET /v1/events?wait=0 HTTP/1.1\r\n")
    slow_too = closing(Connection(stand.address))
    slow_too.send(b"G")
    served = 0
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
            try:
                slow.sock.send(b"A: b\r\n")
            except ConnectionError:
                pass
    slow.sock.setblocking(True)
    equal(slow.response().status, 408)
    equal(slow_too.response().status, 408)
    true(served > 3, f"{served} others were served")


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


# ---- what browsers need


@test("http_cors_answers_a_preflight_of_a_known_origin")
def _():
    answer = fetch(stand.address, "OPTIONS", PATH, [
        ("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "content-type")])
    one_of(answer.status, (200, 204), f"{answer}")
    equal(answer.header("access-control-allow-origin"), "https://app.example", "allowed origin")
    true("POST" in answer.header("access-control-allow-methods"), "POST is allowed")
    true("content-type" in answer.header("access-control-allow-headers").lower(),
         "content-type is allowed")


@test("http_cors_names_the_origin_and_exposes_the_cursor")
def _():
    answer = fetch(stand.address, "GET", PATH + "?wait=0", [("Origin", "https://app.example")])
    equal(answer.header("access-control-allow-origin"), "https://app.example", "allowed origin")
    true("events-cursor" in answer.header("access-control-expose-headers", "").lower(),
         "Events-Cursor is exposed")
    true("origin" in answer.header("vary", "").lower(), "Vary: Origin")


@test("http_cors_says_nothing_to_an_unknown_origin")
def _():
    for origin in ("https://evil.example", "https://app.example.evil.example", "null"):
        answer = fetch(stand.address, "GET", PATH + "?wait=0", [("Origin", origin)])
        equal(answer.header("access-control-allow-origin"), None, f"allowed for {origin}")


@test("http_sse_head_keeps_proxies_from_storing_it")
def _():
    reader = closing(SseReader(stand.address))
    true(reader.response.header("content-type").startswith("text/event-stream"), "type")
    true("no-" in reader.response.header("cache-control"), "Cache-Control")


@test("http_console_and_client_are_served_from_memory")
def _():
    for path, kind in (("/", "text/html"), ("/events.js", "javascript")):
        answer = fetch(stand.address, "GET", path)
        equal(answer.status, 200, f"{path}: {answer}")
        true(kind in answer.header("content-type"), f"type of {path}")
        true(answer.body, "there is a body")
        etag = answer.header("etag")
        true(etag, "there is an ETag")
        again = fetch(stand.address, "GET", path, [("If-None-Match", etag)])
        equal(again.status, 304, "If-None-Match")
        equal(again.body, b"", "no body")
    page = fetch(stand.address, "GET", "/")
    true(page.header("content-security-policy"), "the page has a content security policy")
    equal(page.header("x-content-type-options"), "nosniff", "nosniff")


if __name__ == "__main__":
    main()
