-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Publishing
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.publish(
    type       text,
    data       jsonb,
    topic      text[]      DEFAULT NULL,
    source     text        DEFAULT NULL,
    subject    text        DEFAULT NULL,
    id         text        DEFAULT NULL,
    "time"     timestamptz DEFAULT NULL,
    dataschema text        DEFAULT NULL,
    attributes jsonb       DEFAULT NULL,
    expected_position bigint DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_publish'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.publish(text, jsonb, text[], text, text, text, timestamptz, text, jsonb, bigint) IS
'Publishes an event when this transaction commits, and only then; returns its id.
Missing attributes: topic is the type split at dots; source, and the extension attributes correlationid, user, workspace and traceparent, come from the settings events.*; id is a UUIDv7; time is now. attributes is a JSON object of CloudEvents extension attributes (datacontenttype may stand there too).
id: an event of this source and id that was published within events.dedup_window stands, and this one is not published again; waits for a transaction that is publishing it. expected_position: the position of the newest event of this source and subject, 0 if there is none; if another one is the newest, the event is refused (events.read_subject() reads such a stream).
Errors: 22004 type or data is NULL; 22023 an attribute breaks CloudEvents 1.0.2, or expected_position without a subject; 40001 expected_position is not the newest, or a SERIALIZABLE transaction meets an event of the same id that it does not see; 40P01 deadlock with others who publish the same ids or streams in another order; 54000 events.max_event_size or events.max_pending_events is passed; 25006 read-only transaction or hot standby.';

CREATE FUNCTION events.publish(event jsonb)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_publish_event'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.publish(jsonb) IS
'Publishes a whole CloudEvent (JSON format 1.0.2) when this transaction commits; returns its id.
Only type is required; what is missing is filled in as for the other form. topic may be a path (order/created) or an array of strings; data_base64 carries binary data. Members that are no CloudEvents attributes are extension attributes. sequence and recordedtime are this hub''s own and are replaced.
Errors: as for the other form.';

CREATE FUNCTION events.publish_batch(
    events jsonb,
    on_invalid text DEFAULT 'raise',
    OUT ordinal int, OUT id text, OUT status text, OUT errors jsonb)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_publish_batch'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.publish_batch(jsonb, text) IS
'Publishes an array of CloudEvents when this transaction commits; a row for each: ordinal (from 1), id, status (accepted, invalid, or duplicate: an event of its source and id was published before and stands), errors (array of instanceLocation and message).
on_invalid: raise (default) refuses the whole batch at the first invalid event, skip publishes the valid ones.
Errors: as for events.publish().';

CREATE FUNCTION events._intake(
    events jsonb,
    context jsonb,
    OUT ordinal int, OUT id text, OUT status text, OUT errors jsonb)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_intake'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events._intake(jsonb, jsonb) IS
'For eventsd: publishes a batch, skipping invalid events; context is an object of attributes that fill what events lack';
