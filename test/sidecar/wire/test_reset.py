#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Cursors that are no longer good, of another epoch, too old or from the future, are answered
explicitly on every way of delivery, with a cursor to go on from."""

from harness import *

stand = at_end(Stand())
ask = stand.ask


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
    """Publishes, moves the sequence into the next partition and lets retention drop the first.
    Returns the type of the events that are published.  Nothing more is dropped from then on."""
    kind = fresh()
    # A cursor behind the last event that was dropped would have missed nothing.
    stand.publish(kind)
    stand.sql.query("ALTER SYSTEM SET events.retention = '1 microsecond'")
    stand.sql.query("SELECT pg_reload_conf()")
    oldest = int(stand.sql.value("SELECT oldest FROM events._relay_state()"))
    size = int(stand.sql.value("SELECT setting FROM pg_settings WHERE name = "
                               "'events.partition_size'"))
    stand.sql.query("SELECT setval('events.position', "
                    "(SELECT last_value FROM events.position) + $1)", size)

    def dropped():
        # the first publish in a partition closes the ones before; maintenance drops them
        stand.publish(kind)
        stand.sql.query("SELECT events.maintain()")
        return int(stand.sql.value("SELECT oldest FROM events._relay_state()")) > oldest
    wait_until(dropped, "retention drops a partition", every=0.2)
    stand.sql.query("ALTER SYSTEM RESET events.retention")
    stand.sql.query("SELECT pg_reload_conf()")
    worker = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'events worker'" \
             " AND state = 'active'"
    wait_until(lambda: stand.sql.value(worker) == "0", "the last round is over")
    return kind


@test("reset_cursor_older_than_the_oldest_event_on_every_way")
def _():
    old = stand.cursor()
    first = drop_the_oldest_partition()
    stand.caught_up()
    late = stand.another()
    for way in WAYS:
        if way == "websocket":
            websocket_reset(old, "too_old", late)
        else:
            query = query_string(after=old, **({"wait": 0} if way == "longpoll" else {}))
            reset(ask(way, query, eventsd=late), "too_old")
    # One that ran all the time may still have in memory what the table has no more.
    answer = ask("longpoll", query_string(after=old, wait=0))
    if answer.status == 200:
        equal(answer.json()[0]["type"], first, "nothing is left out")
    else:
        reset(answer, "too_old")
    kind = fresh()
    stand.publish(kind, {"n": 1})
    for transport in TRANSPORTS:
        for eventsd in (late, stand.eventsd):
            for query in ({"after": "earliest"}, {"since": "2000-01-01T00:00:00Z"}):
                reader = closing(transport(eventsd.address, types=[kind], **query))
                equal(numbers(reader.take(1)), [1], f"{transport.name} {query}")


if __name__ == "__main__":
    main()
