-- events.publish(): what fills an event, and what is refused.
SELECT events.horizon() AS start \gset

SELECT events.publish('order.created', '{"order": 1}') ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' AS uuid_v7;
SELECT events.publish('limits', '{}', attributes => '{"low": -2147483648, "high": 2147483647}') IS NOT NULL AS published;
SELECT events.publish('order.paid', '[1, 2.50, null]', ARRAY['sales','order'], '/shop', 'order/1', 'id-1',
                      '2026-01-02 03:04:05.678901+01', 'https://example.com/s.json',
                      '{"priority": 3, "urgent": true, "note": "x", "datacontenttype": "application/json; v=1", "gone": null}');
SELECT id, source, type, subject, "time" AT TIME ZONE 'UTC' AS "time", topic, dataschema, datacontenttype, data, attributes
FROM events.read(:start) WHERE id = 'id-1';
SELECT source, topic, data, subject IS NULL AS no_subject, attributes IS NULL AS no_attributes,
       "time" <= recorded_at AS time_before_recorded
FROM events.read(:start) WHERE type = 'order.created';

-- types that split oddly
SELECT events.publish('.dotted..type.', '0') IS NOT NULL AS published;
SELECT events.publish('...', '0') IS NOT NULL AS published;
SELECT events.publish('Ünïcode.tÿpe', '"ü"') IS NOT NULL AS published;
SELECT type, topic, data FROM events.read(:start) WHERE type LIKE '.%' OR type LIKE 'Ü%';

-- context without plumbing
BEGIN;
SET LOCAL events.source = '/billing';
SET LOCAL events.correlation_id = 'c-1';
SET LOCAL events."user" = 'alice';
SET LOCAL events.workspace = 'w7';
SET LOCAL events.traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
SELECT events.publish('context.filled', '{}', id => 'ctx-1');
SELECT events.publish('context.kept', '{}', source => '/mine', attributes => '{"user": "bob", "workspace": 5}', id => 'ctx-2');
SELECT events.publish('{"type": "context.json", "id": "ctx-3", "correlationid": "c-2"}');
COMMIT;
SELECT id, source, attributes FROM events.read(:start) WHERE id LIKE 'ctx-%';

-- NULL and malformed input
\set SHOW_CONTEXT never
DO $$
DECLARE
    call text;
    state text; message text; detail text; hint text;
BEGIN
    FOREACH call IN ARRAY ARRAY[
        $c$events.publish(NULL, '{}')$c$,
        $c$events.publish('a', NULL)$c$,
        $c$events.publish(NULL::jsonb)$c$,
        $c$events.publish('', '{}')$c$,
        $c$events.publish(E'a\nb', '{}')$c$,
        $c$events.publish('a', '{}', ARRAY[]::text[])$c$,
        $c$events.publish('a', '{}', ARRAY['x', NULL])$c$,
        $c$events.publish('a', '{}', ARRAY['x', ''])$c$,
        $c$events.publish('a', '{}', ARRAY[['x'],['y']])$c$,
        $c$events.publish('a', '{}', ARRAY[E'x\ny'])$c$,
        $c$events.publish('a', '{}', source => '')$c$,
        $c$events.publish('a', '{}', source => 'not a uri')$c$,
        $c$events.publish('a', '{}', source => '/bad%2')$c$,
        $c$events.publish('a', '{}', subject => '')$c$,
        $c$events.publish('a', '{}', id => '')$c$,
        $c$events.publish('a', '{}', dataschema => 'with space')$c$,
        $c$events.publish('a', '{}', "time" => 'infinity')$c$,
        $c$events.publish('a', '{}', "time" => '10000-01-01')$c$,
        $c$events.publish('a', '{}', attributes => '[]')$c$,
        $c$events.publish('a', '{}', attributes => '{"Upper": "x"}')$c$,
        $c$events.publish('a', '{}', attributes => '{"under_score": "x"}')$c$,
        $c$events.publish('a', '{}', attributes => '{"list": [1]}')$c$,
        $c$events.publish('a', '{}', attributes => '{"float": 1.5}')$c$,
        $c$events.publish('a', '{}', attributes => '{"big": 2147483648}')$c$,
        $c$events.publish('a', '{}', attributes => '{"id": "x"}')$c$,
        $c$events.publish('a', '{}', attributes => '{"datacontenttype": "json"}')$c$,
        $c$events.publish('[1]'::jsonb)$c$,
        $c$events.publish('{"data": 1}'::jsonb)$c$,
        $c$events.publish('{"type": "a", "specversion": "0.3"}'::jsonb)$c$,
        $c$events.publish('{"type": 5, "id": 7, "source": {}}'::jsonb)$c$,
        $c$events.publish('{"type": "a", "time": "2026-01-01 00:00:00Z"}'::jsonb)$c$,
        $c$events.publish('{"type": "a", "data": 1, "data_base64": "AA=="}'::jsonb)$c$,
        $c$events.publish('{"type": "a", "data_base64": "A"}'::jsonb)$c$,
        $c$events.publish('{"type": "a", "topic": "a//b"}'::jsonb)$c$,
        $c$events.publish('{"type": "a", "topic": ["a", 1]}'::jsonb)$c$
    ] LOOP
        BEGIN
            EXECUTE 'SELECT ' || call;
            RAISE WARNING 'accepted: %', call;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
            RAISE INFO E'%\n  % %\n  %\n  %', call, state, message, detail, hint;
        END;
    END LOOP;
END $$;
\set SHOW_CONTEXT errors

-- the size of an event is limited
SET events.max_event_size = '1kB';
SELECT events.publish('big', to_jsonb(repeat('x', 800))) IS NOT NULL AS published;
SELECT events.publish('big', to_jsonb(repeat('x', 2000)));
RESET events.max_event_size;
-- numbers count as they are written: this is stored in a few kilobytes
SELECT events.publish('big', (SELECT jsonb_agg('1e131071'::jsonb) FROM generate_series(1, 9000)));
SELECT events.publish('big', '1', attributes => jsonb_build_object('n', ('1.' || repeat('0', 16000))::numeric)) IS NOT NULL AS published;
SELECT length(event) < 20000 AS bounded FROM events._feed(:start, 1000, 100000000) WHERE event LIKE '%"n":1.000%';

-- a bad setting is refused where it is used
SET events.source = 'no uri';
SELECT events.publish('a', '{}');
SET events.nonsense = 1;
RESET events.source;

-- of all that, only what was accepted is there
SELECT count(*) FROM events.read(:start) WHERE type IN ('a', 'big');
