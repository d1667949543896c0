#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The randomised model test: random transactions, random kills, and at the end the truth.

Writers run random transactions against the database: publish, publish_batch, INSERT ... SELECT,
savepoints kept and rolled back, exceptions caught in PL/pgSQL, statements that fail, two-phase
commits, rollbacks at the end; another posts batches over HTTP. Each keeps a model of what its
transaction publishes if it commits.

Meanwhile both servers are disturbed: eventsd (two instances) is killed or restarted, PostgreSQL
is stopped at once, killed with all its processes, loses one backend, its worker, or the
connections of eventsd.

Readers on all four ways of delivery, with filters and without, resume by cursor at whichever
instance, after each break and sometimes without any reason, and sometimes do not read for a while.

At the end:
- the table holds each acknowledged transaction whole, in its order, and none that was rolled back;
  one whose acknowledgement was lost is there whole or not at all;
- if a transaction began after another was acknowledged, its events come after that one's;
- each reader has every event of the table that it asked for, once, in the table's order, and
  nothing else.

Some runs have synchronous_commit off. A crash then takes back what was acknowledged a moment
before, even what readers have seen; the rest holds as it stands, above all that no reader misses
an event because it takes the position of one that is gone.

EVENTS_RANDOM_SECONDS (60) is how long it goes on, EVENTS_RANDOM_SEED makes writers, readers and
disturbances choose the same again (the timing remains the machine's). The seed is printed.
"""

import os
import sys

# This folder has a file called random.py; the one that is wanted is Python's. So the folder is not
# searched, but the one above it, in which this one is the package `model`.
sys.dont_write_bytecode = True
sys.path[0] = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(sys.path[0], "sidecar/wire"))

import json
import random
import threading

from harness import (TRANSPORTS, Eventsd, PgError, Skip, Stand, at_end, equal, main, note, test,
                     true, wait_until)
from model.clients import MARKER, Client, TailClient, wanted
from model.disturber import Disturber
from model.writers import Poster, Writer

SEED = int(os.environ.get("EVENTS_RANDOM_SEED") or random.SystemRandom().randrange(1 << 32))
SECONDS = float(os.environ.get("EVENTS_RANDOM_SECONDS")
                or os.environ.get("RANDOM_SECONDS") or 60)
os.environ.setdefault("EVENTS_TEST_WATCHDOG", str(int(SECONDS) + 600))

SQL_WRITERS = 4
# so little that readers fall from the log to the ring and from the ring to the table all the time
TIGHT = {"ring_size": "64kB", "log_size": "16kB", "connection_queue_size": "4kB",
         "feed_page_size": "8kB"}
FILTERS = ({}, {"types": ["order.created", "build.*"]}, {"topics": [["order", "eu"]]},
           {"topics": [["order", "*", "paid"], ["build"]], "types": ["order*"]})


class Run:
    """The whole of it; what is left afterwards is compared by the tests below."""

    def __init__(self):
        note(f"EVENTS_RANDOM_SEED={SEED} EVENTS_RANDOM_SECONDS={SECONDS:g}")
        shape = random.Random(f"{SEED}/shape")
        preload, processes = shape.random() < 0.7, shape.choice((1, 1, 2))
        tight = TIGHT if shape.random() < 0.4 else {}
        self.forgets = preload and shape.random() < 0.3
        note(f"preload: {preload}, synchronous_commit: {'off' if self.forgets else 'on'}, "
             f"processes of the second instance: {processes}, "
             f"memory of the first: {tight or 'as usual'}")
        settings = {"max_prepared_transactions": "20",
                    "synchronous_commit": "off" if self.forgets else "on"}
        self.stand = at_end(Stand(preload, settings, drain_time="1s", **tight))
        # What was set up (the roles' rights, for one) must survive the first crash.
        self.stand.sql.query("CHECKPOINT")
        second = at_end(Eventsd(self.stand.database, drain_time="1s", processes=processes))
        self.stand.caught_up(second)
        self.instances = [self.stand.eventsd, second]
        addresses = [eventsd.address for eventsd in self.instances]
        cursor = self.stand.cursor()
        self.clients = [Client(SEED, number, TRANSPORTS[number % 4], query, addresses, cursor)
                        for number, query in enumerate(client_queries())]
        self.clients.append(TailClient(SEED, self.stand, cursor))
        self.stop = threading.Event()
        self.writers = [Writer(SEED, n, self.stand, self.stop) for n in range(SQL_WRITERS)]
        self.writers.append(Poster(SEED, SQL_WRITERS, self.stand, self.stop, addresses))

    def go(self):
        for thread in (*self.clients, *self.writers):
            thread.start()
        disturber = Disturber(SEED, self.stand, self.instances)
        try:
            disturber.run(SECONDS)
        finally:
            self.stop.set()
        for writer in self.writers:
            writer.join(60)
            true(not writer.is_alive(), f"writer {writer.number} ended")
            if writer.failure:
                raise writer.failure
        note(f"disturbances: {disturber.counts}")
        self._settle()
        self._wait_for_readers()

    def _settle(self):
        """Ends what is prepared, reads the table, publishes the marker."""
        wait_until(self._calm, "PostgreSQL answers")
        self.stand.reconnect()
        for (name,) in self.stand.sql.query("SELECT gid FROM pg_prepared_xacts"):
            self.stand.sql.query(f"{random.choice(('COMMIT', 'ROLLBACK'))} PREPARED '{name}'")
        self.stand.publish(MARKER, {})
        self.table = [(int(position), identity, event_type, topic)
                      for position, identity, event_type, topic in self.stand.sql.query(
                          "SELECT position, id, type, to_jsonb(topic) FROM events.event "
                          "ORDER BY position")]
        self.epoch = self.stand.epoch()
        equal(self.table[-1][2], MARKER, "the marker is the last event")

    def _calm(self):
        try:
            self.stand.cluster.session().close()
            return True
        except PgError:
            return False

    def _wait_for_readers(self):
        for client in self.clients:
            client.join(120)
        for client in self.clients:
            client.quit.set()
            client.join(30)


def client_queries():
    """Each way of delivery, once with everything and once with a filter."""
    chosen = random.Random(f"{SEED}/filters")
    return [FILTERS[0]] * 4 + [chosen.choice(FILTERS[1:]) for _ in range(4)]


run = None


def outcome():
    """The run, for the tests that look at what it left."""
    if not hasattr(run, "table"):
        raise Skip("the run did not end")
    return run


@test("random_run")
def _():
    global run
    run = Run()
    run.go()
    transactions = [t for writer in run.writers for t in writer.transactions]
    fates = {fate: sum(t.fate == fate for t in transactions)
             for fate in ("committed", "aborted", "unknown")}
    note(f"transactions: {fates}; events: {len(run.table)}; "
         f"resumed: {sum(client.resumed for client in run.clients)} times")
    true(fates["committed"] > 10, "there was something to test")


@test("random_table_holds_what_was_committed_and_nothing_else")
def _():
    run, places = outcome(), {}
    for position, identity, _, _ in run.table:
        true(identity not in places, f"{identity} is there once")
        places[identity] = position
    for writer in run.writers:
        for transaction in writer.transactions:
            check_transaction(transaction, places, run.forgets)
    equal(list(places), [run.table[-1][1]], "what remains is the marker")


def check_transaction(transaction, places, may_be_forgotten):
    """All, none, or either, and in order; takes what it finds out of `places`."""
    there = [identity for identity in transaction.ids if identity in places]
    if transaction.fate == "committed" and not (may_be_forgotten and not there):
        equal(len(there), len(transaction.ids), f"events of the committed {transaction.name}")
    elif transaction.fate == "aborted":
        equal(there, [], f"events of the aborted {transaction.name}")
    else:
        true(len(there) in (0, len(transaction.ids)), f"{transaction.name} is there in part")
    found = [places.pop(identity) for identity in there]
    equal(found, sorted(found), f"order inside {transaction.name}")
    transaction.found = found


@test("random_order_follows_what_writers_could_have_seen")
def _():
    done = [t for writer in outcome().writers for t in writer.transactions
            if getattr(t, "found", None)]
    acknowledged = sorted((t for t in done if t.fate == "committed"),
                          key=lambda t: t.acknowledged)
    newest, at = (0, None), 0
    for transaction in sorted(done, key=lambda t: t.began):
        while at < len(acknowledged) and acknowledged[at].acknowledged < transaction.began:
            newest = max(newest, (acknowledged[at].found[-1], acknowledged[at].name))
            at += 1
        true(transaction.found[0] > newest[0],
             f"{transaction.name} at {transaction.found[0]} began after {newest[1]} "
             f"at {newest[0]} was acknowledged")


def _register(number, name):
    @test(f"random_{name}_has_all_once_in_order")
    def _():
        client = outcome().clients[number]
        if client.failure:
            raise client.failure
        expected = [(f"{run.epoch}-{position:019d}", identity)
                    for position, identity, event_type, topic in run.table
                    if event_type == MARKER or wanted(client.query, event_type, json.loads(topic))]
        got = [(cursor, identity) for cursor, identity, _ in client.got]
        if run.forgets:
            got = without_forgotten(got, expected)
        if got != expected:
            explain(got, expected)
        equal(len(got), len(expected), f"events of {client.title}, asked for {client.query}")
        true(got == expected, f"{client.title} has what the table has")


def without_forgotten(got, expected):
    """What is in the table; the rest must be of transactions that a crash could take back."""
    there = set(expected)
    could = {identity for writer in run.writers for transaction in writer.transactions
             if transaction.fate != "aborted" for identity in transaction.ids}
    for _, identity in set(got) - there:
        true(identity in could, f"{identity} was rolled back")
    return [pair for pair in got if pair in there]


def explain(got, expected):
    missing, extra = set(expected) - set(got), set(got) - set(expected)
    note(f"missing {len(missing)}: {sorted(missing)[:5]}")
    note(f"not in the table {len(extra)}: {sorted(extra)[:5]}")


for _number in range(8):
    _register(_number, f"{TRANSPORTS[_number % 4].name}_{_number}")
_register(8, "tail")


if __name__ == "__main__":
    main()
