# SPDX-License-Identifier: PostgreSQL
"""Those who publish by hand in the randomised test of consumers.

- Publisher: gives its events ids, and repeats each until it is acknowledged. Two of them go through
  the same ids side by side.
- NowPublisher: publish_now() in transactions, most of which are rolled back afterwards.
- Appender: writes numbered versions to a few streams, each under the condition that the stream's
  newest event is the one it has seen. Several write to the same streams.
"""

import itertools
import json

from harness import PgError
from model.actor import Actor

SETUP = """
    CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL);
    INSERT INTO counter SELECT n, 0 FROM generate_series(0, 9) n;
"""
SOURCE = "/random"
STREAMS = 4


class Publisher(Actor):
    """Events p<pair>-1, p<pair>-2, ... with these ids, each until it is acknowledged."""

    def __init__(self, seed, number, stand, stop):
        super().__init__(seed, f"publish/{number}", stand, stop)
        self.pair, self.next = number // 2, 1
        self.acknowledged = set()

    def step(self):
        way = self.random.random()
        if way < 0.4:
            self._single()
        elif way < 0.6:
            self._in_transaction()
        elif way < 0.7:
            self._rolled_back()
        elif way < 0.95:
            self._batch()
        else:
            self._again()
        self.rest(0.03)

    def _id(self, number=None):
        return f"p{self.pair}-{number or self.next}"

    def _publish(self, identity):
        value = self.session.value("SELECT events.publish('given.id', '{}', id => $1, "
                                   "source => $2)", identity, SOURCE)
        if value != identity:
            raise AssertionError(f"publish() gave {value} for {identity}")

    def _accept(self, *identities):
        self.acknowledged.update(identities)
        self.next += len(identities)

    def _single(self):
        self._publish(self._id())
        self._accept(self._id())

    def _in_transaction(self):
        """The same id twice, once in a savepoint that is rolled back."""
        self.session.query("BEGIN; SAVEPOINT s")
        self._publish(self._id())
        self.session.query("ROLLBACK TO SAVEPOINT s")
        self._publish(self._id())
        self._publish(self._id())
        self.session.query("COMMIT")
        self._accept(self._id())

    def _rolled_back(self):
        """Nobody's claim: whoever comes next publishes it."""
        self.session.query("BEGIN")
        self._publish(self._id())
        self.rest(0.05)
        self.session.query("ROLLBACK")

    def _batch(self):
        identities = [self._id(self.next + n) for n in range(self.random.randrange(1, 8))]
        rows = self.session.query(
            "SELECT id, status FROM events.publish_batch($1::jsonb) ORDER BY ordinal",
            json.dumps([{"specversion": "1.0", "type": "given.id", "source": SOURCE, "id": identity}
                        for identity in identities]))
        if [identity for identity, _ in rows] != identities:
            raise AssertionError(f"publish_batch() gave {rows} for {identities}")
        if any(status not in ("accepted", "duplicate") for _, status in rows):
            raise AssertionError(f"publish_batch() gave {rows}")
        self._accept(*identities)

    def _again(self):
        """Long acknowledged, and said once more."""
        if self.next > 1:
            self._publish(self._id(self.random.randrange(1, self.next)))


class NowPublisher(Actor):
    """publish_now() and publish_batch_now(): what was acknowledged is there whatever follows."""

    def __init__(self, seed, number, stand, stop):
        super().__init__(seed, f"now/{number}", stand, stop)
        self.number, self.made = number, itertools.count(1)
        self.acknowledged, self.denied, self.tried, self.refused = set(), set(), set(), []

    def step(self):
        self.session.query("BEGIN")
        # a lock of our own, which whoever publishes for us must not want
        self.session.query("UPDATE counter SET n = n + 1 WHERE id = $1", self.number)
        self.session.query("SELECT events.publish('not.now', '{}')")
        for _ in range(self.random.choice((1, 1, 3))):
            self._publish()
        self.session.query("ROLLBACK" if self.random.random() < 0.8 else "COMMIT")
        self.rest(0.05)

    def _publish(self):
        count = self.random.choice((1, 1, 4))
        identities = [f"n{self.number}-{next(self.made)}" for _ in range(count)]
        self.tried.update(identities)
        self.session.query("SAVEPOINT s")
        try:
            if count == 1:
                self.session.query("SELECT events.publish_now('now', '{}', id => $1, "
                                   "source => $2)", identities[0], SOURCE)
            else:
                self.session.query("SELECT * FROM events.publish_batch_now($1::jsonb)", json.dumps(
                    [{"specversion": "1.0", "type": "now", "source": SOURCE, "id": identity}
                     for identity in identities]))
            self.acknowledged.update(identities)
        except PgError as error:
            # who publishes for us was ended, or there was none; with 08007 it may be done
            if error.lost or error.sqlstate not in ("40000", "08007", "53000"):
                raise
            self.refused.append(error.sqlstate)
            if error.sqlstate != "08007":
                self.denied.update(identities)
            self.session.query("ROLLBACK TO SAVEPOINT s")


class Appender(Actor):
    """Version after version of a stream, if nobody else was faster."""

    def __init__(self, seed, number, stand, stop):
        super().__init__(seed, f"append/{number}", stand, stop)
        self.number, self.made, self.conflicts = number, 0, 0
        self.acknowledged = set()

    def step(self):
        stream = f"stream-{self.random.randrange(STREAMS)}"
        rows = self.session.query("SELECT position, data->>'version' FROM events.read_subject("
                                  "$1, $2) ORDER BY position DESC LIMIT 1", SOURCE, stream)
        position, version = (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)
        self.rest(0.01)
        self.made += 1
        identity = f"a{self.number}-{self.made}"
        try:
            self._append(stream, identity, position, version + 1)
        except PgError as error:
            if error.sqlstate != "40001":
                raise
            self.conflicts += 1
            self.session.query("ROLLBACK")
        self.rest(0.03)

    def _append(self, stream, identity, position, version):
        self.session.query("BEGIN")
        self.session.query(
            "SELECT events.publish('stream.grown', $1::jsonb, source => $2, subject => $3, "
            "id => $4, expected_position => $5)",
            json.dumps({"version": version, "after": position, "by": identity}), SOURCE, stream,
            identity, position)
        self.rest(0.01)
        if self.random.random() < 0.1:
            self.session.query("ROLLBACK")
            return
        self.session.query("COMMIT")
        self.acknowledged.add(identity)
