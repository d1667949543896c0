-- equality and order of values: each expression beside its value; only what differs is shown
\pset null '(null)'
CREATE TEMP TABLE wanted (expression text, value jsonb);

INSERT INTO wanted VALUES
    ('null = null', 'true'),
    ('null = 1', 'false'),
    ('[] = null', 'false'),
    ('1 = 1.0', 'true'),
    ('0.1 + 0.2 = 0.3', 'true'),
    ('1 = "1"', 'null'),
    ('true = 1', 'null'),
    ('"a" = "a"', 'true'),
    ('"a" = "A"', 'false'),
    ('"a" = "a "', 'false'),
    ('"\u00e9" = "e\u0301"', 'false'),
    ('[] = []', 'true'),
    ('[1,2] = [1,2]', 'true'),
    ('[1,2] = [2,1]', 'false'),
    ('[1,2] = [1]', 'false'),
    ('[1,"a"] = [1,2]', 'false'),
    ('[null] = [null]', 'true'),
    ('[1] = 1', 'true'),
    ('1 = [1]', 'true'),
    ('[[1]] = [1]', 'false'),
    ('[] = 1', 'null'),
    ('[1,2] = 1', 'null'),
    ('{} = {}', 'true'),
    ('{a: 1, b: 2} = {b: 2, a: 1}', 'true'),
    ('{a: 1} = {a: 1, b: null}', 'false'),
    ('{a: 1} = {b: 1}', 'false'),
    ('{a: 1} = {a: "1"}', 'false'),
    ('{a: 1} = [1]', 'null'),
    ('{a: [1, {b: 2}]} = {a: [1, {b: 2.0}]}', 'true'),
    ('[1..2] = [1..2]', 'true'),
    ('[1..2] = [1..2)', 'false'),
    ('(1..2) = ]1..2[', 'true'),
    ('[1..2] = [1..3]', 'false'),
    ('(< 10) = (< 10)', 'true'),
    ('(< 10) = (<= 10)', 'false'),
    ('[1..2] = 1', 'null'),
    ('@"2024-01-01" = @"2024-01-01"', 'true'),
    ('@"2024-01-01" = @"2024-01-01T00:00:00"', 'null'),
    ('@"P1D" = @"PT24H"', 'true'),
    ('@"P1Y" = @"P1D"', 'null'),
    ('1 != 2', 'true'),
    ('1 != "1"', 'null'),
    ('null != 1', 'true');

INSERT INTO wanted VALUES
    ('1 < 2', 'true'),
    ('-1 < -2', 'false'),
    ('"a" < "b"', 'true'),
    ('"a" < "aa"', 'true'),
    ('"Z" < "a"', 'true'),
    ('"z" < "é"', 'true'),
    ('"" < "a"', 'true'),
    ('1 < "2"', 'null'),
    ('1 < null', 'null'),
    ('null < null', 'null'),
    ('true < false', 'null'),
    ('[1] < 2', 'true'),
    ('[1,2] < 3', 'null'),
    ('{a: 1} < {a: 2}', 'null'),
    ('@"PT1H" < @"PT61M"', 'true'),
    ('@"P1Y" < @"P1D"', 'null');

INSERT INTO wanted VALUES
    ('5 in [1..10]', 'true'),
    ('1 in (1..10]', 'false'),
    ('10 in [1..10)', 'false'),
    ('5 in (> 3)', 'true'),
    ('3 in (>= 3)', 'true'),
    ('"b" in ["a".."c"]', 'true'),
    ('"b" in [1..10]', 'null'),
    ('null in [1..10]', 'null'),
    ('@"2024-05-01" in [@"2024-01-01"..@"2024-12-31"]', 'true');

SELECT count(*) AS expressions FROM wanted;
SELECT expression, value AS wanted, coalesce(events.feel(expression, '{}'), 'null') AS found
FROM wanted
WHERE coalesce(events.feel(expression, '{}'), 'null') <> value;

-- values out of jsonb equal those of the expression
SELECT events.feel('[a = {x: [1, 2], y: "z"}, b = [1, 2], a.x = b, a = c, d = 0.1, e = null]',
                   '{"a": {"y": "z", "x": [1, 2.00]}, "b": [1.0, 2], "c": {"x": [1, 2], "y": "z"}, "d": 1e-1, "e": null}');

-- numbers of more than 34 digits are rounded on their way in
SELECT events.feel('[a, a = 12345678901234567890123456789012350000]', '{"a": 12345678901234567890123456789012345678}');

-- every kind of value as JSON
SELECT events.feel('[null, true, 1.50, "x", @"2024-02-29", @"10:00:00Z", @"2024-02-29T10:00:00@Europe/Paris", @"P1Y2M", @"P1DT2H"]', '{}');
SELECT jsonb_array_elements(events.feel('[[1..2), (> 3), ["a".."b"], function(x) x, {b: [], a: {}, aa: 1}]', '{}')) AS value;

-- values deeper than the stack
SET max_stack_depth = '100kB';
SELECT events.feel('count(flatten((for i in 1..5000 return if i = 1 then [1] else [partial[-1]])[-1]))', '{}');
SELECT events.feel('(for i in 1..5000 return if i = 1 then [1] else [partial[-1]])[-1]', '{}');
SELECT events.feel('{a: (for i in 1..5000 return if i = 1 then [1] else [partial[-1]])[-1], b: (for i in 1..5000 return if i = 1 then [1] else [partial[-1]])[-1], c: a = b}.c', '{}');
RESET max_stack_depth;
