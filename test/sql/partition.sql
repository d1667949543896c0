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

-- closing: first the range, then its validation
SELECT events.maintain();
SELECT events.maintain();
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

-- retention drops whole partitions, the oldest first
SELECT count(*) AS before, min(lower) AS oldest FROM events._partitions() \gset
SET events.retention = 'a while';
SELECT events.maintain();
SET events.retention = '1 microsecond';
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
