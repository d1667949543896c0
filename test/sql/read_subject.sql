-- One stream: the events of a source and subject, by an index or without it.
SELECT events.horizon() AS start \gset
CREATE FUNCTION stream(source text, subject text, after bigint, max_count int DEFAULT NULL) RETURNS text
LANGUAGE sql VOLATILE AS
$$ SELECT string_agg(data #>> '{}', ' ' ORDER BY n)
   FROM events.read_subject($1, $2, $3, $4) WITH ORDINALITY AS e (p, i, s, t, u, v, w, x, y, z, data, a, n) $$;
-- what the index has after :start
CREATE FUNCTION filed(start bigint) RETURNS bigint LANGUAGE sql AS
$$ SELECT count(*) FROM events.subject_event WHERE position > start $$;

-- never used, nothing is filed
SELECT count(*) FROM events.subject_index;
SELECT events.publish('s', '"a1"', source => '/s', subject => 'a') IS NOT NULL AS published;
SELECT events.publish('s', '"b1"', source => '/s', subject => 'b') IS NOT NULL AS published;
SELECT events.publish('s', '"a2"', source => '/t', subject => 'a') IS NOT NULL AS published;
SELECT events.publish('s', '"none"', source => '/s') IS NOT NULL AS published;
SELECT events.publish('s', '"a3"', source => '/s', subject => 'a') IS NOT NULL AS published;
SELECT events.maintain();
SELECT count(*) FROM events.subject_event;

-- a READ ONLY transaction reads and asks for nothing
BEGIN READ ONLY;
SELECT stream('/s', 'a', :start);
COMMIT;
SELECT count(*) FROM events.subject_index;

-- the first use does, and others go on
SELECT stream('/s', 'a', :start);
SELECT count(*) FROM events.subject_index;
DO $$
BEGIN
    LOOP
        PERFORM events.maintain();
        EXIT WHEN indexed_up_to = events.horizon() FROM events.subject_index;
    END LOOP;
END
$$;
SELECT filed(:start);
SELECT stream('/s', 'a', :start), stream('/s', 'b', :start), stream('/t', 'a', :start), stream('/t', 'b', :start);

-- partly filed, partly not
SELECT events.publish('s', '"b2"', source => '/s', subject => 'b') IS NOT NULL AS published;
SELECT events.publish('s', '"a4"', source => '/s', subject => 'a') IS NOT NULL AS published;
SELECT filed(:start);
SELECT stream('/s', 'a', :start), stream('/s', 'b', :start);
-- from a position on, and so many
SELECT position AS p1 FROM events.event WHERE data = '"a1"' AND position > :start \gset
SELECT position AS p3 FROM events.event WHERE data = '"a3"' AND position > :start \gset
SELECT stream('/s', 'a', :p1), stream('/s', 'a', :p3 - 1), stream('/s', 'a', :p3), stream('/s', 'a', events.horizon());
SELECT stream('/s', 'a', :start, 1), stream('/s', 'a', :start, 2), stream('/s', 'a', :start, 3), stream('/s', 'a', :start, 4);
SELECT stream('/s', 'a', :p1, 2);
-- NULL is from the beginning
SELECT stream('/s', 'a', NULL);
-- rows are whole
SELECT id IS NOT NULL AS id, source, type, subject, topic, data FROM events.read_subject('/s', 'b', :start);

-- another stream of the same hash does not mix in
INSERT INTO events.subject_event
SELECT (SELECT min(key) FROM events.subject_event WHERE position = :p1), position FROM events.event
WHERE position > :start AND position <= :p3 AND (source, subject) IS DISTINCT FROM ('/s', 'a');
SELECT stream('/s', 'a', :start), stream('/s', 'a', :start, 2);
SELECT events.publish('s', '"a5"', source => '/s', subject => 'a',
    expected_position => (SELECT max(position) FROM events.event WHERE data = '"a4"')) IS NOT NULL AS published;

-- who meets a long stretch that is not filed files some of it
SELECT count(events.publish('s.many', to_jsonb(i), source => '/many', subject => (i % 7)::text)) FROM generate_series(1, 30000) AS i;
SELECT indexed_up_to AS before FROM events.subject_index \gset
BEGIN READ ONLY;
SELECT count(*), sum(data::text::int) FROM events.read_subject('/many', '3', :start);
COMMIT;
SELECT indexed_up_to - :before AS filed FROM events.subject_index;
SELECT count(*), sum(data::text::int) FROM events.read_subject('/many', '3', :start);
SELECT indexed_up_to - :before AS filed FROM events.subject_index;
-- several times in one statement, in a savepoint that is rolled back
BEGIN;
SAVEPOINT s;
SELECT (SELECT count(*) FROM events.read_subject('/many', i::text, :start)) FROM generate_series(0, 6) AS i;
SELECT indexed_up_to - :before > 29000 AS filed FROM events.subject_index;
ROLLBACK TO s;
SELECT (SELECT count(*) FROM events.read_subject('/many', '6', :start));
SELECT indexed_up_to - :before AS filed FROM events.subject_index;
COMMIT;
SELECT count(*), count(DISTINCT position) FROM events.read_subject('/many', '3', :start);
DO $$
BEGIN
    LOOP
        PERFORM events.maintain();
        EXIT WHEN indexed_up_to = events.horizon() FROM events.subject_index;
    END LOOP;
END
$$;
SELECT count(*) = (SELECT count(*) FROM events.event WHERE subject IS NOT NULL AND position > :start AND type <> 's')
FROM events.subject_event AS s JOIN events.event AS e USING (position)
WHERE position > :start AND type <> 's';
SELECT count(*), sum(data::text::int) FROM events.read_subject('/many', '3', :start);

-- emptied, it is made anew
BEGIN;
TRUNCATE events.subject_event, events.subject_index;
COMMIT;
SELECT stream('/s', 'a', :start);
SELECT count(*) FROM events.subject_index;

-- what is wrong
SELECT events.read_subject(NULL, 'a');
SELECT events.read_subject('/s', NULL);
SELECT events.read_subject('/s', 'a', -1);
SELECT events.read_subject('/s', 'a', NULL, 0);
\set VERBOSITY sqlstate
SELECT events.read_subject('/s', 'a', 9000000000000000000);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events.read_subject('/s', 'a');
ROLLBACK;
\set VERBOSITY default

DROP FUNCTION stream(text, text, bigint, int);
DROP FUNCTION filed(bigint);

-- not in parallel plans, whatever a function that calls it says of itself
CREATE TABLE parallel_rows AS SELECT i FROM generate_series(1, 1000) AS i;
CREATE FUNCTION count_events(i int) RETURNS bigint LANGUAGE sql PARALLEL SAFE AS
$$ SELECT count(*) FROM events.read_subject('/x', i::text) $$;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
\set VERBOSITY terse
SELECT sum(count_events(i)) FROM parallel_rows;
\set VERBOSITY default
RESET ALL;
DROP FUNCTION count_events(int);
DROP TABLE parallel_rows;
