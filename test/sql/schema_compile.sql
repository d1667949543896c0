-- JSON Schema, from text to compiled form: what is refused and how it is said, where references lead, the cache.
\set SHOW_CONTEXT never
LOAD 'events';

-- malformed keywords: SQLSTATE, where, and what was expected
CREATE FUNCTION pg_temp.complaint(schema jsonb, OUT state text, OUT said text) LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text;
BEGIN
    PERFORM events.is_valid('{}'::jsonb, schema);
    state := '00000';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    said := concat_ws(': ', message, detail);
END $$;

SELECT schema, state, said
FROM (VALUES
    ('1'), ('null'), ('"#"'), ('[]'),
    ('{"type": "any"}'), ('{"type": []}'), ('{"type": [1]}'), ('{"type": {}}'),
    ('{"minimum": "1"}'), ('{"multipleOf": 0}'), ('{"multipleOf": -0.1}'), ('{"exclusiveMinimum": true}'),
    ('{"minLength": -1}'), ('{"maxLength": 1.5}'), ('{"minItems": "1"}'), ('{"minContains": null}'),
    ('{"maxProperties": -1e-400}'), ('{"uniqueItems": 1}'),
    ('{"enum": 1}'), ('{"format": 1}'), ('{"pattern": 1}'), ('{"pattern": "("}'), ('{"patternProperties": {"[": true}}'),
    ('{"required": "a"}'), ('{"required": [1]}'), ('{"dependentRequired": {"a": true}}'),
    ('{"properties": []}'), ('{"properties": {"a": 1}}'), ('{"properties": {"a/b~c": {"items": [true]}}}'),
    ('{"prefixItems": {}}'), ('{"prefixItems": [true, 7]}'), ('{"contains": []}'), ('{"dependentSchemas": {"a": []}}'),
    ('{"allOf": []}'), ('{"anyOf": {}}'), ('{"oneOf": [[]]}'), ('{"not": null}'), ('{"if": "x"}'),
    ('{"$ref": 1}'), ('{"$id": 1}'), ('{"$anchor": []}'), ('{"$dynamicAnchor": {}}'),
    ('{"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": 1}'),
    ('{"$schema": "https://example.com/mine"}'),
    ('{"$id": "https://example.com/a", "properties": {"b": {"$id": "b", "maximum": {}}}}')
) s (schema), pg_temp.complaint(schema::jsonb);
SELECT events.is_valid('{}'::jsonb, '{"properties": {"a": {"minimum": "x"}}}'::jsonb);
SELECT events.is_valid('{}'::jsonb, '{"$ref": "/other"}'::jsonb);

-- what cannot be reached is not compiled, and what a draft does not know is not looked at
SELECT schema, state, said
FROM (VALUES
    ('{"$defs": {"a": {"minimum": "x"}}}'), ('{"then": {"minimum": "x"}}'), ('{"unknown": {"minimum": "x"}}'),
    ('{"const": {"$ref": "#/nowhere"}, "enum": [{"$ref": 1}], "default": {"$ref": 1}}'),
    ('{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a", "minimum": "x", "definitions": {"a": {}}}'),
    ('{"$schema": "http://json-schema.org/draft-04/schema", "const": 1, "contains": 1, "if": 1, "propertyNames": 1}'),
    ('{"$schema": "https://json-schema.org/draft-07/schema", "prefixItems": 1, "unevaluatedItems": 1, "$dynamicRef": 1}'),
    ('{"$schema": "https://json-schema.org/draft/2020-12/schema", "additionalItems": 1, "$recursiveRef": 1}')
) s (schema), pg_temp.complaint(schema::jsonb);

-- limits beyond what an integer holds are limits all the same
SELECT events.is_valid('"abc"'::jsonb, '{"maxLength": 1e400}'::jsonb) AS below, events.is_valid('"abc"'::jsonb, '{"minLength": 1e400}'::jsonb) AS above,
       events.is_valid('"abc"'::jsonb, '{"minLength": 3.0, "maxLength": 30e-1}'::jsonb) AS whole;

-- references
SELECT data, schema ->> '$ref' AS reference, events.is_valid(data, schema)
FROM (VALUES ('1'::jsonb), ('"x"')) d (data), (
    SELECT '{"$id": "https://example.com/root.json",
             "$defs": {"a/b": {"type": "string"}, "c~d": {"type": "string"}, "e%f": {"type": "string"}, "g h": {"type": "string"},
                       "list": {"anyOf": [false, {"type": "string"}]},
                       "anchor": {"$anchor": "here", "type": "string"},
                       "inner": {"$id": "inner.json", "$defs": {"x": {"type": "string"}},
                                 "$anchor": "there", "$ref": "#/$defs/x"},
                       "urn": {"$id": "urn:example:u", "$anchor": "deep", "type": "string"}},
             "examples": [{"type": "string"}]}'::jsonb || jsonb_build_object('$ref', reference) AS schema
    FROM unnest(ARRAY['#/$defs/a~1b', '#/$defs/c~0d', '#/%24defs/e%25f', '#/$defs/g%20h', '#/$defs/list/anyOf/1', '#here',
                      'root.json#here', 'inner.json', '#/$defs/inner', '#/$defs/inner/$defs/x', 'inner.json#/$defs/x',
                      'https://example.com/inner.json#there', 'urn:example:u', 'urn:example:u#deep', '#/examples/0']) reference
) s ORDER BY 2, 1;
SELECT reference, state, said
FROM unnest(ARRAY['#nowhere', '#/$defs/x', '#/$defs/a/minimum', '#/$defs/%', '#/$defs/~2', '#/$defs/list/01', '#/$defs/list/9', 'other.json',
                  'https://example.com/other.json#/a', '#/$defs/a~1b/$defs']) reference,
     pg_temp.complaint('{"$id": "https://example.com/root.json", "$defs": {"a": {"minimum": 1}, "list": [{}]}}'::jsonb
                       || jsonb_build_object('$ref', reference));

