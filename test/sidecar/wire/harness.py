#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Everything that a wire test needs, under one name; and a server to play with.

    from harness import *

gives the test the pieces of kit/ and the Stand: a private PostgreSQL with the
extension in database `app`, a role with the `relay` privilege, an eventsd on
free ports, and a session to publish from. One Stand serves the tests of a
file; each test names its own event types (`fresh()`), so that they do not see
each other's events.

    harness.py serve [--no-preload] [--plain] [--key=value ...]

starts a Stand, prints one line of JSON with its addresses and process ids, and
stays until its standard input ends or it gets a signal. The browser test and
the demo use that. Keys are settings of eventsd.

The extension must be installed in the server that pg_config (or $PG_CONFIG)
names; CREATE EXTENSION says so when it is not.
"""

import itertools
import json
import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from kit import eventsd as eventsd_module
from kit.asking import ACCEPTS, EMPTY_POLL, POST, WAYS, Asking, each, event_body, post_bytes
from kit.deadline import DEFAULT, Deadline, wait_until
from kit.eventsd import ROOT, Eventsd, run
from kit.http import Connection, ProtocolError, Response, fetch, post_json
from kit.postgres import Cluster, PgError, Session, is_running
from kit.pooler import Pooler
from kit.readers import (PATH, TRANSPORTS, FilterFailed, NdjsonReader, PollReader, Reset,
                         SseReader, WebSocketReader, query_string)
from kit.tail import TailReader
from kit.tap import Skip, at_end, closing, equal, main, note, one_of, test, true, watch
from kit.websocket import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, Refused,
                           WebSocket, frame, upgrade_headers)

watch(eventsd_module.check_all)
_numbers = itertools.count(1)


def fresh(word="wire"):
    """An event type that no other test uses."""
    return f"{word}.n{next(_numbers)}.p{os.getpid()}"


def start_of(event_type):
    """The topic path that a type of fresh() stands for."""
    return event_type.split(".")


class Stand(Asking):
    """A private PostgreSQL, an eventsd, and a session to publish from."""

    def __init__(self, preload=True, pg_settings=None, serve=True, **settings):
        self.cluster = Cluster(preload, pg_settings)
        self.eventsd = None
        try:
            self.sql = self.cluster.session()
            if serve:
                self.eventsd = Eventsd(self.database, **settings)
                self.caught_up()
        except BaseException:
            self.cluster.close()
            raise

    @property
    def database(self):
        """What eventsd is told to connect to."""
        return self.cluster.conninfo(user="relay")

    @property
    def address(self):
        return self.eventsd.address

    def another(self, **settings):
        """One more eventsd on the same database, for the running test."""
        eventsd = closing(Eventsd(settings.pop("database", self.database), **settings))
        self.caught_up(eventsd)
        return eventsd

    def reconnect(self):
        """A new session, as soon as a server that has crashed takes one."""
        def session():
            try:
                return self.cluster.session()
            except PgError:
                return None
        self.sql.close()
        self.sql = wait_until(session, "a session with PostgreSQL")

    def publish(self, event_type, data=None, topic=None, session=None):
        """Publishes and commits; returns the id."""
        if topic is None:
            return (session or self.sql).value("SELECT events.publish($1, $2::jsonb)",
                                               event_type, json.dumps(data))
        return (session or self.sql).value(
            "SELECT events.publish($1, $2::jsonb, topic => $3::text[])",
            event_type, json.dumps(data), pg_array(topic))

    def publish_many(self, event_type, count, first=0, size=0):
        """`count` events of {"n": first...} in one transaction."""
        self.sql.query("SELECT count(events.publish($1, jsonb_build_object('n', n, 'pad', "
                       "repeat('x', $4::int)))) "
                       "FROM generate_series($2::int, $3::int) n",
                       event_type, first, first + count - 1, size)

    def horizon(self):
        return int(self.sql.value("SELECT events.horizon()"))

    def epoch(self):
        return self.sql.value("SELECT epoch FROM events._relay_state()")

    def cursor(self, position=None):
        """The cursor of that position, or of the horizon."""
        return f"{self.epoch()}-{self.horizon() if position is None else position:019d}"

    def caught_up(self, eventsd=None):
        """Waits until eventsd has read all that is committed. (What it calls `latest` is what
        it has read, which is behind the table by a moment.)"""
        address, horizon = (eventsd or self.eventsd).address, self.horizon()

        def reached():
            answer = fetch(address, "GET", PATH + "?wait=0")
            return answer.status == 204 and position_of(answer.header("events-cursor")) >= horizon
        wait_until(reached, "eventsd has read all that is committed")

    def table(self, event_type):
        """What the table holds of that type, in order: [(position, id, data)]."""
        return [(int(position), identity, json.loads(data) if data else None)
                for position, identity, data in self.sql.query(
                    "SELECT position, id, data FROM events.event WHERE type = $1 "
                    "ORDER BY position", event_type)]

    def close(self):
        try:
            if self.eventsd is not None:
                self.eventsd.close()
        finally:
            self.sql.close()
            self.cluster.close()


def pg_array(elements):
    """A text[] literal."""
    return "{" + ",".join('"' + e.replace("\\", "\\\\").replace('"', '\\"') + '"'
                          for e in elements) + "}"


def position_of(cursor):
    return int(cursor.rpartition("-")[2])


def numbers(events):
    """The n of each event's data."""
    return [event["data"]["n"] for event in events]


def problem(response, status):
    """Checks that this is an error answer as the contract wants it; returns its document."""
    equal(response.status, status, f"status of {response}")
    true((response.header("content-type") or "").startswith("application/problem+json"),
         f"content type of {response}")
    document = response.json()
    equal(document.get("status"), status, "member status")
    true(document.get("title") and document.get("detail"), f"title and detail in {document}")
    return document


def ordered(events):
    """Checks that cursors rise."""
    cursors = [event["sequence"] for event in events]
    equal(cursors, sorted(set(cursors)), "cursors, in order and once each")
    return events


def _serve(arguments):
    preload, settings = True, {}
    for argument in arguments:
        if argument == "--no-preload":
            preload = False
        elif argument == "--plain":
            settings["plain"] = True
        else:
            key, _, value = argument.removeprefix("--").partition("=")
            settings[key.replace("-", "_")] = value
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    stand = Stand(preload, **settings)
    try:
        print(json.dumps({
            "url": f"http://{stand.address[0]}:{stand.address[1]}",
            "listen": "%s:%d" % stand.address,
            "admin": "%s:%d" % stand.eventsd.admin if stand.eventsd.admin else None,
            "port": stand.address[1],
            "eventsd_pid": stand.eventsd.pid,
            "postgres_pid": stand.cluster.process.pid,
            "pghost": stand.cluster.root,
            "dbname": "app",
            "database": stand.cluster.conninfo(),
            "relay_database": stand.database,
            "eventsd": [eventsd_module.binary(stand.eventsd.plain), "serve",
                        *eventsd_module.flags(stand.eventsd.settings)],
        }), flush=True)
        sys.stdin.read()
    finally:
        # Whoever plays with it may have killed eventsd: that is not our complaint.
        if stand.eventsd.running():
            stand.eventsd.stop()
        stand.sql.close()
        stand.cluster.close()


if __name__ == "__main__":
    if sys.argv[1:2] != ["serve"]:
        sys.exit("usage: harness.py serve [--no-preload] [--plain] [--key=value ...]")
    _serve(sys.argv[2:])
