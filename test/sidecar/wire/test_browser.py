#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What browsers need from the public listener: CORS, heads that proxies do not store, the console
and the client library out of memory."""

from harness import *

stand = at_end(Stand(cors_origins="https://app.example"))


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


@test("http_cors_is_said_on_errors_too")
def _():
    for target, status in (("?bogus=1", 400), ("?after=zzzzzzzz-0000000000000000001", 410)):
        answer = fetch(stand.address, "GET", PATH + target, [("Origin", "https://app.example")])
        equal(answer.status, status, f"{answer}")
        equal(answer.header("access-control-allow-origin"), "https://app.example", "origin")


@test("http_page_whose_name_was_made_to_point_here_is_refused")
def _():
    # DNS rebinding: page and server are of one origin then, only Host gives it away.
    def ask(host, method="GET", target=PATH + "?wait=0", address=stand.address):
        return fetch(address, method, target, [("Host", f"{host}:{address[1]}"),
                                               ("Accept-Language", "en")])
    problem(ask("evil.example"), 421)
    problem(ask("127.0.0.1.evil.example"), 421)
    problem(ask("evil.example", "POST", PATH), 421)
    problem(ask("evil.example", target="/"), 421)
    for sign in (("Origin", "http://evil.example"), ("Sec-Fetch-Site", "same-origin")):
        answer = fetch(stand.address, "GET", PATH + "?wait=0", [("Host", "evil.example"), sign])
        problem(answer, 421)
    # a program is no page
    equal(fetch(stand.address, "GET", PATH + "?wait=0", [("Host", "evil.example")]).status, 204, "")
    problem(ask("evil.example", target="/metrics", address=stand.eventsd.admin), 421)
    for host in ("127.0.0.1", "localhost", "app.localhost", "[::1]", "eventsd"):
        equal(ask(host).status, 204, host)
    other = stand.another(allowed_hosts="shop.example")
    equal(ask("shop.example", address=other.address).status, 204)
    problem(ask("evil.example", address=other.address), 421)
    try:
        closing(WebSocket(stand.address, extra=[("Host", "evil.example:1"),
                                                ("Origin", "http://evil.example:1")]))
        raise AssertionError("a WebSocket for a page of evil.example")
    except Refused as refused:
        problem(refused.response, 421)


@test("http_websocket_of_a_page_of_another_origin_is_refused")
def _():
    # CORS does not guard WebSockets: any page could read what a loopback server says.
    own = f"http://{stand.address[0]}:{stand.address[1]}"
    for origin in ("https://app.example", own):
        closing(WebSocket(stand.address, extra=[("Origin", origin)])).json()
    for origin in ("https://evil.example", "null", "https://app.example.evil.example"):
        try:
            closing(WebSocket(stand.address, extra=[("Origin", origin)]))
            raise AssertionError(f"a WebSocket for {origin}")
        except Refused as refused:
            problem(refused.response, 403)


@test("http_post_of_a_page_of_another_origin_is_refused")
def _():
    # A simple request needs no preflight, so the answer comes too late to protect.
    kind = fresh()
    body = json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": kind}).encode()
    answer = fetch(stand.address, "POST", PATH, [("Origin", "https://evil.example"),
                                                 ("Content-Type", "text/plain")], body)
    true(answer.status in (403, 415), f"{answer}")
    equal(stand.table(kind), [], "events")


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
