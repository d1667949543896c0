# SPDX-License-Identifier: PostgreSQL
"""What several test files ask of an eventsd: raw requests, the four ways of delivery, sessions.

Asking is a part of the Stand (harness.py), which knows the address; each() registers a test once
for each way of delivery.
"""

import json

from kit.deadline import Deadline
from kit.http import Connection
from kit.readers import PATH, TRANSPORTS
from kit.tap import closing, equal, one_of, test
from kit.websocket import Refused, WebSocket

ACCEPTS = {"sse": "text/event-stream", "ndjson": "application/x-ndjson",
           "longpoll": "application/json"}
WAYS = ("websocket", *ACCEPTS)

EMPTY_POLL = b"GET /v1/events?wait=0 HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def each(name):
    """Registers the test once for each way of delivery."""
    def register(function):
        for transport in TRANSPORTS:
            test(f"{transport.name}_{name}")(lambda t=transport: function(t))
        return function
    return register


def event_body(kind):
    return json.dumps({"specversion": "1.0", "id": kind, "source": "/wire", "type": kind}).encode()


def post_bytes(body, extra=b""):
    return POST + b"Content-Length: %d\r\n%s\r\n" % (len(body), extra) + body


class Asking:
    """Requests to `self.address`."""

    def talk(self, data, method="GET"):
        """Sends these bytes; returns the connection and the first answer."""
        connection = closing(Connection(self.address))
        connection.send(data)
        return connection, connection.response(method)

    def serves(self, data, *statuses):
        _, answer = self.talk(data)
        one_of(answer.status, statuses, f"{data[:120]!r} -> {answer}")
        return answer

    def session(self, query="", protocols=(), skip_first=True, **options):
        """A WebSocket for the running test, past its first message."""
        socket = closing(WebSocket(self.address, PATH + query, protocols, **options))
        if skip_first:
            equal(socket.json().get("type"), "WebSessionStarted", "first message")
        return socket

    def ask(self, way, query, headers=(), eventsd=None):
        """The refusal, or None when a stream or an upgrade began."""
        address = eventsd.address if eventsd else self.address
        if way == "websocket":
            try:
                WebSocket(address, PATH + query).close()
            except Refused as refused:
                return refused.response
            return None
        connection = Connection(address)
        try:
            connection.request("GET", PATH + query, [("Accept", ACCEPTS[way]), *headers])
            if way == "longpoll":
                return connection.response()
            answer = connection.head()
            if answer.status == 200:
                return None
            answer.body = b"".join(connection.body_parts(answer, Deadline()))
            return answer
        finally:
            connection.close()
