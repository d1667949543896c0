-- What eventsd asks of search: whole answers of HTTP, made in one statement.
SELECT events.horizon() AS start \gset
SELECT count(events.publish('http.' || CASE WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END,
                            jsonb_build_object('n', n, 'note', 'a <b> "note" ' || n),
                            topic => ARRAY['http', 'a/b', n::text], id => 'http-' || n, source => '/http/' || n % 2))
FROM generate_series(1, 6) AS n;

-- a row is the text that the feed gives
SELECT count(*) AS events, bool_and(events._cloudevent(e) = f.event) AS the_same
FROM events._feed(:start, 100, 1000000) AS f JOIN events.event AS e USING (position)
WHERE f.event IS NOT NULL;
SELECT events._cloudevent(NULL) IS NULL AS of_nothing;

-- pages
CREATE FUNCTION page(request jsonb) RETURNS TABLE (ids jsonb, highlights int, ranks int, is_last boolean, total int)
LANGUAGE sql AS $$
    SELECT jsonb_path_query_array(a, '$.events[*].id'), jsonb_array_length(a -> 'highlights'),
           jsonb_array_length(a -> 'ranks'), a ->> 'next' IS NULL, (a ->> 'total_estimate')::int
    FROM CAST(events._search_page('{"types": ["http.*"]}' || request) AS jsonb) AS a
$$;
SELECT * FROM page('{}');
SELECT * FROM page('{"order": "oldest", "limit": 4}');
SELECT * FROM page('{"order": "oldest", "limit": 6}');
SELECT * FROM page('{"limit": 0}');
SELECT * FROM page('{"query": "note -5"}');
SELECT * FROM page('{"query": "nothing of the kind"}');
SELECT * FROM page('{"sources": ["/http/1"], "pattern": "{\"data\": {\"n\": [{\"numeric\": [\">\", 1]}]}}", "filter": "data.n < 5"}');
SELECT * FROM page('{"topics": [["http", "a/b", "1"], ["http", "*", "2"], ["nothing"]], "order": "oldest"}');
SELECT * FROM page('{"data_contains": "{\"n\": 3}"}');
SELECT * FROM page('{"subject": "none"}');
SELECT * FROM page('{"from_time": "2000-01-01T00:00:00Z", "to_time": "2001-01-01T00:00:00Z"}');

-- by users: with any pattern and any filter beside them
SELECT count(events.publish('by.user', jsonb_build_object('n', n), id => 'user-' || n, attributes => jsonb_build_object('user', u)))
FROM unnest('{"ada","grace","5","true","10.0.0.1","Ada, the first"}'::text[]) WITH ORDINALITY AS t(u, n);
SELECT events.publish('by.user', '{}', id => 'user-number', attributes => '{"user": 5}') IS NOT NULL AS published;
CREATE FUNCTION of_users(users text[], request jsonb DEFAULT '{}') RETURNS TABLE (ids jsonb, total int, facets jsonb)
LANGUAGE sql AS $$
    SELECT jsonb_path_query_array(a, '$.events[*].id'), (a -> 'total_estimate')::int, a -> 'facets' -> 'user'
    FROM CAST(events._search_page('{"facets": ["user"], "order": "oldest", "types": ["by.*"]}' || request || jsonb_build_object('users', users)) AS jsonb) AS a
$$;
SELECT * FROM of_users('{ada}');
SELECT * FROM of_users('{ada,grace,linus}');
SELECT * FROM of_users('{linus}');
SELECT * FROM of_users('{"Ada, the first"}');
SELECT * FROM of_users('{5}');
SELECT * FROM of_users('{true,10.0.0.1}');
SELECT * FROM of_users('{ada,grace}', '{"pattern": "{\"data\": {\"n\": [2, 3]}}"}');
SELECT * FROM of_users('{ada,grace}', '{"pattern": "{\"user\": [\"grace\", \"5\"]}"}');
SELECT * FROM of_users('{ada,grace}', '{"pattern": "{\"$or\": [{\"user\": [\"ada\"]}, {\"data\": {\"n\": [3]}}]}"}');
SELECT * FROM of_users('{ada,grace}', '{"pattern": "[{\"prefix\": {\"id\": \"user-2\"}}]"}');
SELECT * FROM of_users('{ada,grace}', '{"pattern": "[]"}');
SELECT * FROM of_users('{ada,grace}', '{"filter": "data.n = 2 // grace"}');
SELECT * FROM of_users('{ada,grace}', '{"pattern": "{\"user\": [\"ada\", \"grace\"]}", "filter": "data.n = 2 // grace"}');
\set VERBOSITY terse
SELECT * FROM of_users('{ada}', '{"pattern": "{\"user\": [\"ada\"]}", "filter": "true) or (true"}');
\set VERBOSITY default
SELECT * FROM of_users('{ada}', '{"limit": 0, "bucket": "auto"}');
SET events.search_index = on;
SELECT events._index_search(events.horizon(), 100000) IS NOT NULL AS filed;
SELECT * FROM of_users('{ada,grace}');
SELECT * FROM of_users('{5}');
-- their key says all of it: no event is looked at
SELECT regexp_replace(line, '[0-9.]+ ms', 'n ms') AS line
FROM events.explain_search(types => '{by.*}', pattern => '{"user": ["ada", "grace"]}', max_count => 1) AS line WHERE line ~* 'key|condition|event';
RESET events.search_index;
\set VERBOSITY terse
SELECT of_users('{}');
\set VERBOSITY default
DROP FUNCTION of_users;

