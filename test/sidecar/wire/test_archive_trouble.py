#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""export, import and replay while sessions end, servers crash, lag or hang, and nobody reads: what
arrives is whole, what cannot go on says so, and a signal always ends it."""

import concurrent.futures
import socket
import subprocess
import tempfile

from harness import *
from kit.eventsd import binary, complain_of_sanitizers, environment
from kit.postgres import end_with_parent

EVENTS = 3000   # of a kilobyte: more than pipes and sockets hold
LOSSES = 5

stand = at_end(Stand(serve=False))
folder = tempfile.TemporaryDirectory()
threads = concurrent.futures.ThreadPoolExecutor()
targets = itertools.count(1)


def publish(session, count):
    session.query("SELECT count(events.publish('trouble.n' || n % 2, jsonb_build_object('n', n,"
                  " 'pad', repeat('x', 1000)))) FROM generate_series(1, $1::int) AS n", count)


publish(stand.sql, EVENTS)
whole = run("export", "--database", stand.database).stdout.encode()
lines = whole.splitlines(keepends=True)
file_of_whole = os.path.join(folder.name, "whole")
with open(file_of_whole, "wb") as whole_file:
    whole_file.write(whole)


def database(name="app"):
    return stand.cluster.conninfo(name, "postgres")


def new_target():
    """Another database with the extension; its name and a session."""
    name = f"target{next(targets)}"
    ask(f"CREATE DATABASE {name}")
    session = closing(stand.cluster.session(name))
    session.query("CREATE EXTENSION events")
    return name, session


def ask(sql, *parameters):
    """In a session of its own: others may be in a transaction, or gone."""
    session = stand.cluster.session("postgres")
    try:
        return session.value(sql, *parameters)
    finally:
        session.close()


def pid_of(purpose, condition="true"):
    """The session of a command, if there is one like this."""
    return ask("SELECT min(pid) FROM pg_stat_activity WHERE application_name = 'eventsd ' || $1"
               f" AND {condition}", purpose)


def wait_for_lock(purpose):
    return wait_until(lambda: pid_of(purpose, "wait_event_type = 'Lock'"), f"{purpose} waits")


def end_session(pid):
    ask("SELECT pg_terminate_backend($1)", pid)


class Lock:
    """Nobody else opens the table until it is released."""

    def __init__(self, table, name="app"):
        self.session = closing(stand.cluster.session(name))
        self.session.query("BEGIN")
        self.session.query(f"LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE")

    def release(self):
        self.session.query("ROLLBACK")


class Command:
    """A command that runs; what it prints is not read before it is asked for."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL):
        self.process = subprocess.Popen([binary(), *arguments], bufsize=0, stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=environment(),
                                        preexec_fn=end_with_parent(signal.SIGKILL))
        self._first = b""
        self._rest = None

    def begun(self):
        """It has printed an event, and is in the middle of the others."""
        self._first = self.process.stdout.readline()
        true(self._first, "the first event")
        return self

    def drain(self):
        self._rest = threads.submit(self.process.communicate)
        return self

    def stop(self):
        """The signal; it has to end although nothing moves."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def end(self, status):
        """(what it printed, what it said)."""
        rest, said = (self._rest or self.drain()._rest).result(DEFAULT)
        said = said.decode()
        complain_of_sanitizers(said.splitlines())
        equal(self.process.returncode, status, f"exit status; {said}")
        return self._first + rest, said

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def command(*arguments, **options):
    return closing(Command(*arguments, **options))


def in_the_middle(*arguments, name="app"):
    """A command in the midst of a statement, which waits; and the lock for which it does."""
    running = command(*arguments).begun()
    lock = Lock("events.event", name)
    running.drain()
    wait_for_lock(arguments[0])
    return running, lock


WALKS = (["export", "--database", stand.database],
         ["replay", "--database", stand.database, "--to", "stdout"])


# ---- lost connections

@test("walks_are_whole_over_a_session_that_is_ended")
def _():
    for arguments in WALKS:
        running, lock = in_the_middle(*arguments)
        end_session(pid_of(arguments[0]))
        lock.release()
        true(running.end(0)[0] == whole, f"{arguments[0]} is whole")


@test("walks_are_whole_over_a_restart_that_takes_longer_than_connecting_may")
def _():
    for arguments in WALKS:
        running, _ = in_the_middle(*arguments, "--connect-timeout", "100ms")
        stand.cluster.restart()
        printed, said = running.end(0)
        true(printed == whole, f"{arguments[0]} is whole; {said}")
        true("the connection was lost" in said, said)
    stand.reconnect()


@test("import_is_whole_over_a_crash")
def _():
    name, session = new_target()
    lock = Lock("events.imported", name)
    running = command("import", "--database", database(name), "--connect-timeout", "100ms",
                      file_of_whole)
    wait_for_lock("import")
    stand.cluster.crash()
    stand.cluster.start()
    running.end(0)
    session = closing(stand.cluster.session(name))
    equal(session.value("SELECT count(*) FROM events.event"), str(EVENTS))
    stand.reconnect()


def end_each_session(running, purpose):
    """Ends every session that comes to wait for a lock; how many."""
    ended = set()

    def look():
        pid = pid_of(purpose, "wait_event_type = 'Lock'")
        if pid and pid not in ended:
            ended.add(pid)
            end_session(pid)
        return running.process.poll() is not None
    wait_until(look, f"{purpose} gives up")
    return len(ended)


@test("export_gives_up_where_its_session_is_lost_again_and_again")
def _():
    partition = stand.sql.value("SELECT tableoid::regclass FROM events.event LIMIT 1")
    running = command(*WALKS[0]).begun()
    # the export reads this partition, so the lock comes when its session has ended
    locking = threads.submit(Lock, partition)
    wait_until(lambda: ask("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0", "it waits")
    end_session(pid_of("export"))
    running.drain()
    lock = locking.result(DEFAULT)
    true(LOSSES - 2 < end_each_session(running, "export") <= LOSSES, "a few times")
    printed, said = running.end(1)
    lock.release()
    true("at the same place" in said and "interrupted after" in said, said)
    rest = run(*WALKS[0], "--after", said.split()[-1]).stdout.encode()
    true(printed + rest == whole, "it goes on after the cursor that it tells")


@test("import_gives_up_where_its_session_is_lost_again_and_again")
def _():
    name, session = new_target()
    lock = Lock("events.imported", name)
    running = command("import", "--database", database(name), file_of_whole)
    equal(end_each_session(running, "import"), LOSSES)
    _, said = running.end(1)
    lock.release()
    true("at the same place" in said and f"lines 1 to {EVENTS}" in said, said)
    equal(session.value("SELECT count(*) FROM events.event"), "0")


@test("walks_do_not_go_on_in_a_database_that_is_behind")
def _():
    name, ahead = new_target()
    other, behind = new_target()
    publish(ahead, EVENTS)
    publish(behind, 10)
    behind.query("UPDATE events.epoch SET name = $1", ahead.value("SELECT name FROM events.epoch"))
    running, lock = in_the_middle("export", "--database", database(name), name=name)
    # as a standby that lagged takes the place of its primary
    ask(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    end_session(pid_of("export"))
    for session in (lock.session, ahead, behind):
        session.close()
    wait_until(lambda: ask("SELECT count(*) FROM pg_stat_activity WHERE datname IN ($1, $2)",
                           name, other) == "0", "nobody is connected")
    ask(f"ALTER DATABASE {name} RENAME TO former_{name}")
    ask(f"ALTER DATABASE {other} RENAME TO {name}")
    _, said = running.end(1)
    true("in the future" in said and "interrupted after" in said, said)


@test("connections_notice_a_server_that_vanished")
def _():
    pooler = closing(Pooler(f"{stand.cluster.root}/.s.PGSQL.5432"))
    running = command("import", "--database", pooler.conninfo(user="postgres"), "-",
                      stdin=subprocess.PIPE)
    wait_until(lambda: pid_of("import"), "it is connected")
    jiffies = wait_until(lambda: keepalive_timer(pooler.port), "keepalives")
    true(jiffies <= 30 * 100, f"the first one after {jiffies / 100} s")
    running.stop()
    running.end(1)


def keepalive_timer(port):
    """When a keepalive is sent to this port, in 1/100 s; None if none is."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        for line in itertools.islice(file, 1, None):
            _, _, remote, state, _, timer = line.split()[:6]
            active, when = timer.split(":")
            if remote == f"0100007F:{port:04X}" and state == "01" and active == "02":
                return int(when, 16)
    return None


