#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The randomised test of search: what is found is what belongs to the question, no more, no less.

A history of many events lies in the database, with holes between them, so that they fill chunks
and more than one partition; some of it is filed for search. While more is published, while
documents are filed a few at a time or made anew by events.reindex_search() and maintenance runs,
random questions are asked: text (words, phrases, OR, minus, beginnings, ids) with any mixture of
filters, in each order, page by page to the end, and facets and histograms. Each answer is compared
with that of this file, which knows nothing but the rows of events.event.

What is published while a question is asked may be in its answer or not; when all has come to rest,
the questions are asked once more, and the answers must be the same to the last event.

EVENTS_SEARCH_QUESTIONS (200) is how many questions are asked, EVENTS_RANDOM_SEED chooses them.
The seed is printed.
"""

import os
import sys

# This folder has a file called random.py; the one that is wanted is Python's. So the folder is not
# searched, but the one above it, in which this one is the package `model`.
sys.dont_write_bytecode = True
sys.path[0] = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
sys.path.insert(0, os.path.join(sys.path[0], "sidecar/wire"))

import collections
import json
import random
import re
import threading

from harness import Skip, Stand, at_end, equal, main, note, pg_array, test, true
from model.clients import topic_matches, type_matches

SEED = int(os.environ.get("EVENTS_RANDOM_SEED") or random.SystemRandom().randrange(1 << 32))
QUESTIONS = int(os.environ.get("EVENTS_SEARCH_QUESTIONS") or 200)
os.environ.setdefault("EVENTS_TEST_WATCHDOG", "600")

EVENTS = 3000
WORDS = ("amber birch cedar delta ember flint grove hazel iris juniper kelp larch maple nettle "
         "olive poplar quartz rowan sage thistle").split()
GERMAN = "haus hauses garten gartens baum baumes wagen vogel vogels".split()
TYPES = ("order.created", "order.paid", "order.item.added", "invoice.sent", "login", "orders",
         "de.notiz")
SOURCES = ("/shop/eu", "/shop/us", "/crm")
TOPICS = (None, ["billing", "eu"], ["billing", "us", "late"], ["shop"], ["a/b", "c"])
USERS = (None, "ada", "grace", "linus")
ORIGIN = 946857600000000        # Monday, 3 January 2000, in microseconds since 1970

SETUP = f"""
CREATE FUNCTION pick(list text[]) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT list[1 + floor(random() * cardinality(list))::int] $$;
CREATE FUNCTION word() RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT pick('{pg_array(WORDS)}') $$;
CREATE FUNCTION german() RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT pick('{pg_array(GERMAN)}') $$;
CREATE FUNCTION publish_some(n int, first int) RETURNS bigint LANGUAGE sql VOLATILE AS $$
SELECT count(events.publish(
    t.type,
    jsonb_build_object('n', i % 97, 'customer', pick('{pg_array(WORDS[:6])}'),
        'note', CASE WHEN t.type LIKE 'de.%' THEN german() || ' ' || german()
                ELSE word() || ' ' || word() || ' ' || word() END,
        'tags', jsonb_build_array(pick('{pg_array(WORDS[10:])}'),
                                  jsonb_build_object('deep', i % 7)))
        || CASE WHEN i % 40 = 0 THEN '{{"rare": "zebra"}}'::jsonb ELSE '{{}}' END
        || CASE WHEN i % 4001 <> 0 THEN '{{}}' ELSE
               jsonb_build_object('fill', repeat('filler ', 9500), 'behind_the_end', 'unseen') END,
    topic => CASE WHEN random() < 0.5 THEN
        pick('{{"{{billing,eu}}","{{billing,us,late}}","{{shop}}","{{a/b,c}}"}}')::text[] END,
    source => pick('{pg_array(SOURCES)}'),
    subject => CASE WHEN i % 3 > 0 THEN 's-' || i % 50 END,
    id => 'id-' || i,
    attributes => CASE WHEN i % 4 > 0 THEN
        jsonb_build_object('user', (ARRAY['ada','grace','linus'])[i % 4],
                           'correlationid', 'c-' || i / 5) END))
FROM generate_series(first, first + n - 1) AS i,
     LATERAL (SELECT pick('{pg_array(TYPES)}') AS type WHERE i IS NOT NULL) AS t $$;
