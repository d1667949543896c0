-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Retention: removing what need not be kept
-- ---------------------------------------------------------------------------

-- Of a closed partition it is known when its newest event was recorded.  When that is
-- older than a time to keep (of events.retention, of a rule), all of the partition is, as
-- far as that time goes for it.  So what may be removed of a partition is a condition
-- on its rows that stays the same until another time to keep is over, or rules or holds
-- change (events._removals).
--
-- Where the condition is true, the partition is dropped.  Where it is not, rows
-- are walked in order of position, a few thousand at a time, for a tenth of a second in
-- each round of maintenance; events.partition_thinning says how far.  The first walk only
-- looks: until it meets a row that stays, nothing is deleted, and where it meets none
-- the partition is dropped after all.  The second one deletes.  Then the
-- partition is left alone until its condition is another one.
--
-- Rows are deleted from closed partitions only, which no publisher writes to, and under
-- a lock that stops no reader.  Readers see them for as long as their snapshot is old.
CREATE TABLE events.partition_thinning (
    lower             bigint  NOT NULL PRIMARY KEY,
    condition         text    NOT NULL,
    walked_up_to      bigint  NOT NULL,
    deleting          boolean NOT NULL DEFAULT false,
    finished          boolean NOT NULL DEFAULT false,
    kept              bigint  NOT NULL DEFAULT 0,
    first_recorded_at timestamptz,
    last_recorded_at  timestamptz
);
COMMENT ON TABLE events.partition_thinning IS
'How far retention has come with partitions of which it removes some events; begun anew if lost';
COMMENT ON COLUMN events.partition_thinning.lower IS 'The partition: its first position; -1: more are to be dropped in the next round';
COMMENT ON COLUMN events.partition_thinning.condition IS 'Which events it removes, as SQL';
COMMENT ON COLUMN events.partition_thinning.walked_up_to IS 'The last position looked at';
COMMENT ON COLUMN events.partition_thinning.deleting IS
'false: until now it only looks, for all of the partition may go';
COMMENT ON COLUMN events.partition_thinning.kept IS 'Events met that stay';
COMMENT ON COLUMN events.partition_thinning.first_recorded_at IS 'Of those the earliest';

CREATE FUNCTION events._retention()
RETURNS interval
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keep interval;
BEGIN
    keep := nullif(current_setting('events.retention', true), '')::interval;
    PERFORM clock_timestamp() - keep;
    IF keep <= interval '0'
       OR least(extract(year FROM keep), extract(month FROM keep), extract(day FROM keep),
                extract(hour FROM keep), extract(minute FROM keep), extract(second FROM keep)) < 0 THEN
        RAISE WARNING 'setting events.retention must be more than nothing: "%"', current_setting('events.retention')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example ''30 days''. Events that no rule covers are kept meanwhile.';
        RETURN NULL;
    END IF;
    RETURN keep;
EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow OR interval_field_overflow THEN
    RAISE WARNING 'setting events.retention is not an interval: "%"', current_setting('events.retention')
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'For example ''30 days''. Events that no rule covers are kept meanwhile.';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION events._retention() IS
'events.retention as an interval; NULL if it is empty or, with a warning, if it is none';

-- What stands for a table that is not there is NULL, and its size too.
CREATE FUNCTION events._partition_bytes(relid regclass, lower bigint)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(pg_total_relation_size(relid), 0)
         + coalesce(pg_total_relation_size(to_regclass('events.search_document_' || lower)), 0)
$$;
COMMENT ON FUNCTION events._partition_bytes(regclass, bigint) IS
'Size of a partition with its keys, its large values, and what search keeps of it';

CREATE FUNCTION events._held(first_recorded_at timestamptz, last_recorded_at timestamptz)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO'
SET timezone = 'UTC'
AS $$
    SELECT string_agg(
        format('events._covers(%L, %L, type, topic)', h.topics, h.types)
        || CASE WHEN h.subject IS NOT NULL
                THEN format(' AND subject COLLATE "C" IS NOT DISTINCT FROM %L', h.subject) ELSE '' END
        || CASE WHEN h.from_time IS NOT NULL THEN format(' AND recorded_at >= %L', h.from_time) ELSE '' END
        || CASE WHEN h.to_time IS NOT NULL THEN format(' AND recorded_at < %L', h.to_time) ELSE '' END,
        ' OR ' ORDER BY h.name)
    FROM events.legal_hold AS h
    WHERE coalesce(h.from_time <= _held.last_recorded_at, true)
      AND coalesce(h.to_time > _held.first_recorded_at, true)
$$;
COMMENT ON FUNCTION events._held(timestamptz, timestamptz) IS
'Which events recorded in a range of time are on legal hold, as SQL; NULL if none can be';

