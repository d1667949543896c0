#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Parameters that make no sense are refused with 400 on every way of delivery; cursors
that are no longer good are answered with 410 and how to go on."""

from harness import *

stand = at_end(Stand())

ACCEPTS = {"sse": "text/event-stream", "ndjson": "application/x-ndjson",
           "longpoll": "application/json"}


def ask(way, query, headers=(), eventsd=None):
    """The refusal, or None when a stream or an upgrade began."""
    address = (eventsd or stand.eventsd).address
    if way == "websocket":
        try:
            WebSocket(address, PATH + query).close()
        except Refused as refused:
            return refused.response
        return None
    connection = Connection(address)
    try:
        connection.request("GET", PATH + query, [("Accept", ACCEPTS[way]), *headers])
        if way == "longpoll":
            return connection.response()
        answer = connection.head()
        if answer.status == 200:
            return None
        answer.body = b"".join(connection.body_parts(answer, Deadline()))
        return answer
    finally:
        connection.close()


WAYS = ("websocket", *ACCEPTS)
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
    "topics_with_an_empty_path": "?topics=%5B%5B%5D%5D",
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


@test("query_pattern_and_filter_are_never_silently_ignored")
def _():
    kind = fresh()
    start = stand.cursor()
    stand.publish(kind, {"n": 1})
    for name, value in (("pattern", '{"type":["nothing.of.the.kind"]}'), ("filter", "false")):
        answer = ask("longpoll", query_string(after=start, wait=0, **{name: value}))
        true(answer.status in (204, 400, 501), f"{name}: {answer}")


@test("query_takes_who_the_client_says_it_is")
def _():
    answer = ask("longpoll", query_string(wait=0, clientId="c-1", name="wire", version="1.0"))
    equal(answer.status, 204, "status")


@test("query_cursor_in_last_event_id_is_checked_too")
def _():
    problem(ask("sse", "", [("Last-Event-ID", "nonsense")]), 400)
    reset(ask("sse", "", [("Last-Event-ID", "zzzzzzzz-0000000000000000001")]), "epoch")


def reset(answer, why):
    """Checks a 410 and returns the cursor to go on from."""
    true(answer is not None, "a stream began")
    document = problem(answer, 410)
    equal(document.get("reset"), why, "member reset")
    true(document.get("cursor"), "member cursor")
    true(document.get("oldest"), "member oldest")
    return document["cursor"]


def register_resets(way):
    """The 410s of one way of delivery."""
    def open_after(after, eventsd=None):
        query = query_string(after=after, **({"wait": 0} if way == "longpoll" else {}))
        return ask(way, query, eventsd=eventsd)

    def expect(why, after, eventsd=None):
        """A refusal before a stream begins; on WebSocket a message and close code 4410."""
        if way == "websocket":
            cursor = websocket_reset(after, why, eventsd)
        else:
            cursor = reset(open_after(after, eventsd), why)
        again = open_after(cursor, eventsd)
        true(again is None or again.status == 204 or again.status == 200,
             f"the cursor of the reset is good: {again}")

    @test(f"reset_{way}_cursor_of_another_epoch")
    def _():
        expect("epoch", f"zzzzzzzz-{1:019d}")

    @test(f"reset_{way}_cursor_from_the_future")
    def _():
        expect("future", stand.cursor(stand.horizon() + 1_000_000))
        expect("future", 9223372036854775807)

    @test(f"reset_{way}_after_a_new_epoch")
    def _():
        old = stand.cursor()
        stand.sql.query("SELECT events.new_epoch()")
        true(stand.epoch() != old.partition("-")[0], "the epoch is new")
        wait_until(lambda: knows_epoch(stand.eventsd), "eventsd knows of the new epoch")
        expect("epoch", old)


def websocket_reset(after, why, eventsd=None):
    """The upgrade may succeed: then an error message with code `reset`, then close 4410."""
    try:
        socket = closing(WebSocket((eventsd or stand.eventsd).address,
                                   PATH + query_string(after=after)))
    except Refused as refused:
        return reset(refused.response, why)
    message = socket.json()
    while message.get("type") == "WebSessionStarted":
        message = socket.json()
    equal(message.get("type"), "error", f"type of {message}")
    equal(message.get("code"), "reset", f"code of {message}")
    equal(message.get("reset"), why, f"reset of {message}")
    equal(socket.closed(), 4410, "close code")
    return message["cursor"]


def knows_epoch(eventsd):
    answer = fetch(eventsd.address, "GET", PATH + "?wait=0")
    return answer.status == 204 and answer.header("events-cursor").startswith(stand.epoch())


for _way in WAYS:
    register_resets(_way)


@test("reset_live_streams_learn_of_a_new_epoch")
def _():
    kind = fresh()
    readers = [closing(transport(stand.address, types=[kind])) for transport in TRANSPORTS]
    stand.publish(kind, {"n": 1})
    for reader in readers:
        equal(numbers(reader.take(1)), [1])
    stand.sql.query("SELECT events.new_epoch()")
    stand.publish(kind, {"n": 2})
    epoch = stand.epoch()
    for reader in readers:
        try:
            event = reader.take(1)[0]
            true(event["sequence"].startswith(epoch),
                 f"{reader.name} went on with the old epoch: {event}")
            raise AssertionError(f"{reader.name} went on without being told of the new epoch")
        except Refused as refused:
            reset(refused.response, "epoch")
        except ConnectionError:
            pass


def drop_the_oldest_partition():
    """Moves the sequence into the next partition and lets retention drop the first."""
    stand.sql.query("ALTER SYSTEM SET events.retention = '1 microsecond'")
    stand.sql.query("SELECT pg_reload_conf()")
    oldest = int(stand.sql.value("SELECT oldest FROM events._relay_state()"))
    size = int(stand.sql.value("SELECT setting FROM pg_settings WHERE name = "
                               "'events.partition_size'"))
    stand.sql.query("SELECT setval('events.position', "
                    "(SELECT last_value FROM events.position) + $1)", size)

    def dropped():
        # the first publish in a partition closes the ones before; maintenance drops them
        stand.publish(fresh())
        stand.sql.query("SELECT events.maintain()")
        return int(stand.sql.value("SELECT oldest FROM events._relay_state()")) > oldest
    wait_until(dropped, "retention drops a partition", every=0.2)


@test("reset_cursor_older_than_the_oldest_event_on_every_way")
def _():
    old = stand.cursor()
    drop_the_oldest_partition()
    horizon = stand.horizon()
    wait_until(lambda: position_of(fetch(stand.address, "GET", PATH + "?wait=0")
                                   .header("events-cursor")) >= horizon, "eventsd is there too")
    fresh_one = stand.another()
    for eventsd in (stand.eventsd, fresh_one):
        for way in WAYS:
            if way == "websocket":
                websocket_reset(old, "too_old", eventsd)
            else:
                query = query_string(after=old, **({"wait": 0} if way == "longpoll" else {}))
                reset(ask(way, query, eventsd=eventsd), "too_old")
    kind = fresh()
    stand.publish(kind, {"n": 1})
    for transport in TRANSPORTS:
        reader = closing(transport(stand.address, after="earliest", types=[kind]))
        equal(numbers(reader.take(1)), [1])


if __name__ == "__main__":
    main()
