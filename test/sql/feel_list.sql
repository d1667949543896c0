-- the functions of lists: each expression beside its value; only what differs is shown
\pset null '(null)'
CREATE TEMP TABLE wanted (expression text, value jsonb);

-- looking
INSERT INTO wanted VALUES
    ('list contains([1,2,3], 2)', 'true'),
    ('list contains([1,2,3], 2.0)', 'true'),
    ('list contains([1,2,3], 4)', 'false'),
    ('list contains([1,null], null)', 'true'),
    ('list contains([1], null)', 'false'),
    ('list contains([], null)', 'false'),
    ('list contains(null, 1)', 'null'),
    ('list contains(["a","b"], "A")', 'false'),
    ('list contains([[1,2],[3]], [1,2])', 'true'),
    ('list contains([{a: 1, b: 2}], {b: 2, a: 1})', 'true'),
    ('list contains([@"2024-01-01"], @"2024-01-01")', 'true'),
    ('list contains([1,2], "1")', 'false'),
    ('list contains(list: [1], element: 1)', 'true'),
    ('count([1,2,3])', '3'),
    ('count([])', '0'),
    ('count([1,[2,3]])', '2'),
    ('count([null])', '1'),
    ('count(null)', 'null'),
    ('count()', 'null'),
    ('index of([1,2,3,2], 2)', '[2, 4]'),
    ('index of([1,null,null], null)', '[2, 3]'),
    ('index of([1,2], 3)', '[]'),
    ('index of([], 3)', '[]'),
    ('is empty([])', 'true'),
    ('is empty([null])', 'false');

-- all and any know three answers
INSERT INTO wanted VALUES
    ('all([true,true])', 'true'),
    ('all([true,false])', 'false'),
    ('all([])', 'true'),
    ('all([true,null])', 'null'),
    ('all([null,false])', 'false'),
    ('all([0,false])', 'false'),
    ('all([true,0])', 'null'),
    ('all(true, true)', 'true'),
    ('all(true, false, null)', 'false'),
    ('all(list: [true])', 'true'),
    ('all(0)', 'null'),
    ('all()', 'null'),
    ('all(null)', 'null'),
    ('any([false,true])', 'true'),
    ('any([false,false])', 'false'),
    ('any([])', 'false'),
    ('any([false,null])', 'null'),
    ('any([null,true])', 'true'),
    ('any(false, true)', 'true'),
    ('any()', 'null');

-- min and max of whatever has an order
INSERT INTO wanted VALUES
    ('min([3,1,2])', '1'),
    ('min(3, 1.5, 2)', '1.5'),
    ('min(7)', '7'),
    ('min([])', 'null'),
    ('min()', 'null'),
    ('min([1,null])', 'null'),
    ('min([1,"a"])', 'null'),
    ('min([true,false])', 'null'),
    ('min([true])', 'null'),
    ('min("b", "a", "B")', '"B"'),
    ('max([3,1,2])', '3'),
    ('max("a", "aa", "")', '"aa"'),
    ('max("ä", "z")', '"ä"'),
    ('max([@"2024-01-01", @"2023-12-31"])', '"2024-01-01"'),
    ('max([@"P1D", @"PT25H"])', '"P1DT1H"'),
    ('min([@"P1Y", @"P11M"])', '"P11M"'),
    ('min([@"P1Y", @"P1D"])', 'null'),
    ('max(list: [1, 2])', '2');

