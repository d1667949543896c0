#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Parameters that make no sense are refused with 400 on every way of delivery."""

from harness import *

stand = at_end(Stand())
ask = stand.ask

BAD = {
    "negative_cursor": "?after=-1",
    "huge_cursor": "?after=" + "9" * 40,
    "cursor_of_nonsense": "?after=nonsense",
    "cursor_with_bad_digits": "?after=abcdefgh-12",
    "empty_cursor": "?after=",
    "cursor_with_a_blank": "?after=%201",
    "since_of_nonsense": "?since=yesterday",
    "since_without_zone": "?since=2024-01-01T00%3A00%3A00",
    "since_on_a_day_that_is_not": "?since=2023-02-30T00%3A00%3A00Z",
    "after_and_since_together": "?after=1&since=2024-01-01T00%3A00%3A00Z",
    "after_twice": "?after=1&after=2",
    "topics_not_json": "?topics=order",
    "topics_a_number": "?topics=5",
    "topics_an_object": "?topics=%7B%7D",
    "topics_of_strings": "?topics=%5B%22a%22%5D",
    "topics_of_numbers": "?topics=%5B%5B1%5D%5D",
    "topics_cut_off": "?topics=%5B%5B%22a%22",
    "topics_with_a_rest": "?topics=%5B%5B%22a%22%5D%5Dx",
    "topics_nested_deeply": "?topics=" + "%5B" * 2000,
    "topics_with_a_zero_byte": "?topics=%5B%5B%22a%5Cu0000%22%5D%5D",
    "topics_with_a_lone_surrogate": "?topics=%5B%5B%22%5Cud800%22%5D%5D",
    "topic_of_invalid_utf8": "?topic=%ff%fe",
    "topic_of_overlong_utf8": "?topic=%c0%af",
    "topic_with_a_zero_byte": "?topic=a%00b",
    "topic_empty": "?topic=",
    "types_of_invalid_utf8": "?types=%ff",
    "types_empty": "?types=",
    "types_with_a_star_inside": "?types=a*b",
    "escape_cut_off": "?topic=a%2",
    "escape_of_nonsense": "?topic=%zz",
    "pattern_empty": "?pattern=",
    "filter_empty": "?filter=",
    "filter_twice": "?filter=true&filter=true",
    "filter_of_invalid_utf8": "?filter=%ff",
    "filter_with_a_zero_byte": "?filter=true%00",
    "unknown_parameter": "?bogus=1",
    "parameter_in_wrong_case": "?After=1",
}


def _register_bad(name, query):
    @test(f"query_{name}_is_refused_everywhere")
    def _():
        for way in WAYS:
            answer = ask(way, query)
            true(answer is not None, f"{way}: a stream began")
            problem(answer, 400)


for _name, _query in BAD.items():
    _register_bad(_name, _query)

for _name, _query in (("wait_negative", "?wait=-1"), ("wait_of_nonsense", "?wait=soon"),
                      ("limit_zero", "?limit=0"), ("limit_negative", "?limit=-5"),
                      ("limit_of_nonsense", "?limit=1e3"), ("limit_huge", "?limit=" + "9" * 30),
                      ("wait_huge", "?wait=" + "9" * 30)):
    def _register(name, query):
        @test(f"query_{name}_is_refused")
        def _():
            problem(ask("longpoll", query), 400)
    _register(_name, _query)


@test("query_with_too_many_topics_is_refused")
def _():
    topics = [[f"t{n}"] for n in range(300)]
    eventsd = stand.another(max_subscriptions="100")
    for way in WAYS:
        answer = ask(way, query_string(topics=topics), eventsd=eventsd)
        true(answer is not None, f"{way}: a stream began")
        problem(answer, 400)


@test("query_takes_who_the_client_says_it_is")
def _():
    answer = ask("longpoll", query_string(wait=0, clientId="c-1", name="wire", version="1.0"))
    equal(answer.status, 204, "status")


@test("query_cursor_in_last_event_id_is_checked_too")
def _():
    problem(ask("sse", "", [("Last-Event-ID", "nonsense")]), 400)
    problem(ask("sse", "", [("Last-Event-ID", "zzzzzzzz-0000000000000000001")]), 410)


if __name__ == "__main__":
    main()
