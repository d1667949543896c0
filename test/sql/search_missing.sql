-- A partition of the events that is detached takes its documents along, and summaries of
-- its chunks; attached again, it gets them anew, by maintenance.
\set home :DBNAME
CREATE DATABASE regress_search_missing TEMPLATE template0;
\c regress_search_missing
SET client_min_messages = warning;
CREATE EXTENSION events;
SET events.search_index = on;

CREATE FUNCTION publish(n int) RETURNS bigint LANGUAGE sql AS
	$$ SELECT count(events.publish('sm', jsonb_build_object('n', i), source => '/s')) FROM generate_series(1, n) AS i $$;
SELECT publish(20000);
SELECT events._advance_position((SELECT upper - 1 FROM events._partitions() ORDER BY lower LIMIT 1));
SELECT publish(40000);
SELECT events._index_search(events.horizon(), 1000000) AS filed;
CREATE TEMP TABLE before AS SELECT c.first, c.last, c.events, c.summarised, (SELECT sum(hashint8(value) * n.events::numeric) FROM events.search_count AS n WHERE n.chunk = c.first) AS counts FROM events.search_chunk AS c;
CREATE TEMP TABLE document AS SELECT * FROM events.search_document;
CREATE TEMP VIEW changed AS
	SELECT count(*) AS documents, count(*) FILTER (WHERE d.position IS NULL) AS missing, count(*) FILTER (WHERE b.position IS NULL) AS new,
		count(*) FILTER (WHERE b.document <> d.document OR b.keys <> d.keys OR b.recorded_at <> d.recorded_at) AS different
	FROM document AS b FULL JOIN events.search_document AS d USING (position);
SELECT count(*) AS partitions FROM events._search_partitions();

