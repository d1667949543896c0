-- Search: bad input, cursors of other searches, limits
SELECT * FROM events.search(max_count => 0);
SELECT * FROM events.search(max_count => 10001);
SELECT * FROM events.search("order" => 'best');
SELECT * FROM events.search(repeat('x ', 5000));
SELECT * FROM events.search(from_time => '2026-01-02', to_time => '2026-01-01');
SELECT * FROM events.search(from_time => '2026-01-01', to_time => '2026-01-01');
SELECT * FROM events.search(types => '{a,NULL}');
SELECT * FROM events.search(sources => '{a,NULL}');
SELECT * FROM events.search(topics => '{{{a}}}');
SELECT * FROM events.search(pattern => '{"type": "a"}');
SELECT * FROM events.search(filter => 'data.n >');

-- cursors
SELECT events.publish('cursor.test', '{"word": "cursor"}') IS NOT NULL AS published;
SELECT cursor FROM events.search(types => '{cursor.test}', max_count => 1) \gset
SELECT count(*) FROM events.search(types => '{cursor.test}', after => :'cursor');
SELECT * FROM events.search(types => '{cursor.*}', after => :'cursor');
SELECT * FROM events.search(types => '{cursor.test}', after => :'cursor', "order" => 'oldest');
SELECT * FROM events.search(types => '{cursor.test}', after => 'nonsense');
SELECT * FROM events.search(types => '{cursor.test}', after => '');
SELECT * FROM events.search(types => '{cursor.test}', after => overlay(:'cursor' PLACING 'zzzz' FROM 10));
BEGIN;
SELECT events.new_epoch() IS NOT NULL AS renewed;
SELECT * FROM events.search(types => '{cursor.test}', after => :'cursor');
ROLLBACK;

-- nothing that can be typed is an error
SELECT count(*) FROM (VALUES ('"'), ('-'), ('*'), ('or'), ('or or or'), ('a or'), ('- -'), ('"" ""'), ('''\'), (':* & | !'),
                             ('a:*b'), ('<->'), ('(a'), ('-"a b"'), ('"a*"'), ('a**'), ('--a'), (E'\t\n'), ('&amp; <b>')) AS v (q),
    LATERAL (SELECT count(*) FROM events.search(v.q, types => '{cursor.test}')) AS s;
SELECT count(*) FROM events.search('***', types => '{cursor.test}');

-- facets and histograms
SELECT * FROM events.facets(fields => '{type,colour}');
SELECT * FROM events.facets(fields => '{type,NULL}');
SELECT * FROM events.facets(max_values => 0);
SELECT * FROM events.histogram(bucket => '0');
SELECT * FROM events.histogram(bucket => '-1 hour');
SELECT * FROM events.histogram(bucket => '1 month');
SELECT count(*) FROM events.histogram(bucket => '1 s', from_time => '2026-01-01', to_time => '2026-01-02');
SELECT count(*) FROM events.histogram(bucket => '1 s', from_time => '2026-01-01 00:00', to_time => '2026-01-01 02:00');

-- isolation levels
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM events.search();
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM events.facets();
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM events.search('cursor', types => '{cursor.test}');
ROLLBACK;

-- time
SELECT count(events.publish('slow.test', '{"word": "slow"}')) FROM generate_series(1, 2000);
SET events.search_timeout = '1ms';
DO $$
DECLARE
    detail text;
    hint text;
BEGIN
    -- FEEL is asked of every event
    PERFORM count(*) FROM events.search('slow', filter => 'count(for i in 1..1000 return i) < 0');
    RAISE NOTICE 'there was no timeout';
EXCEPTION WHEN query_canceled THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE NOTICE '% %', regexp_replace(detail, '\d+', '#', 'g'), hint;
END
$$;
RESET events.search_timeout;

-- roles
CREATE ROLE searcher;
SET ROLE searcher;
SELECT count(*) FROM events.search();
RESET ROLE;
SELECT events.grant_role('searcher', 'read');
SET ROLE searcher;
SELECT count(*) FROM events.search('cursor', types => '{cursor.test}');
SELECT count(*) FROM events.facets(types => '{cursor.test}', fields => '{type}');
SELECT count(*) FROM events.histogram(types => '{cursor.test}', bucket => '1 day');
SELECT count(*) > 1 AS explained FROM events.explain_search();
RESET ROLE;
SELECT events.revoke_role('searcher', 'read');
DROP OWNED BY searcher;
DROP ROLE searcher;
