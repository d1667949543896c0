#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""export, import and replay: the history out of one database and into another, whole, in order,
once, whatever is interrupted on the way."""

import base64
import gzip
import http.server
import subprocess
import tempfile
import threading
import time
import zlib

from harness import *
from kit.eventsd import binary, complain_of_sanitizers, environment
from kit.postgres import end_with_parent

EVENTS = 30000

stand = at_end(Stand(serve=False))
folder = tempfile.TemporaryDirectory()
targets = itertools.count(1)

# data that text formats like to spoil
stand.sql.query("""
    SELECT count(events.publish('archive.n' || i % 3, jsonb_build_object('n', i,
        'text', E'back\\\\slash "quoted" \\t\\n \\u00fc',
        'deep', '{"sequence": [1.50, null]}'::jsonb),
        CASE WHEN i % 5 = 0 THEN '{"a/b", "50%"}'::text[] END, subject => 's/' || i,
        attributes => '{"user": "alice", "priority": 3, "flag": true}'))
    FROM generate_series(1, $1::int) AS i""", EVENTS)


def path(name):
    return os.path.join(folder.name, name)


def database(name="app"):
    return stand.cluster.conninfo(name, "postgres")


def new_target():
    """Another database with the extension; its name and a session."""
    name = f"target{next(targets)}"
    stand.sql.query(f"CREATE DATABASE {name}")
    session = closing(stand.cluster.session(name))
    session.query("CREATE EXTENSION events")
    return name, session


def succeed(*arguments, **options):
    done = run(*arguments, **options)
    equal(done.returncode, 0, f"exit status of {arguments[0]}; {done.stderr}")
    return done


def start(*arguments, stdout=subprocess.DEVNULL):
    return subprocess.Popen([binary(), *arguments], stdin=subprocess.DEVNULL, stdout=stdout,
                            stderr=subprocess.PIPE, env=environment(),
                            preexec_fn=end_with_parent(signal.SIGKILL))


def kill(process):
    process.kill()
    process.communicate()


def export(*arguments):
    """What an export prints, as bytes."""
    with open(path("output"), "wb") as file:
        done = subprocess.run([binary(), "export", "--database", stand.database, *arguments],
                              stdout=file, stderr=subprocess.PIPE, env=environment(), check=False,
                              timeout=DEFAULT)
    complain_of_sanitizers(done.stderr.decode().splitlines())
    equal(done.returncode, 0, done.stderr.decode())
    with open(path("output"), "rb") as file:
        return file.read()


def history(session):
    """Number of events, and a digest over all that they have, in their order."""
    return session.query("""
        SELECT count(*), md5(string_agg((to_jsonb(e) - 'position')::text, E'\\n' ORDER BY position))
        FROM events.event AS e""")


whole = export()
lines = whole.splitlines(keepends=True)
with open(path("whole"), "wb") as whole_file:
    whole_file.write(whole)


@test("export_prints_every_event_as_a_line_in_order")
def _():
    equal(len(lines), EVENTS)
    equal([json.loads(line)["data"]["n"] for line in lines], list(range(1, EVENTS + 1)))
    of_feed = stand.sql.query("SELECT event FROM events._feed(0, 100, 10000000)"
                              " WHERE event IS NOT NULL")
    equal([line.decode().rstrip("\n") for line in lines[:100]], [row[0] for row in of_feed])


@test("export_has_what_is_asked_for")
def _():
    of_type = export("--types", "archive.n1,nothing.*")
    equal(of_type, b"".join(line for line in lines if b'"type":"archive.n1"' in line))
    of_topic = export("--topic", "a%2Fb/50%25")
    equal(of_topic.count(b"\n"), EVENTS // 5)
    after = json.loads(lines[-3])["sequence"]
    equal(export("--after", after), b"".join(lines[-2:]))
    middle = json.loads(lines[EVENTS // 2])["recordedtime"]
    older, newer = export("--until", middle), export("--since", middle)
    equal(older + newer, whole)
    true(older and newer, "both have some")


@test("export_refuses_what_makes_no_sense")
def _():
    for arguments, status, word in (
            (["--since", "yesterday at noon or so"], 2, "--since"),
            (["--after", "nonsense"], 2, "--after"),
            (["--after", "zzzzzzzz-0000000000000000001"], 2, "epoch"),
            (["--since", "2026-01-01T00:00:00Z", "--after", "1"], 2, "both"),
            (["--resume"], 2, "--output"), (["--gzip=0"], 2, "--gzip"),
            (["--typ", "a"], 2, "--typ"),
            (["--output", path("whole")], 2, "--resume"),
            (["--output", "/nonexistent/file"], 1, "/nonexistent")):
        done = run("export", "--database", stand.database, *arguments)
        equal(done.returncode, status, f"{arguments}: {done.stderr}")
        true(word in done.stderr, f"{word} in {done.stderr!r}")
    done = run("export", "--database", "host=/nonexistent", "--connect-timeout", "1s")
    equal(done.returncode, 1, done.stderr)


@test("export_that_was_cut_off_goes_on_where_it_stopped")
def _():
    for place in (0, 1, len(lines[0]) - 1, len(lines[0]), len(whole) // 2, len(whole) - 1,
                  len(whole)):
        with open(path("cut"), "wb") as file:
            file.write(whole[:place])
        succeed("export", "--database", stand.database, "--output", path("cut"), "--resume")
        with open(path("cut"), "rb") as file:
            true(file.read() == whole, f"cut at {place}")


@test("export_compressed_and_cut_off_goes_on_too")
def _():
    succeed("export", "--database", stand.database, "--output", path("full.gz"), "--gzip")
    with open(path("full.gz"), "rb") as file:
        compressed = file.read()
    equal(gzip.decompress(compressed), whole)
    first = zlib.decompressobj(31)
    first.decompress(compressed)
    members = len(compressed) - len(first.unused_data)
    true(0 < members < len(compressed), "it has several members")
    for place in (0, 10, members - 1, members, members + 5, len(compressed) - 1, len(compressed)):
        with open(path("cut.gz"), "wb") as file:
            file.write(compressed[:place])
        succeed("export", "--database", stand.database, "--output", path("cut.gz"), "--gzip=1",
                "--resume")
        with open(path("cut.gz"), "rb") as file:
            true(gzip.decompress(file.read()) == whole, f"cut at {place}")
    with open(path("cut.gz"), "rb") as file:
        before = file.read()
    done = run("export", "--database", stand.database, "--output", path("cut.gz"), "--resume")
    equal(done.returncode, 1, "another format is refused")
    with open(path("cut.gz"), "rb") as file:
        true(file.read() == before, "and the file is as it was")


@test("export_goes_on_only_with_its_own_file")
def _():
    foreign = re_epoch(lines[0], b"zzzzzzzz")
    for name, content in (("foreign", foreign), ("text", b"Dear diary,\n"), ("word", b"Dear diary"),
                          ("object", b'{"a": 1}'), ("word.gz", gzip.compress(b"Dear diary"))):
        with open(path(name), "wb") as file:
            file.write(content)
        done = run("export", "--database", stand.database, "--output", path(name), "--resume")
        equal(done.returncode, 1, name)
        with open(path(name), "rb") as file:
            equal(file.read(), content, "it is left as it was")


def re_epoch(line, epoch):
    at = line.index(b',"sequence":"') + len(b',"sequence":"')
    return line[:at] + epoch + line[at + 8:]


@test("export_that_is_killed_goes_on")
def _():
    name = path("killed")
    process = start("export", "--database", stand.database, "--output", name)
    wait_until(lambda: process.poll() is not None or
               (os.path.exists(name) and os.path.getsize(name) > len(whole) // 10), "some output")
    kill(process)
    succeed("export", "--database", stand.database, "--output", name, "--resume")
    with open(name, "rb") as file:
        true(file.read() == whole, "the file is whole")


@test("export_into_a_closed_pipe_ends")
def _():
    process = start("export", "--database", stand.database, stdout=subprocess.PIPE)
    equal(process.stdout.readline(), lines[0])
    process.stdout.close()
    process.stdout = None
    _, said = process.communicate(timeout=DEFAULT)
    complain_of_sanitizers(said.decode().splitlines())
    equal(process.returncode, 0, said)


@test("import_gives_an_equal_history_once")
def _():
    name, session = new_target()
    done = succeed("import", "--database", database(name), path("whole"))
    true(f"imported {EVENTS} events" in done.stderr, done.stderr)
    equal(history(session), history(stand.sql))
    for times in range(2):
        again = succeed("import", "--database", database(name), path("whole"))
        true(f"imported 0 events" in again.stderr and f"{EVENTS} were there" in again.stderr,
             again.stderr)
    equal(history(session), history(stand.sql))
    # in two parts, the later one first filtered: what is there is left out, the rest is not lost
    name, session = new_target()
    for part in (b"".join(lines[0::2]), whole):
        with open(path("part"), "wb") as file:
            file.write(part)
        succeed("import", "--database", database(name), path("part"))
    equal(session.value("SELECT count(*) FROM events.event"), str(EVENTS))


SEARCHES = ["query => 'slash quoted'", "query => '29999'", "query => 'zzzz'",
            "types => '{archive.n1}'", "topics => '{a/b}'", "subject => 's/777'",
            "query => 'alice', types => '{archive.n2}'",
            "data_contains => '{\"n\": 4242}'", "filter => 'data.n > 29990'",
            """pattern => '{"type": ["archive.n0"], "data": {"n": [{"numeric": ["<", 50]}]}}'""",
            "from_time => {middle}, query => 'back*'", "to_time => {middle}"]


def found(session):
    """What every one of the searches finds: events, their ranks and hits, counts."""
    middle = "'%s'" % json.loads(lines[EVENTS // 2])["recordedtime"]
    answers = []
    for arguments in (text.replace("{middle}", middle) for text in SEARCHES):
        for order in ("newest", "oldest"):
            answers.append((arguments, session.query(
                f"SELECT id, data, recorded_at, headline FROM events.search({arguments},"
                f" max_count => 50, \"order\" => '{order}')")))
        answers.append((arguments, session.query(
            f"SELECT * FROM events.facets({arguments}) ORDER BY field, value COLLATE \"C\"")))
        answers.append((arguments, session.query(
            f"SELECT * FROM events.histogram({arguments}, bucket => '1 minute')")))
    return answers


@test("import_gives_the_same_search_results")
def _():
    name, session = new_target()
    succeed("import", "--database", database(name), path("whole"))
    before = found(session)
    for each_session in (stand.sql, session):
        wait_until(lambda: each_session.value(
            "SELECT events._index_search(events.horizon(), 100000)") == "0", "all is filed")
    true(sum(len(rows) for _, rows in before) > 100, "they find something")
    answers = zip(found(stand.sql), found(session), before)
    for (arguments, at_home), (_, here), (_, unfiled) in answers:
        equal(here, at_home, arguments)
        equal(unfiled, at_home, f"{arguments}, before it was filed")


@test("import_reads_compressed_files_and_standard_input")
def _():
    name, session = new_target()
    succeed("import", "--database", database(name), path("full.gz"))
    equal(history(session), history(stand.sql))
    name, session = new_target()
    text = b"".join(lines[:100]).decode()
    succeed("import", "--database", database(name), "-", stdin=text)
    succeed("import", "--database", database(name), stdin=text + "\n\n" + lines[100].decode()[:-1])
    equal(session.value("SELECT count(*) FROM events.event"), "101")


@test("import_that_is_killed_goes_on")
def _():
    name, session = new_target()
    for share in (0, 0.3, 0.6):
        process = start("import", "--database", database(name), path("whole"))
        wait_until(lambda: process.poll() is not None or
                   int(session.value("SELECT count(*) FROM events.event")) > EVENTS * share,
                   "some events")
        kill(process)
        equal(int(session.value("SELECT count(*) FROM events.event")) % 5000, 0, "whole batches")
    succeed("import", "--database", database(name), path("whole"))
    equal(history(session), history(stand.sql))


@test("import_goes_on_by_itself_over_a_lost_connection")
def _():
    name, session = new_target()
    process = start("import", "--database", database(name), path("whole"))
    wait_until(lambda: process.poll() is not None or
               int(session.value("SELECT count(*) FROM events.event")) > 0, "some events")
    session.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE application_name = 'eventsd import'")
    _, said = process.communicate(timeout=DEFAULT)
    complain_of_sanitizers(said.decode().splitlines())
    equal(process.returncode, 0, said.decode())
    equal(history(session), history(stand.sql))


@test("import_that_waits_for_its_input_ends_at_a_signal")
def _():
    name, session = new_target()
    read, write = os.pipe()
    process = subprocess.Popen([binary(), "import", "--database", database(name), "-"],
                               stdin=read, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=environment(), preexec_fn=end_with_parent(signal.SIGKILL))
    os.close(read)
    wait_until(lambda: session.value("SELECT count(*) FROM pg_stat_activity "
                                     "WHERE application_name = 'eventsd import'") == "1", "it waits")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=DEFAULT)
    os.close(write)
    complain_of_sanitizers(said.decode().splitlines())
    equal(process.returncode, 1, said)
    true(b"not finished" in said, said)


@test("import_takes_the_marks_and_line_ends_of_others")
def _():
    name, session = new_target()
    with open(path("marked"), "wb") as file:
        file.write(b"\xef\xbb\xbf" + lines[0].replace(b"\n", b"\r\n") + lines[1])
    succeed("import", "--database", database(name), path("marked"))
    equal(session.value("SELECT count(*) FROM events.event"), "2")


@test("import_is_bounded_in_memory")
def _():
    name, session = new_target()
    with gzip.open(path("bomb.gz"), "wb", compresslevel=1) as file:
        for _ in range(600):
            file.write(b" " * (1 << 20))
    done = run("import", "--database", database(name), path("bomb.gz"), seconds=120)
    equal(done.returncode, 1, done.stderr)
    true("line 1: is too long" in done.stderr, done.stderr)


@test("import_names_the_line_that_is_wrong_and_keeps_what_came_before")
def _():
    for wrong in (b'{"id": \n', b'[]\n', b'{"id":"x","source":"/x","type":"x","recordedtime":1}\n'):
        name, session = new_target()
        with open(path("wrong"), "wb") as file:
            file.write(b"".join(lines[:6000]) + wrong + b"".join(lines[6000:]))
        done = run("import", "--database", database(name), path("wrong"))
        equal(done.returncode, 1, done.stderr)
        true("line 6001" in done.stderr, done.stderr)
        equal(session.value("SELECT count(*) FROM events.event"), "5000")
    done = run("import", "--database", database(), "/nonexistent")
    equal(done.returncode, 1, done.stderr)
    with open(path("full.gz"), "rb") as file, open(path("half.gz"), "wb") as half:
        half.write(file.read()[:5000])
    done = run("import", "--database", database(name), path("half.gz"))
    equal(done.returncode, 1, done.stderr)
    true("in the middle" in done.stderr, done.stderr)


@test("import_keeps_recorded_times_or_says_why_not")
def _():
    name, session = new_target()
    session.query("SELECT events.publish('newer', '1')")
    session.query("UPDATE events.event SET recorded_at = recorded_at + interval '1 hour'")
    done = run("import", "--database", database(name), path("whole"))
    equal(done.returncode, 1)
    true("line 1" in done.stderr and "recorded => 'now'" in done.stderr, done.stderr)
    succeed("import", "--database", database(name), "--recorded", "now", path("whole"))
    equal(session.query("SELECT count(*), count(attributes->>'firstrecordedtime')"
                        " FROM events.event"), [(str(EVENTS + 1), str(EVENTS))])
    done = run("import", "--database", stand.database, path("whole"))
    equal(done.returncode, 1, "only admins may")


@test("replay_to_standard_output_is_the_history_again")
def _():
    with open(path("replayed"), "wb") as file:
        process = start("replay", "--database", stand.database, "--to", "stdout", stdout=file)
        _, said = process.communicate(timeout=DEFAULT)
    equal(process.returncode, 0, said)
    with open(path("replayed"), "rb") as file:
        true(file.read() == whole, "the same bytes")
    for arguments in ([], ["--to", "ftp://x/"], ["--to", "nonsense"],
                      ["--to", "stdout", "--rate", "0"],
                      ["--to", "stdout", "--speed", "-2x"], ["--to", "http://x/", "--header", "x"]):
        equal(run("replay", "--database", stand.database, *arguments).returncode, 2, f"{arguments}")


@test("replay_keeps_its_pace")
def _():
    began = time.monotonic()
    done = succeed("replay", "--database", stand.database, "--to", "stdout", "--rate", "100/s",
                   "--after", json.loads(lines[-51])["sequence"])
    equal(done.stdout.encode(), b"".join(lines[-50:]))
    true(time.monotonic() - began >= 0.45, "50 events at 100/s")
    name, session = new_target()
    slow = "".join(json.dumps({"id": str(n), "source": "/slow", "type": "slow", "data": n,
                               "recordedtime": f"2026-01-01T00:00:0{n}Z",
                               "sequence": f"slowslow-000000000000000000{n}"}) + "\n"
                   for n in range(1, 5))
    succeed("import", "--database", database(name), stdin=slow)
    began = time.monotonic()
    done = succeed("replay", "--database", database(name), "--to", "stdout", "--speed", "10x")
    equal([json.loads(line)["data"] for line in done.stdout.splitlines()], [1, 2, 3, 4])
    true(time.monotonic() - began >= 0.29, "three seconds, ten times as fast")


class Endpoint:
    """An HTTP server that keeps what it is sent; answers are taken from a list, then 204."""

    def __init__(self, *answers):
        self.got, self.requests, answers = [], [], list(answers)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.requests.append(dict(handler.headers))
                status = answers.pop(0) if answers else 204
                if status is None:
                    handler.close_connection = True
                    return
                if status < 300:
                    self.got += json.loads(body)
                handler.send_response(status)
                if status == 429:
                    handler.send_header("Retry-After", "1")
                text = b"" if status == 204 else b"said the endpoint"
                handler.send_header("Content-Length", str(len(text)))
                handler.end_headers()
                handler.wfile.write(text)

            def log_message(handler, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/events" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@test("replay_posts_batches_in_order_and_tries_again")
def _():
    endpoint = closing(Endpoint(204, 503, None, 429, 200))
    done = succeed("replay", "--database", stand.database, "--to", endpoint.url, "--batch", "50",
                   "--header", "Authorization: Bearer t", "--types", "archive.n2",
                   "--after", json.loads(lines[-1501])["sequence"])
    equal([event["data"]["n"] for event in endpoint.got],
          [n for n in range(EVENTS - 1499, EVENTS + 1) if n % 3 == 2])
    equal(endpoint.requests[0]["Content-Type"], "application/cloudevents-batch+json; charset=UTF-8")
    equal(endpoint.requests[0]["Authorization"], "Bearer t")
    true("replayed 500 events" in done.stderr, done.stderr)


@test("replay_ends_at_a_refusal_and_goes_on_from_the_cursor_that_it_tells")
def _():
    endpoint = closing(Endpoint(204, 204, 400))
    begin = ["--after", json.loads(lines[-501])["sequence"]]
    for attempt in range(2):
        done = run("replay", "--database", stand.database, "--to", endpoint.url, *begin)
        equal(done.returncode, 1 if attempt == 0 else 0, done.stderr)
        if attempt == 0:
            true("400" in done.stderr and "said the endpoint" in done.stderr, done.stderr)
            begin = ["--after", done.stderr.split()[-1]]
    equal([event["data"]["n"] for event in endpoint.got], list(range(EVENTS - 499, EVENTS + 1)))
    done = run("replay", "--database", stand.database, "--to", "http://127.0.0.1:1/",
               "--retry-for", "1", *begin)
    equal(done.returncode, 1, done.stderr)


@test("replay_ends_where_a_part_of_a_batch_is_refused")
def _():
    endpoint = closing(Endpoint(204, 207))
    begin = ["--after", json.loads(lines[-301])["sequence"]]
    done = run("replay", "--database", stand.database, "--to", endpoint.url, *begin)
    equal(done.returncode, 1, done.stderr)
    true("answered 207" in done.stderr, done.stderr)
    equal(done.stderr.split()[-1], json.loads(lines[-201])["sequence"], "the cursor to go on from")


@test("replay_keeps_the_secrets_of_its_endpoint")
def _():
    begin = ["--after", json.loads(lines[-2])["sequence"]]
    endpoint = closing(Endpoint(400))
    url = endpoint.url.replace("//", "//user:s3cret@") + "?token=s3cret"
    done = run("replay", "--database", stand.database, "--to", url, *begin)
    equal(endpoint.requests[0]["Authorization"],
          "Basic " + base64.b64encode(b"user:s3cret").decode())
    true(endpoint.url + ": answered 400" in done.stderr, done.stderr)
    said = [done, run("replay", "--database", stand.database, "--to", "ftp://user:s3cret@a/"),
            run("replay", "--database", stand.database, "--to", "//user:s3cret@a/"),
            run("replay", "--database", stand.database, "--to", url, "--header", "Bearer s3cret"),
            run("replay", "--database", stand.database, "--to", "http://user:s3cret@127.0.0.1:1/",
                "--retry-for", "1", *begin)]
    for one in said:
        true(one.returncode != 0 and "s3cret" not in one.stderr, one.stderr)


@test("replay_takes_numbers_that_make_sense")
def _():
    for option in (["--retry-for", "9223372036854775807"], ["--batch", "0"], ["--rate", "0"]):
        equal(run("replay", "--database", stand.database, "--to", "stdout", *option).returncode, 2,
              option)
    process = start("replay", "--database", stand.database, "--to", "stdout", "--rate", "1e-300",
                    "--after", json.loads(lines[-3])["sequence"], stdout=subprocess.PIPE)
    equal(process.stdout.readline(), lines[-2], "the first event")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=DEFAULT)
    complain_of_sanitizers(said.decode().splitlines())
    equal(process.returncode, 1, said)


@test("replay_into_another_hub_publishes_each_event_once")
def _():
    name, session = new_target()
    session.query("SELECT events.grant_role('relay', 'relay')")
    eventsd = closing(Eventsd(stand.cluster.conninfo(name, "relay")))
    url = "http://%s:%d/v1/events" % eventsd.address[:2]
    begin = ["--after", json.loads(lines[-301])["sequence"]]
    for _ in range(2):
        succeed("replay", "--database", stand.database, "--to", url, *begin)
    equal(session.query("SELECT count(*), count(DISTINCT id) FROM events.event"), [("300", "300")])


if __name__ == "__main__":
    main()
