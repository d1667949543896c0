#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""SQL handlers, run by eventsd where the database has no worker: beside the feed and beside each
other, each event once, whatever breaks on the way."""

import signal

from harness import *

stand = at_end(Stand(preload=False, drain_time="1s"))
stand.sql.query("""
    CREATE TABLE result (ordinal bigserial, handler text, id text, n int);

    CREATE FUNCTION take(handler text, e events.event) RETURNS void LANGUAGE sql AS
        'INSERT INTO public.result (handler, id, n) VALUES ($1, e.id, (e.data->>''n'')::int)';
""")
RUNNERS = ("SELECT pid, state FROM pg_stat_activity WHERE application_name = 'eventsd handler' "
           "ORDER BY pid")


class Handler:
    """A handler with a function of its own, which waits while a test holds its gate."""

    _made = 0

    def __init__(self, kind, body="", arguments=""):
        Handler._made += 1
        self.key, self.name = Handler._made, f"handler_{Handler._made}"
        stand.sql.query(f"""
            CREATE FUNCTION {self.name}(e events.event) RETURNS void LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock_shared({self.key});
                {body}
                PERFORM public.take('{self.name}', e);
            END $$""")
        stand.sql.query(f"SELECT events.create_handler($1, '{self.name}(events.event)', "
                        f"types => $2::text[] {arguments})", self.name, "{" + kind + "}")
        self.gate = None

    def shut(self):
        """Its function waits, until open()."""
        self.gate = stand.cluster.session()
        self.gate.query(f"SELECT pg_advisory_lock({self.key})")
        return self

    def open(self):
        self.gate.close()
        self.gate = None

    def waits(self):
        """The process that waits at the gate, or None."""
        pids = [int(pid) for (pid,) in stand.sql.query(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1::oid "
            "AND NOT granted", self.key)]
        return pids[0] if pids else None

    def wait(self):
        return wait_until(self.waits, f"{self.name} waits at its gate")

    def taken(self):
        return [int(n) for (n,) in stand.sql.query(
            "SELECT n FROM result WHERE handler = $1 ORDER BY ordinal", self.name)]

    def has(self, expected):
        wait_until(lambda: len(self.taken()) >= len(expected), f"{self.name} has its events")
        equal(self.taken(), expected, f"events of {self.name}")

    def close(self):
        if self.gate is not None:
            self.open()
        wait_until(self._dropped, "nobody runs it")

    def _dropped(self):
        try:
            stand.sql.query("SELECT events.drop_handler($1)", self.name)
            return True
        except PgError as error:
            if error.lost:
                raise
            return False


def runners():
    return stand.sql.query(RUNNERS)


def publish(kind, *numbers_of_events):
    for n in numbers_of_events:
        stand.publish(kind, {"n": n})


@test("handlers_run_each_event_once_in_order")
def _():
    kind = fresh()
    handlers = [closing(Handler(kind)) for _ in range(3)]
    stand.publish_many(kind, 250)
    publish(kind, *range(250, 260))
    for handler in handlers:
        handler.has(list(range(260)))


@test("handlers_many_take_turns_on_few_connections")
def _():
    kind = fresh()
    handlers = [closing(Handler(kind)) for _ in range(9)]
    stand.publish_many(kind, 30)
    for handler in handlers:
        handler.has(list(range(30)))
    true(1 <= len(runners()) <= 4, f"at most handler_connections: {runners()}")


@test("handlers_slow_one_delays_neither_the_feed_nor_others")
def _():
    kind = fresh()
    slow, quick = closing(Handler(kind).shut()), closing(Handler(kind))
    reader = closing(SseReader(stand.address, types=[kind]))
    publish(kind, 0)
    slow.wait()
    publish(kind, 1, 2)
    quick.has([0, 1, 2])
    equal(numbers(reader.take(3)), [0, 1, 2])
    equal(slow.taken(), [], "it still waits")
    slow.open()
    slow.has([0, 1, 2])


@test("handlers_that_fill_all_connections_do_not_stop_the_feed")
def _():
    kind = fresh()
    slow = [closing(Handler(kind).shut()) for _ in range(5)]
    reader = closing(SseReader(stand.address, types=[kind]))
    publish(kind, 0)
    wait_until(lambda: sum(handler.waits() is not None for handler in slow) == 4,
               "as many wait as there are connections")
    publish(kind, 1)
    equal(numbers(reader.take(2)), [0, 1])
    equal(post_json(stand.address, {"specversion": "1.0", "id": "1", "source": "/s", "type": kind,
                                    "data": {"n": 2}}).status, 201, "status of a POST")
    for handler in slow:
        handler.open()
    for handler in slow:
        handler.has([0, 1, 2])


@test("handlers_failing_function_is_tried_again")
def _():
    kind = fresh()
    stand.sql.query("CREATE SEQUENCE tries")
    handler = closing(Handler(kind, """IF nextval('public.tries') < 3 THEN
                RAISE EXCEPTION 'not yet'; END IF;""", ", retry_delay => '10 ms'"))
    publish(kind, 1, 2)
    handler.has([1, 2])
    true(not any(log.get("handler") == handler.name for log in stand.eventsd.logs),
         "that is no trouble of eventsd")


@test("handlers_given_up_goes_to_the_dead_letters_and_others_go_on")
def _():
    kind = fresh()
    handler = closing(Handler(kind, "IF e.data->>'n' = '1' THEN RAISE EXCEPTION 'never'; END IF;",
                              ", retry_delay => '10 ms', max_attempts => 2"))
    publish(kind, 1, 2)
    handler.has([2])
    equal(stand.sql.query("SELECT data->>'n', attempts FROM events.dead_letter "
                          "WHERE consumer = $1", handler.name), [("1", "2")], "dead letters")


@test("handlers_cut_connection_loses_and_doubles_nothing")
def _():
    kind = fresh()
    handler = closing(Handler(kind).shut())
    publish(kind, 1)
    first = handler.wait()
    stand.sql.query(f"SELECT pg_terminate_backend({first})")
    stand.eventsd.wait_log(lambda log: log.get("handler") == handler.name
                           and "failed" in log.get("message", ""), "the loss is logged")
    wait_until(lambda: handler.waits() not in (None, first), "another session tries again")
    handler.open()
    handler.has([1])
    publish(kind, 2)
    handler.has([1, 2])


@test("handlers_server_that_restarts_goes_on")
def _():
    kind = fresh()
    handler = closing(Handler(kind).shut())
    publish(kind, 1)
    handler.wait()
    stand.cluster.restart("immediate")      # with it goes the lock that is the gate
    stand.reconnect()
    handler.open()
    publish(kind, 2)
    handler.has([1, 2])


@test("handlers_drain_lets_a_round_finish")
def _():
    kind = fresh()
    handler = closing(Handler(kind).shut())
    stand.eventsd.stop()
    eventsd = Eventsd(stand.database, drain_time="20s")
    publish(kind, 1)
    handler.wait()
    eventsd.signal(signal.SIGTERM)
    eventsd.wait_log(lambda log: log.get("message") == "draining", "it drains")
    handler.open()
    wait_until(lambda: not eventsd.running(), "it ends")
    eventsd.close()
    stand.eventsd.start()
    equal(handler.taken(), [1], "what was under way is done")


@test("handlers_drain_cancels_what_takes_too_long")
def _():
    kind = fresh()
    handler = closing(Handler(kind).shut())
    publish(kind, 1)
    pid = handler.wait()
    equal(stand.eventsd.stop(), 0, "exit status")
    wait_until(lambda: not is_running(pid), "its session is gone")
    equal(handler.waits(), None, "nobody waits at the gate")
    handler.open()
    stand.eventsd.start()
    handler.has([1])


@test("handlers_of_a_killed_eventsd_end_by_themselves")
def _():
    kind = fresh()
    handler = closing(Handler(kind).shut())
    publish(kind, 1)
    first = handler.wait()
    stand.eventsd.kill()
    wait_until(lambda: not is_running(first), "the server has seen that nobody is there")
    stand.eventsd.start()
    handler.wait()
    handler.open()
    handler.has([1])


@test("handlers_dropped_while_it_runs_is_no_trouble_for_others")
def _():
    kind = fresh()
    handler, other = Handler(kind), closing(Handler(kind))
    stand.publish_many(kind, 50)
    handler.close()
    other.has(list(range(50)))


@test("handlers_of_several_eventsd_run_once")
def _():
    kind = fresh()
    handlers = [closing(Handler(kind)) for _ in range(3)]
    stand.another(processes="2")
    stand.another()
    for first in range(0, 200, 20):
        stand.publish_many(kind, 20, first)
    for handler in handlers:
        handler.has(list(range(200)))


@test("handlers_of_several_processes_are_run_by_the_first")
def _():
    kind = fresh()
    stand.eventsd.stop()
    eventsd = Eventsd(stand.database, processes="3", handler_connections="1")
    try:
        handlers = [closing(Handler(kind)) for _ in range(3)]
        stand.publish_many(kind, 20)
        for handler in handlers:
            handler.has(list(range(20)))
        equal(len(runners()), 1, "connections")
    finally:
        eventsd.close()
        stand.eventsd.start()


@test("handlers_are_left_to_others_with_no_connections")
def _():
    kind = fresh()
    stand.eventsd.stop()
    without = Eventsd(stand.database, handler_connections="0")
    handler = closing(Handler(kind))
    reader = closing(SseReader(without.address, types=[kind]))
    publish(kind, 1)
    equal(numbers(reader.take(1)), [1], "it serves clients")
    equal(stand.sql.query("SELECT pid FROM pg_stat_activity WHERE application_name LIKE "
                          "'eventsd handler%'"), [], "connections for handlers")
    equal(handler.taken(), [], "nobody has run it")
    stand.eventsd.start()
    handler.has([1])
    without.close()


@test("handlers_are_left_to_the_worker")
def _():
    other = closing(Stand(preload=True, serve=False))
    wait_until(lambda: other.sql.value("SELECT worker_state FROM events.status") == "running",
               "there is a worker")
    other.eventsd = Eventsd(other.database)
    other.caught_up()
    other.sql.query("CREATE TABLE result (id text)")
    other.sql.query("CREATE FUNCTION take(e events.event) RETURNS void LANGUAGE sql AS "
                    "'INSERT INTO public.result VALUES (e.id)'")
    other.sql.query("SELECT events.create_handler('h', 'take(events.event)', types => '{a.b}')")
    identity = other.publish("a.b", {})
    wait_until(lambda: other.sql.query("SELECT id FROM result") == [(identity,)],
               "the worker has run it")
    equal(other.sql.query("SELECT pid FROM pg_stat_activity WHERE application_name LIKE "
                          "'eventsd handler%'"), [], "connections of eventsd for handlers")


if __name__ == "__main__":
    main()
