-- deep, cyclic, big: a right answer or a clear error, and always an end
\set SHOW_CONTEXT never

-- schemas 1,000 deep
CREATE FUNCTION pg_temp.nest(open text, core text, close text, n int) RETURNS jsonb LANGUAGE sql AS
$$ SELECT (repeat(open, n) || core || repeat(close, n))::jsonb $$;
SELECT events.is_valid(pg_temp.nest('{"a":', '1', '}', 1000), pg_temp.nest('{"properties":{"a":', '{"type":"integer"}', '}}', 1000)) AS valid,
       events.is_valid(pg_temp.nest('{"a":', '"x"', '}', 1000), pg_temp.nest('{"properties":{"a":', '{"type":"integer"}', '}}', 1000)) AS invalid;
SELECT events.is_valid(pg_temp.nest('[', '1', ']', 1000), pg_temp.nest('{"items":', '{"type":"integer"}', '}', 1000)) AS valid,
       events.is_valid(pg_temp.nest('[', '"x"', ']', 1000), pg_temp.nest('{"items":', '{"type":"integer"}', '}', 1000)) AS invalid;
SELECT events.is_valid('1', pg_temp.nest('{"not":', '{"type":"integer"}', '}', 1000)) AS even,
       events.is_valid('1', pg_temp.nest('{"not":', '{"type":"integer"}', '}', 1001)) AS odd,
       events.is_valid('1', pg_temp.nest('{"anyOf":[false,', '{"type":"integer"}', ']}', 1000)) AS any_of,
       events.is_valid('{}', pg_temp.nest('{"unevaluatedProperties":false,"allOf":[', '{"type":"object"}', ']}', 1000)) AS unevaluated;
SELECT length(instance_location), length(keyword_location), message
FROM events.validation_errors(pg_temp.nest('{"a":', '"x"', '}', 1000), pg_temp.nest('{"properties":{"a":', '{"type":"integer"}', '}}', 1000));
SELECT count(*), max(length(keyword_location))
FROM events.validation_errors('1', pg_temp.nest('{"anyOf":[false,', '{"type":"string"}', ']}', 1000));

-- a schema for values of any depth
SELECT events.is_valid(pg_temp.nest('[', '', ']', 2000), '{"type": "array", "items": {"$ref": "#"}}') AS valid,
       events.is_valid(pg_temp.nest('[', '1', ']', 2000), '{"type": "array", "items": {"$ref": "#"}}') AS invalid;

-- the stack has an end, and says so
SET max_stack_depth = '100kB';
SELECT events.is_valid(v, '{"type": "array", "items": {"$ref": "#"}}') FROM (SELECT jsonb_agg(1) AS v) x;
DO $$
DECLARE v jsonb := '[]';
BEGIN
    FOR i IN 1..10000 LOOP v := jsonb_build_array(v); END LOOP;
    PERFORM events.is_valid(v, '{"type": "array", "items": {"$ref": "#"}}');
    RAISE WARNING 'no end';
EXCEPTION WHEN statement_too_complex THEN RAISE INFO '% %', SQLSTATE, SQLERRM;
END $$;
DO $$
DECLARE v jsonb := '{}';
BEGIN
    FOR i IN 1..10000 LOOP v := jsonb_build_object('not', v); END LOOP;
    PERFORM events.is_valid('1', v);
    RAISE WARNING 'no end';
EXCEPTION WHEN statement_too_complex THEN RAISE INFO '% %', SQLSTATE, SQLERRM;
END $$;
RESET max_stack_depth;

-- references in a circle, with and without going into the value
SELECT events.is_valid('{"a": {"a": {"b": 1}}}', '{"properties": {"a": {"$ref": "#"}, "b": {"type": "integer"}}}') AS valid,
       events.is_valid('{"a": {"a": {"b": "x"}}}', '{"properties": {"a": {"$ref": "#"}, "b": {"type": "integer"}}}') AS invalid;
SELECT events.is_valid('1', '{"type": "integer", "$ref": "#"}');
SELECT events.is_valid('1', '{"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/b"}]}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}}');
SELECT * FROM events.validation_errors('1', '{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}}');
SELECT events.apply_defaults('{}', '{"allOf": [{"$ref": "#"}]}');

-- enums of 100,000 values
CREATE TEMP TABLE big AS SELECT jsonb_build_object('enum', jsonb_agg(CASE WHEN g % 2 = 0 THEN to_jsonb('v' || g) ELSE to_jsonb(g) END)) AS s FROM generate_series(1, 100000) g;
SELECT events.is_valid('"v100000"', s) AS yes, events.is_valid('99999.0', s) AS yes, events.is_valid('"v99999"', s) AS no, events.is_valid('[1]', s) AS no FROM big;
SELECT count(*) FROM generate_series(1, 20000) g, big WHERE events.is_valid(to_jsonb(g), s);

-- 100,000 different items; then one that is there twice
SELECT events.is_valid(v, '{"uniqueItems": true}') AS yes, events.is_valid(v || '[{"n": 77.0}]'::jsonb, '{"uniqueItems": true}') AS no
FROM (SELECT jsonb_agg(jsonb_build_object('n', g)) AS v FROM generate_series(1, 100000) g) x;
SELECT message FROM events.validation_errors((SELECT jsonb_agg(g % 90000) FROM generate_series(0, 99999) g), '{"uniqueItems": true}');

