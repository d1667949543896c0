-- FEEL: every construct of the language, its names, and filters. The functions have tests of their own.
\set VERBOSITY terse
\pset null NULL

CREATE FUNCTION pg_temp.feel_values(expressions text[], context jsonb DEFAULT '{}')
RETURNS TABLE (expression text, value jsonb) LANGUAGE sql AS $$
    SELECT e, events.feel(e, context) FROM unnest(expressions) WITH ORDINALITY AS t(e, n) ORDER BY n
$$;

-- literals: numbers of 34 digits, strings and their escapes, moments
SELECT * FROM pg_temp.feel_values(ARRAY[
    '1', '.5', '01.50', '1e3', '1.5E-2', '-5', '1234567890123456789012345678901234567890',
    'true', 'false', 'null',
    '"a"', '""', '"\n\t\r\"\''\\"', '"\u00e9\u20AC\uD83D\uDE00\U01F40E"', '"\d+\."', E'"two\nlines"',
    '@"2024-02-29"', '@"10:30:00+01:00"', '@"2024-02-29T10:30:00@Europe/Paris"', '@"P1DT2H"', '@"P1Y2M"',
    '@"yesterday"']);

-- arithmetic and its precedence; what is not defined is null
SELECT * FROM pg_temp.feel_values(ARRAY[
    '1 + 2 * 3', '(1 + 2) * 3', '2 ** 3 ** 2', '-2 ** 2', '-(2 ** 2)', '2 ** -1', '7 - 2 - 1', '8 / 4 / 2', '1 / 3',
    '0.1 + 0.2', '1 / 0', '- -3', '10-5', '"a" + "b"', '"a" + 1', '1 + null', '[1] + 1',
    '@"2024-01-31" + @"P1M"', '@"P1D" * 2', '@"2024-03-01" - @"2024-02-01"', '-@"P1D"', '-"a"']);

-- comparisons and logic of three values
SELECT * FROM pg_temp.feel_values(ARRAY[
    '1 = 1.0', '1 != 2', '1 < 2', '2 <= 1', '"a" > "b"', '1 = "1"', '1 < "2"', 'null = null', '1 = null', '1 < null',
    'true and true', 'true and null', 'false and null', 'true or null', 'false or null', 'false or "x"', 'not(true)',
    'not(null)', 'true and 1', '1 < 2 and 2 < 3 or false', '1 between 0 and 2', '1 between 2 and 3', '1 between null and 3',
    '1 < 2 = true']);

-- in: values, lists, ranges, unary tests, one or several
SELECT * FROM pg_temp.feel_values(ARRAY[
    '1 in 1', '1 in [1, 2]', '3 in [1, 2]', '1 in (1, 2)', '3 in (1, 2)', '5 in > 3', '5 in (> 3)', '5 in (< 3, > 4)', '5 in != 5',
    '5 in [1..5]', '5 in [1..5)', '5 in ]5..7]', '5 in [[1..3], 5]', '[1] in [[1], [2]]', '[1, 2] in [1, 2]',
    '1 in (1)', '5 in (2 + 3)', '5 in (2) + 3', '5 in (? > 3)', 'null in [1, null]', 'null in null', '5 in [1..null]',
    '@"2024-02-01" in [@"2024-01-01"..@"2024-12-31"]', '"b" in ["a".."c"]']);

-- ranges are values
SELECT * FROM pg_temp.feel_values(ARRAY[
    '[1..3]', '(1..3)', ']1..3[', '[1..3[', '[1..3].end', ']1..3].start included', '(> 5)', '(<= 5)', '(= 5)', '(!= 5)',
    '(> 5).start', '[1..3] = [1..3]', '[1..3] = [1..3)', '(= 5) = [5..5]', '[1.."a"]', '[null..3]', '[{}..3]',
    '[1..list[1]]', '{r: ]1..2[, x: 1}.r.end included', '[@"P1D"..@"P2D"]'], '{"list": [7]}');

