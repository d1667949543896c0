-- Many patterns at once: events._match_set().

SELECT events._match_set('{"type": "a", "data": {"n": 5}}', ARRAY[
    '{"type": ["a"]}', '{"type": ["b"]}', NULL, '{"data": {"n": [{"numeric": [">", 4]}]}}', '{"type": [{"anything-but": "a"}]}',
    '{"none": [{"exists": false}]}', '[]', '{"not": {"exact": {"type": "b"}}}', '{"detail-type": [{"prefix": ""}]}',
    '{"$or": [{"type": ["a"]}, {"detail": {"n": [5]}}]}']::jsonb[]);
SELECT events._match_set('{"type": "a"}', '{}'), events._match_set('[1]', '{"{\"a\": [{\"exists\": false}]}"}'),
    events._match_set(NULL, '{}') IS NULL AS no_event;
SELECT events._match_set('{}', '{"{\"a\": [1]}","{\"b\": [{\"prefix\": 1}]}"}');

-- 3,000 patterns of all kinds; the set says what each says alone
CREATE TABLE pattern (n serial, pattern jsonb);
INSERT INTO pattern (pattern)
SELECT CASE i % 15
    WHEN 0 THEN jsonb_build_object('source', '["/shop"]'::jsonb, 'type', jsonb_build_array('order.' || i))
    WHEN 1 THEN jsonb_build_object('type', jsonb_build_array(jsonb_build_object('prefix', 'order.' || i % 10)))
    WHEN 2 THEN jsonb_build_object('type', jsonb_build_array(jsonb_build_object('suffix', (i % 50)::text)))
    WHEN 3 THEN jsonb_build_object('type', jsonb_build_array(jsonb_build_object('equals-ignore-case', 'ORDER.' || i % 100)))
    WHEN 4 THEN jsonb_build_object('type', jsonb_build_array(jsonb_build_object('wildcard', 'ord*' || i % 7 || '*')))
    WHEN 5 THEN jsonb_build_object('type', jsonb_build_array(jsonb_build_object('wildcard', '*r.' || i % 90 || '*')))
    WHEN 6 THEN jsonb_build_object('detail', jsonb_build_object('n', jsonb_build_array(jsonb_build_object('numeric',
        jsonb_build_array('>=', i % 70, '<', i % 70 + 3)))))
    WHEN 7 THEN jsonb_build_object('data', jsonb_build_object('n', jsonb_build_array(jsonb_build_object('numeric', jsonb_build_array('<', i % 40)))))
    WHEN 8 THEN jsonb_build_object('data', jsonb_build_object('ip', jsonb_build_array(jsonb_build_object('cidr', format('10.0.%s.0/%s', i % 4, 20 + i % 12)))))
    WHEN 9 THEN jsonb_build_object('type', jsonb_build_array(jsonb_build_object('anything-but', jsonb_build_array('order.' || i % 11, 'order.5'))), 'source', '["/shop"]'::jsonb)
    WHEN 10 THEN jsonb_build_object('data', jsonb_build_object('items', jsonb_build_object('a', jsonb_build_array(i % 6), 'b', jsonb_build_array(i % 5))))
    WHEN 11 THEN jsonb_build_object('$or', jsonb_build_array(jsonb_build_object('type', jsonb_build_array('order.' || i % 33)),
        jsonb_build_object('data', jsonb_build_object('n', jsonb_build_array(i % 100, 'x')))))
    WHEN 12 THEN jsonb_build_array(jsonb_build_object('exact', jsonb_build_object('source', '/shop')),
        jsonb_build_object('not', jsonb_build_object('prefix', jsonb_build_object('type', 'order.' || i % 10))))
    WHEN 13 THEN jsonb_build_object('data', jsonb_build_object('items', jsonb_build_object('b', jsonb_build_array(i % 6), 'c', '[{"exists": false}]'::jsonb)))
    ELSE jsonb_build_object('type', jsonb_build_array(jsonb_build_object('suffix', jsonb_build_object('equals-ignore-case', 'R.' || i % 40)), i)) END
FROM generate_series(1, 3000) i;
CREATE TABLE event AS
SELECT jsonb_build_object('source', CASE i % 3 WHEN 0 THEN '/other' ELSE '/shop' END, 'type', 'order.' || i, 'data', jsonb_build_object(
    'n', i, 'ip', format('10.0.%s.%s', i % 5, i), 'items', jsonb_build_array(jsonb_build_object('a', i % 6, 'b', i % 5),
    jsonb_build_object('a', i % 4, 'b', i % 3, 'c', 1)))) AS event
FROM generate_series(1, 60) i;
SELECT count(*) AS events, sum(cardinality(in_set)) AS matches, count(*) FILTER (WHERE in_set <> alone) AS differ
FROM (SELECT events._match_set(event, (SELECT array_agg(pattern ORDER BY n) FROM pattern)) AS in_set,
    (SELECT array_agg(n ORDER BY n) FROM pattern WHERE events.matches(event, pattern)) AS alone FROM event) AS compared;

-- an event with more values than are kept; the order of names; a set of one
SELECT events._match_set(jsonb_build_object('a', (SELECT jsonb_agg(i) FROM generate_series(1, 100000) i), 'b', 1),
    '{"{\"a\": [99999], \"b\": [1]}","{\"a\": [100001]}","{\"b\": [1], \"a\": [{\"anything-but\": [7]}]}","{\"c\": [{\"exists\": false}], \"a\": [{\"numeric\": [\">\", 99999]}]}"}');
-- patterns that fire for nearly everything
SELECT cardinality(events._match_set('{"t": "x5"}', array_agg(jsonb_build_object('t', jsonb_build_array(jsonb_build_object('anything-but', 'x' || i))))))
FROM generate_series(1, 10000) i;
SELECT cardinality(events._match_set('{"t5": 1}', array_agg(jsonb_build_object('t' || i, '[{"exists": false}]'::jsonb))))
FROM generate_series(1, 10000) i;
-- one value, many wildcards
SELECT cardinality(events._match_set(jsonb_build_object('a', repeat('ab', 5000)), array_agg(jsonb_build_object('a',
    jsonb_build_array(jsonb_build_object('wildcard', '*ab*' || i || '*')))))) FROM generate_series(1, 1000) i;

-- 10,000 patterns with a source in common: no event touches them all
CREATE TEMP TABLE many AS SELECT array_agg(jsonb_build_object('source', '["/shop"]'::jsonb, 'id', jsonb_build_array('e-' || i)) ORDER BY i) AS patterns
FROM generate_series(1, 10000) i;
SELECT events._match_set('{"source": "/shop", "id": "e-77"}', patterns), events._match_set('{"source": "/shop", "id": "x"}', patterns) FROM many;

DROP TABLE pattern, event;
