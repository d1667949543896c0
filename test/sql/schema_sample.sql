-- A small value that is valid by a schema.
\pset format unaligned
\pset tuples_only on

-- required members only; what the schema gives is used
SELECT events.sample('{"type": "object", "required": ["id", "state", "lines", "note"], "properties": {
    "id": {"type": "string", "format": "uuid", "maxLength": 36}, "state": {"enum": ["new", "paid"]},
    "lines": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string", "examples": ["A-1"]}}}},
    "note": {"type": ["string", "null"], "default": null}, "optional": {"type": "string"}}}');
SELECT s, events.sample(s) FROM (VALUES
    ('true'::jsonb), ('{}'), ('{"type": "object"}'), ('{"type": "array"}'), ('{"type": "string"}'), ('{"type": "boolean"}'), ('{"type": "null"}'),
    ('{"type": "integer"}'), ('{"const": {"a": [1]}}'), ('{"enum": [1, "x"], "type": "string"}'), ('{"default": 5, "type": "string"}'),
    ('{"default": "x", "enum": ["y", "x"]}'), ('{"not": {"type": "null"}}'), ('{"not": {"const": false}, "type": "boolean"}')) AS schemas(s);

-- numbers
SELECT s, events.sample(s) FROM (VALUES
    ('{"type": "integer", "minimum": 3}'::jsonb), ('{"type": "integer", "exclusiveMinimum": 3}'), ('{"type": "number", "maximum": -2.5}'),
    ('{"multipleOf": 7, "minimum": 1}'), ('{"allOf": [{"multipleOf": 4}, {"multipleOf": 6}, {"minimum": 1}]}'), ('{"multipleOf": 0.3, "minimum": 1}'),
    ('{"exclusiveMinimum": 0, "exclusiveMaximum": 1}'), ('{"type": "integer", "multipleOf": 2.5, "minimum": 1}'),
    ('{"minimum": 1e30}')) AS schemas(s);

-- strings
SELECT s, events.sample(s) FROM (VALUES
    ('{"type": "string", "minLength": 10}'::jsonb), ('{"type": "string", "maxLength": 2}'), ('{"type": "string", "minLength": 3, "maxLength": 3}'),
    ('{"type": "string", "pattern": "^[A-Z]{3}-\\d+$"}'), ('{"type": "string", "pattern": "^(foo|bar)+$", "minLength": 7}'),
    ('{"type": "string", "pattern": "x\\.y", "minLength": 6}'), ('{"type": "string", "pattern": "^\\p{Lu}"}'),
    ('{"type": "string", "format": "email", "minLength": 25}'), ('{"type": "string", "format": "date-time"}'),
    ('{"type": "string", "format": "ipv6"}'), ('{"type": "string", "format": "unheard-of"}')) AS schemas(s);
SELECT format, events.is_valid(events.sample(jsonb_build_object('type', 'string', 'format', format)), jsonb_build_object('format', format), true) AS valid
FROM unnest(ARRAY['date-time', 'date', 'time', 'duration', 'email', 'idn-email', 'hostname', 'idn-hostname', 'ipv4', 'ipv6', 'uri', 'uri-reference',
                  'iri', 'iri-reference', 'uri-template', 'uuid', 'json-pointer', 'relative-json-pointer', 'regex']) AS format;

-- arrays and objects
SELECT s, events.sample(s) FROM (VALUES
    ('{"type": "array", "minItems": 2, "items": {"type": "integer"}}'::jsonb), ('{"type": "array", "minItems": 4, "uniqueItems": true, "items": {"type": "integer"}}'),
    ('{"type": "array", "minItems": 3, "uniqueItems": true, "items": {"type": "string", "format": "date"}}'),
    ('{"prefixItems": [{"type": "string"}, {"const": 2}], "items": false, "minItems": 2}'),
    ('{"prefixItems": [{"type": "string"}], "contains": {"const": 3}, "minContains": 2}'),
    ('{"minProperties": 2, "type": "object"}'), ('{"minProperties": 2, "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "boolean"}}'),
    ('{"minProperties": 1, "propertyNames": {"pattern": "^x-"}}'), ('{"minProperties": 2, "patternProperties": {"^n\\d$": {"type": "integer"}}, "additionalProperties": false}'),
    ('{"required": ["a"], "dependentRequired": {"a": ["b"]}, "dependentSchemas": {"b": {"required": ["c"], "properties": {"c": {"const": 1}}}}}')) AS schemas(s);

