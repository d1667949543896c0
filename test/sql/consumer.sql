-- Named consumers: fetch, acknowledge, seek, groups, nack, dead letters, redrive.
SELECT events.horizon() AS start \gset
SELECT events.create_consumer('one') = :start AS latest, events.create_consumer('early', start => 'earliest') = events.oldest() - 1 AS earliest,
       events.create_consumer('at', start => :'start') = :start AS at_position, events.create_consumer('time', start => '1999-01-01') = events.oldest() - 1 AS at_time,
       events.create_consumer('cursor', start => (SELECT epoch FROM events.status) || '-' || lpad(:'start', 19, '0')) = :start AS at_cursor;
SELECT count(events.publish(CASE WHEN n % 2 = 0 THEN 'order.even' ELSE 'order.odd' END, jsonb_build_object('n', n, 'customer', jsonb_build_object('id', n % 3)), subject => 'k' || n % 3))
FROM generate_series(1, 10) AS n;
CREATE FUNCTION got(name text, max_count int DEFAULT 100, member text DEFAULT NULL) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT string_agg(data ->> 'n', ' ' ORDER BY position) FROM events.fetch(name, max_count, member => member) $$;
CREATE FUNCTION at(n int) RETURNS bigint LANGUAGE sql AS $$ SELECT position FROM events.event WHERE (data ->> 'n')::int = n AND type LIKE 'order.%' ORDER BY position DESC LIMIT 1 $$;

-- what is not acknowledged comes again
SELECT got('one', 3) AS first, got('one', 2) AS again, events.acknowledge('one', at(2)) = at(2) AS done;
SELECT got('one', 3) AS next, events.acknowledge('one', at(1)) = at(2) AS "older does nothing", events.acknowledge('one', NULL) AS "nor does NULL";
SELECT got('one', NULL) AS "all";
BEGIN;
SELECT got('one', 3), events.acknowledge('one', at(5)) = at(5) AS done;
SAVEPOINT a;
SELECT got('one', 3), events.acknowledge('one', at(8)) = at(8) AS done;
ROLLBACK TO a;
SELECT got('one', 3);
ROLLBACK;
SELECT got('one', 3) AS "nothing happened";
SELECT events.acknowledge('one', max(position)) = at(10) AS "in one statement" FROM events.fetch('one');
SELECT got('one') AS "nothing left";
-- fetch alone writes nothing
SELECT count(*) AS rows FROM events.consumer_state WHERE consumer = 'at' \gset
SELECT got('at');
SELECT count(*) - :rows AS "its own row, and the pool's" FROM events.consumer_state WHERE consumer = 'at';
SELECT count(*) AS rows FROM events.consumer_state WHERE consumer = 'at' \gset
SELECT got('at', 5), got('at', 5);
SELECT count(*) - :rows AS "then nothing" FROM events.consumer_state WHERE consumer = 'at';

-- filters
SELECT events.create_consumer('even', types => '{order.even}', start => :'start') IS NOT NULL AS a,
       events.create_consumer('topic', topics => '{order,odd}', start => :'start') IS NOT NULL AS b,
       events.create_consumer('pattern', pattern => '{"data": {"n": [{"numeric": [">", 7]}]}}', start => :'start') IS NOT NULL AS c,
       events.create_consumer('filter', filter => 'n < 4 and type = "order.odd"', start => :'start') IS NOT NULL AS d;
SELECT got('even') AS even, got('topic') AS topic, got('pattern') AS pattern, got('filter') AS filter;
-- what does not match is passed over once
SELECT count(events.publish('noise', '{}')) FROM generate_series(1, 1100);
SELECT events.acknowledge('even', at(10)) = at(10) AS done, got('even') AS nothing;
SELECT position = events.horizon() AS passed FROM events.consumers WHERE name = 'even';

