-- Retention by rules and by size: what is removed, and what is not.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS events CASCADE;
CREATE EXTENSION events;
RESET client_min_messages;

-- what makes no sense is refused
SELECT events.retain();
SELECT events.retain(keep => '1 day');
SELECT events.retain('{order}');
SELECT events.retain('{order}', '0');
SELECT events.retain('{order}', '-1 day');
SELECT events.retain('{order}', '1 month -29 days');
SELECT events.retain('{order}', '1 year -8700 hours');
SELECT events.retain('{order}', '100000 years');
SELECT events.retain('{}', '1 day');
SELECT events.retain(keep => '1 day', types => '{}');
SELECT events.retain('{order,NULL,created}', '1 day');
SELECT events.retain('{order,""}', '1 day');
SELECT events.retain('{NULL}', '1 day');
SELECT events.retain('{{NULL}}', '1 day');
SELECT events.retain('[5:5]={NULL}', '1 day');
SELECT events.retain('{{order},{invoice}}', '1 day');
SELECT events.retain(keep => '1 day', types => '{order.created,NULL}');
SELECT events.retain(keep => '1 day', types => '{{a},{b}}');
SELECT events.drop_retention_rule();
SELECT events.drop_retention_rule('{order}');
-- one rule for the same topic and types, whatever their order
SELECT events.retain('{order}', '1 day');
SELECT events.retain('{order}', '2 days');
SELECT events.retain('{order}', '3 days', '{b,a,b}');
SELECT events.retain('{order}', '4 days', '{a,b}');
SELECT events.retain(types => '{a,b}', keep => '5 days');
SELECT topic, types, keep FROM events.retention_rule ORDER BY keep;
SELECT events.drop_retention_rule('{order}');
SELECT events.drop_retention_rule(types => '{b,a}');
SELECT events.drop_retention_rule('{order}', '{b,a}');
SELECT count(*) FROM events.retention_rule;

-- a history of three partitions, of 40, 20 and 2 days ago, and of today; no worker does anything between
CREATE PROCEDURE make_partition(age interval, size int DEFAULT 10) LANGUAGE plpgsql AS $$
DECLARE
    p record;
BEGIN
    PERFORM events.publish(type, jsonb_build_object('text', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, size) AS i)), source => '/s', subject => 's' || n)
    FROM generate_series(1, 3) AS n, unnest('{order.created,order.paid,debug.trace,audit.login}'::text[]) AS type;
    COMMIT;
    LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
    SELECT l.* INTO p FROM events._partitions() AS l, events._relay_state() AS s
    WHERE s.last_position >= l.lower AND s.last_position < l.upper;
    PERFORM events._advance_position(p.upper - 1);
    UPDATE events.event SET recorded_at = recorded_at - age WHERE position >= p.lower;
    PERFORM events.maintain(), events.maintain();
    COMMIT;
END $$;
CREATE VIEW kept AS
SELECT dense_rank() OVER (ORDER BY tableoid) AS partition,
       CASE WHEN recorded_at < now() - interval '30 days' THEN 'old' WHEN recorded_at < now() - interval '10 days' THEN 'middle'
            WHEN recorded_at < now() - interval '1 day' THEN 'young' ELSE 'new' END AS age,
       string_agg(DISTINCT type, ' ' ORDER BY type) AS types, count(*)
FROM events.event GROUP BY tableoid, 2 ORDER BY 1;
-- what is recorded of partitions is true
CREATE VIEW untrue AS
SELECT p.lower, p.events FROM events.partition AS p
CROSS JOIN LATERAL (SELECT count(*) AS events, min(recorded_at) AS first, max(recorded_at) AS last
                    FROM events.event AS e WHERE e.position >= p.lower AND e.position < p.upper) AS e
