-- events.publish_now() and events.publish_batch_now(): committed whatever becomes of the caller.
SELECT events.horizon() AS start \gset
\set SHOW_CONTEXT never

-- the transaction rolls back, the event stays
BEGIN;
SELECT events.publish('now.rolled_back', '1') IS NOT NULL AS published;
SELECT events.publish_now('now.kept', '2') ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' AS uuid_v7;
SELECT type, data FROM events.read(:start);
ROLLBACK;
SELECT type, data FROM events.read(:start);

-- it comes before what the transaction publishes at its end
SELECT events.horizon() AS here \gset
BEGIN;
SELECT events.publish('now.third', '1') IS NOT NULL AS published;
SELECT events.publish_now('now.first', '2') IS NOT NULL AS published;
SELECT events.publish_now('{"type": "now.second"}') IS NOT NULL AS published;
COMMIT;
SELECT type, data FROM events.read(:here);

-- savepoints, exceptions, and a transaction that has failed
SELECT events.horizon() AS here \gset
BEGIN;
SAVEPOINT s;
SELECT events.publish_now('now.savepoint', '1') IS NOT NULL AS published;
ROLLBACK TO s;
SELECT events.publish('now.after', '2') IS NOT NULL AS published;
COMMIT;
DO $$
BEGIN
    PERFORM events.publish_now('now.attempt', '3');
    RAISE EXCEPTION 'it failed' USING ERRCODE = 'P0001';
EXCEPTION WHEN raise_exception THEN
    PERFORM events.publish('now.caught', '4');
END
$$;
CREATE TABLE now_account (balance int CHECK (balance >= 0));
CREATE FUNCTION now_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events.publish_now('now.tried', to_jsonb(NEW.balance));
    RETURN NEW;
END
$$;
CREATE TRIGGER now_tell BEFORE INSERT ON now_account FOR EACH ROW EXECUTE FUNCTION now_tell();
\set VERBOSITY terse
INSERT INTO now_account VALUES (-5);
\set VERBOSITY default
DROP TABLE now_account;
DROP FUNCTION now_tell;
SELECT type, data FROM events.read(:here);

-- any isolation level; read only; what is published is not in the snapshot
SELECT events.horizon() AS here \gset
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM events.event WHERE type LIKE 'now.level%';
SELECT events.publish_now('now.level.repeatable', '1') IS NOT NULL AS published;
SELECT count(*) FROM events.event WHERE type LIKE 'now.level%';
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT events.publish_now('now.level.serializable', '2') IS NOT NULL AS published;
SELECT pg_current_xact_id_if_assigned() IS NULL AS wrote_nothing;
ROLLBACK;
SET default_transaction_read_only = on;
SELECT events.publish_now('now.level.read_only', '3') IS NOT NULL AS published;
RESET default_transaction_read_only;
SELECT type, data FROM events.read(:here);

-- values
SELECT events.horizon() AS here \gset
BEGIN;
SET LOCAL events.source = '/billing';
SET LOCAL events.correlation_id = 'c-1';
SET LOCAL events."user" = 'alice';
SELECT events.publish_now('order.paid', '[1, 2.50, null]', ARRAY['sales','order'], '/shop', 'order/1', 'now-1',
                          '2026-01-02 03:04:05.678901+01', 'https://example.com/s.json',
                          '{"priority": 3, "urgent": true, "note": "x", "datacontenttype": "application/json; v=1", "gone": null}');
