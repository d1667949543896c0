-- A tracked table that is altered: options, triggers of partitions and children, schemas.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT events.horizon() AS start \gset
CREATE SCHEMA follow;
SET search_path = follow;
CREATE VIEW tracked AS
    SELECT "table", type, columns, "when", key, operations, inherited, enabled FROM events.tracked_tables ORDER BY "table"::text;
CREATE VIEW published AS SELECT * FROM events.event WHERE position > :start;
CREATE VIEW registered AS
    SELECT t.name, t.schema_uri FROM events.type AS t
    WHERE t.schema_uri LIKE '/table/%' AND t.name !~ '(truncated|deleted|updated)$' ORDER BY t.name;

-- ---- partitions, at any depth: made, attached, detached
CREATE TABLE measure (id int, at date, v int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE m20 PARTITION OF measure FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
SELECT events.track('measure');
CREATE TABLE m21 PARTITION OF measure FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') PARTITION BY RANGE (at);
CREATE TABLE m21a PARTITION OF m21 FOR VALUES FROM ('2021-01-01') TO ('2021-06-01');
CREATE TABLE m22 (LIKE measure INCLUDING ALL);
CREATE TABLE m23 (LIKE measure INCLUDING ALL) PARTITION BY RANGE (at);
CREATE TABLE m23a PARTITION OF m23 DEFAULT;
SELECT "table", operations, inherited FROM tracked;
ALTER TABLE measure ATTACH PARTITION m22 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
ALTER TABLE measure ATTACH PARTITION m23 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
SELECT "table", operations, inherited FROM tracked;
ALTER TABLE measure DETACH PARTITION m21;
ALTER TABLE measure DETACH PARTITION m23 CONCURRENTLY;
SELECT "table", inherited FROM tracked;
ALTER TABLE measure ATTACH PARTITION m21 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO measure VALUES (1, '2020-05-05', 1), (2, '2021-02-02', 2);
INSERT INTO m21 VALUES (3, '2021-02-02', 2);
INSERT INTO m21a VALUES (4, '2021-02-02', 2);
INSERT INTO m23 VALUES (5, '2023-01-01', 1);
UPDATE measure SET at = '2021-03-03' WHERE id = 1;
TRUNCATE measure;
SELECT type, subject, dataschema, data, events.is_valid(data, dataschema) FROM published WHERE type LIKE 'measure.%' ORDER BY position;
-- what is tracked because it is a partition is not untracked by itself
SELECT events.untrack('m21');
-- but it can be tracked in its own way, which it keeps
SELECT events.track('m21', type => 'special.{operation}', operations => '{insert}');
SELECT "table", type, operations, inherited FROM tracked;
SELECT events.untrack('measure');
SELECT "table", type, operations, inherited FROM tracked;
SELECT events.track('measure', operations => '{delete,insert}');
SELECT "table", type, operations, inherited FROM tracked;
ALTER TABLE measure DETACH PARTITION m21;
SELECT "table", type, operations, inherited FROM tracked;
ALTER TABLE measure ATTACH PARTITION m21 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
SELECT events.untrack('m21');
SELECT "table", type, operations, inherited FROM tracked;

-- ---- a renamed column is renamed in the options, here and below
ALTER TABLE measure RENAME id TO nr;
ALTER VIEW measure RENAME COLUMN nr TO number;
SELECT "table", key FROM tracked;
INSERT INTO measure VALUES (6, '2021-02-02', 1);
INSERT INTO m20 VALUES (7, '2020-02-02', 1);
SELECT subject, dataschema, data FROM published WHERE type = 'measure.inserted' ORDER BY position DESC LIMIT 2;
CREATE SCHEMA inner_schema CREATE TABLE m25 PARTITION OF follow.measure FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
SELECT "table", key FROM tracked WHERE inherited AND "table"::text LIKE 'inner%';
DROP TABLE measure;
DROP SCHEMA inner_schema;
SELECT count(*) FROM tracked;

-- ---- inheritance
CREATE TABLE parent (a int, status text);
CREATE TABLE child (b int) INHERITS (parent);
SELECT events.track('parent', columns => '{status}', redact => '{"a": "hash"}',
    "when" => 'new . "status" = ''status'' OR (new.a /* new.status */ > 1 and old.status is null AND (new).a > 0)');
CREATE TABLE grandchild () INHERITS (child);
CREATE TEMPORARY TABLE passing () INHERITS (parent);
SELECT "table", inherited FROM tracked;
ALTER TABLE parent RENAME status TO "Sta tus";
SELECT DISTINCT "when", columns FROM tracked;
-- what cannot be found in the text is told
ALTER TABLE parent RENAME a TO x;
SELECT DISTINCT "when" FROM tracked;
ALTER TABLE child NO INHERIT parent;
SELECT "table" FROM tracked;
ALTER TABLE child INHERIT parent;
SELECT "table" FROM tracked;
-- two tables above
CREATE TABLE parent2 (z int);
SELECT events.track('parent2');
CREATE TABLE both_of_them () INHERITS (parent, parent2);
SELECT "table", type FROM tracked WHERE inherited;
SELECT events.untrack('parent');
SELECT "table", type FROM tracked WHERE inherited;
SELECT events.untrack('parent2');
SELECT count(*) FROM tracked;
DROP TABLE parent, parent2 CASCADE;

-- ---- a trigger that is disabled stays so when its options follow
CREATE TABLE disabled (id int PRIMARY KEY);
SELECT events.track('disabled');
ALTER TABLE disabled DISABLE TRIGGER events_track_update;
ALTER TABLE disabled RENAME id TO nr;
SELECT key, enabled FROM tracked;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'disabled'::regclass ORDER BY 1;
DROP TABLE disabled;

-- ---- schemas get new versions as the columns change
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN code AS varchar(5);
CREATE TABLE item (id int PRIMARY KEY, name varchar(10), mood mood, pair pair, codes code[], code code, n int);
SELECT events.track('item');
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
-- minor: older events are still valid
ALTER TABLE item ADD extra int NOT NULL DEFAULT 0;
ALTER TABLE item ALTER name TYPE varchar(20);
ALTER TYPE mood ADD VALUE 'great';
ALTER TYPE pair ADD ATTRIBUTE c int;
ALTER TABLE item ALTER extra DROP NOT NULL;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
SELECT body->'$defs'->'row'->'required' AS required FROM events.schema WHERE uri = '/table/follow.item/inserted/1.5.0';
-- major: they are not, or a reader misses something
ALTER TABLE item DROP n;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
ALTER TABLE item RENAME name TO title;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
ALTER TYPE mood RENAME VALUE 'sad' TO 'bad';
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
ALTER TABLE item ALTER title SET NOT NULL;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
ALTER TYPE pair RENAME ATTRIBUTE b TO bb;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
ALTER TABLE item DROP codes;
UPDATE item SET code = 'x';
ALTER DOMAIN code SET NOT NULL;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
ALTER TABLE item DROP CONSTRAINT item_pkey, ADD PRIMARY KEY (id);
ALTER TABLE item ADD CHECK (id > 0);
COMMENT ON COLUMN item.title IS 'a comment is no change';
ALTER TABLE item ALTER title SET DEFAULT 'x', ALTER id SET STATISTICS 10, SET (fillfactor = 50);
ALTER TABLE item RENAME TO items;
ALTER TABLE items SET SCHEMA public;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
SELECT "table", type FROM tracked;
INSERT INTO public.items (id, code) VALUES (1, 'a');
SELECT type, dataschema, events.is_valid(data, dataschema) FROM published WHERE type LIKE 'item.%' ORDER BY position;
ALTER TABLE public.items SET SCHEMA follow;
-- columns that go with their type
DROP TYPE mood CASCADE;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';
DROP DOMAIN code CASCADE;
SELECT schema_uri FROM registered WHERE name = 'item.inserted';

-- ---- NOT NULL counts when no row breaks it (from 18 it may be a constraint that was not validated)
SELECT CASE WHEN is_18 THEN 'ADD CONSTRAINT filled NOT NULL v NOT VALID' ELSE 'ADD CONSTRAINT filled CHECK (v IS NOT NULL) NOT VALID' END AS add,
       CASE WHEN is_18 THEN 'VALIDATE CONSTRAINT filled' ELSE 'ALTER v SET NOT NULL' END AS validate,
       CASE WHEN is_18 THEN 'DROP CONSTRAINT filled' ELSE 'ALTER v DROP NOT NULL' END AS drop
FROM (SELECT current_setting('server_version_num')::int >= 180000) AS server (is_18) \gset
CREATE TABLE vague (id int PRIMARY KEY, v int);
INSERT INTO vague VALUES (1, NULL);
ALTER TABLE vague :add;
SELECT events.track('vague', operations => '{update}');
SELECT schema_uri, events.table_schema('vague') #> '{properties,v,type}' AS type FROM events.type WHERE name = 'vague.updated';
UPDATE vague SET v = 1;
ALTER TABLE vague :validate;
SELECT schema_uri, events.table_schema('vague') #> '{properties,v,type}' AS type FROM events.type WHERE name = 'vague.updated';
UPDATE vague SET v = 2;
ALTER TABLE vague :drop;
SELECT schema_uri, events.table_schema('vague') #> '{properties,v,type}' AS type FROM events.type WHERE name = 'vague.updated';
SELECT data, dataschema, events.is_valid(data, dataschema) FROM published WHERE type = 'vague.updated' ORDER BY position;
DROP TABLE vague;

-- ---- another table by the old name has schemas of its own, but not the types
CREATE TABLE item (id int);
SELECT events.track('item', operations => '{insert}');
SELECT "table", type, schema FROM events.tracked_tables ORDER BY 1::text;
SELECT events.track('item', type => 'another.{operation}', operations => '{insert}');
SELECT * FROM registered WHERE schema_uri LIKE '%.item;%';
DROP TABLE item;

-- ---- rows of other tables in columns, typed tables, types above types
CREATE TABLE address (city text);
CREATE DOMAIN home AS address CHECK (VALUE IS NULL OR (VALUE).city <> '');
CREATE TABLE person (id int PRIMARY KEY, homes home[]);
SELECT events.track('person', operations => '{insert}');
ALTER TABLE address ADD street text;
SELECT * FROM registered WHERE name LIKE 'person.%';
CREATE TYPE shape AS (x int, y int);
CREATE TABLE shapes OF shape;
SELECT events.track('shapes', columns => '{x}', "when" => 'new.y > 0', operations => '{insert}');
ALTER TYPE shape RENAME ATTRIBUTE x TO xx CASCADE;
ALTER TYPE shape RENAME ATTRIBUTE y TO yy CASCADE;
SELECT columns, "when" FROM tracked WHERE "table" = 'shapes'::regclass;
INSERT INTO shapes VALUES (1, 1), (2, 0);
SELECT data FROM published WHERE type LIKE 'shapes.%';

-- ---- what would break the capture is refused
CREATE TYPE state AS ENUM ('open', 'paid');
CREATE TABLE bill (id int PRIMARY KEY, state state, total numeric, secret text, note text, extra state);
SELECT events.track('bill', columns => '{id,state,secret,extra}', redact => '{"secret": "hash"}', "when" => 'new.state = ''paid'' AND new.total > 1');
ALTER TABLE bill DROP id;
ALTER TABLE bill DROP state;
ALTER TABLE bill DROP total;
ALTER TABLE bill DROP secret;
ALTER TABLE bill DROP note;
ALTER TABLE bill ALTER total TYPE text;
ALTER TABLE bill ALTER total TYPE bigint;
ALTER TYPE state RENAME VALUE 'paid' TO 'settled';
DROP TYPE state CASCADE;
CREATE SCHEMA away;
ALTER TYPE state SET SCHEMA away;
DROP SCHEMA away CASCADE;
SELECT attname FROM pg_attribute WHERE attrelid = 'bill'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
SELECT events.untrack('bill');
DROP SCHEMA away CASCADE;

-- ---- DDL that has nothing to do with it
CREATE TABLE plain (a int);
CREATE TABLE plain_child () INHERITS (plain);
ALTER TABLE plain ADD b int;
ALTER TABLE plain RENAME a TO aa;
ALTER TABLE IF EXISTS nowhere ADD b int;
ALTER TABLE plain_child NO INHERIT plain;
ALTER TYPE pair ADD ATTRIBUTE d int;
DROP TABLE plain, plain_child;

-- ---- what cannot be registered is a warning, and the command is done
CREATE TABLE odd (id int PRIMARY KEY);
SELECT events.track('odd', operations => '{insert}');
SELECT events.register_schema('/table/follow.odd/inserted/1.1.0', '{"type": "object", "title": "by hand"}', force => true);
ALTER TABLE events.schema ADD CONSTRAINT no_more CHECK (uri NOT LIKE '/table/follow.odd/%') NOT VALID;
\set VERBOSITY terse
ALTER TABLE odd ADD b int;
\set VERBOSITY default
ALTER TABLE events.schema DROP CONSTRAINT no_more;
SELECT events.track('odd', operations => '{insert}');
SELECT schema_uri FROM events.type WHERE name = 'odd.inserted';

-- ---- the extension cannot go while tables are tracked; our own DDL is not followed
SELECT count(*) > 0 FROM tracked;
\set VERBOSITY terse
DROP EXTENSION events;
\set VERBOSITY default
SELECT events._ddl();
SET client_min_messages = warning;
DROP SCHEMA follow CASCADE;
SELECT count(*) FROM events.tracked_tables;
SELECT count(events.unregister_type(name)) FROM events.type WHERE schema_uri LIKE '/table/%';
SELECT count(events.unregister_schema(uri)) FROM events.schema WHERE uri LIKE '/table/%';
