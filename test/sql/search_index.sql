-- Documents of search: what of an event is filed, under which keys, in which chunks;
-- what retention and events.reindex_search() do with them.
\set home :DBNAME
CREATE DATABASE regress_search_index TEMPLATE template0;
\c regress_search_index
SET client_min_messages = warning;
CREATE EXTENSION events;
SET events.search_index = on;
SET timezone = 'UTC';
SELECT coalesce(max(position), 0) AS before FROM events.event \gset

-- ---- the document of an event
CREATE TEMP VIEW filed AS
	SELECT e.position, e.type, d.document, d.configuration, d.is_truncated, d.keys
	FROM events.event AS e, events._search_document(e) AS d WHERE e.position > :before;

SELECT count(events.publish(type, data, source => source, subject => subject, topic => topic)) FROM (VALUES
	('si.Order-created', '{"customer": {"firstName": "Ada", "note": "The quick <b>brown</b> fox"}}'::jsonb, '/shop', 'Order-4711', '{a,b}'::text[]),
	('si.number', '[1, 1.0, 1.00, -5, 0.50, 1e3, 12345678901234567890, 1e-3]', '/s', NULL, NULL),
	('si.nothing', '[true, false, null, "", {}, [], {"": {"k": null}}]', '/s', NULL, NULL),
	('si.repeated', '[{"k": "one two"}, {"k": "three"}, {"k": "one"}]', '/s', NULL, NULL),
	('si.scalar', '"just text"', 'https://shop.example.com/orders?x=1', NULL, '{"a/b",c}')
) AS v (type, data, source, subject, topic);
SELECT events.publish('{"specversion": "1.0", "id": "no-data", "type": "si.null", "source": "/s"}'::jsonb) IS NOT NULL AS published;
SELECT type, document FROM filed ORDER BY position;

