# SPDX-License-Identifier: PostgreSQL
"""The four ways of delivery behind one shape.

A reader is opened with the query of the contract (after, since, topics, topic,
types) and then asked for events. It keeps the cursor of the last one it has
handed out, so resume() opens it anew from there, at the same address or at
another one. An answer other than a stream raises Refused; the end of a
stream raises ConnectionError.
"""

import json
import math
import time
from urllib.parse import quote

from .deadline import DEFAULT, Deadline
from .http import Connection, ProtocolError
from .websocket import Closed, Refused, WebSocket

PATH = "/v1/events"


def query_string(**parameters):
    """The query of the contract; lists of topics become JSON, repeated topics repeat."""
    parts = []
    for name, value in parameters.items():
        if value is None:
            continue
        if name == "topics":
            value = json.dumps(value)
        if name == "types" and not isinstance(value, str):
            value = ",".join(value)
        for item in value if isinstance(value, (list, tuple)) else [value]:
            parts.append(f"{name}={quote(str(item), safe='')}")
    return "?" + "&".join(parts) if parts else ""


class Reset(ConnectionError):
    """A stream was ended because its cursor is no longer good."""


class FilterFailed(ConnectionError):
    """A filter passed a limit on an event; `cursor` leaves that event out."""

    def __init__(self, problem):
        super().__init__(f"{problem}")
        self.cursor = problem["cursor"]


class Reader:
    """What the four have in common."""

    name = None

    def __init__(self, address, seconds=None, **query):
        self.address, self.query, self._seconds = address, query, seconds
        self.cursor = query.get("after")
        self.connection = None
        self.events = []
        self._open()

    def _target(self, **more):
        return PATH + query_string(**{**self.query, **more})

    def take(self, count, seconds=None):
        """Exactly the next `count` events."""
        deadline = Deadline(seconds or self._seconds, f"{count} events by {self.name}")
        got = []
        while len(got) < count:
            try:
                got.append(self._next(deadline))
            except TimeoutError as error:
                raise TimeoutError(f"{error}; has {len(got)} of {count}, "
                                   f"the last {got[-1] if got else None}") from error
        return got

    def until(self, wanted, seconds=None):
        """Events up to and with the first for which wanted(event) is true."""
        deadline = Deadline(seconds or self._seconds, f"an event by {self.name}")
        got = []
        while not got or not wanted(got[-1]):
            try:
                got.append(self._next(deadline))
            except TimeoutError as error:
                raise TimeoutError(f"{error}; has {len(got)} events, "
                                   f"the last {got[-1] if got else None}") from error
        return got

    def _note(self, event):
        self.cursor = event["sequence"]
        return event

    def resume(self, address=None, seconds=None):
        """Opens anew from the cursor; the contract's own way of doing so per transport."""
        self.close()
        self.address = address or self.address
        if self.cursor is not None:
            self._go_on()
        deadline = Deadline(seconds or self._seconds, f"{self.name} opens again")
        while True:
            try:
                self._open()
                return self
            except (ConnectionError, OSError) as error:
                if deadline.passed() or isinstance(error, TimeoutError):
                    raise
            except Refused as error:
                if error.response.status != 503 or deadline.passed():
                    raise
            time.sleep(0.05)

    def _go_on(self):
        """Changes the query so that it begins after the cursor."""
        self.query = {key: value for key, value in self.query.items() if key != "since"}
        self.query["after"] = self.cursor

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class WebSocketReader(Reader):
    """Events are the messages that carry `specversion`, but for the session's first."""

    name = "websocket"

    def _open(self):
        self.connection = WebSocket(self.address, self._target(), seconds=self._seconds)
        self.session = self.connection.json()
        if self.session.get("type") != "WebSessionStarted":
            raise ProtocolError(f"the first message is {self.session}")

    def _next(self, deadline):
        while True:
            message = self.connection.json(deadline.left())
            if "specversion" in message:
                return self._note(message)
            if message.get("code") == "filter_failed":
                raise FilterFailed(message)
            if message.get("code") == "reset":
                raise Reset(f"WebSocket: {message}")
            if message.get("type") == "error":
                raise ConnectionError(f"WebSocket error message {message}")


