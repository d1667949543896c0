#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Long-poll: what `wait`, `limit` and the header Events-Cursor promise."""

import time

from harness import *

stand = at_end(Stand(max_wait="20s", max_limit="50"))


def poll(seconds=None, **query):
    return fetch(stand.address, "GET", PATH + query_string(**query),
                 [("Accept", "application/json")], seconds=seconds)


def empty(answer):
    equal(answer.status, 204, f"status of {answer}")
    equal(answer.body, b"", "body")
    true(answer.header("events-cursor"), "Events-Cursor")
    return answer.header("events-cursor")


@test("longpoll_first_answer_from_latest_is_204_with_the_cursor")
def _():
    stand.publish(fresh())
    begin = time.monotonic()
    cursor = empty(poll(wait=0))
    true(time.monotonic() - begin < 10, "wait=0 does not wait")
    equal(cursor.partition("-")[0], stand.epoch(), "epoch in the cursor")
    equal(len(cursor.partition("-")[2]), 19, "digits of the position")


@test("longpoll_wait_zero_answers_at_once_with_what_is_there")
def _():
    kind = fresh()
    start = stand.cursor()
    stand.publish_many(kind, 3)
    stand.caught_up()
    answer = poll(wait=0, after=start, types=[kind])
    equal(answer.status, 200, f"status of {answer}")
    true(answer.header("content-type").startswith("application/cloudevents-batch+json"),
         f"content type {answer.header('content-type')}")
    equal(numbers(answer.json()), [0, 1, 2])


@test("longpoll_answers_when_an_event_comes")
def _():
    kind = fresh()
    start = empty(poll(wait=0, types=[kind]))
    held = closing(Connection(stand.address))
    held.request("GET", PATH + query_string(wait=20, after=start, types=[kind]))
    stand.publish(kind, {"n": 1})
    answer = held.response()
    equal(answer.status, 200, f"status of {answer}")
    equal(numbers(answer.json()), [1])


@test("longpoll_waits_by_default")
def _():
    kind = fresh()
    start = stand.cursor()
    held = closing(Connection(stand.address))
    held.request("GET", PATH + query_string(after=start, types=[kind]))
    equal(poll(wait=0).status, 204, "another poll meanwhile")
    stand.publish(kind, {"n": 1})
    equal(numbers(held.response().json()), [1])


@test("longpoll_without_cursor_holds_and_gets_the_next_event")
def _():
    # The answer of a first poll from `latest` is 204 with the cursor to go on from.
    kind = fresh()
    cursor = empty(poll(types=[kind]))
    stand.publish(kind, {"n": 1})
    equal(numbers(poll(after=cursor, types=[kind]).json()), [1])


@test("longpoll_from_latest_is_204_right_after_a_commit_too")
def _():
    kind = fresh()
    for number in range(100):
        stand.publish(kind, {"n": number})
        empty(poll(wait=0))


@test("longpoll_of_large_events_is_cut_by_size_and_goes_on")
def _():
    kind, cursor, got = fresh(), stand.cursor(), []
    for number in range(12):
        stand.publish(kind, {"n": number, "pad": "x" * 700_000})
    while len(got) < 12:
        answer = poll(after=cursor, limit=50, types=[kind])
        true(len(answer.body) < 4_000_000, f"{len(answer.body)} bytes in one answer")
        got += numbers(answer.json())
        cursor = answer.header("events-cursor")
    equal(got, list(range(12)))


@test("longpoll_ends_with_204_after_its_wait")
def _():
    kind = fresh()
    start = stand.cursor()
    begin = time.monotonic()
    cursor = empty(poll(wait=1, after=start, types=[kind]))
    spent = time.monotonic() - begin
    true(0.7 <= spent < 15, f"waited {spent:.2f} s of 1")
    true(cursor >= start, "the cursor does not go back")


@test("longpoll_wait_beyond_the_maximum_is_cut_or_refused")
def _():
    held = closing(Connection(stand.address))
    kind = fresh()
    held.request("GET", PATH + query_string(after=stand.cursor(), wait=100000, types=[kind]))
    stand.publish(kind, {"n": 1})
    one_of(held.response().status, (200, 400), "status")