-- For an age that will be reached soon, `share` is less than 1: the share of the time, or
-- size, at which the condition is that of the end.
CREATE FUNCTION events._removals(
    keep interval, max_bytes bigint, share double precision DEFAULT 1,
    OUT relid regclass, OUT lower bigint, OUT upper bigint, OUT condition text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p record;
    over text;   -- conditions of rules whose time is over
    others text; -- and of the others
    held text;
    now timestamptz := clock_timestamp();
BEGIN
    FOR p IN
        -- A dump that is being restored sets the position after all rows: until then it
        -- is not known which rules and holds there are.
        SELECT l.*, c.lower IS NOT NULL AND l.upper <= s.last_position + 1 AS closed, c.first_recorded_at AS first,
               coalesce(c.last_recorded_at, '-infinity') AS last,
               CASE WHEN max_bytes > 0
                    THEN sum(events._partition_bytes(l.relid, l.lower)) OVER (ORDER BY l.lower DESC) END AS bytes
        FROM events._partitions() AS l
        CROSS JOIN events._relay_state() AS s
        LEFT JOIN events.partition AS c USING (lower)
        ORDER BY l.lower
    LOOP
        EXIT WHEN NOT p.closed;  -- from the oldest on, also where that one cannot be closed for being read
        IF p.bytes > max_bytes * share THEN
            condition := 'true';
        ELSE
            SELECT string_agg(r.covers, ' OR ' ORDER BY r.covers) FILTER (WHERE r.is_over),
                   string_agg(r.covers, ' OR ' ORDER BY r.covers) FILTER (WHERE NOT r.is_over)
            INTO over, others
            FROM (SELECT format('events._covers(%L, %L, type, topic)', q.topic, q.types) AS covers,
                         p.last < now - q.keep * share AS is_over
                  FROM events.retention_rule AS q) AS r;
            condition := CASE
                WHEN keep IS NOT NULL AND p.last < now - keep * share
                    THEN coalesce('NOT (' || others || ')', 'true')
                ELSE coalesce('(' || over || ') AND NOT (' || others || ')', over) END;
        END IF;
        CONTINUE WHEN condition IS NULL;
        held := events._held(p.first, p.last);
        IF held IS NOT NULL THEN
            condition := format('(%s) AND NOT (%s)', condition, held);
        END IF;
        relid := p.relid;
        lower := p.lower;
        upper := p.upper;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._removals(interval, bigint, double precision) IS
'Closed partitions of which retention removes events, from the oldest on: which events, as SQL';

-- ---------------------------------------------------------------------------
-- Retention: row by row
-- ---------------------------------------------------------------------------

-- With what is derived of them.  (Who files subjects at that moment may file one that is
-- gone.  Readers of streams pass over it.)
CREATE FUNCTION events._remove_events(relid regclass, lower bigint, upper bigint, condition text, positions bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n bigint;
BEGIN
    PERFORM events._note_losses(relid, lower, upper, condition, positions);
    EXECUTE format('DELETE FROM ONLY %s WHERE position = ANY ($1)', relid) USING positions;
    GET DIAGNOSTICS n = ROW_COUNT;
    DELETE FROM events.subject_event AS s WHERE s.position = ANY (positions);
    PERFORM events._forget_documents(positions);
    UPDATE events.partition AS p
    SET events = p.events - n,
        removed = p.removed + n,
        removed_up_to = greatest(p.removed_up_to, positions[cardinality(positions)])
    WHERE p.lower = _remove_events.lower;
END
$$;
COMMENT ON FUNCTION events._remove_events(regclass, bigint, bigint, text, bigint[]) IS
'Deletes events of a closed partition, whose positions are given in ascending order';

CREATE FUNCTION events._thin_step(relid regclass, lower bigint, upper bigint, max_count int)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t events.partition_thinning;
    b record;
BEGIN
    SELECT * INTO STRICT t FROM events.partition_thinning AS q WHERE q.lower = _thin_step.lower;
    EXECUTE format(
        'SELECT count(*) AS looked, max(position) AS last,'
        ' array_agg(position ORDER BY position) FILTER (WHERE goes) AS positions,'
        ' count(*) FILTER (WHERE NOT goes) AS kept,'
        ' min(recorded_at) FILTER (WHERE NOT goes) AS first_kept, max(recorded_at) FILTER (WHERE NOT goes) AS last_kept'
        ' FROM (SELECT position, recorded_at, (%s) AS goes'
        ' FROM (SELECT * FROM ONLY %s WHERE position > $1 ORDER BY position LIMIT $2) AS e OFFSET 0) AS looked',
        t.condition, relid)
    INTO b USING t.walked_up_to, max_count;

    IF NOT t.deleting AND b.kept > 0 THEN
        UPDATE events.partition_thinning AS q
        SET deleting = true, walked_up_to = _thin_step.lower - 1
        WHERE q.lower = _thin_step.lower;
        RETURN false;
    END IF;
    IF t.deleting AND b.positions IS NOT NULL THEN
        PERFORM events._remove_events(relid, lower, upper, t.condition, b.positions);
    END IF;
    UPDATE events.partition_thinning AS q
    SET walked_up_to = coalesce(b.last, q.walked_up_to),
        finished = b.looked < max_count,
        kept = q.kept + b.kept,
        first_recorded_at = least(q.first_recorded_at, b.first_kept),
        last_recorded_at = greatest(q.last_recorded_at, b.last_kept)
    WHERE q.lower = _thin_step.lower
    RETURNING * INTO t;
    -- The constraint of the partition holds for a part of its rows, too.
    IF t.finished AND t.kept > 0 THEN
        UPDATE events.partition AS p
        SET first_recorded_at = t.first_recorded_at, last_recorded_at = t.last_recorded_at
        WHERE p.lower = _thin_step.lower;
    END IF;
    RETURN t.finished;
END
$$;
COMMENT ON FUNCTION events._thin_step(regclass, bigint, bigint, int) IS
'Looks at the next events of a partition and deletes those that may go; true at its end';

CREATE FUNCTION events._is_thinning()
RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM events.partition_thinning WHERE NOT finished)
$$;
COMMENT ON FUNCTION events._is_thinning() IS
'For the worker: has a round of maintenance left something to be removed by the next one?';

CREATE FUNCTION events._thin_partitions(keep interval, max_bytes bigint, max_time interval)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    p record;
    until timestamptz;
BEGIN
    -- What was begun and is not to be done any more.
    DELETE FROM events.partition_thinning AS t
    WHERE NOT t.finished
      AND NOT EXISTS (SELECT FROM events._removals(keep, max_bytes) AS r
                      WHERE r.lower = t.lower AND r.condition = t.condition);
    FOR p IN
        SELECT r.*
        FROM events._removals(keep, max_bytes) AS r
        LEFT JOIN events.partition_thinning AS t ON t.lower = r.lower AND t.condition = r.condition
        WHERE r.condition <> 'true' AND t.finished IS NOT TRUE
        ORDER BY r.lower
    LOOP
        INSERT INTO events.partition_thinning AS t (lower, condition, walked_up_to)
        VALUES (p.lower, p.condition, p.lower - 1)
        ON CONFLICT (lower) DO UPDATE
        SET condition = excluded.condition, walked_up_to = excluded.walked_up_to, deleting = false, finished = false,
            kept = 0, first_recorded_at = NULL, last_recorded_at = NULL
        WHERE t.condition <> excluded.condition;
        -- Before anything is deleted: who files for search may be at it for longer than one
        -- waits here.  Then the next round, which comes soon, tries again.
        IF until IS NULL THEN
            BEGIN
                PERFORM events._lock_search_index();
            EXCEPTION WHEN lock_not_available THEN
                EXIT;
            END;
            until := clock_timestamp() + max_time;
        END IF;
        EXIT WHEN clock_timestamp() >= until;
        BEGIN
            WHILE NOT events._thin_step(p.relid, p.lower, p.upper, 2000) AND clock_timestamp() < until LOOP
            END LOOP;
        EXCEPTION
            WHEN lock_not_available THEN
                NULL;  -- somebody has it for himself; the next round tries again
            WHEN OTHERS THEN
                RAISE WARNING 'could not remove events of partition %: %', p.relid, SQLERRM
                    USING ERRCODE = SQLSTATE;
                -- Not again at once: events._is_thinning() does not count it.
                DELETE FROM events.partition_thinning AS t WHERE t.lower = p.lower;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._thin_partitions(interval, bigint, interval) IS
'Deletes events that may go from closed partitions in which others stay, for a time';

-- ---------------------------------------------------------------------------
-- Retention: whole partitions
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._drop_partition(relid regclass, lower bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    newest bigint;
BEGIN
    EXECUTE format('SELECT max(position) FROM ONLY %s', relid) INTO newest;
    EXECUTE format('DROP TABLE %s', relid);
    -- What was removed of it before was removed, too.
    WITH gone AS (
        DELETE FROM events.partition AS p WHERE p.lower = _drop_partition.lower RETURNING p.removed_up_to
    ), mark AS (
        DELETE FROM events.retention_mark RETURNING newest_removed
    )
    SELECT greatest(newest, (SELECT g.removed_up_to FROM gone AS g), (SELECT max(m.newest_removed) FROM mark AS m), 0)
    INTO newest;
    INSERT INTO events.retention_mark (lower, newest_removed)
    SELECT min(l.lower), newest FROM events._partitions() AS l;
    DELETE FROM events.partition_thinning AS t WHERE t.lower = _drop_partition.lower;
END
$$;
COMMENT ON FUNCTION events._drop_partition(regclass, bigint) IS
'Drops a partition, and notes what goes with it';

-- The first DROP locks events.event for itself until the transaction ends.  What takes time
-- with a partition comes before, and so, once one is dropped, only those follow in the same
-- round with which nothing does.  The next round comes soon: events._is_thinning() says that
-- there is more, by a row for no partition; not where somebody is in the way.
CREATE FUNCTION events._drop_partitions(keep interval, max_bytes bigint)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    p record;
    dropped int := 0;
BEGIN
    DELETE FROM events.partition_thinning AS t WHERE t.lower = -1;
    FOR p IN
        SELECT r.*
        FROM events._removals(keep, max_bytes) AS r
        LEFT JOIN events.partition_thinning AS t
            ON t.lower = r.lower AND t.condition = r.condition AND t.finished AND t.kept = 0
        WHERE r.condition = 'true' OR t.lower IS NOT NULL
        ORDER BY r.lower
    LOOP
        IF dropped >= 10
           OR dropped > 0 AND (EXISTS (SELECT FROM events.search_chunk AS c WHERE c.first > p.lower - 16384 AND c.first < p.upper)
                               OR EXISTS (SELECT FROM events.consumer_members AS m WHERE m.position < p.upper - 1)) THEN
            INSERT INTO events.partition_thinning (lower, condition, walked_up_to) VALUES (-1, 'true', -1);
            EXIT;
        END IF;
        BEGIN
            EXIT WHEN NOT events._forget_chunks(p.lower, p.upper, 300);  -- the next round goes on
            PERFORM events._note_losses(p.relid, p.lower, p.upper, p.condition);
            PERFORM events._drop_partition(p.relid, p.lower);
            dropped := dropped + 1;
        EXCEPTION
            WHEN lock_not_available THEN
                EXIT;  -- somebody reads it; the next round tries again
            WHEN OTHERS THEN
                RAISE WARNING 'could not drop partition %: %', p.relid, SQLERRM
                    USING ERRCODE = SQLSTATE,
                          HINT = 'Retention waits for it. Drop what depends on the partition.';
                EXIT;
        END;
    END LOOP;
    RETURN dropped > 0;
END
$$;
COMMENT ON FUNCTION events._drop_partitions(interval, bigint) IS
'Drops closed partitions of which nothing is to be kept, from the oldest on, some each time; says whether it did';

-- Only closed partitions can be dropped, and a database with few events would
-- not fill one in years.  So the rest of a partition is skipped when its first
-- event has reached a quarter of the age at which events are dropped, or it has
-- a quarter of the size of the history.
CREATE FUNCTION events._roll_over_partition(age interval, max_bytes bigint)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    p record;
    first_recorded_at timestamptz;
BEGIN
    SELECT l.relid, l.lower, l.upper INTO p
    FROM events._partitions() AS l, events._relay_state() AS s
    WHERE s.last_position >= l.lower AND s.last_position < l.upper - 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format('SELECT recorded_at FROM %s ORDER BY position LIMIT 1', p.relid) INTO first_recorded_at;
    IF first_recorded_at < clock_timestamp() - age
       OR first_recorded_at IS NOT NULL AND max_bytes > 0
          AND events._partition_bytes(p.relid, p.lower) > max_bytes / 4 THEN
        PERFORM events._advance_position(p.upper - 1);
        RETURN true;
    END IF;
    RETURN false;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;  -- the next round tries again
END
$$;
COMMENT ON FUNCTION events._roll_over_partition(interval, bigint) IS
'Ends the current partition early, so that its events can be dropped when their time has come; says whether it did';

CREATE FUNCTION events._enforce_retention()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keep interval;
    shortest interval; -- of all rules
    max_bytes bigint := pg_size_bytes(current_setting('events.retention_size'));
BEGIN
    -- See events.retention_rule.
    BEGIN
        LOCK TABLE events.retention_rule, events.legal_hold IN SHARE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        RETURN;
    END;
    keep := events._retention();
    SELECT min(r.keep) INTO shortest FROM events.retention_rule AS r;
    PERFORM events._note_risks(keep, max_bytes, clock_timestamp() + '50 ms');
    PERFORM events._thin_partitions(keep, max_bytes, '100 ms');
    -- Rules alone do not make more than one partition an hour.  To end a partition and
    -- to drop one both hold up those who publish until this transaction ends: not
    -- both in one round, and nothing after them.  Dropping goes first: where each round
    -- finds a partition to end, nothing would be dropped.
    IF NOT events._drop_partitions(keep, max_bytes) THEN
        PERFORM events._roll_over_partition(least(keep / 4, CASE WHEN shortest IS NOT NULL THEN greatest(shortest / 4, interval '1 hour') END), max_bytes);
    END IF;
END
$$;
COMMENT ON FUNCTION events._enforce_retention() IS
'For events.maintain(): warns, and removes what is older, or more, than is to be kept, for about a tenth of a second';
