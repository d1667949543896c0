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

EVENTS_RANDOM_SECONDS (60) is how long it goes on, EVENTS_RANDOM_SEED makes writers, readers and
disturbances choose the same again (the timing remains the machine's). The seed is printed.
"""

import os
import sys

# This folder has a file called random.py; the one that is wanted is Python's.
sys.dont_write_bytecode = True
sys.path[0] = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../sidecar/wire")

import json
import random
import signal
import threading
import time

from harness import (TRANSPORTS, Deadline, Eventsd, PgError, Refused, Reset, Skip, Stand, at_end,
                     equal, main, note, pg_array, post_json, test, true, wait_until)

SEED = int(os.environ.get("EVENTS_RANDOM_SEED") or random.SystemRandom().randrange(1 << 32))
SECONDS = float(os.environ.get("EVENTS_RANDOM_SECONDS")
                or os.environ.get("RANDOM_SECONDS") or 60)
os.environ.setdefault("EVENTS_TEST_WATCHDOG", str(int(SECONDS) + 600))

SQL_WRITERS = 4
TYPES = ("order.created", "order.paid", "build.done", "orderly.mess")
TOPICS = (("order",), ("order", "eu"), ("order", "eu", "paid"), ("order", "us", "paid"),
          ("build", "a/b%"), ("build", "\u00fc", "x"))
MARKER = "marker.end"
# so little that readers fall from the log to the ring and from the ring to the table all the time
TIGHT = {"ring_size": "64kB", "log_size": "16kB", "connection_queue_size": "4kB",
         "feed_page_size": "8kB"}
FILTERS = ({}, {"types": ["order.created", "build.*"]}, {"topics": [["order", "eu"]]},
           {"topics": [["order", "*", "paid"], ["build"]], "types": ["order*"]})


def topic_matches(path, topic):
    return len(path) <= len(topic) and all(want in ("*", have)
                                           for want, have in zip(path, topic))


def type_matches(pattern, event_type):
    return (event_type.startswith(pattern[:-1]) if pattern.endswith("*")
            else event_type == pattern)


def wanted(query, event_type, topic):
    """The rule of subscriptions: any of the topics, and any of the types."""
    topics, types = query.get("topics"), query.get("types")
    return ((not topics or any(topic_matches(path, topic) for path in topics))
            and (not types or any(type_matches(pattern, event_type) for pattern in types)))


class Transaction:
    """What one transaction publishes if it commits, and what became of it."""

    def __init__(self, name):
        self.name, self.ids = name, []
        self.began = time.monotonic()
        self.acknowledged = None
        self.fate = "unknown"

    def ended(self, fate):
        self.fate = fate
        self.acknowledged = time.monotonic()


class Writer(threading.Thread):
    """Random transactions, one after the other, on a session of its own."""

    def __init__(self, number, stand, stop):
        super().__init__(daemon=True)
        self.random = random.Random(f"{SEED}/writer/{number}")
        self.number, self.stand, self.stop = number, stand, stop
        self.transactions, self.failure, self.session = [], None, None

    def run(self):
        try:
            while not self.stop.is_set():
                self._one()
        except Exception as error:
            self.failure = error

    def _one(self):
        transaction = Transaction(f"w{self.number}t{len(self.transactions)}")
        try:
            if self.session is None:
                self.session = self.stand.cluster.session()
            transaction.began = time.monotonic()
            self.transactions.append(transaction)
            self._play(transaction)
            self.stop.wait(self.random.uniform(0, 0.06))
        except PgError as error:
            # 57P01..57P03: the server is going down or comes up; 40P01 and the like would be faults
            if not error.lost and not (error.sqlstate or "").startswith("57P"):
                raise
            if self.session is not None:
                self.session.close()
            self.session = None
            self.stop.wait(0.02)

    def _play(self, transaction):
        """The transaction; its events are numbered as they are published."""
        self.counter, kept, marks = 0, [], []
        self.session.query("BEGIN")
        transaction.fate = "aborted"        # until a commit is tried
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 5, 8))):
            self._step(transaction, kept, marks)
        way = self.random.random()
        if way < 0.2:
            self.session.query("ROLLBACK")
            transaction.ended("aborted")
            return
        transaction.ids = kept
        transaction.fate = "unknown"
        if way < 0.25:
            self._two_phases(transaction)
        else:
            self.session.query("COMMIT")
            transaction.ended("committed")

    def _two_phases(self, transaction):
        """PREPARE, then perhaps COMMIT PREPARED; what is left prepared is ended at the end."""
        self.session.query(f"PREPARE TRANSACTION '{transaction.name}'")
        if self.random.random() < 0.3:
            self.session.query(f"ROLLBACK PREPARED '{transaction.name}'")
            transaction.ended("aborted")
        else:
            self.session.query(f"COMMIT PREPARED '{transaction.name}'")
            transaction.ended("committed")

    def _new(self, transaction):
        self.counter += 1
        return (f"{transaction.name}k{self.counter}", self.random.choice(TYPES),
                self.random.choice(TOPICS), {"pad": "x" * self.random.choice((0, 10, 300, 3000))})

    def _publish(self, transaction):
        identity, event_type, topic, data = self._new(transaction)
        self.session.query("SELECT events.publish($1, $2::jsonb, topic => $3::text[], id => $4)",
                           event_type, json.dumps(data), pg_array(topic), identity)
        return identity

    def _step(self, transaction, kept, marks):
        """One statement or a few; changes what is kept and the stack of savepoints."""
        step = self.random.random()
        if step < 0.45:
            kept.append(self._publish(transaction))
        elif step < 0.55:
            kept += self._batch(transaction)
        elif step < 0.58:
            kept += self._insert_select(transaction)
        elif step < 0.70:
            kept.append(self._caught_exception(transaction))
        elif step < 0.80 or not marks:
            marks.append(len(kept))
            self.session.query(f"SAVEPOINT s{len(marks)}")
        elif step < 0.86:
            self.session.query(f"RELEASE SAVEPOINT s{len(marks)}")
            marks.pop()
        elif step < 0.93:
            depth = self.random.randrange(len(marks)) + 1
            self.session.query(f"ROLLBACK TO SAVEPOINT s{depth}")
            del kept[marks[depth - 1]:]
            del marks[depth:]
        else:
            self._failing_statement(transaction, kept, marks)

    def _failing_statement(self, transaction, kept, marks):
        self.session.query("SAVEPOINT f")
        self._publish(transaction)
        try:
            self.session.query("SELECT count(events.publish('order.paid', '{}')) / 0")
        except PgError as error:
            if error.sqlstate != "22012":
                raise
        self.session.query("ROLLBACK TO SAVEPOINT f; RELEASE SAVEPOINT f")

    def _batch(self, transaction):
        events = [self._new(transaction) for _ in range(self.random.randrange(1, 12))]
        self.session.query("SELECT * FROM events.publish_batch($1::jsonb)", json.dumps([
            {"specversion": "1.0", "id": identity, "source": "/random", "type": event_type,
             "topic": "/".join(part.replace("%", "%25").replace("/", "%2F") for part in topic),
             "data": data} for identity, event_type, topic, data in events]))
        return [identity for identity, *_ in events]

    def _insert_select(self, transaction):
        """Many events by one statement, in the order of the rows."""
        self.counter += 1
        count, prefix = self.random.randrange(20, 100), f"{transaction.name}k{self.counter}i"
        self.session.query(
            "SELECT count(events.publish('build.done', jsonb_build_object('n', n), "
            "id => $1 || n)) FROM generate_series(1, $2::int) n", prefix, count)
        return [f"{prefix}{n}" for n in range(1, count + 1)]

    def _caught_exception(self, transaction):
        first, second = self._new(transaction), self._new(transaction)
        self.session.query(f"""DO $do$ BEGIN
            PERFORM events.publish('{first[1]}', '{{}}', id => '{first[0]}');
            BEGIN
                PERFORM events.publish('{second[1]}', '{{}}', id => '{second[0]}');
                RAISE EXCEPTION 'caught below';
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
        END $do$""")
        return first[0]


class Poster(Writer):
    """Posts batches over HTTP to whichever eventsd; an answer other than 201 proves nothing."""

    def __init__(self, number, stand, stop, addresses):
        super().__init__(number, stand, stop)
        self.addresses = addresses

    def _one(self):
        transaction = Transaction(f"p{self.number}t{len(self.transactions)}")
        self.counter = 0
        events = [self._new(transaction) for _ in range(self.random.randrange(1, 5))]
        transaction.ids = [identity for identity, *_ in events]
        self.transactions.append(transaction)
        try:
            answer = post_json(self.random.choice(self.addresses), [
                {"specversion": "1.0", "id": identity, "source": "/random", "type": event_type,
                 "data": data} for identity, event_type, _, data in events],
                "application/cloudevents-batch+json")
        except (OSError, ConnectionError):
            self.stop.wait(0.02)
            return
        if answer.status == 201:
            transaction.ended("committed")
        elif answer.status < 500:
            raise AssertionError(f"valid events were refused: {answer}")
        self.stop.wait(0.02)


class Client(threading.Thread):
    """A reader that resumes by its cursor, until it sees the marker."""

    def __init__(self, number, transport, query, addresses, cursor):
        super().__init__(daemon=True)
        self.random = random.Random(f"{SEED}/client/{number}")
        self.title = f"{transport.name}_{number}"
        self.addresses, self.query = addresses, query
        asked = dict(query)
        if "types" in asked:
            asked["types"] = [*asked["types"], MARKER]
        if "topics" in asked:
            asked["topics"] = [*asked["topics"], MARKER.split(".")]
        self.reader = transport(addresses[number % len(addresses)], seconds=5, after=cursor,
                                **asked)
        self.got, self.resumed, self.failure = [], 0, None
        self.quit = threading.Event()

    def run(self):
        try:
            while not self.quit.is_set() and not (self.got and self.got[-1][2] == MARKER):
                self._some()
        except Exception as error:
            self.failure = error
        finally:
            self.reader.close()

    def _some(self):
        try:
            event = self.reader.take(1, 2)[0]
            if self.got and event["sequence"] <= self.got[-1][0]:
                raise AssertionError(f"{event['sequence']} after {self.got[-1][0]}")
            self.got.append((event["sequence"], event["id"], event["type"]))
            chance = self.random.random()
            if chance < 0.002:
                self.quit.wait(self.random.random())
            if chance > 0.997:
                self._resume()
        except Reset:
            raise
        except Refused as refused:
            self._retry_if_unavailable(refused)
        except OSError:
            self._resume()

    def _retry_if_unavailable(self, refused):
        if refused.response.status != 503:
            raise refused
        self._resume()

    def _resume(self):
        """At any instance that answers; a time-out is only a reason to try elsewhere."""
        self.resumed += 1
        while not self.quit.is_set():
            try:
                self.reader.resume(self.random.choice(self.addresses), 0.5)
                return
            except Reset:
                raise
            except OSError:
                pass
            except Refused as refused:
                if refused.response.status != 503:
                    raise
            self.quit.wait(0.02)


class Disturber:
    """One misfortune after the other, from the main thread."""

    def __init__(self, stand, instances):
        self.random = random.Random(f"{SEED}/disturb")
        self.stand, self.instances = stand, instances
        self.counts = {}

    def run(self, seconds):
        deadline = Deadline(seconds)
        while not deadline.passed():
            action = self.random.choice((
                self.kill_eventsd, self.kill_eventsd, self.restart_eventsd,
                self.crash_postgresql, self.stop_postgresql, self.crash_backend,
                self.cut_connections, self.cut_connections, self.end_worker,
                self.kill_process))
            self.counts[action.__name__] = self.counts.get(action.__name__, 0) + 1
            action()
            time.sleep(min(self.random.uniform(0.2, 2.5), max(0, deadline.end - time.monotonic())))

    def kill_eventsd(self):
        eventsd = self.random.choice(self.instances)
        eventsd.kill()
        eventsd.check()
        eventsd.start(wait=False)

    def kill_process(self):
        """One of the processes of an instance that has several."""
        for pid in self.instances[-1].children()[:1]:
            os.kill(pid, signal.SIGKILL)

    def restart_eventsd(self):
        eventsd = self.random.choice(self.instances)
        equal(eventsd.stop(), 0, "exit status of eventsd")
        eventsd.check()
        eventsd.start(wait=False)

    def crash_postgresql(self):
        self.stand.cluster.crash()
        self.stand.cluster.start()

    def stop_postgresql(self):
        self.stand.cluster.stop(self.random.choice(("fast", "immediate")))
        self.stand.cluster.start()

    def _ask(self, sql):
        session = self.stand.cluster.session("postgres")
        try:
            return session.query(sql)
        finally:
            session.close()

    def _try(self, sql):
        """For what may hit a server that is just recovering."""
        try:
            return self._ask(sql)
        except PgError:
            return []

    def crash_backend(self):
        for (pid,) in self._try("SELECT pid FROM pg_stat_activity WHERE datname = 'app' "
                                "AND backend_type = 'client backend' ORDER BY random() LIMIT 1"):
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def cut_connections(self):
        self._try("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'relay'")

    def end_worker(self):
        self._try("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'app' "
                  "AND backend_type NOT IN ('client backend', 'autovacuum worker')")


class Run:
    """The whole of it; what is left afterwards is compared by the tests below."""

    def __init__(self):
        note(f"EVENTS_RANDOM_SEED={SEED} EVENTS_RANDOM_SECONDS={SECONDS:g}")
        shape = random.Random(f"{SEED}/shape")
        preload, processes = shape.random() < 0.7, shape.choice((1, 1, 2))
        tight = TIGHT if shape.random() < 0.4 else {}
        note(f"preload: {preload}, processes of the second instance: {processes}, "
             f"memory of the first: {tight or 'as usual'}")
        self.stand = at_end(Stand(preload, {"max_prepared_transactions": "20"}, drain_time="1s",
                                  **tight))
        second = at_end(Eventsd(self.stand.database, drain_time="1s", processes=processes))
        self.stand.caught_up(second)
        self.instances = [self.stand.eventsd, second]
        addresses = [eventsd.address for eventsd in self.instances]
        cursor = self.stand.cursor()
        self.clients = [Client(number, TRANSPORTS[number % 4], query, addresses, cursor)
                        for number, query in enumerate(client_queries())]
        self.stop = threading.Event()
        self.writers = [Writer(n, self.stand, self.stop) for n in range(SQL_WRITERS)]
        self.writers.append(Poster(SQL_WRITERS, self.stand, self.stop, addresses))

    def go(self):
        for thread in (*self.clients, *self.writers):
            thread.start()
        disturber = Disturber(self.stand, self.instances)
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
            check_transaction(transaction, places)
    equal(list(places), [run.table[-1][1]], "what remains is the marker")


def check_transaction(transaction, places):
    """All, none, or either, and in order; takes what it finds out of `places`."""
    there = [identity for identity in transaction.ids if identity in places]
    if transaction.fate == "committed":
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


def _register(number):
    @test(f"random_{TRANSPORTS[number % 4].name}_{number}_has_all_once_in_order")
    def _():
        client = outcome().clients[number]
        if client.failure:
            raise client.failure
        expected = [(f"{run.epoch}-{position:019d}", identity)
                    for position, identity, event_type, topic in run.table
                    if event_type == MARKER or wanted(client.query, event_type, json.loads(topic))]
        got = [(cursor, identity) for cursor, identity, _ in client.got]
        if got != expected:
            explain(got, expected)
        equal(len(got), len(expected), f"events of {client.title}, asked for {client.query}")
        true(got == expected, f"{client.title} has what the table has")


def explain(got, expected):
    missing, extra = set(expected) - set(got), set(got) - set(expected)
    note(f"missing {len(missing)}: {sorted(missing)[:5]}")
    note(f"not in the table {len(extra)}: {sorted(extra)[:5]}")


for _number in range(8):
    _register(_number)


if __name__ == "__main__":
    main()
