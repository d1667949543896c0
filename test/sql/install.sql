-- What CREATE EXTENSION brings, and to whom.
CREATE EXTENSION events;
SELECT extname, extrelocatable FROM pg_extension WHERE extname = 'events';

-- the schema belongs to the extension
SELECT d.deptype FROM pg_depend d
WHERE d.classid = 'pg_namespace'::regclass AND d.objid = 'events'::regnamespace
  AND d.refclassid = 'pg_extension'::regclass;

-- everything is commented
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'events'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'events'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
  AND NOT c.relispartition AND obj_description(c.oid, 'pg_class') IS NULL;

-- functions in SQL languages and SECURITY DEFINER ones pin their search_path
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'events'::regnamespace AND p.prokind <> 'a'
  AND (p.prosecdef OR l.lanname <> 'c')
  AND NOT coalesce(p.proconfig::text LIKE '%search_path=pg_catalog, pg_temp%', false);

-- publishing is never parallel, nothing is callable by PUBLIC
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'events'::regnamespace AND p.proname LIKE 'publish%' AND p.proparallel <> 'u';
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'events'::regnamespace
  AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0);
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'events'::regnamespace
  AND EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantee = 0);

-- one partition, which is no member of the extension, so that a dump carries it
SELECT relid, lower, upper FROM events._partitions();
SELECT count(*) FROM pg_depend
WHERE objid = 'events.event_0'::regclass AND deptype = 'e';

-- a planted schema is refused
CREATE DATABASE events_planted;
\c events_planted
CREATE SCHEMA events;
\set VERBOSITY terse
CREATE EXTENSION events;
\set VERBOSITY default
\c contrib_regression
DROP DATABASE events_planted;

-- a dump brings its own partitions: none is made while one is restored
DROP EXTENSION events;
SET row_security = off;
CREATE EXTENSION events;
SELECT count(*) FROM events._partitions();
SELECT events.maintain();
SELECT count(*) FROM events._partitions();
-- but the first event makes one
SELECT events.publish('install.first', '{}') IS NOT NULL AS published;
SELECT relid, lower, upper FROM events._partitions();
SELECT type, topic, data FROM events.read();
RESET row_security;

-- nothing is left behind
DROP EXTENSION events;
SELECT count(*) FROM pg_namespace WHERE nspname = 'events';
SELECT count(*) FROM pg_class WHERE relname LIKE 'event%' AND relnamespace::regnamespace::text NOT LIKE 'pg_%' AND relkind <> 'i';
CREATE EXTENSION events;
