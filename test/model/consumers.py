#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The randomised test of capture, publishing and consumers: nothing lost, nothing doubled.

Actors work on one database, each with a model of what it does: writers change tracked tables
(capturing.py); publishers give their events ids and repeat them, publish at once, append to streams
(publishing.py); consumers, groups of members and SQL handlers write down what they are given
(consuming.py). Meanwhile servers and processes die (disturber.py).

At the end:
- captured events are the committed changes, in the order in which each writer made them;
- an id that was acknowledged is there once, any other once or not at all;
- versions of a stream are 1, 2, 3, ..., each after the one that its writer had seen;
- each consumer has each event: once where it processes and acknowledges in one transaction, at
  least once where it does not; in order, or in order for each key;
- what a consumer gave up is in the dead letters, and after redrive in its results.

EVENTS_RANDOM_SECONDS (60) is how long it goes on, EVENTS_RANDOM_SEED makes everybody choose the
same again (the timing remains the machine's), EVENTS_RANDOM_ACTORS (all of them) chooses among
capture, publish, now, append, consume, handle, EVENTS_RANDOM_CONSUMERS (all of them) among the
consumers and handlers by their names. Seed and shape are printed.
"""

import os
import sys

# This folder has a file called random.py; the one that is wanted is Python's. So the folder is not
# searched, but the one above it, in which this one is the package `model`.
sys.dont_write_bytecode = True
sys.path[0] = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(sys.path[0], "sidecar/wire"))

import collections
import json
import random
import threading

from harness import PgError, Skip, Stand, at_end, equal, main, note, test, true, wait_until
from model import capturing, consuming, publishing
from model.disturber import Disturber

SEED = int(os.environ.get("EVENTS_RANDOM_SEED") or random.SystemRandom().randrange(1 << 32))
SECONDS = float(os.environ.get("EVENTS_RANDOM_SECONDS")
                or os.environ.get("RANDOM_SECONDS") or 60)
ALL_ACTORS = ("capture", "publish", "now", "append", "consume", "handle")
ACTORS = os.environ.get("EVENTS_RANDOM_ACTORS", ",".join(ALL_ACTORS)).split(",")
SHAPES = os.environ.get("EVENTS_RANDOM_CONSUMERS", ",".join(
    shape.name for shape in (*consuming.CONSUMERS, *consuming.HANDLERS))).split(",")
os.environ.setdefault("EVENTS_TEST_WATCHDOG", str(int(SECONDS) + 600))

CAPTURE_WRITERS, PUBLISHERS, NOW_PUBLISHERS, APPENDERS = 3, 4, 2, 3
CATCH_UP = 120      # seconds that consumers have for what is left at the end

Event = collections.namedtuple("Event", "position id type subject data")


class Run:
    """The whole of it; what is left afterwards is compared by the tests below."""

    def __init__(self):
        note(f"EVENTS_RANDOM_SEED={SEED} EVENTS_RANDOM_SECONDS={SECONDS:g} "
             f"EVENTS_RANDOM_ACTORS={','.join(ACTORS)}")
        preload = random.Random(f"{SEED}/shape").random() < 0.6
        note(f"preload: {preload}")
        self.stand = at_end(Stand(preload, {"max_worker_processes": "16"}, drain_time="1s"))
        self.stop, self.end = threading.Event(), threading.Event()
        self.capturers, self.publishers, self.now, self.appenders = [], [], [], []
        self.shapes, self.members = [], []
        self._set_up()
        self.start = self.stand.horizon()
        # What was set up must survive the first crash.
        self.stand.sql.query("CHECKPOINT")

    def _set_up(self):
        sql = self.stand.sql
        make = lambda kind, count, stop: [kind(SEED, n, self.stand, stop) for n in range(count)]
        if "capture" in ACTORS:
            sql.query(capturing.SETUP)
            for number in range(CAPTURE_WRITERS):
                sql.query(capturing.SETUP_OF_WRITER % {"w": number})
            self.capturers = make(capturing.CaptureWriter, CAPTURE_WRITERS, self.stop)
        sql.query(publishing.SETUP)
        if "publish" in ACTORS:
            self.publishers = make(publishing.Publisher, PUBLISHERS, self.stop)
        if "now" in ACTORS:
            self.now = make(publishing.NowPublisher, NOW_PUBLISHERS, self.stop)
        if "append" in ACTORS:
            self.appenders = make(publishing.Appender, APPENDERS, self.stop)
        sql.query(consuming.SETUP)
        if "consume" in ACTORS:
            self.shapes += consuming.CONSUMERS
        if "handle" in ACTORS:
            self.shapes += consuming.HANDLERS
        self.shapes = [shape for shape in self.shapes if shape.name in SHAPES]
        for shape in self.shapes:
            sql.query(shape.create)
            self.members += [consuming.Member(SEED, shape, n, self.stand, self.end)
                             for n in range(shape.members)]

    @property
    def writers(self):
        return [*self.capturers, *self.publishers, *self.now, *self.appenders]

    def go(self):
        for actor in (*self.members, *self.writers):
            actor.start()
        disturber = Disturber(SEED, self.stand, [self.stand.eventsd])
        try:
            disturber.run(SECONDS, (*disturber.of_server, *[disturber.end_session] * 6,
                                    disturber.end_worker, disturber.kill_eventsd,
                                    disturber.cut_connections))
        finally:
            self.stop.set()
        note(f"disturbances: {disturber.counts}")
        end_all(self.writers)
        self._settle()
        try:
            self._catch_up()
        finally:
            self.end.set()
            end_all(self.members)
        self._results()

    def _settle(self):
        """No writer works any more: asks what became of the last transactions, reads the log."""
        wait_until(self._calm, "PostgreSQL answers")
        self.stand.reconnect()
        for writer in self.capturers:
            writer.session = self.stand.sql
            writer.settle()
        self.log = [Event(int(position), identity, kind, subject, json.loads(data or "null"))
                    for position, identity, kind, subject, data in self.stand.sql.query(
                        "SELECT position, id, type, subject, data FROM events.event "
                        "WHERE position > $1 ORDER BY position", self.start)]

    def _calm(self):
        try:
            self.stand.cluster.session().close()
            return True
        except PgError:
            return False

    # ---- consumers come to the end

    def wanted(self, shape):
        """The events that belong to a consumer."""
        if "types" not in shape.create:
            return self.log
        return [event for event in self.log
                if event.type == "given.id" or event.type.startswith("item.")]

    def _catch_up(self):
        """Waits until each consumer has all, but for what it gave up; then has that done too."""
        for member in self.members:
            member.calm = True
        for shape in self.shapes:
            self._wait(shape, dead=True)
        self.dead = set() if not self.shapes else {
            (consumer, int(position)) for consumer, position in self.stand.sql.query(
                "SELECT consumer, position FROM events.dead_letter")}
        for member in self.members:
            member.redeemed = True
        self.stand.sql.query("INSERT INTO redeemed VALUES (true)")
        for shape in self.shapes:
            if shape.fails:
                self.stand.sql.query("SELECT events.redrive($1)", shape.name)
        for shape in self.shapes:
            self._wait(shape, dead=False)

    def _wait(self, shape, dead):
        wanted = len(self.wanted(shape))
        count = [0, 0]

        def all_there():
            for member in self.members:
                if member.failure:
                    raise AssertionError(f"{member.title}: {member.failure}") from member.failure
            count[:] = (int(value) for value in self.stand.sql.query(
                "SELECT (SELECT count(DISTINCT position) FROM result WHERE consumer = $1), "
                "(SELECT count(*) FROM events.dead_letter WHERE consumer = $1)", shape.name)[0])
            return count[0] + (count[1] if dead else 0) >= wanted
        try:
            wait_until(all_there, "", CATCH_UP, every=0.1)
        except TimeoutError:
            raise AssertionError(f"{shape.name} has {count[0]} of {wanted} events and {count[1]} "
                                 f"dead letters after {CATCH_UP} s; without "
                                 f"{self._missing(shape)[:3]}; {self._state(shape.name)}"
                                 ) from None

    def _missing(self, shape):
        """Events that are neither processed nor given up, and what became of those around."""
        there = {int(position) for (position,) in self.stand.sql.query(
            "SELECT position FROM result WHERE consumer = $1 UNION ALL "
            "SELECT position FROM events.dead_letter WHERE consumer = $1", shape.name)}
        return [(event, self.stand.sql.query(
            "SELECT ordinal, member, position, id FROM result WHERE consumer = $1 AND (key = $2 "
            "OR abs(position - $3::bigint) < 3) ORDER BY ordinal", shape.name,
            event.subject or event.id, event.position))
                for event in self.wanted(shape) if event.position not in there]

    def _state(self, name):
        """What may say why a consumer stands still."""
        return [row[0] for row in self.stand.sql.query(
            "SELECT 'consumer ' || c FROM events.consumers c WHERE name = $1 UNION ALL "
            "SELECT 'state ' || s FROM events.consumer_state s WHERE consumer = $1 UNION ALL "
            "SELECT 'redelivery ' || r FROM events.redelivery r WHERE consumer = $1 UNION ALL "
            "SELECT 'trying ' || h FROM events.handler_state h WHERE consumer = $1 UNION ALL "
            "SELECT 'due ' || d FROM events._due_handlers() d UNION ALL "
            "SELECT 'lock ' || l FROM pg_locks l WHERE locktype = 'advisory'", name)] + [
                log for log in self.stand.eventsd.logs if log.get("handler") == name]

    def _results(self):
        self.results = {shape.name: [] for shape in self.shapes}
        for consumer, position, identity, key in self.stand.sql.query(
                "SELECT consumer, position, id, key FROM result ORDER BY ordinal"):
            self.results[consumer].append((int(position), identity, key))
        self.left = self.stand.sql.query(
            "SELECT 'dead letter of ' || consumer FROM events.dead_letter UNION ALL "
            "SELECT 'redelivery to ' || consumer FROM events.redelivery"
        ) if self.shapes else []


def end_all(actors):
    for actor in actors:
        actor.join(60)
        true(not actor.is_alive(), f"{actor.title} ended")
    for actor in actors:
        if actor.failure:
            raise AssertionError(f"{actor.title}: {actor.failure}") from actor.failure


run = None


def outcome():
    """The run, for the tests that look at what it left."""
    if not hasattr(run, "log"):
        raise Skip("the run did not end")
    return run


@test("consumers_run")
def _():
    global run
    run = Run()
    run.go()
    note(f"events: {len(run.log)}; connections lost: "
         f"{sum(actor.outages for actor in (*run.writers, *run.members))}")
    true(len(run.log) > 100, "there was something to test")


@test("captured_events_are_the_committed_changes_in_order")
def _():
    for writer in outcome().capturers:
        got = [event[2:] for event in run.log
               if event.type.partition(".")[0].startswith(("item", "bulk_", "diff_", "part_"))
               and writer.mine(*event[2:])]
        note(f"{writer.title}: {len(writer.committed)} statements, {len(got)} events")
        difference = capturing.differences(writer.committed, got)
        true(difference is None, f"{writer.title}: {difference}")


@test("captured_events_belong_to_somebody")
def _():
    for event in outcome().log:
        if event.type.startswith(("item", "bulk_", "diff_", "part_")):
            equal(sum(writer.mine(*event[2:]) for writer in run.capturers), 1,
                  f"writers of {event}")


def check_ids(kind, actors, tried):
    """Acknowledged: once. Tried: at most once. Others: never."""
    count = collections.Counter(event.id for event in outcome().log if event.type == kind)
    acknowledged = {identity for actor in actors for identity in actor.acknowledged}
    note(f"{kind}: {len(acknowledged)} acknowledged, {len(count)} there")
    equal([pair for pair in count.most_common(5) if pair[1] > 1], [], "ids there twice")
    equal(sorted(acknowledged - set(count))[:5], [], "acknowledged and lost")
    equal([identity for identity in count if not tried(identity)][:5], [], "nobody's")


@test("given_ids_are_there_once")
def _():
    newest = {}
    for publisher in outcome().publishers:
        newest[publisher.pair] = max(newest.get(publisher.pair, 0), publisher.next + 7)

    def tried(identity):
        pair, _, number = identity[1:].partition("-")
        return int(number) <= newest[int(pair)]
    check_ids("given.id", run.publishers, tried)


@test("published_now_is_there_once_whatever_followed")
def _():
    tried = {identity for publisher in outcome().now for identity in publisher.tried}
    refused = [error for publisher in run.now for error in publisher.refused]
    note(f"refused: {dict(collections.Counter(refused))}")
    check_ids("now", run.now, tried.__contains__)
    denied = {identity for publisher in run.now for identity in publisher.denied}
    equal([event.id for event in run.log if event.id in denied], [], "there though denied")
    for publisher in run.now:
        true(len(publisher.acknowledged) > 10, f"{publisher.title} has published")


@test("streams_have_no_fork")
def _():
    streams = collections.defaultdict(list)
    for event in outcome().log:
        if event.type == "stream.grown":
            streams[event.subject].append(event)
    for name, events in streams.items():
        equal([event.data["version"] for event in events], list(range(1, len(events) + 1)), name)
        equal([event.data["after"] for event in events],
              [0, *(event.position for event in events[:-1])], f"positions expected by {name}")
    there = {event.id for events in streams.values() for event in events}
    acknowledged = {identity for actor in run.appenders for identity in actor.acknowledged}
    equal(sorted(acknowledged - there)[:5], [], "acknowledged and lost")
    note(f"streams: {len(there)} versions, "
         f"{sum(actor.conflicts for actor in run.appenders)} conflicts")


def check_results(shape):
    wanted = [(event.position, event.id) for event in run.wanted(shape)]
    got = [(position, identity) for position, identity, _ in run.results[shape.name]]
    count = collections.Counter(got)
    equal(sorted(set(wanted) - set(got))[:5], [], f"{shape.name} has lost")
    equal(sorted(set(got) - set(wanted))[:5], [], f"{shape.name} was given what is not there")
    if shape.once:
        equal([pair for pair, n in count.items() if n > 1][:5], [], f"{shape.name} has twice")
    check_order(shape)
    dead = sum(consumer == shape.name for consumer, _ in run.dead)
    note(f"{shape.name}: {len(wanted)} events, {len(got) - len(count)} of them again, {dead} dead")
    true(dead or not shape.fails, f"{shape.name} has given up something")


def check_order(shape):
    """First times rise: all of them, or those of each key; what was given up comes late."""
    newest, seen = {}, set()
    for position, identity, key in run.results[shape.name]:
        if position in seen or (shape.name, position) in run.dead:
            continue
        seen.add(position)
        key = key if shape.key else None
        true(position > newest.get(key, 0),
             f"{shape.name}, key {key}: {identity} at {position} after {newest.get(key)}")
        newest[key] = position


def _register(shape):
    @test(f"{shape.name}_has_all{'_once' if shape.once else ''}_in_order")
    def _():
        if shape not in outcome().shapes:
            raise Skip("not among the actors")
        if not hasattr(run, "results"):
            raise Skip("consumers did not come to the end")
        check_results(shape)


for _shape in (*consuming.CONSUMERS, *consuming.HANDLERS):
    _register(_shape)


@test("nothing_is_left_to_deliver")
def _():
    equal(getattr(outcome(), "left", None), [], "dead letters and redeliveries")


if __name__ == "__main__":
    main()
