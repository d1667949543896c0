-- Rows of events.event, and arrays, that somebody has put together: NOT NULL does not bind them.
SELECT events.horizon() AS start \gset
SELECT events.publish('row.test', '{"n": 1}', topic => '{row,test}', id => 'row-1', source => '/row', subject => 's') IS NOT NULL AS published;

-- what a call answers, in one line
CREATE FUNCTION answer(call text, change jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
    hint text;
BEGIN
    EXECUTE format('SELECT (%s)::text FROM (SELECT jsonb_populate_record(e, $1) AS event FROM events.event AS e WHERE id = %L) AS r', call, 'row-1')
    INTO answer USING change;
    RETURN answer;
EXCEPTION WHEN null_value_not_allowed OR invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' ', sqlstate, sqlerrm, hint);
END
$$;

-- ---- rows
SELECT events._cloudevent(ROW(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)::events.event);
SELECT events._search_document(ROW(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)::events.event);
SELECT attname AS without,
    answer('length(events._cloudevent(event)) > 100', jsonb_build_object(attname, NULL)) AS cloudevent,
    answer('cardinality((events._search_document(event)).keys) > 5', jsonb_build_object(attname, NULL)) AS document
FROM pg_attribute WHERE attrelid = 'events.event'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
-- a filter takes what is not there for missing
SELECT events.matches_event(ROW(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)::events.event, pattern, filter) AS matches
FROM (VALUES ('{"type": [{"exists": false}], "topic": [{"exists": false}], "time": [{"exists": false}], "data": [{"exists": false}], "ext": [{"exists": false}]}'::jsonb, NULL),
    (NULL, 'type = null and topic = null and recordedtime = null and data = null'),
    ('{"type": ["row.test"]}', 'n = 1')) AS f (pattern, filter);
-- topics that no event has
SELECT topic, answer('events._cloudevent(event)::jsonb->''topic''', jsonb_build_object('topic', topic)) AS cloudevent,
    answer('cardinality((events._search_document(event)).keys) > 5', jsonb_build_object('topic', topic)) AS document,
    answer('events.matches_event(event, filter => ''topic = "a/b"'')', jsonb_build_object('topic', topic)) AS matches
FROM (VALUES ('{}'::text[]), ('{a,NULL}'), ('{{a},{b}}')) AS t (topic);
-- times that no event has, attributes that are no object
SELECT change, answer('length(events._cloudevent(event)) > 100', change) AS cloudevent,
    answer('cardinality((events._search_document(event)).keys) > 5', change) AS document,
    answer('events.matches_event(event, ''{"time": [{"prefix": "2"}], "ext": [{"exists": true}]}'')', change) AS matches
FROM (VALUES ('{"time": "infinity"}'::jsonb), ('{"time": "-infinity"}'), ('{"recorded_at": "-infinity"}'), ('{"position": -1}'), ('{"position": "-9223372036854775808"}'),
    ('{"attributes": []}'), ('{"attributes": "text"}'), ('{"attributes": {"ext": {"a": 1}}}'), ('{"type": ""}')) AS c (change);

-- ---- arrays
SELECT call, answer(call) FROM unnest(ARRAY[
    $$events._covers('{}', NULL, 't', '{}')$$,
    $$events._covers('{a}', NULL, 't', '{}')$$,
    $$events._covers('{{a,NULL},{b,c}}', '{}', 't', '{b,c}')$$,
    $$events._covers('{{a,NULL},{b,c}}', '{t*}', 't', '{{b,c}}')$$,
    $$events._covers('{a}', '{t}', 't', '{a,NULL}')$$,
    $$events._covers('{NULL,a}', NULL, 't', '{a}')$$,
    $$events._covers(NULL, '{NULL}', 't', '{a}')$$,
    $$events._match_set('{"a": 1}', ARRAY[[NULL, '{"a": [1]}'], ['{"a": [2]}', NULL]]::jsonb[])$$,
    $$events.publish('row.test', '1', topic => '{}')$$,
    $$events.publish('row.test', '1', topic => '{NULL}')$$,
    $$events.publish('row.test', '1', topic => '{{a},{b}}')$$,
    $$SELECT count(*) FROM events.search(types => '{row.test}', sources => '{}')$$,
    $$SELECT count(*) FROM events.search(types => '{row.test}', sources => '{{/row},{/else}}')$$,
    $$SELECT count(*) FROM events.search(types => '{row.test}', sources => '{/row,NULL}')$$,
    $$SELECT count(*) FROM events.search(types => '{}')$$,
    $$SELECT count(*) FROM events.search(types => '{{row.test},{else}}')$$,
    $$SELECT count(*) FROM events.search(types => '{NULL}')$$,
    $$SELECT count(*) FROM events.search(topics => '{NULL,row}')$$,
    $$SELECT count(*) FROM events.facets(types => '{row.test}', fields => '{}')$$,
    $$SELECT count(*) FROM events.facets(types => '{row.test}', fields => '{{type},{source}}')$$,
    $$SELECT count(*) FROM events.facets(types => '{row.test}', fields => '{type,NULL}')$$,
    $$SELECT count(*) FROM events._feed(events.horizon(), 1, 1000, filters => '{}')$$,
    $$SELECT count(*) FROM events._feed(events.horizon(), 1, 1000, filters => '{NULL}')$$,
    $$SELECT count(*) FROM events.export(types => '{NULL}')$$,
    $$SELECT count(*) FROM events.read(events.horizon(), topics => '{NULL,row}')$$]) AS call;
SELECT count(*) AS "nothing more was published" FROM events.read(:start, NULL);

DROP FUNCTION answer;
