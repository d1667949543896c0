-- SPDX-License-Identifier: PostgreSQL
--
-- search_queries.sql: the searches that are measured, a line each for src/search.c: kind,
-- as events.search() and its like, as plain SQL on bench.rival.
--
-- Variables of psql: count, how many of each kind; seed.  The tables: bench.word, the
-- vocabulary with the most frequent word first; bench.rival.  What is asked for comes from
-- events that are there, drawn by md5() of the seed, so that it is the same each time.

\set QUIET on
\pset format unaligned
\pset fieldsep '\t'
\pset tuples_only on
SET timezone = 'UTC';

-- ---- what is asked for

CREATE TEMPORARY TABLE around AS
    SELECT min(position) AS first, max(position) AS last, min(recorded_at) AS since, max(recorded_at) AS until
    FROM bench.rival;

-- A number from 0 to 1.
CREATE FUNCTION pg_temp.draw(what text, n bigint) RETURNS float8 IMMUTABLE LANGUAGE sql
RETURN ('x' || left(md5(what || ' ' || n), 8))::bit(32)::bigint / 4294967296.0;

-- Events, more than one needs: not all have what is looked for.
CREATE TEMPORARY TABLE chosen AS
    SELECT n, r.id, r.type, r.recorded_at, r.data
    FROM generate_series(1, 10 * :count) AS n, around,
        LATERAL (SELECT * FROM bench.rival
                 WHERE position >= around.first + (pg_temp.draw(:'seed', n) * (around.last - around.first))::bigint
                 ORDER BY position LIMIT 1) AS r;

CREATE TEMPORARY TABLE rare AS
    SELECT row_number() OVER () AS n, word
    FROM (SELECT word FROM bench.word WHERE rank > 5000
          ORDER BY md5(word || :'seed') LIMIT 40 * :count) AS w,
        LATERAL (SELECT count(*) AS events FROM bench.rival
                 WHERE document @@ plainto_tsquery('simple', word)) AS c
    WHERE events BETWEEN 1 AND 40
    LIMIT :count;

CREATE TEMPORARY TABLE common AS
    SELECT n, word FROM generate_series(1, :count) AS n JOIN bench.word ON rank = n % 25 + 1;

CREATE TEMPORARY TABLE middle AS
    SELECT n, word FROM generate_series(1, :count) AS n
        JOIN bench.word ON rank = 20 + (pg_temp.draw('middle' || :'seed', n) * 180)::int;

