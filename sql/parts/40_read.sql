-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Reading
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.read(
    after     bigint DEFAULT NULL,
    max_count int    DEFAULT 100,
    topics    text[] DEFAULT NULL,
    types     text[] DEFAULT NULL,
    pattern   jsonb  DEFAULT NULL,
    filter    text   DEFAULT NULL)
RETURNS SETOF events.event
AS 'MODULE_PATHNAME', 'ev_read'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.read(bigint, int, text[], text[], jsonb, text) IS
'The next events after a position, in order, none missing: give the position of the last event you had.
after: NULL begins with the oldest event kept. max_count: NULL for all. topics: one path (ARRAY[''order'']) or several (ARRAY[[''order'',NULL],[''service'',''production'']], padded with NULLs); a path gets what begins with it, * stands for one element. types: names, or prefixes ending in *. pattern: an event pattern, as of events.matches(). filter: a FEEL expression over the event''s attributes and data. All that is given must hold.
Events that retention has deleted one by one, by rules of events.retain() or beside a legal hold, are left out without a word: a cursor cannot tell whether its owner reads the past or was away (events.partition.removed_up_to; named consumers are told).
Errors: EV001 the position is older than the oldest event kept; EV002 it is in the future; 25001 REPEATABLE READ or SERIALIZABLE transaction; 55000 hot standby; 22023 bad argument; 42601 the filter is not FEEL; 54001 it passed a limit.';

CREATE FUNCTION events.horizon()
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_horizon'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.horizon() IS
'The greatest position at and below which everything is decided. To read the table directly, take it in a statement of its own first, then select position > cursor AND position <= horizon in the next one.
Errors: 25001 REPEATABLE READ or SERIALIZABLE transaction; 55000 hot standby.';

CREATE FUNCTION events.oldest()
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_oldest'
LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.oldest() IS
'The lowest position that is kept; events.oldest() - 1 is the oldest valid cursor';

CREATE FUNCTION events.position_at("time" timestamptz)
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_position_at'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events.position_at(timestamptz) IS
'The cursor after which all events come that were recorded at or after the time (by recorded_at, not by the publisher''s time).
Errors: 25001 REPEATABLE READ or SERIALIZABLE transaction; 55000 hot standby.';

CREATE FUNCTION events._feed(
    after bigint, max_count int, max_bytes int,
    topics text[] DEFAULT NULL, types text[] DEFAULT NULL,
    filters text[] DEFAULT NULL, filters_key text DEFAULT NULL, only_matching boolean DEFAULT false,
    OUT "position" bigint, OUT recorded_at timestamptz, OUT type text, OUT topic text[], OUT event text,
    OUT matches int[])
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_feed'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events._feed(bigint, int, int, text[], text[], text[], text, boolean) IS
'For eventsd: a page of events as CloudEvents JSON text; the last row has no event, its position says how far the page goes, its type names the epoch, and its matches are NULL if the page goes as far as there are events.
filters: what events._check_filter() answered, as many as there are; matches then has the numbers (from 1) of those that match each event, the negative number of one of which that cannot be known because it passed a limit. filters_key: a name, owner-version, under which the session keeps the filters, one version for each owner; with filters NULL, those kept under it are used. only_matching: leave out events with no number.
Errors: those of events.read(); EV003 the session keeps no filters under the key.';

CREATE FUNCTION events._relay_state(
    OUT epoch text, OUT horizon bigint, OUT oldest bigint, OUT last_position bigint,
    OUT worker boolean, OUT version text,
    OUT commits_in_flight int, OUT oldest_commit_since timestamptz, OUT worker_pid int)
AS 'MODULE_PATHNAME', 'ev_relay_state'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events._relay_state() IS 'For eventsd and events.status: the state of the hub';

CREATE FUNCTION events._partitions(OUT relid regclass, OUT lower bigint, OUT upper bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_partitions'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events._partitions() IS 'The partitions of events.event in order of position';
