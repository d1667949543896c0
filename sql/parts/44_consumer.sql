-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Consumers: a place in the stream that the database keeps
-- ---------------------------------------------------------------------------

-- Names are compared byte by byte, whatever the database's collation is.
CREATE TABLE events.consumer (
    name         text COLLATE "C" NOT NULL PRIMARY KEY,
    owner        regrole     NOT NULL,
    topics       text[],
    types        text[],
    pattern      jsonb,
    filter       text,
    key          text,
    shares       int         NOT NULL,
    lease        interval    NOT NULL,
    max_attempts int         NOT NULL,
    retry_delay  interval    NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    function     text,
    timeout      interval,
    batch_size   int
);
COMMENT ON TABLE events.consumer IS
'Named consumers, made by events.create_consumer(); a handler is a consumer with a function. Its rows never change';
COMMENT ON COLUMN events.consumer.owner IS 'Only members of this role use the consumer';
COMMENT ON COLUMN events.consumer.key IS
'FEEL expression: events with the same value stay in order and go to one member; NULL: all stay in order';
COMMENT ON COLUMN events.consumer.shares IS 'Parts into which the events are divided by their keys';
COMMENT ON COLUMN events.consumer.lease IS 'For how long a member that is not heard of keeps its shares';
COMMENT ON COLUMN events.consumer.max_attempts IS 'An event that failed so many times goes to events.dead_letter';
COMMENT ON COLUMN events.consumer.retry_delay IS
'Time before the second attempt; doubled with each one, up to five minutes';
COMMENT ON COLUMN events.consumer.function IS 'Of a handler: the function, as text';
COMMENT ON COLUMN events.consumer.timeout IS 'Of a handler: how long one call may take';
COMMENT ON COLUMN events.consumer.batch_size IS 'Of a handler: greatest number of events in one transaction';

-- Append-only: the row with the highest ordinal is what is so of a member.  A
-- row that was updated thousands of times would have to be looked for among its
-- dead versions for as long as somebody holds an old snapshot; the last entry
-- of an index is found at once.  events.maintain() deletes the others.
CREATE TABLE events.consumer_state (
    consumer     text COLLATE "C" NOT NULL,
    member       text COLLATE "C" NOT NULL,
    ordinal      bigint      NOT NULL,
    shares       smallint[]  NOT NULL,
    positions    bigint[]    NOT NULL,
    pool         bigint      NOT NULL,
    leased_until timestamptz,
    attempts     int         NOT NULL,
    not_before   timestamptz,
    reason       text,
    PRIMARY KEY (consumer, member, ordinal)
);
COMMENT ON TABLE events.consumer_state IS
'How far each member of each consumer has come; the row with the highest ordinal counts';
COMMENT ON COLUMN events.consumer_state.member IS
'Empty: whoever gives no name; *: shares that nobody holds';
COMMENT ON COLUMN events.consumer_state.positions IS
'Position acknowledged in each share; one element if it is the same in all of them';
COMMENT ON COLUMN events.consumer_state.pool IS
'Ordinal of the row of * that the member has last taken into account';
COMMENT ON COLUMN events.consumer_state.attempts IS
'How many times the event after the position has failed, where that holds up all the others';

CREATE TABLE events.redelivery (
    consumer        text COLLATE "C" NOT NULL,
    LIKE events.event,
    key_hash        bigint      NOT NULL,
    attempts        int         NOT NULL,
    not_before      timestamptz,
    member          text COLLATE "C",
    reason          text,
    sqlstate        text,
    PRIMARY KEY (consumer, position)
);
COMMENT ON TABLE events.redelivery IS
'Events that a consumer gets again because they failed, and those with the same key that wait behind them';
COMMENT ON COLUMN events.redelivery.key_hash IS 'Hash of the event''s key';
COMMENT ON COLUMN events.redelivery.attempts IS 'How many times it has failed; 0: it waits behind another';
COMMENT ON COLUMN events.redelivery.member IS 'The member that has it now and has not acknowledged it';

CREATE TABLE events.dead_letter (
    consumer        text COLLATE "C" NOT NULL,
    LIKE events.event,
    key_hash        bigint      NOT NULL,
    attempts        int         NOT NULL,
    reason          text,
    sqlstate        text,
    failed_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (consumer, position)
);
COMMENT ON TABLE events.dead_letter IS
'Events that a consumer has given up, as they were, and why; events.redrive() delivers them again';

