-- is_valid, validate, validation_errors, validation_report over jsonb
\pset null '(null)'

-- one schema for most
CREATE TABLE s AS SELECT '{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "https://example.com/order.json",
  "type": "object",
  "required": ["id", "items"],
  "properties": {
    "id": {"type": "integer", "minimum": 1},
    "email": {"type": "string", "maxLength": 40, "pattern": "^[^@]+@[^@]+$"},
    "status": {"enum": ["open", "paid", null]},
    "items": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"$ref": "#/$defs/item"}},
    "total": {"type": "number", "multipleOf": 0.01},
    "a/b~c": {"const": {"x": [1.0]}}
  },
  "patternProperties": {"^x-": {"type": "string"}},
  "additionalProperties": false,
  "$defs": {"item": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string", "minLength": 2}, "n": {"exclusiveMinimum": 0}}}}
}'::jsonb AS schema;

SELECT events.is_valid('{"id": 1, "items": [{"sku": "ab"}]}', schema) FROM s;
SELECT events.validate('{"id": 1.0, "items": [{"sku": "ab", "n": 0.5}], "total": 19.99, "a/b~c": {"x": [1]}, "x-y": "z", "status": null}', schema) FROM s;
SELECT events.is_valid('{"id": 1}', schema) FROM s;
SELECT e.* FROM s, events.validation_errors('{"id": 0, "email": "nobody", "status": "lost", "items": [{"sku": "a", "n": 0}, {}, {}], "total": 1.001, "a/b~c": {"x": [2]}, "x-y": 1, "more": 1}', schema) e;
SELECT jsonb_pretty(events.validation_report('{"id": "1", "items": [{"sku": "a"}]}', schema)) FROM s;
SELECT events.validation_report('{"id": 1, "items": [{"sku": "ab"}]}', schema) FROM s;

-- errors carry the places
\set SHOW_CONTEXT never
DO $$
DECLARE state text; message text; detail text;
BEGIN
    PERFORM events.validate('{"id": 0, "items": [{"sku": "a"}]}', schema) FROM s;
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RAISE INFO E'% %\n%', state, message, detail;
END $$;
SELECT events.validate('1', '{"type": "string"}');
-- of many failures the deepest
SELECT events.validate('{"a": 1, "b": [1, 2, 3, 4, 5, 6]}',
                       '{"properties": {"a": {"type": "string"}, "b": {"items": {"type": "string"}}}, "required": ["c"]}');

-- NULL in, NULL out; no rows
SELECT events.is_valid(NULL, '{}'), events.is_valid('1', NULL), events.validate(NULL, '{}'), events.validation_report('1', NULL);
SELECT count(*) FROM events.validation_errors(NULL, '{}');

-- scalars, null and empty containers as values
SELECT v, t, events.is_valid(v::jsonb, jsonb_build_object('type', t)) AS valid
FROM unnest(ARRAY['null', 'true', 'false', '0', '-1.50', '1e3', '""', '[]', '{}']) v,
     unnest(ARRAY['null', 'boolean', 'number', 'integer', 'string', 'array', 'object']) t
WHERE events.is_valid(v::jsonb, jsonb_build_object('type', t));

-- numbers are exact
SELECT v, s, events.is_valid(v::jsonb, s::jsonb) FROM (VALUES
    ('9007199254740993', '{"maximum": 9007199254740992}'),
    ('9007199254740993', '{"const": 9007199254740993.0}'),
    ('9007199254740993', '{"const": 9007199254740992}'),
    ('1e400', '{"exclusiveMinimum": 1e399}'),
    ('1e400', '{"type": "integer"}'),
    ('0.1', '{"multipleOf": 0.01}'),
    ('0.3', '{"multipleOf": 0.1}'),
    ('1e308', '{"multipleOf": 0.123456789}'),
    ('12345678901234567890', '{"multipleOf": 10}'),
    ('-7', '{"multipleOf": 7}'),
    ('7.5', '{"multipleOf": 2.5}'),
    ('-0.0', '{"const": 0}'),
    ('-0.5', '{"minimum": -0.50}'),
    ('-10001', '{"minimum": -10000}'),
    ('10000', '{"exclusiveMaximum": 10000.0001}'),
    ('1.0', '{"enum": [1]}'),
    ('1.0', '{"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}'),
    ('1.0', '{"$schema": "http://json-schema.org/draft-06/schema#", "type": "integer"}'),
    ('1.5', '{"type": ["integer", "string"]}')) x(v, s);

-- lengths are in code points
SELECT events.is_valid('"\uD83D\uDE00\uD83D\uDE00"', '{"maxLength": 2}') AS two,
       events.is_valid('"\uD83D\uDE00\uD83D\uDE00"', '{"maxLength": 1}') AS one,
       events.is_valid('"\uD83D\uDE00\uD83D\uDE00"', '{"minLength": 3}') AS three;

