#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What every way of delivery owes: committed events, each once, in the one order.

Each test is run for WebSocket, SSE, NDJSON and long-poll. That something does
not come is shown without waiting: a later event comes, and nothing before it.
"""

import threading

from harness import *

stand = at_end(Stand())


def reader(transport, **query):
    return closing(transport(stand.address, **query))


@each("receives_a_committed_event")
def _(transport):
    kind = fresh()
    listening = reader(transport, types=[kind])
    identity = stand.publish(kind, {"n": 1, "text": "\u00fc\u2713\U0001f600 \"\\\n"})
    event = listening.take(1)[0]
    equal(event["id"], identity, "id")
    equal(event["specversion"], "1.0", "specversion")
    equal(event["type"], kind, "type")
    equal(event["data"], {"n": 1, "text": "\u00fc\u2713\U0001f600 \"\\\n"}, "data")
    equal(event["topic"], "/".join(start_of(kind)), "topic")
    true(event["source"] and event["time"] and event["recordedtime"], "source and both times")
    equal(event["sequence"], stand.cursor(stand.table(kind)[0][0]), "sequence")


@each("does_not_receive_a_rolled_back_event")
def _(transport):
    kind = fresh()
    listening = reader(transport, types=[kind])
    stand.sql.query("BEGIN")
    stand.publish(kind, {"n": 1})
    stand.sql.query("ROLLBACK")
    stand.sql.query("BEGIN")
    stand.publish(kind, {"n": 2})
    stand.sql.query("SAVEPOINT s")
    stand.publish(kind, {"n": 3})
    stand.sql.query("ROLLBACK TO s")
    stand.publish(kind, {"n": 4})
    stand.sql.query("COMMIT")
    equal(numbers(listening.take(2)), [2, 4])


@each("receives_nothing_before_the_commit")
def _(transport):
    kind = fresh()
    listening = reader(transport, types=[kind])
    writer = closing(stand.cluster.session())
    writer.query("BEGIN")
    stand.publish(kind, {"n": 1}, session=writer)
    stand.publish(kind, {"n": 2})
    equal(numbers(listening.take(1)), [2])
    writer.query("COMMIT")
    equal(numbers(listening.take(1)), [1])


@each("gives_the_one_order_of_many_writers")
def _(transport):
    kind, writers, rounds = fresh(), 8, 25
    listening = reader(transport, types=[kind])

    def write(writer):
        session = stand.cluster.session()
        for number in range(rounds):
            session.query("BEGIN")
            for part in range(number % 3 + 1):
                stand.publish(kind, {"n": [writer, number, part]}, session=session)
            session.query("ROLLBACK" if number % 5 == 4 else "COMMIT")
        session.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table = stand.table(kind)
    got = ordered(listening.take(len(table)))
    equal([event["id"] for event in got], [identity for _, identity, _ in table], "order of ids")


@each("resumes_after_its_cursor")
def _(transport):
    kind = fresh()
    listening = reader(transport, types=[kind])
    stand.publish_many(kind, 5)
    equal(numbers(listening.take(3)), [0, 1, 2])
    listening.close()
    stand.publish_many(kind, 3, first=5)
    equal(numbers(listening.resume().take(5)), [3, 4, 5, 6, 7])


@each("resumes_while_events_keep_coming")
def _(transport):
    kind, total = fresh(), 400
    listening = reader(transport, types=[kind])
    writer = threading.Thread(target=lambda: [stand.publish(kind, {"n": n})
                                              for n in range(total)])
    writer.start()
    got = []
    while len(got) < total:
        got += listening.take(min(37, total - len(got)))
        listening.resume()
    writer.join()
    equal(numbers(got), list(range(total)))


@each("reads_from_the_earliest_event")
def _(transport):
    kind = fresh()
    stand.publish_many(kind, 5)
    listening = reader(transport, types=[kind], after="earliest")
    stand.publish_many(kind, 1, first=5)
    equal(numbers(listening.take(6)), [0, 1, 2, 3, 4, 5])


@each("reads_from_now_on_when_latest_or_nothing_is_asked")
def _(transport):
    kind = fresh()
    stand.publish(kind, {"n": 0})
    stand.caught_up()
    latest = reader(transport, types=[kind], after="latest")
    silent = reader(transport, types=[kind])
    stand.publish(kind, {"n": 1})
    equal(numbers(latest.take(1)), [1])
    equal(numbers(silent.take(1)), [1])


@each("takes_a_bare_position_as_cursor")
def _(transport):
    kind = fresh()
    stand.publish_many(kind, 3)
    position = stand.table(kind)[0][0]
    equal(numbers(reader(transport, types=[kind], after=position).take(2)), [1, 2])


@each("takes_a_cursor_between_events")
def _(transport):
    kind, other = fresh(), fresh()
    stand.publish(kind, {"n": 0})
    stand.publish(other)
    cursor = stand.cursor()
    stand.publish(kind, {"n": 1})
    equal(numbers(reader(transport, types=[kind], after=cursor).take(1)), [1])


@each("reads_what_was_recorded_since")
def _(transport):
    kind = fresh()
    stand.publish(kind, {"n": 0})
    since = stand.sql.value("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', "
                            "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    stand.publish(kind, {"n": 1})
    listening = reader(transport, types=[kind], since=since)
    stand.publish(kind, {"n": 2})
    equal(numbers(listening.take(2)), [1, 2])


@each("filters_by_topic_prefix")
def _(transport):
    kind, root = fresh(), fresh("root")
    listening = reader(transport, topics=[[root, "a"]])
    stand.publish(kind, {"n": 0}, [root])
    stand.publish(kind, {"n": 1}, [root, "a"])
    stand.publish(kind, {"n": 2}, [root, "ab"])
    stand.publish(kind, {"n": 3}, [root, "a", "b"])
    stand.publish(kind, {"n": 4}, [root, "b", "a"])
    stand.publish(kind, {"n": 5}, [root, "a", "b", "c"])
    equal(numbers(listening.take(3)), [1, 3, 5])


@each("filters_by_topic_with_a_star_for_one_element")
def _(transport):
    kind, root = fresh(), fresh("root")
    listening = reader(transport, topics=[[root, "*", "x"]])
    stand.publish(kind, {"n": 0}, [root, "x"])
    stand.publish(kind, {"n": 1}, [root, "a", "x"])
    stand.publish(kind, {"n": 2}, [root, "a", "y"])
    stand.publish(kind, {"n": 3}, [root, "a", "b", "x"])
    stand.publish(kind, {"n": 4}, [root, "b", "x", "y"])
    equal(numbers(listening.take(2)), [1, 4])


@each("filters_by_any_of_several_topics")
def _(transport):
    kind, root = fresh(), fresh("root")
    by_json = reader(transport, topics=[[root, "a"], [root, "b", "c"]])
    by_name = reader(transport, topic=[f"{root}/a", f"{root}/b/c"])
    stand.publish(kind, {"n": 0}, [root, "b"])
    stand.publish(kind, {"n": 1}, [root, "b", "c"])
    stand.publish(kind, {"n": 2}, [root, "c"])
    stand.publish(kind, {"n": 3}, [root, "a", "z"])
    equal(numbers(by_json.take(2)), [1, 3])
    equal(numbers(by_name.take(2)), [1, 3])


@each("filters_by_topic_elements_with_odd_characters")
def _(transport):
    kind, root = fresh(), fresh("root")
    odd = "a/b%2F \u00fc\"\\,&+#"
    listening = reader(transport, topics=[[root, odd]])
    stand.publish(kind, {"n": 0}, [root, "a", "b%2F \u00fc\"\\,&+#"])
    stand.publish(kind, {"n": 1}, [root, odd])
    event = listening.take(1)[0]
    equal(event["data"]["n"], 1)
    equal(event["topic"], f"{root}/" + odd.replace("%", "%25").replace("/", "%2F"), "topic")
    by_name = reader(transport, topic=event["topic"], after="earliest")
    equal(numbers(by_name.take(1)), [1])


@each("filters_by_type")
def _(transport):
    kind = fresh()
    exact = reader(transport, types=[f"{kind}.a", f"{kind}.b"])
    prefix = reader(transport, types=[f"{kind}.a*"])
    for number, end in enumerate(("a", "b", "ab", "a.c", "c")):
        stand.publish(f"{kind}.{end}", {"n": number})
    stand.publish(f"{kind}.a", {"n": 9})
    equal(numbers(exact.take(3)), [0, 1, 9])
    equal(numbers(prefix.take(4)), [0, 2, 3, 9])


@each("wants_both_topic_and_type")
def _(transport):
    kind, root = fresh(), fresh("root")
    listening = reader(transport, topics=[[root]], types=[kind])
    stand.publish(kind, {"n": 0}, ["elsewhere"])
    stand.publish(fresh(), {"n": 1}, [root])
    stand.publish(kind, {"n": 2}, [root, "a"])
    equal(numbers(listening.take(1)), [2])


@each("filters_the_past_as_it_does_the_present")
def _(transport):
    kind, root = fresh(), fresh("root")
    start = stand.cursor()
    for number in range(50):
        stand.publish(f"{kind}.{'ab'[number % 2]}", {"n": number}, [root, str(number % 5), "x"])
    query = {"topics": [[root, "1"], [root, "*", "y"], [root, "4", "x"]], "types": [f"{kind}.a*"]}
    past = reader(transport, after=start, **query).take(10)
    equal(numbers(past), [n for n in range(50) if n % 5 in (1, 4) and n % 2 == 0])


@each("carries_all_attributes")
def _(transport):
    kind = fresh()
    listening = reader(transport, types=[kind])
    event = {"specversion": "1.0", "id": "e-1", "source": f"/wire/{kind}", "type": kind,
             "subject": "s\u00fcb", "time": "2020-02-29T12:34:56.789Z",
             "dataschema": "https://example.com/schema#x", "datacontenttype": "text/xml",
             "number": 5, "flag": True, "word": "w", "data": "<a b=\"c\"/>"}
    stand.sql.query("SELECT events.publish($1::jsonb)", json.dumps(event))
    got = listening.take(1)[0]
    for name, value in event.items():
        if name == "time":
            continue
        equal(got.get(name), value, name)
    true(got["time"].startswith("2020-02-29T12:34:56.789"), f"time {got['time']}")


@each("carries_binary_data")
def _(transport):
    kind = fresh()
    listening = reader(transport, types=[kind])
    event = {"specversion": "1.0", "id": "b-1", "source": f"/wire/{kind}", "type": kind,
             "datacontenttype": "application/octet-stream", "data_base64": "AAEC/f7/"}
    stand.sql.query("SELECT events.publish($1::jsonb)", json.dumps(event))
    got = listening.take(1)[0]
    equal(got.get("data_base64"), "AAEC/f7/", "data_base64")
    true("data" not in got, "no data beside data_base64")


@each("carries_a_large_event")
def _(transport):
    kind = fresh()
    listening = reader(transport, types=[kind])
    stand.publish(kind, {"n": 1, "pad": "x" * 900_000})
    stand.publish(kind, {"n": 2})
    got = listening.take(2)
    equal(numbers(got), [1, 2])
    equal(len(got[0]["data"]["pad"]), 900_000, "size")


@each("carries_many_events_of_one_transaction")
def _(transport):
    kind, count = fresh(), 20_000
    listening = reader(transport, types=[kind])
    stand.publish_many(kind, count)
    equal(numbers(ordered(listening.take(count, 90))), list(range(count)))


@each("serves_two_readers_at_different_places")
def _(transport):
    kind = fresh()
    stand.publish_many(kind, 100)
    stand.caught_up()
    ahead = reader(transport, types=[kind])
    behind = reader(transport, types=[kind], after="earliest")
    stand.publish_many(kind, 1, first=100)
    equal(numbers(ahead.take(1)), [100])
    equal(numbers(behind.take(101)), list(range(101)))


if __name__ == "__main__":
    main()
