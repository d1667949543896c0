#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""How eventsd lives: several processes, a start before PostgreSQL, draining at SIGTERM, reloading
at SIGHUP."""

import re
import signal
import threading

from harness import *

stand = at_end(Stand(drain_time="2s"))


@test("processes_two_serve_one_address")
def _():
    eventsd = stand.another(processes="2")
    kind = fresh()
    readers = [closing(TRANSPORTS[n % 4](eventsd.address, types=[kind])) for n in range(24)]
    stand.publish_many(kind, 30)
    for reader in readers:
        equal(numbers(reader.take(30)), list(range(30)), reader.name)
    sessions = stand.sql.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'relay' "
                               "AND query ILIKE '%listen%'")
    true(int(sessions) >= 1, "they listen")


@test("processes_two_resume_at_whichever_answers")
def _():
    eventsd = stand.another(processes="2")
    kind, total = fresh(), 80
    readers = [closing(transport(eventsd.address, types=[kind])) for transport in TRANSPORTS]
    writer = threading.Thread(target=lambda: [stand.publish(kind, {"n": n})
                                              for n in range(total)])
    writer.start()
    got = {reader: [] for reader in readers}
    for _ in range(total // 4):
        for reader in readers:
            got[reader] += reader.take(4)
            reader.resume()
    writer.join()
    for reader in readers:
        equal(numbers(ordered(got[reader])), list(range(total)), reader.name)


@test("processes_child_that_dies_is_replaced")
def _():
    eventsd = stand.another(processes="2")

    def events_read():
        text = fetch(eventsd.admin, "GET", "/metrics").body.decode()
        return int(re.search(r"^eventsd_events_read_total (\d+)", text, re.M).group(1))
    for _ in range(50):
        stand.publish(fresh(), {})
    wait_until(lambda: events_read() >= 100, "both children have read 50 events")
    children = eventsd.children()
    true(children, "there are child processes")
    os.kill(children[-1], signal.SIGKILL)
    wait_until(lambda: not is_running(children[-1]), "the child is gone")

    def serves():
        kind = fresh()
        readers = []
        try:
            readers = [SseReader(eventsd.address, 5, types=[kind]) for _ in range(8)]
            stand.publish(kind, {"n": 1})
            return all(numbers(reader.take(1, 5)) == [1] for reader in readers)
        except (OSError, Refused):
            return False
        finally:
            for reader in readers:
                reader.close()
    wait_until(serves, "all is served again")
    true(events_read() >= 100, "counters go on where the dead child left them")


@test("processes_end_with_their_parent")
def _():
    eventsd = Eventsd(stand.database, processes="2")
    children = eventsd.children()
    eventsd.kill()
    wait_until(lambda: not any(is_running(pid) for pid in children), "the children are gone")
    eventsd.close()


@test("start_before_postgresql_waits_for_it")
def _():
    kind = fresh()
    cursor = stand.cursor()
    stand.publish(kind, {"n": 0})
    stand.sql.close()
    stand.cluster.stop()
    try:
        eventsd = closing(Eventsd(stand.database))
        problem(fetch(eventsd.address, "GET", PATH + "?wait=0"), 503)
        problem(post_json(eventsd.address, {"specversion": "1.0", "id": "1", "source": "/s",
                                            "type": kind}), 503)
    finally:
        stand.cluster.start()
        stand.reconnect()
    wait_until(lambda: fetch(eventsd.address, "GET", PATH + "?wait=0").status == 204,
               "it serves once PostgreSQL is there")
    reader = closing(SseReader(eventsd.address, types=[kind], after=cursor))
    stand.publish(kind, {"n": 1})
    equal(numbers(reader.take(2)), [0, 1])


@test("start_before_the_extension_waits_for_it")
def _():
    admin = closing(stand.cluster.session("postgres"))
    admin.query("CREATE DATABASE later")
    eventsd = closing(Eventsd(stand.cluster.conninfo("later", "relay")))
    problem(fetch(eventsd.address, "GET", PATH + "?wait=0"), 503)
    later = closing(stand.cluster.session("later"))
    later.query("CREATE EXTENSION events")
    later.query("SELECT events.grant_role('relay', 'relay')")
    wait_until(lambda: fetch(eventsd.address, "GET", PATH + "?wait=0").status == 204,
               "it serves once the extension is there")
    reader = closing(SseReader(eventsd.address, types=["x.y"]))
    stand.publish("x.y", {"n": 1}, session=later)
    equal(numbers(reader.take(1)), [1])


@test("drain_ends_streams_with_a_hint_and_exits_0")
def _():
    eventsd = Eventsd(stand.database, drain_time="2s")
    socket, sse = WebSocketReader(eventsd.address), SseReader(eventsd.address)
    ndjson = NdjsonReader(eventsd.address)
    held = Connection(eventsd.address)
    held.request("GET", PATH + query_string(after=stand.cursor(), types=[fresh()], wait=60))
    equal(fetch(eventsd.address, "GET", PATH + "?wait=0").status, 204)
    eventsd.signal(signal.SIGTERM)
    equal(socket.connection.closed(), 1001, "close code")
    retry = re.fullmatch(r"retry=(\d+)", socket.connection.reason)
    true(retry and 1000 <= int(retry[1]) <= 3000, "a retry hint on WebSocket, spread too")
    try:
        while True:
            sse.take(1)
    except ConnectionError:
        true(sse.retry, "a retry hint on SSE")
    try:
        ndjson.take(1)
    except ConnectionError:
        pass
    answer = held.response()
    one_of(answer.status, (204, 503), f"{answer}")
    equal(eventsd.stop(), 0, "exit status")
    for connection in (socket, sse, ndjson, held):
        connection.close()
    eventsd.close()


@test("drain_finishes_a_post_that_is_under_way")
def _():
    eventsd = Eventsd(stand.database, drain_time="5s")
    kind = fresh()
    body = json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": kind,
                       "data": {"n": 1}}).encode()
    locker = closing(stand.cluster.session())
    locker.query("BEGIN; LOCK TABLE events.event IN EXCLUSIVE MODE")
    connection = Connection(eventsd.address)
    connection.request("POST", PATH, [("Content-Type", "application/json")], body)
    wait_until(lambda: stand.sql.value(
        "SELECT 1 FROM pg_stat_activity WHERE usename = 'relay' AND wait_event_type = 'Lock'"),
               "the POST waits in the database")
    eventsd.signal(signal.SIGTERM)
    wait_until(lambda: refuses_new(eventsd), "no new connections")
    locker.query("COMMIT")
    equal(connection.response().status, 201)
    connection.close()
    equal(eventsd.stop(), 0, "exit status")
    eventsd.close()
    equal(len(stand.table(kind)), 1, "committed")


def refuses_new(eventsd):
    try:
        return fetch(eventsd.address, "GET", PATH + "?wait=0", seconds=5).status == 503
    except (ConnectionError, TimeoutError):
        return True


@test("drain_with_a_reader_that_does_not_read_still_ends")
def _():
    eventsd = Eventsd(stand.database, drain_time="1s")
    kind = fresh()
    reader = closing(SseReader(eventsd.address, types=[kind]))
    stand.publish_many(kind, 3000, size=4000)
    reader.take(1)
    eventsd.signal(signal.SIGTERM)
    equal(eventsd.stop(), 0, "exit status")
    eventsd.close()


@test("drain_while_postgresql_is_down_still_ends")
def _():
    eventsd = Eventsd(stand.database, drain_time="1s")
    stand.sql.close()
    stand.cluster.stop()
    try:
        eventsd.signal(signal.SIGTERM)
        equal(eventsd.stop(), 0, "exit status")
        eventsd.close()
    finally:
        stand.cluster.start()
        stand.reconnect()


@test("drain_by_sigint_too")
def _():
    eventsd = Eventsd(stand.database, drain_time="1s")
    eventsd.signal(signal.SIGINT)
    eventsd.process.wait(30)
    equal(eventsd.process.returncode, 0, "exit status")
    eventsd.close()


@test("reload_by_sighup_keeps_streams_and_takes_new_settings")
def _():
    path = os.path.join(stand.cluster.root, "eventsd.json")
    write_config(path, log_level="info")
    eventsd = stand.another(config=path, database=None)
    kind = fresh()
    reader = closing(SseReader(eventsd.address, types=[kind]))
    write_config(path, log_level="debug")
    count = len(eventsd.logs)
    eventsd.signal(signal.SIGHUP)
    closing(SseReader(eventsd.address))
    wait_until(lambda: any(log["level"] == "debug" for log in eventsd.logs[count:])
               or nudge(eventsd), "the new level is in force")
    stand.publish(kind, {"n": 1})
    equal(numbers(reader.take(1)), [1])


@test("reload_of_the_queue_size_holds_for_those_who_are_there")
def _():
    path = os.path.join(stand.cluster.root, "queue.json")
    write_config(path, connection_queue_size="4kB")
    eventsd = stand.another(config=path, database=None)
    kind, cursor = fresh(), stand.cursor()
    stand.publish_many(kind, 50, size=2000)
    target = PATH + query_string(after=cursor, types=[kind], wait=5)
    client = closing(Connection(eventsd.address))

    def taken():
        client.request("GET", target)
        return len(json.loads(client.response().body))

    few = taken()
    true(1 <= few < 25, f"an answer is not much longer than the queue: {few} events")
    write_config(path, connection_queue_size="256kB")
    eventsd.signal(signal.SIGHUP)
    wait_until(lambda: taken() == 50, "the same connection gets all at once")


@test("reload_of_a_broken_file_is_logged_and_changes_nothing")
def _():
    path = os.path.join(stand.cluster.root, "broken.json")
    write_config(path)
    eventsd = stand.another(config=path, database=None)
    kind = fresh()
    reader = closing(SseReader(eventsd.address, types=[kind]))
    with open(path, "w", encoding="utf-8") as file:
        file.write("{")
    count = len(eventsd.logs)
    eventsd.signal(signal.SIGHUP)
    wait_until(lambda: any(log["level"] in ("error", "warning", "warn")
                           for log in eventsd.logs[count:]), "the mistake is logged")
    stand.publish(kind, {"n": 1})
    equal(numbers(reader.take(1)), [1])


def write_config(path, **more):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"database": stand.database, **more}, file)
    os.chmod(path, 0o644)


def nudge(eventsd):
    """Something that is worth a line of level debug."""
    fetch(eventsd.address, "GET", PATH + "?wait=0")
    return False


if __name__ == "__main__":
    main()
