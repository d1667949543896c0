-- A pattern says the same of a row as of the event on the wire, whoever asks.
SET events.source = '/shop';
SELECT events.horizon() AS start \gset
SELECT count(*) FROM (SELECT events.publish('a.' || i, data, topic, subject => subject, "time" => '2026-03-01T12:00:00Z')
    FROM (VALUES
        (1, '{"n": 1, "l": [{"k": 1, "v": 2}, {"k": 3}], "a.b": {"c": 5}, "a": [{"x": {"b": 6}}]}'::jsonb, NULL::text[], 's'),
        (2, '[{"n": 1}, [2, [{"n": "1"}]]]', '{a,b%/c}', NULL),
        (3, 'null', NULL, '10.0.0.1'),
        (4, '0', NULL, 'S'),
        (5, '{"data": "x", "detail": {"n": null}, "n": 1e2, "": [""]}', '{x}', 'ß')) AS e(i, data, topic, subject)) AS published;
SELECT count(*) FROM (SELECT events.publish(event) FROM (VALUES
    ('{"specversion": "1.0", "id": "1", "source": "/x", "type": "b.1", "data_base64": "AAEC", "datacontenttype": "application/octet-stream", "ext": 7, "flag": true}'::jsonb),
    ('{"specversion": "1.0", "id": "2", "source": "/x", "type": "b.2", "dataschema": "https://example.org/s", "detail": "own", "datacontenttype": "application/json", "data": {"n": 1}}'),
    ('{"specversion": "1.0", "id": "3", "source": "/x", "type": "b.3", "topic": "b/3", "time": "2026-03-01T13:00:00.5+01:00", "sequence": "7", "data": "text"}'),
    ('{"id": "4", "source": "/x", "type": "b.4"}')) AS e(event)) AS published;

CREATE TABLE row_pattern AS SELECT row_number() OVER () AS n, pattern::jsonb FROM unnest(ARRAY[
    '{"type": ["a.1", "b.1"]}', '{"type": [{"prefix": "a."}], "source": ["/shop"]}', '{"detail-type": [{"suffix": ".2"}]}',
    '{"subject": ["s"]}', '{"subject": [{"equals-ignore-case": "s"}]}', '{"subject": [{"exists": false}]}', '{"subject": ["10.0.0.1"]}',
    '{"subject": [{"cidr": "10.0.0.0/8"}]}', '{"subject": [{"anything-but": ["s", "S"]}]}', '{"subject": [{"equals-ignore-case": "SS"}]}',
    '{"topic": ["a/b%25%2Fc"]}', '{"topic": [{"prefix": "a/"}]}', '{"topic": ["a/b%/c"]}', '{"topic": ["x"]}', '{"topic": ["a.1", "a/1"]}',
    '{"time": ["2026-03-01T12:00:00Z"]}', '{"time": [{"prefix": "2026-03-01T12:00:00.5"}]}', '{"time": [{"suffix": "Z"}]}',
    '{"recordedtime": [{"exists": true}]}', '{"recordedtime": [{"wildcard": "20*Z"}]}', '{"specversion": ["1.0"]}', '{"specversion": [1.0]}',
    '{"id": ["1"]}', '{"id": [1]}', '{"ext": [7]}', '{"ext": ["7"]}', '{"ext": [{"numeric": [">", 6]}]}', '{"flag": [true]}', '{"exact": {"ext": "7"}}',
    '{"exact": {"flag": "true"}}', '{"not": {"prefix": {"type": "a"}}}', '[]', '[{"any": [{"exact": {"id": "2"}}, {"suffix": {"type": "1"}}]}, {"exact": {"source": "/x"}}]',
    '{"data": {"n": [1]}}', '{"detail": {"n": [1]}}', '{"detail": ["own"]}', '{"detail": [{"exists": false}]}', '{"data": [null]}', '{"data": [{"exists": false}]}',
    '{"data": {"n": [{"exists": false}]}}', '{"data": {"n": ["1", 100]}}', '{"data": {"l": {"k": [1], "v": [2]}}}', '{"data": {"l": {"k": [3], "v": [{"exists": false}]}}}',
    '{"data": {"a": {"b": {"c": [5]}}}}', '{"data.a.x.b": [6]}', '{"data": {"a.x.b": [6], "a.b": [{"exists": false}]}}', '{"data": ["text", 2]}', '{"data": {"": [""]}}',
    '{"data": {"data": ["x"]}}', '{"detail": {"detail": {"n": [null]}}}', '{"data_base64": ["AAEC"]}', '{"data_base64": [{"exists": false}]}',
    '{"datacontenttype": ["application/json"]}', '{"datacontenttype": [{"exists": false}]}', '{"dataschema": [{"prefix": "https://"}]}', '{"sequence": [{"exists": false}]}',
    '{"sequence": ["7", 7]}', '{"attributes": [{"exists": true}]}', '{"position": [{"exists": true}]}', '{"xid": [{"exists": true}]}', '{"epoch": [{"exists": true}]}',
    '{"$or": [{"type": ["a.1"]}, {"data": {"n": [100]}}]}', '{"$or": [{"source": ["/x"]}, {"source": [{"prefix": "/s"}]}], "type": [{"wildcard": "*.3"}]}',
    '{"type": ["a.1"], "detail-type": ["a.2"]}', '{"data": {"n": [1]}, "detail": {"n": [1]}}', '{"type": {"x": [{"exists": false}]}}', '{"type": {"x": [1]}}']) AS p(pattern);

