#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Streams on which nothing happens: what keeps them alive, and the cursor that moves over events
of others, so that a client which resumes does not read all of those again."""

from harness import *

stand = at_end(Stand(keepalive_interval="1s"))


@test("idle_sse_gets_comment_lines")
def _():
    reader = closing(SseReader(stand.address, types=[fresh()]))
    deadline = Deadline()
    while reader.comments < 2:
        equal(reader.block(deadline)[1], None, "data")


@test("idle_ndjson_gets_empty_lines")
def _():
    reader = closing(NdjsonReader(stand.address, types=[fresh()]))
    deadline = Deadline()
    for _ in range(2):
        equal(reader._line(deadline), b"", "line")


@test("idle_sse_cursor_moves_over_events_of_others")
def _():
    kind = fresh()
    reader = closing(SseReader(stand.address, types=[kind]))
    stand.publish_many(fresh(), 50)
    aim = stand.cursor()
    deadline = Deadline()
    while reader.last_id is None or reader.last_id < aim:
        equal(reader.block(deadline)[1], None, "data")
    reader.cursor = reader.last_id
    stand.publish(kind, {"n": 1})
    equal(numbers(reader.resume().take(1)), [1])


@test("idle_keep_alive_does_not_cut_events_in_two")
def _():
    kind = fresh()
    readers = [closing(transport(stand.address, types=[kind]))
               for transport in (SseReader, NdjsonReader)]
    for first in range(0, 400, 100):
        stand.publish_many(kind, 100, first, 20_000)
        for reader in readers:
            equal(numbers(reader.take(100)), list(range(first, first + 100)))


@test("idle_sse_tells_how_soon_to_come_back")
def _():
    reader = closing(SseReader(stand.address, types=[fresh()]))
    deadline = Deadline()
    while not reader.comments:
        reader.block(deadline)
    true(reader.retry is None or 0 < reader.retry <= 60_000, f"retry {reader.retry}")


@test("idle_sse_resumes_by_the_url_of_its_beginning_and_last_event_id")
def _():
    # As EventSource does: the URL stays, with after= or since= in it; the header wins.
    kind = fresh()
    stand.publish_many(kind, 4)
    for query in ({"after": "earliest"}, {"since": "2000-01-01T00:00:00Z"}, {"after": "latest"},
                  {"after": stand.cursor(0)}):
        events = closing(SseReader(stand.address, types=[kind], after="earliest")).take(2)
        again = closing(SseReader(stand.address, types=[kind],
                                  last_event_id=events[-1]["sequence"], **query))
        equal(numbers(again.take(2)), [2, 3], f"{query}")


@test("idle_empty_last_event_id_is_as_none")
def _():
    kind = fresh()
    stand.caught_up()
    connection = closing(Connection(stand.address))
    connection.request("GET", PATH, [("Accept", "text/event-stream"), ("Last-Event-ID", "")])
    equal(connection.head().status, 200, f"{kind}")


if __name__ == "__main__":
    main()
