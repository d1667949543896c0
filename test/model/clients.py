# SPDX-License-Identifier: PostgreSQL
"""Clients of the randomised model test: readers that resume by their cursor until they have seen
the marker, which is the last event of a run.

Each keeps (cursor, id, type) of what it was given, and fails at once when cursors do not rise.
"""

import random
import threading

from harness import Refused, Reset, TailReader

MARKER = "marker.end"


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


class Client(threading.Thread):
    """A reader that resumes by its cursor, until it sees the marker."""

    def __init__(self, seed, number, transport, query, addresses, cursor):
        super().__init__(daemon=True)
        self.random = random.Random(f"{seed}/client/{number}")
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


class TailClient(threading.Thread):
    """`eventsd tail`, killed now and then, and begun anew after the last line that was read."""

    def __init__(self, seed, stand, cursor):
        super().__init__(daemon=True)
        self.random = random.Random(f"{seed}/tail")
        self.title, self.query = "tail", {}
        self.database, self.cursor = stand.database, cursor
        self.got, self.resumed, self.failure = [], 0, None
        self.quit = threading.Event()

    def run(self):
        # The process ends with the thread that has started it, so it is started here.
        reader = TailReader(self.database, after=self.cursor)
        try:
            while not self.quit.is_set() and not (self.got and self.got[-1][2] == MARKER):
                try:
                    event = reader.take(1, 1)[0]
                except TimeoutError:
                    continue
                self.got.append((event["sequence"], event["id"], event["type"]))
                if self.random.random() < 0.0005:
                    self.resumed += 1
                    reader.kill()
                    reader.resume()
        except Exception as error:
            self.failure = error
        finally:
            reader.close()