-- Two or three words that follow each other in a string of an event; drawn as events are.
CREATE TEMPORARY TABLE phrase AS
    SELECT row_number() OVER (ORDER BY n) AS n, words
    FROM (SELECT DISTINCT ON (n) n,
              array_to_string(split[1 + at:1 + at + 1 + n % 2], ' ') AS words
          FROM chosen, jsonb_path_query(data, 'strict $.** ? (@.type() == "string")') AS s(value),
              string_to_array(lower(value #>> '{}'), ' ') AS split,
              LATERAL (SELECT (pg_temp.draw('phrase', n) * (cardinality(split) - 2 - n % 2))::int AS at) AS a
          WHERE cardinality(split) BETWEEN 3 AND 60 AND value #>> '{}' ~ '^[[:alpha:] ]+$'
          ORDER BY n, md5(value::text)) AS p
    LIMIT :count;

-- A value of an event with where it stands, objects only; not a small number.
CREATE TEMPORARY TABLE part AS
    WITH RECURSIVE member AS (
        SELECT n, ARRAY[key] AS path, value FROM chosen, jsonb_each(data) WHERE jsonb_typeof(data) = 'object'
        UNION ALL
        SELECT n, path || key, e.value FROM member m, jsonb_each(m.value) AS e
        WHERE jsonb_typeof(m.value) = 'object' AND cardinality(path) < 3
    ), leaf AS (
        SELECT DISTINCT ON (n) n, path, value FROM member
        WHERE jsonb_typeof(value) IN ('string', 'number') AND length(value::text) > 3
        ORDER BY n, md5(path::text || n || :'seed')
    )
    SELECT n, CASE cardinality(path)
            WHEN 1 THEN jsonb_build_object(path[1], value)
            WHEN 2 THEN jsonb_build_object(path[1], jsonb_build_object(path[2], value))
            ELSE jsonb_build_object(path[1], jsonb_build_object(path[2], jsonb_build_object(path[3], value)))
        END AS data
    FROM leaf
    ORDER BY n LIMIT :count;

-- Ends of the 50th page of a common word.
CREATE TEMPORARY TABLE page AS
    SELECT n, word, s.position, s.cursor
    FROM common, LATERAL (SELECT position, cursor FROM events.search(word, max_count => 1000)
                          ORDER BY position LIMIT 1) AS s;

-- ---- how it is asked

CREATE FUNCTION pg_temp.word_search(query text, conditions text DEFAULT '') RETURNS text IMMUTABLE LANGUAGE sql
RETURN format('SELECT position, id, source, type, subject, "time", recorded_at, topic, dataschema, datacontenttype,'
    ' data, attributes, ts_rank(document, q),'
    ' ts_headline(''simple'', data, q, ''StartSel=<mark>, StopSel=</mark>'')'
    ' FROM bench.rival, websearch_to_tsquery(''simple'', %L) AS q WHERE document @@ q%s'
    ' ORDER BY position DESC LIMIT 20', query, conditions);

CREATE FUNCTION pg_temp.plain_search(conditions text) RETURNS text IMMUTABLE LANGUAGE sql
RETURN format('SELECT position, id, source, type, subject, "time", recorded_at, topic, dataschema, datacontenttype,'
    ' data, attributes FROM bench.rival WHERE %s ORDER BY position DESC LIMIT 20', conditions);

-- Counts only are compared: which of two values that are as frequent comes first is open.
CREATE FUNCTION pg_temp.facets(condition text) RETURNS text IMMUTABLE LANGUAGE sql
RETURN format('SELECT field || '' '' || events, value FROM ('
    'SELECT field, value, events, row_number() OVER (PARTITION BY field ORDER BY events DESC) AS place'
    ' FROM (SELECT CASE WHEN grouping(type) = 0 THEN ''type'' WHEN grouping(source) = 0 THEN ''source'''
    ' WHEN grouping(topic) = 0 THEN ''topic'' ELSE ''user'' END AS field,'
    ' coalesce(type, source, array_to_string(topic, ''/''), "user") AS value, count(*) AS events'
    ' FROM (SELECT type, source, topic, attributes ->> ''user'' AS "user" FROM bench.rival%s) AS e'
    ' GROUP BY GROUPING SETS ((type), (source), (topic), ("user"))) AS g WHERE value IS NOT NULL) AS f'
    ' WHERE place <= 20', condition);

CREATE FUNCTION pg_temp.histogram(condition text) RETURNS text IMMUTABLE LANGUAGE sql
RETURN format('SELECT extract(epoch FROM bucket)::bigint || '' '' || events FROM ('
    'SELECT date_bin(''6 hours'', recorded_at, ''2000-01-01'') AS bucket, count(*) AS events'
    ' FROM bench.rival%s GROUP BY 1) AS b', condition);

CREATE FUNCTION pg_temp.matching(query text) RETURNS text IMMUTABLE LANGUAGE sql
RETURN format(' WHERE document @@ websearch_to_tsquery(''simple'', %L)', query);

SELECT 'rare_word', format('SELECT * FROM events.search(%L)', word), pg_temp.word_search(word)
FROM rare ORDER BY n;

SELECT 'common_word', format('SELECT * FROM events.search(%L)', word), pg_temp.word_search(word)
FROM common ORDER BY n;

SELECT 'phrase', format('SELECT * FROM events.search(%L)', '"' || words || '"'),
    pg_temp.word_search('"' || words || '"')
FROM phrase ORDER BY n;

SELECT 'word_type_day',
    format('SELECT * FROM events.search(%L, types => ARRAY[%L], from_time => %L)', word, type, until - interval '1 day'),
    pg_temp.word_search(word, format(' AND type = %L AND recorded_at >= %L', type, until - interval '1 day'))
FROM middle JOIN chosen USING (n), around ORDER BY n;

SELECT 'id', format('SELECT * FROM events.search(%L)', id), pg_temp.plain_search(format('id = %L', id))
FROM chosen WHERE n <= :count ORDER BY n;

SELECT 'contains', format('SELECT * FROM events.search(data_contains => %L)', data),
    pg_temp.plain_search(format('data @> %L', data))
FROM part ORDER BY n;

SELECT 'time_range',
    format('SELECT * FROM events.search(from_time => %L, to_time => %L)', recorded_at, recorded_at + length),
    pg_temp.plain_search(format('recorded_at >= %L AND recorded_at < %L', recorded_at, recorded_at + length))
FROM chosen, LATERAL (SELECT (ARRAY['1 hour', '1 day', '7 days'])[1 + n % 3]::interval AS length) AS l
WHERE n <= :count ORDER BY n;

SELECT 'facets', format('SELECT field || '' '' || events, value FROM events.facets(%L)', word),
    pg_temp.facets(pg_temp.matching(word))
FROM middle ORDER BY n;

SELECT 'histogram',
    format('SELECT extract(epoch FROM bucket)::bigint || '' '' || events'
           ' FROM events.histogram(%L, bucket => ''6 hours'') WHERE events > 0', word),
    pg_temp.histogram(pg_temp.matching(word))
FROM middle ORDER BY n;

SELECT 'deep_page', format('SELECT * FROM events.search(%L, after => %L)', word, cursor),
    pg_temp.word_search(word, format(' AND position < %s', position))
FROM page ORDER BY n;

SELECT 'facets_all', 'SELECT field || '' '' || events, value FROM events.facets()', pg_temp.facets('')
FROM generate_series(1, 10);

SELECT 'histogram_all',
    'SELECT extract(epoch FROM bucket)::bigint || '' '' || events'
    ' FROM events.histogram(bucket => ''6 hours'') WHERE events > 0', pg_temp.histogram('')
FROM generate_series(1, 10);