SELECT events.register_schema('/note/1', '{{"type": "object"}}');
SELECT events.register_type('de.notiz', '/note/1', '{{}}', search_configuration => 'german');
"""

FILTERS = ("query", "types", "topics", "sources", "subject", "from_time", "to_time",
           "data_contains", "pattern", "filter")
KINDS = ("text", "text[]", "text[]", "text[]", "text", "timestamptz", "timestamptz", "jsonb",
         "jsonb", "text")

Event = collections.namedtuple(
    "Event", "position id type source topic subject user correlation recorded data plain lexemes "
             "phrases")


class Stems:
    """What the dictionaries make of a word: asked of the server, once for each word."""

    def __init__(self, session):
        self.session, self.known = session, {}

    def __call__(self, word, german):
        if not german:
            return word
        if word not in self.known:
            self.known[word] = self.session.value("SELECT (ts_lexize('german_stem', $1))[1]", word)
            true(self.known[word], f"{word} is no stop word")
        return self.known[word]


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for element in value:
            yield from strings_of(element)
    elif isinstance(value, dict):
        for key, element in value.items():
            yield key
            yield from strings_of(element)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def path_of(topic):
    return "/".join(element.replace("%", "%25").replace("/", "%2F") for element in topic)


class History:
    """The rows of events.event, and which of them belong to a question."""

    def __init__(self, session):
        self.session, self.events, self.stems = session, [], Stems(session)

    def read(self):
        """Takes in what is new; returns the horizon up to which all is known."""
        horizon = int(self.session.value("SELECT events.horizon()"))
        last = self.events[-1].position if self.events else 0
        for row in self.session.query(
                "SELECT position, id, type, source, to_jsonb(topic), subject, attributes->>'user', "
                "attributes->>'correlationid', "
                "(extract(epoch FROM recorded_at) * 1000000)::bigint, data FROM events.event "
                "WHERE position > $1 AND position <= $2 ORDER BY position",
                last, horizon):
            self.events.append(self._event(row))
        return horizon

    def _event(self, row):
        position, identity, kind, source, topic, subject, user, correlation, recorded, data = row
        topic, data = json.loads(topic), json.loads(data)
        german = kind.startswith("de.")
        plain, lexemes, phrases = set(), set(), []
        for name in filter(None, (kind, subject, path_of(topic), source)):
            plain.add(name.lower())
            plain.update(filter(None, re.split(r"[^a-z0-9]+", name.lower())))
            if name.isalpha():
                lexemes.add(self.stems(name, german))
        left = 65536
        for text in strings_of(in_jsonb_order(data)):
            text = text[:left]
            left -= len(text)
            words = [self.stems(word, german) for word in text.split()]
            lexemes.update(words)
            phrases.append(words)
        return Event(int(position), identity, kind, source, topic, subject, user, correlation,
                     int(recorded), data, plain, lexemes, phrases)

    def belonging(self, question):
        """Of all that was read; each event is looked at once."""
        question.found += [event for event in self.events[question.looked_at:]
                           if question.matches(event, self.stems)]
        question.looked_at = len(self.events)
        return question.found


def in_jsonb_order(value):
    """Keys as jsonb has them: shorter ones first. Only so much text of an event is filed."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key), key))
        return {key: in_jsonb_order(value[key]) for key in keys}
    return [in_jsonb_order(element) for element in value] if isinstance(value, list) else value


def contains(data, part):
    if isinstance(part, dict):
        return isinstance(data, dict) and all(key in data and contains(data[key], part[key])
                                              for key in part)
    if isinstance(part, list):
        return isinstance(data, list) and all(any(contains(have, want) for have in data)
                                              for want in part)
    return data == part and type(data) is type(part)


# ---- text: alternatives of terms that must all hold

class Term:
    def __init__(self, chosen):
        self.negated = chosen.random() < 0.2
        self.kind = chosen.choice(("word", "word", "word", "name", "begin", "phrase", "german"))
        if self.kind == "word":
            self.text = chosen.choice((*WORDS, "zebra", "rare", "customer", "note", "created",
                                       "order", "billing", "eu", "filler", "42", "unseen"))
        elif self.kind == "name":
            self.text = chosen.choice(("order.created", "order.paid", "/shop/eu", "billing/eu",
                                       "/crm"))
        elif self.kind == "begin":
            self.text = chosen.choice(("amb", "ze", "th", "ord", "cus", "bill", "qu", "x"))
        elif self.kind == "phrase":
            self.text = " ".join(chosen.sample(WORDS, 2))
        else:
            self.text = chosen.choice(GERMAN)

    def written(self):
        text = {"begin": self.text + "*", "phrase": f'"{self.text}"'}.get(self.kind, self.text)
        return ("-" if self.negated else "") + text

    def holds(self, event, stems):
        return self._found(event, stems) != self.negated

    def _found(self, event, stems):
        german = event.type.startswith("de.")
        if self.kind == "phrase":
            first, second = (stems(word, german) for word in self.text.split())
            return any(pair == (first, second) for words in event.phrases
                       for pair in zip(words, words[1:]))
        if self.kind == "begin":
            starts = (self.text, stems(self.text, german))
            return any(word.startswith(starts) for word in (*event.plain, *event.lexemes))
        if self.text in event.plain:
            return True
        return stems(self.text, german) in event.lexemes or self.text in event.lexemes


