-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Events and their positions
-- ---------------------------------------------------------------------------

-- CACHE must stay 1: a cached position would be drawn outside the commit gate.
CREATE SEQUENCE events.position AS bigint MINVALUE 1 CACHE 1 NO CYCLE;
COMMENT ON SEQUENCE events.position IS
'Positions of events; drawn while a transaction commits, inside the commit gate';

-- The key is made on each partition, not here: partitions do not overlap, so
-- their keys make position unique; and the table is a member of the extension,
-- which has its keys already when a dump attaches its partitions, so that the
-- dump's own keys of the partitions would be second ones.
CREATE TABLE events.event (
    position        bigint      NOT NULL,
    id              text        NOT NULL,
    source          text        NOT NULL,
    type            text        NOT NULL,
    subject         text,
    "time"          timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    topic           text[]      NOT NULL,
    dataschema      text,
    datacontenttype text,
    data            jsonb,
    attributes      jsonb
) PARTITION BY RANGE (position);

COMMENT ON TABLE events.event IS
'All events, append-only, partitioned by position; written at commit, read with events.read()';
COMMENT ON COLUMN events.event.position IS 'Place in the one order of all events; rises, may have holes';
COMMENT ON COLUMN events.event.id IS 'CloudEvents id; a UUIDv7 when the publisher gave none';
COMMENT ON COLUMN events.event.source IS 'CloudEvents source, a URI-reference';
COMMENT ON COLUMN events.event.type IS 'CloudEvents type, for example order.created';
COMMENT ON COLUMN events.event.subject IS 'CloudEvents subject';
COMMENT ON COLUMN events.event."time" IS 'CloudEvents time: when it happened, the publisher''s word';
COMMENT ON COLUMN events.event.recorded_at IS 'When its position was drawn; on the wire recordedtime';
COMMENT ON COLUMN events.event.topic IS 'Path of topics, for example {order,created}; on the wire order/created';
COMMENT ON COLUMN events.event.dataschema IS 'CloudEvents dataschema, a URI-reference';
COMMENT ON COLUMN events.event.datacontenttype IS 'CloudEvents datacontenttype; NULL means application/json';
COMMENT ON COLUMN events.event.data IS 'CloudEvents data; NULL if there is none or it is binary';
COMMENT ON COLUMN events.event.attributes IS
'CloudEvents extension attributes as a JSON object; binary data stands under data_base64';

-- Large data is compressed inside COMMIT: by lz4, which is several times as fast,
-- where the server was built with it.
DO $$
BEGIN
    ALTER TABLE events.event ALTER COLUMN data SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;

-- Events of prepared transactions, until COMMIT PREPARED has given them their
-- positions.  `position` is here the order of staging.
CREATE SEQUENCE events.prepared_event_ordinal AS bigint CACHE 1 NO CYCLE;
COMMENT ON SEQUENCE events.prepared_event_ordinal IS 'Order of staging of events of prepared transactions';

CREATE TABLE events.prepared_event (
    position        bigint      NOT NULL PRIMARY KEY,
    id              text        NOT NULL,
    source          text        NOT NULL,
    type            text        NOT NULL,
    subject         text,
    "time"          timestamptz NOT NULL,
    recorded_at     timestamptz,
    topic           text[]      NOT NULL,
    dataschema      text,
    datacontenttype text,
    data            jsonb,
    attributes      jsonb
);
COMMENT ON TABLE events.prepared_event IS
'Events of prepared transactions that have no position yet; emptied by the next commit after COMMIT PREPARED';

-- What is known of partitions in which nothing changes any more.
CREATE TABLE events.partition (
    lower             bigint NOT NULL PRIMARY KEY,
    upper             bigint NOT NULL,
    events            bigint NOT NULL,
    first_recorded_at timestamptz,
    last_recorded_at  timestamptz,
    closed_at         timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    removed           bigint NOT NULL DEFAULT 0,
    removed_up_to     bigint
);
COMMENT ON TABLE events.partition IS
'Closed partitions of events.event: all their positions are decided; kept by events.maintain()';
COMMENT ON COLUMN events.partition.lower IS 'First position, inclusive';
COMMENT ON COLUMN events.partition.upper IS 'Last position, exclusive';
COMMENT ON COLUMN events.partition.events IS 'Number of events that are kept';
COMMENT ON COLUMN events.partition.removed IS
'Number of events that retention has removed one by one, because others of the partition have to be kept';
COMMENT ON COLUMN events.partition.removed_up_to IS 'The greatest position of those';

-- The last row counts (src/store/retention_mark.c).
CREATE TABLE events.retention_mark (
    lower          bigint NOT NULL PRIMARY KEY,
    newest_removed bigint NOT NULL
);
COMMENT ON TABLE events.retention_mark IS
'One row once retention has dropped a partition: which cursors it has left behind';
COMMENT ON COLUMN events.retention_mark.lower IS 'Since then the oldest partition begins here';
COMMENT ON COLUMN events.retention_mark.newest_removed IS
'Position of the newest event that was ever removed with a partition: cursors from there on have missed nothing';

-- The current epoch is the earliest one that has not ended.
CREATE TABLE events.epoch (
    name       text        NOT NULL PRIMARY KEY CHECK (name ~ '^[a-z0-9]{8}$'),
    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ended_at   timestamptz
);
COMMENT ON TABLE events.epoch IS
'Histories of positions: a cursor is valid only in the epoch that it names; see events.new_epoch()';

INSERT INTO events.epoch (name)
VALUES (pg_catalog.substr(pg_catalog.md5(pg_catalog.gen_random_uuid()::text), 1, 8));

-- Rows of these are the user's: a dump carries them.  Partitions of
-- events.event are ordinary tables and are dumped as such.
SELECT pg_catalog.pg_extension_config_dump('events.position', '');
SELECT pg_catalog.pg_extension_config_dump('events.prepared_event_ordinal', '');
SELECT pg_catalog.pg_extension_config_dump('events.prepared_event', '');
SELECT pg_catalog.pg_extension_config_dump('events.partition', '');
SELECT pg_catalog.pg_extension_config_dump('events.retention_mark', '');
SELECT pg_catalog.pg_extension_config_dump('events.epoch', '');
