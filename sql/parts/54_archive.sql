-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Archive: the history as text, and back
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.export(
    to_position   bigint DEFAULT NULL,
    from_position bigint DEFAULT NULL,
    format        text   DEFAULT 'cloudevents',
    types         text[] DEFAULT NULL,
    topics        text[] DEFAULT NULL)
RETURNS SETOF text
AS 'MODULE_PATHNAME', 'ev_export'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1000000;
COMMENT ON FUNCTION events.export(bigint, bigint, text, text[], text[]) IS
'The events from one position up to another, both inclusive, in order, each as one line of CloudEvents JSON. In the list of a SELECT the rows stream in constant memory: COPY (SELECT events.export()) TO STDOUT (FORMAT csv, QUOTE E''\x01'', DELIMITER E''\x02'') writes NDJSON (the plain format of COPY would escape backslashes). In FROM they are all kept first.
to_position: NULL, or one beyond it, is the horizon. from_position: NULL is the oldest event kept. format: ''cloudevents''. types, topics: as of events.read().
Errors: EV001 events from the position on are not kept any more; EV002 it is in the future; 25001 REPEATABLE READ or SERIALIZABLE transaction; 55000 hot standby; 22023 bad argument.';

-- The bits of 8,192 positions in each row.  The key is found by scans of our own, in
-- bytewise order.
CREATE TABLE events.imported (
    epoch     text   NOT NULL COLLATE "C",
    chunk     bigint NOT NULL,
    positions bytea  NOT NULL,
    PRIMARY KEY (epoch, chunk)
);
COMMENT ON TABLE events.imported IS
'Which events of other hubs were imported, by the sequence that they had there: they are not imported again. Rows of an epoch may be deleted to have its events imported anew.';
COMMENT ON COLUMN events.imported.epoch IS 'Epoch of the hub in which the events were published';
COMMENT ON COLUMN events.imported.chunk IS 'Position there, divided by 8192';
COMMENT ON COLUMN events.imported.positions IS
'Bit (position modulo 8192) is set if the event of that position was imported; bits count from the lowest of each byte';

SELECT pg_catalog.pg_extension_config_dump('events.imported', '');

CREATE FUNCTION events.import_events(
    events     text,
    recorded   text    DEFAULT 'keep',
    validate   boolean DEFAULT false,
    first_line bigint  DEFAULT 1,
    OUT imported bigint,
    OUT skipped  bigint)
RETURNS record
AS 'MODULE_PATHNAME', 'ev_import_events'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.import_events(text, text, boolean, bigint) IS
'Takes events out of an export into this hub, an event in each line: they keep all that they have and get new positions, in the order of the lines, when the transaction commits. Returns how many, and how many were left out because they are here already: known by their sequence for good, without one by source and id inside events.dedup_window.
recorded: ''keep'' leaves recorded_at as it was, which needs that nothing here is newer, and holds up publishers until the transaction ends; ''now'' records the events at commit and notes the former time as attribute firstrecordedtime. validate: check data by the registered schemas, as publish() does. first_line: number of the first line, for the context of errors.
Errors: 22P02 no JSON; 22023 no event, bad argument; 55000 recorded before events that are here (or hot standby); 22008 recorded in the future; 54000 more than events.max_pending_events; 25001 REPEATABLE READ or SERIALIZABLE transaction; 25006 read-only transaction; 40001 events of a prepared transaction were committed meanwhile (at COMMIT): repeat it; those of events.publish() with validate.';
