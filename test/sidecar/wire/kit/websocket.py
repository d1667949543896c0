# SPDX-License-Identifier: PostgreSQL
"""RFC 6455 from the client's side, small, and able to break every rule.

The reading half is strict: a masked, reserved or fragmented control frame from
the server, or text that is not UTF-8, is an error of the test.
"""

import base64
import hashlib
import json
import os
import struct

from .deadline import Deadline
from .http import Connection, ProtocolError

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    """The server answered the request with something other than a stream."""

    def __init__(self, response):
        super().__init__(repr(response))
        self.response = response


class Closed(ConnectionError):
    """The server sent a close frame."""

    def __init__(self, code, reason):
        super().__init__(f"WebSocket closed: {code} {reason!r}")
        self.code, self.reason = code, reason


def frame(opcode, payload=b"", fin=True, mask=True, reserved=0, length=None):
    """The bytes of one frame. `length` lies about the payload's length."""
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + xor(payload, key)


def xor(payload, key):
    """The payload under the mask."""
    if not payload:
        return b""
    whole = (key * (len(payload) // 4 + 1))[:len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(
        len(payload), "big")


def upgrade_headers(key=None, protocols=(), extra=()):
    headers = [("Connection", "Upgrade"), ("Upgrade", "websocket"),
               ("Sec-WebSocket-Version", "13"),
               ("Sec-WebSocket-Key", key or base64.b64encode(os.urandom(16)).decode())]
    if protocols:
        headers.append(("Sec-WebSocket-Protocol", ", ".join(protocols)))
    return [*headers, *extra]


class WebSocket(Connection):
    """One WebSocket connection; raises Refused when the handshake is answered otherwise."""

    def __init__(self, address, target="/v1/events", protocols=(), extra=(), seconds=None,
                 early=b""):
        super().__init__(address, seconds)
        key = base64.b64encode(os.urandom(16)).decode()
        try:
            self.request("GET", target, upgrade_headers(key, protocols, extra))
            if early:
                self.send(early)
            self.handshake = self.head()
            if self.handshake.status != 101:
                deadline = Deadline(seconds, "refusal")
                self.handshake.body = b"".join(self.body_parts(self.handshake, deadline))
                raise Refused(self.handshake)
            self._check(key)
        except BaseException:
            self.close()
            raise
        self.protocol = self.handshake.header("sec-websocket-protocol")
        self.pongs = []
        self.pings = 0
        self.answers_pings = True

    def _check(self, key):
        digest = hashlib.sha1(key.encode() + _GUID).digest()
        accept = base64.b64encode(digest).decode()
        if self.handshake.header("sec-websocket-accept") != accept:
            raise ProtocolError("Sec-WebSocket-Accept is wrong")

    def send_frame(self, opcode, payload=b"", **options):
        self.send(frame(opcode, payload, **options))

    def send_json(self, value):
        self.send_frame(TEXT, json.dumps(value).encode())

    def read_frame(self, deadline):
        first, second = self.take(2, deadline)
        if first & 0x70:
            raise ProtocolError("reserved bits are set")
        if second & 0x80:
            raise ProtocolError("the server masks its frames")
        size = second & 0x7F
        if first & 0x08 and (size > 125 or not first & 0x80):
            raise ProtocolError("a control frame is long or fragmented")
        if size == 126:
            size = struct.unpack(">H", self.take(2, deadline))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8, deadline))[0]
        return bool(first & 0x80), first & 0x0F, self.take(size, deadline)

    def message(self, seconds=None):
        """The next text message; pings are answered, pongs collected, a close raises."""
        deadline = Deadline(seconds or self._seconds, "WebSocket message")
        parts = []
        while True:
            fin, opcode, payload = self.read_frame(deadline)
            if opcode in (CLOSE, PING, PONG):
                self._control(opcode, payload)
                continue
            if opcode != (CONTINUATION if parts else TEXT):
                raise ProtocolError(f"unexpected opcode {opcode}")
            parts.append(payload)
            if fin:
                return b"".join(parts).decode("utf-8")

    def _control(self, opcode, payload):
        if opcode == PING:
            self.pings += 1
            if self.answers_pings:
                self.send_frame(PONG, payload)
        elif opcode == PONG:
            self.pongs.append(payload)
        else:
            code = struct.unpack(">H", payload[:2])[0] if payload else None
            raise Closed(code, payload[2:].decode("utf-8"))

    def json(self, seconds=None):
        return json.loads(self.message(seconds))

    def closed(self, seconds=None):
        """Reads on to the close frame, keeps its reason and returns its code."""
        deadline = Deadline(seconds or self._seconds, "close frame")
        try:
            while True:
                self.message(deadline.left())
        except Closed as end:
            self.reason = end.reason
            return end.code

    def pong(self, seconds=None):
        """The payload of the next pong."""
        deadline = Deadline(seconds or self._seconds, "pong")
        while not self.pongs:
            _, opcode, payload = self.read_frame(deadline)
            if opcode in (CLOSE, PING, PONG):
                self._control(opcode, payload)
        return self.pongs.pop(0)