CREATE VIEW answers AS
WITH wire AS MATERIALIZED (SELECT position, event::jsonb - 'sequence' AS event FROM events._feed(:start, 1000, 100000000) WHERE event IS NOT NULL),
    patterns AS MATERIALIZED (SELECT array_agg(pattern ORDER BY n) AS list, array_agg(events._check_filter(pattern::text, NULL) ORDER BY n) AS filters FROM row_pattern),
    fed AS MATERIALIZED (SELECT position, matches FROM patterns, events._feed(:start, 1000, 100000000, filters => filters) WHERE event IS NOT NULL),
    sets AS MATERIALIZED (SELECT position, events._match_set(event, list) AS matches FROM wire, patterns)
SELECT e.position, n, pattern, events.matches(event, pattern) AS wire, events.matches_event(e, pattern) AS row,
    n = ANY (fed.matches) AS feed, n = ANY (sets.matches) AS set,
    e.position IN (SELECT position FROM events.read(:start, NULL, pattern => pattern)) AS read,
    (SELECT coalesce(bool_and(matches) FILTER (WHERE location = ''), bool_and(matches), true) FROM events.explain_match(event, pattern)) AS explained
FROM events.event AS e JOIN wire USING (position) JOIN fed USING (position) JOIN sets USING (position), row_pattern;
SELECT count(*) > 500 AS many, count(*) FILTER (WHERE wire) > 100 AS matching FROM answers;
SELECT * FROM answers WHERE (row, feed, set, read) IS DISTINCT FROM (wire, wire, wire, wire);
-- of a choice, conditions that are not needed have rows too
SELECT position - :start AS n, pattern, wire, explained FROM answers WHERE explained <> wire AND pattern::text !~ '[$]or|"any"|"not"';
-- as a constant, which the planner takes apart
CREATE FUNCTION differs(pattern jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM events.event AS e, (SELECT %L::jsonb AS pattern OFFSET 0) AS p WHERE (events.matches_event(e, %1$L) IS TRUE) <> events.matches_event(e, p.pattern)', pattern) INTO n;
    RETURN n;
END
$$;
SELECT pattern FROM row_pattern WHERE (differs(pattern)) > 0;
DROP FUNCTION differs(jsonb);
DROP VIEW answers;
DROP TABLE row_pattern;
