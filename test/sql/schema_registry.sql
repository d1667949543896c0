-- Schemas by URI: versions, references, checks at registration, no stale verdict.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT events.register_schema('/order/created/1.0.0',
    '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}', description => 'An order');
SELECT uri, name, version, draft, description, body->'required' AS required FROM events.schema;
SELECT events.is_valid('{"id": 1}', '/order/created/1.0.0'), events.is_valid('{"id": "1"}', '/order/created/1.0.0');
SELECT events.validate('{"id": 1}', '/order/created/1.0.0');
SELECT events.validate('{"id": "1"}', '/order/created/1.0.0');
SELECT * FROM events.validation_errors('{"id": "1"}', '/order/created/1.0.0');
SELECT count(*) FROM events.validation_errors('{"id": 1}', '/order/created/1.0.0');
SELECT jsonb_pretty(events.validation_report('{"id": "1"}', '/order/created/1.0.0'));
SELECT events.is_valid(NULL, '/order/created/1.0.0'), events.is_valid('1', NULL::text);

-- the same again is nothing; another body needs replace
SELECT registered_at AS before FROM events.schema \gset
SELECT events.register_schema('order/created/1.0.0',
    '{"properties": {"id": {"type": "integer"}}, "required": ["id"], "type": "object"}');
SELECT registered_at = :'before' AS untouched FROM events.schema;
SELECT events.register_schema('/order/created/1.0.0', '{"type": "string"}');
SELECT events.register_schema('/order/./x/../created/1.0.0#', '{"type": "string"}');

-- a later version keeps what was valid, or is a new major version
SELECT events.register_schema('/order/created/1.1.0',
    '{"type": "object", "required": ["id", "total"], "properties": {"id": {"type": "integer"}, "total": {"type": "number"}}}');
SELECT events.register_schema('/order/created/1.1.0',
    '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "total": {"type": "number"}}}');
SELECT events.register_schema('/order/created/1.0.1',
    '{"type": "object", "properties": {"id": {"type": ["integer", "string"]}}}');
SELECT events.register_schema('/order/created/1.0.1',
    '{"type": "object", "properties": {"id": {"type": ["integer", "string"]}}}', force => true);
SELECT events.register_schema('/order/created/2.0.0-rc.1', '{"type": "array"}');
SELECT events.register_schema('/order/created/2.0.0', '{"type": "string", "default": "none"}');
SELECT events.register_schema('/order/created/10.0.0', '{"type": "boolean"}');
SELECT events.register_schema('/order/created/deep/1.0.0', '{"type": "null"}');
SELECT u, events.resolve_schema(u) FROM unnest(ARRAY['/order/created', '/order/created/latest', '/order/created/1', '/order/created/1.0',
    '/order/created/1.0.1', '/order/created/2', '/order/created/2.0', '/order/created/2.0.0-rc.1', '/order/created/2.0.0-rc.2', '/order/created/3',
    '/order/created/10', '/order', '/order/created/', 'order/created/1', '/order/created/01', '/order/created/1.0.0?x', '', '/', 'latest']) AS u;
SELECT events.is_valid('"a"', '/order/created/2'), events.is_valid('true', '/order/created'), events.is_valid('[]', '/order/created/2.0.0-rc.1');
SELECT events.apply_defaults('{"a": {}}', '/order/created/2');

-- what is not there
SELECT events.is_valid('1', '/order/created/1.9.0');
SELECT events.is_valid('1', '/ordr/created/1.0.0');
SELECT events.is_valid('1', '/something/else');
-- a text that is a schema is no URI
SELECT n, events.is_valid(to_jsonb(n), ' {"type": "integer"}'), events.is_valid(to_jsonb(n), format('{"maximum": %s}', n / 2)) FROM generate_series(0, 2) AS n;
SELECT events.validate('"1"', '{"type": "integer"}');
SELECT events.is_valid('1', '{"type": ');
SELECT events.is_valid('1', '{"type": "integer"}'::jsonb);

