-- Roles, and what an attacker may try with search_path.
SELECT events.horizon() AS start \gset
CREATE ROLE events_publisher;
CREATE ROLE events_reader;
CREATE ROLE events_relay;
CREATE ROLE events_admin;
CREATE ROLE events_nobody;
SELECT events.grant_role('events_publisher', 'publish');
SELECT events.grant_role('events_reader', 'read');
SELECT events.grant_role('events_relay', 'relay');
SELECT events.grant_role('events_admin', 'admin');
SELECT events.grant_role('events_nobody', 'everything');
SELECT events.grant_role('events_nobody', NULL);
SELECT events.grant_role('events_missing', 'read');

-- who may call what
SELECT p.proname, p.pronargs, string_agg(r.rolname, ' ' ORDER BY r.rolname) AS roles
FROM pg_proc p LEFT JOIN pg_roles r ON r.rolname LIKE 'events\_%' AND has_function_privilege(r.rolname, p.oid, 'EXECUTE')
WHERE p.pronamespace = 'events'::regnamespace
GROUP BY p.oid, p.proname ORDER BY p.proname, 2;

SET ROLE events_nobody;
SELECT events.publish('a', '{}');
RESET ROLE;
SET ROLE events_publisher;
SELECT events.publish('role', '1') IS NOT NULL AS published;
-- what is written on the way is the extension's
SELECT events.publish('role.once', '1', source => '/r', subject => 'r', id => 'r', expected_position => 0);
SELECT events.publish('role.once', '1', source => '/r', subject => 'r', id => 'r');
SELECT count(*) FROM events.duplicate;
SELECT count(*) FROM events.read();
SELECT count(*) FROM events.event;
INSERT INTO events.event DEFAULT VALUES;
SELECT nextval('events.position');
RESET ROLE;
SET ROLE events_reader;
SELECT data FROM events.read(:start, types => ARRAY['role']);
SELECT type, data FROM events.read_subject('/r', 'r');
SELECT count(*) FROM events.subject_event;
SELECT epoch = (SELECT epoch FROM events._relay_state()) AS epoch, worker_state IN ('running', 'none') AS worker_state FROM events.status;
SELECT events.publish('a', '{}');
SELECT events.maintain();
RESET ROLE;
SET ROLE events_relay;
SELECT count(*) FROM events._feed(:start, 10, 1000);
SELECT status FROM events._intake('{"type": "relayed"}', '{}');
SELECT events.maintain();
SELECT events._maintain() IS NOT NULL AS maintains;
SELECT count(*) > 0 AS sees_storage FROM events.storage;
SELECT events.new_epoch();
RESET ROLE;
SET ROLE events_admin;
SELECT count(*) > 0 AS reads_table FROM events.event;
SELECT events.grant_role('events_nobody', 'publish');
RESET ROLE;

-- the role at commit does not matter, the right at publish does
BEGIN;
SET LOCAL ROLE events_nobody;
SELECT events.publish('role', '2') IS NOT NULL AS published;
RESET ROLE;
SET LOCAL ROLE events_reader;
COMMIT;
BEGIN;
SET LOCAL ROLE events_publisher;
SELECT events.publish('role', '3') IS NOT NULL AS published;
RESET ROLE;
SELECT events.revoke_role('events_publisher', 'publish');
COMMIT;
SELECT data FROM events.read(:start, types => ARRAY['role']);
SET ROLE events_publisher;
SELECT events.publish('role', '4');
RESET ROLE;

-- an attacker's operators, functions and tables are not used
CREATE SCHEMA attack;
GRANT ALL ON SCHEMA attack TO PUBLIC;
SET ROLE events_nobody;
CREATE FUNCTION attack.boom(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'attacked as %', current_user; END $$;
CREATE OPERATOR attack.= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = attack.boom);
CREATE OPERATOR attack.<= (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = attack.boom);
CREATE OPERATOR attack.> (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = attack.boom);
CREATE FUNCTION attack.format(text, VARIADIC "any") RETURNS text LANGUAGE internal AS 'text_format';
CREATE FUNCTION attack.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'attacked'; END $$;
CREATE TABLE attack.event (LIKE pg_class);
SET search_path = attack, pg_catalog, public;
SELECT events.publish('attack', '1') IS NOT NULL AS published;
RESET ROLE;
SELECT data FROM events.read(:start, types => ARRAY['attack']);
SELECT events.maintain();
SELECT events.position_at('-infinity') IS NOT NULL AS answered;
SELECT count(*) FROM events.status;
SELECT events.grant_role('events_nobody', 'read');
-- also when a partition has to be made
SELECT setval('events.position', (SELECT max(upper) - 100 FROM events._partitions())) IS NOT NULL AS set;
SET ROLE events_nobody;
SELECT events.publish('attack', '2') IS NOT NULL AS published;
RESET ROLE;
RESET search_path;
SELECT count(*) FROM events._partitions() AS p, pg_class AS c
WHERE c.oid = p.relid AND c.relowner <> (SELECT relowner FROM pg_class WHERE oid = 'events.event'::regclass);
SELECT data FROM events.read(:start, types => ARRAY['attack']);
SET client_min_messages = warning;
DROP SCHEMA attack CASCADE;
RESET client_min_messages;
SELECT count(events.revoke_role(r::regrole, p)) FROM unnest(ARRAY['events_publisher', 'events_reader', 'events_relay', 'events_admin', 'events_nobody']) AS r,
       unnest(ARRAY['publish', 'read', 'relay', 'admin']) AS p;
DROP OWNED BY events_publisher, events_reader, events_relay, events_admin, events_nobody;
DROP ROLE events_publisher, events_reader, events_relay, events_admin, events_nobody;

-- publish is not for parallel workers
SELECT proparallel FROM pg_proc WHERE oid = 'events.publish(jsonb)'::regprocedure;
