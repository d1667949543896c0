#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""HTTP/1.1, strictly: what is malformed or too large gets a clear answer and the connection is
closed, never a guess that a proxy in front might make differently."""

from harness import *

stand = at_end(Stand(max_head_size="16kB", max_url_size="8kB", head_timeout="2s",
                     body_timeout="2s", idle_timeout="30s"))
talk, serves = stand.talk, stand.serves


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


HEAD = b"GET /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n"

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
    "tls_hello_is_not_http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40
                             + b"\r\n\r\n",
    "smtp_is_not_http": b"EHLO example.com\r\n\r\n",
}


def _register(name, data):
    @test(f"http_{name}_is_400")
    def _():
        if name == "tls_hello_is_not_http":
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
    refuses(POST + b"Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400, 501)
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
    refuses(b"X" * 200_000, 400, 414, 501)


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


if __name__ == "__main__":
    main()