-- every keyword has a message
SELECT e.instance_location AS instance, e.keyword_location AS location, e.keyword, e.message
FROM (VALUES
    ('5', '{"type": ["string", "null", "boolean"]}'),
    ('5', '{"enum": [1, 2, "x"]}'),
    ('5', '{"enum": [1]}'),
    ('5', '{"const": {"a": null}}'),
    ('5', '{"minimum": 6, "maximum": 4, "exclusiveMinimum": 5, "exclusiveMaximum": 5, "multipleOf": 2}'),
    ('"abc"', '{"minLength": 4}'),
    ('"abc"', '{"maxLength": 1, "pattern": "x"}'),
    ('"abc"', '{"pattern": "x"}'),
    ('[1, 1]', '{"minItems": 3}'),
    ('[1, 1]', '{"maxItems": 1}'),
    ('[1, 2, 1.0]', '{"uniqueItems": true}'),
    ('[1]', '{"contains": {"type": "string"}}'),
    ('["a"]', '{"contains": {"type": "string"}, "minContains": 2}'),
    ('["a", "b"]', '{"contains": {"type": "string"}, "maxContains": 1}'),
    ('[1, 2]', '{"prefixItems": [true, {"type": "string"}], "items": false}'),
    ('[1, 2]', '{"prefixItems": [true], "items": false}'),
    ('{"a": 1}', '{"minProperties": 2, "required": ["b", "ccc"]}'),
    ('{"a": 1}', '{"maxProperties": 0}'),
    ('{"a": 1}', '{"propertyNames": {"minLength": 2}}'),
    ('{"a": 1}', '{"propertyNames": false}'),
    ('{"a": 1}', '{"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"a": {"required": ["c"]}}}'),
    ('{"a": 1, "b": 2}', '{"properties": {"a": true}, "unevaluatedProperties": false}'),
    ('[1, 2]', '{"prefixItems": [true], "unevaluatedItems": {"type": "null"}}'),
    ('5', '{"allOf": [true, {"type": "string"}]}'),
    ('5', '{"anyOf": [{"type": "string"}, {"minimum": 9}]}'),
    ('5', '{"oneOf": [{"type": "string"}, false]}'),
    ('5', '{"oneOf": [{"type": "integer"}, false, true]}'),
    ('5', '{"not": {"type": "integer"}}'),
    ('5', '{"if": {"type": "integer"}, "then": {"minimum": 9}, "else": false}'),
    ('"5"', '{"if": {"type": "integer"}, "then": {"minimum": 9}, "else": false}'),
    ('5', 'false'),
    ('{"a": {"b": "x"}}', '{"$ref": "#/$defs/n", "$defs": {"n": {"additionalProperties": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "integer"}]}}}}'))
    x(v, s), events.validation_errors(v::jsonb, s::jsonb) e;

-- values in messages are cut
SELECT length(message) < 200 AS short, keyword
FROM events.validation_errors(to_jsonb(repeat('ü', 5000)), jsonb_build_object('const', repeat('ä', 5000), 'enum', (SELECT jsonb_agg(repeat('ö', 10) || g) FROM generate_series(1, 1000) g))) e
WHERE keyword = 'const';
SELECT message FROM events.validation_errors('1', jsonb_build_object('enum', (SELECT jsonb_agg(g) FROM generate_series(100, 1000) g)));

-- format: an annotation, unless asked for
SELECT events.is_valid('"x"', '{"format": "ipv4"}') AS by_default,
       events.is_valid('"x"', '{"format": "ipv4"}', true) AS asserted,
       events.is_valid('"1.2.3.4"', '{"format": "ipv4"}', assert_format => true) AS right;
SET events.format_assertion = on;
SELECT events.is_valid('"x"', '{"format": "ipv4"}') AS by_setting, events.is_valid('"x"', '{"format": "ipv4"}', false) AS annotation;
SELECT message FROM events.validation_errors('"x"', '{"format": "ipv4"}');
RESET events.format_assertion;

-- what `not`, `if` and branches evaluated counts as it should
SELECT v, events.is_valid(v::jsonb, '{
    "properties": {"a": true},
    "anyOf": [{"properties": {"b": {"type": "integer"}}, "required": ["b"]}, {"properties": {"c": true}, "required": ["c"]}],
    "if": {"properties": {"d": {"const": 1}}, "required": ["d"]},
    "unevaluatedProperties": false}')
FROM unnest(ARRAY['{"b": 1}', '{"b": 1, "c": 1}', '{"b": "x", "c": 1}', '{"c": 1, "d": 1}', '{"c": 1, "d": 2}', '{"a": 1, "c": 1, "e": 1}']) v;

-- schemas that are no schemas
SELECT events.is_valid('1', '{"type": 5}');
SELECT events.is_valid('1', '{"$ref": "#/nowhere"}');
SELECT events.is_valid('1', '"x"'::jsonb);

-- in a CHECK constraint and in an index
CREATE TABLE orders (body jsonb CHECK (events.is_valid(body, '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}')));
INSERT INTO orders VALUES ('{"id": 1}'), ('{"id": 2, "n": 1}');
INSERT INTO orders VALUES ('{"id": "x"}');
CREATE INDEX orders_numbered ON orders (events.is_valid(body, '{"required": ["n"]}'::jsonb));
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT body FROM orders WHERE events.is_valid(body, '{"required": ["n"]}'::jsonb);
SELECT body FROM orders WHERE events.is_valid(body, '{"required": ["n"]}'::jsonb);
RESET enable_seqscan;

-- values and schemas in one query, each against each; plain, compressed and out of line
CREATE TABLE d (n int, v jsonb);
INSERT INTO d VALUES (1, '1'), (2, '"x"'), (3, to_jsonb(repeat('y', 100000))), (4, (SELECT jsonb_object_agg('k' || g, g) FROM generate_series(1, 3000) g));
CREATE TABLE ss (n int, v jsonb);
INSERT INTO ss VALUES (1, '{"type": "integer"}'), (2, '{"type": "string", "maxLength": 5}'), (3, jsonb_build_object('enum', jsonb_build_array(repeat('y', 100000), 1))),
    (4, jsonb_build_object('properties', (SELECT jsonb_object_agg('k' || g, '{"type": "integer"}'::jsonb) FROM generate_series(1, 3000) g), 'required', '["k2999"]'::jsonb, 'type', 'object'));
SELECT d.n, array_agg(ss.n ORDER BY ss.n) FILTER (WHERE events.is_valid(d.v, ss.v)) FROM d, ss GROUP BY d.n ORDER BY d.n;
DROP TABLE s, orders, d, ss;