-- seek
SELECT events.seek('one', 'earliest') = events.oldest() - 1 AS earliest;
SELECT events.seek('one', :'start') = :start AS at_position, got('one', 2);
SELECT events.seek('one', 'latest') = events.horizon() AS latest, got('one', 2);
SELECT events.seek('one', :'start') = :start AS back;
SELECT events.acknowledge('one', at(3));
SELECT got('one', 2);
SELECT events.acknowledge('one', at(3)) = at(3) AS done;

-- groups: members share, by key
SELECT events.create_consumer('group', key => 'data.n', start => :'start', lease => '1 hour', types => '{order.*}') IS NOT NULL AS made;
SELECT got('group', member => 'a') AS "the first has all", got('group', member => 'b') AS "the second nothing yet";
SELECT got('group', member => 'a') AS a, got('group', member => 'b') AS b;
SELECT member, shares FROM events.consumer_members WHERE consumer = 'group' ORDER BY member;
SELECT got('group', member => 'c') AS "c joins", got('group', member => 'a') AS a, got('group', member => 'b') AS b, got('group', member => 'c') AS c;
SELECT member, shares FROM events.consumer_members WHERE consumer = 'group' ORDER BY member;
-- each has its own
CREATE TABLE had AS SELECT m.member, f.position FROM (VALUES ('a'), ('b'), ('c')) AS m(member), LATERAL events.fetch('group', member => m.member) AS f;
SELECT count(*) AS ten, count(DISTINCT position) AS different, count(DISTINCT member) AS members FROM had;
-- one acknowledges, and leaves: the others get what is not acknowledged
SELECT count(events.acknowledge('group', (SELECT max(position) FROM had), m)) AS acknowledged FROM (VALUES ('a'), ('b')) AS v(m);
SELECT events.leave('group', 'c') AS left, events.leave('group', 'c') AS again, events.leave('group', 'never') AS never;
SELECT got('group', member => 'a') IS NOT DISTINCT FROM NULL AS unused, events.acknowledge('group', at(1), 'c');
SELECT string_agg(f.position::text, ' ' ORDER BY f.position) = (SELECT string_agg(position::text, ' ' ORDER BY position) FROM had WHERE member = 'c') AS "those of c"
FROM (VALUES ('a'), ('b')) AS m(member), LATERAL events.fetch('group', member => m.member) AS f;
SELECT member, shares FROM events.consumer_members WHERE consumer = 'group' ORDER BY member;
-- the position of the group is that of the last
SELECT position < (SELECT max(position) FROM had) AS behind, members, lag_events > 0 AS lags FROM events.consumers WHERE name = 'group';
-- a lease that has run out
SELECT events.create_consumer('lapse', key => 'subject', start => :'start', lease => '1 ms', types => '{order.*}') IS NOT NULL AS made;
SELECT got('lapse', member => 'a') AS a;
DO $$ BEGIN WHILE EXISTS (SELECT FROM events.consumer_members WHERE consumer = 'lapse' AND leased_until >= clock_timestamp()) LOOP END LOOP; END $$;
SELECT got('lapse', member => 'b') AS "b takes over";
SELECT events.acknowledge('lapse', at(10), 'a');
SELECT events.acknowledge('lapse', at(10), 'b') = at(10) AS done;
-- more members than shares
SELECT events.create_consumer('two', key => 'subject', shares => 2, start => :'start', types => '{order.*}') IS NOT NULL AS made;
SELECT format('SELECT got(%L, member => %L) IS NOT NULL AS %s', 'two', m, m) FROM unnest('{a,b,c,a,b,c}'::text[]) WITH ORDINALITY AS v(m, n) ORDER BY n \gexec
SELECT member, shares FROM events.consumer_members WHERE consumer = 'two' ORDER BY member;
-- keys: an expression; null goes by id; a member is the session by default
SELECT events.create_consumer('feel', key => 'data.customer.id', start => :'start', types => '{order.*}') IS NOT NULL AS made,
       events.create_consumer('null', key => 'nothing', start => :'start', types => '{order.*}') IS NOT NULL AS made;
SELECT got('feel') AS feel, got('null') AS "null";
SELECT member LIKE 'session %' AS session, shares FROM events.consumer_members WHERE consumer = 'feel' AND member <> '*';

