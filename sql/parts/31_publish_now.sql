-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Publishing at once
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.publish_now(
    type       text,
    data       jsonb,
    topic      text[]      DEFAULT NULL,
    source     text        DEFAULT NULL,
    subject    text        DEFAULT NULL,
    id         text        DEFAULT NULL,
    "time"     timestamptz DEFAULT NULL,
    dataschema text        DEFAULT NULL,
    attributes jsonb       DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_publish_now'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.publish_now(text, jsonb, text[], text, text, text, timestamptz, text, jsonb) IS
'Publishes an event at once: it is committed when this returns, whatever becomes of the calling transaction; returns its id.
Arguments as for events.publish(). A background process of the server commits it, in a transaction of its own; what the calling transaction has published or will publish comes after it. Works in read-only transactions too. Waits for events.publish_now_timeout at most.
Errors: as for events.publish(), but for read-only transactions; 40P01 the event cannot be written because of a lock of the calling transaction; 55P03 because of a lock of another one; 53000 no background process is free, or none was in time; 40000 the process was ended. With these nothing was published. 08007 the time ended during the commit: publish again with the same id.';

CREATE FUNCTION events.publish_now(event jsonb)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_publish_event_now'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.publish_now(jsonb) IS
'Publishes a whole CloudEvent (JSON format 1.0.2) at once: it is committed when this returns, whatever becomes of the calling transaction; returns its id.
The event is as for events.publish(event).
Errors: as for the other form.';

CREATE FUNCTION events.publish_batch_now(
    events jsonb,
    on_invalid text DEFAULT 'raise',
    OUT ordinal int, OUT id text, OUT status text, OUT errors jsonb)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_publish_batch_now'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.publish_batch_now(jsonb, text) IS
'Publishes an array of CloudEvents at once, all in one transaction that is committed when this returns, whatever becomes of the calling transaction; a row for each: ordinal (from 1), id, status (accepted, invalid or duplicate), errors (array of instanceLocation and message).
on_invalid: raise (default) refuses the whole batch at the first invalid event, skip publishes the valid ones.
Errors: as for events.publish_now().';