# ---- signals

@test("commands_that_are_interrupted_while_they_connect_say_so")
def _():
    for arguments in (["export"], ["replay", "--to", "stdout"], ["import", file_of_whole]):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(DEFAULT)
            running = command(*arguments, "--connect-timeout", "1s", "--database",
                              "host=127.0.0.1 port=%d" % server.getsockname()[1])
            with server.accept()[0]:
                running.stop()
        true("not finished" in running.end(1)[1], arguments[0])


@test("walks_that_wait_for_the_server_end_at_a_signal")
def _():
    for arguments in WALKS:
        running, lock = in_the_middle(*arguments)
        running.stop()
        printed, said = running.end(1)
        lock.release()
        rest = run(*arguments, "--after", said.split()[-1]).stdout.encode()
        true(printed + rest == whole, f"{arguments[0]} goes on after the cursor; {said}")


@test("replay_whose_reader_does_not_read_ends_at_a_signal")
def _():
    running = command(*WALKS[1]).begun()
    wait_until(lambda: pid_of("replay", "wait_event = 'ClientWrite'"), "nothing moves")
    running.stop()
    printed, said = running.end(1)
    cursor = said.split()[-1]
    rest = run(*WALKS[1], "--after", cursor).stdout.encode()
    true(whole.endswith(rest) and whole.startswith(printed), "all of it is of the history")
    true(len(printed) + len(rest) >= len(whole), "nothing is missed")


