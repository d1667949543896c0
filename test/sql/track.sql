-- Change capture: what events.track() makes of its arguments, and how it follows a table.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT events.horizon() AS start \gset
CREATE SCHEMA shop;
SET search_path = shop;
CREATE VIEW published AS
    SELECT type, array_to_string(topic, '/') AS topic, subject, source, dataschema, data FROM events.event
    WHERE position > :start ORDER BY position;
CREATE VIEW tracked AS
    SELECT "table", type, topic, columns, redact, "when", key, granularity, only_changed, operations, source, schema, inherited
    FROM events.tracked_tables ORDER BY "table"::text;
CREATE VIEW registered AS
    SELECT t.name, t.schema_uri, t.topic, events.is_valid(t.sample, t.schema_uri) AS sample_is_valid
    FROM events.type AS t WHERE t.schema_uri LIKE '/table/%' ORDER BY t.name;

-- ---- with nothing but a table: all of it
CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL, note text);
SELECT events.track('orders');
SELECT * FROM tracked \gx
SELECT tgname, tgenabled, tgtype, tgoldtable, tgnewtable FROM pg_trigger WHERE tgrelid = 'orders'::regclass ORDER BY 1;
SELECT * FROM registered;
SELECT jsonb_pretty(body) FROM events.schema WHERE uri = '/table/shop.orders/updated/1.0.0';
INSERT INTO orders VALUES (1, 'open', NULL), (2, 'open', 'x');
UPDATE orders SET status = 'paid' WHERE id = 1;
DELETE FROM orders WHERE id = 2;
TRUNCATE orders;
SELECT type, topic, subject, dataschema, data, events.is_valid(data, dataschema)
FROM published WHERE dataschema LIKE '/table/%';

-- ---- called again: other options, in one step
SELECT events.track('orders', type => '{schema}.{table}.{operation}', topic => '{"{schema}", "{table}", "{operation}"}',
    columns => '{id,status}', redact => '{"status": "hash"}', "when" => 'new.id > 10 OR old.id > 10', key => '{status,id}',
    only_changed => true, operations => '{insert,update}', source => '/shop/{table}');
SELECT * FROM tracked \gx
SELECT tgname FROM pg_trigger WHERE tgrelid = 'orders'::regclass ORDER BY 1;
SELECT * FROM registered;
INSERT INTO orders VALUES (1, 'open', NULL), (11, 'open', 'x');
UPDATE orders SET status = 'paid';
UPDATE orders SET note = 'not published';
DELETE FROM orders;
SELECT type, topic, subject, source, dataschema, data, events.is_valid(data, dataschema)
FROM published WHERE type LIKE 'shop.%';
-- the same again registers nothing
SELECT count(*) AS before FROM events.schema \gset
SELECT events.track('orders', type => '{schema}.{table}.{operation}', topic => '{"{schema}", "{table}", "{operation}"}',
    columns => '{id,status}', redact => '{"status": "hash"}', "when" => 'new.id > 10 OR old.id > 10', key => '{status,id}',
    only_changed => true, operations => '{insert,update}', source => '/shop/{table}');
SELECT count(*) - :before AS registered FROM events.schema;
-- in a transaction that fails, nothing
BEGIN;
SELECT events.track('orders');
ROLLBACK;
SELECT type, operations FROM tracked;

-- ---- one type for everything, one event for a statement, no key
SELECT events.track('orders', type => 'orders.changed', granularity => 'statement', key => '{}');
SELECT * FROM tracked \gx
INSERT INTO orders VALUES (1, 'open', NULL), (2, 'open', 'x');
UPDATE orders SET status = 'paid' WHERE false;
UPDATE orders SET status = 'paid';
DELETE FROM orders;
TRUNCATE orders;
SELECT subject, dataschema, data, events.is_valid(data, dataschema) FROM published WHERE type = 'orders.changed';
SELECT events.untrack('orders'), events.untrack('orders');
INSERT INTO orders VALUES (3, 'open', NULL);
SELECT count(*) FROM published WHERE type = 'orders.changed';
SELECT count(*) FROM tracked;
SELECT name FROM registered;

