-- the functions of ranges: each expression beside its value; only what differs is shown
\pset null '(null)'
CREATE TEMP TABLE wanted (expression text, value jsonb);

INSERT INTO wanted VALUES
    ('before(1, 10)', 'true'), ('before(10, 1)', 'false'), ('before(1, 1)', 'false'),
    ('before(1, [1..10])', 'false'), ('before(1, (1..10])', 'true'), ('before(1, [5..10])', 'true'),
    ('before([1..10], 10)', 'false'), ('before([1..10), 10)', 'true'), ('before([1..10], 15)', 'true'),
    ('before([1..10], [15..20])', 'true'), ('before([1..10], [10..20])', 'false'),
    ('before([1..10), [10..20])', 'true'), ('before([1..10], (10..20])', 'true'),
    ('after(10, 5)', 'true'), ('after(5, 10)', 'false'),
    ('after(12, [1..10])', 'true'), ('after(10, [1..10))', 'true'), ('after(10, [1..10])', 'false'),
    ('after([11..20], 12)', 'false'), ('after((11..20], 11)', 'true'), ('after([11..20], 11)', 'false'),
    ('after([11..20], [1..10])', 'true'), ('after([1..10], [11..20])', 'false'), ('after([11..20], [1..11))', 'true'),
    ('meets([1..5], [5..10])', 'true'), ('meets([1..5), [5..10])', 'false'), ('meets([1..5], (5..10])', 'false'),
    ('met by([5..10], [1..5])', 'true'), ('met by([5..10], [1..5))', 'false'), ('met by((5..10], [1..5])', 'false');

INSERT INTO wanted VALUES
    ('overlaps([1..5], [3..8])', 'true'), ('overlaps([3..8], [1..5])', 'true'), ('overlaps([1..8], [3..5])', 'true'),
    ('overlaps([1..5], [6..8])', 'false'), ('overlaps([1..5], [5..8])', 'true'), ('overlaps([1..5), [5..8])', 'false'),
    ('overlaps before([1..5], [3..8])', 'true'), ('overlaps before([1..5], [6..8])', 'false'),
    ('overlaps before([1..5], (5..8])', 'false'), ('overlaps before([1..5), (1..5])', 'true'),
    ('overlaps before([1..5], (1..5])', 'true'), ('overlaps before([1..5), [1..5])', 'false'),
    ('overlaps before([1..5], [1..5])', 'false'), ('overlaps before([1..8], [3..5])', 'false'),
    ('overlaps after([3..8], [1..5])', 'true'), ('overlaps after([6..8], [1..5])', 'false'),
    ('overlaps after((1..5], [1..5))', 'true'), ('overlaps after((1..5], [1..5])', 'true'),
    ('overlaps after([1..5], [1..5))', 'false');

INSERT INTO wanted VALUES
    ('finishes(10, [1..10])', 'true'), ('finishes(10, [1..10))', 'false'),
    ('finishes([5..10], [1..10])', 'true'), ('finishes([5..10), [1..10])', 'false'),
    ('finishes([5..10), [1..10))', 'true'), ('finishes([1..10], (1..10])', 'false'), ('finishes((1..10], [1..10])', 'true'),
    ('finished by([1..10], 10)', 'true'), ('finished by([1..10], [5..10])', 'true'), ('finished by([1..10], (1..10])', 'true'),
    ('includes([1..10], 5)', 'true'), ('includes([1..10], 12)', 'false'), ('includes((1..10], 1)', 'false'),
    ('includes([1..10], [4..6])', 'true'), ('includes((1..10], [1..5])', 'false'), ('includes([1..10], (1..10))', 'true'),
    ('during(5, [1..10])', 'true'), ('during(10, [1..10))', 'false'), ('during([4..6], [1..10])', 'true'),
    ('starts(1, [1..10])', 'true'), ('starts(1, (1..10])', 'false'), ('starts([1..5], [1..10])', 'true'),
    ('starts((1..5], [1..10])', 'false'), ('starts([1..10), [1..10])', 'true'), ('starts([1..10], [1..10))', 'false'),
    ('started by([1..10], 1)', 'true'), ('started by([1..10], [1..5])', 'true'), ('started by([1..10], (1..5])', 'false'),
    ('coincides(5, 5)', 'true'), ('coincides(3, 4)', 'false'),
    ('coincides([1..5], [1..5])', 'true'), ('coincides([1..5], [1..5))', 'false');

