#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Searches: GET /v1/events/search and GET /v1/events/{id}.

What a search finds is the database's business and tested there; here it is whether each parameter
gets there, and whether the answer comes back whole. Who waits for whom is in
test_search_hostile.py.
"""

import base64
import datetime
import itertools

from harness import *

from kit import searching
from kit.searching import EVENT, SEARCH

stand = at_end(Stand())


# ---- the events of most tests

SHOP = fresh("search")
PAID, OPENED, SHIPPED = f"{SHOP}.paid", f"{SHOP}.opened", f"{SHOP}.sent.late"
EVENTS = [
    {"id": f"{SHOP}-1", "source": "/shop", "type": PAID, "subject": "42", "topic": [SHOP, "paid"],
     "user": "ada", "correlationid": f"{SHOP}-request",
     "data": {"total": 42, "note": "ring twice please", "order": {"id": 7}}},
    {"id": f"{SHOP}-2", "source": "/shop", "type": OPENED, "subject": "42",
     "topic": [SHOP, "opened"], "user": "ada", "data": {"total": 10, "note": "a <b>bold</b> ring"}},
    {"id": f"{SHOP}-3", "source": "/depot,north", "type": SHIPPED, "subject": "43",
     "topic": [SHOP, "sent", "a/b"], "user": "grace", "data": {"total": 7}},
    {"id": f"{SHOP}-4", "source": "/depot,north", "type": PAID, "topic": [SHOP, "paid", "late"],
     "data": {"total": 99, "note": "zwei Äpfel"}},
]


def setup():
    answer = post_json(stand.address, [{"specversion": "1.0", **event} for event in EVENTS])
    equal(answer.status, 201, f"events of the tests: {answer}")


setup()


def ask(**options):
    return searching.ask(stand.address, **options)


def search(**query):
    return searching.search(stand.address, **query)


def get_event(identity, **options):
    return searching.ask_event(stand.address, identity, **options)


def found(**query):
    """The last parts of the ids of the events of EVENTS that are found, in order."""
    return [event["id"].removeprefix(f"{SHOP}-") for event in
            search(**{"topic": SHOP, "order": "oldest", **query})["events"]]


# ---- what an answer looks like

@test("search_answers_with_whole_cloudevents")
def _():
    answer = ask(topic=SHOP, order="oldest", limit=1)
    equal(answer.header("cache-control"), "no-store", "cache control")
    document = answer.json()
    equal(sorted(document), ["events", "highlights", "next", "total_estimate"], "members")
    (event,) = document["events"]
    (published,) = [e for e in stand_events() if e["id"] == event["id"]]
    equal(event, published, "the event, and the one of the stream")
    equal(document["total_estimate"], len(EVENTS), "total")
    equal(document["highlights"], [None], "highlights without a query")


def stand_events():
    """The events of EVENTS as a long-poll gives them."""
    return fetch(stand.address, "GET", PATH + query_string(after="earliest", topics=[[SHOP]],
                                                           wait=5)).json()


@test("search_without_parameters_gives_the_newest_events_first")
def _():
    events = search()["events"]
    equal([event["id"] for event in events][:4], [e["id"] for e in reversed(EVENTS)], "ids")


@test("search_under_the_short_path_is_the_same")
def _():
    equal(ask(path="/events/search", topic=SHOP).json(), search(topic=SHOP), "answer")


@test("search_head_is_that_of_a_get")
def _():
    answer = ask(method="HEAD", topic=SHOP)
    equal((answer.status, answer.header("content-type")), (200, "application/json"), "head")
    equal(ask(method="HEAD", limit="x").status, 400, "of a bad parameter")


@test("search_options_and_other_methods")
def _():
    answer = ask(method="OPTIONS")
    equal((answer.status, answer.header("allow")), (204, "GET, HEAD, OPTIONS"), "OPTIONS")
    answer = fetch(stand.address, "POST", SEARCH, body=b"{}")
    problem(answer, 405)
    equal(answer.header("allow"), "GET, HEAD, OPTIONS", "allow of a 405")
    problem(fetch(stand.address, "DELETE", SEARCH), 405)


@test("search_from_another_origin_is_allowed_to_those_who_are")
def _():
    eventsd = stand.another(cors_origins="https://app.example")
    for path in (SEARCH, f"/v1/events/{SHOP}-1"):
        for origin, allowed in (("https://app.example", "https://app.example"),
                                ("https://evil.example", None)):
            answer = fetch(eventsd.address, "GET", path, [("Origin", origin)])
            equal(answer.header("access-control-allow-origin"), allowed, f"{path} from {origin}")


# ---- each parameter

@test("search_by_text")
def _():
    equal(found(q="ring"), ["1", "2"], "a word")
    equal(found(q='"ring twice"'), ["1"], "a phrase")
    equal(found(q="ring -twice"), ["2"], "without a word")
    equal(found(q="twic*"), ["1"], "the beginning of a word")
    equal(found(q="Äpfel"), ["4"], "not ASCII")
    equal(found(q=f"{SHOP}-3"), ["3"], "an id")
    equal(found(q=f"{SHOP}-request"), ["1"], "a correlation id")
    equal(found(q=""), ["1", "2", "3", "4"], "nothing, as an empty form sends it")


@test("search_by_type")
def _():
    equal(found(types=PAID), ["1", "4"], "one")
    equal(found(types=f"{OPENED},{PAID}"), ["1", "2", "4"], "two")
    equal(found(types=[OPENED, SHIPPED]), ["2", "3"], "repeated")
    equal(found(types=f"{SHOP}.sent.*"), ["3"], "a prefix")


@test("search_by_a_type_that_has_a_comma")
def _():
    kind = fresh("search")
    for number, name in enumerate((f"{kind}.a,{kind}.b", f"{kind}.a", f"{kind}.c", f"{kind}.b,x")):
        stand.publish(name, {"n": number})

    def of(**query):
        return numbers(search(order="oldest", **query)["events"])
    equal(of(type=f"{kind}.a,{kind}.b"), [0], "itself, not what is between the commas")
    equal(of(types=f"{kind}.a,{kind}.b"), [1], "what is between the commas")
    equal(of(type=[f"{kind}.a,*", f"{kind}.c"]), [0, 2], "as a prefix, and repeated")
    equal(of(type=f"{kind}.b,x", types=f"{kind}.a"), [1, 3], "with a list")


@test("search_by_topic")
def _():
    equal(found(topic=f"{SHOP}/paid"), ["1", "4"], "as on the wire")
    equal(found(topic=f"{SHOP}/sent/a%2Fb"), ["3"], "an element with a slash")
    equal(found(topic=f"{SHOP}/*/late"), ["4"], "a star")
    equal(found(topic=[f"{SHOP}/opened", f"{SHOP}/paid/late"]), ["2", "4"], "repeated")
    equal(found(topic=None, topics=json.dumps([[SHOP, "opened"], [SHOP, "sent", "a/b"]])),
          ["2", "3"], "topics as JSON, of different lengths")


@test("search_by_source_and_subject")
def _():
    equal(found(source="/depot,north"), ["3", "4"], "a source with a comma")
    equal(found(source=["/depot,north", "/shop"]), ["1", "2", "3", "4"], "two sources")
    equal(found(sources="/shop,/nowhere"), ["1", "2"], "sources")
    equal(found(subject="42"), ["1", "2"], "a subject")


@test("search_by_user")
def _():
    everybody = {name: found(topic=SHOP, user=name) for name in ("ada", "grace")}
    equal([len(ids) for ids in everybody.values()], [2, 1], "events of each")
    equal(found(topic=SHOP, user=["ada", "grace"]), sorted(sum(everybody.values(), [])),
          "two users")
    equal(found(topic=SHOP, users="grace,nobody"), everybody["grace"], "users")
    equal(found(topic=SHOP, user="ada", filter="data.total = 10", pattern='{"user":["ada"]}'),
          [one for one in everybody["ada"] if one in found(filter="data.total = 10")],
          "with a pattern and a filter")
    equal(found(topic=SHOP, user='"},{"x'), [], "a user that looks like JSON")
    answer = ask(user="ada", filter="1 +", pattern='{"user":["ada"]}')
    document = problem(answer, 400)
    equal((document["line"], document["column"]), (1, 4), f"place of the fault of {document}")


@test("search_by_time")
def _():
    times = {event["id"]: event["recordedtime"] for event in search(topic=SHOP)["events"]}
    recorded = times[f"{SHOP}-1"]      # one transaction, one time
    later = (datetime.datetime.fromisoformat(recorded.replace("Z", "+00:00"))
             + datetime.timedelta(microseconds=1)).isoformat()
    equal(found(since=recorded), ["1", "2", "3", "4"], "since is included")
    equal(found(since=later), [], "since later")
    equal(found(until=recorded), [], "until is not included")
    equal(found(until=later), ["1", "2", "3", "4"], "until later")
    plain = fetch(stand.address, "GET", f"{SEARCH}?topic={SHOP}&since={later}")
    equal(plain.json()["events"], [], "a plus that was not escaped")


@test("search_by_data_pattern_and_filter")
def _():
    equal(found(contains='{"order":{"id":7}}'), ["1"], "contains")
    equal(found(contains='{"note":\n"zwei Äpfel"}'), ["4"], "contains in two lines")
    equal(found(pattern='{"data":{"total":[{"numeric":[">",20]}]}}'), ["1", "4"], "a pattern")
    equal(found(filter="data.total < 20 and subject = \"42\""), ["2"], "FEEL")
    equal(found(pattern='{"subject":["42"]}', filter="data.total > 20", contains='{"total":42}'),
          ["1"], "all of them")


@test("search_is_case_sensitive_in_names_and_values_of_parameters")
def _():
    problem(ask(Q="x"), 400)
    problem(ask(order="Newest"), 400)


@test("search_limit")
def _():
    equal(found(limit=2), ["1", "2"], "two")
    equal(search(topic=SHOP, limit=0)["events"], [], "none")
    equal(search(topic=SHOP, limit=0)["total_estimate"], 4, "the total of none")
    eventsd = stand.another(max_limit="3")
    document = searching.search(eventsd.address, topic=SHOP, limit=1000)
    equal(len(document["events"]), 3, "no more than max_limit")
    true(document["next"], "there is another page")


@test("search_order")
def _():
    newest = [event["id"] for event in search(topic=SHOP, order="newest")["events"]]
    equal(newest, [event["id"] for event in reversed(EVENTS)], "newest first")
    ranked = search(topic=SHOP, q="ring", order="rank")
    equal(len(ranked["ranks"]), 2, "ranks")
    true(ranked["ranks"] == sorted(ranked["ranks"], reverse=True), f"falling: {ranked['ranks']}")


@test("search_highlights_are_html")
def _():
    highlights = search(topic=SHOP, q="ring", order="oldest")["highlights"]
    equal(len(highlights), 2, "one for each event")
    for html in highlights:
        true("<mark>ring</mark>" in html, html)
    true("<b>" not in highlights[1], f"markup of data: {highlights[1]}")


# ---- pages

def page_through(limit, **query):
    """All events of a search, page by page."""
    events, cursor = [], None
    for _ in range(1000):
        document = search(limit=limit, cursor=cursor, **query)
        one_of(len(document["events"]), range(1, limit + 1), "events of a page")
        events += document["events"]
        cursor = document["next"]
        if cursor is None:
            return events
        equal(len(document["events"]), limit, "events of a page that is not the last")
    raise AssertionError("there is no end")


for _order, _limit in itertools.product(("newest", "oldest", "rank"), (1, 7, 25, 26, 60)):
    def _register(order, limit):
        @test(f"search_pages_{order}_by_{limit}_have_each_event_once")
        def _():
            kind = paged()
            events = page_through(limit, types=kind, order=order,
                                  q="needle" if order == "rank" else None)
            equal(sorted(event["data"]["n"] for event in events), list(range(26)), "events")
            if order != "rank":
                ordered(events if order == "oldest" else events[::-1])
    _register(_order, _limit)


def paged(made=[]):
    """A type with 26 events, some of them filed and some perhaps not yet."""
    if not made:
        made.append(fresh("pages"))
        for n in range(26):
            stand.publish(made[0], {"n": n, "text": "needle " * (1 + n % 3)})
    return made[0]


@test("search_pages_stand_still_while_events_arrive")
def _():
    kind = fresh("moving")
    stand.publish_many(kind, 10)
    first = search(types=kind, limit=4)
    stand.publish_many(kind, 10, first=10)
    second = search(types=kind, limit=4, cursor=first["next"])
    third = search(types=kind, limit=4, cursor=second["next"])
    equal(numbers(first["events"] + second["events"] + third["events"]), list(range(9, -1, -1)),
          "events")
    equal(third["next"], None, "next of the last page")


@test("search_page_is_cut_where_its_events_are_large")
def _():
    kind = fresh("large")
    for n in range(8):
        stand.publish(kind, {"n": n, "pad": "x" * 900000})
    events, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        document = search(types=kind, order="oldest", cursor=cursor)
        events, cursor, pages = events + document["events"], document["next"], pages + 1
        true(sum(len(json.dumps(event)) for event in document["events"]) < 4.1 * 1024 * 1024,
             "bytes of a page")
    equal(numbers(events), list(range(8)), "events")
    equal(pages, 2, "pages")


@test("search_cursor_of_another_search_is_refused")
def _():
    kind = paged()
    cursor = search(types=kind, limit=2)["next"]
    for other in ({"types": "other"}, {"types": kind, "order": "oldest"},
                  {"types": kind, "q": "needle"}):
        document = problem(ask(cursor=cursor, **other), 400)
        equal(document["code"], "invalid-search", f"code of {document}")
        true(document.get("hint"), f"a hint in {document}")


# ---- facets and histogram

def counts(values):
    return {entry["value"]: entry["count"] for entry in values}


@test("search_facets")
def _():
    document = search(topic=SHOP, facets="user,type,source,topic", limit=1)
    facets = document["facets"]
    equal(list(facets), ["user", "type", "source", "topic"], "fields, as they were asked for")
    equal(counts(facets["type"]), {PAID: 2, OPENED: 1, SHIPPED: 1}, "types")
    equal(facets["type"][0], {"value": PAID, "count": 2}, "the most frequent one comes first")
    equal(counts(facets["source"]), {"/shop": 2, "/depot,north": 2}, "sources")
    equal(counts(facets["user"]), {"ada": 2, "grace": 1}, "users")
    equal(counts(facets["topic"]), {f"{SHOP}/paid": 1, f"{SHOP}/opened": 1, f"{SHOP}/paid/late": 1,
                                    f"{SHOP}/sent/a%2Fb": 1}, "topics")
    equal(len(document["events"]), 1, "events beside them")


@test("search_facets_of_nothing_are_empty")
def _():
    document = search(q="nosuchword", topic=SHOP, facets="type,user,type", limit=0)
    equal(document["facets"], {"type": [], "user": []}, "facets")
    equal(document["total_estimate"], 0, "total")


@test("search_facets_go_by_all_conditions")
def _():
    facets = search(topic=SHOP, q="ring", filter="data.total > 20", facets="type")["facets"]
    equal(counts(facets["type"]), {PAID: 1}, "types")


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@test("search_histogram")
def _():
    for bucket, width in (("1h", 3600), ("30s", 30), ("5min", 300), ("1d", 86400), ("PT1H", 3600),
                          ("P1DT12H", 129600), ("PT90S", 90), ("2w", 1209600), ("P1W", 604800)):
        histogram = search(topic=SHOP, bucket=bucket, limit=0)["histogram"]
        equal(histogram["bucket"], width, f"seconds of {bucket}")
        equal(sum(entry["count"] for entry in histogram["buckets"]), 4, f"events by {bucket}")
        starts = [seconds(entry["time"]) for entry in histogram["buckets"]]
        true(all(after - before == width for before, after in zip(starts, starts[1:])),
             f"buckets of {bucket} follow one another: {starts}")
        recorded = seconds(search(topic=SHOP, limit=1)["events"][0]["recordedtime"])
        true(any(start <= recorded < start + width for start in starts),
             f"the bucket of {bucket} in which they were recorded")


@test("search_histogram_has_the_total")
def _():
    document = search(topic=SHOP, bucket="1h", limit=0, q="ring")
    equal((document["events"], document["total_estimate"]), ([], 2), "events and total")


@test("search_histogram_that_fits_by_itself")
def _():
    since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    until = since + datetime.timedelta(hours=2)
    histogram = search(topic=SHOP, bucket="auto", limit=0, since=since.isoformat(),
                       until=until.isoformat())["histogram"]
    true(1 <= histogram["bucket"] <= 3600, f"width: {histogram['bucket']}")
    equal(sum(entry["count"] for entry in histogram["buckets"]), 4, "events")
    one_of(len(histogram["buckets"]), range(2, 200), "buckets of two hours")
    alone = search(q=f"{SHOP}-1", bucket="auto", limit=0)["histogram"]
    equal([entry["count"] for entry in alone["buckets"]], [1], "a single bucket")
    true(alone["bucket"] >= 1, f"its width: {alone['bucket']}")
    nothing = search(q="nosuchword", bucket="auto", limit=0)["histogram"]
    equal(nothing, {"bucket": None, "buckets": []}, "of nothing")


# ---- what makes no sense

BAD = {
    "limit_negative": {"limit": "-1"},
    "limit_of_nonsense": {"limit": "1e3"},
    "limit_huge": {"limit": "9" * 30},
    "limit_twice": {"limit": ["1", "2"]},
    "order_of_nonsense": {"order": "random"},
    "cursor_of_nonsense": {"cursor": "not a cursor"},
    "cursor_of_a_stream": {"cursor": "24fd18fb-0000000000000000042"},
    "cursor_of_other_bytes": {"cursor": base64.urlsafe_b64encode(b"\0" * 40).decode().rstrip("=")},
    "cursor_huge": {"cursor": "A" * 2000},
    "since_of_nonsense": {"since": "yesterday"},
    "until_without_zone": {"until": "2024-01-01T00:00:00"},
    "until_on_a_day_that_is_not": {"until": "2023-02-30T00:00:00Z"},
    "until_before_since": {"since": "2024-01-02T00:00:00Z", "until": "2024-01-01T00:00:00Z"},
    "contains_not_json": {"contains": "{"},
    "contains_with_a_zero_byte": {"contains": '{"a":"\\u0000"}'},
    "contains_nested_deeply": {"contains": "[" * 2000},
    "pattern_not_json": {"pattern": "{"},
    "pattern_of_nonsense": {"pattern": '{"type":"not an array"}'},
    "filter_not_feel": {"filter": "data.total >"},
    "filter_empty": {"filter": ""},
    "types_with_a_star_inside": {"types": "a*b"},
    "types_with_an_empty_one": {"types": "a,,b"},
    "topics_not_json": {"topics": "order"},
    "topics_of_strings": {"topics": '["a"]'},
    "sources_with_an_empty_one": {"sources": "a,"},
    "subject_empty": {"subject": ""},
    "subject_with_a_zero_byte": {"subject": "a\0"},
    "q_of_invalid_utf8": {"q": b"\xff"},
    "q_with_a_zero_byte": {"q": "a\0b"},
    "facets_unknown": {"facets": "type,colour"},
    "facets_empty": {"facets": ""},
    "facets_many": {"facets": ",".join(["type"] * 17)},
    "bucket_of_nonsense": {"bucket": "often"},
    "bucket_of_a_month": {"bucket": "P1M"},
    "bucket_of_nothing": {"bucket": "0s"},
    "bucket_huge": {"bucket": "999999999w"},
    "bucket_without_unit": {"bucket": "60"},
    "unknown_parameter": {"bogus": "1"},
    "parameter_of_a_stream": {"after": "earliest"},
}


def _register_bad(name, query):
    @test(f"search_{name}_is_refused")
    def _():
        document = problem(ask(**query), 400)
        one_of(document["code"], ("bad-parameter", "invalid-search"), "code")
    return _


for _name, _query in BAD.items():
    _register_bad(_name, _query)


@test("search_refused_by_the_database_comes_with_its_advice")
def _():
    document = problem(ask(filter="data.total > )"), 400)
    equal((document["code"], document["line"], document["column"]), ("invalid-search", 1, 14),
          f"place of the fault in {document}")
    true(document.get("hint"), f"a hint in {document}")
    true("type" in problem(ask(facets="colour"), 400).get("hint", ""), "facets that there are")


@test("search_too_many_topics_types_and_sources_are_refused")
def _():
    many = ",".join(f"t{n}" for n in range(60))
    equal(ask(types=many, sources=many).status, 400, "60 types and 60 sources")
    equal(ask(sources=many, types=many).status, 400, "60 sources and 60 types")
    equal(ask(types=many).status, 200, "60 types")


@test("search_text_that_looks_like_sql_is_text")
def _():
    for text in ("'; DROP TABLE events.event; --", "$1", "\\'", '"', "%", "a' || 'b", "{}",
                 "\\u0000"):
        for name in ("q", "types", "topic", "source", "sources", "subject"):
            answer = ask(**{name: text})
            one_of(answer.status, (200, 400), f"{name}={text}")
            if answer.status == 200:
                true(all(event["id"] != f"{SHOP}-1" for event in answer.json()["events"]),
                     f"{name}={text} finds nothing")
    equal(found(), ["1", "2", "3", "4"], "the events are there")


# ---- one event

@test("event_by_id")
def _():
    for base in ("/v1/events/", "/events/"):
        answer = get_event(f"{SHOP}-1", base=base)
        equal((answer.status, answer.header("content-type"), answer.header("cache-control")),
              (200, "application/cloudevents+json", "no-store"), f"{base}: head of {answer}")
        equal(answer.json(), stand_events()[0], "the event")


@test("event_is_found_in_the_first_request_after_its_commit")
def _():
    for _ in range(20):
        identity = stand.publish(fresh(), {"n": 1})
        equal(get_event(identity).json()["id"], identity, "id")


@test("event_by_an_id_of_any_characters")
def _():
    kind = fresh()
    for identity in ("a/b", "a b", "a%2Fb", "a+b", "ä?#&=", "search", "..", "%", "'", '"', "\\",
                     "a//b/", "x" * 2000):
        stand.sql.query("SELECT events.publish($1, '{}', id => $2)", kind, identity)
        answer = get_event(identity) if identity != "search" else ask(path="/v1/events/%73earch")
        equal(answer.status, 200, f"status of {identity[:20]!r}")
        equal(answer.json()["id"], identity, "id")


@test("event_that_is_not_there_is_not_found")
def _():
    equal(problem(get_event("nosuch-" + SHOP), 404)["code"], "not-found", "code")
    problem(get_event(f"{SHOP}-1", source="/nowhere"), 404)
    problem(fetch(stand.address, "GET", f"/v1/events/{SHOP}-1/more"), 404)
    problem(fetch(stand.address, "GET", "/v1/events/"), 404)
    # neither a prefix, nor a text that an event has
    problem(get_event(SHOP), 404)
    problem(get_event("ring"), 404)


@test("event_of_two_sources_is_the_newest_or_that_of_the_source")
def _():
    kind = fresh()
    for n, source in enumerate(("/one", "/two")):
        stand.sql.query("SELECT events.publish($1, jsonb_build_object('n', $3::int), id => $1, "
                        "source => $2)", kind, source, n)
    equal(get_event(kind).json()["source"], "/two", "source of the newest")
    equal(get_event(kind, source="/one").json()["data"], {"n": 0}, "that of /one")
    equal(get_event(kind, source="/two").json()["data"], {"n": 1}, "that of /two")


@test("event_head_says_whether_it_is_there")
def _():
    answer = get_event(f"{SHOP}-1", method="HEAD")
    equal((answer.status, answer.header("content-type")), (200, "application/cloudevents+json"),
          "head")
    equal(answer.header("content-length"), str(len(get_event(f"{SHOP}-1").body)), "length")
    equal(get_event("nosuch-" + SHOP, method="HEAD").status, 404, "status of one that is not")


@test("event_with_bad_parameters_is_refused")
def _():
    for path in ("/v1/events/%", "/v1/events/%zz", "/v1/events/%00", "/v1/events/%ff",
                 "/v1/events/a?source=", "/v1/events/a?source=a&source=b", "/v1/events/a?bogus=1"):
        problem(fetch(stand.address, "GET", path), 400)
    equal(fetch(stand.address, "POST", "/v1/events/a", body=b"{}").status, 405, "POST")


@test("search_answers_come_in_the_order_of_pipelined_requests")
def _():
    connection = closing(Connection(stand.address))
    paths = [f"/v1/events/{SHOP}-{n}" for n in (1, 2, 3, 4)]
    connection.send("".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths).encode())
    equal([connection.response().json()["id"] for _ in paths], [e["id"] for e in EVENTS], "ids")


if __name__ == "__main__":
    main()