-- sums and means, exactly
INSERT INTO wanted VALUES
    ('sum([1,2,3])', '6'),
    ('sum(1, 2.5)', '3.5'),
    ('sum(5)', '5'),
    ('sum([])', 'null'),
    ('sum([1,null])', 'null'),
    ('sum([1,"2"])', 'null'),
    ('sum([0.1,0.2]) = 0.3', 'true'),
    ('sum(null)', 'null'),
    ('product([2,3,4])', '24'),
    ('product(2, 0.5)', '1'),
    ('product([])', 'null'),
    ('mean([1,2,3])', '2'),
    ('mean(1, 2)', '1.5'),
    ('mean([1,1,2])', '1.333333333333333333333333333333333'),
    ('mean([])', 'null'),
    ('mean([null])', 'null'),
    ('median([8,2,5,3,4])', '4'),
    ('median([6,1,2,3])', '2.5'),
    ('median(1)', '1'),
    ('median([])', 'null'),
    ('median([1,"a"])', 'null'),
    ('stddev([2,4,7,5])', '2.081665999466132735282297706979931'),
    ('stddev(2, 4)', '1.414213562373095048801688724209698'),
    ('stddev([3,3,3])', '0'),
    ('stddev([47])', 'null'),
    ('stddev([])', 'null'),
    ('mode([6,3,9,6,6])', '[6]'),
    ('mode([6,1,9,6,1])', '[1, 6]'),
    ('mode([1.0,1,2])', '[1]'),
    ('mode(3, 1)', '[1, 3]'),
    ('mode([])', '[]'),
    ('mode([1,null])', 'null'),
    ('mode()', 'null');

-- moving
INSERT INTO wanted VALUES
    ('sublist([4,5,6], 1, 2)', '[4, 5]'),
    ('sublist([4,5,6], 2)', '[5, 6]'),
    ('sublist([4,5,6], -2)', '[5, 6]'),
    ('sublist([4,5,6], -2, 1)', '[5]'),
    ('sublist([4,5,6], 2, 10)', '[5, 6]'),
    ('sublist([4,5,6], 2, 0)', '[]'),
    ('sublist([4,5,6], 2, -1)', 'null'),
    ('sublist([4,5,6], 0)', 'null'),
    ('sublist([4,5,6], 4)', 'null'),
    ('sublist([4,5,6], -4)', 'null'),
    ('sublist([4,5,6], 1e30)', 'null'),
    ('sublist([4,5,6], 1, null)', 'null'),
    ('sublist(list: [4,5,6], start position: 2)', '[5, 6]'),
    ('append([1,2], 3)', '[1, 2, 3]'),
    ('append([1,2], 3, 4, null)', '[1, 2, 3, 4, null]'),
    ('append([], [1])', '[[1]]'),
    ('append([[1]], [2])', '[[1], [2]]'),
    ('append([[1]], [2], [3])', '[[1], [2], [3]]'),
    ('append(1, 2)', '[1, 2]'),
    ('append(null, 2)', 'null'),
    ('concatenate([1,2], [3])', '[1, 2, 3]'),
    ('concatenate([1], [2], [3])', '[1, 2, 3]'),
    ('concatenate([1], 2)', '[1, 2]'),
    ('concatenate([[1]], [2])', '[[1], 2]'),
    ('concatenate([], [])', '[]'),
    ('concatenate([1], null)', 'null'),
    ('insert before([1,3], 1, 2)', '[2, 1, 3]'),
    ('insert before([1,3], 2, 2)', '[1, 2, 3]'),
    ('insert before([1,3], -1, 2)', '[1, 2, 3]'),
    ('insert before([1,3], 3, 2)', '[1, 3, 2]'),
    ('insert before([], 1, 2)', '[2]'),
    ('insert before([1,3], 0, 2)', 'null'),
    ('insert before([1,3], 4, 2)', 'null'),
    ('insert before([1,3], -3, 2)', 'null'),
    ('insert before([1], 1, null)', '[null, 1]'),
    ('remove([1,2,3], 2)', '[1, 3]'),
    ('remove([1,2,3], -1)', '[1, 2]'),
    ('remove([1,2,3], 4)', 'null'),
    ('remove([1], 1)', '[]'),
    ('remove([], 1)', 'null'),
    ('reverse([1,2,3])', '[3, 2, 1]'),
    ('reverse([])', '[]'),
    ('flatten([[1,2],[[3]],4,[]])', '[1, 2, 3, 4]'),
    ('flatten([])', '[]'),
    ('flatten([null,[null]])', '[null, null]'),
    ('list replace([1,2,3], 2, 4)', '[1, 4, 3]'),
    ('list replace([1,2,3], -1, null)', '[1, 2, null]'),
    ('list replace([1,2,3], 0, 4)', 'null'),
    ('list replace([1,2,3], 2.9, 4)', '[1, 4, 3]'),
    ('list replace([2,4,7,8], function(item, newItem) item < newItem, 5)', '[5, 5, 7, 8]'),
    ('list replace([1,2], function(item, newItem) 1, 5)', 'null'),
    ('list replace([1,2], function(item) true, 5)', 'null'),
    ('list replace(list: [1,2], position: 1, newItem: 5)', '[5, 2]'),
    ('partition([1,2,3,4,5], 2)', '[[1, 2], [3, 4], [5]]'),
    ('partition([1,2], 1e20)', '[[1, 2]]'),
    ('partition([1,2], 0)', 'null'),
    ('partition([], 3)', '[]');

