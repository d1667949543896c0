-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Streams: the events of one source and subject
-- ---------------------------------------------------------------------------

-- Not written by publishers but behind the horizon (src/store/subject_index.c).
-- The rows can be made again from events.event, so a dump leaves them out.
CREATE TABLE events.subject_event (
    key      bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (key, position)
);
-- For retention, which removes what is oldest.
CREATE INDEX subject_event_position ON events.subject_event (position);
COMMENT ON TABLE events.subject_event IS
'Where the events of each source and subject are, under a hash of both; filled by events.maintain() once events.read_subject() or expected_position was used';
COMMENT ON COLUMN events.subject_event.key IS 'Hash of source and subject';
COMMENT ON COLUMN events.subject_event.position IS 'Position of an event';

-- The greatest one counts, and is found from the end of the key: what others have
-- left behind under an old snapshot costs nothing.
CREATE TABLE events.subject_index (
    indexed_up_to bigint NOT NULL PRIMARY KEY
);
COMMENT ON TABLE events.subject_index IS
'One row once events.subject_event is used, else none: how far it is filled. To have it made anew, empty both tables in one transaction.';
COMMENT ON COLUMN events.subject_index.indexed_up_to IS 'All events at and below this position are in events.subject_event';

CREATE FUNCTION events.read_subject(
    source    text,
    subject   text,
    after     bigint DEFAULT NULL,
    max_count int    DEFAULT NULL)
RETURNS SETOF events.event
AS 'MODULE_PATHNAME', 'ev_read_subject'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.read_subject(text, text, bigint, int) IS
'The events of one source and subject after a position, in order, none missing up to the horizon: one stream.
after: NULL begins with the oldest event kept. max_count: NULL for all. The first use has an index of subjects made, by events.maintain() and in pieces by those who read; until it is there, and always in READ ONLY transactions before that, the history is walked.
Errors: 22004 source or subject is NULL; EV001 the position is older than the oldest event kept; EV002 it is in the future; 25001 REPEATABLE READ or SERIALIZABLE transaction; 55000 hot standby; 22023 bad argument.';

CREATE FUNCTION events._index_subjects(horizon bigint, max_count int)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_index_subjects'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._index_subjects(bigint, int) IS
'Files the next events, at most so many and up to the horizon, by their subjects, if that was ever asked for';

CREATE FUNCTION events._forget_subjects()
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM events.subject_event
    WHERE position = ANY (ARRAY(
        SELECT s.position
        FROM (SELECT coalesce(lag(p.upper) OVER (ORDER BY p.lower), 0) AS first, p.lower AS "end"
              FROM events._partitions() AS p) AS hole
        CROSS JOIN LATERAL (SELECT e.position FROM events.subject_event AS e
                            WHERE e.position >= hole.first AND e.position < hole."end"
                            ORDER BY e.position LIMIT 50000) AS s
        WHERE hole.first < hole."end"
        LIMIT 50000))
$$;
COMMENT ON FUNCTION events._forget_subjects() IS
'Deletes entries of events that retention has removed with their partitions, a number of them each time';
