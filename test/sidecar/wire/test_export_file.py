#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""export --resume: a file becomes whole, or is left as it was; it never loses what it alone has."""

import fcntl
import gzip
import struct
import subprocess
import tempfile
import zlib

from harness import *
from kit.eventsd import binary, complain_of_sanitizers, environment
from kit.postgres import end_with_parent

HALF = 1000
EVENTS = 2 * HALF
READ_AT_ONCE = 128 * 1024  # of a compressed file

stand = at_end(Stand(serve=False))
folder = tempfile.TemporaryDirectory()

# two transactions, so that times differ; data that does not shrink to nothing
for _first in (1, HALF + 1):
    stand.sql.query("""
        SELECT count(events.publish('file', jsonb_build_object('n', n, 'text',
            (SELECT string_agg(md5(n || '/' || i), '') FROM generate_series(1, 10) AS i))))
        FROM generate_series($1::int, $2::int) AS n""", _first, _first + HALF - 1)

whole = run("export", "--database", stand.database).stdout.encode()
lines = whole.splitlines(keepends=True)
half, rest = b"".join(lines[:HALF]), b"".join(lines[HALF:])


def path(name):
    return os.path.join(folder.name, name)


def write(name, content):
    with open(path(name), "wb") as file:
        file.write(content)


def read(name):
    with open(path(name), "rb") as file:
        return file.read()


def arguments(name, *options):
    return ["export", "--database", stand.database, "--output", path(name), "--resume", *options]


def becomes(content, expected, *options):
    """A file of that content is gone on with; what it is then."""
    write("file", content)
    done = run(*arguments("file", *options))
    equal(done.returncode, 0, f"exit status; {done.stderr}")
    file = read("file")
    true((gzip.decompress(file) if "--gzip" in options else file) == expected,
         f"the file is whole; {done.stderr}")
    return file


def is_refused(content, word, *options):
    """A file of that content is not gone on with, and not touched."""
    write("file", content)
    done = run(*arguments("file", *options))
    equal(done.returncode, 1, f"exit status; {done.stderr}")
    true(word in done.stderr, f"{word!r} in {done.stderr!r}")
    true(read("file") == content, f"the file is as it was; {done.stderr}")


def member(text, size):
    """A gzip member of this text that is `size` bytes long, by a comment in its header."""
    packer = zlib.compressobj(wbits=-15)
    body = packer.compress(text) + packer.flush()
    body += struct.pack("<II", zlib.crc32(text), len(text))
    header = b"\x1f\x8b\x08\x10" + bytes(6)
    comment = b"c" * (size - len(header) - 1 - len(body)) + b"\0"
    return header + comment + body


def re_epoch(text):
    return text.replace(b',"sequence":"' + stand.epoch().encode(), b',"sequence":"zzzzzzzz')


equal(len(lines), EVENTS)
true(len(gzip.compress(half)) > READ_AT_ONCE, "it takes more than one read")


@test("export_file_keeps_whole_members")
def _():
    first = gzip.compress(half)
    for following in (b"", gzip.compress(rest), gzip.compress(rest)[:-1],
                      gzip.compress(rest)[:5], gzip.compress(b"")):
        file = becomes(first + following, whole, "--gzip")
        true(file.startswith(first), "what it had is there")


@test("export_file_keeps_members_whose_end_comes_in_a_read_of_its_own")
def _():
    for beyond in (1, 4, 8):
        one = member(whole, 5 * READ_AT_ONCE + beyond)
        true(becomes(one, whole, "--gzip") == one, f"one member, {beyond} bytes beyond a read")
        first = member(half, 3 * READ_AT_ONCE + beyond)
        file = becomes(first + gzip.compress(rest)[:-100], whole, "--gzip")
        true(file.startswith(first), f"the first member, {beyond} bytes beyond a read")


@test("export_file_that_is_damaged_is_left_alone")
def _():
    good, second = gzip.compress(half), gzip.compress(rest)
    middle = len(second) // 2
    is_refused(good + second[:middle] + b"\xff" * 64 + second[middle + 64:], "", "--gzip")
    for wrong in (second[:-8] + bytes(8), second + b"garbage", b"garbage" + second):
        is_refused(good + wrong, "damaged", "--gzip")


@test("export_file_that_is_padded_with_zeros_is_whole")
def _():
    good = gzip.compress(whole)
    true(becomes(good + bytes(300000), whole, "--gzip") == good, "the zeros are cut off")
    stand.sql.query("CREATE DATABASE padded")
    session = closing(stand.cluster.session("padded"))
    session.query("CREATE EXTENSION events")
    write("padded", good + bytes(1000))
    done = run("import", "--database", stand.cluster.conninfo("padded"), path("padded"))
    equal(done.returncode, 0, done.stderr)
    equal(session.value("SELECT count(*) FROM events.event"), str(EVENTS))