-- nack without a key: nothing overtakes
SELECT events.create_consumer('strict', start => :'start', types => '{order.*}', max_attempts => 3, retry_delay => '1 h') IS NOT NULL AS made;
SELECT got('strict', 3) AS first, events.nack('strict', at(2), 'no such customer', sqlstate => 'P0002');
SELECT got('strict') AS "not before an hour is over";
SELECT position = at(1) AS before_it, retrying, attempts, dead FROM events.consumers WHERE name = 'strict';
SELECT member, attempts, round(extract(epoch FROM not_before - now()) / 3600) AS hours, reason FROM events.consumer_members WHERE consumer = 'strict' AND member = '';
SELECT events.nack('strict', at(2), 'no', delay => '0'), got('strict', 3) AS "due at once";
SELECT events.nack('strict', at(2), 'the last time', sqlstate => 'P0002'), got('strict', 3) AS "goes on";
SELECT position = at(2) AS it, attempts, reason, sqlstate, data -> 'n' AS n FROM events.dead_letter WHERE consumer = 'strict';
-- of the next one attempts count anew
SELECT events.nack('strict', at(3), 'no', delay => '0'), got('strict', 1);
SELECT attempts, dead FROM events.consumers WHERE name = 'strict';
SELECT events.acknowledge('strict', at(3)) = at(3) AS done;
SELECT attempts FROM events.consumers WHERE name = 'strict';
SELECT events.redrive('strict') AS redriven, events.redrive('strict') AS nothing;
SELECT got('strict', 2) AS "beside the others";
SELECT events.acknowledge('strict', at(2)) = at(3) AS done, got('strict', 2) AS "and done";
\set VERBOSITY sqlstate
SELECT events.nack('strict', at(1)) AS "it is acknowledged";
SELECT events.nack('strict', events.horizon() + 1000000000);
\set VERBOSITY default

-- back-off
SELECT events.create_consumer('slow', start => :'start', types => '{order.*}', max_attempts => 100) IS NOT NULL AS made, got('slow', 1);
CREATE FUNCTION delay() RETURNS numeric LANGUAGE sql VOLATILE AS
$$ SELECT round(extract(epoch FROM not_before - clock_timestamp())) FROM events.consumer_members WHERE consumer = 'slow' AND member = '' $$;
SELECT n, events.nack('slow', at(1)) AS answer, delay() AS seconds FROM generate_series(1, 12) AS n;

