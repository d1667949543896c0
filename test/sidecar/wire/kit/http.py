# SPDX-License-Identifier: PostgreSQL
"""An HTTP/1.1 client on a bare socket.

It sends exactly the bytes it is told to, well formed or not, and reads
strictly: a malformed answer is an error of the test. A connection keeps what
it has read beyond one answer, so pipelined answers are read one by one.
"""

import json
import socket

from .deadline import Deadline


class ProtocolError(Exception):
    """The server sent something that HTTP or WebSocket does not allow."""


class Response:
    """Status, headers in order, and the body once it has been read."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        code, _, self.reason = rest.partition(" ")
        if version not in ("HTTP/1.1", "HTTP/1.0") or len(code) != 3 or not code.isdigit():
            raise ProtocolError(f"status line {lines[0]!r}")
        self.version, self.status = version, int(code)
        self.headers = []
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise ProtocolError(f"header line {line!r}")
            self.headers.append((name.lower(), value.strip()))
        self.body = b""

    def header(self, name, default=None):
        values = [value for key, value in self.headers if key == name.lower()]
        if len(values) > 1 and name.lower() in ("content-length", "content-type", "events-cursor"):
            raise ProtocolError(f"{name} is there {len(values)} times")
        return values[0] if values else default

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.headers} {self.body[:300]!r}>"


class Connection:
    """One TCP connection."""

    def __init__(self, address, seconds=None):
        self.address = address
        self._seconds = seconds
        self.sock = socket.create_connection(address, timeout=Deadline(seconds).left())
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.settimeout(Deadline(self._seconds, "send").left())
        self.sock.sendall(data)

    def request(self, method="GET", target="/", headers=(), body=None, version="HTTP/1.1"):
        """Sends a well-formed request."""
        lines = [f"{method} {target} {version}"]
        names = {name.lower() for name, _ in headers}
        if "host" not in names:
            lines.append(f"Host: {self.address[0]}:{self.address[1]}")
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join(lines) + "\r\n\r\n"
        self.send(head.encode("latin-1") + (body or b""))

    def _more(self, deadline):
        """Reads once into the buffer; False at the end of the stream."""
        self.sock.settimeout(deadline.left())
        try:
            data = self.sock.recv(65536)
        except socket.timeout as error:
            raise TimeoutError(f"{deadline.what}: nothing more within "
                               f"{deadline.seconds:g} s; have {self.buffer[-200:]!r}") from error
        self.buffer += data
        return bool(data)

    def _need(self, size, deadline):
        while len(self.buffer) < size:
            if not self._more(deadline):
                raise ConnectionError(f"{deadline.what}: the stream ended early, "
                                      f"after {self.buffer[-200:]!r}")

    def take(self, size, deadline):
        self._need(size, deadline)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def take_through(self, mark, deadline):
        """Bytes up to and with the mark, returned without it."""
        while mark not in self.buffer:
            if not self._more(deadline):
                raise ConnectionError(f"{deadline.what}: the stream ended early, "
                                      f"after {self.buffer[-200:]!r}")
        data, _, self.buffer = self.buffer.partition(mark)
        return data

    def at_end(self, seconds=None):
        """True when the server has closed; raises when it has not by the deadline,
        or when it sent something that nobody has read."""
        deadline = Deadline(seconds or self._seconds, "the server closes the connection")
        try:
            while self._more(deadline):
                pass
        except ConnectionResetError:
            return True
        if self.buffer:
            raise ProtocolError(f"bytes that nobody asked for: {self.buffer[:200]!r}")
        return True

    def head(self, seconds=None):
        """The head of the next answer; its body is still to be read."""
        deadline = Deadline(seconds or self._seconds, "response head")
        return Response(self.take_through(b"\r\n\r\n", deadline))

    def response(self, method="GET", seconds=None):
        """The next whole answer."""
        deadline = Deadline(seconds or self._seconds, "response")
        answer = self.head(seconds)
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            return answer
        answer.body = b"".join(self.body_parts(answer, deadline))
        return answer

    def body_parts(self, answer, deadline):
        """The body as it comes, by whatever way the head announced."""
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            if answer.header("content-length") is not None:
                raise ProtocolError("both Content-Length and Transfer-Encoding")
            yield from self._chunks(deadline)
        elif answer.header("content-length") is not None:
            size = int(answer.header("content-length"))
            if size:
                yield self.take(size, deadline)
        else:
            yield from self._until_end(deadline)

    def chunk(self, deadline):
        """The next chunk, b"" for the last. Takes nothing until all of it is there, so
        that a reader whose deadline has passed can ask again."""
        while b"\r\n" not in self.buffer:
            self._need(len(self.buffer) + 1, deadline)
        line = self.buffer.partition(b"\r\n")[0]
        size = int(line.partition(b";")[0], 16)
        start = len(line) + 2
        self._need(start + size + 2, deadline)
        data, mark = self.buffer[start:start + size], self.buffer[start + size:start + size + 2]
        if mark != b"\r\n":
            raise ProtocolError("a chunk does not end in CRLF, or there are trailers")
        self.buffer = self.buffer[start + size + 2:]
        return data

    def _chunks(self, deadline):
        while data := self.chunk(deadline):
            yield data

    def _until_end(self, deadline):
        while True:
            if self.buffer:
                data, self.buffer = self.buffer, b""
                yield data
            if not self._more(deadline):
                return


def fetch(address, method="GET", target="/", headers=(), body=None, seconds=None):
    """One request on a connection of its own."""
    connection = Connection(address, seconds)
    try:
        connection.request(method, target, [*headers, ("Connection", "close")], body)
        return connection.response(method)
    finally:
        connection.close()


def post_json(address, value, content_type="application/json", target="/v1/events", headers=()):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return fetch(address, "POST", target, [("Content-Type", content_type), *headers], body)
