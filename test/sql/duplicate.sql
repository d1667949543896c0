-- An event with an id of its own is published once inside events.dedup_window.
SELECT events.horizon() AS start \gset
CREATE FUNCTION seen(start bigint) RETURNS text
LANGUAGE sql VOLATILE AS
$$ SELECT string_agg(data #>> '{}', ' ' ORDER BY position) FROM events.read(start, NULL, types => ARRAY['dup']) $$;
SHOW events.dedup_window;

-- both forms return the id; the first one stands
SELECT events.publish('dup', '"a1"', id => 'a');
SELECT events.publish('dup', '"a2"', id => 'a');
SELECT events.publish('{"type": "dup", "id": "a", "data": "a3"}');
-- of another source it is another event; source and id do not run into each other
SELECT events.publish('dup', '"b1"', id => 'a', source => '/other');
SELECT events.publish('dup', '"b2"', id => 'er', source => '/oth');
SELECT events.publish('dup', '"b3"', id => 'r', source => '/othe');
-- the default source counts
SET events.source = '/third';
SELECT events.publish('dup', '"c1"', id => 'a');
SELECT events.publish('dup', '"c2"', id => 'a', source => '/third');
RESET events.source;
-- without an id all are published
SELECT events.publish('dup', '"d1"') IS NOT NULL AS published FROM generate_series(1, 2);
SELECT seen(:start);

-- a batch, with itself and with what was before
SELECT * FROM events.publish_batch('[
    {"type": "dup", "id": "e", "data": "e1"}, {"type": "dup", "id": "a", "data": "e2"},
    {"type": "dup", "id": "e", "data": "e3"}, {"type": "dup", "id": "f", "data": "e4"}]');
SELECT ordinal, id, status, errors FROM events._intake('[
    {"type": "dup", "id": "g", "source": "/s", "data": "g1"}, {"type": "dup", "id": "g", "data": "g2"},
    {"id": "g"}, {"type": "dup", "id": "g", "data": "g3"}]', '{"source": "/s"}');
SELECT seen(:start);

-- an invalid event claims nothing
SELECT ordinal, id, status FROM events.publish_batch('[{"type": "dup", "id": "h", "Bad": 1}]', 'skip');
SELECT events.publish('dup', '"h1"', id => 'h');
SELECT seen(:start);

-- nor does a batch that is refused as a whole, or one that an error ends
SELECT * FROM events.publish_batch('[{"type": "dup", "id": "i", "data": "lost"}, {"id": "i"}]');
DO $$
BEGIN
    PERFORM events.publish_batch('[{"type": "dup", "id": "i", "data": "lost"}, 1]');
EXCEPTION WHEN invalid_parameter_value THEN
    PERFORM events.publish('dup', '"i1"', id => 'i');
END
$$;
SELECT seen(:start);

-- rolled back, whole or to a savepoint, it was not there
SELECT events.horizon() AS start \gset
BEGIN;
SELECT events.publish('dup', '"lost"', id => 'k');
ROLLBACK;
SELECT events.publish('dup', '"k1"', id => 'k');
BEGIN;
SELECT events.publish('dup', '"l1"', id => 'l1');
SAVEPOINT s;
SELECT events.publish('dup', '"lost"', id => 'l2');
SELECT events.publish('dup', '"lost"', id => 'l1');
SAVEPOINT t;
SELECT events.publish('dup', '"lost"', id => 'l3');
RELEASE t;
ROLLBACK TO s;
SELECT events.publish('dup', '"l2"', id => 'l2');
SELECT events.publish('dup', '"l3"', id => 'l3');
SAVEPOINT u;
SELECT events.publish('dup', '"l4"', id => 'l4');
RELEASE u;
SELECT events.publish('dup', '"lost"', id => 'l4');
COMMIT;
DO $$
BEGIN
    FOR i IN 1..4 LOOP
        BEGIN
            PERFORM events.publish('dup', to_jsonb('m' || i), id => 'm');
            PERFORM 1 / (i / 3);
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
    END LOOP;
END
$$;
SELECT seen(:start);

-- REPEATABLE READ and SERIALIZABLE see their own claims
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT events.publish('dup', '"n1"', id => 'n');
SELECT events.publish('dup', '"n2"', id => 'n');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events.publish('dup', '"n3"', id => 'n');
COMMIT;
SELECT seen(:start);

-- a deferred trigger publishes at commit
SELECT events.horizon() AS start \gset
CREATE TABLE late (id text);
CREATE FUNCTION publish_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events.publish('dup', to_jsonb(new.id), id => new.id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION publish_late();
INSERT INTO late VALUES ('o'), ('o'), ('p');
SELECT seen(:start);
DROP TABLE late;
DROP FUNCTION publish_late();

-- prepared transactions hold their claims
BEGIN;
SELECT events.publish('dup', '"q1"', id => 'q');
PREPARE TRANSACTION 'dup_q';
SET lock_timeout = '10ms';
\set SHOW_CONTEXT never
SELECT events.publish('dup', '"q2"', id => 'q');
RESET lock_timeout;
ROLLBACK PREPARED 'dup_q';
SELECT events.publish('dup', '"q3"', id => 'q');
BEGIN;
SELECT events.publish('dup', '"r1"', id => 'r');
PREPARE TRANSACTION 'dup_r';
COMMIT PREPARED 'dup_r';
SELECT events.publish('dup', '"r2"', id => 'r');
SELECT seen(:start);

-- past the window it is a new event, once
SELECT events.horizon() AS start \gset
UPDATE events.duplicate SET seen_at = seen_at - interval '10 min 1 s';
SELECT events.publish('dup', '"s1"', id => 'a');
SELECT events.publish('dup', '"s2"', id => 'a');
BEGIN;
SAVEPOINT s;
SELECT events.publish('dup', '"lost"', id => 'e');
ROLLBACK TO s;
SELECT events.publish('dup', '"s3"', id => 'e');
SELECT events.publish('dup', '"s4"', id => 'e');
COMMIT;
SET events.dedup_window = '1h';
SELECT events.publish('dup', '"s5"', id => 'f');
-- 0 turns it off, and looks at nothing
SET events.dedup_window = 0;
SELECT events.publish('dup', '"s6"', id => 'f');
SELECT events.publish('dup', '"s7"', id => 'f');
RESET events.dedup_window;
SELECT seen(:start);

-- in a batch, after one that is new: too old, known, the same again, known; then new
TRUNCATE events.duplicate;
SELECT events.publish('dup', '"v1"', id => 'old');
UPDATE events.duplicate SET seen_at = clock_timestamp() - interval '11 min';
SELECT events.publish('dup', '"v2"', id => 'known');
SELECT ordinal, id, status FROM events.publish_batch('[
    {"type": "dup", "id": "v", "data": "v3"}, {"type": "dup", "id": "old", "data": "v4"},
    {"type": "dup", "id": "known", "data": "v5"}, {"type": "dup", "id": "known", "data": "v6"},
    {"type": "dup", "id": "w", "data": "v7"}, {"type": "dup", "id": "w", "data": "v8"},
    {"type": "dup", "id": "old", "data": "v9"}, {"type": "dup", "id": "x", "data": "v10"}]');
SELECT count(*) FROM events.duplicate;
SELECT seen(:start);

-- maintenance by who connected before the window was made longer
TRUNCATE events.duplicate;
SELECT events.publish('dup', '"t"', id => 'g');
UPDATE events.duplicate SET seen_at = clock_timestamp() - interval '30 min';
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET events.dedup_window = ''1h''', current_database()); END $$;
SELECT current_setting('events.dedup_window'), events._forget_duplicates();
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET events.dedup_window', current_database()); END $$;
SELECT current_setting('events.dedup_window'), events._forget_duplicates();

-- maintenance forgets what is older, slice by slice, and nothing else
TRUNCATE events.duplicate;
UPDATE events.duplicate_sweep SET next_block = 7, swept_at = clock_timestamp();
SELECT count(events.publish('dup.many', '1', id => i::text)) FROM generate_series(1, 10000) AS i;
UPDATE events.duplicate SET seen_at = seen_at - interval '11 min' WHERE ctid < '(40,0)';
SELECT count(*) > 10000 - 40 * 200 AS some, count(*) AS young, pg_relation_size('events.duplicate') / 8192 > 64 AS large
FROM events.duplicate WHERE seen_at > clock_timestamp() - interval '10 min' \gset
SELECT :'some' AS some, :'large' AS large;
SELECT events.maintain();
SELECT next_block FROM events.duplicate_sweep;
SELECT count(*) > :young AS some_are_left FROM events.duplicate;
DO $$
BEGIN
    LOOP
        PERFORM events.maintain();
        EXIT WHEN next_block * current_setting('block_size')::bigint = pg_relation_size('events.duplicate')
            FROM events.duplicate_sweep;
    END LOOP;
END
$$;
SELECT count(*) = :young AS all_others_are FROM events.duplicate;
-- from the beginning again
UPDATE events.duplicate SET seen_at = '-infinity';
UPDATE events.duplicate_sweep SET next_block = 1000000, swept_at = clock_timestamp() - interval '1 h';
SELECT events.maintain();
SELECT count(*) FROM events.duplicate;

-- a table without its key is an error, not a publication
BEGIN;
ALTER TABLE events.duplicate DROP CONSTRAINT duplicate_pkey;
SELECT events.publish('dup', '"t1"', id => 't');
ROLLBACK;
-- an index of somebody else is kept up
CREATE INDEX duplicate_seen_at ON events.duplicate (seen_at);
SELECT events.publish('dup', '"u1"', id => 'u');
SET enable_seqscan = off;
SELECT count(*) FROM events.duplicate WHERE seen_at > clock_timestamp() - interval '1 min';
RESET enable_seqscan;
DROP INDEX events.duplicate_seen_at;

DROP FUNCTION seen(bigint);