-- lists: elements from 1, from the end, what the filter says; what is no list is a list of itself
SELECT * FROM pg_temp.feel_values(ARRAY[
    '[]', '[1, [2, "a"], null]', '[1, 2, 3][1]', '[1, 2, 3][-1]', '[1, 2, 3][0]', '[1, 2, 3][4]', '[1, 2, 3][1.5]', '[1, 2, 3][item > 1]',
    '[1, 2, 3][true]', '[1, 2, 3][> 1]', '[1, 2, 3][!= 2]', '[1, null, 3][item > 2]', '[1, 2, 3]["a"]', '[][1]', '[][item = 1]', 'null[1]', '5[1]', '5[2]',
    '[{a: 1}, {a: 2}][a > 1]', '[{a: 1}, {a: 2}][item.a = 1]', '[{item: 1}, {item: 2}][item = 2]',
    '[{a: 1}, {b: 2}].a', '[[1, 2], [3]][2][1]', '[1, 2, 3][count([1, 2])]', '[{a: [1, 2]}, {a: [3]}].a[1]',
    '{xs: [1, 2, 3], r: xs[item = xs[2]]}.r', '[{x: 1, y: 2}][x = y - 1].y']);

-- contexts: later entries see those before them; keys of all kinds
SELECT * FROM pg_temp.feel_values(ARRAY[
    '{}', '{a: 1, b: a + 1}', '{a: {b: {c: 1}}}.a.b.c', '{"a key": 1}', '{"": 1}', '{a: b, b: 1}', '{a b: 1, c: a b + 1}.c',
    '{a+b: 1, a: 5, c: a+b}.c', '{a: 1}.b', '5.a', '{a: {a: 1, b: a}}.a.b', '{order id: 7}.order id', '{`x y`: 1}.`x y`',
    '{if x: 1, r: if x}.r']);

-- if, for, some, every
SELECT * FROM pg_temp.feel_values(ARRAY[
    'if true then 1 else 2', 'if null then 1 else 2', 'if 1 then 1 else 2', 'if false then 1 else if true then 2 else 3',
    'for i in [1, 2] return i * 2', 'for i in 1..3 return i', 'for i in 3..1 return i', 'for i in [1..3) return i', 'for i in (3..1) return i',
    'for i in 1 + 1..2 + 1 return i', 'for i in @"2024-02-28"..@"2024-03-01" return i', 'for i in [] return i',
    'for i in [1, 2], j in [10, 20] return i + j', 'for i in [[1, 2], [3]], j in i return j', 'for i in 0..4 return if i < 2 then 1 else partial[-1] + partial[-2]',
    'for i in 1..3 return count(partial)', 'for i in 1 return i', 'for i in null return i', 'for i in "a".."c" return i', 'for i in 1.5..3 return i',
    'for my item in [1] return my item + 1', 'for i in [1], i in [i + 1] return i',
    'some i in [1, 2] satisfies i > 1', 'some i in [] satisfies true', 'some i in [null, 1] satisfies i > 5', 'some i in [1], j in [2] satisfies i < j',
    'every i in [1, 2] satisfies i > 0', 'every i in [1, null] satisfies i > 0', 'every i in [null, -1] satisfies i > 0', 'every i in [] satisfies false',
    'some i in 5 satisfies true', 'every i in 1..1000 satisfies i > 0', '(for i in 1..2 return i)[2]']);