-- the meta-schemas are known, each is valid by itself, and says what is wrong with others
SELECT uri, events.is_valid(jsonb_build_object('$ref', uri), jsonb_build_object('$ref', uri)) AS valid,
       events.is_valid('{"properties": {"a": {"minimum": "x"}}}'::jsonb, jsonb_build_object('$ref', uri)) AS malformed
FROM unnest(ARRAY['http://json-schema.org/draft-04/schema#', 'http://json-schema.org/draft-06/schema#',
                  'http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2019-09/schema',
                  'https://json-schema.org/draft/2020-12/schema', 'https://json-schema.org/draft-07/schema']) uri;
SELECT vocabulary, events.is_valid('{"format": 1}'::jsonb, jsonb_build_object('$ref', vocabulary)) AS valid
FROM unnest(ARRAY['https://json-schema.org/draft/2019-09/meta/format', 'https://json-schema.org/draft/2019-09/meta/content',
                  'https://json-schema.org/draft/2020-12/meta/format-assertion',
                  'https://json-schema.org/draft/2020-12/meta/unevaluated']) vocabulary;

-- the draft of schemas that do not say
SELECT draft, set_config('events.schema_draft', draft, false) = draft AS set,
       (pg_temp.complaint('{"items": [{"type": "string"}], "if": 1}')).state AS "if",
       (pg_temp.complaint('{"items": [{"type": "string"}], "contains": 1}')).state AS contains,
       (pg_temp.complaint('{"items": [{"type": "string"}]}')).state AS items
FROM unnest(ARRAY['draft-04', 'draft-06', 'draft-07', '2019-09', '2020-12']) draft;
SELECT events.is_valid('1.0'::jsonb, '{"type": "integer"}'::jsonb) AS integer;
SET events.schema_draft = 'draft-04';
SELECT events.is_valid('1.0'::jsonb, '{"type": "integer"}'::jsonb) AS integer,
       events.is_valid('1'::jsonb, '{"minimum": 1, "exclusiveMinimum": true}'::jsonb) AS exclusive;
SET events.schema_draft = 'draft-03';
RESET events.schema_draft;

-- deep, wide, cyclic
SELECT events.is_valid((repeat('{"a":', 1000) || '1' || repeat('}', 1000))::jsonb,
                       (repeat('{"properties":{"a":', 1000) || '{"type":"integer"}' || repeat('}}', 1000))::jsonb) AS deep;
SELECT length(keyword_location), keyword, message FROM events.validation_errors('"x"'::jsonb,
    (repeat('{"allOf":[', 1500) || '{"type":"integer"}' || repeat(']}', 1500))::jsonb);
SELECT events.is_valid('"value-99999"'::jsonb, s) AS listed, events.is_valid('"value-0"'::jsonb, s) AS unlisted
FROM (SELECT jsonb_build_object('enum', jsonb_agg('value-' || i)) FROM generate_series(1, 100000) i) x (s);
SELECT events.is_valid('{"a": {"a": {}}}'::jsonb, s) AS tree, events.is_valid('{"a": {"b": {}}}'::jsonb, s) AS other
FROM (VALUES ('{"properties": {"a": {"$ref": "#"}}, "additionalProperties": false}'::jsonb)) x (s);

-- the cache keeps to its size, keeps one schema whatever its size, and failures leave nothing behind
SET events.schema_cache_size = '64kB';
SELECT count(events.is_valid('1'::jsonb, jsonb_build_object('minimum', i))) FROM generate_series(1, 2000) i;
SELECT count(*) BETWEEN 2 AND 32 AS bounded, sum(total_bytes) <= 65536 AS within FROM pg_backend_memory_contexts WHERE name = 'events schema';
SELECT events.is_valid('"b"'::jsonb, jsonb_build_object('enum', jsonb_agg('a' || i))) FROM generate_series(1, 5000) i;
SELECT count(*), sum(total_bytes) > 65536 AS larger FROM pg_backend_memory_contexts WHERE name = 'events schema';
SET events.schema_cache_size = 0;
SELECT count(*) FILTER (WHERE events.is_valid('1'::jsonb, jsonb_build_object('minimum', i))) FROM generate_series(1, 100) i;
SELECT count(*) FILTER (WHERE (pg_temp.complaint(jsonb_build_object('pattern', 'a', 'items', jsonb_build_object('minimum', i::text)))).state = '22023')
FROM generate_series(1, 1000) i;
SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'events schema%' AND name <> 'events schema cache';
RESET events.schema_cache_size;

-- one call site, changing schemas and settings
SELECT i, events.is_valid('5'::jsonb, CASE WHEN i % 2 = 0 THEN '{"minimum": 6}'::jsonb ELSE '{"maximum": 6}' END) FROM generate_series(1, 4) i;
SELECT setting, events.is_valid(to_jsonb(setting), '{"format": "ipv4"}'::jsonb) AS valid
FROM unnest(ARRAY['on', 'off', 'on']) setting WHERE set_config('events.format_assertion', setting, false) = setting;
RESET events.format_assertion;