-- nack with a key: only events of the same key wait
SELECT events.create_consumer('keyed', key => 'subject', start => :'start', types => '{order.*}', max_attempts => 2, retry_delay => '1 h') IS NOT NULL AS made;
SELECT got('keyed', 5, 'a') AS first, events.nack('keyed', at(2), 'no', member => 'a');
SELECT got('keyed', 5, 'a') AS "without 2, 5, 8", got('keyed', 5, 'a') AS "and again";
SELECT position - :start AS position, subject, attempts, not_before > now() AS later, member, reason FROM events.redelivery WHERE consumer = 'keyed' ORDER BY position;
SELECT events.acknowledge('keyed', at(9), 'a') = at(9) AS done, got('keyed', 5, 'a') AS next;
SELECT retrying, attempts, dead FROM events.consumers WHERE name = 'keyed';
-- due: it comes before the others, and those behind it come too, in order
UPDATE events.redelivery SET not_before = now() WHERE consumer = 'keyed' AND attempts > 0;
SELECT got('keyed', 2, 'a') AS due, got('keyed', 5, 'a') AS "all are", events.acknowledge('keyed', at(2), 'a') = at(9) AS done;
-- fails at the second: the third waits again, and is not taken for done
SELECT got('keyed', 5, 'a') AS next, events.nack('keyed', at(5), 'no', member => 'a');
SELECT got('keyed', 5, 'a') AS "without them", events.acknowledge('keyed', at(10), 'a') = at(10) AS done;
SELECT position - :start AS position, attempts, not_before > now() AS later, member FROM events.redelivery WHERE consumer = 'keyed' ORDER BY position;
UPDATE events.redelivery SET not_before = now() WHERE consumer = 'keyed' AND attempts > 0;
-- fetched, not acknowledged: they stay, also when another takes over
SELECT got('keyed', 5, 'a') AS again, events.leave('keyed', 'a') AS left;
SELECT got('keyed', 5, 'b') AS b, events.acknowledge('keyed', at(5), 'b') >= at(10) AS done;
SELECT got('keyed', 5, 'b') AS b, events.nack('keyed', at(8), 'one', '0', 'b') AS once, events.nack('keyed', at(8), 'two', member => 'b') AS twice;
SELECT got('keyed', 5, 'b') AS "the key goes on", retrying, dead FROM events.consumers WHERE name = 'keyed';
-- a dead letter is delivered again before later events of its key
SELECT events.redrive('keyed', at(8)) AS one, events.redrive('keyed', at(8)) AS none;
SELECT count(events.publish('order.late', jsonb_build_object('n', n), subject => 'k' || n % 3)) FROM generate_series(11, 13) AS n;
SELECT got('keyed', 5, 'b') AS "8 before 11", events.nack('keyed', at(8), 'no', member => 'b');
SELECT got('keyed', 5, 'b') AS "11 waits for it", events.acknowledge('keyed', at(13), 'b') = at(13) AS done;
UPDATE events.redelivery SET not_before = NULL WHERE consumer = 'keyed';
SELECT got('keyed', 5, 'b') AS "now they come", events.acknowledge('keyed', at(13), 'b') = at(13) AS done;
SELECT got('keyed', 5, 'b') AS nothing, count(*) AS rows FROM events.redelivery WHERE consumer = 'keyed';

-- so many may wait, not more
SELECT events.create_consumer('full', key => 'subject', start => :'start', types => '{order.*}', retry_delay => '1 h') IS NOT NULL AS made;
SET events.max_redeliveries = 2;
SELECT got('full', 1, 'a'), events.nack('full', at(1), member => 'a');
SELECT got('full', 100, 'a') AS "4 waits, 7 stops it";
SELECT events.nack('full', at(2), member => 'a') AS "cannot be put aside";
SELECT got('full', 100, 'a') AS "so all wait";
SELECT count(*) FROM events.redelivery WHERE consumer = 'full';
RESET events.max_redeliveries;

-- what is left after clearing up is what counts
CREATE TABLE before AS SELECT * FROM events.consumer_members;
SELECT events._clean_consumers();
SELECT count(*) = 0 AS "nothing changed" FROM (
    SELECT * FROM before WHERE shares > 0 OR leased_until > now() OR member = '*' EXCEPT SELECT * FROM events.consumer_members) AS d;
SELECT count(*) > 0 AS some, count(*) = count(DISTINCT (consumer, member)) AS "one row for each" FROM events.consumer_state;
SELECT got('strict', 2);

-- arguments
SELECT events.create_consumer('one');
SELECT events.create_consumer('');
SELECT events.create_consumer(NULL);
SELECT events.create_consumer('bad', shares => 0);
SELECT events.create_consumer('bad', lease => '0');
SELECT events.create_consumer('bad', lease => NULL);
SELECT events.create_consumer('bad', max_attempts => 0);
SELECT events.create_consumer('bad', retry_delay => '-1 s');
SELECT events.create_consumer('bad', filter => '1 +');
SELECT events.create_consumer('bad', key => '1 +');
SELECT events.create_consumer('bad', pattern => '{"type": 1}');
SELECT events.create_consumer('bad', start => 'soon');
\set VERBOSITY sqlstate
SELECT events.create_consumer('bad', start => 'xxxxxxxx-0000000000000000001');
SELECT events.create_consumer('bad', start => '99999999999999');
SELECT events.create_consumer('bad', start => '2026-13-13');
SELECT events.seek('one', '99999999999999');
SELECT events.acknowledge('one', events.horizon() + 1000000000);
\set VERBOSITY default
SELECT events.fetch('nobody');
SELECT events.fetch('one', 0);
SELECT events.fetch('one', wait => '-1 s');
SELECT events.fetch('one', wait => '1 day');
SELECT events.fetch('one', member => '*');
SELECT events.acknowledge('nobody', 1);
SELECT events.nack('one', NULL);
SELECT events.redrive('one', -1);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events.fetch('one');
ROLLBACK;
BEGIN READ ONLY;
SELECT events.acknowledge('one', 1);
ROLLBACK;
SELECT count(*) AS "none was made" FROM events.consumer WHERE name = 'bad';