-- phrases stay inside a value; parts of names are found, and the whole; weights
SELECT document @@ phraseto_tsquery('simple', 'quick brown') AS apart_by_a_tag,
	document @@ phraseto_tsquery('simple', 'ada the') AS across_values,
	document @@ 'created:a'::tsquery AS part, document @@ '''si.order-created'':a'::tsquery AS whole,
	document @@ 'shop:b'::tsquery AS source, document @@ 'fox:c'::tsquery AS value, document @@ 'note:d'::tsquery AS key
FROM filed WHERE type = 'si.Order-created';

-- a word that no tsvector takes is left out without a word; text past 64 kB too, and that is said
SELECT count(events.publish('si.long', data, source => '/s')) FROM (VALUES
	(jsonb_build_object('a', repeat('x', 5000), 'b', 'after')),
	(jsonb_build_object('a', repeat('word ', 20000), 'b', 'after')),
	(to_jsonb(repeat('ä', 40000))),
	(jsonb_build_object('a', (SELECT string_agg('w' || i, ' ') FROM generate_series(1, 9000) AS i), 'b', 'after'))
) AS v (data);
SET client_min_messages = notice;
SELECT length(document), is_truncated, document @@ 'after'::tsquery AS after FROM filed WHERE type = 'si.long' ORDER BY position;
SET client_min_messages = warning;

-- nested deeper than a stack is
SELECT events.publish('si.deep', (repeat('[', 6000) || '"bottom"' || repeat(']', 6000))::jsonb, source => '/s') IS NOT NULL AS published;
SELECT document @@ 'bottom'::tsquery AS found, is_truncated FROM filed WHERE type = 'si.deep';

-- every word of a value that data contains is in the document of the data
SELECT bool_and(contained <@ tsvector_to_array(document)) AS words_are_there, count(*)
FROM (SELECT d.document, tsvector_to_array(p.document) AS contained
	FROM events.event AS e, events._search_document(e) AS d,
		(VALUES ('{"customer": {"firstName": "Ada"}}'::jsonb), ('[1.000]'), ('[{"k": "three"}]'), ('"just text"')) AS v (part),
		LATERAL (SELECT (jsonb_populate_record(e, jsonb_build_object('data', part))).*) AS r,
		LATERAL (SELECT * FROM events._search_document(ROW(r.*)::events.event)) AS p
	WHERE e.position > :before AND e.data @> part) AS x;

-- ---- configurations
SELECT events.register_schema('/si/any', '{}') IS NOT NULL AS registered;
SELECT events.register_type('si.german', '/si/any', '{}', search_configuration => 'german');
SELECT search_configuration FROM events.type WHERE name = 'si.german';
SELECT count(events.publish(type, '{"t": "Häuser houses"}', source => '/s')) FROM (VALUES ('si.german'), ('si.english')) AS v (type);
SET events.search_configuration = 'english';
SELECT type, configuration, document FROM filed WHERE type IN ('si.german', 'si.english') ORDER BY 1;
CREATE SCHEMA si;
CREATE TEXT SEARCH CONFIGURATION si."My own" (COPY = french);
SET events.search_configuration = 'si."My own"';
SELECT configuration FROM filed WHERE type = 'si.null';
-- one that is not there is simple; a name without a schema is one of pg_catalog, whatever the search_path
SET search_path = si, pg_catalog;
SET events.search_configuration = '"My own"';
SELECT configuration FROM filed WHERE type = 'si.null';
RESET search_path;
RESET events.search_configuration;
-- a change of the configuration is noticed
SET events.search_configuration = 'si."My own"';
SELECT document FROM filed WHERE type = 'si.english';
ALTER TEXT SEARCH CONFIGURATION si."My own" ALTER MAPPING FOR asciiword WITH simple;
SELECT document FROM filed WHERE type = 'si.english';
RESET events.search_configuration;

-- ---- filing
SELECT events._index_search(events.horizon(), 3) AS filed;
SELECT indexed_up_to < events.horizon() AS "is behind" FROM events.search_status;
SELECT events._index_search(9223372036854775807, 1000000) > 0 AS "files the rest";
SELECT events._index_search(events.horizon(), 1000000) AS "nothing is left";
SELECT indexed_up_to = events.horizon() AS "to the horizon" FROM events.search_status;
SELECT count(*) FILTER (WHERE d.position IS NULL) AS missing, count(*) FILTER (WHERE e.position IS NULL) AS too_many,
	bool_and(d.document = s.document AND d.keys = s.keys AND d.recorded_at = e.recorded_at) AS same
FROM events.event AS e FULL JOIN events.search_document AS d USING (position), events._search_document(e) AS s;
SELECT name FROM events.search_configuration_used ORDER BY name;

-- the index knows what the table knows
CREATE TEMP TABLE word AS
	SELECT word FROM (SELECT DISTINCT unnest(tsvector_to_array(document)) FROM events.search_document) AS w (word) WHERE word !~ '^w\d*[1-9]$';
CREATE TEMP TABLE key AS SELECT DISTINCT unnest(keys) AS key FROM events.search_document;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
CREATE TEMP TABLE by_table AS
	SELECT 'w' AS kind, word AS of, (SELECT sum(position) FROM events.search_document WHERE document @@ quote_literal(word)::tsquery) AS positions FROM word
	UNION ALL SELECT 'k', key::text, (SELECT sum(position) FROM events.search_document WHERE keys @> ARRAY[key]) FROM key;
RESET enable_indexscan;
RESET enable_bitmapscan;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM events.search_document_0 WHERE document @@ 'ada' AND keys @> '{1,2}';
SELECT count(*) > 900 AS many, count(*) FILTER (WHERE positions IS DISTINCT FROM CASE kind
	WHEN 'w' THEN (SELECT sum(position) FROM events.search_document WHERE document @@ quote_literal(of)::tsquery)
	ELSE (SELECT sum(position) FROM events.search_document WHERE keys @> ARRAY[of::bigint]) END) AS different
FROM by_table WHERE kind = 'k' OR length(of) < 2000;
RESET enable_seqscan;

-- ---- chunks: they are counted as the events are
SELECT count(events.publish('si.many.' || i % 5, jsonb_build_object('i', i), source => '/s/' || i % 10000,
	attributes => CASE WHEN i % 3 = 0 THEN jsonb_build_object('user', 'u' || i % 7) END)) FROM generate_series(1, 40000) AS i;
SELECT events._index_search(events.horizon(), 10000) AS filed;
SELECT events._index_search(events.horizon(), 100000) AS filed;
SELECT count(*) >= 2 AS "at least two", bool_and(last - first = 16383) AS size, bool_and(last <= (SELECT indexed_up_to FROM events.search_status)) AS complete
FROM events.search_chunk;
CREATE TEMP VIEW wrong AS
	WITH counted AS (
		SELECT c.first AS chunk, f.field, f.value, count(*)::int AS events, min(d.position) AS sample
		FROM events.search_chunk AS c, events.event AS e, events.search_document AS d,
			LATERAL (VALUES ('t'::"char", d.type), ('s', d.source), ('o', d.topic), ('u', d."user"),
				('m', floor(extract(epoch FROM e.recorded_at) / 60)::bigint)) AS f (field, value)
		WHERE e.position BETWEEN c.first AND c.last AND d.position = e.position AND f.value IS NOT NULL
			AND f.field = ANY (c.summarised)
		GROUP BY 1, 2, 3)
	SELECT * FROM (SELECT * FROM counted EXCEPT SELECT * FROM events.search_count) AS a
	UNION ALL SELECT * FROM (SELECT * FROM events.search_count EXCEPT SELECT * FROM counted) AS b;
SELECT count(*) AS wrong FROM wrong;
SELECT DISTINCT summarised FROM events.search_chunk WHERE first > (SELECT max(first) - 20000 FROM events.search_chunk) ORDER BY 1;
SELECT count(*) AS wrong FROM events.search_chunk AS c
WHERE (events, first_recorded_at, last_recorded_at) IS DISTINCT FROM
	(SELECT ROW(count(*)::int, min(recorded_at), max(recorded_at)) FROM events.event WHERE position BETWEEN first AND last);
SELECT count(DISTINCT d.keys[1]) AS "keys of types", bool_and(d.keys @> ARRAY[d.type, d.source]) AS "keys of values"
FROM events.search_document AS d JOIN events.event AS e USING (position) WHERE e.type LIKE 'si.many.%';

-- ---- events that are deleted
CREATE TEMP TABLE deleted AS SELECT position FROM events.event WHERE type = 'si.many.3';
BEGIN;
DELETE FROM events.event WHERE type = 'si.many.3';
SELECT events._forget_documents(ARRAY(SELECT position FROM deleted));
COMMIT;
SELECT count(*) AS documents FROM events.search_document JOIN deleted USING (position);
SELECT count(*) > 0 AS stale FROM events.search_stale_chunk;
SELECT count(*) AS summaries FROM events.search_chunk JOIN events.search_stale_chunk USING (first);
SELECT events._index_search(events.horizon(), 1) > 0 AS "summarised again";
SELECT events._index_search(events.horizon(), 1) AS nothing;
SELECT (SELECT count(*) FROM events.search_stale_chunk) AS stale, (SELECT count(*) FROM wrong) AS wrong;

-- ---- filing anew
SET events.search_configuration = 'english';
SELECT events.reindex_search() = (SELECT count(*) FROM events.search_document) AS all;
SELECT reindex_requested_at <= clock_timestamp() AS requested, reindex_upto, reindexed_from FROM events.search_status;
SELECT events._index_search(events.horizon(), 1) > 0 AS "one chunk";
SELECT reindex_upto = indexed_up_to AS upto, reindexed_from <= indexed_up_to AS begun FROM events.search_status;
SELECT name FROM events.search_configuration_used ORDER BY name;
-- asked for again, it begins again; new events come first
SELECT events.reindex_search() > 0 AS again;
SELECT events.publish('si.english', '{"t": "late houses"}', source => '/s') IS NOT NULL AS published;
SELECT events._index_search(events.horizon(), 100) AS "the new one";
SELECT count(*) > 0 AS pieces FROM (SELECT events._index_search(events.horizon(), 1) AS n FROM generate_series(1, 100)) AS x WHERE n > 0;
SELECT reindex_requested_at, reindex_upto, reindexed_from FROM events.search_status;
SELECT name FROM events.search_configuration_used ORDER BY name;
SELECT count(*) FILTER (WHERE d.position IS NULL) AS missing, count(*) FILTER (WHERE e.position IS NULL) AS too_many,
	bool_and(d.document = s.document AND d.keys = s.keys) AS same
FROM events.event AS e FULL JOIN events.search_document AS d USING (position), events._search_document(e) AS s;
SELECT count(*) AS wrong FROM wrong;
SELECT e.type, d.document FROM events.search_document AS d JOIN events.event AS e USING (position) WHERE e.type IN ('si.german', 'si.english') ORDER BY d.position;
RESET events.search_configuration;

-- ---- off; isolation levels; who may
SET events.search_index = off;
SELECT events.publish('si.off', '1', source => '/s') IS NOT NULL AS published;
SELECT events._index_search(events.horizon(), 100) AS filed;
SET events.search_index = on;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events._index_search(1, 100);
ROLLBACK;
SELECT events._index_search(events.horizon(), 100) AS filed;

-- partitions are members of the extension; they go when their events have gone
SELECT count(*) > 0 AS some, bool_and(d.deptype = 'e') AS members
FROM events._search_partitions() AS p LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = p.relid AND d.refclassid = 'pg_extension'::regclass;
CREATE TABLE events.search_document_elsewhere (LIKE events.search_document INCLUDING ALL, PRIMARY KEY (position));
ALTER TABLE events.search_document ATTACH PARTITION events.search_document_elsewhere FOR VALUES FROM (9000000000000000000) TO (9000000000000000010);
ALTER EXTENSION events ADD TABLE events.search_document_elsewhere;
SELECT events._drop_search_partitions();
SELECT to_regclass('events.search_document_elsewhere') AS dropped, count(*) > 0 AS others FROM events._search_partitions();

SELECT events.unregister_type('si.german');
\c :home
DROP DATABASE regress_search_index;
