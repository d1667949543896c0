#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Searches that take long, come in crowds, or lose client, database or server in the middle."""

import socket

from harness import *
from kit.searching import SEARCH, Held, ask, ask_event, metric, running, search, started

stand = at_end(Stand())
KIND = fresh("search")
stand.publish_many(KIND, 4)


class SlowReader(Connection):
    """Takes next to nothing, even into the kernel's memory."""

    def __init__(self, address):
        self.address, self.buffer, self._seconds = address, b"", None
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.connect(address)


def hold():
    return closing(Held(stand.cluster))


def start(eventsd):
    return started(stand.sql, eventsd.address)


@test("search_that_takes_too_long_is_ended_and_says_so")
def _():
    eventsd = stand.another(statement_timeout="800ms")
    hold()
    answer = ask(eventsd.address, types=KIND)
    document = problem(answer, 503)
    equal(document["code"], "search-too-slow", f"code of {document}")
    true(int(answer.header("retry-after")) > 0, "Retry-After")
    equal(metric("search_failures_total", eventsd), 1, "search_failures_total")


@test("search_has_its_limit_from_the_database_too")
def _():
    eventsd = stand.another()
    wait_until(lambda: metric("pool_search_connections", eventsd) == 2, "it is connected")
    stand.sql.query("ALTER ROLE relay SET events.search_timeout = '1ms'")
    try:
        limited = stand.another()
        kind = fresh()
        stand.publish_many(kind, 20000)
        document = problem(ask(limited.address, types=kind, bucket="1s", facets="type,source",
                               filter="sum(for x in 1..20 return x * data.n) >= 0"), 503)
        equal(document["code"], "search-too-slow", f"code of {document}")
        true(document.get("hint"), f"a hint in {document}")
        equal(ask(eventsd.address, types=KIND).status, 200, "where it is longer")
    finally:
        stand.sql.query("ALTER ROLE relay RESET events.search_timeout")


@test("search_of_a_client_that_goes_is_ended_in_the_database")
def _():
    eventsd = stand.another()
    hold()
    for connection in [start(eventsd), start(eventsd)]:
        connection.close()
    wait_until(lambda: running(stand.sql) == 0, "the searches are ended")
    equal(metric("searches_abandoned_total", eventsd), 2, "searches_abandoned_total")


@test("search_after_one_that_was_abandoned_is_answered")
def _():
    eventsd = stand.another(search_connections="1")
    for _ in range(5):
        held = hold()
        connection = start(eventsd)
        waiting = closing(Connection(eventsd.address))
        waiting.request("GET", SEARCH + query_string(types=[KIND]))
        wait_until(lambda: metric("pool_search_waiting", eventsd) == 1, "the second one waits")
        connection.close()
        # the lock is still there: the second one is under way when the first was ended
        wait_until(lambda: metric("pool_search_waiting", eventsd) == 0, "the second one has begun")
        held.close()
        equal(len(waiting.response().json()["events"]), 4, "events of the second one")


