-- events.schema_compatibility(): what a change of a schema breaks, for whom, and where.
CREATE FUNCTION pg_temp.compare(VARIADIC pairs text[]) RETURNS TABLE (old text, new text, breaks text, location text, change text)
LANGUAGE sql AS $$
    SELECT pairs[i], pairs[i + 1], kind, c.location, c.change
    FROM generate_series(1, array_length(pairs, 1), 2) i
    LEFT JOIN LATERAL events.schema_compatibility(pairs[i]::jsonb, pairs[i + 1]::jsonb) c ON true
$$;
\pset null '(nothing)'

-- the everyday changes of an object
SELECT kind, location, change FROM events.schema_compatibility(
    '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "state": {"enum": ["new", "paid"]}, "note": {"type": "string"}}}',
    '{"type": "object", "required": ["id", "at"], "properties": {"id": {"type": "string"}, "state": {"enum": ["new", "paid", "sent"]}, "at": {"type": "string"}}}');

-- properties of open and closed objects
SELECT breaks, location, change FROM pg_temp.compare(
    '{"properties": {"a": {"type": "string"}}}',                                  '{"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}',
    '{"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}',        '{"properties": {"a": {"type": "string"}}}',
    '{"properties": {"a": {}}, "additionalProperties": false}',                   '{"properties": {"a": {}, "b": {}}, "additionalProperties": false}',
    '{"properties": {"a": {}, "b": {}}, "additionalProperties": false}',          '{"properties": {"a": {}}, "additionalProperties": false}',
    '{"properties": {"a": {}}}',                                                  '{"properties": {"a": {}}, "additionalProperties": false}',
    '{"additionalProperties": {"type": "string"}}',                               '{"properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "string"}}',
    '{"patternProperties": {"^x-": {"type": "string"}}}',                         '{"patternProperties": {"^x-": {"type": ["string", "null"]}}}',
    '{"properties": {"a": {}, "bb": {}}, "additionalProperties": false}',         '{"properties": {"a": {}, "bb": {}}, "propertyNames": {"maxLength": 1}}',
    '{"properties": {"a": {}}, "dependentRequired": {"a": ["b"]}}',               '{"properties": {"a": {}}, "dependentRequired": {"a": ["b", "c"]}}',
    '{"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}',     '{"properties": {"a": {}, "b": {}}, "unevaluatedProperties": false}',
    '{"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}], "unevaluatedProperties": false}', '{"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}], "properties": {"c": {}}, "unevaluatedProperties": false}');

-- strict: a property that was not named may have been there with any value
SELECT * FROM events.schema_compatibility('{"properties": {"a": {"type": "string"}}}', '{"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}', strict => true);

-- types, values, numbers, strings, arrays
SELECT * FROM pg_temp.compare(
    '{"type": ["string", "null"]}', '{"type": "string"}',
    '{"type": "integer"}', '{"type": "number"}',
    '{"type": "number", "multipleOf": 6}', '{"type": "integer", "multipleOf": 3}',
    '{"enum": ["a", "b"]}', '{"type": "string"}',
    '{"type": "boolean"}', '{"enum": [false, true]}',
    '{"const": 1}', '{"enum": [1.0, 2]}',
    '{"type": "integer", "minimum": 1}', '{"type": "integer", "exclusiveMinimum": 0}',
    '{"minimum": 1, "maximum": 10}', '{"minimum": 2, "maximum": 10.5}',
    '{"type": "string", "maxLength": 10}', '{"type": "string", "maxLength": 5, "pattern": "^a"}',
    '{"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false}', '{"type": "array", "items": {"type": ["string", "integer"]}, "maxItems": 2}',
    '{"type": "array", "contains": {"const": 1}}', '{"type": "array", "contains": {"type": "integer"}, "uniqueItems": true}',
    'true', 'false');

-- branches, references, conditions
SELECT * FROM pg_temp.compare(
    '{"type": ["string", "integer"]}', '{"anyOf": [{"type": "integer"}, {"type": "string"}]}',
    '{"anyOf": [{"type": "string"}, {"properties": {"a": {"type": "string"}}, "type": "object"}]}', '{"anyOf": [{"properties": {"a": {"type": "integer"}}, "type": "object"}, {"type": "string"}]}',
    '{"oneOf": [{"properties": {"k": {"const": "a"}}, "required": ["k"], "type": "object"}]}', '{"oneOf": [{"properties": {"k": {"const": "b"}}, "required": ["k"], "type": "object"}, {"properties": {"k": {"const": "a"}}, "required": ["k"], "type": "object"}]}',
    '{"oneOf": [{"minLength": 3}, {"type": "integer"}]}', '{"anyOf": [{"minLength": 3}, {"type": "integer"}]}',
    '{"allOf": [{"type": "object"}, {"required": ["a"]}]}', '{"type": "object", "required": ["a"]}',
    '{"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "properties": {"next": {"$ref": "#/$defs/n"}, "v": {"type": "integer"}}}}}', '{"type": "object", "properties": {"next": {"$ref": "#"}, "v": {"type": "number"}}}',
    '{"not": {"type": "string"}}', '{"not": {"type": "string", "maxLength": 3}}',
    '{"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}', '{"if": {"required": ["a"]}, "then": {"required": ["b"]}}',
    '{"$schema": "http://json-schema.org/draft-04/schema#", "type": "number", "minimum": 1, "exclusiveMinimum": true}', '{"type": "number", "exclusiveMinimum": 1}');