@test("longpoll_cursor_moves_on_over_events_of_others")
def _():
    kind = fresh()
    start = stand.cursor()
    stand.publish_many(fresh(), 30)
    end = stand.cursor()
    cursor = start
    wait_until(lambda: cursor_after(kind, start) >= end, "the cursor passes what it did not want")


def cursor_after(kind, start):
    return empty(poll(wait=0, after=start, types=[kind]))


@test("longpoll_limit_cuts_and_the_cursor_goes_on")
def _():
    kind = fresh()
    cursor = stand.cursor()
    stand.publish_many(kind, 7)
    got = []
    for expected in ([0, 1, 2], [3, 4, 5], [6]):
        answer = poll(after=cursor, limit=3, types=[kind])
        equal(numbers(answer.json()), expected)
        cursor = answer.header("events-cursor")
        true(cursor >= answer.json()[-1]["sequence"], "cursor at or after the last event")
        got += answer.json()
    ordered(got)
    empty(poll(after=cursor, limit=3, wait=0, types=[kind]))


@test("longpoll_default_limit_is_100")
def _():
    eventsd = stand.another()
    kind = fresh()
    start = stand.cursor()
    stand.publish_many(kind, 150)
    answer = fetch(eventsd.address, "GET", PATH + query_string(after=start, types=[kind]))
    equal(numbers(answer.json()), list(range(100)))


@test("longpoll_limit_beyond_the_maximum_is_cut_or_refused")
def _():
    kind = fresh()
    start = stand.cursor()
    stand.publish_many(kind, 60)
    answer = poll(after=start, limit=100000, types=[kind])
    if answer.status == 200:
        equal(len(answer.json()), 50, "events")
    else:
        problem(answer, 400)


@test("longpoll_event_sequence_is_a_cursor")
def _():
    kind = fresh()
    start = stand.cursor()
    stand.publish_many(kind, 4)
    events = poll(after=start, types=[kind]).json()
    equal(numbers(poll(after=events[1]["sequence"], types=[kind]).json()), [2, 3])


@test("longpoll_answers_many_held_polls_with_one_event")
def _():
    kind = fresh()
    start = stand.cursor()
    held = []
    for _ in range(50):
        connection = closing(Connection(stand.address))
        connection.request("GET", PATH + query_string(wait=20, after=start, types=[kind]))
        held.append(connection)
    stand.publish(kind, {"n": 1})
    bodies = {connection.response().body for connection in held}
    equal(len(bodies), 1, "distinct bodies")
    equal(numbers(json.loads(bodies.pop())), [1])


@test("longpoll_held_poll_is_forgotten_when_its_client_goes")
def _():
    before = stand.eventsd.descriptors()
    kind = fresh()
    start = stand.cursor()
    for _ in range(50):
        connection = Connection(stand.address)
        connection.request("GET", PATH + query_string(wait=20, after=start, types=[kind]))
        connection.close()
    wait_until(lambda: stand.eventsd.descriptors() <= before + 2, "descriptors are given back")
    stand.publish(kind, {"n": 1})
    equal(numbers(poll(after=start, types=[kind]).json()), [1])


@test("longpoll_next_request_may_be_pipelined_behind_a_held_one")
def _():
    kind, other = fresh(), fresh()
    start = stand.cursor()
    held = closing(Connection(stand.address))
    held.request("GET", PATH + query_string(wait=20, after=start, types=[kind]))
    held.request("GET", PATH + query_string(wait=20, after=start, types=[other]))
    stand.publish(other, {"n": 2})
    stand.publish(kind, {"n": 1})
    equal(numbers(held.response().json()), [1])
    equal(numbers(held.response().json()), [2])


@test("longpoll_is_not_cached")
def _():
    answer = poll(wait=0)
    true("no-store" in (answer.header("cache-control") or ""), f"Cache-Control of {answer}")


if __name__ == "__main__":
    main()