-- whose it is
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
CREATE ROLE regress_member IN ROLE regress_owner;
SELECT events.grant_role('regress_owner', 'read'), events.grant_role('regress_other', 'read');
SET ROLE regress_owner;
SELECT events.create_consumer('own', start => :'start', types => '{order.*}') IS NOT NULL AS made;
SELECT data -> 'n' AS n FROM events.fetch('own', 1);
SELECT name, owner, position - :start AS position, members FROM events.consumers WHERE name = 'own';
SET ROLE regress_other;
SELECT events.fetch('own');
SELECT events.acknowledge('own', 1);
SELECT events.drop_consumer('own');
SET ROLE regress_member;
SELECT data -> 'n' AS n FROM events.fetch('own', 1);
SELECT events.nack('own', position, 'no', '0') FROM events.fetch('own', 1);
RESET ROLE;
SELECT data -> 'n' AS n FROM events.fetch('own', 1);
SELECT events.drop_consumer('own');
SELECT events.revoke_role('regress_owner', 'read'), events.revoke_role('regress_other', 'read');
REVOKE USAGE ON SCHEMA events FROM regress_owner, regress_other;
DROP ROLE regress_member, regress_other, regress_owner;

-- an event on which filter or key passes a limit stops nobody: it is a dead letter at once
SELECT events.create_consumer('limited', types => '{limit.*}', filter => 'every n in data.list satisfies n > 0') > 0 AS made;
SELECT events.create_consumer('limited key', types => '{limit.*}', key => 'count(data.list[item > 0])') > 0 AS made;
SELECT events.publish('limit.' || n, jsonb_build_object('list', (SELECT jsonb_agg(i) FROM generate_series(1, size) AS i)))
    IS NOT NULL AS published
FROM (VALUES (1, 3), (2, 2000), (3, 5), (4, 2001)) AS v (n, size);
SET events.filter_step_limit = 1000;
SELECT type FROM events.fetch('limited');
SELECT type FROM events.fetch('limited key', member => 'a');
SELECT consumer, type, attempts, reason, sqlstate FROM events.dead_letter WHERE consumer LIKE 'limited%' ORDER BY 1, 2;
SELECT events.acknowledge('limited', max(position)) > 0 AS acknowledged FROM events.fetch('limited');
SELECT type FROM events.fetch('limited');
SELECT max(ordinal) AS ordinal FROM events.consumer_members WHERE consumer = 'limited' \gset
SELECT type FROM events.fetch('limited');
SELECT max(ordinal) = :ordinal AS nothing_written FROM events.consumer_members WHERE consumer = 'limited';
SELECT events.redrive('limited');
SELECT type FROM events.fetch('limited');
SELECT count(*) AS dead FROM events.dead_letter WHERE consumer = 'limited';
RESET events.filter_step_limit;

-- a consumer of the same name is another one, also for a session that knew the first
SELECT events.drop_consumer('even');
SELECT got('even');
SELECT events.create_consumer('even', types => '{order.odd}', start => :'start') = :start AS made, got('even');
SELECT count(events.drop_consumer(name)) AS dropped FROM events.consumer;
SELECT count(*) FROM events.consumer_state;
SELECT count(*) FROM events.redelivery;
SELECT count(*) FROM events.dead_letter;
DROP TABLE had, before;
DROP FUNCTION got, at, delay;
