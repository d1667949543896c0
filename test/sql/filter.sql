-- Patterns and FEEL filters over events: events.read(), events.matches_event(), the feed.
SET events.source = '/shop';
SELECT events.horizon() AS start \gset
SELECT count(*) FROM (SELECT events.publish(type, data, topic, subject => subject, "time" => '2026-03-01T12:00:00Z')
    FROM (VALUES
        ('order.created', '{"order": 1, "total": 50, "customer": "Ada"}'::jsonb,                NULL::text[],    'order-1'),
        ('order.created', '{"order": 2, "total": 150.5, "customer": "Bob", "lines": [{"sku": "a-1", "n": 2}]}', NULL, 'order-2'),
        ('order.paid',    '{"order": 2, "total": 150.5}',                                       NULL,            'order-2'),
        ('log.line',      '"just text"',                                                        '{log/raw,a%b}', NULL),
        ('stock.low',     '{"sku": "a-1", "left": 3, "Reorder Level": 5}',                      NULL,            NULL))
    AS e(type, data, topic, subject)) AS published;

CREATE TABLE numbered AS SELECT row_number() OVER (ORDER BY position) AS n, position FROM events.event WHERE position > :start;
CREATE FUNCTION read_numbers(pattern jsonb DEFAULT NULL, filter text DEFAULT NULL) RETURNS bigint[]
LANGUAGE sql AS $$
    SELECT coalesce(array_agg(n ORDER BY n), '{}')
    FROM events.read((SELECT min(position) - 1 FROM numbered), NULL, pattern => $1, filter => $2) JOIN numbered USING (position)
$$;

-- by pattern: attributes by their names on the wire, the names of EventBridge's envelope, data
SELECT read_numbers('{"type": ["order.created"]}'),
       read_numbers('{"detail-type": ["order.paid"], "detail": {"total": [{"numeric": [">", 100]}]}}'),
       read_numbers('{"data": {"lines": {"sku": [{"prefix": "a-"}]}}}'),
       read_numbers('{"subject": [{"exists": false}]}');
SELECT read_numbers('{"topic": ["log%2Fraw/a%25b"]}') AS by_topic,
       read_numbers('{"time": ["2026-03-01T12:00:00Z"]}') AS by_time,
       read_numbers('{"data": ["just text"]}') AS scalar_data,
       read_numbers('{"specversion": ["1.0"], "source": ["/shop"], "id": [{"exists": true}], "recordedtime": [{"prefix": "2"}]}') AS every;

-- by FEEL: attributes, then members of data; times are times
SELECT read_numbers(filter => 'type = "order.created" and total > 100'),
       read_numbers(filter => 'data.total > 100 or left < Reorder Level'),
       read_numbers(filter => 'time >= date and time("2026-03-01T12:00:00Z") and recordedtime > time'),
       read_numbers(filter => 'starts with(type, "order.") and not(subject = "order-2")'),
       read_numbers(filter => 'data = "just text"');
SELECT read_numbers(filter => 'some line in lines satisfies line.n = 2') AS some_line,
       read_numbers(filter => 'no such name = 1') AS unknown,
       read_numbers(filter => 'null') AS nothing,
       read_numbers('{"type": [{"prefix": "order."}]}', 'total > 100') AS both;

-- with topics, types and max_count; a page ends where it ends
SELECT count(*) FROM events.read(:start, types => '{order.*}', pattern => '{"data": {"order": [2]}}');
SELECT count(*) FROM events.read(:start, max_count => 1, filter => 'order = 2');

-- what is wrong is said
SELECT read_numbers('{"type": "order.created"}');
SELECT read_numbers(filter => 'total >');
SET events.filter_step_limit = 1000;
SELECT read_numbers(filter => 'count(for i in 1..100000 return i) > 1');
RESET events.filter_step_limit;

-- in WHERE clauses
SELECT n FROM events.event AS e JOIN numbered USING (position)
WHERE events.matches_event(e, '{"data": {"total": [{"numeric": [">", 100]}]}}', 'type = "order.paid"');
SELECT n FROM events.event AS e JOIN numbered USING (position)
WHERE events.matches_event(e, filter => 'order = 1');
SELECT events.matches_event(NULL, '{"type": ["a"]}');
SELECT count(*) FROM events.event AS e JOIN numbered USING (position), (VALUES ('{"type": ["order.paid"]}'::jsonb), ('{"type": ["log.line"]}')) AS p(pattern)
WHERE events.matches_event(e, p.pattern);
-- NULL where an outer join has no row
SELECT count(*) AS rows, count(*) FILTER (WHERE events.matches_event(e, '{"type": ["order.paid"], "subject": ["order-2"]}') IS NULL) AS unknown,
    count(*) FILTER (WHERE events.matches_event(e, '{"type": ["order.paid"], "topic": ["order/paid"]}')) AS matching
