-- events.schema_risks(): the rules of ajv's json-schema-secure, and patterns that backtrack without end.

-- Schemas of draft-07 with what ajv 8.20.0 says of them by json-schema-secure; rows are differences.
CREATE TABLE secure (schema jsonb, ajv text[]);
INSERT INTO secure VALUES
('{}', '{}'),
('true', '{}'),
('{"type":"string"}', '{}'),
('{"type":"string","pattern":"^a"}', ARRAY['pattern at ""']),
('{"type":"string","pattern":"^a","maxLength":10}', '{}'),
('{"pattern":"^a","minLength":3}', ARRAY['pattern at ""']),
('{"type":"string","format":"date-time"}', ARRAY['format at ""']),
('{"type":"string","format":"date-time","maxLength":40}', '{}'),
('{"format":"uuid"}', ARRAY['format at ""']),
('{"type":"integer","format":"int64"}', ARRAY['format at ""']),
('{"type":"string","format":"money"}', ARRAY['format at ""']),
('{"type":"string","contentEncoding":"base64"}', '{}'),
('{"uniqueItems":true}', ARRAY['uniqueItems at ""']),
('{"uniqueItems":false}', '{}'),
('{"uniqueItems":true,"maxItems":9}', '{}'),
('{"uniqueItems":true,"items":{"type":"string"}}', '{}'),
('{"uniqueItems":true,"items":{"type":["string","null"]}}', '{}'),
('{"uniqueItems":true,"items":{"type":"object"}}', ARRAY['uniqueItems at ""']),
('{"uniqueItems":true,"items":{"type":["string","array"]}}', ARRAY['uniqueItems at ""']),
('{"uniqueItems":true,"items":{}}', ARRAY['uniqueItems at ""']),
('{"uniqueItems":true,"items":{"enum":["a","b"]}}', ARRAY['uniqueItems at ""']),
('{"uniqueItems":true,"items":[{"type":"string"}]}', ARRAY['uniqueItems at ""']),
('{"uniqueItems":true,"items":[{},{}],"additionalItems":false}', ARRAY['uniqueItems at ""']),
('{"uniqueItems":true,"items":{"$ref":"#/definitions/id"},"definitions":{"id":{"type":"string"}}}', ARRAY['uniqueItems at ""']),
('{"uniqueItems":true,"items":{"$ref":"#/definitions/id"},"definitions":{"id":{"type":"object"}}}', ARRAY['uniqueItems at ""']),
('{"patternProperties":{"^x-":true}}', ARRAY['patternProperties at ""']),
('{"patternProperties":{"^x-":true},"propertyNames":{"maxLength":20}}', '{}'),
('{"patternProperties":{"^x-":true},"propertyNames":{"pattern":"a"}}', ARRAY['pattern at /propertyNames', 'patternProperties at ""']),
('{"patternProperties":{}}', ARRAY['patternProperties at ""']),
('{"properties":{"a/b":{"properties":{"~":{"pattern":"a"}}}}}', ARRAY['pattern at /properties/a~1b/properties/~0']),
('{"items":[{"pattern":"a"},{"format":"uri"}],"additionalItems":{"pattern":"a"}}', ARRAY['pattern at /additionalItems']),
('{"items":{"pattern":"a"}}', ARRAY['pattern at /items']),
('{"allOf":[{"pattern":"a"}],"anyOf":[{"pattern":"a"}],"oneOf":[{},{"pattern":"a"}],"not":{"pattern":"a"}}', ARRAY['pattern at /allOf/0', 'pattern at /anyOf/0', 'pattern at /not', 'pattern at /oneOf/1']),
('{"if":{"pattern":"a"},"then":{"pattern":"a"},"else":{"pattern":"a"}}', ARRAY['pattern at /else', 'pattern at /if', 'pattern at /then']),
('{"contains":{"pattern":"a"},"propertyNames":{"pattern":"a"},"additionalProperties":{"pattern":"a"}}', ARRAY['pattern at /additionalProperties', 'pattern at /contains', 'pattern at /propertyNames']),
('{"dependencies":{"a":["b"],"c":{"pattern":"a"}}}', ARRAY['pattern at /dependencies/c']),
('{"definitions":{"x":{"pattern":"a"}}}', ARRAY['pattern at /definitions/x']),
('{"$ref":"#/definitions/x","pattern":"a","definitions":{"x":{"format":"email"}}}', ARRAY['format at /definitions/x', 'pattern at ""']),
('{"enum":[{"pattern":"a"}],"const":{"format":"uri"},"default":{"pattern":"a"},"examples":[{"pattern":"a"}]}', '{}'),
('{"$ref":"#/components/x","components":{"x":{"pattern":"a"}}}', '{}'),
('{"components":{"x":{"pattern":"a"}}}', '{}'),
('{"properties":{"pattern":{"type":"string"},"format":{"type":"string","maxLength":9,"format":"uri"}}}', '{}');
-- Not asked for here: a format that nobody defines or that is not for strings, elements that are
-- scalars by enum or reference, a list that has an end, no pattern at all, what drafts 4 to 7 ignore
-- beside $ref. Asked for here: what only a reference makes a schema.
SELECT schema, ajv, ours
FROM secure, LATERAL (
    SELECT coalesce(array_agg(rule || ' at ' || coalesce(nullif(location, ''), '""')
                              ORDER BY rule || ' at ' || coalesce(nullif(location, ''), '""') COLLATE "C"), '{}') AS ours
    FROM events.schema_risks(schema || CASE jsonb_typeof(schema) WHEN 'object'
        THEN '{"$schema": "http://json-schema.org/draft-07/schema#"}'::jsonb ELSE '[]' END)) o
