-- Schemas out of samples.

-- one sample
SELECT jsonb_pretty(events.infer_schema('{
    "id": 7, "price": 1.5, "name": "x", "ok": true, "none": null,
    "at": "2026-01-02T03:04:05Z", "day": "2026-01-02", "key": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "home": "https://example.com/", "mail": "a@example.com", "ref": "main:branch",
    "tags": ["a", "b"], "empty": [], "nested": {"deep": {"er": 1}}}'));
SELECT v AS sample, events.infer_schema(v) - '$schema' AS schema
FROM (VALUES ('1'::jsonb), ('1.0'), ('1.5'), ('"x"'), ('null'), ('true'), ('[]'), ('{}'),
             ('[1, 2.5]'), ('[1, null]'), ('[[1], ["x"]]'), ('["x", {"a": 1}, [], null]'),
             ('[{"a": 1}, {"a": "x", "b": null}]')) AS samples(v);
SELECT events.infer_schema(NULL) IS NULL AS null_is_null;

-- many samples: what some lack is optional, types are united, integers are numbers
SELECT jsonb_pretty(events.infer_schema_agg(v) - '$schema')
FROM (VALUES ('{"a": 1, "b": "x", "c": {"d": 1}}'::jsonb), ('{"a": 1.5, "b": null, "c": {"e": 2}}'), (NULL),
             ('{"a": 2, "c": {"d": 3, "e": 4}, "f": []}'), ('{"a": 2, "c": {"d": 3}, "f": [{"g": 1}]}')) AS samples(v);
SELECT events.infer_schema_agg(v) IS NULL AS nothing FROM (VALUES (NULL::jsonb)) AS samples(v);
SELECT events.infer_schema_agg(v) IS NULL AS nothing FROM (SELECT '1'::jsonb WHERE false) AS samples(v);

-- enum: few strings, often seen; not when one of them was seen once, not in few samples
SELECT events.infer_schema_agg(to_jsonb('s' || n % 3)) -> 'enum' AS enum FROM generate_series(1, 30) AS n;
SELECT events.infer_schema_agg(to_jsonb('s' || n % 3)) -> 'enum' AS enum FROM generate_series(1, 19) AS n;
SELECT events.infer_schema_agg(to_jsonb(CASE WHEN n = 9 THEN 'rare' ELSE 'often' END)) -> 'enum' AS enum
FROM generate_series(1, 30) AS n;
SELECT events.infer_schema_agg(to_jsonb('s' || n % 17)) -> 'enum' AS enum FROM generate_series(1, 1000) AS n;
SELECT events.infer_schema_agg(CASE WHEN n % 2 = 0 THEN to_jsonb('s' || n % 4) ELSE 'null' END) - '$schema' AS schema
FROM generate_series(1, 100) AS n;
SELECT events.infer_schema_agg(CASE WHEN n % 2 = 0 THEN to_jsonb('s' || n % 4) ELSE '1' END) - '$schema' AS schema
FROM generate_series(1, 100) AS n;
-- many elements of one sample are one sample
SELECT events.infer_schema(jsonb_agg('s' || n % 3)) - '$schema' AS schema FROM generate_series(1, 100) AS n;

-- formats hold for all values, and come with a length; addresses need some values
SELECT events.infer_schema_agg(v) - '$schema' AS schema
FROM (VALUES ('"2026-01-02"'::jsonb), ('"2026-01-32"')) AS samples(v);
SELECT n, events.infer_schema(v) -> 'items' AS items
FROM (VALUES (1, '["1.2.3.4"]'::jsonb), (2, '["1.2.3.4", "1.2.3.5", "10.0.0.1"]'), (3, '["::1", "::2", "fe80::1"]'),
             (4, '["01:02:03Z", "01:02:03+01:00", "01:02:04Z"]'), (5, '["1.2.3.4", "1.2.3.5", "1.2.3.456"]')) AS samples(n, v);
SELECT events.infer_schema(to_jsonb('https://example.com/' || repeat('x', 3000))) - '$schema' AS schema;

-- maps: names that are data, or many names that most objects lack
SELECT events.infer_schema('{"1": {"x": 1}, "22": {"x": 2}, "333": {"x": 3, "y": 4}}') - '$schema' AS schema;
SELECT events.infer_schema('{"2026-01-01": 1, "2026-01-02": 2, "2026-01-03": null}') - '$schema' AS schema;
SELECT events.infer_schema('{"1": 1, "2": "x", "3": true}') -> 'properties' IS NOT NULL AS of_several_shapes_is_no_map;
SELECT events.infer_schema_agg(jsonb_build_object('user' || n % 40, n)) - '$schema' AS schema FROM generate_series(1, 100) AS n;
SELECT events.infer_schema_agg(jsonb_build_object('user' || n % 20, jsonb_build_object('own' || n % 20, n))) ? 'properties' AS shapes_that_share_nothing_are_no_map
FROM generate_series(1, 100) AS n;

-- bounds: names, places, depth
SELECT events.infer_schema_agg(jsonb_build_object('n' || n, CASE WHEN n % 2 = 0 THEN to_jsonb(n) ELSE '"x"' END)) - '$schema' AS schema
FROM generate_series(1, 1500) AS n;
SELECT length(events.infer_schema_agg(jsonb_build_object('a' || n % 900, jsonb_build_object('b' || n, n)))::text) < 1000000 AS bounded
FROM generate_series(1, 60000) AS n;
SELECT length(events.infer_schema((repeat('[', 2000) || repeat(']', 2000))::jsonb)::text) AS bounded;
SELECT length(events.infer_schema((repeat('{"a":', 2000) || '1' || repeat('}', 2000))::jsonb)::text) AS bounded;

-- the order of samples makes no difference, nor do groups, windows and parallel workers
CREATE TABLE inference_samples AS
SELECT n, jsonb_build_object('n', n, 'kind', 'k' || n % 5, 'at', to_jsonb('2026-01-02T03:04:05Z'::text), 'list', jsonb_build_array(n, n / 2.0),
                             'o' || n % 7, jsonb_build_object('x', n)) AS v
FROM generate_series(1, 5000) AS n;
SELECT (SELECT events.infer_schema_agg(v ORDER BY n) FROM inference_samples) =
       (SELECT events.infer_schema_agg(v ORDER BY n DESC) FROM inference_samples) AS same;
SELECT n, events.infer_schema_agg(v) OVER (ORDER BY n) -> 'required' AS required
FROM (VALUES (1, '{"a": 1, "b": 2}'::jsonb), (2, '{"a": 1}'), (3, '{"c": 1}')) AS samples(n, v);
CREATE TEMPORARY TABLE serial_schema AS SELECT events.infer_schema_agg(v) AS schema FROM inference_samples;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT events.infer_schema_agg(v) FROM inference_samples;
CREATE TEMPORARY TABLE parallel_schema AS SELECT events.infer_schema_agg(v) AS schema FROM inference_samples;
SELECT serial_schema.schema = parallel_schema.schema AS same FROM serial_schema, parallel_schema;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE inference_samples;

-- out of the events that were published
SELECT count(events.publish('inferred.type', jsonb_build_object('n', n, 'old', n = 1))) FROM generate_series(1, 3) AS n;
SELECT count(events.publish('inferred.type', jsonb_build_object('n', n))) FROM generate_series(1, 3) AS n;
SELECT events.discover_schema('inferred.type') - '$schema' AS schema;
SELECT events.discover_schema('inferred.type', 3) - '$schema' AS schema;
SELECT events.discover_schema('inferred.type', 0) IS NULL AS nothing, events.discover_schema('no.such.type') IS NULL AS no_such_type;
