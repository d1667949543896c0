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