WHERE p.events <> e.events OR p.first_recorded_at IS DISTINCT FROM e.first OR p.last_recorded_at IS DISTINCT FROM e.last;
CALL make_partition('40 days');
CALL make_partition('20 days');
CALL make_partition('2 days');
SELECT events.publish('order.created', '{}', source => '/s', subject => 's1') IS NOT NULL AS published;
SELECT count(*) FROM events.read_subject('/s', 's1');
SET events.search_index = on;
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events.maintain();
TABLE kept;
SELECT count(*) > 0 AS filed FROM events.subject_event;
CREATE VIEW stray AS
SELECT 'document' AS what, d.position FROM events.search_document AS d
WHERE NOT EXISTS (SELECT FROM events.event AS e WHERE e.position = d.position)
UNION ALL
SELECT 'subject', s.position FROM events.subject_event AS s
WHERE NOT EXISTS (SELECT FROM events.event AS e WHERE e.position = s.position)
UNION ALL
SELECT 'chunk', c.first FROM events.search_chunk AS c
WHERE c.events <> (SELECT count(*) FROM events.event AS e WHERE e.position BETWEEN c.first AND c.last)
UNION ALL
SELECT 'count', c.chunk FROM events.search_count AS c
WHERE NOT EXISTS (SELECT FROM events.search_chunk AS h WHERE h.first = c.chunk);
SELECT count(*) = (SELECT count(*) FROM events.event WHERE position <= (SELECT max(indexed_up_to) FROM events.search_state)) AS filed,
       count(*) > 0 AS some
FROM events.search_document;
SELECT count(*) > 0 AS summarised FROM events.search_chunk;

-- a rule for a topic: its events go, where all of a partition are old enough; others are kept for ever
SELECT events.retain('{debug}', '10 days');
SELECT events.maintain();
TABLE kept;
TABLE untrue;
SELECT s.events, s.removed, p.removed_up_to > s.lower AS known, s.closed, s.drops_at IS NULL AS for_ever
FROM events.storage AS s JOIN events.partition AS p USING (lower) WHERE s.removed > 0;
-- also from the index of subjects, and from what is searched
TABLE stray;
SELECT count(*) FROM events.read_subject('/s', 's1');
-- not again: a partition that is done is left alone
SELECT bool_and(finished) AS finished FROM events.partition_thinning;
SELECT events._is_thinning();

-- the age of all others; a longer rule protects its events from it
SELECT events.retain('{audit}', '365 days');
SET LOCAL events.retention = '30 days';
SELECT events.maintain();
TABLE kept;
TABLE untrue;
-- of several rules the longest decides
SELECT events.retain('{audit,login}', '1 hour');
SELECT events.retain(types => '{audit.login,*}', keep => '2 days 1 hour');
SELECT events.maintain();
TABLE kept;
SELECT drops_at - last_recorded_at AS kept_for FROM events.storage WHERE closed ORDER BY lower LIMIT 1;
-- no rule covers them any more, and the partition is dropped
SELECT events.drop_retention_rule('{audit}');
SELECT events.oldest() AS oldest \gset
SELECT events.maintain();
SELECT events.oldest() > :oldest AS dropped;
-- one in a round where there are summaries to delete, and then the next round comes soon
SELECT events._is_thinning();
SELECT events.maintain();
SELECT events._is_thinning();
TABLE kept;
TABLE untrue;
-- what is derived goes with it, or in the next round
SELECT events.maintain();
TABLE stray;
COMMIT;
SELECT events.read(:oldest);
SELECT count(*) FROM events.read_subject('/s', 's1');

-- a partition is dropped, too, where all of it is covered by rules and nothing was deleted one by one
SET client_min_messages = error;
DROP EXTENSION events CASCADE;
CREATE EXTENSION events;
RESET client_min_messages;
CREATE VIEW kept AS SELECT tableoid::regclass AS partition, string_agg(DISTINCT type, ' ' ORDER BY type) AS types, count(*)
FROM events.event GROUP BY tableoid ORDER BY min(position);
CALL make_partition('20 days');
CALL make_partition('2 days');
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events.retain('{order}', '10 days');
SELECT events.retain('{*,trace}', '10 days');
SELECT events.retain(types => '{audit.*}', keep => '10 days');
CREATE TABLE deleted (n int);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO deleted VALUES (1); RETURN NULL; END $$;
CREATE TRIGGER note AFTER DELETE ON events.event_0 FOR EACH STATEMENT EXECUTE FUNCTION note();
SELECT events.maintain();
TABLE kept;
SELECT count(*) AS deletes FROM deleted;
COMMIT;
DROP TABLE deleted;
DROP FUNCTION note();