-- the first of equal elements stays
INSERT INTO wanted VALUES
    ('distinct values([1,2,3,2,1.0])', '[1, 2, 3]'),
    ('distinct values([null,1,null])', '[null, 1]'),
    ('distinct values([1,"1",[1],{a: 1}])', '[1, "1", [1], {"a": 1}]'),
    ('distinct values([{a:1,b:2},{b:2,a:1},{a:1}])', '[{"a": 1, "b": 2}, {"a": 1}]'),
    ('distinct values([@"P1D",@"PT24H"])', '["P1D"]'),
    ('distinct values([@"10:00:00Z",@"11:00:00+01:00",@"10:00:00"])', '["10:00:00Z", "10:00:00"]'),
    ('count(distinct values(for i in 1..5000 return @"2024-01-01T00:00:00Z" + @"PT1S" * i))', '5000'),
    ('distinct values([true,false,true])', '[true, false]'),
    ('distinct values([])', '[]'),
    ('union([1,2],[2,3])', '[1, 2, 3]'),
    ('union([1,null],[null])', '[1, null]'),
    ('union([[1],[2]],[[3],[2]])', '[[1], [2], [3]]'),
    ('duplicate values([1,2,3,4,3,1,3])', '[1, 3]'),
    ('duplicate values([1,2])', '[]');

-- sort is stable, and needs an answer from its function
INSERT INTO wanted VALUES
    ('sort([3,1,4,5,2], function(x,y) x < y)', '[1, 2, 3, 4, 5]'),
    ('sort([3,1,4], function(x,y) x > y)', '[4, 3, 1]'),
    ('sort([], function(x,y) x < y)', '[]'),
    ('sort([1], function(x,y) null)', '[1]'),
    ('sort(["b","a"], function(x,y) x < y)', '["a", "b"]'),
    ('sort([{k:2,v:"a"},{k:1,v:"b"},{k:2,v:"c"},{k:1,v:"d"}], function(x,y) x.k < y.k).v', '["b", "d", "a", "c"]'),
    ('sort([1,"a"], function(x,y) x < y)', 'null'),
    ('sort([1,2,3], function(x,y) true)', '[3, 2, 1]'),
    ('sort([1,2,3], function(x,y) false)', '[1, 2, 3]'),
    ('sort(list: [2,1], precedes: function(x,y) x < y)', '[1, 2]'),
    ('sort([2,1])', 'null');

SELECT count(*) AS expressions FROM wanted;
SELECT expression, value AS wanted, coalesce(events.feel(expression, '{}'), 'null') AS found
FROM wanted
WHERE coalesce(events.feel(expression, '{}'), 'null') <> value;

-- lists out of the context are looked at where they lie, and stay what they were
SELECT events.feel('[count(items), items[2].price, sum(items.price), reverse(items.price), append(items, 0)[4], items]',
                   '{"items": [{"price": 1.50}, {"price": 2}, {"price": 12345678901234567890123456789012345678}]}');

-- a long list: distinct values of all, sorted the other way round
SELECT events.feel('sort(distinct values(concatenate(for i in 1..2000 return i, for i in 1..2000 return i)), function(x, y) x > y)[1]', '{}') AS first,
       events.feel('count(distinct values(for i in 1..3000 return string(i)))', '{}') AS distinct_strings;

-- why a result is null
SELECT expression, p.message FROM (VALUES
    ('sublist([1,2], 5)'),
    ('sum([1, "a"])'),
    ('mean([])'),
    ('max(1, true)'),
    ('all([true, null])'),
    ('sort([2,1], function(x,y) "yes")'),
    ('stddev(1)')) AS e (expression), events.feel_problems(expression, '{}') p;