-- what may not be registered
SELECT events.register_schema(NULL, 'true');
SELECT events.register_schema('/a', NULL);
SELECT events.register_schema('', 'true');
SELECT events.register_schema('/a#b', 'true');
SELECT events.register_schema('/a b', 'true');
SELECT events.register_schema('/a/latest', 'true');
SELECT events.register_schema('http://json-schema.org/draft-07/schema#', 'true');
SELECT events.register_schema('/a/1.0.0', '{"type": "strin", "minimum": "1"}');
SELECT events.register_schema('/a/1.0.0', '1');
SELECT events.register_schema('/a/1.0.0', '{"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 1}');
SELECT events.register_schema('/a/1.0.0', '{"type": "string", "pattern": "(", "maxLength": 9}');
SELECT events.register_schema('/a/1.0.0', '{"$ref": "#/nowhere"}');
SELECT events.register_schema('/a/1.0.0', '{"type": "object", "properties": {"a": {"type": "string", "pattern": "^a+$"}}}');
SELECT events.register_schema('/a/1.0.0', '{"type": "object", "properties": {"a": {"type": "string", "pattern": "^a+$"}}}', allow_insecure => true);
SELECT events.register_schema('/a/1.0.0', '{"type": "string", "maxLength": 5}', replace => true);
SELECT body FROM events.schema WHERE uri = '/a/1.0.0';

-- the draft of a schema without $schema is kept with it
SET events.schema_draft = 'draft-04';
SELECT events.register_schema('/old/1.0.0', '{"type": "number", "minimum": 5, "exclusiveMinimum": true}');
RESET events.schema_draft;
SELECT draft, events.is_valid('5', uri), events.is_valid('6', uri) FROM events.schema WHERE uri = '/old/1.0.0';
-- or that of the meta-schema which it names
SELECT events.register_schema('/dialect/1.0.0', '{"$schema": "https://json-schema.org/draft/2019-09/schema", "$id": "/dialect/1.0.0", "$vocabulary": {"https://json-schema.org/draft/2019-09/vocab/core": true}, "required": ["title"]}');
SELECT events.register_schema('/spoken/1.0.0', '{"$schema": "/dialect/1.0.0"}');
SELECT events.register_schema('/spoken/1.0.0', '{"$schema": "/dialect/1.0.0", "title": "x", "type": "no keyword there"}');
SELECT events.register_schema('/spoken/2.0.0', '{"$schema": "/dialect/7.0.0", "title": "x"}');
SELECT draft, events.is_valid('1', uri) FROM events.schema WHERE uri = '/spoken/1.0.0';

-- references: relative to the URI, with versions left open, in any order
SELECT events.register_schema('/ref/user/1.0.0', '{"type": "object", "properties": {"address": {"$ref": "../address/1#/$defs/line"}, "self": {"$ref": "1.0.0"}}}');
SELECT events.is_valid('{"address": 1}', '/ref/user/1.0.0');
SELECT events.register_schema('/ref/address/1.0.0', '{"$defs": {"line": {"type": "string"}}}');
SELECT events.is_valid('{"address": 1}', '/ref/user'), events.is_valid('{"address": "x", "self": {"address": "y"}}', '/ref/user'),
       events.is_valid('{"address": "x", "self": {"address": 2}}', '/ref/user');
SELECT events.is_valid('"a"', '/ref/address/latest#/$defs/line'), events.is_valid('1', '/ref/address/1.0.0#/$defs/line');
SELECT events.is_valid('1', '/ref/address/1.0.0#/$defs/none');
SELECT events.is_valid('{"a": 1}', '{"properties": {"a": {"$ref": "/ref/address#/$defs/line"}}}'::jsonb);
SELECT events.register_schema('/ref/address/1.1.0', '{"$defs": {"line": {"type": "integer"}}}', force => true);
SELECT events.is_valid('{"address": 1}', '/ref/user'), events.is_valid('{"a": 1}', '{"properties": {"a": {"$ref": "/ref/address#/$defs/line"}}}'::jsonb);

-- a schema without $schema takes the draft of the one that refers to it
SET events.schema_draft = 'draft-04';
SELECT events.register_schema('/whole/1.0.0', '{"type": "integer"}');
RESET events.schema_draft;
SELECT events.is_valid('1.0', '/whole/1') AS by_uri, events.is_valid('1.0', '{"$ref": "/whole/1"}'::jsonb) AS by_reference;

