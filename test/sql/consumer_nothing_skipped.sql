-- SPDX-License-Identifier: PostgreSQL
--
-- What a consumer gets again never has it skip what it has not had: an acknowledged
-- position covers all events below it, so whatever is delivered out of turn must not be
-- ahead of what is held back.
SELECT events.horizon() AS start \gset

CREATE FUNCTION publish(VARIADIC types text[]) RETURNS bigint LANGUAGE sql AS
	$$ SELECT count(events.publish(t, '{}', subject => left(t, 1))) FROM unnest(types) t $$;
-- What comes, by type; done with all of it.
CREATE FUNCTION work(consumer text, max_count int DEFAULT 100, me text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(f.type, ' ' ORDER BY f.position)
		|| left('', events.acknowledge(consumer, max(f.position), me)::int)
	FROM events.fetch(consumer, max_count, member => me) f HAVING count(*) > 0
$$;
CREATE FUNCTION at(of text) RETURNS bigint LANGUAGE sql AS
	$$ SELECT max(position) FROM events.event WHERE type = of $$;

-- Without a key: an event that holds up the others, and a dead letter from further on.
SELECT FROM events.create_consumer('c', start => :'start', max_attempts => 2);
SELECT publish('a1', 'a2', 'a3', 'a4');
SELECT type FROM events.fetch('c', 10);
SELECT events.nack('c', at('a4'), 'no', '0');
SELECT events.nack('c', at('a4'), 'no', '0');
SELECT FROM events.seek('c', :'start');
SELECT type FROM events.fetch('c', 10);
SELECT events.nack('c', at('a1'), 'not yet', '1 hour');
SELECT events.redrive('c');
SELECT work('c');
SELECT lag_events FROM events.consumers WHERE name = 'c';
SELECT FROM events.seek('c', :'start');
SELECT work('c');

-- With a key: no room for one that would have to wait, and a dead letter from further on.
SELECT publish('b1');
SELECT FROM events.create_consumer('g', start => :'start', key => 'subject', max_attempts => 2);
SELECT type FROM events.fetch('g', 10, member => 'm');
SELECT events.nack('g', at('b1'), 'no', '0', 'm');
SELECT events.nack('g', at('b1'), 'no', '0', 'm');
SELECT FROM events.seek('g', :'start');
SELECT type FROM events.fetch('g', 10, member => 'm');
SELECT events.nack('g', at('a1'), 'not yet', '1 hour', 'm');
SELECT events.redrive('g');
SET events.max_redeliveries = 1;
SELECT work('g', me => 'm');
RESET events.max_redeliveries;
UPDATE events.redelivery SET not_before = NULL WHERE consumer = 'g';
SELECT work('g', me => 'm');
SELECT work('g', me => 'm');
SELECT count(*) FROM events.redelivery WHERE consumer = 'g';

-- A member that was given events again, and has given up their shares since, does not
-- acknowledge them with its others.
SELECT FROM events.create_consumer('h', key => 'subject');
CREATE TABLE got (member text, type text);
SELECT publish('c1', 'd1', 'e1', 'f1', 'g1', 'h1', 'i1', 'j1');
DO $$
DECLARE
	e record;
BEGIN
	FOR e IN SELECT * FROM events.fetch('h', 100, member => 'm') LOOP
		PERFORM events.nack('h', e.position, 'no', '0', 'm');
	END LOOP;
END $$;
SELECT count(*) FROM events.fetch('h', 100, member => 'm');
SELECT count(*) FROM events.fetch('h', 100, member => 'n');
INSERT INTO got SELECT 'm', type FROM events.fetch('h', 100, member => 'm');
SELECT FROM events.acknowledge('h', at('j1'), 'm');
INSERT INTO got SELECT 'n', type FROM events.fetch('h', 100, member => 'n');
SELECT count(DISTINCT member) AS members, count(*), count(DISTINCT type) AS types FROM got;
SELECT FROM events.acknowledge('h', at('j1'), 'n');

-- Who gives no name, while a member with one has everything, looks in vain and writes nothing.
SELECT count(*) FROM events.fetch('c', member => 'm');
SELECT count(*) FROM events.fetch('c');
SELECT count(*) AS rows FROM events.consumer_state WHERE consumer = 'c' \gset
SELECT count(*) FROM events.fetch('c');
SELECT count(*) FROM events.fetch('c', wait => '1 ms');
SELECT count(*) - :rows AS more FROM events.consumer_state WHERE consumer = 'c';
SELECT events.leave('c', 'm');
SELECT count(*) > 0 AS now FROM events.fetch('c');

-- Room is made by what is done.
SELECT consumer, count(*) FROM events.redelivery WHERE consumer IN ('c', 'g', 'h') GROUP BY consumer;
SELECT events.drop_consumer(name) FROM unnest('{c,g,h}'::text[]) AS name;
SELECT (SELECT count(*) FROM events.consumer_state WHERE consumer IN ('c', 'g', 'h')) AS states,
	(SELECT count(*) FROM events.redelivery WHERE consumer IN ('c', 'g', 'h')) AS redeliveries,
	(SELECT count(*) FROM events.dead_letter WHERE consumer IN ('c', 'g', 'h')) AS dead;
DROP TABLE got;
DROP FUNCTION publish(text[]);
DROP FUNCTION work(text, int, text);
DROP FUNCTION at(text);