-- choices
SELECT s, events.sample(s) FROM (VALUES
    ('{"oneOf": [{"type": "string", "minLength": 3, "maxLength": 2}, {"type": "integer"}]}'::jsonb), ('{"anyOf": [false, {"const": 1}]}'),
    ('{"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object", "properties": {"a": {"type": "integer"}}}'),
    ('{"type": "object", "required": ["kind"], "properties": {"kind": {"const": 1}}, "if": {"properties": {"kind": {"const": 1}}}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}'),
    ('{"allOf": [{"properties": {"a": {"minimum": 3}}}, {"properties": {"a": {"type": "integer"}}}, {"required": ["a"]}]}')) AS schemas(s);

-- format asserts nothing unless the session says so: what it is to be valid by is what the session has
SELECT s, events.sample(s) FROM (VALUES ('{"oneOf": [true, {"type": "string", "format": "uri"}], "enum": ["abc", 7]}'::jsonb),
    ('{"if": {"format": "uri"}, "then": {"enum": [1, false]}, "type": ["string", "integer"]}')) AS schemas(s);
SELECT events.sample('{"type": "string", "not": {"format": "uri"}}');

-- schemas that contain themselves end where they can
SELECT events.sample('{"type": "object", "required": ["next"], "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}');
SELECT events.sample('{"type": "object", "required": ["children"], "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}');
SELECT events.sample('{"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}}');

-- nothing is valid, nothing was found, nothing is a schema
SELECT events.sample('false');
SELECT events.sample('{"type": "object", "required": ["a"], "properties": {"a": {"required": ["b"], "type": "object", "properties": {"b": {"type": "string", "minLength": 2, "maxLength": 1}}}}}');
SELECT events.sample('{"enum": []}');
SELECT events.sample('{"type": "array", "minItems": 1000000000}');
SELECT events.sample('{"type": "nothing"}');
SELECT events.sample(NULL) IS NULL AS null_is_null;

-- a search that would be endless is given up
SELECT events.sample('{"type": "array", "minItems": 2, "uniqueItems": true, "items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}');
SELECT events.sample('{"type": ["number", "boolean", "object"], "additionalProperties": {"$ref": "#/$defs/d1", "minProperties": 1}, "not": {"maxItems": 0},
    "properties": {"longer_name": {"type": "boolean", "pattern": "^.$"}}, "$defs": {"d1": {"$ref": "#/$defs/d1"}}}');
SELECT events.sample('{"type": "object", "required": ["a", "b"], "additionalProperties": {"oneOf": [{"$ref": "#"}, {"$ref": "#"}, {"allOf": [{"$ref": "#"}]}]}}');
SELECT events.sample('{"type": "array", "minItems": 100000, "items": {"type": "array", "minItems": 100000, "items": {"type": "integer"}}}');
SELECT events.sample(jsonb_build_object('type', 'array', 'minItems', 90000, 'anyOf', jsonb_agg('{"not": {}}'::jsonb))) FROM generate_series(1, 1000);

-- numbers beyond what can be calculated with
SELECT events.sample('{"type": "number", "multipleOf": 1e-16000, "exclusiveMinimum": 1e130000}');
SELECT events.sample('{"allOf": [{"multipleOf": 1e100000}, {"multipleOf": 3e90000}], "type": "number", "minimum": 1}');
SELECT events.sample('{"type": "number", "exclusiveMinimum": 9e131071}');
SELECT events.sample('{"type": "number", "exclusiveMaximum": -9e131071, "multipleOf": 7e131071}');
SELECT length(events.sample(s)::text) FROM (VALUES ('{"type": "integer", "exclusiveMinimum": 1e130000}'::jsonb),
    ('{"type": "number", "multipleOf": 1e-300, "exclusiveMinimum": 1e300}')) AS schemas(s);

-- large ones
SELECT jsonb_array_length(events.sample('{"type": "array", "minItems": 50000, "items": {"type": "integer"}}'));
SELECT length(events.sample('{"type": "string", "minLength": 200000}') #>> '{}');
SELECT jsonb_array_length(events.sample(jsonb_build_object('type', 'array', 'minItems', 2000, 'uniqueItems', true, 'items', jsonb_build_object('type', t))))
FROM unnest(ARRAY['integer', 'string']) AS t;

-- what is inferred from a sample accepts it
SELECT bool_and(events.is_valid(events.sample(s), events.infer_schema(events.sample(s)), true)) AS accepted
FROM (VALUES ('{"type": "object", "required": ["a"], "properties": {"a": {"format": "uuid", "type": "string"}}}'::jsonb), ('{"type": "array", "minItems": 3}')) AS schemas(s);

-- what a format under not or oneOf excludes depends on whether formats are asserted
SELECT events.is_valid(events.sample(s), s)
FROM (VALUES ('{"oneOf": [true, {"type": "number", "format": "uri"}]}'::jsonb), ('{"not": {"type": "string", "format": "uri"}}')) AS schemas(s);
\set VERBOSITY terse
SELECT events.sample('{"type": "string", "not": {"format": "idn-hostname"}, "maxLength": 1}');
\set VERBOSITY default