-- ---- a whole one, then one that is not full
SELECT relid AS whole, lower FROM events._partitions() ORDER BY lower LIMIT 1 \gset
SELECT relid AS part, p.lower AS part_lower, p.upper AS part_upper FROM events._partitions() AS p ORDER BY p.lower OFFSET 1 LIMIT 1 \gset
SELECT upper AS whole_upper FROM events._partitions() ORDER BY lower LIMIT 1 \gset
CREATE PROCEDURE detach(partition text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ALTER TABLE events.event DETACH PARTITION %s', partition);
END $$;
CALL detach(:'part');
SELECT events._drop_search_partitions();
SELECT count(*) AS partitions, (SELECT count(*) FROM events.search_document) AS documents, (SELECT count(*) FROM events.search_chunk WHERE first >= :part_lower) AS chunks FROM events._search_partitions();
SELECT events._find_missing_documents();
SELECT count(*) AS "nothing is missing" FROM events.search_missing;
SELECT sum(events) AS facets FROM events.facets(fields => '{type}');

ALTER TABLE events.event ATTACH PARTITION :part FOR VALUES FROM (:part_lower) TO (:part_upper);
SELECT count(*) AS found FROM events.search('sm', max_count => 100, from_time => '-infinity', "order" => 'oldest') WHERE "position" >= :part_lower;
SELECT events._find_missing_documents();
SELECT events._find_missing_documents();
SELECT lower = :part_lower AS lower, next = (SELECT indexed_up_to + 1 FROM events.search_status) AS next FROM events.search_missing;
SELECT events._index_search(events.horizon(), 1) > 0 AS "one chunk";
SELECT count(*) > 0 AS documents FROM events.search_document WHERE position >= :part_lower;
-- new events come first
SELECT publish(1);
SELECT events._index_search(events.horizon(), 1) AS filed;
DELETE FROM events.search_document WHERE position = events.horizon();
SELECT count(*) AS chunks FROM (SELECT events._index_search(events.horizon(), 1) AS n FROM generate_series(1, 10)) AS x WHERE n > 0;
SELECT * FROM changed;
SELECT count(*) AS changed FROM (SELECT * FROM before EXCEPT
	SELECT c.first, c.last, c.events, c.summarised, (SELECT sum(hashint8(value) * n.events::numeric) FROM events.search_count AS n WHERE n.chunk = c.first) FROM events.search_chunk AS c) AS x;
SELECT count(*) AS missing FROM events.search_missing;
SELECT sum(events) AS "facets: one has no document" FROM events.facets(fields => '{type}');

-- ---- all of it by maintenance
CALL detach(:'whole');
SELECT events.maintain();
SELECT count(*) AS documents FROM events.search_document WHERE position < :whole_upper;
ALTER TABLE events.event ATTACH PARTITION :whole FOR VALUES FROM (:lower) TO (:whole_upper);
SELECT events.maintain();
SELECT events.maintain();
SELECT events.maintain();
SELECT documents, missing, new, different FROM changed;
SELECT count(*) AS changed FROM (SELECT first, last, events, summarised FROM before EXCEPT SELECT first, last, events, summarised FROM events.search_chunk) AS x;
SELECT count(*) AS missing FROM events.search_missing;

-- ---- the first one, attached again from lower than it began
CREATE PROCEDURE attach_from(lower text) LANGUAGE plpgsql AS $$
DECLARE
	p record;
BEGIN
	SELECT e.relid, e.upper INTO p FROM events._partitions() AS e ORDER BY e.lower LIMIT 1;
	EXECUTE format('ALTER TABLE events.event DETACH PARTITION %s', p.relid);
	PERFORM events._drop_search_partitions();
	EXECUTE format('ALTER TABLE events.event ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', p.relid, lower, p.upper);
END $$;
CALL attach_from('-5');
SELECT events._find_missing_documents();
SELECT count(*) AS chunks FROM (SELECT events._index_search(events.horizon(), 1) AS n FROM generate_series(1, 10)) AS x WHERE n > 0;
SELECT documents, missing, new, different FROM changed;
CALL attach_from('MINVALUE');
SELECT events.maintain();
SELECT events.maintain();
SELECT events.maintain();
SELECT documents, missing, new, different FROM changed;
SELECT count(*) AS changed FROM (SELECT first, last, events, summarised FROM before EXCEPT SELECT first, last, events, summarised FROM events.search_chunk) AS x;
SELECT relid, lower FROM events._search_partitions() LIMIT 1;
SELECT count(*) AS found FROM events.search('1', types => '{sm}', max_count => 100, "order" => 'oldest') WHERE "position" < :whole_upper;
SELECT lower, search_bytes > 0 AS stored FROM events.storage ORDER BY lower LIMIT 1;

-- ---- a partition of the documents that somebody has detached
ALTER TABLE events.search_document DETACH PARTITION events.search_document_0;
SELECT count(*) AS documents FROM events.search_document WHERE position < :whole_upper;
SELECT events._find_missing_documents();
SELECT count(*) AS chunks FROM (SELECT events._index_search(events.horizon(), 1) AS n FROM generate_series(1, 10)) AS x WHERE n > 0;
SELECT documents, missing, new, different FROM changed;
SELECT bool_and(d.deptype = 'e') AS members FROM events._search_partitions() AS p LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = p.relid AND d.refclassid = 'pg_extension'::regclass;

-- ---- a configuration that is renamed or dropped: documents are found by its name
CREATE TEXT SEARCH CONFIGURATION public.mine (COPY = pg_catalog.english);
SET events.search_configuration = 'public.mine';
SELECT count(events.publish('sm', '"houses"', source => '/s')) FROM generate_series(1, 10) AS i;
SELECT events._index_search(events.horizon(), 100) AS filed;
SELECT count(*) AS found FROM events.search('house', max_count => 100);
SELECT events._find_missing_documents();
SELECT reindex_requested_at IS NULL AS nothing FROM events.search_status;
ALTER TEXT SEARCH CONFIGURATION public.mine RENAME TO yours;
SET events.search_configuration = 'public.yours';
SELECT count(*) AS found FROM events.search('house', max_count => 100);
SELECT events._find_missing_documents();
SELECT count(*) > 0 AS chunks FROM (SELECT events._index_search(events.horizon(), 1) AS n FROM generate_series(1, 20)) AS x WHERE n > 0;
SELECT count(*) AS found FROM events.search('house', max_count => 100);
SELECT name FROM events.search_configuration_used ORDER BY name;
SELECT events._find_missing_documents();
SELECT reindex_requested_at IS NULL AS "once is enough" FROM events.search_status;

\c :home
DROP DATABASE regress_search_missing;