-- functions: parameters with types, by name, closures, recursion, calls of anything
SELECT * FROM pg_temp.feel_values(ARRAY[
    '(function(a, b) a - b)(3, 1)', '(function(a, b) a - b)(b: 3, a: 1)', '(function(a b, c) a b - c)(c: 1, a b: 3)', '(function(a) a)()', '(function() 1)(2)',
    '(function(a: number) a)("x")', '(function(a: number) a)([5])', '(function(a: list<number>) a)(5)', '(function(a: date and time) a)(@"2024-01-01")',
    '{add: function(a) function(b) a + b, r: add(1)(2)}.r', '{f: function(n) if n < 2 then n else f(n - 1) + f(n - 2), r: f(10)}.r',
    '{fs: for i in [1, 2, 3] return function(x) x * i, r: for f in fs return f(10)}.r', '{fs: [1, 2][(function() item)() > 1]}.fs',
    '(for i in [1, 2] return {i: i, get: function() i})[1].get()', 'sort([3, 1, 2], function(a, b) a > b)', '{f: count, r: f([1, 2])}.r', '(abs)(-1)',
    'substring(string: "abc", start position: 2)', 'substring(string: "abc", start: 2)', 'abs(1, 2)', 'nothing(1)', 'null(1)', '1(1)', '"f"(1)',
    '{f: function(a) external {java: {class: "java.lang.Math", method signature: "cos(double)"}}, r: f(1)}.r', 'function(a) a', 'count(1)', 'abs([-1])',
    'date  and   time ("2024-01-01T00:00:00")', 'starts
	with("abc", "a")', 'or(true, false)', 'and([true, null])']);

-- types
SELECT * FROM pg_temp.feel_values(ARRAY[
    '1 instance of number', '"1" instance of number', 'null instance of Any', 'null instance of Null', '1 instance of Any', '[1] instance of list', '[1] instance of list<number>',
    '[1, "a"] instance of list<number>', '[[1]] instance of list<list<number>>', '{a: 1} instance of context', '{a: 1, b: 2} instance of context<a: number>',
    '{a: 1} instance of context<a: number, b: string>', '[1..2] instance of range<number>', '(> "a") instance of range<number>', 'abs instance of function<number> -> Any',
    '(function(a) a) instance of function<number> -> Any', '(function(a: string) a) instance of function<number> -> Any', '(function(a) a) instance of function<> -> Any',
    '@"P1D" instance of days and time duration', '@"P1Y" instance of years and months duration', '@"2024-01-01" instance of date', '@"2024-01-01T00:00:00" instance of date and time',
    '-1 instance of number', '1 instance of tType', '1 + 1 instance of number']);

-- comments and blanks of all kinds
SELECT * FROM pg_temp.feel_values(ARRAY[
    E'1 // one\n + /* two */ 2', E'/* a */ 1 /* b */', E'1\u00a0+\u20031']);

-- names: of several words, with signs, not ASCII; the longest that is known is meant
SELECT * FROM pg_temp.feel_values(ARRAY[
    'Monthly Salary * 12', 'Monthly   Salary', 'a-b', 'a - b', 'data.order-id', 'data.order id', 'größe', '変数', '🐎', 'x?', 'person.first name', 'a.b', 'unknown', 'two words', 'people.first name', 'l''été'],
    '{"Monthly Salary": 100, "a-b": 1, "a": {"b": 5}, "data": {"order-id": 7, "order id": 8}, "größe": 1, "変数": 2, "🐎": 3, "x?": 4,
      "person": {"first name": "Ann"}, "people": [{"first name": "Ann"}, {"first name": "Bob"}], "l''été": 9}');

-- an entry hides a function, but not where it is called
SELECT * FROM pg_temp.feel_values(ARRAY['count', 'count([1])', '{count: function(x) "mine", r: count([1])}.r'], '{"count": 5}');

-- a context of JSON: all kinds, exact numbers
SELECT * FROM pg_temp.feel_values(ARRAY['n', 'n * 10', 'b', 's', 'z', 'l[2]', 'o.p[1].q', 'o', 'l = [1, "a", null]'],
    '{"n": 0.1234567890123456789012345678901234, "b": true, "s": "x", "z": null, "l": [1, "a", null], "o": {"p": [{"q": 1}]}}');

-- NULL is NULL; null is JSON's null
SELECT events.feel(NULL) IS NULL AS sql_null, events.feel('null') = 'null' AS json_null, events.feel('1', NULL) AS no_context;

-- tests for filters: null is false
SELECT e AS expression, events.feel_test(e, '{"a": 5}') FROM unnest(ARRAY['a > 3', 'a > 7', 'b > 3', 'a', 'null', 'a in [1..5]', NULL]) WITH ORDINALITY AS t(e, n) ORDER BY n;

-- filters of events: attributes, then members of the data, but for the names of attributes
SELECT f AS filter, events._test_filter('{"type": "order.paid", "source": "/shop", "time": "2024-02-29T10:00:00Z", "tenant": "t1",
    "data": {"total": 5, "type": "other", "subject": "s", "order id": 7, "tenant": "t2"}}', NULL, f) FROM unnest(ARRAY['type = "order.paid"', 'data.type = "other"', 'total = 5', 'data.total > 4',
    'order id = 7', 'tenant = "t1"', 'time > @"2024-01-01T00:00:00Z"', 'time.year = 2024', 'subject = "s"', 'subject = null', 'data.subject = "s"', 'missing = 1', 'not(missing = 1)',
    'some x in [type, source] satisfies x = "/shop"', '{type: 1}.type = 1']) WITH ORDINALITY AS t(f, n) ORDER BY n;

-- a path through lists within lists; built-in functions by their number of parameters
SELECT events.feel('[{a: [{b: 1}, {b: 2}]}, {a: [{c: 3}]}, {a: {b: 4}}, {a: [[{b: 5}]]}, {}].a.b'), events.feel('sum(flatten(orders.lines.qty))', '{"orders": [{"lines": [{"qty": 1}, {"qty": 2}]}, {"lines": [{"qty": 4}]}]}');
SELECT events.feel('[abs instance of function<>->Any, abs instance of function<number>->Any, abs instance of function<number, number>->Any, max instance of function<number, number>->Any]');