WHERE ajv <> ours AND jsonb_typeof(schema) = 'object';

-- messages, in the order of the schema's keys
SELECT * FROM events.schema_risks('{"type": "object", "properties": {
    "at": {"type": "string", "format": "date-time"},
    "code": {"type": "string", "pattern": "^(a+)+$"},
    "tags": {"type": "array", "uniqueItems": true},
    "labels": {"type": "object", "patternProperties": {"^([a-z]+)*$": {"type": "string"}}}}}');

-- places of the later drafts, and what only looks like a schema
SELECT location, rule FROM events.schema_risks('{
    "$defs": {"a": {"pattern": "a"}}, "prefixItems": [{"pattern": "a"}], "items": {"pattern": "a"},
    "unevaluatedItems": {"pattern": "a"}, "unevaluatedProperties": {"pattern": "a"},
    "dependentSchemas": {"x": {"pattern": "a"}}, "contains": {"pattern": "a"},
    "dependentRequired": {"pattern": ["format"]}, "properties": {"pattern": {"type": "string"}},
    "const": {"pattern": "a"}, "enum": [{"pattern": "a"}], "default": {"pattern": "a"}, "x-other": {"pattern": "a"}}');
SELECT location, rule FROM events.schema_risks('{"$schema": "http://json-schema.org/draft-04/schema#",
    "contains": {"pattern": "a"}, "if": {"pattern": "a"}, "not": {"pattern": "a"}, "id": "http://example.com/"}');
SELECT location, rule FROM events.schema_risks('{"$id": "http://example.com/a",
    "properties": {"x": {"$id": "/b", "$ref": "#/parts/p%7E0q", "parts": {"p~q": {"format": "uri"}}}},
    "allOf": [{"$ref": "#/parts"}, {"$ref": "#/%zz"}, {"$ref": "other#/parts"}], "parts": {"p~q": {"format": "uri"}}}');
SELECT location, rule FROM events.schema_risks('{"uniqueItems": true, "prefixItems": [{}, {}], "items": false}');
SELECT location, rule FROM events.schema_risks('{"uniqueItems": true, "prefixItems": [{}, {}], "items": {"type": "string"}}');
SELECT location, rule FROM events.schema_risks('{"uniqueItems": true, "items": {"$ref": "#/items"}}');
SELECT location, rule FROM events.schema_risks('{"uniqueItems": true, "items": {"anyOf": [{"type": "string"}, {"const": 1}, {"allOf": [true, {"enum": [null]}]}]}}');

-- which draft is that of a schema that does not say
SET events.schema_draft = 'draft-04';
SELECT location, rule FROM events.schema_risks('{"contains": {"pattern": "a"}, "not": {"pattern": "a"}}');
RESET events.schema_draft;

-- malformed schemas are looked at as far as they go
SELECT s, (SELECT count(*) FROM events.schema_risks(s)) FROM unnest(ARRAY['null', '[]', '1', '"a"', 'false', '{}',
    '{"properties": [{"pattern": "a"}], "items": 1, "allOf": {"pattern": "a"}, "pattern": 1, "format": [], "uniqueItems": 1, "type": 7}',
    '{"patternProperties": [1], "propertyNames": 3, "$ref": "#/a~2", "$defs": null}',
    '{"pattern": "(", "maxLength": 3}', '{"pattern": "a{2,1}*+?", "maxLength": 3}']::jsonb[]) s;
SELECT count(*) FROM events.schema_risks(NULL);