-- Written by retention; seek() and drop_consumer() delete it.
CREATE TABLE events.consumer_loss (
    consumer    text COLLATE "C" NOT NULL PRIMARY KEY,
    lost_before bigint      NOT NULL,
    lost_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE events.consumer_loss IS
'Consumers of which retention has removed events that they wanted and had not acknowledged; until events.seek()';
COMMENT ON COLUMN events.consumer_loss.lost_before IS 'Such events were before this position';
COMMENT ON COLUMN events.consumer_loss.lost_at IS 'When that last happened';

-- Worked out again by maintenance, so a dump leaves it out.
CREATE TABLE events.consumer_risk (
    consumer     text COLLATE "C" NOT NULL,
    lower        bigint      NOT NULL,
    upper        bigint      NOT NULL,
    condition    text        NOT NULL,
    position     bigint      NOT NULL,
    at_risk      boolean     NOT NULL,
    looked_up_to bigint,
    noted_at     timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    PRIMARY KEY (consumer, lower)
);
COMMENT ON TABLE events.consumer_risk IS
'Consumers that have not come past a partition from which retention is about to remove events: looked at by maintenance, and warned of once';
COMMENT ON COLUMN events.consumer_risk.lower IS 'The partition: its first position';
COMMENT ON COLUMN events.consumer_risk.condition IS 'Which of its events will be removed, as SQL';
COMMENT ON COLUMN events.consumer_risk.position IS 'Where the consumer was then';
COMMENT ON COLUMN events.consumer_risk.at_risk IS 'The consumer wants some of them';
COMMENT ON COLUMN events.consumer_risk.looked_up_to IS
'It wants none up to there, and the rest will be looked at; NULL: all has been, or it wants one';

SELECT pg_catalog.pg_extension_config_dump('events.consumer', '');
SELECT pg_catalog.pg_extension_config_dump('events.consumer_state', '');
SELECT pg_catalog.pg_extension_config_dump('events.redelivery', '');
SELECT pg_catalog.pg_extension_config_dump('events.dead_letter', '');
SELECT pg_catalog.pg_extension_config_dump('events.consumer_loss', '');

CREATE FUNCTION events.create_consumer(
    name         text,
    topics       text[]   DEFAULT NULL,
    types        text[]   DEFAULT NULL,
    pattern      jsonb    DEFAULT NULL,
    filter       text     DEFAULT NULL,
    start        text     DEFAULT 'latest',
    key          text     DEFAULT NULL,
    shares       int      DEFAULT 64,
    lease        interval DEFAULT '30 s',
    max_attempts int      DEFAULT 5,
    retry_delay  interval DEFAULT '1 s')
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_create_consumer'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.create_consumer(text, text[], text[], jsonb, text, text, text, int, interval, int, interval) IS
'Makes a consumer, which belongs to the role that calls, and returns the position after which it starts.
topics, types, pattern, filter: as of events.read(). start: latest, earliest, a position, a cursor or a time. key: a FEEL expression; events with the same value stay in order and go to one member at a time, others are dealt out among the members; NULL: one after the other, in the order of all. shares: parts in which they are dealt out, the greatest number of members that have something to do. lease: how long a member keeps its shares that is not heard of. max_attempts, retry_delay: of events.nack().
Errors: 42710 there is one of that name; 22023 bad argument; 42601 filter or key is not FEEL; EV001, EV002 nothing is kept at that start, or it is in the future; 25001 REPEATABLE READ or SERIALIZABLE transaction.';

CREATE FUNCTION events.drop_consumer(name text)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_drop_consumer'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.drop_consumer(text) IS
'Removes a consumer with its position, what it was to get again, and its dead letters. Waits for transactions that are using it.
Errors: 42704 there is none; 42501 the caller is no member of its owner.';

CREATE FUNCTION events.fetch(
    name      text,
    max_count int      DEFAULT 100,
    wait      interval DEFAULT '0',
    member    text     DEFAULT NULL)
RETURNS SETOF events.event
AS 'MODULE_PATHNAME', 'ev_fetch'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.fetch(text, int, interval, text) IS
'The next events that a consumer has not acknowledged, in order; they come again until they are. Fetch, process and acknowledge in one transaction, and each event takes effect exactly once: until that transaction ends, nobody else gets what it has fetched.
max_count: NULL for all. wait: how long to wait for one, if there is none, at most 10 minutes; it may end sooner when members come or go. member: of a consumer with a key, who shares the work; the session if NULL.
Errors: 42704 there is no such consumer; 42501 the caller is no member of its owner; EV001 retention has dropped what comes next (events.seek()); 25001 REPEATABLE READ or SERIALIZABLE transaction; 25006 READ ONLY transaction; 22023 bad argument.';

CREATE FUNCTION events.acknowledge(name text, "position" bigint, member text DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_acknowledge'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.acknowledge(text, bigint, text) IS
'Says that all events up to a position, which the member has fetched, are done; returns the position from which the member goes on. One that is acknowledged already does nothing, nor does NULL, which is max(position) of an empty fetch.
Errors: 40001 the member''s lease has run out, or somebody called events.seek(), and it has no share any more (fetch again); EV002 the position is in the future; 42704, 42501, 25001, 25006 as events.fetch().';

CREATE FUNCTION events.seek(name text, start text)
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_seek'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.seek(text, text) IS
'Has a consumer go on from somewhere else, with all its members, and returns the position. What it was to get again is forgotten; its dead letters stay. What members have fetched before they cannot acknowledge any more (40001). Waits for transactions that are using the consumer.
start: latest, earliest, a position, a cursor or a time.
Errors: 22023 none of these; EV001, EV002 nothing is kept there, or it is in the future; 42704, 42501, 25001, 25006 as events.fetch().';

CREATE FUNCTION events.nack(
    name       text,
    "position" bigint,
    reason     text     DEFAULT NULL,
    delay      interval DEFAULT NULL,
    member     text     DEFAULT NULL,
    sqlstate   text     DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_nack'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.nack(text, bigint, text, interval, text, text) IS
'Says that the event at a position, which the member has fetched, could not be processed, and that what came before it is done. Returns retry, or dead if it has failed max_attempts times and was moved to events.dead_letter. Then fetch again: without a key nothing else comes until the event is done or dead; with one, all but events of the same key.
reason, sqlstate: kept with the event. delay: until the next attempt; NULL for retry_delay x 2^(attempts - 1), at most 5 minutes.
Errors: 22023 there is no such event; 55000 it is acknowledged; 40001 the member has lost its shares (fetch again); EV001 retention has dropped it; EV002, 42704, 42501, 25001, 25006 as events.acknowledge().';

CREATE FUNCTION events.leave(name text, member text DEFAULT NULL)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_leave'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.leave(text, text) IS
'Gives a member''s shares back at once, so that the others need not wait for the end of its lease; false if it holds nothing.
Errors: 22023 no name of a member; 42704, 42501, 25001, 25006 as events.fetch().';

CREATE FUNCTION events.redrive(name text, "position" bigint DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_redrive'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.redrive(text, bigint) IS
'Has a consumer get its dead letters again, as if they had never failed: that at a position, or all (NULL), the oldest first, as many as events.max_redeliveries has room for. Returns how many. They come beside the other events: in a consumer with a key, before later events of the same key.
Errors: 22023 bad argument; 42704, 42501, 25001, 25006 as events.fetch().';

-- ---------------------------------------------------------------------------
-- Consumers: looking at them, and clearing up
-- ---------------------------------------------------------------------------

-- From the last entry of one member in the index to that of the member before it.
CREATE VIEW events.consumer_members AS
WITH RECURSIVE newest AS (
    (SELECT s.*
     FROM events.consumer_state AS s
     ORDER BY s.consumer DESC, s.member DESC, s.ordinal DESC
     LIMIT 1)
    UNION ALL
    SELECT n.*
    FROM newest AS b
    CROSS JOIN LATERAL (
        SELECT s.*
        FROM events.consumer_state AS s
        WHERE (s.consumer, s.member) < (b.consumer, b.member)
        ORDER BY s.consumer DESC, s.member DESC, s.ordinal DESC
        LIMIT 1) AS n
)
SELECT n.consumer,
       n.member,
       n.ordinal,
       pg_catalog.cardinality(n.shares) AS shares,
       (SELECT pg_catalog.min(p) FROM pg_catalog.unnest(n.positions) AS p) AS position,
       n.leased_until,
       n.attempts,
       n.not_before,
       n.reason
FROM newest AS n;
COMMENT ON VIEW events.consumer_members IS
'The members of consumers: how many shares each holds, the lowest position of these, until when. Member * stands for shares that nobody holds; the empty name for all who give none.';

CREATE VIEW events.consumers AS
SELECT c.name,
       c.owner,
       c.key,
       c.types,
       c.topics,
       c.pattern,
       c.filter,
       m.position,
       (SELECT pg_catalog.count(*)
        FROM (SELECT FROM events.event AS e
              WHERE e.position > m.position AND e.position <= s.horizon LIMIT 1000000) AS later) AS lag_events,
       coalesce((SELECT greatest(extract(epoch FROM pg_catalog.clock_timestamp() - e.recorded_at), 0)
                 FROM events.event AS e
                 WHERE e.position > m.position AND e.position <= s.horizon
                 ORDER BY e.position LIMIT 1), 0)::double precision AS lag_seconds,
       coalesce(m.members, 0) AS members,
       r.retrying + m.blocked AS retrying,
       greatest(m.attempts, r.attempts) AS attempts,
       (SELECT pg_catalog.count(*) FROM events.dead_letter AS d WHERE d.consumer = c.name) AS dead,
       c.function AS handler,
       c.created_at,
       (SELECT o.lost_before FROM events.consumer_loss AS o WHERE o.consumer = c.name) AS lost_before
FROM events.consumer AS c
CROSS JOIN events._relay_state() AS s
LEFT JOIN (
    SELECT l.consumer,
           pg_catalog.min(l.position) AS position,
           pg_catalog.count(*) FILTER (
               WHERE l.leased_until > pg_catalog.clock_timestamp() OR l.member = '' AND l.shares > 0) AS members,
           pg_catalog.count(*) FILTER (WHERE l.attempts > 0) AS blocked,
           pg_catalog.max(l.attempts) AS attempts
    FROM events.consumer_members AS l
    GROUP BY l.consumer) AS m ON m.consumer = c.name
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS retrying, coalesce(pg_catalog.max(q.attempts), 0) AS attempts
    FROM events.redelivery AS q
    WHERE q.consumer = c.name) AS r;
COMMENT ON VIEW events.consumers IS
'Consumers and how far they are. position: up to it all events are acknowledged by all members, but for those that come again. lag_events: events after it, whether the consumer wants them or not (1000000 stands for that and more). lag_seconds: age of the first of them, 0 if there are none. members: those whose lease has not run out. retrying: events that failed and come again, and those that wait behind them. attempts: how often the worst of them has failed. dead: rows of events.dead_letter. handler: its function. lost_before: retention has removed events before this position that the consumer wanted and had not acknowledged; NULL after events.seek().';

-- Rows that are not the newest of their member, the oldest first, so that what
-- is left always ends with what is so; then the only row of a member that is gone.
CREATE FUNCTION events._clean_consumers(max_count int DEFAULT 200000)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m record;
    first bigint;
BEGIN
    -- While somebody holds an old snapshot, VACUUM could not remove what is deleted.
    PERFORM FROM pg_stat_activity WHERE age(backend_xmin) > 100000;
    IF FOUND THEN
        RETURN;
    END IF;
    -- One by one: to find the first row is to pass all that were deleted before it.
    FOR m IN SELECT n.consumer, n.member, n.ordinal, n.shares, n.leased_until FROM events.consumer_members AS n LOOP
        SELECT s.ordinal INTO first
        FROM events.consumer_state AS s
        WHERE s.consumer = m.consumer AND s.member = m.member
        ORDER BY s.ordinal
        LIMIT 1;
        IF first < m.ordinal THEN
            DELETE FROM events.consumer_state AS d
            WHERE d.consumer = m.consumer AND d.member = m.member
              AND d.ordinal < least(m.ordinal, first + max_count);
        ELSIF m.member <> '*' AND m.shares = 0
              AND (m.leased_until IS NULL OR m.leased_until < clock_timestamp() - interval '1 minute') THEN
            DELETE FROM events.consumer_state AS d
            WHERE d.consumer = m.consumer AND d.member = m.member AND d.ordinal = m.ordinal;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._clean_consumers(int) IS
'For events.maintain(): deletes rows of events.consumer_state that no longer count, of each member at most max_count';