-- documents of 10 MB
CREATE TEMP TABLE doc AS SELECT jsonb_object_agg('key' || g, jsonb_build_object('id', g, 'name', repeat('x', 50), 'tags', '["a", "b"]'::jsonb)) AS v FROM generate_series(1, 60000) g;
SELECT length(v::text) > 6000000 AS big,
       events.is_valid(v, '{"additionalProperties": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "name": {"maxLength": 50}, "tags": {"items": {"type": "string"}}}}}') AS valid,
       events.is_valid(v, '{"patternProperties": {"^key[0-9]+$": true}, "unevaluatedProperties": false}') AS evaluated,
       events.is_valid(v, '{"propertyNames": {"maxLength": 7}}') AS names
FROM doc;
-- failures are bounded
SELECT count(*) FROM doc, events.validation_errors(v, '{"additionalProperties": {"required": ["no"]}}');
SELECT events.is_valid(to_jsonb(repeat('é', 5000000)), '{"maxLength": 5000000}') AS yes, events.is_valid(to_jsonb(repeat('é', 5000001)), '{"maxLength": 5000000}') AS no;

-- what could take for ever can be ended
SET statement_timeout = '200ms';
SELECT events.is_valid('1', jsonb_build_object('$ref', '#/$defs/d30', '$defs',
    (SELECT jsonb_object_agg('d' || g, CASE WHEN g = 0 THEN '{"type": "string"}' ELSE format('{"anyOf": [{"$ref": "#/$defs/d%s"}, {"$ref": "#/$defs/d%s"}, {"$ref": "#/$defs/d%1$s", "title": "x"}]}', g - 1, g - 1)::jsonb END)
     FROM generate_series(0, 30) g)));
RESET statement_timeout;

-- at once, and not after the 10,000 names have met the 10,000 patterns
SET statement_timeout = '500ms';
DO $$
DECLARE begun timestamptz := clock_timestamp();
BEGIN
    PERFORM events.is_valid((SELECT jsonb_object_agg('k' || g, g) FROM generate_series(1, 10000) g),
        jsonb_build_object('patternProperties', (SELECT jsonb_object_agg('^x' || g, '{}'::jsonb) FROM generate_series(1, 10000) g)));
    RAISE WARNING 'not ended';
EXCEPTION WHEN query_canceled THEN RAISE INFO 'ended within 10 s: %', clock_timestamp() - begun < '10 s';
END $$;
RESET statement_timeout;

-- small things that ask for much: what they get has a bound, and so has the memory it takes (of a new server process)
CREATE TABLE deep AS
SELECT n, jsonb_object_agg('o' || a, members) AS v
FROM (SELECT n, a, jsonb_object_agg('m' || b, CASE WHEN n = 1 OR a > 5 THEN '1' ELSE (repeat('[', 97) || repeat(']', 97))::jsonb END) AS members
      FROM generate_series(1, 2) n, generate_series(1, 20) a, generate_series(1, 990) b GROUP BY n, a) x
GROUP BY n;
\c -
CREATE FUNCTION pg_temp.took_less_than(megabytes int) RETURNS boolean LANGUAGE sql AS -- where there is no /proc, nobody knows
$$ SELECT coalesce(substring(pg_read_file('/proc/self/status', 0, 10000, true) from 'VmHWM:\s*([0-9]+) kB')::int < megabytes * 1024, true) $$;
SELECT length(s::text) < 1000000 AS bounded, (SELECT bool_and(events.is_valid(v, s)) FROM deep) AS accepts_all
FROM (SELECT events.infer_schema_agg(v ORDER BY n) FROM deep) x(s);
SELECT length(events.infer_schema_agg(v ORDER BY n DESC)::text) < 1000000 AS bounded FROM deep;
DROP TABLE deep;
-- maps in maps
SELECT length(s::text) BETWEEN 500000 AND 1000000 AS bounded, events.is_valid(v, s) AS accepted, s ? 'additionalProperties' AS map
FROM (SELECT v, events.infer_schema(v)
      FROM (SELECT (repeat('{"1": null, "2": null, "3": [', 45) || jsonb_object_agg('m' || b, members) || repeat(']}', 45))::jsonb
            FROM (SELECT b, jsonb_object_agg('x' || c, 'abc' || c) AS members
                  FROM generate_series(1, 100) b, generate_series(1, 190) c GROUP BY b) x) y(v)) z(v, s);
-- long names
SELECT length(events.infer_schema_agg(jsonb_build_object(repeat('n', 200000) || n, n))::text) < 40000000 AS bounded
FROM generate_series(1, 300) n;
SELECT pg_temp.took_less_than(250);
-- an object that is made anew for every schema that applies to it
SELECT length(events.apply_defaults(jsonb_build_object('x', repeat('x', 1000000)),
    (SELECT jsonb_build_object('allOf', jsonb_agg(jsonb_build_object('properties', jsonb_build_object('p' || n, '{"default": 1}'::jsonb))))
     FROM generate_series(1, 300) n))::text);
SELECT pg_temp.took_less_than(250);
-- defaults that hold two of the next ones each
CREATE FUNCTION pg_temp.doubling(levels int, core text) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_build_object('$ref', '#/$defs/d' || levels, '$defs', jsonb_object_agg('d' || n, CASE WHEN n = 0 THEN core
       ELSE format('{"properties": {"a": {"default": {}, "$ref": "#/$defs/d%s"}, "b": {"default": {}, "$ref": "#/$defs/d%1$s"}}}', n - 1) END::jsonb))
   FROM generate_series(0, levels) n $$;
SELECT events.apply_defaults('{}', pg_temp.doubling(2, '{"properties": {"c": {"default": 1}}}'));
SELECT length(events.apply_defaults('{}', pg_temp.doubling(12, '{"properties": {"c": {"default": 1}}}'))::text);
SELECT events.apply_defaults('{}', pg_temp.doubling(40, '{"properties": {"c": {"default": "' || repeat('x', 1000) || '"}}}'));
SELECT pg_temp.took_less_than(500);
