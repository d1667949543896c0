-- Handlers, run by events._run_handler(): what can be one, what it is given, whose rights
-- it has, and what becomes of its errors.
-- (The schema is there for this test alone; the worker leaves handlers to it.)
CREATE SCHEMA handler_test;
SET search_path = handler_test, pg_catalog;
CREATE TABLE seen (n serial, handler text, type text, more text);

-- Rounds, each in its own transaction, until nothing is left to do.
CREATE PROCEDURE run(name text) LANGUAGE plpgsql AS $$
BEGIN
    WHILE events._run_handler(name) LOOP
        COMMIT;
    END LOOP;
    COMMIT;
END
$$;
-- The same, waiting for what is to be tried again.
CREATE PROCEDURE run_until(name text, condition text) LANGUAGE plpgsql AS $$
DECLARE
    fulfilled boolean := false;
    started timestamptz := clock_timestamp();
BEGIN
    WHILE NOT fulfilled AND clock_timestamp() < started + interval '1 min' LOOP
        CALL handler_test.run(name);
        EXECUTE 'SELECT ' || condition INTO fulfilled;
        COMMIT;
    END LOOP;
    IF NOT fulfilled THEN
        RAISE 'never: %', condition;
    END IF;
END
$$;

---- what can be a handler

CREATE FUNCTION two(events.event, int) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION of_text(text) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION a_set(jsonb) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION any_number(VARIADIC jsonb[]) RETURNS void LANGUAGE sql AS 'SELECT';
CREATE PROCEDURE a_procedure(jsonb) LANGUAGE sql AS 'SELECT';
CREATE FUNCTION ok(jsonb) RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS 'SELECT';
\set VERBOSITY verbose
\set SHOW_CONTEXT never
SELECT events.create_handler('h', 'two(events.event, int)');
\set VERBOSITY default
SELECT events.create_handler('h', 'of_text(text)');
SELECT events.create_handler('h', 'a_set(jsonb)');
SELECT events.create_handler('h', 'any_number(jsonb[])');
SELECT events.create_handler('h', 'a_procedure(jsonb)');
SELECT events.create_handler('h', 'pg_catalog.jsonb_agg(anyelement)');
SELECT events.create_handler('h', 4294967290::oid::regprocedure);
SELECT events.create_handler('h', NULL);
SELECT events.create_handler(NULL, 'ok(jsonb)');
SELECT events.create_handler('', 'ok(jsonb)');
SELECT events.create_handler(repeat('h', 64), 'ok(jsonb)');
SELECT events.create_handler('h', 'ok(jsonb)', timeout => '0');
SELECT events.create_handler('h', 'ok(jsonb)', timeout => NULL);
SELECT events.create_handler('h', 'ok(jsonb)', timeout => '1 year');
SELECT events.create_handler('h', 'ok(jsonb)', batch_size => 0);
SELECT events.create_handler('h', 'ok(jsonb)', max_attempts => 0);
SELECT events.create_handler('h', 'ok(jsonb)', filter => '1 +');
SELECT name FROM events.handlers;
SELECT events.create_handler('h', 'ok(jsonb)', start => 'earliest') IS NOT NULL;
SELECT events.create_handler('h', 'ok(jsonb)');
SELECT name, function, timeout, max_attempts, retry_delay, batch_size, pid FROM events.handlers;
SELECT events.create_consumer('no_handler') IS NOT NULL;
SELECT events.drop_handler('no_handler');
SELECT events.drop_consumer('no_handler');
SELECT events.drop_handler('nothing');
SELECT events.drop_handler(NULL);
SELECT events.drop_handler('h');
SELECT events._run_handler('h');
SELECT name FROM events.handlers;

---- what it is given

CREATE FUNCTION as_event(e events.event) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO handler_test.seen (handler, type, more) VALUES ('event', e.type, e.data ->> 'n');
    RETURN 1;
