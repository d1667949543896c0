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
