-- apply_defaults
\pset null '(null)'
SELECT d, events.apply_defaults(d::jsonb, s::jsonb) AS filled
FROM (VALUES
    -- missing is filled, what is there stays, null included
    ('{}', '{"properties": {"a": {"default": 1}, "b": {"default": [1, {"x": null}]}, "c": {}}}'),
    ('{"a": null, "b": 2}', '{"properties": {"a": {"default": 1}, "b": {"default": 3}}}'),
    ('{"bbbb": 1, "c": 2}', '{"properties": {"a": {"default": 1}, "bb": {"default": true}, "zzzzz": {"default": "z"}}}'),
    -- values below, and defaults that are filled in themselves
    ('{"o": {}}', '{"properties": {"o": {"properties": {"p": {"properties": {"q": {"default": 1}}, "default": {}}}}}}'),
    ('{}', '{"properties": {"o": {"properties": {"q": {"default": 1}}}}}'),
    ('[{}, {"a": 0}, 5]', '{"items": {"properties": {"a": {"default": 1}}}}'),
    ('[{}, {}, {}]', '{"prefixItems": [{"properties": {"a": {"default": 1}}}, {}], "items": {"properties": {"b": {"default": 2}}}}'),
    ('{"x1": {}, "y": {}}', '{"patternProperties": {"^x": {"properties": {"a": {"default": 1}}}}, "additionalProperties": {"properties": {"b": {"default": 2}}}}'),
    -- references and allOf
    ('{}', '{"$ref": "#/$defs/d", "$defs": {"d": {"properties": {"a": {"$ref": "#/$defs/e"}}}, "e": {"default": "far"}}}'),
    ('{}', '{"allOf": [{"properties": {"a": {"default": 1}}}, {"properties": {"a": {"default": 2}, "b": {"default": 3}}}]}'),
    ('{}', '{"properties": {"a": {"allOf": [{}, {"default": 4}]}}}'),
    ('{"child": {"child": {}}}', '{"properties": {"n": {"default": 0}, "child": {"$ref": "#"}}}'),
    -- a default inside of itself ends
    ('{}', '{"properties": {"n": {"default": 0}, "child": {"$ref": "#", "default": {}}}}'),
    -- branches where they hold
    ('{"k": 1}', '{"if": {"properties": {"k": {"const": 1}}}, "then": {"properties": {"a": {"default": "then"}}}, "else": {"properties": {"a": {"default": "else"}}}}'),
    ('{"k": 2}', '{"if": {"properties": {"k": {"const": 1}}}, "then": {"properties": {"a": {"default": "then"}}}, "else": {"properties": {"a": {"default": "else"}}}}'),
    ('{}', '{"properties": {"k": {"default": 2}}, "if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"properties": {"a": {"default": "then"}}}, "else": {"properties": {"a": {"default": "else"}}}}'),
    ('{"k": "s"}', '{"anyOf": [{"properties": {"k": {"type": "integer"}, "a": {"default": 1}}}, {"properties": {"k": {"type": "string"}, "b": {"default": 2}}}]}'),
    ('{"k": "s"}', '{"oneOf": [{"properties": {"k": {"type": "integer"}, "a": {"default": 1}}}, {"properties": {"k": {"type": "string"}, "b": {"default": 2}}}]}'),
    ('{"k": "s"}', '{"oneOf": [{"properties": {"a": {"default": 1}}}, {"properties": {"b": {"default": 2}}}]}'),
    ('{"k": 1}', '{"dependentSchemas": {"k": {"properties": {"a": {"default": 1}}}, "l": {"properties": {"b": {"default": 1}}}}}'),
    ('{}', '{"not": {"properties": {"a": {"default": 1}}}}'),
    -- scalars, booleans
    ('5', '{"default": 6, "properties": {"a": {"default": 1}}}'),
    ('[]', 'true'),
    ('{}', 'false')) x(d, s);
SELECT events.apply_defaults(NULL, '{}'), events.apply_defaults('{}', NULL);

-- many members; the result is a jsonb like any other
SELECT filled = expected AS equal, filled::text::jsonb = filled AS sound, pg_column_size(filled) = pg_column_size(filled::text::jsonb) AS same_size
FROM (SELECT events.apply_defaults(jsonb_object_agg('k' || g, g) FILTER (WHERE g % 3 = 0),
                                   jsonb_build_object('properties', jsonb_object_agg('k' || g, jsonb_build_object('default', g)))),
             jsonb_object_agg('k' || g, g)
      FROM generate_series(1, 1000) g) x(filled, expected);
SELECT filled = filled::text::jsonb AS sound, filled -> 99
FROM (SELECT events.apply_defaults(jsonb_agg(jsonb_build_object('n', g)), '{"items": {"properties": {"a": {"default": {"b": [1.50, "x"]}}}}}')
      FROM generate_series(1, 1000) g) x(filled);
