#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""search_events.py: events of the corpus's shapes with varied values, as rows for COPY.

    search_events.py --corpus FILE --events N --first POSITION --end UNIX_TIME
                     [--seed N] [--days D] [--words FILE]

An event of the corpus (at most 4 kB of JSON) becomes a template: its names, its structure and those
of its strings that say of which kind it is (streams, actions, schemas, codes) stay, every other
value gives way to one of the same kind for each event made: ids and hashes by random ones, numbers
by numbers of as many digits, times by the event's own, one word by a word, several by as many,
URLs by ones of the same host. Words are drawn from a vocabulary of 100,000 by Zipf's law, so that
there are words in every sixth event and words in a dozen of two million; sentences come from a
pool, as people come back to the same things, so that phrases are found too. Templates, users and
sources are drawn by Zipf's law as well.

Written to standard output, in the order of COPY events.event (position, id, source, type, subject,
"time", recorded_at, topic, datacontenttype, data, attributes): positions from --first on without
holes, recorded_at rises with them over --days (30) to --end. To --words: the vocabulary, the most
frequent word first. To standard error: a line with what was made. The same seed makes the same
events.
"""

import argparse
import bisect
import datetime
import itertools
import json
import random
import re
import sys

VOCABULARY = 100000
USERS = 20000
WIKIS = 300
REPOSITORIES = 2000
LARGEST = 4000

UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$", re.I)
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
HEX = re.compile(r"[0-9a-f]{12,}$", re.I)
URL = re.compile(r"(https?://[^/?#]+)(/.*)?$")
DIGITS = re.compile(r"\d+$")
CODE = re.compile(r"[\w.:/+$%@=-]+$")
NAMES = ("title", "name", "login", "user", "text", "comment", "message", "description", "query",
         "search", "label", "summary", "body", "author", "performer", "term", "item", "subtitle")
KINDS = ("$schema", "schema", "stream", "action", "type", "kind", "event", "state", "status")


def zipf(rng, items, count):
    """So many of the items, the first the most frequent."""
    sums = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(items))))
    total = sums[-1]
    return [items[bisect.bisect_left(sums, rng.random() * total)] for _ in range(count)]


def make_vocabulary(rng):
    onsets = "b c d f g h j k l m n p r s t v w z br ch cl dr fl gr kn pl pr sch st str tr".split()
    vowels = "a e i o u a e i o u ai au ea ei ie oo ou ä ö é".split()
    codas = ["", "", "", "n", "r", "s", "t", "l", "m", "ck", "nd", "st", "ng"]
    words, known = [], set()
    while len(words) < VOCABULARY:
        syllables = 1 + rng.randrange(2 if len(words) < 500 else 4)
        word = "".join(rng.choice(onsets) + rng.choice(vowels) + rng.choice(codas)
                       for _ in range(syllables))
        if len(word) > 2 and word not in known:
            known.add(word)
            words.append(word)
    return words


class Pools:
    """What templates take values from; a pool is a function without arguments."""

    def __init__(self, rng, events):
        self.rng = rng
        self.vocabulary = make_vocabulary(rng)
        size = max(20000, min(events, 1 << 20))
        self.drawn = zipf(rng, self.vocabulary, size + 101)
        self.word = self.cycle(self.drawn)
        self.name = self.cycle([word.capitalize() for word in self.drawn[: size // 2 + 7]])
        self.user = self.cycle(zipf(rng, [f"{self.vocabulary[rng.randrange(5000)]}{n}"
                                          for n in range(USERS)], size + 13))
        # These go into sources, which are URIs.
        plain = [word for word in self.vocabulary[:10000] if word.isascii()]
        self.wiki = self.cycle(zipf(rng, [f"{plain[200 + n]}.wikipedia.org"
                                          for n in range(WIKIS)], size + 29))
        self.repository = self.cycle(zipf(rng, [
            f"{plain[rng.randrange(300)]}/{plain[n + 1000]}"
            for n in range(REPOSITORIES)], size // 2 + 31))
        self.sentences = {}
        self.numbers = {}
        self.bool = self.cycle([rng.choice(("true", "false")) for _ in range(1009)])
        self.bits = rng.getrandbits
        self.size = size

    @staticmethod
    def cycle(values):
        return itertools.cycle(values).__next__

    def sentence(self, count):
        """Sentences of so many words, each of which comes several times."""
        if count not in self.sentences:
            draw, made = self.rng.randrange, []
            for _ in range(max(5000, self.size // 8) + count):
                at = draw(len(self.drawn) - count)
                made.append(" ".join(self.drawn[at:at + count]).capitalize())
            self.sentences[count] = made
        return self.cycle(self.sentences[count])

    def number(self, digits):
        if digits not in self.numbers:
            low, high = (0, 10) if digits == 1 else (10 ** (digits - 1), 10 ** digits)
            self.numbers[digits] = [str(self.rng.randrange(low, high))
                                    for _ in range(50021 + digits)]
        return self.cycle(self.numbers[digits])

    def uuid(self):
        bits = self.bits(128)
        return "%08x-%04x-4%03x-%04x-%012x" % (bits >> 96, bits >> 80 & 0xffff, bits >> 68 & 0xfff,
                                               0x8000 | bits >> 50 & 0x3fff, bits & 0xffffffffffff)

    def hex(self, length):
        form, bits = f"%0{length}x", self.bits
        return lambda: form % bits(length * 4)


class Template:
    """An event of the corpus: a format, and the pool for each of its places."""

    def __init__(self, pools, line):
        self.pools = pools
        self.places = []
        self.event = line["event"]
        self.schema = line["schema"]
        self.family = line["source"]
        parts = "".join(self.write(self.event, ""))
        # COPY takes a backslash for its own.
        self.form = parts.replace("\\", "\\\\")
        self.type = self.make_type()
        self.topic = "{" + ",".join('"%s"' % part for part in self.type.split(".") if part) + "}"
        self.length = len(parts)

    def make_type(self):
        event = self.event
        if self.family == "github-webhooks":
            kind = self.schema.replace("/", ".")
            return f"{kind}.{event['action']}" if isinstance(event.get("action"), str) else kind
        if self.family == "wikimedia":
            stream = (event.get("meta") or {}).get("stream") or \
                "/".join(self.schema.split("/")[1:-1])
            return re.sub(r"[^\w]+", ".", f"wikimedia.{stream}")
        if self.family == "google-cloudevents":
            return self.schema.replace("/", ".")
        found = re.search(r'"(?:eventSource|source)": "([\w.:-]+)"', json.dumps(event))
        return re.sub(r"[^\w]+", ".", found.group(1) if found else "aws.lambda").lower()

    def place(self, pool):
        self.places.append(pool)
        return "%s"

    @staticmethod
    def quote(text):
        return json.dumps(text, ensure_ascii=False).replace("%", "%%")

    def write(self, value, name):
        if isinstance(value, dict):
            yield "{"
            for n, (key, member) in enumerate(value.items()):
                yield (", " if n else "") + self.quote(key) + ": "
                yield from self.write(member, key)
            yield "}"
        elif isinstance(value, list):
            yield "["
            for n, element in enumerate(value):
                yield ", " if n else ""
                yield from self.write(element, name)
            yield "]"
        elif isinstance(value, bool):
            yield self.place(self.pools.bool)
        elif isinstance(value, int):
            digits = min(len(str(abs(value))), 15)
            yield ("-" if value < 0 else "") + self.place(self.pools.number(digits))
        elif isinstance(value, float):
            yield self.place(self.pools.number(max(1, len(str(int(abs(value)))))))
            yield "." + self.place(self.pools.number(3))
        elif value is None:
            yield "null"
        else:
            yield '"' + self.write_text(value, name) + '"'

    def write_text(self, text, name):
        pools = self.pools
        lower = name.lower()
        if UUID.match(text):
            return self.place(pools.uuid)
        if TIME.match(text):
            return self.place(None)
        if DIGITS.match(text):
            return self.place(pools.number(min(len(text), 15)))
        if HEX.match(text):
            return self.place(pools.hex(min(len(text), 64)))
        if URL.match(text):
            return self.write_url(text)
        if lower in ("domain", "server_name"):
            return self.place(pools.wiki)
        if lower not in KINDS:
            if "user" in lower and CODE.match(text) and "agent" not in lower:
                return self.place(pools.user)
            words = text.split()
            if len(words) > 1:
                return self.place(pools.sentence(min(len(words), 40)))
            if any(part in lower for part in NAMES):
                # A title in one piece: Some_words_and_more
                return self.place(pools.sentence(3) if "_" in text else pools.name)
            if re.search(r"\d.*\d", text) and len(text) > 8 and CODE.match(text):
                return self.place(pools.hex(min(len(text), 64)))
        return self.quote(text)[1:-1]

    def write_url(self, text):
        host, path = URL.match(text).groups()
        parts = (path or "/").replace("%", "%%").split("/")
        last = parts.pop()
        if last:
            is_number = DIGITS.match(last) and len(last) < 16
            last = self.place(self.pools.number(len(last)) if is_number else self.pools.name)
        return json.dumps(host + "/".join(parts) + "/")[1:-1] + last

    def compile(self):
        """A function of the event's time (RFC 3339) that makes its data."""
        names = {f"p{n}": pool for n, pool in enumerate(self.places) if pool is not None}
        calls = "".join(f"p{n}(), " if pool is not None else "time, "
                        for n, pool in enumerate(self.places))
        exec(f"def make(time): return form % ({calls})", {"form": self.form, **names}, names)
        return names["make"]


