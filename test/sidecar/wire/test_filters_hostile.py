#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Filters that take long, come in crowds, or lose their client, their database or their server in
the middle: the others get all that is theirs, in order, and whoever is refused is told why.

The database of this file lets a filter take far more steps than is usual, so that one event can
be made to take as long as a test needs."""

import signal

from harness import *

stand = at_end(Stand(serve=False))
stand.sql.query("ALTER ROLE relay SET events.filter_step_limit = 2147483647")
stand.eventsd = at_end(Eventsd(stand.database))
stand.caught_up()

# some 20 ms for each event, whatever it is
HEAVY = "count(for i in 1..50000 return i + data.n) > 0"
# without end, on n = 13
ENDLESS = "if data.n = 13 then (some i in 1..1000000000 satisfies i < 0) else data.n > 10"


def metric(name, eventsd):
    text = fetch(eventsd.admin, "GET", "/metrics").body.decode()
    return int(next(line for line in text.splitlines()
                    if line.startswith(f"eventsd_{name} ")).split()[1])


def send_match(address, filter=HEAVY, count=200):
    """A question that takes its half second; the connection, its answer is still to come."""
    events = [{"specversion": "1.0", "id": str(n), "source": "/x", "type": "a", "data": {"n": n}}
              for n in range(count)]
    connection = closing(Connection(address))
    connection.request("POST", "/v1/match", [("Content-Type", "application/json")],
                       json.dumps({"filter": filter, "events": events}).encode())
    return connection


def has_answer(connection):
    """Is there something to read?"""
    connection.sock.setblocking(False)
    try:
        data = connection.sock.recv(1)
        connection.buffer += data
        return bool(data)
    except BlockingIOError:
        return bool(connection.buffer)
    finally:
        connection.sock.setblocking(True)


def trial_is_running():
    return stand.sql.value("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
                           "AND query LIKE '%\\_try\\_filter%' AND usename = 'relay'") != "0"


# ---- the feed ----

@test("heavy_filter_among_a_hundred_leaves_the_others_theirs")
def _():
    kind = fresh()
    start = stand.cursor()
    light = [closing(TRANSPORTS[number % len(TRANSPORTS)](
        stand.address, after=start, types=[kind], filter=f"modulo(data.n, 100) = {number}"))
        for number in range(100)]
    heavy = closing(SseReader(stand.address, after=start, types=[kind], filter=HEAVY))
    everything = closing(NdjsonReader(stand.address, after=start, types=[kind]))
    for first in range(0, 200, 20):
        stand.publish_many(kind, 20, first)
    for number, reader in enumerate(light):
        equal(numbers(ordered(reader.take(2))), [number, number + 100], f"{number}")
    equal(numbers(ordered(heavy.take(200))), list(range(200)), "the heavy one")
    equal(numbers(ordered(everything.take(200))), list(range(200)), "who has no filter")


@test("page_that_takes_too_long_again_and_again_ends_filters_and_no_others")
def _():
    eventsd = stand.another(statement_timeout="500ms")
    kind = fresh()
    start = stand.cursor()
    plain = closing(SseReader(eventsd.address, after=start, types=[kind]))
    readers = [closing(transport(eventsd.address, after=start, types=[kind], filter=ENDLESS))
               for transport in TRANSPORTS]
    stand.publish(kind, {"n": 12})
    for reader in readers:
        equal(numbers(reader.take(1)), [12], "what comes before")
    for number in (13, 14):
        stand.publish(kind, {"n": number})
    for reader in readers:
        try:
            got = reader.take(1)
            raise AssertionError(f"{reader.name}: nobody can say, and {got} came")
        except FilterFailed:
            pass
    equal(numbers(ordered(plain.take(3))), [12, 13, 14], "who has no filter")


# ---- POST /v1/match ----

@test("match_that_takes_too_long_is_ended_and_lets_others_go_first")
def _():
    kind = fresh()
    start = stand.cursor()
    stand.publish_many(kind, 10)
    stand.caught_up()
    trials = [send_match(stand.address) for _ in range(8)]
    wait_until(trial_is_running, "one is under way")
    answer = fetch(stand.address, "GET", PATH + query_string(
        after=start, types=[kind], filter=f"data.n > 3 and {json.dumps(kind)} = type"))
    equal(numbers(answer.json()), list(range(4, 10)), "a check and a read of the table")
    answered = sum(has_answer(trial) for trial in trials)
    true(answered < 8, "some of those who can wait still wait")
    note(f"{answered} of 8 are answered before")
    for trial in trials:
        document = problem(trial.response("POST"), 422)
        equal(document["code"], "filter-too-slow", "code")
        true("200" in document["detail"] and document["hint"], f"facts and advice: {document}")


@test("match_in_crowds_leaves_room_for_others")
def _():
    crowd = [send_match(stand.address) for _ in range(60)]
    wait_until(lambda: sum(has_answer(trial) for trial in crowd) >= 20, "some are sent away")
    refused = [trial for trial in crowd if has_answer(trial)]
    codes = [trial.response("POST").status for trial in refused]
    true(codes.count(503) >= 20, f"{codes}")
    equal(fetch(stand.address, "GET", PATH + query_string(filter=f"data.n > {fresh()!r}"[:-1] + "'")
                ).status, 400, "one with a bad filter is told so meanwhile")
    for trial in crowd:
        trial.close()
    wait_until(lambda: metric("pool_read_waiting", stand.eventsd) == 0,
               "those who are gone do not wait")


# ---- checks ----

@test("checks_of_clients_that_are_gone_leave_the_queue")
def _():
    trial = send_match(stand.address)
    for number in range(50):
        connection = Connection(stand.address)
        connection.request("GET", PATH + query_string(filter=f"data.n > {number} + 77000"))
        connection.close()
        socket = WebSocket(stand.address, PATH)
        socket.json()
        socket.send_json({"type": "subscribe", "data": {"filter": f"data.n > {number} + 78000"}})
        socket.close()
    equal(problem(trial.response("POST"), 422)["code"], "filter-too-slow")
    wait_until(lambda: metric("pool_read_waiting", stand.eventsd) == 0, "nobody waits")
    equal(fetch(stand.address, "GET", PATH + query_string(filter="data.n > 1", wait=0)).status,
          204, "it serves")


@test("checks_and_requests_behind_them_are_answered_in_order")
def _():
    unique = fresh()
    connection = closing(Connection(stand.address))
    trial = send_match(stand.address)
    targets = [PATH + query_string(filter=f"data.a > 1 and type = '{unique}'".replace("'", '"'),
                                   wait=0),
               PATH + query_string(filter=f"data.n > > {unique}", wait=0),
               PATH + "?wait=0",
               PATH + query_string(pattern=json.dumps({"type": [unique]}), wait=0)]
    connection.send(b"".join(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
                             for target in targets))
    equal([connection.response().status for _ in targets], [204, 400, 204, 204], "answers")
    trial.response("POST")


@test("checks_of_http_1_0_and_of_head")
def _():
    old = closing(Connection(stand.address))
    old.request("GET", PATH + query_string(filter=f'type = "{fresh()}"', wait=0),
                version="HTTP/1.0")
    equal(old.response().status, 204, "HTTP/1.0")
    true(old.at_end(), "and its connection ends")
    head = closing(Connection(stand.address))
    head.request("HEAD", PATH + query_string(filter=f'type = "{fresh()}"'))
    answer = head.response("HEAD")
    equal((answer.status, answer.header("content-type")),
          (200, "application/cloudevents-batch+json"), "HEAD")
    head.request("GET", PATH + query_string(filter=f'type = "{fresh()}"', wait=0))
    equal(head.response().status, 204, "the connection goes on")


@test("checks_in_a_lost_database_are_answered_503")
def _():
    eventsd = stand.another()
    trial = send_match(eventsd.address)
    wait_until(trial_is_running, "it is under way")
    waiting = closing(Connection(eventsd.address))
    waiting.request("GET", PATH + query_string(filter=f'type = "{fresh()}"', wait=0))
    socket = closing(WebSocket(eventsd.address, PATH))
    socket.json()
    socket.send_json({"type": "subscribe", "id": 1, "data": {"filter": f'type = "{fresh()}"'}})
    stand.sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE usename = 'relay' AND query LIKE '%\\_try\\_filter%'")
    equal(problem(trial.response("POST"), 503)["code"], "database-unavailable", "the trial")
    equal(problem(waiting.response(), 503)["code"], "database-unavailable", "the check")
    answer = socket.json()
    equal((answer["type"], answer["id"], answer["code"]), ("error", 1, "database-unavailable"),
          f"{answer}")


@test("checks_under_way_survive_a_reload_and_a_drain")
def _():
    eventsd = stand.another(processes="2", drain_time="200ms")
    trials = [send_match(eventsd.address) for _ in range(6)]
    waiting = []
    for number in range(8):
        waiting.append(closing(Connection(eventsd.address)))
        waiting[-1].request("GET", PATH + query_string(filter=f'type = "{fresh()}"', wait=0))
    eventsd.process.send_signal(signal.SIGHUP)
    for connection in waiting[:4]:
        equal(connection.response().status, 204, "a check")
    for number in range(8):
        waiting.append(closing(Connection(eventsd.address)))
        waiting[-1].request("GET", PATH + query_string(filter=f'type = "{fresh()}"'))
    for trial in trials[:3]:
        trial.close()
    eventsd.process.send_signal(signal.SIGTERM)
    eventsd.process.wait(DEFAULT)


# ---- what a refusal says ----

@test("refusals_of_long_patterns_are_whole_documents")
def _():
    for key in ("\\u0001" * 2600, "\\\"" * 7000, "é" * 7000):
        body = '{"pattern":{"' + key + '":5},"events":[]}'
        answer = post_json(stand.address, body.encode(), target="/v1/match")
        document = problem(answer, 400)
        equal(document["code"], "invalid-filter", f"{document}")
        socket = closing(WebSocket(stand.address, PATH))
        socket.json()
        socket.send_frame(TEXT, ('{"type":"subscribe","id":7,"data":{"pattern":{"' + key +
                                 '":5}}}').encode())
        equal(socket.json()["code"], "invalid_filter", "to a session")


@test("refusals_of_what_is_no_text_or_there_twice")
def _():
    for body, code in ((b'{"filter":"a\\u0000b","events":[]}', "malformed-json"),
                       (b'{"filter":"a = \\ud800","events":[]}', "malformed-json"),
                       (b'{"filter":"true","filter":"false","events":[]}', "bad-request"),
                       (b'{"filter":"true","events":[{"data":"\\u0000"}]}', "malformed-json")):
        document = problem(post_json(stand.address, body, target="/v1/match"), 400)
        equal(document["code"], code, f"{body}: {document}")
    for query in ("filter=a%00b", "filter=a%01", "filter=%ff", "pattern=%7B%22type%22:%00%7D",
                  "filter=", "filter=1&filter=2"):
        problem(fetch(stand.address, "GET", f"{PATH}?{query}&wait=0"), 400)
    problem(fetch(stand.address, "GET", f"{PATH}?filter={'%20' * 3000}1"), 414)
    socket = closing(WebSocket(stand.address, PATH))
    socket.json()
    for data in ('{"filter":"a\\u0000b"}', '{"filter":"true","filter":"false"}',
                 '{"pattern":{"type":["a"],"type":["b"]}}'):
        socket.send_frame(TEXT, ('{"type":"subscribe","id":7,"data":' + data + '}').encode())
        equal(socket.json()["type"], "error", data)


if __name__ == "__main__":
    main()
