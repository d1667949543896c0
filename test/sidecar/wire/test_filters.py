#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Patterns and filters: on every way of delivery the client gets what the database says matches,
once and in order, however events, filters, connections and sessions come and go."""

import threading

from harness import *

stand = at_end(Stand())

# true for n > 10, but on n = 13 nobody can tell: that takes more steps than the database allows
FAILING = "if data.n = 13 then (some i in 1..1000000000 satisfies i < 0) else data.n > 10"


def pattern(kind, **data):
    members = {"type": [kind]}
    if data:
        members["data"] = {name: [value] for name, value in data.items()}
    return json.dumps(members)


def every(divisor, rest):
    return f"modulo(data.n, {divisor}) = {rest}"


def expected(kind, divisor, rest, after=0):
    """What the table says."""
    return [int(n) for (n,) in stand.sql.query(
        "SELECT data->>'n' FROM events.event WHERE type = $1 AND mod((data->>'n')::int, $2::int) = "
        "$3::int AND position > $4::bigint ORDER BY position", kind, divisor, rest, after)]


def invalid(response):
    document = problem(response, 400)
    equal(document["code"], "invalid-filter", "code")
    return document


def metric(name, eventsd=None):
    text = fetch((eventsd or stand.eventsd).admin, "GET", "/metrics").body.decode()
    return int(next(line for line in text.splitlines()
                    if line.startswith(f"eventsd_{name} ")).split()[1])


def opened(transport, **query):
    """A reader, as soon as the database answers again."""
    def attempt():
        try:
            return transport(stand.address, **query)
        except (Refused, ConnectionError):
            return None
    return closing(wait_until(attempt, f"{transport.name} opens"))


class Publisher(threading.Thread):
    """Publishes {"n": 0...} in small transactions until told to stop."""

    def __init__(self, kind):
        super().__init__(daemon=True)
        self.kind, self.count, self.failure = kind, 0, None
        self.session = stand.cluster.session()
        self.over = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.over.is_set():
                self.session.query(
                    "SELECT count(events.publish($1, jsonb_build_object('n', n))) "
                    "FROM generate_series($2::int, $2::int + 2) n", self.kind, self.count)
                self.count += 3
                self.over.wait(0.002)
        except PgError as error:
            self.failure = error

    def goes_on(self):
        """Returns when more was committed: so events and what the test does do interleave."""
        count = self.count
        wait_until(lambda: self.count > count or self.failure, "events flow", every=0.001)

    def end(self):
        self.over.set()
        self.join()
        self.session.close()
        true(self.failure is None, f"{self.failure}")
        return self.count


# ---- each way ----

@each("gets_what_pattern_and_filter_match")
def _(transport):
    kind = fresh()
    start = stand.cursor()
    reader = closing(transport(stand.address, after=start, pattern=pattern(kind),
                               filter="data.n > 2"))
    for number in range(6):
        stand.publish(kind, {"n": number})
        stand.publish(kind + ".other", {"n": number})
    equal(numbers(ordered(reader.take(3))), [3, 4, 5], "events")


@each("gets_what_matched_before_it_came")
def _(transport):
    kind = fresh()
    start = stand.cursor()
    stand.publish_many(kind, 1000)
    stand.publish_many(fresh(), 3000)
    reader = closing(transport(stand.address, after=start, types=[kind], filter=every(50, 7)))
    equal(numbers(ordered(reader.take(20))), list(range(7, 1000, 50)), "events")
    stand.publish(kind, {"n": 1006})
    stand.publish(kind, {"n": 1007})
    equal(numbers(reader.take(1)), [1007], "the next")


@each("resumes_with_a_filter")
def _(transport):
    kind = fresh()
    reader = closing(transport(stand.address, after=stand.cursor(), types=[kind],
                               filter=every(2, 0)))
    for first in range(0, 100, 20):
        stand.publish_many(kind, 20, first)
        equal(numbers(ordered(reader.take(10))), list(range(first, first + 20, 2)), "events")
        reader.resume()


@each("filter_may_have_lines_and_blanks")
def _(transport):
    kind = fresh()
    reader = closing(transport(stand.address, after=stand.cursor(), pattern=pattern(kind),
                               filter="\n\tdata.n > 1\n  and data.n < 3 "))
    for number in range(4):
        stand.publish(kind, {"n": number})
    stand.caught_up()
    equal(numbers(reader.take(1)), [2], "events")


@each("filter_that_fails_ends_it_with_a_word")
def _(transport):
    kind = fresh()
    before = metric("filter_failures_total")
    reader = closing(transport(stand.address, after=stand.cursor(), types=[kind],
                               filter=FAILING))
    beside = closing(transport(stand.address, after=stand.cursor(), types=[kind]))
    for number in (1, 12, 13, 14):
        stand.publish(kind, {"n": number})
    equal(numbers(reader.take(1)), [12], "what comes before")
    try:
        got = reader.take(1)
        raise AssertionError(f"a filter that failed, and {got} came")
    except FilterFailed as failed:
        cursor = failed.cursor
    equal([data["n"] for at, _, data in stand.table(kind) if at == position_of(cursor)], [13],
          "the cursor")
    again = closing(transport(stand.address, after=cursor, types=[kind], filter=FAILING))
    equal(numbers(again.take(1)), [14], "behind it")
    equal(numbers(beside.take(4)), [1, 12, 13, 14], "another subscription")
    wait_until(lambda: metric("filter_failures_total") > before, "the failure is counted")


@each("filter_that_fails_in_the_table_ends_it_too")
def _(transport):
    kind = fresh()
    start = stand.cursor()
    for number in (12, 13, 14):
        stand.publish(kind, {"n": number})
    stand.caught_up()
    reader = None
    try:
        reader = closing(transport(stand.address, after=start, types=[kind], filter=FAILING))
        equal(numbers(reader.take(1)), [12], "what comes before")
        reader.take(1)
        raise AssertionError("a filter that failed, and nobody said so")
    except FilterFailed:
        pass


@each("bad_pattern_or_filter_is_refused")
def _(transport):
    way = transport.name
    for query in (dict(filter="data.n > > 3"), dict(pattern="{"), dict(pattern="[1]"),
                  dict(pattern='{"type":["a"]}', filter="data.n >")):
        document = invalid(stand.ask(way, query_string(wait=0, **query)))
        true(len(document["detail"]) > 10, f"a sentence: {document}")
    document = invalid(stand.ask(way, query_string(filter="data.n > > 3")))
    equal(document["line"], 1, "line")
    true(document["column"] >= 1, "column")


# ---- filters that come and go while events flow ----

@test("filters_that_come_while_events_flow_lose_and_repeat_nothing")
def _():
    kind = fresh()
    publisher = Publisher(kind)
    readers = []
    for number in range(48):
        if number % 4 == 0:
            publisher.goes_on()
        transport = TRANSPORTS[number % len(TRANSPORTS)]
        divisor = 2 + number % 13
        readers.append((divisor, number % divisor, closing(transport(
            stand.address, after=stand.cursor(), pattern=pattern(kind),
            filter=every(divisor, number % divisor)))))
    count = publisher.end()
    last = [stand.publish(kind, {"n": n}) for n in range(count, count + 20)]
    equal(len(last), 20)
    for divisor, rest, reader in readers:
        first = position_of(reader.query.get("after")) if reader.name != "longpoll" else None
        wanted = expected(kind, divisor, rest)
        got = numbers(ordered(reader.until(lambda event: event["data"]["n"] == wanted[-1])))
        what = f"{reader.name}, {divisor}:{rest}, {len(got)} events"
        equal(got, expected(kind, divisor, rest, first) if first is not None
              else wanted[-len(got):], what)
    note(f"{count} events")


@test("filters_from_latest_begin_where_the_session_says")
def _():
    kind = fresh()
    publisher = Publisher(kind)
    sockets = []
    for number in range(30):
        if number % 4 == 0:
            publisher.goes_on()
        divisor = 2 + number % 9
        reader = closing(WebSocketReader(stand.address, types=[kind],
                                         filter=f"{every(divisor, 1)} and data.n >= {number}"))
        sockets.append((divisor, position_of(reader.session["data"]["cursor"]), number, reader))
    count = publisher.end()
    stand.publish_many(kind, 60, count)
    for divisor, start, least, reader in sockets:
        wanted = [n for n in expected(kind, divisor, 1, start) if n >= least]
        what = f"{divisor}:1 from {least} on, after {start}: {wanted}"
        try:
            got = reader.until(lambda event: event["data"]["n"] == wanted[-1])
        except TimeoutError as error:
            raise TimeoutError(f"{error}; wanted {what}") from error
        equal(numbers(ordered(got)), wanted, what)


@test("filters_changed_on_a_session_while_events_flow")
def _():
    kind = fresh()
    socket = stand.session(query_string(types=["nothing.of.the.kind"]))
    everything = closing(WebSocketReader(stand.address, types=[kind]))
    publisher = Publisher(kind)
    held, got = [], []

    def receive_until_ack():
        while True:
            message = socket.json()
            if "specversion" in message:
                got.append(message)
            else:
                equal(message["type"], "ack", f"{message}")
                return
    for number in range(40):
        if number % 4 == 0:
            publisher.goes_on()
        divisor = 2 + number % 7
        want = {"types": [kind], "filter": every(divisor, 0)}
        if want in held:
            held.remove(want)
            socket.send_json({"type": "unsubscribe", "id": number, "data": want})
        else:
            held.append(want)
            socket.send_json({"type": "subscribe", "id": number, "data": want})
        receive_until_ack()
    socket.send_json({"type": "subscribe", "id": "all", "data": {"types": [kind]}})
    receive_until_ack()
    count = publisher.end()
    stand.publish_many(kind, 5, count)
    last = count + 4
    while not got or got[-1]["data"]["n"] != last:
        message = socket.json()
        got.append(message)
    ordered(got)
    all_of_them = {event["sequence"]: event["data"]["n"]
                   for event in everything.until(lambda event: event["data"]["n"] == last)}
    for event in got:
        equal(all_of_them[event["sequence"]], event["data"]["n"], "an event")
    equal(numbers(got[-5:]), list(range(count, count + 5)), "the last, when all are wanted")


@test("filters_are_lingering_between_polls_and_checked_once")
def _():
    kind = fresh()
    reader = closing(PollReader(stand.address, after=stand.cursor(), types=[kind],
                                filter=every(3, 0)))
    stand.publish_many(kind, 3)
    equal(numbers(reader.take(1)), [0], "events")
    queries = metric("queries_total")
    for first in range(3, 60, 3):
        stand.publish_many(kind, 3, first)
        equal(numbers(reader.take(1)), [first], "events")
    wait_until(lambda: metric("filters") > 0, "filters are counted")
    true(metric("queries_total") - queries <= 5,
         f"{metric('queries_total') - queries} questions for 19 polls")


@test("filters_idle_cost_no_questions")
def _():
    kind = fresh()
    readers = [closing(SseReader(stand.address, types=[kind], filter=every(5, n)))
               for n in range(5)]
    stand.publish_many(kind, 5)
    for number, reader in enumerate(readers):
        equal(numbers(reader.take(1)), [number], "events")

    def pages_go_by(count):
        before = metric("feed_pages_total")
        wait_until(lambda: metric("feed_pages_total") >= before + count, "pages of the feed")
    pages_go_by(2)  # figures are a second old
    queries = metric("queries_total")
    pages_go_by(3)
    equal(metric("queries_total"), queries, "questions while nothing happens")


# ---- the database ----

@test("filters_survive_lost_connections")
def _():
    kind = fresh()
    readers = [closing(transport(stand.address, after=stand.cursor(), types=[kind],
                                 filter=every(2, number % 2)))
               for number, transport in enumerate(TRANSPORTS)]
    for round in range(4):
        stand.publish_many(kind, 4, 4 * round)
        stand.sql.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE usename = 'relay'")
        late = opened(SseReader, after=stand.cursor(), types=[kind], filter=every(7, round))
        for number, reader in enumerate(readers):
            equal(numbers(reader.take(2)), [4 * round + number % 2, 4 * round + number % 2 + 2],
                  f"{reader.name} in round {round}")
        stand.publish(kind, {"n": 700 + round})
        equal(numbers(late.take(1)), [700 + round], "one that came meanwhile")
        late.close()
        for number, reader in enumerate(readers):
            if (700 + round) % 2 == number % 2:
                equal(numbers(reader.take(1)), [700 + round], reader.name)


@test("filters_survive_a_restart_of_the_server")
def _():
    kind = fresh()
    readers = [opened(transport, after=stand.cursor(), types=[kind], filter=every(2, 1))
               for transport in TRANSPORTS[:3]]
    stand.publish_many(kind, 2)
    for reader in readers:
        equal(numbers(reader.take(1)), [1], reader.name)
    stand.sql.close()
    stand.cluster.restart()
    stand.reconnect()
    stand.publish_many(kind, 4, 2)
    for reader in readers:
        equal(numbers(reader.take(2)), [3, 5], reader.name)


@test("filters_find_their_list_again_in_any_session_of_a_pooler")
def _():
    pooler = closing(Pooler(f"{stand.cluster.root}/.s.PGSQL.5432"))
    eventsd = stand.another(database=pooler.conninfo(), listen_database=stand.database)
    kind = fresh()
    readers = [closing(transport(eventsd.address, after=stand.cursor(), types=[kind],
                                 filter=every(4, number)))
               for number, transport in enumerate(TRANSPORTS)]
    for round in range(10):
        stand.publish_many(kind, 4, 4 * round)
        for number, reader in enumerate(readers):
            equal(numbers(reader.take(1)), [4 * round + number], reader.name)
    true(pooler.switches > 20, f"sessions changed {pooler.switches} times")
    refused = [line for line in eventsd.tail(1000).splitlines() if "cannot be read" in line]
    equal(refused, [], "nothing is said of it")


# ---- sessions ----

@test("session_subscribes_with_filters_and_gets_each_event_once")
def _():
    kind = fresh()
    socket = stand.session(query_string(types=["nothing.of.the.kind"]))
    for number, data in enumerate((
            {"types": [kind], "filter": "data.n > 7"},
            {"pattern": {"type": [kind], "data": {"n": [1, 2, 9]}}},
            {"topics": [start_of(kind)], "pattern": {"type": [kind]}, "filter": "data.n = 5"})):
        socket.send_json({"type": "subscribe", "id": number, "data": data})
        equal(socket.json(), {"type": "ack", "id": number}, "answer")
    stand.publish_many(kind, 10)
    equal(numbers([socket.json() for _ in range(5)]), [1, 2, 5, 8, 9], "the union")
    socket.send_json({"type": "unsubscribe", "id": "x",
                      "data": {"filter": "data.n > 7", "types": [kind]}})
    equal(socket.json(), {"type": "ack", "id": "x"}, "answer")
    stand.publish_many(kind, 10)
    equal(numbers([socket.json() for _ in range(4)]), [1, 2, 5, 9], "what is left")
    socket.send_json({"type": "unsubscribe", "id": "y", "data": {"filter": "data.n > 6"}})
    equal(socket.json()["code"], "not_subscribed", "another filter")


@test("session_messages_keep_their_order_while_a_filter_is_checked")
def _():
    socket = stand.session()
    unique = fresh()
    for number in range(20):
        good = {"filter": f'data.n > {number}', "types": [unique]}
        socket.send_json({"type": "subscribe", "id": 3 * number, "data": good})
        socket.send_json({"type": "ping", "id": 3 * number + 1})
        socket.send_json({"type": "subscribe", "id": 3 * number + 2,
                          "data": {"filter": f"data.n > > {number}"}})
    answers = [socket.json() for _ in range(60)]
    equal([answer["id"] for answer in answers], list(range(60)), "ids, in order")
    equal([answer["type"] for answer in answers], ["ack", "pong", "error"] * 20, "answers")
    for answer in answers[2::3]:
        equal(answer["code"], "invalid_filter", f"{answer}")
        true(answer["message"] and answer["detail"] and answer["line"] == 1, f"{answer}")


@test("session_refuses_what_is_no_filter")
def _():
    socket = stand.session()
    for data, code in (({"filter": 5}, "invalid_filter"), ({"pattern": "x"}, "invalid_filter"),
                       ({"pattern": [1]}, "invalid_filter"), ({"filter": ""}, "invalid_filter"),
                       ({"filter": "x" * 20000}, "invalid_filter"),
                       ({"filter": "true", "more": 1}, "invalid_message")):
        socket.send_json({"type": "subscribe", "id": "1", "data": data})
        answer = socket.json()
        equal((answer["type"], answer["code"]), ("error", code), f"{data} -> {answer}")


@test("session_gone_while_its_filter_is_checked_leaves_nothing")
def _():
    for number in range(30):
        socket = WebSocket(stand.address, PATH)
        socket.json()
        socket.send_json({"type": "subscribe", "data": {"filter": f"data.n > {number} + 1000"}})
        socket.close()
        connection = Connection(stand.address)
        connection.request("GET", PATH + query_string(filter=f"data.n > {number} + 2000"))
        connection.close()
    equal(fetch(stand.address, "GET", PATH + query_string(filter="data.n > 1", wait=0)).status,
          204, "it serves")


# ---- limits ----

@test("filters_more_than_max_filters_are_refused_until_others_go")
def _():
    eventsd = stand.another(max_filters="3")
    kind = fresh()
    readers = [closing(SseReader(eventsd.address, types=[kind], filter=every(9, number)))
               for number in range(3)]
    closing(SseReader(eventsd.address, types=[kind, "x"], filter=every(9, 1)))
    for way in WAYS:
        answer = stand.ask(way, query_string(types=[kind], filter=every(9, 5), after=stand.cursor(),
                                             wait=0), eventsd=eventsd)
        document = problem(answer, 503)
        equal(document["code"], "too-many-filters", f"{way}: code")
        true(answer.header("retry-after"), "Retry-After")
    socket = closing(WebSocket(eventsd.address, PATH))
    socket.json()
    socket.send_json({"type": "subscribe", "id": 1, "data": {"filter": every(9, 6)}})
    equal(socket.json()["code"], "too_many_filters", "code")
    readers[0].close()

    def has_room():
        answer = fetch(eventsd.address, "GET",
                       PATH + query_string(filter=every(9, 7), after=stand.cursor(), wait=0))
        return answer.status == 204
    wait_until(has_room, "there is room for another one")


@test("filters_longer_than_max_filter_size_are_refused")
def _():
    eventsd = stand.another(max_filter_size="100")
    for query in (dict(filter="data.n > " + "1" * 100),
                  dict(filter="data.n > " + "1" * 50, pattern='{"type":["' + "a" * 60 + '"]}')):
        answer = stand.ask("longpoll", query_string(**query), eventsd=eventsd)
        true("100" in problem(answer, 400)["detail"], f"{answer}")
    answer = post_json(eventsd.address, {"filter": "data.n > " + "1" * 100, "events": []},
                       target="/v1/match")
    equal(problem(answer, 400)["code"], "invalid-filter", "code")


# ---- POST /v1/match ----

def match(body, status=200):
    answer = post_json(stand.address, body, target="/v1/match")
    equal(answer.status, status, f"{answer}: {answer.body!r}")
    return answer.json()


@test("match_says_which_events_match")
def _():
    events = [{"specversion": "1.0", "id": str(n), "source": "/x", "type": "a", "data": {"n": n}}
              for n in (1, 12, 13)]
    equal(match({"filter": "data.n > 5", "events": events}), {"matches": [False, True, True]})
    equal(match({"pattern": {"type": ["a"], "data": {"n": [1, 13]}}, "events": events}),
          {"matches": [True, False, True]})
    equal(match({"pattern": {"data": {"n": [12, 13]}}, "filter": FAILING, "events": events}),
          {"matches": [False, True, None]})
    answer = match({"pattern": {"type": ["a"]}, "events": events[:1], "explain": True})
    equal((answer["matches"], len(answer["explain"])), ([True], 1), f"{answer}")
    equal(match({"filter": "true", "events": []}), {"matches": []})


@test("match_refuses_what_makes_no_sense")
def _():
    for body, code in (({"events": []}, "invalid-filter"), ({"filter": "true"}, "bad-request"),
                       ({"filter": 5, "events": []}, "invalid-filter"),
                       ({"filter": "data.n > > 5", "events": []}, "invalid-filter"),
                       ({"pattern": 5, "events": []}, "invalid-filter"),
                       ({"filter": "true", "events": {}}, "bad-request"),
                       ({"filter": "true", "events": [], "x": 1}, "bad-request"),
                       ({"filter": "true", "events": [], "explain": 1}, "bad-request"),
                       ({"filter": "true", "events": [{}] * 201}, "too-many-events"),
                       ([1], "bad-request")):
        equal(match(body, 400)["code"], code, f"{body}")
    problem(fetch(stand.address, "POST", "/v1/match", [("Content-Type", "text/plain")], b"x"), 415)
    problem(fetch(stand.address, "POST", "/v1/match", [("Content-Type", "application/json")],
                  b"{"), 400)
    problem(fetch(stand.address, "GET", "/v1/match"), 405)


# ---- tail ----

@test("tail_prints_what_matches")
def _():
    kind = fresh()
    reader = closing(TailReader(stand.database, "--type", kind, "--filter", every(2, 1),
                                "--pattern", pattern(kind), after=stand.cursor()))
    for number in range(6):
        stand.publish(kind, {"n": number})
    equal(numbers(reader.take(3)), [1, 3, 5], "events")


@test("tail_refuses_a_bad_filter")
def _():
    done = run("tail", "--database", stand.database, "--filter", "data.n > > 1")
    equal(done.returncode, 2, f"exit status; it said {done.stderr!r}")
    true("line 1" in done.stderr.lower(), f"{done.stderr!r}")


@test("tail_ends_when_its_filter_fails")
def _():
    kind = fresh()
    start = stand.cursor()
    for number in (12, 13, 14):
        stand.publish(kind, {"n": number})
    done = run("tail", "--database", stand.database, "--type", kind, "--filter", FAILING,
               "--after", start, "--no-follow")
    equal(done.returncode, 1, f"exit status; it said {done.stderr!r}")
    equal(numbers([json.loads(line) for line in done.stdout.splitlines()]), [12], "printed")
    true("passed a limit" in done.stderr, f"{done.stderr!r}")


if __name__ == "__main__":
    main()