-- $id is to be the URI that a schema is registered under: another one is told, and that of another schema refused
SELECT events.register_schema('/claim/1.0.0', '{"$id": "/claim/1.0.0", "type": "string"}');
SELECT events.register_schema('/claim/2.0.0', '{"$id": "1.0.0", "type": "string", "title": "a copy"}');
SELECT events.register_schema('/claim/2.0.0', '{"$schema": "http://json-schema.org/draft-04/schema#", "id": "/claim/1.0.0", "maximum": 1}');
SELECT events.register_schema('/claim/2.0.0', '{"$id": "/claim/3.0.0", "type": "string"}');
SELECT events.register_schema('/claim/2.0.0', '{"$id": "/claim/3.0.0", "type": "string"}');
SELECT events.register_schema('/claim/3.0.0', '{"type": "integer"}');
SELECT uri, claims FROM events.schema WHERE name = '/claim' ORDER BY uri;
-- a version left open is its own
SELECT events.register_schema('/claim/open/1.0.0', '{"$id": "/claim/open", "type": "string"}');
-- a reference means what is registered under its URI, in any order of references
SELECT events.is_valid(to_jsonb(v), '{"anyOf": [{"$ref": "/claim/2.0.0"}, {"$ref": "/claim/3.0.0"}]}'::jsonb) AS one_way,
       events.is_valid(to_jsonb(v), '{"allOf": [{"$ref": "/claim/2.0.0"}, {"$ref": "/claim/3.0.0"}]}'::jsonb) AS all_of,
       events.is_valid(to_jsonb(v), '{"allOf": [{"$ref": "/claim/3.0.0"}, {"$ref": "/claim/2.0.0"}]}'::jsonb) AS reversed
FROM unnest(ARRAY['x', 'y']) AS v;
-- save that a schema's own references to its $id lead to itself, its anchors too
SELECT events.register_schema('/claim/2.0.0', '{"$id": "/claim/4.0.0", "properties": {"a": {"$ref": "/claim/4.0.0#text"}, "b": {"$ref": "/claim/4.0.0"}, "c": {"$ref": "#text"}}, "$defs": {"text": {"$anchor": "text", "type": "string"}}}', replace => true);
SELECT events.register_schema('/claim/4.0.0', '{"properties": {"a": {"$ref": "#text"}}, "$defs": {"text": {"$anchor": "text", "type": "integer"}}}');
SELECT v, events.is_valid(v, '{"allOf": [{"$ref": "/claim/2.0.0"}, {"$ref": "/claim/4.0.0"}]}'::jsonb),
       events.is_valid(v, '{"allOf": [{"$ref": "/claim/4.0.0"}, {"$ref": "/claim/2.0.0"}]}'::jsonb) AS reversed, events.is_valid(v, '/claim/2.0.0') AS alone
FROM unnest(ARRAY['{"b": {"a": "x"}, "c": "x"}', '{"b": {"a": 1}}', '{"c": 1}', '{"a": "x"}']::jsonb[]) AS v;
SELECT events.is_valid('"x"', '{"allOf": [{"$ref": "/claim/2.0.0"}, {"$ref": "/claim/4.0.0#text"}]}'::jsonb), events.is_valid('"x"', '{"allOf": [{"$ref": "/claim/4.0.0#text"}, {"$ref": "/claim/2.0.0"}]}'::jsonb) AS reversed;

-- a base for relative URIs
SELECT events.resolve_schema('https://example.org/schemas/ref/user/1.0.0');
SET events.schema_base_uri = 'https://example.org/schemas/';
SELECT events.resolve_schema('https://example.org/schemas/ref/user/1.0.0'), events.resolve_schema('https://example.org/schemas/ref/user'),
       events.resolve_schema('https://example.org/ref/user/1'), events.resolve_schema('https://example.com/schemas/ref/user/1.0.0');