-- ---- the path by which names in a condition are understood is that of who tracks
CREATE FUNCTION is_large(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 100';
SELECT events.track('orders', type => 'orders.large', "when" => 'is_large(new.id)', operations => '{insert}');
SET search_path = pg_catalog;
INSERT INTO shop.orders VALUES (100, 'open', NULL), (101, 'open', NULL);
SELECT events.track('shop.orders', "when" => 'is_large(new.id)');
SET search_path = shop;
SELECT subject FROM published WHERE type = 'orders.large';
SELECT events.untrack('orders');

-- ---- arguments that are not right
CREATE VIEW seen AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a;
CREATE FOREIGN DATA WRAPPER none;
CREATE SERVER nowhere FOREIGN DATA WRAPPER none;
CREATE FOREIGN TABLE far (a int) SERVER nowhere;
CREATE TEMPORARY TABLE passing (a int);
SELECT events.track(NULL);
SELECT events.track('seen');
SELECT events.track('kept');
SELECT events.track('far');
SELECT events.track('passing');
SELECT events.track('orders_pkey');
SELECT events.track('pg_catalog.pg_class');
SELECT events.track('information_schema.sql_parts');
SELECT events.track('events.type');
SELECT events.track('orders', type => '');
SELECT events.track('orders', type => NULL);
SELECT events.track('orders', type => 'a.{op}');
SELECT events.track('orders', type => E'a\nb');
SELECT events.track('orders', topic => '{}');
SELECT events.track('orders', topic => '{a,""}');
SELECT events.track('orders', topic => '{{a},{b}}');
SELECT events.track('orders', topic => '{a,"{x}"}');
SELECT events.track('orders', columns => '{}');
SELECT events.track('orders', columns => '{id,nil}');
SELECT events.track('orders', columns => '{id,id}');
SELECT events.track('orders', columns => '{ctid}');
SELECT events.track('orders', redact => '["id"]');
SELECT events.track('orders', redact => '{"note": "hide"}');
SELECT events.track('orders', redact => '{"nil": "omit"}');
SELECT events.track('orders', "when" => '');
SELECT events.track('orders', "when" => 'new.nil = 1');
SELECT events.track('orders', "when" => 'new.id');
SELECT events.track('orders', "when" => 'id = 1');
SELECT events.track('orders', "when" => '(SELECT true)');
SELECT events.track('orders', "when" => 'true); DROP TABLE orders; --');
SELECT events.track('orders', key => '{nil}');
SELECT events.track('orders', key => '{id,id}');
SELECT events.track('orders', key => '{id}', redact => '{"id": "omit"}');
SELECT events.track('orders', granularity => 'table');
SELECT events.track('orders', operations => '{}');
SELECT events.track('orders', operations => NULL);
SELECT events.track('orders', operations => '{insert,merge}');
SELECT events.track('orders', source => 'a b');
SELECT events.track('orders', source => '');
SELECT events.track('orders', source => '/{operation}/{table}/{x}');
SELECT events.untrack('seen'), events.untrack(NULL);
SELECT count(*) FROM tracked;
-- a key that is left out is only told of
SELECT events.track('orders', redact => '{"id": "omit"}');
SELECT key FROM tracked;
SELECT events.untrack('orders');

-- ---- a type that somebody else has registered is his
SELECT events.register_schema('/mine/1.0.0', '{"properties": {"new": {"properties": {"id": {"maximum": 1000}}}}}');
SELECT events.register_type('mine.inserted', '/mine/1.0.0', '{}');
SELECT events.track('orders', type => 'mine.{operation}', operations => '{insert,delete}');
SELECT name, schema_uri FROM events.type WHERE name LIKE 'mine.%' ORDER BY 1;
INSERT INTO orders VALUES (1000, '', '');
INSERT INTO orders VALUES (1001, '', '');
SELECT type, subject, dataschema FROM published WHERE type LIKE 'mine.%';
SELECT events.untrack('orders');
SELECT events.unregister_type('mine.inserted');

-- ---- names that need quotes
CREATE TABLE "Odd %/.é" ("a b" int PRIMARY KEY, "C""d" text);
SELECT events.track('"Odd %/.é"', columns => '{"a b"}', "when" => 'new."a b" > 0 AND new."C""d" <> ''\''', operations => '{insert}');
INSERT INTO "Odd %/.é" VALUES (1, 'x'), (2, '\'), (0, '');
SELECT * FROM published WHERE dataschema LIKE '/table/shop.Odd%';
ALTER TABLE "Odd %/.é" RENAME "C""d" TO "é ""é";
ALTER TABLE "Odd %/.é" RENAME "a b" TO ab;
SELECT "table", "when", key, columns FROM tracked;
DROP TABLE "Odd %/.é";
SELECT count(*) FROM tracked;

-- ---- a trigger made by hand is no table that is tracked, whatever it says
CREATE TRIGGER events_track_insert AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION events.publish_change('no json');
SELECT * FROM tracked;
ALTER TABLE orders ADD more int;
SELECT o, events._trigger_options(convert_to(o, 'UTF8') || '\x00'::bytea) FROM unnest(ARRAY['{}', '', '[]', '{"topic": 1}', '{"inherited": 1}',
    '{"nil": 1}', '{"type": "\u0000"}', '{"type": "a"} {}', repeat('[', 100000), '{"type": "a"}']) WITH ORDINALITY AS t (o, i) WHERE length(o) < 100 OR events._trigger_options(convert_to(o, 'UTF8')) IS NOT NULL ORDER BY i;
SELECT events._trigger_options('');
DROP TRIGGER events_track_insert ON orders;
CREATE TRIGGER events_track_insert AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION
    events.publish_change('{"type": "a.{operation}", "schema": "/mine/{operation}"}');
ALTER TABLE orders DROP more;
SELECT count(*) FROM events.type WHERE name = 'a.inserted';
DROP TRIGGER events_track_insert ON orders;
CREATE TRIGGER events_track_delete AFTER TRUNCATE ON orders EXECUTE FUNCTION events.publish_change('{"type": "a"}');
SELECT * FROM tracked;
DROP TRIGGER events_track_delete ON orders;
-- nor does it get at the schemas of another
CREATE TABLE victim (id int);
SELECT events.track('victim', operations => '{truncate}');
CREATE TRIGGER events_track_truncate AFTER TRUNCATE ON orders EXECUTE FUNCTION
    events.publish_change('{"type": "victim.{operation}", "schema": "/table/shop.victim/{operation}"}');
SELECT events._register_changes('orders');
DROP TRIGGER events_track_truncate ON orders;
CREATE TRIGGER events_track_truncate AFTER TRUNCATE ON orders EXECUTE FUNCTION
    events.publish_change('{"type": "elsewhere", "schema": "/table/../changed"}');
SELECT events._register_changes('orders');
SELECT count(*) FROM events.type WHERE name = 'elsewhere';
DROP TRIGGER events_track_truncate ON orders;
DROP TABLE victim;

-- ---- rights: of who tracks, of who alters the table, of who changes it
CREATE ROLE shop_owner;
CREATE ROLE shop_user;
CREATE ROLE shop_helper;
GRANT USAGE ON SCHEMA shop TO shop_owner, shop_user, shop_helper;
GRANT CREATE ON SCHEMA shop TO shop_owner;
SET SESSION AUTHORIZATION shop_owner;
CREATE TABLE owned (id int PRIMARY KEY, n int);
GRANT SELECT, INSERT ON owned TO shop_user;
GRANT TRIGGER ON owned TO shop_helper;
SELECT events.track('owned');
RESET SESSION AUTHORIZATION;
SELECT events.grant_role('shop_helper', 'publish'), events.grant_role('shop_owner', 'publish');
SET SESSION AUTHORIZATION shop_helper;
SELECT events.track('orders');
SELECT events.track('owned');
SELECT events.track('owned', columns => '{id}');
SELECT events.untrack('owned');
SELECT "table", type FROM events.tracked_tables;
RESET SESSION AUTHORIZATION;
SELECT events.revoke_role('shop_owner', 'publish');
SET SESSION AUTHORIZATION shop_owner;
ALTER TABLE owned ADD m int;
ALTER TABLE owned RENAME n TO number;
CREATE TABLE owned_child () INHERITS (owned);
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION shop_user;
INSERT INTO owned VALUES (1, 2, 3);
RESET SESSION AUTHORIZATION;
-- a condition is parsed with no more rights than the owner has, whoever alters the table
SELECT events.grant_role('shop_owner', 'publish');
SET SESSION AUTHORIZATION shop_owner;
CREATE FUNCTION whoami(text) RETURNS boolean LANGUAGE plpgsql AS
    $$BEGIN RAISE NOTICE 'run by %', current_user; RETURN true; END$$;
CREATE DOMAIN spy AS text CHECK (shop.whoami(VALUE));
CREATE TABLE spied (id int);
SELECT events.track('spied', "when" => '''{x}''::spy[] IS NOT NULL', operations => '{insert}');
RESET SESSION AUTHORIZATION;
ALTER TABLE spied ADD n int;
DROP TABLE spied;
DROP DOMAIN spy;
SELECT events.revoke_role('shop_owner', 'publish');
SELECT dataschema, data, events.is_valid(data, dataschema) FROM published WHERE type = 'owned.inserted';
SELECT "table", inherited FROM tracked;
SELECT events._register_changes('owned');
SET SESSION AUTHORIZATION shop_user;
SELECT events._register_changes('owned');
RESET SESSION AUTHORIZATION;
DROP TABLE owned CASCADE;
SELECT events.revoke_role('shop_helper', 'publish');

SELECT count(*) FROM tracked;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
DROP FOREIGN DATA WRAPPER none CASCADE;
DROP OWNED BY shop_owner, shop_user, shop_helper;
DROP ROLE shop_owner, shop_user, shop_helper;
SELECT count(events.unregister_type(name)) FROM events.type WHERE schema_uri LIKE '/table/%';
SELECT count(events.unregister_schema(uri)) FROM events.schema WHERE uri LIKE '/table/%' OR uri LIKE '/mine/%';