-- unary tests
SELECT t AS tests, i AS input, events.feel_unary(t, i::jsonb, '{"limit": 10, "names": ["a", "b"]}')
FROM (VALUES (1, '< 5', '3'), (2, '< 5', '7'), (3, '< 5', '"x"'), (4, '< 5', NULL), (5, '[1..3], 7', '7'), (6, '[1..3], 7', '5'), (7, '"a", "b"', '"b"'),
    (8, '-', '"anything"'), (9, 'not(1, 2)', '3'), (10, 'not(1, 2)', '2'), (11, 'not(null)', '3'), (12, 'null', 'null'), (13, '? > 3 and ? < 5', '4'),
    (14, 'starts with(?, "x")', '"xyz"'), (15, '> limit', '11'), (16, 'names', '"b"'), (17, 'not(names)', '"b"'), (18, 'limit', '10'), (19, '= 5', '5'), (20, '!= 5', '5'),
    (21, 'true', 'true'), (22, '1 < 2', '"x"'), (23, '[1, 2]', '[1, 2]'), (24, 'every x in ? satisfies x > 0', '[1, 2]'), (25, 'not(? = 1)', '1'), (26, '-5', '-5'),
    (27, 'date(?) < @"2024-01-01"', '"2023-01-01"'), (28, 'not (1) and true', 'false')) AS v(n, t, i) ORDER BY n;

-- why a part is null, and where
SELECT * FROM events.feel_problems('{a: 1 + "x",
  b: nothing.at.all,
  c: [1, 2][5], d: date("x"), e: if 1 then 2 else 3, f: abs("x")}');
SELECT * FROM events.feel_problems('for größe in [1, "a"] return größe * 2');
SELECT count(*) FROM events.feel_problems('a + 1', '{"a": 1}');

-- the same expression with other contexts, in one statement and with another meaning of a name
SELECT c, events.feel('a-b', c::jsonb) FROM unnest(ARRAY['{"a": 5, "b": 3}', '{"a-b": 1, "a": 5, "b": 3}', '{"a": 5, "b": 4}', '{"a": {"a-b": 1}, "b": 3}']) AS c;

-- names of several words, where they may come from
SELECT e, events.feel(e, '{"a b": 1, "x-y": 2, "x": {"c d": 3, "e": [{"f g": 4, "h": 5}], "p": {"q/r": {"s t": 6}}}, "z": [[{"u v": 7}]], "a": 100, "c d": 8, "y": 10, "w": 50, "w (1)": 9, "größe m": 11}')
FROM unnest(ARRAY['a b', 'a  b + 1', 'x-y', 'x - y', 'y-x-y', 'w-y', 'x.c d', 'x . c d', 'x. /* a b */ c d', 'x.e[f g = 4].h', 'x.e.f g', 'x.p.q/r.s t', 'z.u v', '"a b"', '"\" a b"', 'c d + x.c d', 'for i in x.e return i.f g', 'x.e[h = 5 and f g = 4][1].f g',
    'some i in x.e satisfies i.f g = a b + 3', 'größe m', '{k: x, r: k.c d}.r', '{"m n": a b, r: m n + 1}.r', '(function(o) o.c d)(x)', 'get value(x, "c d")', '`c d`', 'if a b = 1 then x-y else 0', '// a b
a b', 'x.p.q/r', 'count(x.e[f g > 3])', 'sum(z.u v)']) WITH ORDINALITY AS t(e, n) ORDER BY n;
SELECT events.feel_unary('a b, x.c d', '3', '{"a b": 1, "x": {"c d": 3}}');

-- more expressions than the cache holds
SET events.feel_cache_size = 64;
SELECT count(*) AS wrong FROM generate_series(1, 2000) AS i WHERE events.feel(i % 500 || ' + x', '{"x": 1}') <> to_jsonb(i % 500 + 1);
RESET events.feel_cache_size;

-- now() is the start of the transaction
BEGIN;
SELECT events.feel('now() = now()'), events.feel('date(now()) = today()');
SELECT (events.feel('string(now())') #>> '{}')::timestamptz = date_trunc('milliseconds', now()) OR (events.feel('string(now())') #>> '{}')::timestamptz = now() AS is_now;
COMMIT;