-- patterns that take time exponential in the length of the string, and neighbours that do not
SELECT pattern, expected FROM (VALUES
    ('^(a+)+$', true), ('^(a*)*$', true), ('^(a|a)*$', true), ('^(a|aa)+$', true), ('(.*,)*$', true),
    ('^(\w+\s?)*$', true), ('^(a*b*)*$', true), ('^(a?b?)*$', true), ('^((ab)*)*$', true), ('^(a{0,5})*$', true),
    ('^(a+){2,12}$', true), ('^(\d+|\d+\.\d+)*$', true), ('^(x+x+)+y', true), ('^(([a-z])+.)+[A-Z]([a-z])+$', true),
    ('^([a-zA-Z0-9_.-])+@(([a-zA-Z0-9-])+.)+([a-zA-Z0-9]{2,4})+$', true), ('^([^"]|\\.)*"$', true), ('^(?=(a+)+$)a', true),
    ('((a+)+b)*', true), ('^(\p{L}+\p{Zs}?)*$', true), ('^([é-ü]+ö?)*$', true), ('^(?:a|b|c|[a-d])+$', true),
    ('(a+)+', false), ('^(a|ab)*$', false), ('^(ab)*$', false), ('^([a-z]+-)*[a-z]+$', false), ('^[a-z0-9]+(?:[._-][a-z0-9]+)*$', false),
    ('^([a-z]{1,63}\.)*[a-z]{1,63}$', false), ('^(a+){2,3}$', false), ('^([0-9a-f]{2}){16}$', false),
    ('^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$', false), ('^(\p{L}+\p{Zs})*$', false),
    ('^(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?$', false),
    ('^(?=.*\d)(?=.*[a-z]).{8,}$', false), ('^([^"\\]|\\.)*"$', false), ('^(?<y>\d{4})-\k<y>$', false), ('.*.*=.*', false), ('\s+$', false),
    ('^((?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z]{2,6}$', false), ('^(a\b|a)*$', false), ('^[^@]+@[^@]+\.[a-z]+$', false)) v (pattern, expected)
WHERE expected <> EXISTS (SELECT FROM events.schema_risks(jsonb_build_object('pattern', pattern)) WHERE rule = 'backtracking');

-- large ones
SELECT count(*) FROM events.schema_risks(('{"properties": {' || (SELECT string_agg('"p' || i || '": {"format": "uri"}', ',') FROM generate_series(1, 20000) i) || '}}')::jsonb);
SELECT rule FROM events.schema_risks(jsonb_build_object('maxLength', 1, 'pattern', '^(' || repeat('.?.', 120) || ')*$'));
SELECT rule FROM events.schema_risks(jsonb_build_object('maxLength', 1, 'pattern', '^(' || (SELECT string_agg(md5(i::text), '|') FROM generate_series(1, 2000) i) || ')$'));
-- a loop that is too large to be told from a harmless one; the second is told by a loop inside
SELECT v.n, r.* FROM (VALUES (1, '|a|a'), (2, '|(?:b+)+c'), (3, '')) v (n, more), events.schema_risks(jsonb_build_object('maxLength', 90,
    'pattern', '^(?:' || (SELECT string_agg('zz' || i, '|') FROM generate_series(1, 2000) i) || more || ')*$')) r;
SELECT rule, regexp_replace(message, '"\^.*\$"', '...') AS message FROM events.schema_risks(jsonb_build_object('propertyNames', '{"maxLength": 90}'::jsonb,
    'patternProperties', jsonb_build_object('^(?:' || (SELECT string_agg('zz' || i, '|') FROM generate_series(1, 2000) i) || ')*$', true)));
SELECT rule FROM events.schema_risks(jsonb_build_object('maxLength', 90, 'pattern', '^(?:' || (SELECT string_agg('[a-z]{1,50}x', '|') FROM generate_series(1, 200)) || ')*$'));
SELECT rule FROM events.schema_risks(jsonb_build_object('maxLength', 90, 'pattern', '^(?:(?:' || (SELECT string_agg(lpad(i::text, 3, '0'), '|') FROM generate_series(1, 300) i) || '),)*$'));
SELECT rule FROM events.schema_risks(jsonb_build_object('maxLength', 90, 'pattern', '^(?:' || repeat('[a-z]?', 400) || ',)*$'));
SELECT rule FROM events.schema_risks(jsonb_build_object('maxLength', 90, 'pattern', repeat('(', 200) || repeat('abc', 1000) || repeat(')*x', 200)));
SELECT events.register_schema('/large/1', jsonb_build_object('maxLength', 90, 'pattern', '^(?:' || (SELECT string_agg('zz' || i, '|') FROM generate_series(1, 2000) i) || '|a|a)*$'));
SELECT length(location), rule FROM events.schema_risks((repeat('{"items":', 1000) || '{"pattern": "a"}' || repeat('}', 1000))::jsonb);
\set VERBOSITY terse
SELECT rule FROM events.schema_risks(jsonb_build_object('pattern', repeat('(', 100000)));
\set VERBOSITY default
DROP TABLE secure;
