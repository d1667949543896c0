-- Registered types: every way of publishing is checked, by the type's schema and the event's own.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT events.horizon() AS start \gset
SELECT events.register_schema('/order/created/1.0.0',
    '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "lines": {"type": "array", "items": {"type": "object", "properties": {"a/b": {"minimum": 1}}}}}}');

-- the sample has to be there and to be valid
SELECT events.register_type('order.created', '/order/created/1', '{"id": "x"}');
SELECT events.register_type('order.created', '/order/created/1', NULL);
SELECT events.register_type(NULL, '/order/created/1', '{}');
SELECT events.register_type('order.created', NULL, '{}');
SELECT events.register_type('', '/order/created/1', '{"id": 1}');
SELECT events.register_type('order.created', '/order/created/7', '{"id": 1}');
SELECT events.register_type('order.created', '/order/created/1', '{"id": 1}', topic => '{a,NULL}');
SELECT events.register_type('order.created', 'order/created/1', '{"id": 1}', 'An order was made', ARRAY['shop', 'order']);
SELECT name, schema_uri, sample, description, topic FROM events.type;
SELECT events.register_type('order.created', '/order/created/1', '{"id": 1}', topic => ARRAY['shop', 'order']);
SELECT events.register_type('order.created', '/order/created/1', '{"id": 2}');
SELECT events.unregister_schema('/order/created/1.0.0');

-- every way of publishing
SELECT events.publish('order.created', '{"id": "x", "lines": [{"a/b": 0}]}');
SELECT events.publish('{"type": "order.created", "data": {}}');
SELECT events.publish('{"type": "order.created"}');
SELECT events.publish('{"type": "order.created", "data_base64": "eA=="}');
SELECT events.publish('order.created', '{"id": 1}', id => '1');
SELECT events.publish('{"type": "order.created", "data": {"id": 2}, "id": "2", "topic": "mine"}');
SELECT events.publish('order.other', '{"id": "x"}', id => '3');
SELECT * FROM events.publish_batch('[{"type": "order.created", "data": {"id": 3}, "id": "4"}, {"type": "order.created", "data": {"id": "x"}, "id": "5"}]');
SELECT * FROM events.publish_batch('[{"type": "order.created", "data": {"id": 3}, "id": "6"}, {"type": "order.created", "data": {"id": "x"}, "id": "7"}, {"type": "order.created", "id": "8"}]', 'skip');
SELECT ordinal, id, status, errors FROM events._intake('[{"type": "order.created", "data": [], "id": "9"}, {"type": "other", "data": [], "id": "10"}]', '{}');
SELECT id, type, topic FROM events.read(:start);

-- the event's own schema
SELECT events.register_schema('/strict/order/1.0.0', '{"properties": {"id": {"maximum": 10}}}');
SELECT events.publish('order.created', '{"id": 11}', dataschema => '/strict/order/1.0.0');
SELECT events.publish('order.other', '{"id": 11}', dataschema => '/strict/order/latest');
SELECT events.publish('order.created', '{"id": "x"}', dataschema => '/strict/order/1.0.0');
SELECT events.publish('order.created', '{"id": 11}', dataschema => 'https://example.org/unknown') IS NOT NULL AS published;
SELECT events.publish('order.created', '{"id": 11}', dataschema => '/order/created/1.0.0') IS NOT NULL AS published;

-- modes
SET events.validate_mode = strict;
SELECT events.publish('order.other', '{}');
SELECT events.publish('order.created', '{"id": 11}', dataschema => 'https://example.org/unknown');
SELECT events.publish('order.created', '{"id": 1}') IS NOT NULL AS published;
SELECT status, errors FROM events._intake('{"type": "order.other", "data": 1}', NULL);
SET events.validate_mode = off;
SELECT events.publish('order.created', '{"id": "x"}', id => 'off') IS NOT NULL AS published;
SELECT topic FROM events.read(:start) WHERE id = 'off';
RESET events.validate_mode;
CREATE ROLE events_user;
SET ROLE events_user;
SET events.validate_mode = off;
RESET ROLE;
DROP ROLE events_user;

-- a new version, a rollback: what counts is what is registered now
BEGIN;
SELECT events.publish('order.created', '{"id": 1, "note": 5}') IS NOT NULL AS published;
SAVEPOINT s;
SELECT events.register_schema('/order/created/1.1.0', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}}', force => true);
SELECT events.publish('order.created', '{"id": 1, "note": 5}');
ROLLBACK TO s;
SELECT events.publish('order.created', '{"id": 1, "note": 5}') IS NOT NULL AS published;
SAVEPOINT t;
SELECT events.unregister_type('order.created');
SELECT events.publish('order.created', '{}') IS NOT NULL AS published;
ROLLBACK TO t;
SELECT events.publish('order.created', '{}');
ROLLBACK;
SELECT events.publish('order.created', '{}');
SELECT events.register_schema('/order/created/1.1.0', '{"type": "object", "required": ["id"], "properties": {"id": {"minimum": 2}}}', force => true);
SELECT events.publish('order.created', '{"id": 1}');
UPDATE events.type SET schema_uri = '/order/created/1.0.0';
SELECT events.publish('order.created', '{"id": 1}') IS NOT NULL AS published;

-- a schema that cannot be used costs only the events that need it
SELECT events.register_schema('/broken/1.0.0', '{"$ref": "/missing/1.0.0"}');
INSERT INTO events.type (name, schema_uri, sample) VALUES ('broken', '/broken/1.0.0', '1'), ('lost', '/lost/1.0.0', '1');
SELECT events.publish('broken', '1');
SELECT events.publish('lost', '1');
SELECT ordinal, status, errors FROM events.publish_batch('[{"type": "broken", "data": 1}, {"type": "lost", "data": 1}, {"type": "fine", "data": 1}]', 'skip');
SELECT events.register_schema('/missing/1.0.0', '{"type": "integer"}');
SELECT ordinal, status, errors FROM events.publish_batch('[{"type": "broken", "data": 1}, {"type": "broken", "data": "1"}, {"type": "lost", "data": 1}]', 'skip');

-- a trigger that publishes fails the statement that fired it
CREATE TABLE shop_order (id int, note text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM events.publish('order.created', to_jsonb(NEW)); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT ON shop_order FOR EACH ROW EXECUTE FUNCTION tell();
INSERT INTO shop_order VALUES (NULL, 'x');
INSERT INTO shop_order VALUES (7, 'x');
SELECT count(*) FROM shop_order;
DROP TABLE shop_order;
DROP FUNCTION tell;

SELECT events.unregister_type('order.created');
SELECT events.unregister_type('order.created');
SELECT events.publish('order.created', '{}') IS NOT NULL AS published;
DELETE FROM events.type;
DELETE FROM events.schema;
