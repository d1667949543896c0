#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""A server without events in shared_preload_libraries: no worker, yet everything arrives,
since writers notify and eventsd maintains. And a notification that is lost costs latency only."""

import threading
import time

from harness import *

stand = at_end(Stand(preload=False))


@test("plain_server_has_no_worker")
def _():
    equal(stand.sql.value("SELECT worker FROM events._relay_state()"), "f", "worker")


def _register(transport):
    @test(f"plain_{transport.name}_receives_in_order")
    def _():
        kind, writers, rounds = fresh(), 6, 20
        reader = closing(transport(stand.address, types=[kind]))

        def write(writer):
            session = stand.cluster.session()
            for number in range(rounds):
                session.query("BEGIN")
                stand.publish(kind, {"n": [writer, number]}, session=session)
                session.query("ROLLBACK" if number % 4 == 3 else "COMMIT")
            session.close()

        threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        table = stand.table(kind)
        got = ordered(reader.take(len(table)))
        equal([event["id"] for event in got], [identity for _, identity, _ in table])


for _transport in TRANSPORTS:
    _register(_transport)


@test("plain_events_arrive_without_a_listener")
def _():
    # A DSN for LISTEN that leads to another database hears nothing: the poll finds them.
    eventsd = stand.another(listen_database=stand.cluster.conninfo("postgres", "relay"))
    kind = fresh()
    reader = closing(SseReader(eventsd.address, types=[kind]))
    for number in range(3):
        stand.publish(kind, {"n": number})
        equal(numbers(reader.take(1)), [number])


@test("plain_eventsd_does_the_maintenance")
def _():
    # Rounds of maintenance make partitions ahead of the sequence.
    count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'events.event'::regclass"
    before = int(stand.sql.value(count))
    size = stand.sql.value("SELECT setting FROM pg_settings WHERE name = 'events.partition_size'")
    stand.sql.query("SELECT setval('events.position', "
                    "(SELECT last_value FROM events.position) + $1)", int(size) // 2)
    wait_until(lambda: int(stand.sql.value(count)) > before, "a partition is made ahead", 60)


@test("plain_eventsd_goes_on_at_once_while_events_are_to_be_deleted")
def _():
    # One round deletes for a tenth of a second; the next one does not come ten seconds later.
    kind = fresh()
    writer = closing(stand.cluster.session())
    writer.query("SELECT count(events.publish($1 || n % 2, to_jsonb(n)))"
                 " FROM generate_series(1, 100000) AS n", kind)
    writer.query("SELECT events._advance_position(upper - 1) FROM events._partitions()"
                 " WHERE events.horizon() >= lower AND events.horizon() < upper")
    lower = writer.value("SELECT max(lower) FROM events._partitions() WHERE lower <="
                         " (SELECT max(position) FROM events.event WHERE type = $1)", kind + "0")
    writer.query("UPDATE events.event SET recorded_at = recorded_at - interval '10 days'"
                 " WHERE position >= $1", lower)

    def closed():
        writer.query("SELECT events.maintain()")
        return writer.value("SELECT count(*) FROM events.partition WHERE lower = $1", lower) == "1"

    wait_until(closed, "the partition is closed", 60)
    writer.query("SELECT events.retain(keep => '9 days', types => ARRAY[$1 || '1'])", kind)
    rounds = []

    def looked():
        removed = int(writer.value("SELECT coalesce(sum(removed), 0) FROM events.partition"))
        if not rounds or removed > rounds[-1][0]:
            rounds.append((removed, time.monotonic()))
        return len(rounds) > 3 or removed == 50000

    wait_until(looked, "events are deleted", 60)
    pauses = [after[1] - before[1] for before, after in zip(rounds[1:], rounds[2:])]
    true(min(pauses, default=0) < 8, f"one round follows soon after another: {pauses}")
    wait_until(lambda: writer.value("SELECT sum(removed) FROM events.partition") == "50000",
               "all are deleted", 60)
    equal(len(stand.table(kind + "0")), 50000, "events kept")
    writer.query("SELECT events.drop_retention_rule(types => ARRAY[$1 || '1'])", kind)


@test("plain_eventsd_files_events_for_search_piece_after_piece")
def _():
    # More than a piece: all of it is there within one round and what follows it.
    kind = fresh()
    stand.sql.query("SELECT count(events.publish($1, to_jsonb(i))) FROM generate_series(1, 12000) AS i", kind)
    wait_until(lambda: stand.sql.value(
        "SELECT count(*) FROM events.search_document AS d JOIN events.event AS e USING (position) "
        "WHERE e.type = $1", kind) == "12000", "every event has its document", 60)


@test("plain_prepared_transaction_is_delivered_once_committed")
def _():
    kind = fresh()
    reader = closing(SseReader(stand.address, types=[kind]))
    writer = closing(stand.cluster.session())
    writer.query("BEGIN")
    stand.publish(kind, {"n": 1}, session=writer)
    writer.query(f"PREPARE TRANSACTION '{kind}'")
    stand.publish(kind, {"n": 2})
    equal(numbers(reader.take(1)), [2])
    writer.query(f"COMMIT PREPARED '{kind}'")
    equal(numbers(reader.take(1)), [1])


if __name__ == "__main__":
    main()
