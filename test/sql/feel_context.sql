-- the functions of contexts and booleans: each expression beside its value; only what differs is shown
\pset null '(null)'
CREATE TEMP TABLE wanted (expression text, value jsonb);

INSERT INTO wanted VALUES
    ('get value({a: "foo"}, "a")', '"foo"'),
    ('get value({a: "foo"}, "b")', 'null'),
    ('get value({a: null}, "a")', 'null'),
    ('get value({"": 1}, "")', '1'),
    ('get value({a: {b: {c: 1}}}, ["a", "b", "c"])', '1'),
    ('get value({a: {b: 1}}, ["a", "x"])', 'null'),
    ('get value({a: 1}, ["a", "x"])', 'null'),
    ('get value({a: 1}, [])', 'null'),
    ('get value({a: 1}, ["a", 1])', 'null'),
    ('get value({a: 1}, 1)', 'null'),
    ('get value("a", "a")', 'null'),
    ('get value(null, "a")', 'null'),
    ('get value(m: {a: 1}, key: "a")', '1'),
    ('get value(context: {a: {b: 1}}, keys: ["a", "b"])', '1'),
    ('get entries({a: 1, b: [2]})', '[{"key": "a", "value": 1}, {"key": "b", "value": [2]}]'),
    ('get entries({})', '[]'),
    ('get entries(1)', 'null'),
    ('get entries({z: 1, a: 2, m: 3}).key', '["z", "a", "m"]');

INSERT INTO wanted VALUES
    ('context([{key: "a", value: 1}, {key: "b", value: 2}])', '{"a": 1, "b": 2}'),
    ('context({key: "a", value: 1})', '{"a": 1}'),
    ('context([])', '{}'),
    ('context([{key: "a", value: null}])', '{"a": null}'),
    ('context([{key: "a", value: 1, more: 2}])', '{"a": 1}'),
    ('context([{key: "a", value: 1}, {key: "a", value: 2}])', 'null'),
    ('context([{key: "a"}])', 'null'),
    ('context([{value: 1}])', 'null'),
    ('context([{key: 1, value: 1}])', 'null'),
    ('context([{key: null, value: 1}])', 'null'),
    ('context([1])', 'null'),
    ('context(null)', 'null'),
    ('context(get entries({a: 1, b: {c: 2}})) = {a: 1, b: {c: 2}}', 'true');

INSERT INTO wanted VALUES
    ('context put({}, "a", 1)', '{"a": 1}'),
    ('context put({a: 1}, "a", 2)', '{"a": 2}'),
    ('context put({a: 1}, "b", null)', '{"a": 1, "b": null}'),
    ('get entries(context put({b: 1, a: 2}, "b", 3))', '[{"key": "b", "value": 3}, {"key": "a", "value": 2}]'),
    ('get entries(context put({b: 1}, "a", 3)).key', '["b", "a"]'),
    ('context put({x: 1, y: {a: 0}}, ["y", "a"], 2)', '{"x": 1, "y": {"a": 2}}'),
    ('context put({x: 1}, ["y", "z"], 2)', '{"x": 1, "y": {"z": 2}}'),
    ('context put({x: 1, y: 2}, ["y", "z"], 2)', '{"x": 1, "y": {"z": 2}}'),
    ('context put({x: 1}, [], 2)', 'null'),
    ('context put({x: 1}, ["y", null], 2)', 'null'),
    ('context put({}, 1, 1)', 'null'),
    ('context put({}, "a")', 'null'),
    ('context put(null, "a", 1)', 'null'),
    ('{a: {x: 1}, b: context put(a, "x", 2)}', '{"a": {"x": 1}, "b": {"x": 2}}'),
    ('context put(context: {x: {y: 1}}, keys: ["x", "y"], value: 2)', '{"x": {"y": 2}}'),
    ('context merge([{a: 1}, {b: 2}])', '{"a": 1, "b": 2}'),
    ('context merge([{a: 1}, {a: 2}])', '{"a": 2}'),
    ('context merge([{a: {x: 1}}, {a: {y: 2}}])', '{"a": {"y": 2}}'),
    ('context merge({a: 1}, {b: 2}, {c: 3})', '{"a": 1, "b": 2, "c": 3}'),
    ('context merge([])', '{}'),
    ('context merge([{}, 1])', 'null'),
    ('context merge(null)', 'null'),
    ('get entries(context merge([{b: 1, a: 2}, {c: 3, b: 4}])).key', '["b", "a", "c"]');

INSERT INTO wanted VALUES
    ('not(true)', 'false'),
    ('not(false)', 'true'),
    ('not(null)', 'null'),
    ('not(0)', 'null'),
    ('not("true")', 'null'),
    ('is(1, 1.0)', 'true'),
    ('is(1, "1")', 'false'),
    ('is(null, null)', 'true'),
    ('is(null, 1)', 'false'),
    ('is({a: 1}, {a: 1})', 'true'),
    ('is([1], [1, 2])', 'false'),
    ('is(@"10:00:00Z", @"10:00:00+00:00")', 'true'),
    ('is(@"10:00:00Z", @"11:00:00+01:00")', 'false'),
    ('@"10:00:00Z" = @"11:00:00+01:00"', 'true'),
    ('is(@"2012-12-25", @"2012-12-25T00:00:00")', 'false'),
    ('is(@"P1Y", @"P12M")', 'true'),
    ('is(value1: 1)', 'false'),
    ('is(value2: 1)', 'false'),
    ('is(1, 1, 1)', 'null'),
    ('is defined(1)', 'true'),
    ('is defined(null)', 'false'),
    ('get or else(null, 1)', '1'),
    ('get or else(false, 1)', 'false'),
    ('get or else(null, null)', 'null'),
    ('assert(3, true)', '3'),
    ('assert(3, false)', 'null'),
    ('assert(3, null, "why")', 'null');

SELECT count(*) AS expressions FROM wanted;
SELECT expression, value AS wanted, coalesce(events.feel(expression, '{}'), 'null') AS found
FROM wanted
WHERE coalesce(events.feel(expression, '{}'), 'null') <> value;

-- contexts of many entries are searched by halves, those of few from the start
SELECT events.feel('{c: context(for i in 1..1000 return {key: "k" + string(i), value: i}),
                     r: [c.k1, c.k500, c.k1000, c.k1001, get value(c, "k77"), count(get entries(c))]}.r', '{}');

-- a context out of jsonb
SELECT events.feel('[a.b, context put(a, "c", 2), get entries(a)[1].key, a = {b: {x: 1}}]', '{"a": {"b": {"x": 1}}}');

-- why a result is null
SELECT expression, p.message FROM (VALUES
    ('get value({a: 1}, "b")'),
    ('context([{key: "a", value: 1}, {key: "a", value: 1}])'),
    ('context([{key: "a"}])'),
    ('context put({}, ["a", 1], 1)'),
    ('context merge([{}, null])'),
    ('assert(1, 1 > 2, "one is less than two")')) AS e (expression), events.feel_problems(expression, '{}') p;
