-- Partitions: made ahead, made at need, closed, dropped.
LOAD 'events';
SHOW events.partition_size;
SELECT max(upper) AS ending FROM events._partitions() \gset

-- maintenance makes them up to 2 x 2^20 ahead
SELECT setval('events.position', :ending - 2000000) IS NOT NULL AS set;
SELECT events.maintain();
SELECT max(upper) - :ending AS more FROM events._partitions();

-- publish() makes them when half of that is used up
SELECT max(upper) AS ending FROM events._partitions() \gset
SELECT setval('events.position', :ending - 1100000) IS NOT NULL AS set;
SELECT events.publish('partition', '1') IS NOT NULL AS published;
SELECT max(upper) - :ending AS more FROM events._partitions();
SELECT setval('events.position', :ending - 1000000) IS NOT NULL AS set;
BEGIN;
SELECT events.publish('partition', '2') IS NOT NULL AS published;
ROLLBACK;
SELECT max(upper) - :ending AS rolled_back FROM events._partitions();
SELECT events.publish('partition', '3') IS NOT NULL AS published;
SELECT max(upper) - :ending AS more FROM events._partitions();

-- also from a query that reads the table, at commit
SELECT max(upper) AS ending FROM events._partitions() \gset
SELECT setval('events.position', :ending - 3) IS NOT NULL AS set;
SELECT count(events.publish('partition', '4')) FROM (SELECT 1 FROM events.event LIMIT 5) AS e;
SELECT position - :ending AS position FROM events.read(:ending - 3);
SELECT max(upper) > :ending AS more FROM events._partitions();

-- a leap over a whole partition leaves no empty ones
SELECT max(upper) AS ending FROM events._partitions() \gset
SELECT setval('events.position', :ending + 50000000) IS NOT NULL AS set;
SELECT events.publish('partition', '5') IS NOT NULL AS published;
SELECT count(*) AS made, min(lower) - :ending > 40000000 AS far FROM events._partitions() WHERE lower >= :ending;
SELECT data FROM events.read(:ending);