-- other types, open ends, names, and what has no answer
INSERT INTO wanted VALUES
    ('before("a", "b")', 'true'),
    ('before(@"2024-01-01", [@"2024-02-01"..@"2024-03-01"])', 'true'),
    ('includes([@"P1D"..@"P10D"], @"P5D")', 'true'),
    ('includes((> 3), 5)', 'true'),
    ('includes((>= 3), [3..7])', 'true'),
    ('includes([3..7], (>= 3))', 'false'),
    ('before((< 3), 3)', 'true'),
    ('before((<= 3), 3)', 'false'),
    ('overlaps((> 3), (< 5))', 'true'),
    ('overlaps((< 3), (> 5))', 'false'),
    ('coincides((> 3), (> 3))', 'true'),
    ('before(point1: 1, point2: 2)', 'true'),
    ('includes(range: [1..2], point: 2)', 'true'),
    ('meets(range1: [1..2], range2: [2..3])', 'true'),
    ('before(1, "a")', 'null'),
    ('before(1, ["a".."b"])', 'null'),
    ('before(1, null)', 'null'),
    ('before(true, false)', 'null'),
    ('meets(1, 2)', 'null'),
    ('includes(1, [1..2])', 'null');

-- range() takes literals, and nothing else
INSERT INTO wanted VALUES
    ('range("[1..3]") = [1..3]', 'true'),
    ('range("(1..3)") = (1..3)', 'true'),
    ('range("]1..3[") = (1..3)', 'true'),
    ('range(" [ -1.5 .. 3 ] ") = [-1.5..3]', 'true'),
    ('range("[1..1]") = [1..1]', 'true'),
    ('range("[18..)") = (>= 18)', 'true'),
    ('range("(18..)") = (> 18)', 'true'),
    ('range("(..18]") = (<= 18)', 'true'),
    ('range("]..18)") = (< 18)', 'true'),
    ('range("[..18]")', 'null'),
    ('range("[18..]")', 'null'),
    ('range("(..)")', 'null'),
    ('range("[\"a\"..\"c\"]") = ["a".."c"]', 'true'),
    ('range("[@\"2024-01-01\"..@\"2024-12-31\"]") = [@"2024-01-01"..@"2024-12-31"]', 'true'),
    ('range("[date(\"2024-01-01\")..date( \"2024-12-31\" )]") = [@"2024-01-01"..@"2024-12-31"]', 'true'),
    ('range("[time(\"10:00:00\")..@\"11:00:00\")") = [@"10:00:00"..@"11:00:00")', 'true'),
    ('range("[date and time(\"2024-01-01T00:00:00\")..@\"2024-01-02T00:00:00\"]").start', '"2024-01-01T00:00:00"'),
    ('range("[duration(\"P1D\")..@\"P2D\"]").end', '"P2D"'),
    ('range("[date(string(\"2024-01-01\"))..date(\"2024-12-31\")]")', 'null'),
    ('range("[date(\"2024-02-30\")..date(\"2024-12-31\")]")', 'null'),
    ('range("[3..1]")', 'null'),
    ('range("[\"z\"..\"a\"]")', 'null'),
    ('range("[1..\"a\"]")', 'null'),
    ('range("[@\"P1Y\"..@\"P2D\"]")', 'null'),
    ('range("[true..true]")', 'null'),
    ('range("[null..null]")', 'null'),
    ('range("[1..2")', 'null'),
    ('range("1..2]")', 'null'),
    ('range("[1..2] ]")', 'null'),
    ('range("[1+1..3]")', 'null'),
    ('range("[x..y]")', 'null'),
    ('range("[1.2]")', 'null'),
    ('range(">=10")', 'null'),
    ('range("")', 'null'),
    ('range(1)', 'null'),
    ('range(from: "[1..3]").end included', 'true');

SELECT count(*) AS expressions FROM wanted;
SELECT expression, value AS wanted, coalesce(events.feel(expression, '{}'), 'null') AS found
FROM wanted
WHERE coalesce(events.feel(expression, '{}'), 'null') <> value;

-- a range out of an event
SELECT events.feel('amount in range(limits)', '{"amount": 7, "limits": "[5..10)"}');

SELECT expression, p.message FROM (VALUES
    ('before(1, "a")'),
    ('range("[3..1]")'),
    ('range("[1..x]")')) AS e (expression), events.feel_problems(expression, '{}') p;
