-- Facets and histograms, before events are filed, after, and by the summaries of chunks
SET events.search_index = on;
CREATE FUNCTION file_all() RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    LOOP
        PERFORM events._index_search(events.horizon(), 10000);
        EXIT WHEN (SELECT max(indexed_up_to) FROM events.search_state) >= events.horizon();
    END LOOP;
END
$$;
SELECT count(events.publish('facet.' || n % 3, jsonb_build_object('word', 'w' || n % 2),
    source => '/facet/' || n % 2, topic => CASE n % 2 WHEN 0 THEN '{facet,a/b}'::text[] ELSE '{facet}' END,
    attributes => CASE WHEN n % 5 > 0 THEN jsonb_build_object('user', 'u' || n % 5) END))
FROM generate_series(1, 30) n;

SELECT * FROM events.facets(types => '{facet.*}');
SELECT * FROM events.facets('w1', types => '{facet.*}', fields => '{topic,type,topic}', max_values => 2);
SELECT * FROM events.facets('nowhere');
SELECT file_all();
SELECT * FROM events.facets(types => '{facet.*}');
SELECT * FROM events.facets('w1', types => '{facet.*}', fields => '{topic,type,topic}', max_values => 2);
SELECT * FROM events.facets(types => '{facet.*}', filter => 'data.word = "w0"', fields => '{type}');

-- everything, as plain SQL counts it; the summaries of complete chunks are used
SELECT count(events.publish('facet.many', jsonb_build_object('n', n), attributes => jsonb_build_object('user', n % 10)))
FROM generate_series(1, 40000) n;
SELECT file_all();
SELECT count(*) > 0 AS summarised FROM events.search_chunk;
CREATE VIEW counted AS
SELECT 'type' AS field, type AS value, count(*) AS events FROM events.event GROUP BY type
UNION ALL SELECT 'source', source, count(*) FROM events.event GROUP BY source
UNION ALL SELECT 'user', CASE jsonb_typeof(attributes->'user') WHEN 'number' THEN trim_scale((attributes->>'user')::numeric)::text
                         ELSE attributes->>'user' END, count(*) -- 1.0 is 1
FROM events.event WHERE attributes->>'user' IS NOT NULL GROUP BY 2;
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT count(*) FROM (SELECT * FROM events.facets(fields => '{type,source,user}', max_values => 10000)) AS f
   FULL JOIN counted AS c USING (field, value) WHERE f.events IS DISTINCT FROM c.events $$;
SELECT differences();
CREATE FUNCTION histogram_differences(length interval) RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT count(*) FROM (SELECT * FROM events.histogram(bucket => length) WHERE events > 0) AS h
   FULL JOIN (SELECT date_bin(length, recorded_at, '2000-01-03 00:00+00') AS bucket, count(*) AS events
              FROM events.event GROUP BY 1) AS c USING (bucket)
   WHERE h.events IS DISTINCT FROM c.events $$;
SELECT histogram_differences('1 s'), histogram_differences('7 s'), histogram_differences('1 min'),
       histogram_differences('90 s'), histogram_differences('1 hour'), histogram_differences('7 days');

-- buckets
SELECT count(*), sum(events) FROM events.histogram(types => '{facet.0,facet.1,facet.2}', bucket => '1 day');
SELECT bucket AT TIME ZONE 'UTC' AS bucket, events
FROM events.histogram(types => '{facet.*}', bucket => '7 days', from_time => '2020-01-01 00:00+00', to_time => '2020-01-20 00:00+00');
SELECT count(*), sum(events) FROM events.histogram('nowhere');
SELECT count(*), sum(events) FROM events.histogram('nowhere', from_time => '2020-01-01', to_time => '2020-01-02');

-- a time that is past: chunks and partitions are not looked at
SELECT substring(line FROM 'Chunks of these times: (0) of ') AS chunks,
       substring(line FROM 'by index: (\d+)')::int <= 16384 AS few_documents, substring(line FROM 'Found: .*') AS found
FROM events.explain_search('many', to_time => '2020-01-01') AS line
WHERE line ~ '^(Chunks of|Documents|Found)';
SELECT substring(line FROM 'about (\d+)')::int BETWEEN 30000 AND 50000 AS estimated
FROM events.explain_search('many', from_time => '2020-01-01', max_count => 5) AS line WHERE line LIKE 'Found: 5 of %';

-- and so with partitions: what is new does not open the old one
SELECT upper - 1 AS last FROM events._partitions() WHERE upper > events.horizon() + 1 ORDER BY lower LIMIT 1 \gset
SELECT events._advance_position(:last);
SELECT events.publish('facet.new', '{"many": "new"}') IS NOT NULL AS published;
SELECT recorded_at AS new FROM events.event WHERE type = 'facet.new' \gset
SELECT file_all();
CREATE FUNCTION opened("from" timestamptz, "to" timestamptz) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT CASE WHEN n[1] = n[2] THEN 'all' ELSE n[1] || ' of several' END
   FROM events.explain_search('many', from_time => "from", to_time => "to", max_count => 1) AS line,
        LATERAL regexp_match(line, '^Partitions of documents: (\d+) of (\d+)') AS n
   WHERE n IS NOT NULL $$;
SELECT opened(:'new', NULL), opened(NULL, '2020-01-01');
SELECT differences(), histogram_differences('1 min');
DROP FUNCTION opened(timestamptz, timestamptz);
DROP FUNCTION file_all(), differences(), histogram_differences(interval);
DROP VIEW counted;