-- closing: first the range, then its validation, a partition a round
CREATE PROCEDURE maintain(rounds int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..rounds LOOP
        PERFORM events.maintain();
        COMMIT;
    END LOOP;
END $$;
CALL maintain(20);
SELECT bool_and(k.convalidated) AS validated, count(*) = (SELECT count(*) FROM events.partition) AS recorded
FROM events._partitions() AS p JOIN pg_constraint AS k ON k.conrelid = p.relid AND k.conname = 'recorded_at_range'
WHERE p.upper <= events.horizon() + 1;
SELECT bool_and(events = (SELECT count(*) FROM events.event WHERE position >= lower AND position < upper)) AS counted FROM events.partition;
-- the current partition stays open
SELECT count(*) FROM events._partitions() AS p JOIN pg_constraint AS k ON k.conrelid = p.relid AND k.conname = 'recorded_at_range'
WHERE p.upper > events.horizon() + 1;
-- a search by time leaves out what cannot hold it
CREATE FUNCTION scanned(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN (SELECT count(*) FROM regexp_matches(plan::text, '"Relation Name": "event_\d+"', 'g'));
END $$;
SELECT scanned('SELECT * FROM events.event') - scanned('SELECT * FROM events.event WHERE recorded_at > ''2100-01-01''')
       = (SELECT count(*) FROM events.partition) AS pruned;

-- ranges are right under every DateStyle and time zone
SELECT max(upper) AS ending FROM events._partitions() \gset
SELECT setval('events.position', :ending + 5) IS NOT NULL AS set;
SELECT events.publish('partition', '6') IS NOT NULL AS published;
SELECT setval('events.position', :ending + 5000000) IS NOT NULL AS set;
SET datestyle = 'Postgres, DMY';
SET timezone = 'Asia/Kolkata';
CALL maintain(10);
RESET datestyle;
RESET timezone;
SELECT bool_and(k.convalidated) AS validated FROM pg_constraint AS k WHERE k.conname = 'recorded_at_range';

-- nobody stops maintenance with an advisory lock: it takes none that SQL can
SELECT pg_try_advisory_lock('events.event'::regclass::oid::int, 228) AS locked;
SELECT max(upper) AS ending FROM events._partitions() \gset
SELECT setval('events.position', :ending + 5) IS NOT NULL AS set;
SELECT events.maintain();
SELECT max(upper) > :ending AS maintained FROM events._partitions();
SELECT pg_advisory_unlock_all();

-- a publisher's settings do not say where partitions go
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE events_elsewhere LOCATION '';
SET default_tablespace = 'events_elsewhere';
SELECT max(upper) AS ending FROM events._partitions() \gset
SELECT setval('events.position', :ending - 1000) IS NOT NULL AS set;
SELECT events.publish('partition', '7') IS NOT NULL AS published;
RESET default_tablespace;
SELECT max(upper) > :ending AS more FROM events._partitions();
SELECT count(*) FROM pg_class WHERE reltablespace = (SELECT oid FROM pg_tablespace WHERE spcname = 'events_elsewhere');
DROP TABLESPACE events_elsewhere;

-- an event trigger that raises fails no commit while there is room
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no tables today'; END $$;
CREATE EVENT TRIGGER refuse_tables ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse();
SELECT max(upper) AS ending FROM events._partitions() \gset
SELECT setval('events.position', :ending - 1000000) IS NOT NULL AS set;
SELECT events.publish('partition', '8') IS NOT NULL AS published;
SELECT setval('events.position', :ending - 10) IS NOT NULL AS set;
SELECT events.publish('partition', '9') IS NOT NULL AS published;
DROP EVENT TRIGGER refuse_tables;
DROP FUNCTION refuse();
SELECT events.publish('partition', '10') IS NOT NULL AS published;
SELECT data FROM events.read(:ending - 1000000);

-- partitions made by hand: what cannot hold events is refused, not fallen over
CREATE PROCEDURE attach(partition regclass) LANGUAGE plpgsql AS $$
DECLARE ending bigint := (SELECT max(upper) FROM events._partitions());
BEGIN
    EXECUTE format('ALTER TABLE events.event ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)',
                   partition, ending, ending + 4194304);
END $$;
SELECT max(upper) AS ending FROM events._partitions() \gset
CREATE TABLE sub_partitioned (LIKE events.event) PARTITION BY RANGE (position);
CALL attach('sub_partitioned');
SELECT setval('events.position', :ending + 5) IS NOT NULL AS set;
SELECT events.publish('partition', '11') IS NOT NULL;
DROP TABLE sub_partitioned;
CREATE TABLE keyless (LIKE events.event);
CALL attach('keyless');
SELECT events.publish('partition', '12') IS NOT NULL;
ALTER TABLE keyless ADD PRIMARY KEY (position);
SELECT events.publish('partition', '13') IS NOT NULL AS published;
SELECT data FROM events.read(:ending);

-- retention drops whole partitions, the oldest first
SELECT count(*) AS before, min(lower) AS oldest FROM events._partitions() \gset
SET events.retention = 'a while';
SELECT events.maintain();
-- a partition that is ended early has a successor at once
SELECT max(upper) AS ending FROM events._partitions() \gset
SELECT events._advance_position(:ending - 1);
SELECT max(upper) - :ending > 2097152 AS room, events.horizon() = :ending - 1 AS advanced FROM events._partitions();

-- what cannot be dropped stops retention, not maintenance
RESET events.retention;
CALL maintain(20);
SELECT format('CREATE VIEW dependent AS SELECT * FROM events.event_%s', min(lower)) FROM events._partitions() \gexec
SELECT setval('events.position', (SELECT max(upper) FROM events._partitions()) - 10) IS NOT NULL AS set;
SELECT max(upper) AS ending FROM events._partitions() \gset
SET events.retention = '1 microsecond';
\set VERBOSITY terse
CALL maintain(2);
\set VERBOSITY default
SELECT max(upper) > :ending AS more FROM events._partitions();
DROP VIEW dependent;
-- (a worker may be at it as well, and one of the two may find the lock taken)
DO $$
BEGIN
    FOR i IN 1..1000 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM events.partition);
        PERFORM events.maintain();
        COMMIT;
    END LOOP;
END $$;
RESET events.retention;
SELECT count(*) < :before AS fewer, min(lower) > :oldest AS from_the_oldest, count(*) > 0 AS some_left FROM events._partitions();
SELECT count(*) FROM events.partition;
SELECT events.oldest() = min(lower) AS oldest FROM events._partitions();
-- a cursor into what is gone is told
\set VERBOSITY sqlstate
SELECT events.read(0);
SELECT events._feed(0, 1, 1);
\set VERBOSITY default
SELECT count(*) > 0 AS from_oldest FROM events.read(events.oldest() - 1);
SELECT count(*) > 0 AS from_null FROM events.read();

-- with few events, the rest of a partition is skipped, so that they can go in time
SELECT events.publish('partition', '"old"') IS NOT NULL AS published;
SELECT max(position) AS old FROM events.event \gset
SET events.retention = '1 hour';
SELECT events.maintain();
SELECT count(*) AS kept FROM events.event WHERE position = :old;
SET events.retention = '1 microsecond';
DO $$
BEGIN
    FOR i IN 1..1000 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM events.event);
        PERFORM events.maintain();
        COMMIT;
    END LOOP;
END $$;
RESET events.retention;
SELECT count(*) AS kept FROM events.event WHERE position = :old;
SELECT events.publish('partition', '"new"') IS NOT NULL AS published;
SELECT data, position > :old AS later FROM events.read();
DROP FUNCTION scanned;
DROP PROCEDURE attach, maintain;