class Text:
    def __init__(self, chosen, events):
        self.whole = None
        if chosen.random() < 0.1:
            event = chosen.choice(events)
            self.whole = chosen.choice((event.id, event.correlation or event.id))
            return
        self.alternatives = [[Term(chosen) for _ in range(chosen.choice((1, 1, 1, 2, 2, 3)))]
                             for _ in range(chosen.choice((1, 1, 1, 2)))]

    def written(self):
        return self.whole or " OR ".join(" ".join(term.written() for term in terms)
                                         for terms in self.alternatives)

    def holds(self, event, stems):
        if self.whole:
            return self.whole in (event.id, event.correlation)
        return any(all(term.holds(event, stems) for term in terms) for terms in self.alternatives)


# ---- questions

class Question:
    """Filters as SQL arguments, and the same as conditions in Python."""

    def __init__(self, chosen, events):
        self.arguments, self.conditions = dict.fromkeys(FILTERS), []
        self.found, self.looked_at = [], 0
        self.text = None
        if chosen.random() < 0.65:
            self.text = Text(chosen, events)
            self.arguments["query"] = self.text.written()
        for name, probability in (("types", .25), ("topics", .2), ("sources", .15), ("subject", .1),
                                  ("times", .35), ("data_contains", .2), ("pattern", .2),
                                  ("filter", .15)):
            if chosen.random() < probability:
                getattr(self, "_" + name)(chosen, events)

    def _types(self, chosen, _):
        types = chosen.sample((*TYPES, "order.*", "ord*", "de*", "nothing", "order.item.*"),
                              chosen.choice((1, 1, 2, 3)))
        self.arguments["types"] = pg_array(types)
        self.conditions.append(lambda e: any(type_matches(t, e.type) for t in types))

    def _topics(self, chosen, _):
        path = chosen.choice((["billing"], ["billing", "*", "late"], ["*", "eu"], ["a/b"],
                              ["order"], ["shop"], ["order", "created"]))
        self.arguments["topics"] = pg_array(path)
        self.conditions.append(lambda e: topic_matches(path, e.topic))

    def _sources(self, chosen, _):
        sources = chosen.sample((*SOURCES, "/none"), chosen.choice((1, 2)))
        self.arguments["sources"] = pg_array(sources)
        self.conditions.append(lambda e: e.source in sources)

    def _subject(self, chosen, _):
        subject = f"s-{chosen.randrange(60)}"
        self.arguments["subject"] = subject
        self.conditions.append(lambda e: e.subject == subject)

    def _times(self, chosen, events):
        first, last = sorted(chosen.choice(events).recorded for _ in range(2))
        last += 1
        which = chosen.random()
        if which < 0.7:
            self.arguments["from_time"] = at(first)
            self.conditions.append(lambda e: e.recorded >= first)
        if which > 0.3:
            self.arguments["to_time"] = at(last)
            self.conditions.append(lambda e: e.recorded < last)

    def _data_contains(self, chosen, _):
        part = chosen.choice(({"customer": chosen.choice(WORDS[:6])}, {"n": chosen.randrange(100)},
                              {"tags": [chosen.choice(WORDS[10:])]}, {"tags": [{"deep": 3}]},
                              {"rare": "zebra"}, {}, {"behind_the_end": "unseen"}))
        self.arguments["data_contains"] = json.dumps(part)
        self.conditions.append(lambda e: contains(e.data, part))

    def _pattern(self, chosen, _):
        user, limit = chosen.choice(USERS[1:]), chosen.randrange(97)
        pattern, condition = chosen.choice((
            ({"user": [user]}, lambda e: e.user == user),
            ({"type": ["order.paid", "login"]}, lambda e: e.type in ("order.paid", "login")),
            ({"data": {"n": [{"numeric": [">", limit]}]}}, lambda e: e.data["n"] > limit),
            ({"user": [{"exists": False}]}, lambda e: e.user is None)))
        self.arguments["pattern"] = json.dumps(pattern)
        self.conditions.append(condition)

    def _filter(self, chosen, _):
        limit = chosen.randrange(97)
        expression, condition = chosen.choice((
            (f"data.n > {limit}", lambda e: e.data["n"] > limit),
            ('data.customer = "amber"', lambda e: e.data["customer"] == "amber"),
            (f'type = "login" or data.n = {limit}',
             lambda e: e.type == "login" or e.data["n"] == limit)))
        self.arguments["filter"] = expression
        self.conditions.append(condition)

    def matches(self, event, stems):
        return (all(condition(event) for condition in self.conditions)
                and (self.text is None or self.text.holds(event, stems)))

    def __str__(self):
        return str({name: value for name, value in self.arguments.items() if value is not None})


