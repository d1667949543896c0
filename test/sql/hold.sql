-- Legal holds: what they cover is kept, whatever age, size and rules say.
SET client_min_messages = error;
DROP EXTENSION IF EXISTS events CASCADE;
CREATE EXTENSION events;
RESET client_min_messages;
-- without summaries of search a round drops more than one partition
SET events.search_index = off;

-- what makes no sense is refused
SELECT events.hold(NULL);
SELECT events.hold('');
SELECT events.hold(repeat('x', 201));
SELECT events.hold('h', topics => '{}');
SELECT events.hold('h', topics => '{order,NULL,created}');
SELECT events.hold('h', topics => '{{{order}}}');
SELECT events.hold('h', topics => '{{order},{NULL}}');
SELECT events.hold('h', topics => '{{order,created},{order,NULL}}'), events.release_hold('h');
SELECT events.hold('h', types => '{""}');
SELECT events.hold('h', from_time => '2026-01-02Z', to_time => '2026-01-02Z');
SELECT events.hold('h', reason => 'all of it');
SELECT events.hold('h', types => '{order.*}');
SELECT name, topics, types, subject, reason, held_by = session_user AS by_me, created_at <= clock_timestamp() AS now FROM events.legal_hold;
SELECT events.release_hold('h');
SELECT events.release_hold('h');
SELECT events.release_hold(NULL);

-- two partitions, of 40 and of 20 days ago
CREATE PROCEDURE make_partition(age interval) LANGUAGE plpgsql AS $$
DECLARE
    p record;
BEGIN
    PERFORM events.publish(type, '{}', subject => 's' || n)
    FROM generate_series(1, 3) AS n, unnest('{order.created,order.paid,audit.login}'::text[]) AS type;
    COMMIT;
    LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
    SELECT l.* INTO p FROM events._partitions() AS l, events._relay_state() AS s
    WHERE s.last_position >= l.lower AND s.last_position < l.upper;
    PERFORM events._advance_position(p.upper - 1);
    UPDATE events.event SET recorded_at = date_trunc('day', now()) - age + (position - p.lower) * interval '1 minute' WHERE position >= p.lower;
    PERFORM events.maintain(), events.maintain();
    COMMIT;
END $$;
CALL make_partition('40 days');
CALL make_partition('20 days');
CREATE VIEW kept AS
SELECT dense_rank() OVER (ORDER BY tableoid) AS partition, type, string_agg(subject, ' ' ORDER BY subject) AS subjects
FROM events.event GROUP BY tableoid, type ORDER BY 1, 2;

-- by age
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SET LOCAL events.retention = '10 days';
SELECT events.hold('case 1', topics => '{order,*}', subject => 's2', reason => 'case 1');
SELECT lower, condition FROM events._removals('10 days', 0);
SELECT on_hold, drops_at FROM events.storage WHERE closed;
SELECT events.maintain();
TABLE kept;
SELECT events.oldest() AS oldest;
SELECT events.release_hold('case 1');
SELECT events.maintain();
TABLE kept;
ROLLBACK;

-- by size
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SET LOCAL events.retention_size = 16;
SELECT events.hold('case 2', types => '{audit.*}');
SELECT events.maintain();
SELECT events.maintain();
TABLE kept;
ROLLBACK;

-- by rules; a hold that covers more than one subject, and another one
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SELECT events.retain('{order}', '30 days');
SELECT events.hold('case 3', subject => 's''3');
SELECT events.hold('case 4', subject => 's1', types => '{order.paid}');
SELECT events.maintain();
TABLE kept;
ROLLBACK;

-- a time: partitions outside of it are dropped
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SET LOCAL events.retention = '10 days';
SELECT min(recorded_at) AS first FROM events.event WHERE recorded_at > now() - interval '30 days' \gset
SELECT events.hold('from', from_time => :'first'::timestamptz + '6 minutes');
SELECT events.hold('to', from_time => :'first'::timestamptz - interval '1 hour', to_time => :'first'::timestamptz + '2 minutes');
SELECT condition = 'true' AS all_of_it FROM events._removals('10 days', 0);
SET LOCAL datestyle = 'Postgres, DMY';
SET LOCAL timezone = 'Asia/Kolkata';
SELECT on_hold FROM events.storage ORDER BY lower;
SELECT events.maintain();
RESET datestyle;
RESET timezone;
SELECT position - min(position) OVER () AS position, recorded_at - :'first' AS later FROM events.event ORDER BY position;
ROLLBACK;

-- a hold that may cover some, but covers none, does not keep the partition
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SET LOCAL events.retention = '10 days';
SELECT events.hold('nothing', subject => 'nobody');
SELECT events.maintain();
TABLE kept;
SELECT count(*) FROM events.partition;
ROLLBACK;

-- a released hold, and a hold of another name, change what is begun
BEGIN;
LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
SET LOCAL events.retention = '30 days';
SELECT events.hold('a', subject => 's1');
SELECT events.hold('b', subject => 's2');
SELECT events.maintain();
TABLE kept;
SELECT events.release_hold('a');
SELECT events.maintain();
TABLE kept;
SELECT events.hold('c', subject => 's2');
SELECT events.release_hold('b');
SELECT events.maintain();
TABLE kept;
SELECT events, removed FROM events.partition ORDER BY lower;
ROLLBACK;

-- a role with admin may do all that, one that reads sees what is stored
CREATE ROLE regress_keeper;
SELECT events.grant_role('regress_keeper', 'admin');
CREATE ROLE regress_reader;
SELECT events.grant_role('regress_reader', 'read');
SET ROLE regress_keeper;
SELECT events.hold('k');
SELECT name FROM events.legal_hold;
SELECT events.release_hold('k');
SELECT events.retain('{k}', '1 day');
SELECT keep FROM events.retention_rule;
SELECT events.drop_retention_rule('{k}');
SET ROLE regress_reader;
SELECT count(*) > 0 AS seen, count(first_recorded_at) > 0 AS times FROM events.storage;
SELECT consumers_at_risk FROM events.status;
SELECT events.hold('k');
SELECT events.retain('{k}', '1 day');
SELECT * FROM events.legal_hold;
RESET ROLE;
DROP OWNED BY regress_keeper, regress_reader;
DROP ROLE regress_keeper, regress_reader;
DROP VIEW kept;
DROP PROCEDURE make_partition;
RESET events.search_index;
