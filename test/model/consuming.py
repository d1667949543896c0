# SPDX-License-Identifier: PostgreSQL
"""Consumers of the randomised test: they write what they process to the table `result`.

`ordinal` says in which order rows were written: whoever may process an event only after another
was acknowledged draws a later number. Nothing keeps a row from being there twice but what is
tested.

A Shape is one consumer: how it is made, how its members work, and what is promised of it. Some fail
now and then, and with some events always, so these end among the dead letters; once all are
redeemed, nothing fails any more.
"""

import itertools
import zlib

from harness import PgError
from model.actor import Actor

SETUP = """
    CREATE TABLE result (ordinal bigserial, consumer text NOT NULL, member text,
        position bigint NOT NULL, id text NOT NULL, key text NOT NULL);
    CREATE INDEX ON result (consumer, position);
    CREATE TABLE redeemed (yes boolean);

    CREATE FUNCTION handle(e events.event) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.result (consumer, position, id, key)
            VALUES ('handler', e.position, e.id, 'all');
        IF random() < 0.02 THEN
            RAISE EXCEPTION 'not this time';
        END IF;
    END $$;
    CREATE FUNCTION handle_batch(batch events.event[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.result (consumer, position, id, key)
            SELECT 'handler_batch', b.position, b.id, 'all' FROM unnest(batch) b
            ORDER BY b.position;
        IF random() < 0.02 THEN
            RAISE EXCEPTION 'not this time';
        END IF;
    END $$;
    -- some fail for good, until all are redeemed
    CREATE FUNCTION handle_json(e jsonb) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF hashtext(e->>'id') % 40 = 0 AND NOT EXISTS (SELECT FROM public.redeemed) THEN
            RAISE EXCEPTION 'never';
        END IF;
        INSERT INTO public.result (consumer, position, id, key)
            SELECT 'handler_json', split_part(e->>'sequence', '-', 2)::bigint, e->>'id', 'all';
    END $$;
"""


class Shape:
    """One consumer or handler, and what is promised of it."""

    def __init__(self, name, create, members=0, once=True, fails=False, key=False, atomic=True):
        self.name, self.create, self.members = name, create, members
        self.once = once        # no event twice
        self.fails = fails      # some events go to the dead letters, and come late
        self.key = key          # in order for each key only
        self.atomic = atomic    # processes and acknowledges in one transaction


CONSUMERS = (
    Shape("plain", "SELECT events.create_consumer('plain')", members=2),
    Shape("grouped", "SELECT events.create_consumer('grouped', key => 'subject', lease => '2 s')",
          members=4, key=True),
    Shape("loose", "SELECT events.create_consumer('loose', key => 'subject', lease => '2 s', "
          "shares => 8)", members=3, once=False, key=True, atomic=False),
    Shape("nacks", "SELECT events.create_consumer('nacks', types => '{given.id,item.*}', "
          "max_attempts => 4, retry_delay => '20 ms')", members=2, fails=True),
    Shape("nacks_grouped", "SELECT events.create_consumer('nacks_grouped', key => 'subject', "
          "lease => '2 s', max_attempts => 4, retry_delay => '20 ms')", members=3, fails=True,
          key=True),
)
HANDLERS = (
    Shape("handler", "SELECT events.create_handler('handler', 'public.handle(events.event)', "
          "max_attempts => 1000, retry_delay => '10 ms')"),
    Shape("handler_batch", "SELECT events.create_handler('handler_batch', "
          "'public.handle_batch(events.event[])', max_attempts => 1000, retry_delay => '10 ms')"),
    Shape("handler_json", "SELECT events.create_handler('handler_json', "
          "'public.handle_json(jsonb)', types => '{given.id,item.*}', max_attempts => 2, "
          "retry_delay => '20 ms')", fails=True),
)


class Member(Actor):
    """One member of a consumer: fetches, processes, acknowledges, and now and then dies."""

    def __init__(self, seed, shape, number, stand, stop):
        super().__init__(seed, f"{shape.name}/{number}", stand, stop)
        self.shape, self.number, self.lives = shape, number, 0
        self.calm = False           # nobody dies or dawdles any more
        self.redeemed = False       # and nothing fails
        self.member = None
        self.late = 0

    def begin(self):
        """A member that has lost its session comes back under its name or under another."""
        if self.shape.key and (self.member is None or self.random.random() < 0.5):
            self.lives += 1
            self.member = f"m{self.number}.{self.lives}"

    def step(self):
        try:
            (self._atomic if self.shape.atomic else self._loose)()
        except PgError as error:
            # its lease has run out while it worked
            if error.sqlstate != "40001":
                raise
            self.late += 1
            self.session.query("ROLLBACK")
        if self.session is not None and self._happens(0.01):
            self._die()

    def _happens(self, chance):
        """A misfortune; none come any more when the writers have ended."""
        return not self.calm and self.random.random() < chance

    def _die(self):
        if self.shape.key and self.random.random() < 0.3:
            self.session.value("SELECT events.leave($1, $2)", self.shape.name, self.member)
        self.lose()
        self.rest(1)

    def _fetch(self):
        return [(int(position), identity, subject or identity) for position, identity, subject in
                self.session.query(
                    "SELECT position, id, subject FROM events.fetch($1, $2::int, $3::interval, "
                    "$4)", self.shape.name, self.random.choice((1, 5, 50, 200)),
                    self.random.choice(("0", "300 ms", "1 s")), self.member)]

    def _acknowledge(self, position):
        self.session.query("SELECT events.acknowledge($1, $2::bigint, $3)", self.shape.name,
                           position, self.member)

    def _write(self, events):
        if events:
            self.session.query(
                "INSERT INTO result (consumer, member, position, id, key) SELECT $1, $2, p, i, k "
                "FROM unnest($3::bigint[], $4::text[], $5::text[]) WITH ORDINALITY "
                "AS r (p, i, k, o) ORDER BY o", self.shape.name, self.member,
                *(array(column) for column in zip(*events)))

    def _atomic(self):
        self.session.query("BEGIN")
        events = self._fetch()
        if events:
            self._process(events)
        if self.random.random() < 0.05:
            self.session.query("ROLLBACK")
        else:
            self.session.query("COMMIT")
        if not events:
            self.rest(0.05)

    def _loose(self):
        """Each step on its own: what was processed and not acknowledged comes again."""
        events = self._fetch()
        for number, event in enumerate(events, 1):
            self._write([event])
            if self._happens(0.005):
                self._die()
                return
            if number % 20 == 0 or number == len(events):
                if self._happens(0.02):
                    self.rest(3)    # longer than the lease
                self._acknowledge(event[0])
        if not events:
            self.rest(0.05)

    def _process(self, events):
        """Up to the first that fails."""
        good = list(itertools.takewhile(lambda event: not self._fails(event[1]), events))
        self._write(good)
        if len(good) == len(events):
            self._acknowledge(events[-1][0])
        else:
            self.session.query("SELECT events.nack($1, $2::bigint, $3, member => $4)",
                               self.shape.name, events[len(good)][0], "as it was told to",
                               self.member)

    def _fails(self, identity):
        if not self.shape.fails or self.redeemed:
            return False
        return is_poison(identity) or self.random.random() < 0.08


def is_poison(identity):
    """It fails until all are redeemed, whoever tries."""
    return zlib.crc32(identity.encode()) % 40 == 0


def array(values):
    return "{" + ",".join('"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
                          for value in values) + "}"