SELECT events.publish_now('{"type": "context.json", "id": "now-2", "correlationid": "c-2", "topic": "a/b", "data": {"ü": 1}}');
SELECT events.publish_now('json.null', 'null', id => 'now-3');
ROLLBACK;
SELECT id, source, type, subject, "time" AT TIME ZONE 'UTC' AS "time", topic, dataschema, datacontenttype, data, attributes
FROM events.read(:here) WHERE id = 'now-1';
SELECT id, source, type, topic, data, attributes, "time" <= recorded_at AS time_before_recorded
FROM events.read(:here) WHERE id <> 'now-1';
-- large, compressible or not
SELECT events.publish_now('now.large', to_jsonb(repeat('x', 900000)), id => 'now-large-1');
SELECT events.publish_now('now.large', (SELECT jsonb_agg(md5(i::text)) FROM generate_series(1, 20000) AS i), id => 'now-large-2');
SELECT id, length(data #>> '{}'), md5(data::text) = md5((SELECT jsonb_agg(md5(i::text)) FROM generate_series(1, 20000) AS i)::text) AS same
FROM events.read(:here) WHERE type = 'now.large';

-- batches
SELECT events.horizon() AS here \gset
BEGIN;
SELECT ordinal, id, status, errors FROM events.publish_batch_now(
    '[{"type": "b.one", "id": "now-b1"}, {"id": "now-b2"}, 3, {"type": "b.two", "id": "now-b3"}]', 'skip');
SELECT ordinal, id, status, errors FROM events.publish_batch_now(
    '[{"type": "b.one", "id": "now-b4"}, {"id": "now-b5"}]');
ROLLBACK;
SELECT ordinal, id, status, errors FROM events.publish_batch_now('{"type": "b.single", "id": "now-b6"}');
SELECT * FROM events.publish_batch_now('[]');
SELECT * FROM events.publish_batch_now('[{"id": "now-b7"}]', 'skip');
SELECT type, id FROM events.read(:here);
SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE status = 'accepted') AS accepted
FROM events.publish_batch_now((SELECT jsonb_agg(jsonb_build_object('type', 'b.many', 'data', i)) FROM generate_series(1, 20000) AS i));
SELECT count(*), array_agg(data::int ORDER BY position) = (SELECT array_agg(i) FROM generate_series(1, 20000) AS i) AS in_order
FROM events.read(:here, 30000) WHERE type = 'b.many';

-- once for each source and id
SELECT events.horizon() AS here \gset
SELECT events.publish_now('once', '1', id => 'once-1');
SELECT events.publish_now('once', '2', id => 'once-1');
SELECT events.publish('once', '3', id => 'once-1');
SELECT events.publish('once', '4', id => 'once-2');
SELECT events.publish_now('once', '5', id => 'once-2');
SELECT events.publish_now('once', '6', id => 'once-1', source => '/elsewhere');
SELECT ordinal, id, status FROM events.publish_batch_now(
    '[{"type": "once", "id": "once-1", "data": 7}, {"type": "once", "id": "once-3", "data": 8}, {"type": "once", "id": "once-3", "data": 9}]');
SELECT ordinal, id, status FROM events.publish_batch_now('[{"type": "once", "id": "once-3", "data": 10}]');
SELECT id, source = '/elsewhere' AS elsewhere, data FROM events.read(:here);

-- what is refused
SELECT events.horizon() AS here \gset
DO $$
DECLARE
    call text;
    state text; message text; detail text; hint text;
BEGIN
    FOREACH call IN ARRAY ARRAY[
        $c$events.publish_now(NULL, '{}')$c$,
        $c$events.publish_now('a', NULL)$c$,
        $c$events.publish_now(NULL::jsonb)$c$,
        $c$events.publish_now('[]'::jsonb)$c$,
        $c$events.publish_now('', '{}')$c$,
        $c$events.publish_now('a', '{}', source => 'not a uri')$c$,
        $c$events.publish_now('{"type": "a", "specversion": "2.0"}')$c$,
        $c$events.publish_batch_now(NULL)$c$,
        $c$events.publish_batch_now('[]', 'ignore')$c$,
        $c$events.publish_batch_now('7')$c$,
        $c$events.publish_batch_now('[{"type": ""}]')$c$
    ] LOOP
        BEGIN
            EXECUTE 'SELECT ' || call;
            RAISE NOTICE '% was accepted', call;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
            RAISE NOTICE E'%: % %\n    %\n    %', call, state, message, detail, hint;
        END;
    END LOOP;