-- formats count where they are checked
SELECT * FROM pg_temp.compare('{"format": "uri"}', '{"format": "date"}');
SET events.format_assertion = on;
SELECT breaks, change FROM pg_temp.compare('{"type": "string"}', '{"type": "string", "format": "date"}', '{"format": "uri"}', '{"format": "uri-reference"}');
RESET events.format_assertion;

-- annotations, order and the way of references say nothing; whatever a schema holds, it is compatible with itself
SELECT schema FROM (VALUES
    ('{"title": "t", "required": ["b", "a"], "anyOf": [{"const": {"x": [1, null]}}, {"minimum": 3}], "description": "d"}', '{"anyOf": [{"minimum": 3.0}, {"const": {"x": [1.0, null]}}], "required": ["a", "b"]}'),
    ('{"$ref": "#/definitions/a", "$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "string"}}}', '{"type": "string", "examples": ["x"]}'),
    ('{"$dynamicRef": "#x", "$defs": {"x": {"$dynamicAnchor": "x", "items": {"$dynamicRef": "#x"}}}}', '{"$dynamicRef": "#x", "$defs": {"x": {"$dynamicAnchor": "x", "items": {"$dynamicRef": "#x"}}}}'),
    ('{"not": {"if": {"contains": {"not": {"const": 1}}, "maxContains": 3}, "then": {"unevaluatedItems": false}, "else": {"oneOf": [{"pattern": "^a"}, {"pattern": "b"}]}}}', '{"not": {"if": {"contains": {"not": {"const": 1}}, "maxContains": 3}, "then": {"unevaluatedItems": false}, "else": {"oneOf": [{"pattern": "b"}, {"pattern": "^a"}]}}}'),
    ('{"propertyNames": {"not": {"pattern": "^_"}}, "dependentSchemas": {"a": {"minProperties": 2}}, "patternProperties": {"a": {}, "b": {"type": "null"}}, "unevaluatedProperties": {"type": "string"}}', '{"propertyNames": {"not": {"pattern": "^_"}}, "dependentSchemas": {"a": {"minProperties": 2}}, "patternProperties": {"a": {}, "b": {"type": "null"}}, "unevaluatedProperties": {"type": "string"}}')
    ) v (schema, same)
WHERE EXISTS (SELECT FROM events.schema_compatibility(schema::jsonb, same::jsonb, true));

-- large ones: enumerations, depth, and more combinations than can be looked at
SELECT kind, count(*), min(change) FROM events.schema_compatibility(
    (SELECT jsonb_build_object('enum', jsonb_agg(i)) FROM generate_series(1, 20000) i),
    (SELECT jsonb_build_object('enum', jsonb_agg(i)) FROM generate_series(1, 19999) i)) GROUP BY kind;
SELECT kind, length(location), change FROM events.schema_compatibility(
    (repeat('{"items":', 500) || '{"type": "string"}' || repeat('}', 500))::jsonb,
    (repeat('{"items":', 500) || '{"type": "null"}' || repeat('}', 500))::jsonb);
SELECT kind, count(*) FROM events.schema_compatibility(
    (SELECT jsonb_build_object('type', 'string', 'allOf', jsonb_agg(jsonb_build_object('anyOf', jsonb_build_array(jsonb_build_object('pattern', 'a' || i), jsonb_build_object('pattern', 'b' || i)))))
     FROM generate_series(1, 40) i),
    '{"type": "string", "pattern": "c"}') GROUP BY kind ORDER BY kind;

-- under `not` the sides change their roles: {"a": null} is valid by one, {"b": null} by the other
SELECT kind FROM events.schema_compatibility('{"not": {"properties": {"b": {"type": "array"}}}}', '{"not": {"properties": {"a": {"type": "object"}}}}') ORDER BY kind;

-- errors
\set VERBOSITY terse
SELECT * FROM events.schema_compatibility('{"type": "text"}', '{}');
SELECT * FROM events.schema_compatibility('{}', '{"$ref": "http://example.com/unknown"}');
SELECT * FROM events.schema_compatibility(NULL, '{}');