def searchers():
    return {int(pid) for (pid,) in stand.sql.query(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'eventsd search'")}


def status(pid, label):
    """A line of what Linux says of a process."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as lines:
        return next(line.split()[1] for line in lines if line.startswith(label + ":"))


def is_asked_to_cancel(pid):
    """Does a process that is stopped have the signal before it by which a search is ended?"""
    return int(status(pid, "ShdPnd"), 16) & 1 << (signal.SIGINT - 1)


@test("search_that_is_abandoned_before_the_server_has_read_it_is_ended_too")
def _():
    wait_until(lambda: metric("pool_search_connections", stand.eventsd) == 2, "all are there")
    others = searchers()
    eventsd = stand.another(search_connections="1", statement_timeout="120s")
    (pid,) = wait_until(lambda: searchers() - others, "its connection for searches")
    wait_until(lambda: metric("pool_search_connections", eventsd) == 1, "it is connected")
    held = hold()
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: status(pid, "State") == "T", "it is stopped")
        first, second = [closing(Connection(eventsd.address)) for _ in range(2)]
        first.request("GET", SEARCH)
        problem(ask(eventsd.address, order="x"), 400)    # so the first one is under way
        second.request("GET", SEARCH + query_string(types=[KIND]))
        wait_until(lambda: metric("pool_search_waiting", eventsd) == 1, "the second one waits")
        first.close()
        wait_until(lambda: is_asked_to_cancel(pid), "the first one is to be ended")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: metric("pool_search_waiting", eventsd) == 0, "the second one has begun", 15)
    held.close()
    equal(len(second.response().json()["events"]), 4, "events of the second one")


@test("search_that_waits_and_whose_client_goes_is_forgotten")
def _():
    eventsd = stand.another(search_connections="1")
    hold()
    start(eventsd)
    for _ in range(100):
        connection = Connection(eventsd.address)
        connection.request("GET", SEARCH)
        wait_until(lambda: metric("pool_search_waiting", eventsd) == 1, "it waits")
        connection.close()
        wait_until(lambda: metric("pool_search_waiting", eventsd) == 0, "it is forgotten")


@test("search_in_crowds_is_refused_and_holds_up_nobody_else")
def _():
    eventsd = stand.another()
    kind = fresh()
    cursor = stand.cursor()
    held = hold()
    crowd = [start(eventsd), start(eventsd)]
    for n in range(1, 33):
        crowd.append(closing(Connection(eventsd.address)))
        crowd[-1].request("GET", SEARCH)
        wait_until(lambda n=n: metric("pool_search_waiting", eventsd) == n, f"{n} wait")
    answer = ask(eventsd.address)
    problem(answer, 503)
    true(int(answer.header("retry-after")) > 0, "Retry-After")
    stand.publish(kind, {"n": 0})
    equal(post_json(eventsd.address, {"type": kind, "data": {"n": 1}}).status, 201, "a publication")
    for reader in [closing(transport(eventsd.address, types=[kind], after=cursor))
                   for transport in TRANSPORTS]:
        equal(numbers(reader.take(2)), [0, 1], reader.name)
    held.close()
    for connection in crowd:
        equal(connection.response().status, 200, "status of one in the crowd")


@test("search_finds_its_connection_again_after_it_was_lost")
def _():
    eventsd = stand.another()
    held = hold()
    connection = start(eventsd)
    stand.sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'eventsd search' AND state = 'active'")
    equal(connection.response().status, 503, "status of the search that was under way")
    held.close()
    wait_until(lambda: ask(eventsd.address).status == 200, "searches are answered")


@test("search_under_way_is_answered_by_a_server_that_is_sent_home")
def _():
    eventsd = stand.another(drain_time="3s")
    held = hold()
    connection = start(eventsd)
    eventsd.signal(signal.SIGTERM)
    eventsd.wait_log(lambda log: log.get("message") == "draining", "it drains")
    held.close()
    answer = connection.response()
    equal((answer.status, answer.header("connection")), (200, "close"), f"head of {answer}")
    equal(eventsd.stop(), 0, "exit status")


@test("search_that_a_lock_holds_up_for_too_long_is_unavailable")
def _():
    stand.sql.query("ALTER ROLE relay SET lock_timeout = '200ms'")
    try:
        eventsd = stand.another()
        wait_until(lambda: metric("pool_search_connections", eventsd) == 2, "it is connected")
    finally:
        stand.sql.query("ALTER ROLE relay RESET lock_timeout")
    held = hold()
    answer = ask(eventsd.address, types=KIND)
    equal(problem(answer, 503)["code"], "database-unavailable", "code")
    true(int(answer.header("retry-after")) > 0, "Retry-After")
    held.close()
    equal(ask(eventsd.address, types=KIND).status, 200, "afterwards")


@test("search_that_nests_too_deeply_is_refused_without_advice_for_others")
def _():
    stand.sql.query("ALTER ROLE relay SET max_stack_depth = '100kB'")
    try:
        eventsd = stand.another(max_url_size="60kB", max_head_size="64kB")
        wait_until(lambda: metric("pool_search_connections", eventsd) == 2, "it is connected")
    finally:
        stand.sql.query("ALTER ROLE relay RESET max_stack_depth")
    document = problem(ask(eventsd.address, contains="[" * 7000 + "]" * 7000), 400)
    equal((document["code"], document.get("hint")), ("invalid-search", None), f"{document}")
    equal(ask(eventsd.address, types=KIND).status, 200, "afterwards")


@test("search_answers_that_nobody_takes_are_bounded")
def _():
    eventsd = stand.another(search_answers_size="2MB")
    kind = fresh()
    stand.sql.query("SELECT events.publish($1::text, to_jsonb(repeat('x', 900000))) "
                    "FROM generate_series(1, 5)", kind)
    slow = []
    while len(slow) < 20:
        answer = ask(eventsd.address, types=kind, limit=0)
        if answer.status != 200:
            break
        slow.append(closing(SlowReader(eventsd.address)))
        slow[-1].request("GET", SEARCH + query_string(types=[kind]))
        wait_until(lambda: metric("pool_search_waiting", eventsd) == 0 and running(stand.sql) == 0,
                   "it is answered")
    problem(answer, 503)
    true(int(answer.header("retry-after")) > 0, "Retry-After")
    equal(problem(ask_event(eventsd.address, "none"), 503)["code"], "too-busy", "of one event")
    for connection in slow:
        connection.close()
    wait_until(lambda: ask(eventsd.address, types=kind, limit=0).status == 200, "room again")


@test("search_answers_that_were_asked_for_together_are_bounded_too")
def _():
    eventsd = stand.another(search_answers_size="2MB")
    kind = fresh()
    stand.sql.query("SELECT events.publish($1::text, to_jsonb(repeat('x', 900000))) "
                    "FROM generate_series(1, 5)", kind)
    held = hold()
    slow = []
    for n in range(14):
        slow.append(closing(SlowReader(eventsd.address)))
        slow[-1].request("GET", SEARCH + query_string(types=[kind]))
        wait_until(lambda n=n: metric("pool_search_waiting", eventsd) == max(0, n - 1),
                   "it is let in")
    held.close()
    statuses = [connection.head().status for connection in slow]
    equal(set(statuses), {200, 503}, "statuses")
    true(statuses.count(200) <= 4, f"few are given answers that they do not take: {statuses}")


@test("search_before_the_database_is_there_is_unavailable")
def _():
    eventsd = closing(Eventsd("host=/nonexistent dbname=app"))
    for path in (SEARCH, "/v1/events/a"):
        answer = ask(eventsd.address, path=path)
        problem(answer, 503)
        true(int(answer.header("retry-after")) > 0, "Retry-After")


@test("search_through_a_pooler_is_answered")
def _():
    pooler = closing(Pooler(f"{stand.cluster.root}/.s.PGSQL.5432"))
    eventsd = stand.another(database=pooler.conninfo(), listen_database=stand.database)
    equal(len(search(eventsd.address, types=KIND)["events"]), 4, "events")
    equal(ask_event(eventsd.address, "nosuch").status, 404, "one event")


@test("search_is_counted")
def _():
    eventsd = stand.another()
    equal(metric("search_seconds_count", eventsd), 0, "searches before")
    search(eventsd.address, types=KIND)
    ask_event(eventsd.address, "nosuch")
    problem(ask(eventsd.address, facets="colour"), 400)
    equal(metric("search_seconds_count", eventsd), 3, "searches")
    equal(metric("search_failures_total", eventsd), 0, "failures")
    equal(metric("pool_search_connections", eventsd), 2, "connections")
    true(metric("search_seconds_sum", eventsd) >= 0, "seconds")


if __name__ == "__main__":
    main()