SELECT events.is_valid('{"address": "x"}', 'https://example.org/schemas/ref/user/1.0.0');
SELECT events.register_schema('https://example.org/schemas/abs/1.0.0', '{"$id": "https://example.org/schemas/abs/1.0.0", "$ref": "/ref/address/1.0.0#/$defs/line"}');
SELECT events.is_valid('"x"', '/abs/1.0.0'), events.is_valid('1', '/abs/1.0.0');
SELECT events.register_schema('/based/1.0.0', '{"$id": "https://example.org/schemas/based/1.0.0", "type": "string"}');
SELECT events.is_valid('"x"', '{"allOf": [{"$ref": "/based/1.0.0"}, {"$ref": "https://example.org/schemas/based/1.0.0"}]}'::jsonb);
SELECT events.register_schema('/based/2.0.0', '{"$id": "https://example.org/schemas/based/1.0.0", "type": "integer"}');
-- what was compiled by another base is compiled anew
SELECT events.is_valid('{"id": 1}', '{"$ref": "https://example.org/schemas/order/created/1"}'::jsonb);
SET events.schema_base_uri = 'https://example.com/';
SELECT events.is_valid('{"id": 1}', '{"$ref": "https://example.org/schemas/order/created/1"}'::jsonb);
RESET events.schema_base_uri;

-- meta-schemas are known
SELECT events.is_valid('{"type": "x"}', 'https://json-schema.org/draft/2020-12/schema'), events.is_valid('{"type": "null"}', 'http://json-schema.org/draft-07/schema#');

-- a change counts at once: in this session, after a rollback, to a prepared statement, to direct writes
PREPARE verdict(jsonb) AS SELECT events.is_valid($1, '/live/1.0.0'), events.is_valid($1->'id', '{"$ref": "/live/1.0.0#/properties/id"}'::jsonb);
SELECT events.register_schema('/live/1.0.0', '{"properties": {"id": {"type": "integer"}}}');
EXECUTE verdict('{"id": "x"}');
BEGIN;
SAVEPOINT s;
SELECT events.register_schema('/live/1.0.0', '{"properties": {"id": {"type": "string"}}}', replace => true, force => true);
EXECUTE verdict('{"id": "x"}');
ROLLBACK TO s;
EXECUTE verdict('{"id": "x"}');
SELECT events.register_schema('/live/1.0.0', '{"properties": {"id": true}}', replace => true);
EXECUTE verdict('{"id": "x"}');
ROLLBACK;
EXECUTE verdict('{"id": "x"}');
UPDATE events.schema SET body = '{"properties": {"id": true}}' WHERE uri = '/live/1.0.0';
EXECUTE verdict('{"id": "x"}');
BEGIN;
TRUNCATE events.schema;
EXECUTE verdict('{"id": "x"}');
ROLLBACK;
EXECUTE verdict('{"id": "x"}');
DO $$
BEGIN
    PERFORM events.register_schema('/live/1.0.0', '{"properties": {"id": false}}', replace => true, force => true);
    ASSERT NOT events.is_valid('{"id": 1}', '/live/1.0.0');
    RAISE EXCEPTION 'undone';
EXCEPTION WHEN raise_exception THEN
    ASSERT events.is_valid('{"id": 1}', '/live/1.0.0');
END
$$;
SELECT events.unregister_schema('/live/1.0.0');
EXECUTE verdict('{"id": "x"}');
SELECT events.unregister_schema('/live/1.0.0');
SELECT events.unregister_schema(NULL);
DEALLOCATE verdict;

-- in a parallel worker, and in a read-only transaction
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT events.is_valid('{"id": 1}', '/order/created/1.0.0'), events.resolve_schema('/order/created/1');
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
BEGIN READ ONLY;
SELECT events.is_valid('{"id": 1}', '/order/created/1.0.0');
SELECT events.register_schema('/read/only', 'true');
ROLLBACK;

-- versions of any length, and precedence
SELECT count(events.register_schema('/v/' || v, 'true')) FROM unnest(ARRAY['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-rc.1', '1.0.0-2',
    '1.0.0', '1.0.0+build.5', '1.0.9', '1.0.10', '1.0.99999999999999999999999', '99999999999999999999999999.0.0', '1.0.01', '1.0.0-01', 'v1.0.0']) AS v;
SELECT events.resolve_schema('/v/latest'), events.resolve_schema('/v/1'), events.resolve_schema('/v/1.0');
SELECT uri, version FROM events.schema WHERE name LIKE '/v%' ORDER BY uri;
SELECT events.is_valid('1', '/v/2.0.0');

DELETE FROM events.schema;