END $$;
CREATE FUNCTION as_jsonb(e jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO handler_test.seen (handler, type, more)
    VALUES ('jsonb', e ->> 'type', concat_ws(' ', e ->> 'specversion', e ->> 'topic', e #>> '{data,n}'));
END $$;
CREATE FUNCTION as_events(e events.event[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO handler_test.seen (handler, type, more)
    SELECT 'event[]', string_agg(x.type, ' ' ORDER BY i), string_agg(x.data ->> 'n', ' ' ORDER BY i)
    FROM unnest(e) WITH ORDINALITY AS x (position, id, source, type, subject, "time", recorded_at, topic,
                                         dataschema, datacontenttype, data, attributes, i);
END $$;
CREATE FUNCTION as_jsonbs(e jsonb[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO handler_test.seen (handler, type, more)
    SELECT 'jsonb[]', string_agg(x ->> 'type', ' ' ORDER BY i), string_agg(x #>> '{data,n}', ' ' ORDER BY i)
    FROM unnest(e) WITH ORDINALITY AS x (x, i)
$$;
SELECT events.create_handler('event', 'as_event(events.event)') IS NOT NULL,
       events.create_handler('jsonb', 'as_jsonb(jsonb)') IS NOT NULL,
       events.create_handler('events', 'as_events(events.event[])', batch_size => 3) IS NOT NULL,
       events.create_handler('jsonbs', 'as_jsonbs(jsonb[])', types => '{a,c*}') IS NOT NULL;
SELECT count(events.publish(type, jsonb_build_object('n', n)))
FROM unnest('{a,b,a,c1,b,c2,a}'::text[]) WITH ORDINALITY AS x (type, n);
SELECT events._due_handlers(true) ORDER BY 1;
SELECT events._due_handlers() ORDER BY 1;
CALL run('event');
CALL run('jsonb');
CALL run('events');
CALL run('jsonbs');
SELECT handler, type, more FROM seen ORDER BY n;
SELECT name FROM events._due_handlers(true) AS name WHERE name IN ('event', 'jsonb', 'events');
SELECT * FROM events.handler_state;

SET client_min_messages = warning;

-- After the first hundred events, which are tried one at a time, arrays hold several.
DELETE FROM seen;
SELECT count(events.publish('many', '{}')) FROM generate_series(1, 100);
CALL run('events');
CALL run('event');
DELETE FROM seen;
SELECT count(events.publish(type, jsonb_build_object('n', n)))
FROM unnest('{a,b,a,c1,b,c2,a}'::text[]) WITH ORDINALITY AS x (type, n);
CALL run('events');
CALL run('event');
SELECT handler, type, more FROM seen ORDER BY n;
DELETE FROM seen;
SELECT events.drop_handler('jsonb'), events.drop_handler('jsonbs');

---- errors: that event alone is undone, tried again, given up

CREATE FUNCTION picky(e events.event) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO handler_test.seen (handler, type, more) VALUES ('picky', e.type, e.data ->> 'n');
    IF e.type = 'bad' AND NOT EXISTS (SELECT FROM handler_test.mended) THEN
        RAISE 'cannot digest %', e.data ->> 'n' USING ERRCODE = 'ZZ001';
    END IF;
END $$;
CREATE TABLE mended ();
CREATE FUNCTION picky_batch(e events.event[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. cardinality(e) LOOP
        PERFORM handler_test.picky(e[i]);
    END LOOP;
END $$;
SELECT events.create_handler('picky', 'picky(events.event)', retry_delay => '1 ms', max_attempts => 3) IS NOT NULL,
       events.create_handler('batch', 'picky_batch(events.event[])', retry_delay => '1 ms', max_attempts => 2) IS NOT NULL;
SELECT count(events.publish(type, jsonb_build_object('n', n)))
FROM unnest('{good,bad,good,bad,good}'::text[]) WITH ORDINALITY AS x (type, n);
CALL run_until('picky', '(SELECT count(*) = 3 FROM handler_test.seen)');
SELECT handler, type, more FROM seen ORDER BY n;
SELECT consumer, type, data, attempts, sqlstate, reason FROM events.dead_letter WHERE consumer = 'picky' ORDER BY position;
DELETE FROM seen;
CALL run_until('batch', '(SELECT count(*) = 3 FROM handler_test.seen)');
SELECT handler, type, more FROM seen ORDER BY n;
SELECT consumer, type, data, attempts, sqlstate, reason FROM events.dead_letter WHERE consumer = 'batch' ORDER BY position;
DELETE FROM seen;

-- Without care, the same.
SELECT count(events.publish('good', '{}')) FROM generate_series(1, 100);
CALL run('picky');
CALL run('batch');
DELETE FROM seen;
SELECT count(events.publish(type, jsonb_build_object('n', n)))
FROM unnest('{good,good,bad,good,good}'::text[]) WITH ORDINALITY AS x (type, n);
SELECT events._run_handler('picky'), events._run_handler('batch');
SELECT handler, type, more FROM seen ORDER BY handler, n;
-- What is mended succeeds.
INSERT INTO mended DEFAULT VALUES;
CALL run_until('picky', '(SELECT count(*) = 7 FROM handler_test.seen)');
CALL run_until('batch', '(SELECT count(*) = 10 FROM handler_test.seen)');
SELECT handler, type, more FROM seen ORDER BY n;
SELECT count(*) FROM events.dead_letter;

-- The dead letters, delivered again.
DELETE FROM seen;
SELECT events.redrive('picky'), events.redrive('batch');
CALL run_until('picky', '(SELECT count(*) = 2 FROM handler_test.seen)');
CALL run_until('batch', '(SELECT count(*) = 4 FROM handler_test.seen)');
SELECT handler, type, more FROM seen ORDER BY n;
SELECT events.drop_handler('picky'), events.drop_handler('batch');

---- a call that takes too long

CREATE FUNCTION for_ever() RETURNS void LANGUAGE plpgsql AS 'BEGIN LOOP END LOOP; END';
CREATE FUNCTION slow(e events.event) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF e.type = 'stubborn' THEN
        BEGIN
            PERFORM handler_test.for_ever();
        EXCEPTION WHEN query_canceled THEN
            PERFORM handler_test.for_ever();
        END;
    ELSIF e.type = 'slow' THEN
        PERFORM handler_test.for_ever();
    END IF;
    INSERT INTO handler_test.seen (handler, type) VALUES ('slow', e.type);
END $$;
SELECT events.create_handler('slow', 'slow(events.event)', types => '{slow,quick,stubborn}', timeout => '20 ms',
                             max_attempts => 1) IS NOT NULL;
SELECT count(events.publish(type, '{}')) FROM unnest('{quick,slow,quick,stubborn,quick}'::text[]) AS type;
DELETE FROM seen;
CALL run_until('slow', '(SELECT count(*) = 3 FROM handler_test.seen)');
SELECT type, attempts, sqlstate, split_part(reason, E'\n', 1) AS reason
FROM events.dead_letter WHERE consumer = 'slow' ORDER BY position;
-- The session's own time limit is not the event's fault.
SELECT events.publish('slow', '{}') IS NOT NULL;
SELECT events.drop_handler('slow');
SELECT events.create_handler('slow', 'slow(events.event)', start => (events.horizon() - 1)::text,
                             max_attempts => 1) IS NOT NULL;
SELECT events._run_handler('slow');
SET statement_timeout = '20 ms';
SELECT events._run_handler('slow');
RESET statement_timeout;
SELECT count(*) FROM events.dead_letter WHERE consumer = 'slow';
SELECT events.drop_handler('slow');

---- rights: the owner's, and no more

CREATE ROLE handler_owner;
CREATE ROLE handler_relay;
GRANT USAGE ON SCHEMA handler_test, events TO handler_owner;
GRANT CREATE ON SCHEMA handler_test TO handler_owner;
SELECT events.grant_role('handler_owner', 'read'), events.grant_role('handler_relay', 'relay');
GRANT INSERT ON seen TO handler_owner;
GRANT USAGE ON seen_n_seq TO handler_owner;
CREATE TABLE secret (n int);
SET ROLE handler_owner;
CREATE TABLE handler_test.own (n int, at_commit text);
CREATE FUNCTION handler_test.deferred() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO handler_test.seen (handler, type, more) VALUES ('trigger', 'deferred', current_user);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER deferred AFTER INSERT ON handler_test.own DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION handler_test.deferred();
CREATE FUNCTION handler_test.greedy(e events.event) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE e.type
        WHEN 'who' THEN INSERT INTO handler_test.seen (handler, type, more)
            VALUES ('greedy', e.type, concat_ws(' ', current_user, current_setting('search_path')));
        WHEN 'secret' THEN PERFORM n FROM handler_test.secret;
        WHEN 'role' THEN SET ROLE NONE;
        WHEN 'session' THEN RESET SESSION AUTHORIZATION;
        WHEN 'deferred' THEN INSERT INTO handler_test.own VALUES (1);
        WHEN 'later' THEN SET CONSTRAINTS ALL DEFERRED;
        WHEN 'temporary' THEN CREATE TEMPORARY TABLE t (n int);
        WHEN 'held' THEN EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT 1';
        WHEN 'setting' THEN SET work_mem = '1MB'; SET search_path = handler_test;
        WHEN 'again' THEN PERFORM events._run_handler('greedy');
        ELSE
    END CASE;
END $$;
REVOKE ALL ON FUNCTION handler_test.greedy(events.event) FROM PUBLIC;
SELECT events.create_handler('greedy', 'handler_test.greedy(events.event)', max_attempts => 1) IS NOT NULL;
RESET ROLE;
GRANT EXECUTE ON FUNCTION events._run_handler(text) TO handler_owner;
CREATE FUNCTION not_yours(jsonb) RETURNS void LANGUAGE sql AS 'SELECT';
REVOKE ALL ON FUNCTION not_yours(jsonb) FROM PUBLIC;
SET ROLE handler_owner;
SELECT events.create_handler('h', 'handler_test.not_yours(jsonb)');
RESET ROLE;
SELECT owner, function FROM events.handlers WHERE name = 'greedy';
SELECT count(events.publish(type, '{}'))
FROM unnest('{who,secret,role,session,deferred,temporary,held,setting,again,who}'::text[]) AS type;
DELETE FROM seen;
SET ROLE handler_relay;
SHOW work_mem;
SELECT bool_or(events._run_handler('greedy')) FROM generate_series(1, 25);
SHOW work_mem;
SHOW search_path;
SELECT current_user;
RESET ROLE;
SELECT type, sqlstate, split_part(reason, E'\n', 1) AS reason
FROM events.dead_letter WHERE consumer = 'greedy' ORDER BY position;
SELECT handler, type, more FROM seen ORDER BY n;
SELECT count(*) FROM own;
-- Another user cannot drop it.
SET ROLE handler_relay;
SELECT events.drop_handler('greedy');
RESET ROLE;

---- what is missing

REVOKE ALL ON FUNCTION greedy(events.event) FROM handler_owner;
SELECT events.publish('who', '{}') IS NOT NULL;
SELECT events._run_handler('greedy');
SELECT sqlstate, reason, failures, failed_at IS NOT NULL AS failed, retry_at > failed_at AS later
FROM events.handlers WHERE name = 'greedy';
-- Not before its time.
SELECT events._run_handler('greedy');
SELECT failures, name IN (SELECT events._due_handlers(true)) AS due FROM events.handlers WHERE name = 'greedy';
DROP FUNCTION greedy(events.event);
UPDATE events.handler_state SET retry_at = NULL;
SELECT events._run_handler('greedy');
SELECT reason, failures FROM events.handlers WHERE name = 'greedy';
-- Here again.
CREATE FUNCTION greedy(e events.event) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO handler_test.seen (handler, type, more) VALUES ('new', e.type, current_user);
END $$;
UPDATE events.handler_state SET retry_at = NULL;
DELETE FROM seen;
CALL run('greedy');
SELECT handler, type, more FROM seen ORDER BY n;
SELECT * FROM events.handler_state;
-- Its owner is gone.
SELECT events.publish('who', '{}') IS NOT NULL;
DROP OWNED BY handler_owner, handler_relay;
DROP ROLE handler_owner, handler_relay;
SELECT events._run_handler('greedy');
SELECT reason FROM events.handlers WHERE name = 'greedy';
SELECT events.drop_handler('greedy');

---- transactions

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events._run_handler('event');
ROLLBACK;
-- What a handler publishes is committed with its progress.
CREATE FUNCTION reply(e events.event) RETURNS text LANGUAGE sql
AS $$SELECT events.publish('answer', jsonb_build_object('to', e.type))$$;
SELECT events.create_handler('reply', 'reply(events.event)', types => '{question}') IS NOT NULL;
SELECT events.publish('question', '{}') IS NOT NULL;
CALL run('reply');
SELECT data FROM events.event WHERE type = 'answer';
-- Rolled back, a round has not been.
SELECT events.publish('question', '{}') IS NOT NULL;
BEGIN;
SELECT events._run_handler('reply');
SELECT events._run_handler('reply');
ROLLBACK;
SELECT count(*) FROM events.event WHERE type = 'answer';
CALL run('reply');
SELECT count(*) FROM events.event WHERE type = 'answer';
-- What a function does to the session's locks is its own business.
CREATE FUNCTION unlock(e events.event) RETURNS void LANGUAGE sql AS $$SELECT pg_advisory_unlock_all()$$;
SELECT events.create_handler('unlock', 'unlock(events.event)', types => '{question}') IS NOT NULL;
SELECT events.publish('question', '{}') IS NOT NULL FROM generate_series(1, 2);
CALL run('unlock');
SELECT name IN (SELECT events._due_handlers(true)) AS due FROM events.handlers WHERE name = 'unlock';
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT events.drop_handler(name) FROM events.handlers;
SELECT * FROM events.handler_state;
DROP SCHEMA handler_test CASCADE;
