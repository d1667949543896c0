-- Published is what commits, in the order in which it was published.
SELECT events.horizon() AS start \gset
CREATE FUNCTION seen(start bigint) RETURNS text
LANGUAGE sql VOLATILE AS
$$ SELECT string_agg(data #>> '{}', ' ' ORDER BY position) FROM events.read(start, NULL, types => ARRAY['tx']) $$;

-- nothing before commit, all after
BEGIN;
SELECT events.publish('tx', '"a1"') IS NOT NULL AS published;
SELECT seen(:start);
SELECT events.publish('tx', '"a2"') IS NOT NULL AS published;
COMMIT;
SELECT seen(:start);

-- nothing of a rollback
BEGIN;
SELECT events.publish('tx', '"lost"') IS NOT NULL AS published;
ROLLBACK;
SELECT seen(:start);

-- savepoints, nested, released and rolled back
SELECT events.horizon() AS start \gset
BEGIN;
SELECT events.publish('tx', '"b1"') IS NOT NULL AS published;
SAVEPOINT s1;
SELECT events.publish('tx', '"lost"') IS NOT NULL AS published;
SAVEPOINT s2;
SELECT events.publish('tx', '"lost"') IS NOT NULL AS published;
RELEASE s2;
SELECT events.publish('tx', '"lost"') IS NOT NULL AS published;
ROLLBACK TO s1;
SELECT events.publish('tx', '"b2"') IS NOT NULL AS published;
SAVEPOINT s3;
SELECT events.publish('tx', '"b3"') IS NOT NULL AS published;
SAVEPOINT s4;
SELECT events.publish('tx', '"lost"') IS NOT NULL AS published;
ROLLBACK TO s4;
SELECT events.publish('tx', '"b4"') IS NOT NULL AS published;
RELEASE s3;
SAVEPOINT s5;
ROLLBACK TO s5;
SELECT events.publish('tx', '"b5"') IS NOT NULL AS published;
COMMIT;
SELECT seen(:start);

-- exceptions caught in PL/pgSQL, in a loop
SELECT events.horizon() AS start \gset
DO $$
BEGIN
    FOR i IN 1..10 LOOP
        BEGIN
            PERFORM events.publish('tx', to_jsonb(i));
            BEGIN
                PERFORM events.publish('tx', to_jsonb(-i));
                PERFORM 1 / (i % 2);
            EXCEPTION WHEN division_by_zero THEN
                PERFORM events.publish('tx', to_jsonb('caught ' || i));
            END;
            IF i % 3 = 0 THEN
                RAISE EXCEPTION 'undo %', i;
            END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END LOOP;
END $$;
SELECT seen(:start);

-- procedures that commit inside
SELECT events.horizon() AS start \gset
CREATE PROCEDURE commit_and_roll_back() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events.publish('tx', '"p1"');
    COMMIT;
    PERFORM events.publish('tx', '"lost"');
    ROLLBACK;
    PERFORM events.publish('tx', '"p2"');
END $$;
CALL commit_and_roll_back();
SELECT seen(:start);

-- triggers, also deferred ones, which run while the transaction commits
SELECT events.horizon() AS start \gset
CREATE TABLE account (id int PRIMARY KEY, balance int);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events.publish('tx', to_jsonb(TG_NAME || NEW.id));
    RETURN NEW;
END $$;
CREATE TRIGGER row_ AFTER INSERT ON account FOR EACH ROW EXECUTE FUNCTION tell();
CREATE CONSTRAINT TRIGGER deferred_ AFTER INSERT ON account DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION tell();
BEGIN;
INSERT INTO account VALUES (1, 0), (2, 0);
SELECT events.publish('tx', '"after"') IS NOT NULL AS published;
COMMIT;
SELECT seen(:start);

-- a deferred trigger that fails takes the events along
SELECT events.horizon() AS start \gset
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too late'; END $$;
CREATE CONSTRAINT TRIGGER z_fail AFTER INSERT ON account DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fail();
BEGIN;
INSERT INTO account VALUES (3, 0);
COMMIT;
SELECT seen(:start);
DROP TABLE account;

-- a cursor publishes as far as it is fetched
BEGIN;
DECLARE c CURSOR FOR SELECT events.publish('tx', to_jsonb('c' || i)) IS NOT NULL AS published FROM generate_series(1, 5) AS i;
FETCH 2 FROM c;
COMMIT;
SELECT seen(:start);

-- READ ONLY said after publishing does not lose the event
SELECT events.horizon() AS start \gset
BEGIN;
SELECT events.publish('tx', '"ro"') IS NOT NULL AS published;
SET TRANSACTION READ ONLY;
COMMIT;
SELECT seen(:start);

-- a statement that fails in autocommit publishes nothing
SELECT events.publish('tx', to_jsonb(1 / (2 - i))) IS NOT NULL FROM generate_series(1, 2) AS i;
SELECT seen(:start);

-- isolation levels
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT events.publish('tx', '"ser"') IS NOT NULL AS published;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events.publish('tx', '"rr"') IS NOT NULL AS published;
COMMIT;
SELECT seen(:start);
BEGIN READ ONLY;
SELECT events.publish('tx', '"lost"');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events.horizon();
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT * FROM events.read();
ROLLBACK;
-- a reader may be read-only
BEGIN READ ONLY;
SELECT seen(:start);
COMMIT;

-- row triggers on the table would not be fired, so they are refused
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER t AFTER INSERT ON events.event FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT events.publish('tx', '"refused"') IS NOT NULL;
DROP TRIGGER t ON events.event;

CREATE TRIGGER t AFTER INSERT ON events.event FOR EACH STATEMENT EXECUTE FUNCTION nothing();
SELECT events.publish('tx', '"refused"') IS NOT NULL;
DROP TRIGGER t ON events.event;
ALTER TABLE events.event ADD COLUMN upper_type text GENERATED ALWAYS AS (upper(type)) STORED;
SELECT events.publish('tx', '"refused"') IS NOT NULL;
ALTER TABLE events.event DROP COLUMN upper_type;
ALTER TABLE events.event ADD COLUMN extra int;
SELECT events.publish('tx', '"extra"') IS NOT NULL AS published;
SELECT seen(:start);
ALTER TABLE events.event DROP COLUMN extra;
SELECT events.publish('tx', '"dropped"') IS NOT NULL AS published;
SELECT seen(:start);

-- indexes and constraints of the user's are kept
CREATE INDEX event_type_upper ON events.event (upper(type));
ALTER TABLE events.event ADD CONSTRAINT no_secrets CHECK (type <> 'secret');
\set VERBOSITY terse
SELECT events.publish('secret', '1') IS NOT NULL;
\set VERBOSITY default
SELECT events.publish('indexed', '1') IS NOT NULL AS published;
SET enable_seqscan = off;
SELECT count(*) FROM events.event WHERE upper(type) = 'INDEXED';
RESET enable_seqscan;
ALTER TABLE events.event DROP CONSTRAINT no_secrets;
DROP INDEX events.event_type_upper;
DROP FUNCTION seen, tell, fail, nothing;
DROP PROCEDURE commit_and_roll_back;