FROM numbered LEFT JOIN events.event AS e ON e.position = numbered.position AND n > 1;
SELECT n FROM numbered LEFT JOIN events.event AS e ON e.position = numbered.position AND n > 1
WHERE events.matches_event(e, '{"type": ["order.paid", "log.line"]}') IS NOT FALSE ORDER BY n;
-- of a partition, whose rows are of another type
CREATE FUNCTION count_paid(partition regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s AS e JOIN numbered USING (position)
                    WHERE events.matches_event(e::events.event, ''{"type": ["order.paid"]}'')', partition) INTO n;
    RETURN n;
END
$$;
SELECT sum(count_paid(relid)) FROM events._partitions();

-- what they require of attributes is the planner's to use
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        RETURN NEXT regexp_replace(line, 'event_p?\d+\w*', 'event_N', 'g');
    END LOOP;
END
$$;
SELECT plan_of($$ SELECT FROM events.event AS e WHERE events.matches_event(e, '{"type": ["order.paid"], "source": ["/a", "/b"], "data": {"total": [1]}}') $$) LIMIT 3;
SELECT plan_of($$ SELECT FROM events.event AS e WHERE events.matches_event(e, filter => 'subject in ("order-1", "order-2") and topic = "order/paid" and total > 1') $$) LIMIT 3;
CREATE INDEX filter_test ON events.event (type);
SET enable_seqscan = off;
SELECT DISTINCT line FROM plan_of($$ SELECT FROM events.event AS e WHERE events.matches_event(e, '{"type": ["order.paid"], "data": {"total": [1]}}') $$) AS line WHERE line ~ 'Cond';
SELECT n FROM events.event AS e JOIN numbered USING (position)
WHERE events.matches_event(e, '{"type": ["order.paid"], "data": {"total": [150.5]}}');
RESET enable_seqscan;
DROP INDEX events.filter_test;

-- the feed: which filters match each event, in one go
CREATE VIEW filters AS SELECT ARRAY[
    events._check_filter('{"type": ["order.created"]}', NULL),
    events._check_filter(NULL, ' total > 100 '),
    events._check_filter('{"type": [{"prefix": "order."}]}', 'order = 2'),
    events._check_filter(NULL, 'type = "log.line" and true'),
    '{"filter": "count(for i in 1..100000 return i) > 1"}',
    '{"filter": "this is ("}'] AS filters;
SELECT filter FROM filters, unnest(filters) AS filter;
SET events.filter_step_limit = 1000;
SELECT n, matches FROM events._feed(:start, 100, 1000000, filters => (SELECT filters[1:4] FROM filters)) LEFT JOIN numbered USING (position) ORDER BY position;
SELECT n, matches FROM events._feed(:start, 100, 1000000, filters => (SELECT filters FROM filters)) LEFT JOIN numbered USING (position) ORDER BY position;
SELECT n, matches FROM events._feed(:start, 100, 1000000, filters => (SELECT filters[1:2] FROM filters), only_matching => true) LEFT JOIN numbered USING (position) ORDER BY position;
SELECT count(*) FROM events._feed(:start, 100, 1000000, filters => '{}', only_matching => true);
-- under a key the list is given once
SELECT matches FROM events._feed(:start, 100, 1000000, filters_key => 'a');
\echo :LAST_ERROR_SQLSTATE
SELECT n, matches FROM events._feed(:start, 100, 1000000, filters => (SELECT filters[2:3] FROM filters), filters_key => 'a') LEFT JOIN numbered USING (position) ORDER BY position;
SELECT n, matches FROM events._feed(:start, 100, 1000000, filters_key => 'a') LEFT JOIN numbered USING (position) ORDER BY position;
SELECT n, matches FROM events._feed(:start, 100, 1000000, filters => (SELECT filters[1:1] FROM filters), filters_key => 'a') LEFT JOIN numbered USING (position) ORDER BY position;
-- a bounded number of lists is kept
SELECT count(*) FROM generate_series(1, 8) AS k, events._feed(:start, 100, 1000000, filters => (SELECT filters[1:1] FROM filters), filters_key => 'k' || k);
SELECT matches FROM events._feed(:start, 100, 1000000, filters_key => 'a');
-- and one version for each owner: lists can be large
SELECT count(*) FROM generate_series(1, 3) AS k, events._feed(:start, 100, 1000000, filters => (SELECT filters[1:1] FROM filters), filters_key => 'an-owner-' || k);
SELECT count(*) FROM generate_series(1, 7) AS k, events._feed(:start, 100, 1000000, filters_key => 'k' || k + 1);
SELECT count(*) FROM events._feed(:start, 100, 1000000, filters_key => 'an-owner-3');
SELECT matches FROM events._feed(:start, 100, 1000000, filters_key => 'an-owner-2');
SELECT count(*) FROM events._feed(:start, 100, 1000000, filters => (SELECT filters[1:1] FROM filters), filters_key => 'an-other-1');
SELECT count(*) FROM events._feed(:start, 100, 1000000, filters_key => 'an-owner-3');
\set VERBOSITY sqlstate
SELECT matches FROM events._feed(:start, 100, 1000000, filters => '{not json}');
\set VERBOSITY default
SELECT matches FROM events._feed(:start, 100, 1000000, filters => '{"{\"pattern\": 1}", "{}"}');
RESET events.filter_step_limit;
-- a pattern that takes too long, or an event that is nested too deeply, does not hold up the others
CREATE FUNCTION tree(level int, leaf text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE level WHEN 0 THEN leaf ELSE format('{"m": %s, "n": %1$s}', tree(level - 1, leaf)) END;
END
$$;
CREATE FUNCTION nested(level int, is_bad boolean) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE level WHEN 0 THEN format('{"p": %s}', 1 + is_bad::int)
        ELSE format('{"m": [%s], "n": [%s]}', nested(level - 1, false), nested(level - 1, is_bad)) END;
END
$$;
SELECT events.horizon() AS hard \gset
SELECT count(events.publish('hard', data::jsonb)) FROM (VALUES (format('{"a": [%s]}', nested(5, true))),
    (format('{"b": %s1%s}', repeat('[', 3000), repeat(']', 3000)))) AS e(data);
SET events.pattern_step_limit = 1000;
CREATE TEMP TABLE hard_filters AS SELECT ARRAY[events._check_filter('{"type": ["hard"]}', NULL),
    events._check_filter(format('{"data": {"a": %s}}', tree(5, '{"p": [1, {"exists": false}]}')), NULL),
    events._check_filter('{"data": {"b": [1]}}', 'type = "hard"')] AS filters;
SET max_stack_depth = '200kB';
SELECT position - :hard AS n, matches FROM events._feed(:hard, 100, 1000000, filters => (SELECT filters FROM hard_filters))
WHERE event IS NOT NULL ORDER BY position;
RESET max_stack_depth;
RESET events.pattern_step_limit;

-- what eventsd asks before, and for those who try
SELECT events._check_filter(NULL, NULL);
SELECT events._check_filter('{"a": [1], ', NULL);
SELECT events._check_filter(NULL, 'a and');
SELECT events._try_filter('{"type": ["a"]}', 'n > 1', '[{"type": "a", "data": {"n": 2}}, {"type": "b", "data": {"n": 2}}, {"type": "a"}]', true);
SELECT events._try_filter(NULL, 'n > 1', '[]', true), events._try_filter('{"type": ["a"]}', NULL, '[]', true);
SELECT events._try_filter(NULL, 'n > 1', '{}', false);
-- not for longer than half a second
\set VERBOSITY sqlstate
SET events.filter_step_limit = 2147483647;
SELECT events._try_filter(NULL, 'count(for i in 1..1000000 return i + n) > 1', (SELECT jsonb_agg('{"type": "a", "data": {"n": 2}}'::jsonb) FROM generate_series(1, 100)), false);
RESET events.filter_step_limit;
\set VERBOSITY default
-- bytes are steps as well
SELECT events._try_filter(NULL, 'count(for i in 1..1000 return s + s) = 1000', jsonb_build_array(jsonb_build_object('type', 'a', 'data', jsonb_build_object('s', repeat('s', size)))), false) FROM unnest(ARRAY[10, 10000]) AS size;

DROP VIEW filters;
DROP FUNCTION plan_of, read_numbers, count_paid, tree, nested;
DROP TABLE numbered;