-- the first event is given however large it is
SELECT * FROM page('{"order": "oldest", "max_bytes": 1}');
SELECT * FROM page(jsonb_build_object('order', 'oldest', 'max_bytes', 5 * octet_length(events._event_page('http-1')) / 2));

-- page by page
WITH RECURSIVE pages AS (
    SELECT 1 AS n, CAST(events._search_page('{"types": ["http.*"], "limit": 4}') AS jsonb) AS page
    UNION ALL
    SELECT n + 1, CAST(events._search_page(jsonb_build_object('types', '["http.*"]'::jsonb, 'limit', 4, 'after', page -> 'next')) AS jsonb)
    FROM pages WHERE page ->> 'next' IS NOT NULL
)
SELECT n, jsonb_path_query_array(page, '$.events[*].id') AS ids FROM pages ORDER BY n;

-- facets, histogram
SELECT jsonb_pretty(CAST(events._search_page('{"types": ["http.*"], "limit": 0, "facets": ["source", "user", "type", "source"]}') AS jsonb));
SELECT a #> '{histogram,bucket}' AS bucket, jsonb_path_query_array(a, '$.histogram.buckets[*].count') AS counts,
       a #>> '{histogram,buckets,0,time}' = to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T00:00:00Z"') AS is_its_day,
       a -> 'total_estimate' AS total
FROM CAST(events._search_page('{"types": ["http.*"], "limit": 0, "bucket": 86400}') AS jsonb) AS a,
     events.event AS e WHERE e.id = 'http-1';
SELECT a -> 'histogram' AS histogram
FROM CAST(events._search_page('{"types": ["nothing"], "limit": 0, "bucket": "auto"}') AS jsonb) AS a;

-- one event
SELECT events._event_page('http-1')::jsonb - 'sequence' - 'time' - 'recordedtime' AS event;
SELECT events._event_page('http-1', '/http/0') IS NULL AS of_another_source, events._event_page('http-1', '/http/1') IS NOT NULL AS of_its_own,
       events._event_page('http') IS NULL AS of_a_part;
SELECT events.publish('http.odd', '{"again": true}', id => 'http-1', source => '/http/elsewhere');
SELECT events._event_page('http-1')::jsonb ->> 'source' AS newest, events._event_page('http-1', '/http/1')::jsonb ->> 'source' AS chosen;

-- its limits are those of one statement
SHOW events.search_timeout;
BEGIN;
SELECT events._search_page('{"types": ["http.*"], "limit": 0, "timeout": 5}') IS NOT NULL AS answered;
SHOW events.search_timeout;
COMMIT;
SET events.search_timeout = 0;
SELECT events._search_page('{"types": ["http.*"], "limit": 0}') IS NOT NULL AS answered;
RESET events.search_timeout;

-- what makes no sense
\set VERBOSITY terse
SELECT events._search_page('{"limit": -1}');
SELECT events._search_page('{"offset": 1}');
SELECT events._search_page('{"types": "http.odd"}');
SELECT events._search_page('{"types": [1]}');
SELECT events._search_page('{"topics": ["http"]}');
SELECT events._search_page('{"topics": [["http", 1]]}');
SELECT events._search_page('{"data_contains": "{"}');
SELECT events._search_page('{"data_contains": "\"\\u0000\""}');
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT events._search_page('{"data_contains": "1e999999"}');
\set VERBOSITY terse
SELECT events._search_page('{"pattern": "{"}');
SELECT events._search_page('{"filter": "1 +"}');
SELECT events._search_page('{"facets": ["colour"]}');
SELECT events._search_page('{"bucket": -1}');
SELECT events._search_page('{"after": "nothing"}');
SELECT events._search_page('{"order": "random"}');
SELECT events._search_page('{"timeout": 0}');
DROP FUNCTION page;
