# SPDX-License-Identifier: PostgreSQL
"""A private PostgreSQL server, and sessions with it through libpq.

The server lives in a temporary folder, listens on a Unix socket there and on
nothing else, and runs as user `postgres` when the tests run as root, since
PostgreSQL refuses root. It is our child, so that it ends with us: by stop(),
by atexit, or by the parent-death signal when we are killed.

fsync is off: these tests kill processes, not power, and what a process wrote
before it was killed the kernel still has.

A Session is one connection, for one thread. Results are lists of tuples of
text or None, as libpq gives them.
"""

import ctypes
import ctypes.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from .deadline import wait_until

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(number):
    """For preexec_fn: the kernel sends this signal when our parent's thread ends."""
    return lambda: _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def is_running(pid):
    """False for a process that is gone, or only waits for its parent to notice."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def pg_bindir():
    config = os.environ.get("PG_CONFIG") or shutil.which("pg_config") or "pg_config"
    return subprocess.run([config, "--bindir"], check=True, capture_output=True,
                          text=True).stdout.strip()


class PgError(Exception):
    """An error of the server (sqlstate set) or of the connection (lost)."""

    def __init__(self, message, sqlstate=None, lost=False):
        super().__init__(f"{message.strip()} ({sqlstate or 'no SQLSTATE'})")
        self.sqlstate = sqlstate
        self.lost = lost


def _load_libpq():
    pq = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
            ("PQconnectdb", pointer, [text]),
            ("PQstatus", ctypes.c_int, [pointer]),
            ("PQfinish", None, [pointer]),
            ("PQerrorMessage", text, [pointer]),
            ("PQbackendPID", ctypes.c_int, [pointer]),
            ("PQsetNoticeProcessor", pointer, [pointer, pointer, pointer]),
            ("PQexec", pointer, [pointer, text]),
            ("PQexecParams", pointer, [pointer, text, ctypes.c_int, pointer,
                                       ctypes.POINTER(text), pointer, pointer, ctypes.c_int]),
            ("PQputCopyData", ctypes.c_int, [pointer, text, ctypes.c_int]),
            ("PQputCopyEnd", ctypes.c_int, [pointer, text]),
            ("PQgetResult", pointer, [pointer]),
            ("PQresultStatus", ctypes.c_int, [pointer]),
            ("PQresultErrorField", text, [pointer, ctypes.c_int]),
            ("PQresultErrorMessage", text, [pointer]),
            ("PQntuples", ctypes.c_int, [pointer]),
            ("PQnfields", ctypes.c_int, [pointer]),
            ("PQgetisnull", ctypes.c_int, [pointer, ctypes.c_int, ctypes.c_int]),
            ("PQgetvalue", text, [pointer, ctypes.c_int, ctypes.c_int]),
            ("PQclear", None, [pointer])):
        function = getattr(pq, name)
        function.restype, function.argtypes = result, arguments
    return pq


_pq = _load_libpq()
_NO_NOTICES = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(lambda *_: None)


class Session:
    """One connection, for one thread."""

    def __init__(self, conninfo):
        self._conn = _pq.PQconnectdb(conninfo.encode())
        if _pq.PQstatus(self._conn) != 0:
            message = _pq.PQerrorMessage(self._conn).decode(errors="replace")
            self.close()
            raise PgError(message, lost=True)
        _pq.PQsetNoticeProcessor(self._conn, _NO_NOTICES, None)
        self.pid = _pq.PQbackendPID(self._conn)

    def query(self, sql, *params):
        """Runs one statement with parameters $1.., or a script when there are none."""
        if self._conn is None:
            raise PgError("session is closed", lost=True)
        if params:
            values = [None if p is None else str(p).encode() for p in params]
            array = (ctypes.c_char_p * len(values))(*values)
            result = _pq.PQexecParams(self._conn, sql.encode(), len(values), None, array,
                                      None, None, 0)
        else:
            result = _pq.PQexec(self._conn, sql.encode())
        try:
            return self._rows(result)
        finally:
            _pq.PQclear(result)

    def copy(self, sql, text):
        """COPY ... FROM STDIN with this text."""
        if self._conn is None:
            raise PgError("session is closed", lost=True)
        result = _pq.PQexec(self._conn, sql.encode())
        try:
            if _pq.PQresultStatus(result) != 4:     # PGRES_COPY_IN
                self._rows(result)
        finally:
            _pq.PQclear(result)
        data = text.encode()
        _pq.PQputCopyData(self._conn, data, len(data))
        _pq.PQputCopyEnd(self._conn, None)
        result = _pq.PQgetResult(self._conn)
        try:
            self._rows(result)
        finally:
            _pq.PQclear(result)
            # until there is none, the session is not ready for the next statement
            while (more := _pq.PQgetResult(self._conn)) is not None:
                _pq.PQclear(more)

    def _rows(self, result):
        # 1 = PGRES_COMMAND_OK, 2 = PGRES_TUPLES_OK
        if _pq.PQresultStatus(result) not in (1, 2):
            state = _pq.PQresultErrorField(result, ord("C"))
            raise PgError(_pq.PQresultErrorMessage(result).decode(errors="replace")
                          or _pq.PQerrorMessage(self._conn).decode(errors="replace"),
                          state.decode() if state else None,
                          # without SQLSTATE it is libpq's own word, not the server's
                          lost=state is None or _pq.PQstatus(self._conn) != 0)
        columns = range(_pq.PQnfields(result))
        return [tuple(None if _pq.PQgetisnull(result, row, column)
                      else _pq.PQgetvalue(result, row, column).decode()
                      for column in columns)
                for row in range(_pq.PQntuples(result))]

    def value(self, sql, *params):
        rows = self.query(sql, *params)
        return rows[0][0] if rows else None

    def close(self):
        if self._conn is not None:
            _pq.PQfinish(self._conn)
            self._conn = None


class Cluster:
    """A private server with the extension in database `app`."""

    def __init__(self, preload=True, settings=None):
        self.bindir = pg_bindir()
        self.owner = "postgres" if os.geteuid() == 0 else None
        self.root = tempfile.mkdtemp(prefix="events-wire-")
        self.data = os.path.join(self.root, "data")
        self.log = os.path.join(self.root, "server.log")
        self.process = None
        self._settings = {"listen_addresses": "", "unix_socket_directories": self.root,
                          "fsync": "off", "max_connections": "200", "shared_buffers": "32MB",
                          "max_prepared_transactions": "4", "log_min_messages": "warning",
                          "log_line_prefix": "%m [%p] %d "}
        if preload:
            self._settings.update({"shared_preload_libraries": "events",
                                   "events.databases": "app"})
        self._settings.update(settings or {})
        try:
            self._init()
        except BaseException:
            self.close()
            raise

    def _as_owner(self):
        if self.owner is None:
            return {}
        entry = pwd.getpwnam(self.owner)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _init(self):
        if self.owner:
            entry = pwd.getpwnam(self.owner)
            os.chown(self.root, entry.pw_uid, entry.pw_gid)
        os.chmod(self.root, 0o755)
        subprocess.run([f"{self.bindir}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
                        "-N", "-E", "UTF8", "--locale=C", "--no-instructions"], check=True,
                       stdout=subprocess.DEVNULL, cwd="/", **self._as_owner())
        self.configure()
        self.start()
        with_postgres = self.session("postgres")
        with_postgres.query("CREATE DATABASE app")
        with_postgres.query("CREATE ROLE relay LOGIN")
        with_postgres.close()
        app = self.session()
        app.query("CREATE EXTENSION events")
        app.query("SELECT events.grant_role('relay', 'relay')")
        app.close()

    def configure(self, **settings):
        """Writes the settings; call reload() or restart() to bring them into force."""
        self._settings.update({key.replace("__", "."): value for key, value in settings.items()})
        with open(os.path.join(self.data, "postgresql.auto.conf"), "w", encoding="utf-8") as file:
            for key, value in self._settings.items():
                quoted = value.replace("'", "''")
                file.write(f"{key} = '{quoted}'\n")

    def conninfo(self, dbname="app", user="postgres"):
        return f"host={self.root} dbname={dbname} user={user} connect_timeout=10"

    def session(self, dbname="app", user="postgres"):
        return Session(self.conninfo(dbname, user))

    def start(self, wait=True):
        """Starts the server; with wait, returns once it answers."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [f"{self.bindir}/postgres", "-D", self.data], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd="/", start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGQUIT), **self._as_owner())
        if wait:
            wait_until(self._answers, "PostgreSQL answers", 60)

    def _answers(self):
        if self.process.poll() is not None:
            raise RuntimeError("PostgreSQL ended:\n" + self.log_tail())
        try:
            self.session("postgres").close()
            return True
        except PgError:
            return False

    def log_tail(self, lines=15):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])

    def stop(self, mode="fast"):
        """Ends the server by `fast` or `immediate` shutdown."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if mode == "fast" else signal.SIGQUIT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(30)
        self.process = None

    def _children(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    def crash(self):
        """kill -9 of the postmaster and of each of its processes."""
        # stopped first, so that it starts no more of them
        self.process.send_signal(signal.SIGSTOP)
        children = self._children()
        self.process.kill()
        self.process.wait()
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: not any(is_running(pid) for pid in children),
                   "the server's processes are gone")
        self.process = None

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def close(self):
        self.stop("immediate")
        shutil.rmtree(self.root, ignore_errors=True)
