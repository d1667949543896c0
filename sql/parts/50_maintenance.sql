-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Maintenance: partitions ahead, closed partitions, epochs
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._ensure_partitions(initial boolean DEFAULT false)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_ensure_partitions'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events._ensure_partitions(boolean) IS
'Makes partitions up to 2 x 2^20 positions ahead; the very first one only with initial => true';

-- A partition is closed when all its positions are decided.  In one round its
-- time range is recorded and added as a constraint that is not yet valid, in a
-- later one the constraint is validated: together they would hold the strong
-- lock of the first over the scan of the second.  For the same reason a round
-- adds no more than one.
CREATE FUNCTION events._close_partitions(horizon bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
SET datestyle = 'ISO'
SET timezone = 'UTC'
AS $$
DECLARE
    p record;
    c record;
    name text;
    condition text;
BEGIN
    FOR p IN
        SELECT l.relid, l.lower, l.upper, k.convalidated
        FROM events._partitions() AS l
        LEFT JOIN pg_constraint AS k ON k.conrelid = l.relid AND k.conname = 'recorded_at_range'
        WHERE l.upper <= horizon + 1 AND NOT coalesce(k.convalidated, false)
    LOOP
        BEGIN
            IF p.convalidated IS NOT NULL THEN
                EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT recorded_at_range', p.relid);
                CONTINUE;
            END IF;
            EXECUTE format('SELECT count(*) AS events, min(recorded_at) AS first, max(recorded_at) AS last FROM %s',
                           p.relid) INTO c;
            -- An empty partition is excluded from every search by time.
            condition := CASE WHEN c.events = 0 THEN 'recorded_at IS NULL'
                ELSE format('recorded_at >= %L AND recorded_at <= %L', c.first, c.last) END;
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT recorded_at_range CHECK (%s) NOT VALID',
                           p.relid, condition);
            INSERT INTO events.partition (lower, upper, events, first_recorded_at, last_recorded_at)
            VALUES (p.lower, p.upper, c.events, c.first, c.last)
            ON CONFLICT (lower) DO UPDATE
            SET upper = excluded.upper, events = excluded.events,
                first_recorded_at = excluded.first_recorded_at,
                last_recorded_at = excluded.last_recorded_at;
            RETURN;
        EXCEPTION
            WHEN lock_not_available THEN
                NULL;  -- somebody reads it; the next round tries again
            WHEN OTHERS THEN
                RAISE WARNING 'could not close partition %: %', p.relid, SQLERRM
                    USING ERRCODE = SQLSTATE;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._close_partitions(bigint) IS
'Records number and time range of partitions that lie wholly at or below the horizon';

CREATE FUNCTION events._advance_position(target bigint)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_advance_position'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._advance_position(bigint) IS
'Skips positions up to and with the target; waits for commits in flight and holds new ones up until this transaction ends';

CREATE FUNCTION events.maintain()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM events.horizon();  -- or the reason why there is none
    -- One at a time; a second one has nothing to do.
    BEGIN
        LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        RETURN;
    END;
    PERFORM events._ensure_partitions();
    PERFORM events._close_partitions(events.horizon());
    PERFORM events._forget_duplicates();
    PERFORM events._index_subjects(events.horizon(), 25000);
    PERFORM events._forget_subjects();
    PERFORM events._clean_consumers();
    PERFORM events._find_missing_documents();
    PERFORM events._index_search(events.horizon(), 5000);
    PERFORM events._forget_summaries();
    PERFORM events._drop_search_partitions();
    -- Last, because it may hold up those who publish until this transaction ends.
    PERFORM events._enforce_retention();
END
$$;
COMMENT ON FUNCTION events.maintain() IS
'Does one round of background work: makes partitions ahead, closes those that are full; removes what is older, or more, than retention allows; forgets ids older than events.dedup_window; files events by their subjects where that is used; clears up after consumers. The worker calls it, or eventsd, or pg_cron.
Errors: 25001 REPEATABLE READ or SERIALIZABLE transaction; 55000 hot standby.';

CREATE FUNCTION events._maintain()
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM events.maintain();
    RETURN events._is_thinning();
END
$$;
COMMENT ON FUNCTION events._maintain() IS
'For eventsd: one round of maintenance, and whether the next one should follow soon';

CREATE FUNCTION events.new_epoch()
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_name text := substr(md5(gen_random_uuid()::text), 1, 8);
BEGIN
    LOCK TABLE events.epoch IN SHARE ROW EXCLUSIVE MODE;
    UPDATE events.epoch SET ended_at = clock_timestamp() WHERE ended_at IS NULL;
    INSERT INTO events.epoch (name) VALUES (new_name);
    PERFORM pg_notify('events', events.horizon()::text);
    RETURN new_name;
END
$$;
COMMENT ON FUNCTION events.new_epoch() IS
'Starts a new epoch and returns its name: every cursor given out before is answered with a reset. To be called after a restore to an earlier point in time.';

-- The first partition.  A dump brings its own partitions, and sets row_security
-- off before it creates the extension; then the first is not made here.  The
-- call is made all the same: it also notes that this sequence is new, and not
-- one that a crash has set back.
DO $$
BEGIN
    PERFORM events._ensure_partitions(initial => current_setting('row_security')::boolean);
END
$$;