@test("export_whose_reader_does_not_read_ends_at_a_signal")
def _():
    running = command(*WALKS[0]).begun()
    wait_until(lambda: pid_of("export", "wait_event = 'ClientWrite'"), "nothing moves")
    running.stop()
    printed, said = running.end(1)
    true(whole.startswith(printed), "all of it is of the history")
    true("nobody read" in said, said)
    last = json.loads(printed[:printed.rindex(b"\n")].splitlines()[-1])
    rest = run(*WALKS[0], "--after", last["sequence"]).stdout.encode()
    true(whole.endswith(rest), "all of the rest")
    true(len(printed) + len(rest) >= len(whole), "nothing is missed")


@test("walks_that_wait_for_a_server_to_come_back_end_at_a_signal")
def _():
    running, _ = in_the_middle(*WALKS[0])
    stand.cluster.stop()
    try:
        running.stop()
        printed, said = running.end(1)
    finally:
        stand.cluster.start()
        stand.reconnect()
    rest = run(*WALKS[0], "--after", said.split()[-1]).stdout.encode()
    true(printed + rest == whole, said)


@test("import_that_waits_for_the_server_ends_at_a_signal")
def _():
    name, session = new_target()
    lock = Lock("events.imported", name)
    running = command("import", "--database", database(name), file_of_whole)
    wait_for_lock("import")
    running.stop()
    true("not finished" in running.end(1)[1], "it says so")
    lock.release()
    equal(run("import", "--database", database(name), file_of_whole).returncode, 0)
    equal(session.value("SELECT count(*) FROM events.event"), str(EVENTS))


class Feed:
    """Gives a process lines for as long as it takes them."""

    def __init__(self, pipe):
        self._given = self._seen = 0
        threads.submit(self._give, pipe)

    def _give(self, pipe):
        while True:     # until there is nobody who reads
            self._given += pipe.write(lines[0])

    def has_stalled(self):
        """Has it taken nothing since the last look?"""
        before, self._seen = self._seen, self._given
        return 0 < before == self._seen


