# SPDX-License-Identifier: PostgreSQL
"""Writers of the randomised model test: random transactions, and what each publishes if it commits.

A Transaction is the model of one: the ids that survive its savepoints, in order, and its fate.
`committed` was acknowledged; `aborted` was rolled back, or lost before its COMMIT was sent;
`unknown` lost its connection while COMMIT was under way: the table decides.
"""

import json
import random
import threading
import time

from harness import PgError, pg_array, post_json

TYPES = ("order.created", "order.paid", "build.done", "orderly.mess")
TOPICS = (("order",), ("order", "eu"), ("order", "eu", "paid"), ("order", "us", "paid"),
          ("build", "a/b%"), ("build", "\u00fc", "x"))


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

    def __init__(self, seed, number, stand, stop):
        super().__init__(daemon=True)
        self.random = random.Random(f"{seed}/writer/{number}")
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

    def __init__(self, seed, number, stand, stop, addresses):
        super().__init__(seed, number, stand, stop)
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
