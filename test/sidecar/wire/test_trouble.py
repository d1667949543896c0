#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Trouble behind eventsd while it serves: a table that is locked, a backend that does not answer,
PostgreSQL away, the extension dropped and made anew. Clients wait or are told; nothing is lost."""

import contextlib
import select
import signal

from harness import *
from kit.searching import metric

stand = at_end(Stand())


def event(kind, number):
    return {"specversion": "1.0", "id": f"{kind}-{number}", "source": f"/{kind}", "type": kind,
            "data": {"n": number}}


def relay_backends():
    return [int(pid) for (pid,) in stand.sql.query(
        "SELECT pid FROM pg_stat_activity WHERE usename = 'relay'")]


@test("trouble_locked_table_delays_and_loses_nothing")
def _():
    kind = fresh()
    cursor = stand.cursor()
    readers = [closing(transport(stand.address, types=[kind])) for transport in TRANSPORTS]
    stand.publish(kind, {"n": 0})
    for reader in readers:
        equal(numbers(reader.take(1)), [0])
    locker, writer = closing(stand.cluster.session()), closing(stand.cluster.session())
    writer.query("BEGIN")
    stand.publish(kind, {"n": 1}, session=writer)
    writer.query("COMMIT")
    locker.query("BEGIN; LOCK TABLE events.event IN ACCESS EXCLUSIVE MODE")
    late = Connection(stand.address)
    late.request("GET", PATH + query_string(after=cursor, types=[kind], wait=20))
    locker.query("COMMIT")
    equal(numbers(late.response().json())[0], 0)
    late.close()
    stand.publish(kind, {"n": 2})
    for reader in readers:
        equal(numbers(reader.take(2)), [1, 2], reader.name)


@test("trouble_backend_that_does_not_answer_is_given_up")
def _():
    eventsd = stand.another(statement_timeout="1s", connect_timeout="2s")
    kind = fresh()
    readers = [closing(transport(eventsd.address, types=[kind])) for transport in TRANSPORTS]
    stand.publish(kind, {"n": 0})
    for reader in readers:
        reader.take(1)
    stopped = relay_backends()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        stand.publish(kind, {"n": 1})
        for reader in readers:
            equal(numbers(reader.take(1)), [1], reader.name)
        other = fresh()
        wait_until(lambda: post_json(eventsd.address, event(other, 1)).status == 201,
                   "a POST finds a connection that answers")
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    stand.publish(kind, {"n": 2})
    for reader in readers:
        equal(numbers(reader.take(1)), [2], reader.name)


@test("trouble_post_whose_backend_ends_under_it_is_told_that_the_outcome_is_unknown")
def _():
    kind = fresh()
    locker = closing(stand.cluster.session())
    locker.query("BEGIN; LOCK TABLE events.event IN ACCESS EXCLUSIVE MODE")
    client = closing(Connection(stand.address))
    client.request("POST", PATH, [("Content-Type", "application/cloudevents+json")],
                   json.dumps(event(kind, 0)).encode())
    ended = wait_until(lambda: stand.sql.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'relay' AND "
        "wait_event_type = 'Lock' AND query LIKE '%events._intake%'"), "the publication waits")
    equal(len(ended), 1)
    answer = client.response()
    equal((answer.status, answer.json()["code"]), (503, "outcome-unknown"), f"{answer}")
    locker.query("COMMIT")


@contextlib.contextmanager
def sessions_that_forget():
    """Every POST makes its session forget what was prepared, as a pooler does that sends the next
    one to another session."""
    stand.sql.query("ALTER FUNCTION events._intake(jsonb, jsonb) RENAME TO _intake_itself")
    stand.sql.query("""
        CREATE FUNCTION events._intake(events jsonb, context jsonb)
        RETURNS TABLE (ordinal int, id text, status text, errors jsonb) LANGUAGE plpgsql AS $$
        BEGIN
            DEALLOCATE ALL;
            RETURN QUERY SELECT * FROM events._intake_itself(events, context);
        END $$""")
    try:
        yield
    finally:
        stand.sql.query("DROP FUNCTION events._intake(jsonb, jsonb)")
        stand.sql.query("ALTER FUNCTION events._intake_itself(jsonb, jsonb) RENAME TO _intake")


@test("trouble_post_behind_one_whose_connection_is_given_up_is_not_begun")
def _():
    eventsd = stand.another(publish_connections="1")
    kind = fresh()
    locker = closing(stand.cluster.session())
    posts = []
    with sessions_that_forget():
        locker.query("BEGIN; LOCK TABLE events.event IN EXCLUSIVE MODE")
        for number in range(3):
            posts.append(closing(Connection(eventsd.address)))
            posts[-1].request("POST", PATH, [("Content-Type", "application/json")],
                              json.dumps(event(kind, number)).encode())
            wait_until(lambda waiting=number: metric("pool_publish_waiting", eventsd) == waiting,
                       f"{number} wait")
        locker.query("COMMIT")
        answers = [post.response() for post in posts]
    codes = sorted((answer.status, answer.json().get("code", "")) for answer in answers)
    equal(codes, [(201, ""), (500, "internal"), (503, "database-unavailable")],
          "one is done, one finds its statement gone, one is not begun")
    equal(len(stand.table(kind)), 1, "events in the table")


@test("trouble_queue_of_posts_is_bounded_and_each_is_answered")
def _():
    eventsd = stand.another(query_queue="20", publish_connections="2")
    kind, count = fresh(), 60
    locker = closing(stand.cluster.session())
    locker.query("BEGIN; LOCK TABLE events.event IN EXCLUSIVE MODE")
    posts = [closing(Connection(eventsd.address)) for _ in range(count)]
    for number, post in enumerate(posts):
        post.request("POST", PATH, [("Content-Type", "application/json")],
                     json.dumps(event(kind, number)).encode())
    early, _, _ = select.select([post.sock for post in posts], [], [], Deadline().left())
    refused = next(post for post in posts if post.sock in early)
    posts.remove(refused)
    answer = refused.response()
    problem(answer, 503)
    true(answer.header("retry-after"), "Retry-After")
    equal(fetch(eventsd.address, "GET", PATH + "?wait=0").status, 204, "reading goes on")
    locker.query("COMMIT")
    statuses = [post.response().status for post in posts]
    equal(set(statuses), {201, 503}, "statuses")
    equal(len(stand.table(kind)), statuses.count(201), "what was accepted is there")


@test("trouble_websocket_publish_while_postgresql_is_down_is_an_error")
def _():
    kind = fresh()
    socket = closing(WebSocket(stand.address, PATH + query_string(types=[kind])))
    socket.json()
    stand.sql.close()
    stand.cluster.stop()
    try:
        socket.send_json({"type": "publish", "id": "1", "data": [event(kind, 1)]})
        answer = socket.json()
        equal((answer["type"], answer["id"]), ("error", "1"), f"{answer}")
    finally:
        stand.cluster.start()
        stand.reconnect()

    def published():
        socket.send_json({"type": "publish", "id": "2", "data": [event(kind, 2)]})
        while "specversion" in (message := socket.json()):
            pass
        return message["type"] == "ack"
    wait_until(published, "publishing works again")
    equal([data["n"] for _, _, data in stand.table(kind)][-1], 2, "the table")


@test("trouble_stream_opened_while_postgresql_is_down_is_served_or_told")
def _():
    kind = fresh()
    cursor = stand.cursor()
    stand.publish(kind, {"n": 0})
    stand.caught_up()
    stand.sql.close()
    stand.cluster.stop()
    opened, told = [], []
    try:
        for transport in TRANSPORTS:
            try:
                opened.append(closing(transport(stand.address, 5, after=cursor, types=[kind])))
            except Refused as refused:
                equal(refused.response.status, 503, f"{transport.name}: {refused}")
                told.append(transport)
            except TimeoutError:
                told.append(transport)
    finally:
        stand.cluster.start()
        stand.reconnect()
    opened += [closing(transport(stand.address, after=cursor, types=[kind]))
               for transport in told]
    stand.publish(kind, {"n": 1})
    for reader in opened:
        equal(numbers(reader.take(2, 30)), [0, 1], reader.name)


@test("trouble_extension_made_anew_is_a_new_epoch")
def _():
    kind = fresh()
    old = stand.cursor()
    reader = closing(SseReader(stand.address, types=[kind]))
    stand.publish(kind, {"n": 0})
    reader.take(1)
    stand.sql.query("DROP EXTENSION events CASCADE")
    stand.sql.query("CREATE EXTENSION events")
    stand.sql.query("SELECT events.grant_role('relay', 'relay')")

    def knows():
        answer = fetch(stand.address, "GET", PATH + "?wait=0")
        return answer.status == 204 and answer.header("events-cursor").startswith(stand.epoch())
    wait_until(knows, "eventsd knows of the new epoch", 60)
    equal(problem(fetch(stand.address, "GET", PATH + query_string(after=old, wait=0)),
                  410)["reset"], "epoch", "reset")
    try:
        reader.take(1)
        raise AssertionError("the stream went on as if nothing had been")
    except (ConnectionError, Refused):
        pass
    again = closing(SseReader(stand.address, types=[kind]))
    stand.publish(kind, {"n": 1})
    equal(numbers(again.take(1)), [1])


@test("trouble_role_without_rights_is_told_in_the_log_and_served_when_it_has_them")
def _():
    stand.sql.query("DROP ROLE IF EXISTS newcomer; CREATE ROLE newcomer LOGIN")
    eventsd = closing(Eventsd(stand.cluster.conninfo(user="newcomer")))
    problem(fetch(eventsd.address, "GET", PATH + "?wait=0"), 503)
    eventsd.wait_log(lambda log: log["level"] in ("error", "warning") and "newcomer" in
                     json.dumps(log) or "permission" in json.dumps(log), "a line that says why")
    stand.sql.query("SELECT events.grant_role('newcomer', 'relay')")
    stand.caught_up(eventsd)
    kind = fresh()
    reader = closing(SseReader(eventsd.address, types=[kind]))
    stand.publish(kind, {"n": 1})
    equal(numbers(reader.take(1)), [1])


if __name__ == "__main__":
    main()
