-- Many events in one transaction: order is kept, memory is bounded.
SELECT events.horizon() AS start \gset
SET work_mem = '1MB';
SET events.pending_memory = '1MB';

CREATE TABLE source_row (n int);
CREATE TABLE target_row (id text);
INSERT INTO source_row SELECT generate_series(1, 100000);
BEGIN;
INSERT INTO target_row SELECT events.publish('bulk', to_jsonb(n), subject => repeat('s', 100)) FROM source_row ORDER BY n;
-- the pending list has spilled: it is held in far less than its 30 MB
SELECT sum(total_bytes) < 8 * 1024 * 1024 AS bounded
FROM pg_backend_memory_contexts WHERE name LIKE 'tuplestore%' OR name LIKE 'TopTransaction%';
COMMIT;
SELECT count(*), bool_and(data::int = n) AS in_order
FROM (SELECT data, row_number() OVER (ORDER BY position) AS n FROM events.read(:start, NULL)) AS e;
SELECT count(DISTINCT id) FROM target_row;

-- COPY into a table whose trigger publishes
SELECT events.horizon() AS start \gset
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events.publish('copied', to_jsonb(NEW.n));
    RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT ON source_row FOR EACH ROW EXECUTE FUNCTION tell();
COPY source_row FROM stdin;
3
1
2
\.
SELECT data FROM events.read(:start);

-- a savepoint rolled back in the middle of a spilled list
SELECT events.horizon() AS start \gset
BEGIN;
SELECT count(events.publish('spill', to_jsonb(i), subject => repeat('s', 100))) FROM generate_series(1, 20000) AS i;
SAVEPOINT s;
SELECT count(events.publish('spill', to_jsonb(-i), subject => repeat('s', 100))) FROM generate_series(1, 20000) AS i;
ROLLBACK TO s;
SELECT count(events.publish('spill', to_jsonb(20000 + i), subject => repeat('s', 100))) FROM generate_series(1, 20000) AS i;
COMMIT;
SELECT count(*), bool_and(data::int = n) AS in_order
FROM (SELECT data, row_number() OVER (ORDER BY position) AS n FROM events.read(:start, NULL)) AS e;

-- the same, with the end of the memory among those that stay, among those that go, and behind all
CREATE PROCEDURE publish_around(size text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('events.pending_memory', size, false);
    PERFORM events.publish('around', to_jsonb(i), topic => ARRAY[size]) FROM generate_series(1, 2000) AS i;
    BEGIN
        PERFORM events.publish('around', to_jsonb(-i)) FROM generate_series(1, 2000) AS i;
        RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN
        PERFORM events.publish('around', to_jsonb(2000 + i), topic => ARRAY[size]) FROM generate_series(1, 2000) AS i;
    END;
    COMMIT;
END $$;
CALL publish_around('64kB');
CALL publish_around('500kB');
CALL publish_around('64MB');
SELECT topic[1] AS memory, count(*), bool_and(data::int = n) AS in_order
FROM (SELECT topic, data, row_number() OVER (PARTITION BY topic ORDER BY position) AS n
    FROM events.read(:start, NULL, types => ARRAY['around'])) AS e
GROUP BY 1 ORDER BY 1;
DROP PROCEDURE publish_around;

-- the number is limited, and what was rolled back does not count
SET events.max_pending_events = 100;
BEGIN;
SELECT count(events.publish('limit', to_jsonb(i))) FROM generate_series(1, 99) AS i;
SAVEPOINT s;
SELECT events.publish('limit', '100') IS NOT NULL AS published;
SELECT events.publish('limit', '101');
ROLLBACK TO s;
SELECT events.publish('limit', '100') IS NOT NULL AS published;
COMMIT;
RESET events.max_pending_events;
SELECT count(*) FROM events.read(:start, NULL, types => ARRAY['limit']);

-- large values, some of them out of line
SELECT events.horizon() AS start \gset
SELECT events.publish('large', jsonb_build_object('text', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 20000) AS i))) IS NOT NULL AS published;
SELECT length(data ->> 'text') FROM events.read(:start);

-- a value whose table is gone at commit
BEGIN;
CREATE TABLE gone AS SELECT jsonb_build_object('text', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 20000) AS i)) AS data;
SELECT events.publish('gone', data) IS NOT NULL AS published FROM gone;
DROP TABLE gone;
COMMIT;
SELECT length(data ->> 'text') FROM events.read(:start, types => ARRAY['gone']);
DROP TABLE source_row, target_row;
DROP FUNCTION tell;
RESET work_mem;
RESET events.pending_memory;
