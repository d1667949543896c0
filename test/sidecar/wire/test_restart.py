#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Restarts and kills of either server, and a change of server: a client that resumes by its
cursor has every event once, in order."""

import signal
import threading

from harness import *

stand = at_end(Stand(drain_time="2s"))


class Writer:
    """Publishes numbered events, one a transaction, through whatever happens to the server.

    A commit whose outcome is unknown is looked up in the table before the next one.
    """

    def __init__(self, kind):
        self.kind, self.number = kind, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        session = None
        while not self._stop.is_set():
            try:
                session = session or stand.cluster.session()
                if not session.value("SELECT 1 FROM events.event WHERE type = $1 AND "
                                     "data->>'n' = $2", self.kind, str(self.number)):
                    stand.publish(self.kind, {"n": self.number}, session=session)
                self.number += 1
            except PgError as error:
                if not error.lost and not (error.sqlstate or "").startswith("57"):
                    raise
                if session:
                    session.close()
                session = None
                self._stop.wait(0.02)
        if session:
            session.close()

    def after(self, more):
        """Waits until so many more are committed."""
        aim = self.number + more
        wait_until(lambda: self.number >= aim, f"{more} more events are published", 60)

    def close(self):
        self._stop.set()
        self._thread.join(30)


class Follower:
    """A reader that resumes whenever its connection ends; checks order as it goes."""

    def __init__(self, transport, kind, address):
        self.got, self._stop, self.failure = [], threading.Event(), None
        self.address = address
        self.reader = transport(address(), types=[kind], after=stand.cursor())
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._stop.is_set():
                try:
                    self.got += self.reader.take(1, 1)
                except TimeoutError:
                    continue
                except (ConnectionError, OSError):
                    self._resume()
                except Refused as refused:
                    if refused.response.status != 503:
                        raise
                    self._resume()
        except Exception as error:
            self.failure = error

    def _resume(self):
        while not self._stop.is_set():
            try:
                self.reader.resume(self.address(), 2)
                return
            except (ConnectionError, OSError):
                self._stop.wait(0.02)
            except Refused as refused:
                if refused.response.status != 503:
                    raise
                self._stop.wait(0.02)

    def has(self, count):
        if self.failure:
            raise self.failure
        return len(self.got) >= count

    def close(self):
        self._stop.set()
        self._thread.join(30)
        self.reader.close()


def through(disturb):
    """Writers and followers on all transports, while disturb() does its worst; then checks."""
    kind = fresh()
    followers = [closing(Follower(transport, kind, lambda: stand.address))
                 for transport in TRANSPORTS]
    writer = closing(Writer(kind))
    writer.after(20)
    disturb(writer)
    writer.after(20)
    writer.close()
    stand.reconnect()
    table = stand.table(kind)
    equal([data["n"] for _, _, data in table], list(range(len(table))), "the table")
    for follower in followers:
        wait_until(lambda f=follower: f.has(len(table)),
                   f"{follower.reader.name} has all {len(table)} events", 60)
        follower.close()
        equal(numbers(ordered(follower.got)), list(range(len(table))), follower.reader.name)


@test("restart_fast_of_postgresql_loses_and_repeats_nothing")
def _():
    through(lambda writer: (stand.cluster.stop("fast"), stand.cluster.start()))


@test("restart_immediate_of_postgresql_loses_and_repeats_nothing")
def _():
    through(lambda writer: (stand.cluster.stop("immediate"), stand.cluster.start()))


@test("restart_after_kill_9_of_postgresql_loses_and_repeats_nothing")
def _():
    through(lambda writer: (stand.cluster.crash(), stand.cluster.start()))


@test("restart_after_kill_9_of_one_backend_loses_and_repeats_nothing")
def _():
    def crash(_writer):
        victim = closing(stand.cluster.session())
        os.kill(victim.pid, signal.SIGKILL)
    through(crash)


@test("restart_after_kill_9_of_eventsd_loses_and_repeats_nothing")
def _():
    def crash(writer):
        for _ in range(3):
            stand.eventsd.kill()
            stand.eventsd.start()
            writer.after(10)
    through(crash)


@test("restart_of_eventsd_loses_and_repeats_nothing")
def _():
    def again(_writer):
        equal(stand.eventsd.stop(), 0, "exit status")
        stand.eventsd.check()
        stand.eventsd.start()
    through(again)


@test("restart_of_its_connections_loses_and_repeats_nothing")
def _():
    def cut(writer):
        for _ in range(5):
            session = stand.cluster.session("postgres")
            session.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE usename = 'relay'")
            session.close()
            writer.after(5)
    through(cut)


@test("restart_stream_survives_a_restart_of_postgresql_without_reconnecting")
def _():
    kind = fresh()
    readers = [closing(transport(stand.address, types=[kind]))
               for transport in (WebSocketReader, SseReader, NdjsonReader)]
    stand.publish(kind, {"n": 0})
    for reader in readers:
        reader.take(1)
    stand.sql.close()
    stand.cluster.restart()
    stand.reconnect()
    stand.publish(kind, {"n": 1})
    for reader in readers:
        equal(numbers(reader.take(1)), [1], reader.name)


@each("goes_on_at_another_instance_by_its_cursor")
def _(transport):
    other = stand.another()
    kind, total = fresh(), 60
    reader = closing(transport(stand.address, types=[kind]))
    writer = threading.Thread(target=lambda: [stand.publish(kind, {"n": n})
                                              for n in range(total)])
    writer.start()
    got = []
    for turn in range(total // 5):
        got += reader.take(5)
        reader.resume((other.address, stand.address)[turn % 2])
    writer.join()
    equal(numbers(ordered(got)), list(range(total)))


@test("restart_cursor_ahead_of_a_lagging_instance_is_waited_for_not_refused")
def _():
    # Another instance may have given out a position that this one has not read yet.
    other = stand.another()
    kind = fresh()
    for number in range(30):
        stand.publish(kind, {"n": number})
        cursor = stand.cursor()
        for eventsd in (other, stand.eventsd):
            answer = fetch(eventsd.address, "GET",
                           PATH + query_string(after=cursor, wait=0, types=[kind]))
            equal(answer.status, 204, f"{answer}")
            true(answer.header("events-cursor") >= cursor, "the cursor does not go back")


if __name__ == "__main__":
    main()