@test("export_file_of_another_database_is_left_alone")
def _():
    foreign = re_epoch(half)
    is_refused(foreign[:-10], "another database")
    is_refused(gzip.compress(foreign) + gzip.compress(foreign)[:-10], "another database", "--gzip")
    is_refused(gzip.compress(foreign)[:-10], "another database", "--gzip")
    is_refused(gzip.compress(half)[:-10], "go on with --gzip")


@test("export_file_is_gone_on_with_after_its_last_event")
def _():
    middle, last = json.loads(lines[HALF - 1]), json.loads(lines[-1])
    for options in (["--after", "earliest"], ["--after", middle["sequence"]], ["--after", "0"],
                    ["--since", "2000-01-01T00:00:00Z"], ["--since", middle["recordedtime"]]):
        becomes(half, whole, *options)
        becomes(half[:-1] if options[-1] == "earliest" else half + b"{", whole, *options)
    for options in (["--after", last["sequence"]], ["--since", last["recordedtime"]]):
        is_refused(half, "it ends before", *options)
        is_refused(gzip.compress(half) + gzip.compress(rest)[:-5], "it ends before", "--gzip",
                   *options)
        becomes(whole, whole, *options)


def place_in(process, name):
    """How far a process has come in a file; 0 when it has not opened it."""
    files = f"/proc/{process.pid}/fd"
    for number in os.listdir(files):
        try:
            if os.readlink(f"{files}/{number}") == os.path.realpath(path(name)):
                with open(f"{files}info/{number}", encoding="ascii") as info:
                    return int(info.readline().split()[1])
        except FileNotFoundError:
            pass
    return 0


def stopped_while_it_reads(content):
    """An export that goes on with a file of that content, halted while it looks through it."""
    write("file", content)
    process = subprocess.Popen([binary(), *arguments("file", "--gzip")], stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               env=environment(), preexec_fn=end_with_parent(signal.SIGKILL))
    wait_until(lambda: place_in(process, "file") > 0, "it reads the file", every=0.001)
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    true(place_in(process, "file") < len(content), "it has not read all of it")
    return process


@test("export_file_has_one_writer_at_a_time")
def _():
    content = gzip.compress(lines[0] * 8000) * 200
    process = stopped_while_it_reads(content)
    done = run(*arguments("file", "--gzip"))
    equal(done.returncode, 1, done.stderr)
    true("another export writes to it" in done.stderr, done.stderr)
    process.kill()
    process.communicate()
    with open(path("file"), "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        true(file.read() == content, "the file is as it was")


@test("export_file_is_left_alone_when_it_is_to_stop_while_it_looks_through_it")
def _():
    content = gzip.compress(lines[0] * 8000) * 200
    process = stopped_while_it_reads(content)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=DEFAULT)
    complain_of_sanitizers(said.decode().splitlines())
    equal(process.returncode, 1, said)
    true(b"interrupted" in said, said)
    true(read("file") == content, "the file is as it was")


@test("export_goes_on_with_nothing_but_files")
def _():
    os.mkfifo(path("pipe"))
    done = run(*arguments("pipe"))
    equal(done.returncode, 1, done.stderr)
    true("no regular file" in done.stderr, done.stderr)


@test("export_file_whose_next_events_are_gone_is_left_alone")
def _():
    # the next partition, and the end of the one before
    stand.sql.query("SELECT events._advance_position("
                    "(SELECT upper - 1 FROM events._partitions() ORDER BY lower LIMIT 1))")
    stand.sql.query("SET events.retention = '1 microsecond'")

    def dropped():
        stand.publish("file", {"n": 0})
        stand.sql.query("SELECT events.maintain()")
        return int(stand.sql.value("SELECT events.oldest()")) > EVENTS
    wait_until(dropped, "retention drops a partition", every=0.2)
    stand.sql.query("RESET events.retention")

    is_refused(half, "older than the oldest event kept")
    is_refused(half + b'{"spec', "older than the oldest event kept")
    is_refused(half, "older than the oldest event kept", "--after", "earliest")
    is_refused(half, "older than the oldest event kept", "--since", "2000-01-01T00:00:00Z")
    for content in (gzip.compress(half) + gzip.compress(rest)[:-5], gzip.compress(half)[:-5]):
        is_refused(content, "older than the oldest event kept", "--gzip")
    # nothing is missing behind the last one that went
    new = run("export", "--database", stand.database).stdout.encode()
    becomes(whole, whole + new)
    becomes(whole, whole + new, "--since", "2000-01-01T00:00:00Z")
    becomes(gzip.compress(half) + gzip.compress(rest), whole + new, "--gzip")


if __name__ == "__main__":
    main()