class _Stream(Reader):
    """A response whose body does not end; lines of it, as they come."""

    accept = None

    def _headers(self):
        return [("Accept", self.accept)]

    def _open(self):
        self.connection = Connection(self.address, self._seconds)
        self.connection.request("GET", self._target(), self._headers())
        self.response = self.connection.head()
        deadline = Deadline(self._seconds, f"{self.name} refusal")
        if self.response.status != 200:
            if self.response.status not in (204, 304):
                parts = self.connection.body_parts(self.response, deadline)
                self.response.body = b"".join(parts)
            raise Refused(self.response)
        self._text = b""
        if (self.response.header("transfer-encoding") or "").lower() != "chunked":
            raise ProtocolError(f"a stream on HTTP/1.1 is chunked: {self.response}")

    def _line(self, deadline):
        """The next line of the body, without its end."""
        while b"\n" not in self._text:
            data = self.connection.chunk(deadline)
            if not data:
                raise ConnectionError(f"{self.name}: the stream ended")
            self._text += data
        line, _, self._text = self._text.partition(b"\n")
        return line.removesuffix(b"\r")


class SseReader(_Stream):
    """Server-sent events, by the parsing rules of the HTML standard."""

    name = "sse"
    accept = "text/event-stream"

    def _open(self):
        self.comments = 0
        self.retry = None
        self.last_id = None
        super()._open()

    def _headers(self):
        headers = super()._headers()
        if self.query.get("last_event_id"):
            headers.append(("Last-Event-ID", self.query["last_event_id"]))
        return headers

    def _target(self, **more):
        query = {k: v for k, v in {**self.query, **more}.items() if k != "last_event_id"}
        return PATH + query_string(**query)

    def _go_on(self):
        """As a browser does: the URL of the beginning, and Last-Event-ID."""
        self.query["last_event_id"] = self.cursor

    def _next(self, deadline):
        while True:
            name, data, identity = self.block(deadline)
            if name == "reset":
                raise Reset(f"SSE: {data}")
            if name == "error":
                raise FilterFailed(json.loads(data))
            if data is None:
                # a comment, or an id alone, which moves the cursor over what was not wanted
                self.cursor = identity or self.cursor
                continue
            event = json.loads(data)
            if identity is not None and identity != event.get("sequence"):
                raise ProtocolError(f"id {identity} but sequence {event.get('sequence')}")
            return self._note(event)

    def block(self, deadline):
        """What stands before the next empty line: (event's name, data, id), None if absent."""
        name, data, identity = None, None, None
        while True:
            line = self._line(deadline).decode("utf-8")
            if line == "":
                return name, data, identity
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "":
                self.comments += 1
            elif field == "event":
                name = value
            elif field == "data":
                data = value if data is None else data + "\n" + value
            elif field == "id":
                identity = self.last_id = value
            elif field == "retry":
                self.retry = int(value)


class NdjsonReader(_Stream):
    """One JSON text a line; empty lines keep the connection alive."""

    name = "ndjson"
    accept = "application/x-ndjson"

    def _next(self, deadline):
        while True:
            line = self._line(deadline)
            if line:
                event = json.loads(line)
                if "specversion" in event:
                    return self._note(event)
                if "error" in event:
                    raise FilterFailed(event["error"])


class PollReader(Reader):
    """Long polls, one after the other, on one connection while it lives."""

    name = "longpoll"
    wait = 5

    def _open(self):
        self._batch = []
        self._poll(0)

    def _ask(self, wait):
        """One request and its answer, which has a time of its own: half an answer, or one that
        is still to come, would be taken for that of the next request."""
        if self.connection is None:
            self.connection = Connection(self.address, self._seconds)
        try:
            self.connection.request("GET", self._target(wait=wait),
                                    [("Accept", "application/json")])
            answer = self.connection.response(seconds=wait + (self._seconds or DEFAULT))
        except OSError:
            self.close()
            raise
        if (answer.header("connection") or "").lower() == "close":
            self.close()
        return answer

    def _poll(self, wait):
        """One poll; its events go to the batch, its cursor is where the next begins."""
        self.answer = self._ask(wait)
        if self.answer.status == 422:
            raise FilterFailed(self.answer.json())
        if self.answer.status not in (200, 204):
            raise Refused(self.answer)
        if not self.answer.header("events-cursor"):
            raise ProtocolError(f"no Events-Cursor in {self.answer}")
        self.query.pop("since", None)
        self.query["after"] = self.answer.header("events-cursor")
        if self.answer.status == 200:
            self._batch += self.answer.json()
        else:
            self.cursor = self.query["after"]

    def _next(self, deadline):
        while not self._batch:
            self._poll(min(self.wait, math.ceil(deadline.left())))
        return self._note(self._batch.pop(0))


TRANSPORTS = (WebSocketReader, SseReader, NdjsonReader, PollReader)
__all__ = ["TRANSPORTS", "WebSocketReader", "SseReader", "NdjsonReader", "PollReader",
           "Refused", "Closed", "FilterFailed", "Reset", "query_string", "PATH"]
