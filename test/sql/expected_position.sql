-- Optimistic concurrency: an event follows the one that its publisher saw last.
\set VERBOSITY terse
CREATE FUNCTION add(subject text, expected bigint, data text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM events.publish('exp', to_jsonb(data), source => '/exp', subject => subject, expected_position => expected);
    RETURN 'published';
EXCEPTION WHEN serialization_failure THEN
    RETURN SQLSTATE;
END
$$;
CREATE FUNCTION newest(subject text) RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT max(position) FROM events.read_subject('/exp', $1) $$;
CREATE FUNCTION stream(subject text) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT string_agg(data #>> '{}', ' ' ORDER BY position) FROM events.read_subject('/exp', $1) $$;

-- an empty stream is at 0
SELECT add('a', 1, 'no');
SELECT add('a', 0, 'a1');
SELECT add('a', 0, 'no');
SELECT newest('a') AS p \gset
SELECT add('a', :p - 1, 'no'), add('a', :p + 1, 'no'), add('a', :p + 1000000000000, 'no');
SELECT add('a', :p, 'a2');
SELECT add('a', :p, 'no');
-- other streams do not count: neither of the subject nor of the source
SELECT add('b', 0, 'b1');
SELECT events.publish('exp', '"x"', source => '/other', subject => 'a', expected_position => 0) IS NOT NULL AS published;
SELECT add('a', newest('a'), 'a3');
SELECT add('a', newest('b'), 'no');
-- events without an expectation count, once they are committed
SELECT events.publish('exp', '"a4"', source => '/exp', subject => 'a') IS NOT NULL AS published;
SELECT add('a', newest('a'), 'a5');
SELECT stream('a'), stream('b');

-- those of the transaction itself do not: all of it follows the same event
SELECT newest('a') AS p \gset
BEGIN;
SELECT add('a', :p, 'a6');
SELECT add('a', :p, 'a7');
SELECT events.publish('exp', '"a8"', source => '/exp', subject => 'a') IS NOT NULL AS published;
COMMIT;
SELECT add('a', :p, 'no');
SELECT stream('a');

-- rolled back, it was not there
SELECT newest('a') AS p \gset
BEGIN;
SELECT add('a', :p, 'lost');
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT add('a', :p, 'lost');
ROLLBACK TO s;
SELECT add('a', :p, 'a9');
COMMIT;
SELECT stream('a');

-- in every isolation level
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT add('c', 0, 'c1');
COMMIT;
SELECT newest('c') AS p \gset
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT add('c', 0, 'no');
SELECT add('c', :p, 'c2');
COMMIT;
SELECT stream('c');

-- with the index, without it, and with a stretch between
DO $$
BEGIN
    LOOP
        PERFORM events.maintain();
        EXIT WHEN indexed_up_to = events.horizon() FROM events.subject_index;
    END LOOP;
END
$$;
SELECT add('c', 0, 'no'), add('d', 0, 'd1');
SELECT newest('c') AS p \gset
SELECT add('c', :p - 1, 'no'), add('c', :p, 'c3');
SELECT count(events.publish('exp.many', '1', subject => i::text)) FROM generate_series(1, 25000) AS i;
SELECT newest('c') AS p \gset
SELECT add('c', 0, 'no'), add('c', :p - 1, 'no'), add('e', 0, 'e1');
SELECT add('c', :p, 'c4');
BEGIN;
TRUNCATE events.subject_event, events.subject_index;
COMMIT;
SELECT newest('c') AS p \gset
SELECT add('c', 0, 'no'), add('c', :p - 1, 'no'), add('c', :p, 'c5'), add('c', 0, 'no');
SELECT stream('c'), stream('e');
-- many in one statement
SELECT string_agg(DISTINCT add('many.' || i, 0, 'x'), ' ') FROM generate_series(1, 100) AS i;
SELECT string_agg(DISTINCT add('many.' || i, 0, 'x'), ' ') FROM generate_series(1, 100) AS i;

-- with an id: what is there already met what it expected then
SELECT events.publish('exp', '"f1"', source => '/exp', subject => 'f', id => 'f1', expected_position => 0);
SELECT events.publish('exp', '"f1"', source => '/exp', subject => 'f', id => 'f1', expected_position => 0);
SELECT events.publish('exp', '"f2"', source => '/exp', subject => 'f', id => 'f2', expected_position => 0);
-- whose id is free again
SELECT events.publish('exp', '"f2"', source => '/exp', subject => 'f', id => 'f2', expected_position => newest('f'));
SELECT stream('f');

-- prepared transactions hold the stream; before their events have positions nobody goes on
BEGIN;
SELECT add('g', 0, 'g1');
PREPARE TRANSACTION 'exp_g';
SET lock_timeout = '10ms';
SELECT events.publish('exp', '"no"', source => '/exp', subject => 'g', expected_position => 0);
RESET lock_timeout;
ROLLBACK PREPARED 'exp_g';
SELECT add('g', 0, 'g2');
BEGIN;
SELECT add('h', 0, 'h1');
PREPARE TRANSACTION 'exp_h';
COMMIT PREPARED 'exp_h';
SELECT add('h', 0, 'no');
SELECT events.horizon() > 0 AS moved;
SELECT add('h', newest('h'), 'h2');
SELECT stream('g'), stream('h');

-- what is wrong
SELECT events.publish('exp', '1', expected_position => 0);
SELECT events.publish('exp', '1', subject => 'a', expected_position => -1);
\set VERBOSITY default
SELECT events.publish('exp', '1', source => '/exp', subject => 'nobody', expected_position => 1);
BEGIN READ ONLY;
SELECT events.publish('exp', '1', source => '/exp', subject => 'nobody', expected_position => 0);
ROLLBACK;
-- NULL expects nothing
SELECT events.publish('exp', '1', expected_position => NULL) IS NOT NULL AS published;

DROP FUNCTION add(text, bigint, text);
DROP FUNCTION newest(text);
DROP FUNCTION stream(text);
