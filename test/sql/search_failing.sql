-- Filing for search goes on whatever fails: a dictionary that raises, for some words or
-- for all; indexes that are not ready, or partial.
\set home :DBNAME
CREATE DATABASE regress_search_failing TEMPLATE template0;
\c regress_search_failing
SET client_min_messages = warning;
CREATE EXTENSION events;
SET events.search_index = on;

-- ---- a dictionary that raises: for addresses only
CREATE SCHEMA sf;
CREATE FUNCTION sf.raises(internal, internal, internal, internal) RETURNS internal LANGUAGE internal STRICT AS 'internal_in';
CREATE TEXT SEARCH TEMPLATE sf.raises (LEXIZE = sf.raises);
CREATE TEXT SEARCH DICTIONARY sf.raises (TEMPLATE = sf.raises);
CREATE TEXT SEARCH CONFIGURATION sf.some (COPY = english);
ALTER TEXT SEARCH CONFIGURATION sf.some ALTER MAPPING FOR email WITH sf.raises;
SET events.search_configuration = 'sf.some';
SELECT count(events.publish('sf', data, source => '/s')) FROM (VALUES
	('{"t": "houses one"}'::jsonb), ('{"t": "houses me@example.com"}'), ('{"t": "houses you@example.com"}'), ('{"t": "houses two"}')) AS v (data);
-- what is not filed yet is found, in the form that it will have
SELECT data, headline FROM events.search('one');
SELECT data->>'t' AS t FROM events.search('house') ORDER BY "position";
SELECT events._index_search(events.horizon(), 100) AS filed;
SELECT data->>'t' AS t, document FROM events.event JOIN events.search_document USING (position) ORDER BY position;
SELECT name FROM events.search_configuration_used ORDER BY name;
SELECT data->>'t' AS t FROM events.search('houses') ORDER BY "position";
SELECT data->>'t' AS t FROM events.search('house') ORDER BY "position";

-- mended, and made anew
ALTER TEXT SEARCH CONFIGURATION sf.some ALTER MAPPING FOR email WITH simple;
SELECT events.reindex_search() AS documents;
SELECT count(*) AS pieces FROM (SELECT events._index_search(events.horizon(), 1) AS n FROM generate_series(1, 4)) AS x WHERE n > 0;
SELECT data->>'t' AS t, document FROM events.event JOIN events.search_document USING (position) ORDER BY position;
SELECT name FROM events.search_configuration_used ORDER BY name;

-- for all words
ALTER TEXT SEARCH CONFIGURATION sf.some ALTER MAPPING FOR asciiword WITH sf.raises;
SELECT count(events.publish('sf', to_jsonb(i), source => '/s')) FROM generate_series(1, 3000) AS i;
SELECT events._index_search(events.horizon(), 10000) AS filed;
SELECT count(*) AS all, count(*) FILTER (WHERE document @@ 'sf') AS found FROM events.event LEFT JOIN events.search_document USING (position);

-- a lock that is not got, a time-out, are no failures of events: the piece is done again
SELECT count(events.publish('sf', to_jsonb(i), source => '/s')) FROM generate_series(1, 20000) AS i;
SET statement_timeout = 20;
SELECT events._index_search(events.horizon(), 100000) AS filed;
RESET statement_timeout;
SELECT indexed_up_to < events.horizon() AS nothing FROM events.search_status;
RESET events.search_configuration;
SELECT events._index_search(events.horizon(), 100000) AS filed;

-- ---- other indexes: partial ones get what is theirs
CREATE INDEX sf_partial ON events.search_document_0 (position) WHERE "user" IS NOT NULL;
CREATE INDEX sf_expression ON events.search_document_0 ((position % 10)) WHERE position % 2 = 0;
SELECT count(events.publish('sf', to_jsonb(i), source => '/s', attributes => CASE WHEN i % 10 = 0 THEN '{"user": "u"}'::jsonb END)) FROM generate_series(1, 100) AS i;
SELECT events._index_search(events.horizon(), 1000) AS filed;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT count(position) FROM events.search_document_0 WHERE "user" IS NOT NULL;
SELECT count(position) FROM events.search_document_0 WHERE "user" IS NOT NULL;
SELECT count(*) = (SELECT count(*) FROM events.event WHERE position % 10 = 4) AS same FROM events.search_document_0 WHERE position % 10 = 4 AND position % 2 = 0;
DROP INDEX events.sf_partial, events.sf_expression;
-- one that is not ready is left to who builds it
CREATE INDEX sf_unready ON events.search_document_0 (recorded_at);
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'events.sf_unready'::regclass;
SELECT events.publish('sf', '1', source => '/s') IS NOT NULL AS published;
SELECT events._index_search(events.horizon(), 1000) AS filed;

-- a condition that is the lack of a word is answered for events without any words, too
CREATE TEXT SEARCH CONFIGURATION sf.none (PARSER = "default");
SELECT count(*) = (SELECT count(*) FROM events.search_document_0 WHERE NOT document @@ 'ada'::tsquery) AS same FROM events.search_document_0 WHERE document @@ '!ada'::tsquery;

-- a configuration in a schema that those who search may not use
ALTER TEXT SEARCH CONFIGURATION sf.some ALTER MAPPING FOR asciiword WITH simple;
CREATE SCHEMA sf_private;
CREATE TEXT SEARCH CONFIGURATION sf_private.german (COPY = german);
SELECT events.register_schema('/sf/any', '{}') IS NOT NULL AS registered;
SELECT events.register_type('sf.german', '/sf/any', '{}', search_configuration => 'sf_private.german') IS NOT NULL AS registered;
SELECT events.publish('sf.german', '{"t": "alte Häuser"}', source => '/s') IS NOT NULL AS published;
CREATE ROLE sf_reader;
CREATE ROLE sf_relay;
SELECT events.grant_role('sf_reader', 'read'), events.grant_role('sf_relay', 'relay');
CREATE PROCEDURE search_as(who text) LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', who);
	SELECT string_agg(s.data->>'t', ', ') INTO found FROM events.search('haus') AS s;
	RAISE WARNING '%: %, % by facets', who, found, (SELECT sum(f.events) FROM events.facets('haus', fields => '{type}') AS f);
END
$$;
CALL search_as('sf_reader');
SELECT events._index_search(events.horizon(), 1000) AS filed;
SELECT name FROM events.search_configuration_used WHERE name LIKE 'sf_private.%';
CALL search_as('sf_reader');
CALL search_as('sf_relay');
SET ROLE sf_reader;
SELECT d.configuration, d.document FROM events.read(events.horizon() - 1) AS e, events._search_document(ROW(e.*)::events.event) AS d;
RESET ROLE;
-- after it was dropped its documents are found by words as they stand
SELECT events.unregister_type('sf.german');
DROP SCHEMA sf_private CASCADE;
SET ROLE sf_reader;
SELECT count(*) AS found FROM events.search('haus');
RESET ROLE;
DROP OWNED BY sf_reader, sf_relay;
DROP ROLE sf_reader, sf_relay;

\c :home
DROP DATABASE regress_search_failing;