@test("import_whose_lines_the_server_does_not_take_ends_at_a_signal")
def _():
    name, _ = new_target()
    running = command("import", "--database", database(name), "-", stdin=subprocess.PIPE)
    pid = int(wait_until(lambda: pid_of("import", "state = 'idle'"), "it is connected"))
    os.kill(pid, signal.SIGSTOP)
    try:
        feed = Feed(running.process.stdin)
        wait_until(feed.has_stalled, "it takes no more", every=0.5)
        running.stop()
        true("not finished" in running.end(1)[1], "it says so")
    finally:
        os.kill(pid, signal.SIGCONT)


# ---- cursors

@test("walks_refuse_a_cursor_in_the_future")
def _():
    epoch, last = stand.epoch(), stand.horizon()
    for arguments in WALKS:
        for cursor in (f"{epoch}-{last + 1:019}", "9000000000000000000"):
            done = run(*arguments, "--after", cursor)
            equal(done.returncode, 2, done.stderr)
            true("in the future" in done.stderr, done.stderr)
        for begin in (["--after", str(last)], ["--since", "2999-01-01T00:00:00Z"],
                      ["--since", "2998-01-01T00:00:00Z", "--until", "2999-01-01T00:00:00Z"]):
            done = run(*arguments, *begin)
            equal((done.returncode, done.stdout), (0, ""), done.stderr)


# ---- pieces and batches

@test("export_knows_how_far_it_has_looked_where_nothing_is_wanted")
def _():
    name, session = new_target()
    publish(session, 10)
    session.query("SELECT setval('events.position', 6500000)")
    publish(session, 10)
    newest = session.value("SELECT tableoid::regclass FROM events.event"
                           " ORDER BY position DESC LIMIT 1")
    lock = Lock(newest, name)
    running = command("export", "--database", database(name), "--types", "nothing")
    wait_for_lock("export")
    running.stop()
    printed, said = running.end(1)
    lock.release()
    equal(printed, b"")
    position = int(said.split()[-1].partition("-")[2])
    true(3000000 <= position < 5000000, f"after the last piece that is complete: {position}")


@test("import_sends_a_long_line_alone_when_it_does_not_fit_any_more")
def _():
    name, session = new_target()
    sizes = [3900] * 1000 + [1 << 20] + [10] * 3
    text = "".join(json.dumps({"specversion": "1.0", "id": str(n), "source": "/long",
                               "type": "long", "data": "x" * size}) + "\n"
                   for n, size in enumerate(sizes))
    done = run("import", "--database", database(name), "-", stdin=text)
    equal(done.returncode, 0, done.stderr)
    equal(session.query("SELECT count(*), min(id::text::int), max(id::text::int) FROM events.event"
                        " GROUP BY xmin::text ORDER BY 2"),
          [("1000", "0", "999"), ("4", "1000", "1003")], "two transactions")


@test("replay_that_waits_for_its_endpoint_keeps_no_statement_open")
def _():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(DEFAULT)
        running = command("replay", "--database", stand.database, "--to",
                          "http://127.0.0.1:%d/" % server.getsockname()[1])
        endpoint, _ = server.accept()
        with endpoint:
            wait_until(lambda: pid_of("replay", "state = 'idle'"), "its session is idle")
            running.stop()
    _, said = running.end(1)
    true("go on with --after" in said, said)


@test("replay_keeps_large_events_in_smaller_pieces")
def _():
    name, _ = new_target()
    text = "".join(json.dumps({"specversion": "1.0", "id": str(n), "source": "/large",
                               "type": "large", "data": f"{n:07}" * 150000}) + "\n"
                   for n in range(25))
    equal(run("import", "--database", database(name), "-", stdin=text).returncode, 0)
    printed = run("export", "--database", database(name)).stdout
    equal(printed.count("\n"), 25)
    done = run("replay", "--database", database(name), "--to", "stdout", "--rate", "1000/s")
    equal(done.returncode, 0, done.stderr)
    true(done.stdout == printed, "all of them, in order")
    true("lost" not in done.stderr, done.stderr)


if __name__ == "__main__":
    main()
