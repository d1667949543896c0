# SPDX-License-Identifier: PostgreSQL
"""A pooler in transaction mode, as unkind as one may be: each transaction of a client runs in
another session than the one before.

It knows just enough of the protocol to find the ends of messages: the startup packet, Sync and
Query of the client, ReadyForQuery of the server.
"""

import socket
import struct
import threading

SESSIONS = 2
ENCRYPTION = (80877103, 80877104)


def _exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError("the other side is gone")
        data += more
    return data


def _message(sock):
    """(type, the whole message)."""
    head = _exactly(sock, 5)
    return head[:1], head + _exactly(sock, struct.unpack("!i", head[1:])[0] - 4)


class Pooler:
    """Listens on a free port; `path` is the socket of the server."""

    def __init__(self, path):
        self.path = path
        self.switches = 0
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def conninfo(self, dbname="app", user="relay"):
        return f"host=127.0.0.1 port={self.port} dbname={dbname} user={user} sslmode=disable"

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        servers = []
        self._open.append(client)
        try:
            startup = self._startup(client)
            for number in range(SESSIONS):
                servers.append(self._session(startup, client if number == 0 else None))
            while True:
                self._transaction(client, servers[0])
                servers.append(servers.pop(0))
                self.switches += 1
        except OSError:
            pass
        finally:
            for sock in (client, *servers):
                sock.close()

    @staticmethod
    def _startup(client):
        while True:
            head = _exactly(client, 4)
            packet = head + _exactly(client, struct.unpack("!i", head)[0] - 4)
            if struct.unpack("!i", packet[4:8])[0] not in ENCRYPTION:
                return packet
            client.sendall(b"N")

    def _session(self, startup, client):
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.path)
        self._open.append(server)
        server.sendall(startup)
        self._answer(server, client)
        return server

    @staticmethod
    def _answer(server, client):
        """Passes messages on up to ReadyForQuery; True when no transaction is open."""
        while True:
            kind, message = _message(server)
            if client is not None:
                client.sendall(message)
            if kind == b"Z":
                return message[5:6] == b"I"

    def _transaction(self, client, server):
        while True:
            while True:
                kind, message = _message(client)
                server.sendall(message)
                if kind in (b"S", b"Q"):
                    break
                if kind == b"X":
                    raise ConnectionError("the client says goodbye")
            if self._answer(server, client):
                return

    def close(self):
        self._listener.close()
        for sock in self._open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