def at(microseconds):
    """As text that PostgreSQL reads exactly."""
    return f"epoch {microseconds}"


# ---- asking

def literal(value, kind):
    if value is None:
        return "NULL"
    if kind == "timestamptz":
        microseconds = int(value.split()[1])
        return (f"(timestamptz 'epoch' + {microseconds // 1000000} * interval '1 s' "
                f"+ {microseconds % 1000000} * interval '1 us')")
    return "'" + value.replace("'", "''") + "'::" + kind


def arguments_of(question):
    return ", ".join(f"{name} => {literal(value, kind)}" for (name, value), kind
                     in zip(question.arguments.items(), KINDS))


def pages(session, question, order, size):
    """All pages to the end: [(position, rank, total_estimate)]."""
    rows, after = [], "NULL"
    while True:
        page = session.query(
            f"SELECT position, rank, cursor, total_estimate FROM events.search("
            f"{arguments_of(question)}, max_count => {size}, after => {after}, "
            f"\"order\" => '{order}')")
        rows += [(int(position), rank, int(total)) for position, rank, _, total in page]
        if len(page) < size:
            return rows
        after = f"'{page[-1][2]}'"


class Asker:
    def __init__(self, session, history, chosen):
        self.session, self.history, self.chosen = session, history, chosen

    def ask(self, question):
        """Compares each kind of answer; what comes meanwhile may be there or not."""
        known = self.history.read()
        expected = list(self.history.belonging(question))
        self._search(question, expected, known)
        self._facets(question)
        self._histogram(question)

    def _search(self, question, expected, known):
        order = self.chosen.choice(("newest", "newest", "oldest", "rank"))
        size = min(10000, max(self.chosen.choice((1, 3, 20, 100, 1000)), len(expected) // 5 + 1))
        rows = pages(self.session, question, order, size)
        positions = [position for position, _, _ in rows]
        now = self.history.read()
        later = {event.position for event in self.history.belonging(question)
                 if event.position > known}
        got = {position for position in positions if position <= known}
        wanted = {event.position for event in expected}
        equal((sorted(wanted - got)[:9], sorted(got - wanted)[:9]), ([], []),
              f"missing and too many; {order}, {size}: {question}")
        equal(len(set(positions)), len(positions), f"each once: {question}")
        true({p for p in positions if known < p <= now} <= later, f"what is new: {question}")
        if order != "rank" or question.text is None:
            equal(positions, sorted(positions, reverse=order != "oldest"), f"{order}: {question}")
        else:
            ranks = [float(rank) for _, rank, _ in rows]
            equal(ranks, sorted(ranks, reverse=True), f"by rank: {question}")
        if rows and len(rows) < size:
            equal(rows[0][2], len(rows), f"the number of all is exact: {question}")

    def _facets(self, question):
        def counts():
            self.history.read()
            found = collections.Counter()
            for event in self.history.belonging(question):
                found["type", event.type] += 1
                found["source", event.source] += 1
                found["topic", path_of(event.topic)] += 1
                if event.user is not None:
                    found["user", event.user] += 1
            return found
        before = counts()
        answer = {(field, value): int(events) for field, value, events in self.session.query(
            f"SELECT field, value, events FROM events.facets({arguments_of(question)}, "
            "max_values => 1000)")}
        after = counts()
        self._between(before, answer, after, f"facets: {question}")

    def _histogram(self, question):
        length = self.chosen.choice((1, 60, 300, 3600, 86400)) * 1000000

        def counts():
            self.history.read()
            return collections.Counter((event.recorded - ORIGIN) // length
                                       for event in self.history.belonging(question))
        before = counts()
        rows = self.session.query(
            "SELECT (extract(epoch FROM bucket) * 1000000)::bigint, events FROM events.histogram("
            f"{arguments_of(question)}, bucket => {length // 1000000} * interval '1 s')")
        starts = [int(start) for start, _ in rows]
        equal([b - a for a, b in zip(starts, starts[1:])], [length] * (len(starts) - 1),
              f"buckets follow one another: {question}")
        answer = {(int(start) - ORIGIN) // length: int(events) for start, events in rows
                  if int(events) > 0}
        self._between(before, answer, counts(), f"histogram of {length}: {question}")

    @staticmethod
    def _between(before, answer, after, what):
        for key in {*before, *answer, *after}:
            true(before[key] <= answer.get(key, 0) <= after[key],
                 f"{key}: {before[key]} <= {answer.get(key, 0)} <= {after[key]}; {what}")


class Disturbance(threading.Thread):
    """Publishes, files, files anew, maintains, until it is told to stop."""

    def __init__(self, stand):
        super().__init__(daemon=True)
        self.session, self.random = stand.cluster.session(), random.Random(f"{SEED}/disturbance")
        self.stop, self.failure, self.counts = threading.Event(), None, collections.Counter()
        self.next = EVENTS + 1

    def run(self):
        try:
            while not self.stop.is_set():
                self._step()
        except Exception as error:
            self.failure = error
        finally:
            self.session.close()

    def _step(self):
        what = self.random.choices(("publish", "file", "maintain", "reindex"), (30, 60, 5, 1))[0]
        self.counts[what] += 1
        if what == "publish":
            count = self.random.randrange(1, 20)
            self.session.query("SELECT publish_some($1::int, $2::int)", count, self.next)
            self.next += count
        elif what == "file":
            self.session.query("SELECT events._index_search(events.horizon(), $1::int)",
                               self.random.randrange(1, 300))
        elif what == "maintain":
            self.session.query("SELECT events.maintain()")
        else:
            self.session.query("SELECT events.reindex_search()")
        self.stop.wait(0.02)


class Run:
    def __init__(self):
        note(f"EVENTS_RANDOM_SEED={SEED} EVENTS_SEARCH_QUESTIONS={QUESTIONS}")
        self.stand = at_end(Stand(False, {"events.partition_size": "2097152"}, serve=False))
        sql = self.stand.sql
        sql.query("SELECT setseed($1::float8)", str(SEED / (1 << 33)))
        for statement in split(SETUP):
            sql.query(statement)
        chosen = random.Random(f"{SEED}/questions")
        for first in range(1, EVENTS, 500):
            sql.query("SELECT publish_some(500, $1::int)", first)
            sql.query("SELECT events._advance_position(events.horizon() + $1::int)",
                      chosen.choice((1, 3000, 17000, 17000, 300000, 2200000)))
            sql.query("SELECT events.maintain()")
        # Some is filed when the questions begin.
        sql.query("SELECT events._index_search(events.horizon(), $1::int)",
                  chosen.choice((1, 1200, 2900)))
        self.history = History(self.stand.cluster.session())
        self.history.read()
        self.asker = Asker(sql, self.history, chosen)
        self.questions = [Question(chosen, self.history.events) for _ in range(QUESTIONS)]

    def go(self):
        disturbance = Disturbance(self.stand)
        disturbance.start()
        try:
            for question in self.questions:
                self.asker.ask(question)
                if disturbance.failure:
                    raise disturbance.failure
        finally:
            disturbance.stop.set()
            disturbance.join(60)
        note(f"meanwhile: {dict(disturbance.counts)}")


def split(statements):
    """Statements that end with a semicolon at the end of a line."""
    return [s for s in re.split(r";\n", statements) if s.strip()]


run = None


@test("search_finds_what_belongs_to_the_question_while_everything_moves")
def _():
    global run
    run = Run()
    run.go()
    numbers = [len(run.history.belonging(question)) for question in run.questions[:50]]
    note(f"events: {len(run.history.events)}; found: {numbers}")
    true(sum(n > 0 for n in numbers) > len(numbers) / 4, "there was something to find")


@test("search_finds_the_same_when_all_is_filed")
def _():
    if run is None or not hasattr(run, "history"):
        raise Skip("the run did not end")
    sql = run.stand.sql
    while int(sql.value("SELECT events._index_search(events.horizon(), 10000)")) > 0:
        pass
    equal(sql.value("SELECT max(indexed_up_to) = events.horizon() FROM events.search_state"), "t",
          "all is filed")
    for question in run.questions[:QUESTIONS // 5]:
        run.asker.ask(question)


main()
