-- Single events are erased, with all that is derived of them; not under a legal hold.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS events CASCADE;
CREATE EXTENSION events;
RESET client_min_messages;

SELECT count(events.publish(type, jsonb_build_object('name', 'person' || n), source => '/s', subject => 'p' || n))
FROM generate_series(1, 4) AS n, unnest('{a,b}'::text[]) AS type;
SELECT count(*) FROM events.read_subject('/s', 'p1');
-- a second partition, so that the first is closed and filed
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events._advance_position(min(upper) - 1) FROM events._partitions() WHERE upper > events.horizon();
COMMIT;
SET events.search_index = on;
SELECT events.maintain();
SELECT events.maintain();
RESET events.search_index;
SELECT count(events.publish('late', '"person2"', source => '/s', subject => 'p' || n)) FROM generate_series(1, 3) AS n;

-- copies that consumers have: p2 failed, p3 was given up
SELECT events.create_consumer('c', types => '{a}', key => 'subject', start => 'earliest') IS NOT NULL AS made;
SELECT events.create_consumer('d', types => '{a}', key => 'subject', start => 'earliest', max_attempts => 1) IS NOT NULL AS made;
SELECT count(*) FROM events.fetch('c');
SELECT events.nack('c', position, 'no') IS NOT NULL AS nacked FROM events.event WHERE type = 'a' AND subject = 'p2';
SELECT count(*) FROM events.fetch('d');
SELECT events.nack('d', position, 'no') IS NOT NULL AS nacked FROM events.event WHERE type = 'a' AND subject = 'p3';
SELECT (SELECT count(*) FROM events.redelivery) AS redelivery, (SELECT count(*) FROM events.dead_letter) AS dead;

CREATE VIEW left_over AS
SELECT 'document' AS what, count(*) FROM events.search_document AS d
WHERE NOT EXISTS (SELECT FROM events.event AS e WHERE e.position = d.position)
UNION ALL
SELECT 'subject', count(*) FROM events.subject_event AS s
WHERE NOT EXISTS (SELECT FROM events.event AS e WHERE e.position = s.position)
UNION ALL
SELECT 'redelivery', count(*) FROM events.redelivery AS s
WHERE NOT EXISTS (SELECT FROM events.event AS e WHERE e.position = s.position)
UNION ALL
SELECT 'dead', count(*) FROM events.dead_letter AS s
WHERE NOT EXISTS (SELECT FROM events.event AS e WHERE e.position = s.position)
UNION ALL
SELECT 'chunk', count(*) FROM events.search_chunk AS c
WHERE c.events <> (SELECT count(*) FROM events.event AS e WHERE e.position BETWEEN c.first AND c.last)
UNION ALL
SELECT 'partition', count(*) FROM events.partition AS p
WHERE p.events <> (SELECT count(*) FROM events.event AS e WHERE e.position >= p.lower AND e.position < p.upper);
SELECT (SELECT count(*) > 0 FROM events.search_document) AS documents, (SELECT count(*) > 0 FROM events.subject_event) AS subjects,
       (SELECT count(*) > 0 FROM events.search_chunk) AS chunks, (SELECT count(*) FROM events.partition) AS closed;

-- what makes no sense is refused
SELECT events.erase(NULL);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events.erase('{1}');
ROLLBACK;
SELECT events.erase('{}');
SELECT events.erase('{NULL,0,-1,9223372036854775807}');

-- what is on hold is refused, and then nothing is erased
SELECT events.hold('case', subject => 'p3', types => '{b}');
SELECT events.erase(ARRAY(SELECT position FROM events.event)) IS NOT NULL AS erased;
SELECT count(*) FROM events.event;
-- also one that is made in the same transaction
BEGIN;
SELECT events.hold('late', types => '{late}');
SELECT events.erase(ARRAY(SELECT position FROM events.event WHERE subject = 'p1')) IS NOT NULL AS erased;
ROLLBACK;
-- not what only lies beside it
SELECT events.erase(ARRAY(SELECT position FROM events.event WHERE subject = 'p3' AND type <> 'b'));
SELECT events.release_hold('case');
SELECT events.erase(ARRAY(SELECT position FROM events.event WHERE subject = 'p3'));
-- out of the closed partition and of the one that is written to; twice named counts once
SELECT events.erase(ARRAY(SELECT position FROM events.event, generate_series(1, 2) WHERE subject = 'p2'));
SELECT type, subject, data FROM events.event ORDER BY position;
TABLE left_over;
SELECT events, removed, removed_up_to > lower AS known FROM events.partition;
SELECT count(*) FROM events.search('person2', types => '{a,b}');
SELECT count(*) FROM events.search('person1');
SELECT count(*) FROM events.read_subject('/s', 'p2');
SELECT subject FROM events.fetch('c');

-- a rollback takes it back
BEGIN;
SELECT events.erase(ARRAY(SELECT position FROM events.event));
ROLLBACK;
SELECT count(*) FROM events.event;
-- many, in pieces of 2,000
SELECT count(events.publish('many', to_jsonb(n))) FROM generate_series(1, 4001) AS n;
SELECT events.erase(ARRAY(SELECT position FROM events.event WHERE type = 'many' AND data <> '7'));
SELECT count(*), min(data::int) FROM events.event WHERE type = 'many';

-- an administrator may, nobody else
CREATE ROLE events_eraser;
SELECT events.grant_role('events_eraser', 'read');
SELECT events.grant_role('events_eraser', 'publish');
SELECT events.grant_role('events_eraser', 'relay');
SET ROLE events_eraser;
SELECT events.erase('{1}');
RESET ROLE;
SELECT events.grant_role('events_eraser', 'admin');
SET ROLE events_eraser;
SELECT events.erase('{1000000000}');
RESET ROLE;
DROP OWNED BY events_eraser;
DROP ROLE events_eraser;
DROP VIEW left_over;
SELECT count(events.drop_consumer(name)) FROM events.consumer;