def make_source(pools, template):
    """From a domain, a repository or the like to the event's source."""
    if template.family == "wikimedia":
        return pools.wiki, "https://%s/"
    if template.family == "github-webhooks":
        return pools.repository, "https://github.com/%s"
    if template.family == "google-cloudevents":
        return pools.number(2), "//cloudresourcemanager.googleapis.com/projects/%s"
    return pools.number(2), "arn:aws:lambda:%s"


def read_templates(pools, path):
    with open(path, encoding="utf-8") as corpus:
        lines = [json.loads(line) for line in corpus]
    lines = [line for line in lines if isinstance(line["event"], dict) and
             len(json.dumps(line["event"], ensure_ascii=False)) <= LARGEST]
    pools.rng.shuffle(lines)
    return [Template(pools, line) for line in lines]


def rows(args, pools, templates):
    """The rows of COPY, one at a time."""
    rng = pools.rng
    makers = [(t.compile(), t.type, t.topic, *make_source(pools, t)) for t in templates]
    draws = itertools.cycle(zipf(rng, makers, pools.size + 3)).__next__
    subject = pools.cycle(zipf(rng, [str(100000 + n) for n in range(200000)], pools.size + 5))
    user, chance, bits, uuid = pools.user, rng.random, rng.getrandbits, pools.uuid
    step = args.days * 86400 / args.events
    start = args.end - args.days * 86400
    correlation = uuid()
    utc = datetime.timezone.utc
    form = "%d\t%08x-%04x-7%03x-%04x-%012x" + "\t%s" * 6 + "\tapplication/json\t%s\t%s\n"
    for n in range(args.events):
        make, kind, topic, place, source = draws()
        at = start + (n + chance()) * step
        recorded = datetime.datetime.fromtimestamp(at, utc).isoformat(timespec="microseconds")
        time = recorded[:23] + "Z"
        random_bits = bits(74)
        ms = int(at * 1000)
        if random_bits % 5 < 2:
            correlation = uuid()
        yield form % (
            args.first + n, ms >> 16, ms & 0xffff, random_bits >> 62,
            0x8000 | random_bits >> 48 & 0x3fff, random_bits & 0xffffffffffff,
            source % place(), kind, subject() if random_bits % 3 else "\\N", time, recorded, topic,
            make(time),
            f'{{"user": "{user()}", "correlationid": "{correlation}"}}' if random_bits % 4
            else f'{{"correlationid": "{correlation}"}}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--end", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--words")
    args = parser.parse_args()

    pools = Pools(random.Random(args.seed), args.events)
    templates = read_templates(pools, args.corpus)
    if args.words:
        with open(args.words, "w", encoding="utf-8") as words:
            words.write("\n".join(pools.vocabulary) + "\n")
    size = 0
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    made = rows(args, pools, templates)
    while block := list(itertools.islice(made, 1000)):
        text = "".join(block)
        size += len(text)
        sys.stdout.write(text)
    print(f"{len(templates)} templates, {len({t.type for t in templates})} types,"
          f" {size / args.events:.0f} characters a row", file=sys.stderr)


if __name__ == "__main__":
    main()