END
$$;
SET events.max_event_size = '1kB';
SELECT events.publish_now('large', to_jsonb(repeat('x', 2000)));
RESET events.max_event_size;
SET events.max_pending_events = 2;
SELECT * FROM events.publish_batch_now('[{"type": "a"}, {"type": "b"}, {"type": "c"}]');
SELECT count(*) FROM events.publish_batch_now('[{"type": "a"}, {"type": "b"}]');
RESET events.max_pending_events;
SELECT events.register_schema('/now/1', '{"type": "integer"}') IS NOT NULL AS registered;
SELECT events.register_type('now.checked', '/now/1', '1') IS NOT NULL AS registered;
SELECT events.publish_now('now.checked', '"one"');
SELECT events.publish_now('now.checked', '1') IS NOT NULL AS published;
SELECT type, data FROM events.read(:here);
SELECT events.unregister_type('now.checked');
SELECT events.unregister_schema('/now/1');

-- what the publisher itself runs into is the caller's error
SELECT events.horizon() AS here \gset
CREATE FUNCTION now_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER now_refuse BEFORE INSERT ON events.event FOR EACH ROW EXECUTE FUNCTION now_refuse();
SELECT events.publish_now('now.trigger', '1');
DROP TRIGGER now_refuse ON events.event;
DROP FUNCTION now_refuse;
SELECT events.publish_now('now.no_trigger', '1') IS NOT NULL AS published;
SELECT type, data FROM events.read(:here);

-- locks of the transaction itself
SELECT events.horizon() AS here \gset
CREATE FUNCTION now_try(type text, id text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text;
BEGIN
    PERFORM events.publish_now(type, '0', id => id);
    RETURN 'published';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN format(E'%s %s\n%s\n%s', state, message, regexp_replace(detail, '\d+', 'PID', 'g'), hint);
END
$$;
\pset format unaligned
\pset tuples_only on
BEGIN;
LOCK TABLE events.event IN ACCESS EXCLUSIVE MODE;
SELECT now_try('lock.table');
ROLLBACK;
BEGIN;
LOCK TABLE events.event_0 IN SHARE MODE;
SELECT now_try('lock.partition');
ROLLBACK;
BEGIN;
SELECT events.publish('lock.id', '1', id => 'lock-1');
SELECT now_try('lock.id', 'lock-1');
SELECT now_try('lock.other', 'lock-2');
COMMIT;
SELECT now_try('lock.id', 'lock-1');
\pset tuples_only off
\pset format aligned
DROP FUNCTION now_try;
SELECT type, id, data FROM events.read(:here);

-- ids are known as long as the session says, not the process that publishes
SELECT events.horizon() AS here \gset
SET events.dedup_window = 0;
SELECT events.publish_now('window', '1', id => 'window-1');
SELECT events.publish_now('window', '2', id => 'window-1');
RESET events.dedup_window;
SELECT events.publish_now('window', '3', id => 'window-2');
SELECT events.publish_now('window', '4', id => 'window-2');
SELECT type, id, data FROM events.read(:here);

-- who may
CREATE ROLE now_publisher;
CREATE ROLE now_nobody;
SELECT events.grant_role('now_publisher', 'publish');
SELECT events.horizon() AS here \gset
SET ROLE now_nobody;
SELECT events.publish_now('role', '1');
SELECT * FROM events.publish_batch_now('[]');
RESET ROLE;
SET ROLE now_publisher;
SELECT events.publish_now('role', '2') IS NOT NULL AS published;
SELECT events.publish_now('{"type": "role", "data": 3}') IS NOT NULL AS published;
SELECT status FROM events.publish_batch_now('[{"type": "role", "data": 4}]');
SELECT count(*) FROM events.event;
RESET ROLE;
SELECT type, data FROM events.read(:here);
SELECT events.revoke_role('now_publisher', 'publish');
REVOKE USAGE ON SCHEMA events FROM now_publisher;
DROP ROLE now_publisher;
DROP ROLE now_nobody;
