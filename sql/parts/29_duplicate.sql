-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Events that are known by their source and id
-- ---------------------------------------------------------------------------

-- No index on seen_at: see events._forget_duplicates().
CREATE TABLE events.duplicate (
    key     uuid        NOT NULL PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.5);
COMMENT ON TABLE events.duplicate IS
'Events that were published with an id of their own, for as long as events.dedup_window; another one of the same source and id is a duplicate and is not published';
COMMENT ON COLUMN events.duplicate.key IS 'First 128 bits of SHA-256 over source, a zero byte and id';
COMMENT ON COLUMN events.duplicate.seen_at IS 'When it was published first';

SELECT pg_catalog.pg_extension_config_dump('events.duplicate', '');

-- How far the table has been swept, so that each round goes on where the last one ended.
CREATE TABLE events.duplicate_sweep (
    id         smallint    NOT NULL DEFAULT 1 PRIMARY KEY CHECK (id = 1),
    next_block bigint      NOT NULL DEFAULT 0,
    swept_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE events.duplicate_sweep IS
'One row: which block of events.duplicate maintenance looks at next for rows older than events.dedup_window';
INSERT INTO events.duplicate_sweep DEFAULT VALUES;

-- An index on seen_at would cost every publisher a second entry, in the one leaf
-- where all of them insert.  The table is therefore swept by its blocks, a slice
-- each round, so large that a whole sweep takes about as long as the window: a row
-- is gone two windows after its event at the latest (and is not taken for anything
-- after one).  A row that a publisher or somebody else holds is left for the next
-- sweep.
--
-- The longest window counts that anybody who connects now gets: who does maintenance
-- may have connected long ago, before ALTER DATABASE or ALTER ROLE made it longer.
CREATE FUNCTION events._forget_duplicates()
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keep interval := current_setting('events.dedup_window')::interval;
    blocks bigint := pg_relation_size('events.duplicate') / current_setting('block_size')::bigint;
    at timestamptz := clock_timestamp();
    sweep events.duplicate_sweep;
    slice bigint;
    first_tid tid;
    end_tid tid;
    forgotten bigint;
BEGIN
    IF blocks = 0 THEN
        RETURN 0;
    END IF;
    keep := greatest(keep, (
        SELECT max(split_part(setting, '=', 2)::interval)
        FROM pg_db_role_setting, unnest(setconfig) AS setting
        WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
            AND setting ~ '^events\.dedup_window= *[0-9]+ *(us|ms|s|min|h|d)? *$'));
    SELECT * INTO sweep FROM events.duplicate_sweep FOR UPDATE;
    IF sweep.next_block >= blocks THEN
        sweep.next_block := 0;
    END IF;
    slice := ceil(blocks * extract(epoch FROM at - sweep.swept_at) / greatest(extract(epoch FROM keep), 1));
    slice := least(greatest(slice, 32), 1024, blocks - sweep.next_block);
    first_tid := format('(%s,0)', sweep.next_block);
    end_tid := format('(%s,0)', sweep.next_block + slice);
    DELETE FROM events.duplicate
    WHERE ctid = ANY (ARRAY(
        SELECT d.ctid FROM events.duplicate AS d
        WHERE d.ctid >= first_tid AND d.ctid < end_tid AND d.seen_at < at - keep
        FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    UPDATE events.duplicate_sweep SET next_block = sweep.next_block + slice, swept_at = at;
    RETURN forgotten;
END
$$;
COMMENT ON FUNCTION events._forget_duplicates() IS
'Deletes rows of events.duplicate older than events.dedup_window in the next slice of the table; returns how many';