-- where something is in the way, it is tried anew in the round after the usual time, not at once
CALL make_partition('5 days');
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events.retain('{order}', '4 days');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not that one'; END $$;
SELECT relid AS refusing FROM events._partitions() ORDER BY lower LIMIT 1 OFFSET 1 \gset
CREATE TRIGGER refuse BEFORE DELETE ON :refusing FOR EACH STATEMENT EXECUTE FUNCTION refuse();
SELECT events.maintain();
SELECT events._is_thinning();
DROP TRIGGER refuse ON :refusing;
SELECT count(*) AS kept FROM :refusing;
SELECT events.maintain();
SELECT count(*) AS kept FROM :refusing;
ROLLBACK;

-- not from the partition that is written to, which the rules end when its time has come, once an hour at most
SELECT events.retain('{*}', '1 microsecond');
SELECT events.publish('debug.trace', '{}') IS NOT NULL AS published;
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT max(upper) AS ending FROM events._partitions() WHERE lower <= events.horizon() \gset
SELECT events.maintain();
SELECT events.horizon() < :ending - 1 AS written_to;
UPDATE events.event SET recorded_at = recorded_at - interval '2 hours' WHERE position >= (SELECT lower FROM events._partitions() WHERE upper = :ending);
SELECT events.maintain();
SELECT events.horizon() = :ending - 1 AS ended;
COMMIT;
SELECT events.drop_retention_rule(topic) FROM events.retention_rule WHERE topic IS NOT NULL;
SELECT events.drop_retention_rule(types => types) FROM events.retention_rule;

-- size: the oldest partitions go, and the current one is ended when it alone has a quarter of it
CALL make_partition('0');
CALL make_partition('0', 1000);
CALL make_partition('0', 1000);
SELECT events.publish('last', '{}') IS NOT NULL AS published;
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SET LOCAL events.search_index = off;
SELECT events.maintain();
SELECT events._removals(NULL, 0);
SELECT (sum(bytes) / 1024)::bigint AS kb, count(*) AS partitions FROM events.storage \gset
SELECT min(upper) AS ending FROM events.storage WHERE NOT closed \gset
SELECT bytes / 1024 AS oldest_kb FROM events.storage ORDER BY lower LIMIT 1 \gset
SELECT set_config('events.retention_size', (:kb)::text, true) IS NOT NULL AS set;
SELECT events.maintain();
SELECT count(*) = :partitions AS all_kept FROM events.storage;
SELECT set_config('events.retention_size', (:kb - 1)::text, true) IS NOT NULL AS set;
SELECT events.maintain();
SELECT count(*) = :partitions - 1 AS oldest_gone, sum(bytes) / 1024 + :oldest_kb = :kb AS no_more FROM events.storage;
SELECT events.horizon() < :ending - 1 AS written_to;
SELECT count(*) AS events FROM events.event \gset
SET LOCAL events.retention_size = 16;
-- dropping goes first: else partitions that fill in less than a round would all be kept
SELECT events.maintain();
SELECT count(*) < :events AS fewer, events.horizon() < :ending - 1 AS written_to FROM events.event;
SELECT count(events.maintain()) FROM generate_series(1, 10);
SELECT events.horizon() = :ending - 1 AS ended;
SELECT events.maintain();
SELECT events.maintain();
SELECT events.maintain();
SELECT count(*) FROM events.event;
SELECT bool_or(closed) AS closed_left FROM events.storage;
ROLLBACK;
-- size goes before rules
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SET LOCAL events.search_index = off;
SELECT events.retain('{order}', '1000 years');
SELECT set_config('events.retention_size', (:kb - 1)::text, true) IS NOT NULL AS set;
SELECT events.oldest() AS oldest \gset
SELECT events.maintain();
SELECT events.oldest() > :oldest AS dropped;
ROLLBACK;

-- settings that cannot be
SET events.retention = '-1 day';
SELECT events.maintain();
SET events.retention = '0';
SELECT drops_at IS NULL AS for_ever FROM events.storage LIMIT 1;
SET events.retention = '1 month -29 days';
SELECT events._retention();
SET events.retention = '300000 years';
SELECT events._retention();
RESET events.retention;
\set VERBOSITY sqlstate
SET events.retention_size = -1;
\set VERBOSITY default
SET events.retention_size = 'much';
SET events.retention_size = '10 GB';
SHOW events.retention_size;
RESET events.retention_size;
DROP VIEW kept;
DROP PROCEDURE make_partition;
