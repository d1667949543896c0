-- Consumers that retention would take events from are named before, and what they have lost after it.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS events CASCADE;
CREATE EXTENSION events;
RESET client_min_messages;

-- a partition whose newest event is of 10 days ago, and one of today
CREATE PROCEDURE make_partition(age interval) LANGUAGE plpgsql AS $$
DECLARE
    p record;
BEGIN
    PERFORM events.publish(type, jsonb_build_object('n', n))
    FROM generate_series(1, 3) AS n, unnest('{order.created,debug.trace,audit.login}'::text[]) AS type;
    COMMIT;
    LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
    SELECT l.* INTO p FROM events._partitions() AS l, events._relay_state() AS s
    WHERE s.last_position >= l.lower AND s.last_position < l.upper;
    PERFORM events._advance_position(p.upper - 1);
    UPDATE events.event SET recorded_at = recorded_at - age WHERE position >= p.lower;
    PERFORM events.maintain(), events.maintain();
    COMMIT;
END $$;
CREATE VIEW at_risk AS SELECT consumers_at_risk FROM events.status;
CREATE VIEW lost AS SELECT name, lost_before FROM events.consumers WHERE lost_before IS NOT NULL ORDER BY name;
CALL make_partition('10 days');
SELECT events.create_consumer('all', start => 'earliest');
SELECT events.create_consumer('orders', start => 'earliest', topics => '{order}');
SELECT events.create_consumer('audit', start => 'earliest', types => '{audit.*}');
SELECT events.create_consumer('traces of 9', start => 'earliest', pattern => '{"type": ["debug.trace"], "data": {"n": [9]}}');
SELECT events.create_consumer('traces of 3', start => 'earliest', filter => 'type = "debug.trace" and data.n = 3');
SELECT events.create_consumer('in time', start => 'latest') > 0 AS created;
SELECT events.publish('order.created', '{"n": 4}') IS NOT NULL AS published;

BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
-- nothing is near its end
SET LOCAL events.retention = '20 days';
SELECT events.maintain();
TABLE at_risk;
-- the last quarter of its time has begun for what no rule protects
SELECT events.retain('{order}', '30 days');
SELECT events.retain(keep => '13 days', types => '{debug.trace}');
SET LOCAL events.retention = '100 days';
SELECT events.maintain();
TABLE at_risk;
-- once for each consumer and partition
SELECT events.maintain();
SET LOCAL events.retention = '12 days';
SELECT events.maintain();
TABLE at_risk;
SELECT events.maintain();
-- who goes on is not at risk any more; a hold protects, too
SELECT events.seek('all', 'latest') > 0 AS moved;
SELECT events.maintain();
TABLE at_risk;
SELECT events.hold('login', types => '{audit.login}');
SELECT events.maintain();
TABLE at_risk;
SELECT events.release_hold('login');
COMMIT;

-- it happens
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events.drop_retention_rule(types => '{debug.trace}');
SELECT events.retain('{debug}', '9 days');
SELECT events.maintain();
TABLE lost;
SELECT type, data FROM events.fetch('traces of 3');
SELECT data FROM events.fetch('orders');
-- and again, of the same partition
SELECT events.retain('{audit}', '9 days');
SELECT events.maintain();
TABLE lost;
SELECT events.maintain();
COMMIT;

-- all of the partition goes: the consumer is told when it comes
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events.drop_retention_rule('{order}');
SET LOCAL events.retention = '9 days';
SELECT events.maintain();
TABLE lost;
COMMIT;
SELECT events.fetch('orders');
-- and goes on from somewhere else
SELECT events.seek('orders', 'earliest') > 0 AS moved;
TABLE lost;
SELECT data FROM events.fetch('orders');
SELECT events.drop_consumer('audit');
SELECT consumer FROM events.consumer_loss ORDER BY consumer;
SELECT data FROM events.fetch('in time');

-- who had everything when it went, has lost nothing: neither a consumer nor a cursor
SELECT events.create_consumer('idle') > 0 AS created;
SELECT events.publish('order.created', '{"n": 5}') IS NOT NULL AS published;
SELECT data FROM events.fetch('idle');
SELECT events.acknowledge('idle', max(position)) = max(position) AS done FROM events.fetch('idle');
SELECT max(position) AS cursor FROM events.event \gset
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events._advance_position(min(upper) - 1) FROM events._partitions() WHERE upper > events.horizon();
SELECT events.maintain();
SELECT events.maintain();
SET LOCAL events.retention = '1 microsecond';
SELECT events.maintain();
SELECT count(*) FROM events.event;
COMMIT;
SELECT events.oldest() > :cursor + 1 AS gone;
SELECT count(*) FROM events.fetch('idle');
SELECT count(*) FROM events.read(:cursor);
\set VERBOSITY sqlstate
SELECT count(*) FROM events.read(:cursor - 1);
\set VERBOSITY default
SELECT events.publish('order.created', '{"n": 6}') IS NOT NULL AS published;
SELECT data FROM events.fetch('idle');
SELECT data FROM events.read(:cursor);
SELECT data FROM events.read(events.oldest() - 1);
-- but what others have dropped, nobody knows
SELECT events._advance_position(min(upper) - 1) FROM events._partitions() WHERE upper > events.horizon();
SELECT events.maintain();
SELECT format('DROP TABLE %s', relid) FROM events._partitions() ORDER BY lower LIMIT 1 \gexec
\set VERBOSITY sqlstate
SELECT events.read(:cursor);
\set VERBOSITY default

-- by size
CALL make_partition('0');
CALL make_partition('0');
SELECT events.create_consumer('slow', start => 'earliest') > 0 AS created;
SELECT (sum(bytes) / 1024)::bigint + 1 AS kb FROM events.storage \gset
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events.drop_retention_rule(topic) FROM events.retention_rule;
SELECT set_config('events.retention_size', (:kb)::text, true) IS NOT NULL AS set;
\set VERBOSITY terse
SELECT events.maintain();
\set VERBOSITY default
SELECT 'slow' = ANY (consumers_at_risk) AS slow FROM at_risk;
SELECT count(*) AS lost FROM lost WHERE name = 'slow';
ROLLBACK;
SELECT events.drop_consumer(name) FROM events.consumer;
SELECT count(*) FROM events.consumer_loss;
DROP VIEW at_risk, lost;
DROP PROCEDURE make_partition;

-- a filter that takes long with each event does not hold up maintenance: it goes on in the next round
SET client_min_messages = error;
DROP EXTENSION events CASCADE;
CREATE EXTENSION events;
RESET client_min_messages;
SELECT count(events.publish('slow', jsonb_build_object('n', (SELECT jsonb_agg(i) FROM generate_series(1, 90) AS i))))
FROM generate_series(1, 1500);
SELECT events.create_consumer('slow', start => 'earliest', filter => 'count(for x in data.n, y in data.n return x * y) < 3') IS NOT NULL AS made;
SELECT w.wants, w.looked_up_to < 1500 AS later
FROM events.consumer AS c, events._consumer_wants(c, 0, 'events.event_0', 'true') AS w;
SELECT w.wants, w.looked_up_to IS NULL AS all_looked_at
FROM events.consumer AS c, events._consumer_wants(c, 1499, 'events.event_0', 'true') AS w;
SELECT events.drop_consumer('slow');
SET client_min_messages = error;
DROP EXTENSION events CASCADE;
CREATE EXTENSION events;
