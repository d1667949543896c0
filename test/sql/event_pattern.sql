-- Event patterns: each operator, arrays, $or, aliases, explain_match().

-- a value of the field "a" against a condition
CREATE FUNCTION a(value jsonb, condition jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$SELECT events.matches(jsonb_build_object('a', value), jsonb_build_object('a', condition))$$;

-- values: strings, numbers by value, literals; types are not mixed up
SELECT a('"x"', '["x"]'), a('"x"', '["y", "x"]'), a('"X"', '["x"]'), a('""', '[""]');
SELECT a('1', '[1.0]'), a('1.00', '[1e0]'), a('1', '["1"]'), a('"1"', '[1]'), a('1e400', '[1e400]'),
    a('10000000000000000000001', '[10000000000000000000000]');
SELECT a('true', '[true]'), a('true', '["true"]'), a('null', '[null]'), a('false', '[null]');
SELECT a('"é"', '["é"]'), a('"é"', '["\u00e9"]'), a('"a\nb"', '["a\u000ab"]');

-- what is not there, is an object, or an array of nothing, is no value
SELECT a('{"b": 1}', '[1]'), a('[]', '[null]'), a('[[]]', '["x"]'), events.matches('{}', '{"a": [null]}');

-- any element of an array, nested as deep as you like
SELECT a('["x", "y"]', '["y"]'), a('[["x"], [["y"]]]', '["y"]'), a('["x"]', '["y"]');

-- text operators
SELECT a('"order.created"', '[{"prefix": "order."}]'), a('"order"', '[{"prefix": "order."}]'),
    a('"x"', '[{"prefix": ""}]'), a('7', '[{"prefix": ""}]');
SELECT a('"a.png"', '[{"suffix": ".png"}]'), a('".png"', '[{"suffix": ".png"}]'),
    a('"png"', '[{"suffix": ".png"}]');
SELECT a('"ORDER"', '[{"equals-ignore-case": "order"}]'), a('"ÉTÉ"', '[{"equals-ignore-case": "été"}]'),
    a('"ΣΑΣ"', '[{"equals-ignore-case": "σας"}]'), a('"orders"', '[{"equals-ignore-case": "order"}]');
SELECT a('"OrderX"', '[{"prefix": {"equals-ignore-case": "oRDER"}}]'),
    a('"x.PNG"', '[{"suffix": {"equals-ignore-case": ".png"}}]'),
    a('"É1"', '[{"prefix": {"equals-ignore-case": "é"}}]'),
    a('"1É"', '[{"suffix": {"equals-ignore-case": "é"}}]'),
    a('"or"', '[{"prefix": {"equals-ignore-case": "oRDER"}}]');
SELECT a('"\u212a"', '[{"equals-ignore-case": "k"}]') AS "kelvin sign";
SELECT a('"x"', '[{"exactly": "x"}]'), a('"10.0.0.1"', '[{"exactly": "10.0.0.1"}]');

-- wildcards
SELECT pattern, array_agg(value ORDER BY value COLLATE "C") FILTER (WHERE a(to_jsonb(value),
    jsonb_build_array(jsonb_build_object('wildcard', pattern)))) AS matches
FROM unnest(ARRAY['*', 'a*', '*a', '*a*', 'a*a', 'a*b*c', 'a\*b', 'a\\*b', 'abc', '']) AS p (pattern),
    unnest(ARRAY['', 'a', 'aa', 'aba', 'ab', 'abc', 'a*b', 'a\b', 'xaxbxc', 'axbxc', 'a\xb']) AS v (value)
GROUP BY pattern ORDER BY pattern COLLATE "C";
SELECT a('"データ.txt"', '[{"wildcard": "*ータ*"}]'), a('"ab"', '[{"wildcard": "ab*b"}]'),
    a('"abab"', '[{"wildcard": "*ab*ab"}]'), a('"abcab"', '[{"wildcard": "ab*ab"}]');

-- anything-but
SELECT a('"x"', '[{"anything-but": "x"}]'), a('"y"', '[{"anything-but": "x"}]'),
    a('1', '[{"anything-but": "1"}]'), a('null', '[{"anything-but": "x"}]'),
    a('["x", "y"]', '[{"anything-but": "x"}]'), a('[]', '[{"anything-but": "x"}]'),
    events.matches('{}', '{"a": [{"anything-but": "x"}]}');
SELECT a('1.0', '[{"anything-but": [1, 2]}]'), a('3', '[{"anything-but": [1, 2]}]'),
    a('"y"', '[{"anything-but": ["x", "y"]}]'), a('"z"', '[{"anything-but": ["x", "y"]}]');
SELECT a('"abc"', '[{"anything-but": {"prefix": "ab"}}]'), a('"abc"', '[{"anything-but": {"prefix": ["x", "b"]}}]'),
    a('"abc"', '[{"anything-but": {"suffix": ["c"]}}]'), a('"ABC"', '[{"anything-but": {"equals-ignore-case": ["abc", "x"]}}]'),
    a('"abc"', '[{"anything-but": {"wildcard": ["x*", "*b*"]}}]'), a('5', '[{"anything-but": {"wildcard": "*"}}]');

-- numeric
SELECT comparison, array_agg(value ORDER BY value) FILTER (WHERE a(to_jsonb(value),
    jsonb_build_array(jsonb_build_object('numeric', comparison)))) AS matches
FROM unnest('{"[\"=\", 5]","[\"<\", 5]","[\"<=\", 5.0]","[\">\", 5]","[\">=\", 5]","[\">\", 0, \"<\", 5]","[\">=\", 0, \"<=\", 5]"}'::jsonb[]) AS c (comparison),
    unnest('{-1,0,0.000001,4.999999999999999999999,5,5.000000000000000000001,1e20}'::numeric[]) AS v (value)
GROUP BY comparison ORDER BY comparison;
SELECT a('"5"', '[{"numeric": ["=", 5]}]'), a('[1, 7]', '[{"numeric": [">", 5]}]');

-- addresses
SELECT cidr, array_agg(value ORDER BY value COLLATE "C") FILTER (WHERE a(to_jsonb(value),
    jsonb_build_array(jsonb_build_object('cidr', cidr)))) AS matches
FROM unnest('{10.0.0.0/24,10.0.0.77/24,10.0.0.1/32,0.0.0.0/0,10.0.0.0/23,2001:db8::/32,::/0,::ffff:10.0.0.0/120}'::text[]) AS c (cidr),
    unnest('{10.0.0.1,10.0.0.255,10.0.1.1,11.0.0.1,010.0.0.1,10.0.0,2001:db8::1,2001:DB9::1,::ffff:10.0.0.9,text}'::text[]) AS v (value)
GROUP BY cidr ORDER BY cidr COLLATE "C";
SELECT a('"0:0::A"', '["::a"]') AS spelling, a('"::a"', '["::b"]') AS other, a('"08:23"', '["08:23"]') AS no_address;

-- exists
SELECT a('0', '[{"exists": true}]'), a('null', '[{"exists": true}]'), a('{}', '[{"exists": true}]'),
    a('{"b": 1}', '[{"exists": true}]'), a('[]', '[{"exists": true}]');
SELECT a('0', '[{"exists": false}]'), events.matches('{}', '{"a": [{"exists": false}]}'),
    a('{"b": 1}', '[{"exists": false}]'), events.matches('{"a": 1}', '{"a": {"b": [{"exists": false}]}}'),
    a('"y"', '["x", {"exists": false}]'), events.matches('{}', '{"a": ["x", {"exists": false}]}');

-- arrays of objects: conditions on members of elements hold for one element
SELECT events.matches('{"r": [{"a": 1, "b": 1}, {"a": 2, "b": 2}]}', '{"r": {"a": [1], "b": [2]}}') AS mixed,
    events.matches('{"r": [{"a": 1, "b": 1}, {"a": 2, "b": 2}]}', '{"r": {"a": [2], "b": [2]}}') AS one,
    events.matches('{"r": [{"a": 1}], "s": [{"a": 2}]}', '{"r": {"a": [1]}, "s": {"a": [2]}}') AS two_arrays,
    events.matches('{"r": [[{"a": 1}, {"b": 2}], [{"a": 1, "b": 2}]]}', '{"r": {"a": [1], "b": [2]}}') AS nested,
    events.matches('{"r": [{"s": [{"a": 1}, {"b": 2}]}]}', '{"r": {"s": {"a": [1], "b": [2]}}}') AS inner_mixed;
SELECT events.matches('{"r": [{"a": 1, "c": 1}, {"a": 2}]}', '{"r": {"a": [1], "c": [{"exists": false}]}}') AS there,
    events.matches('{"r": [{"a": 1, "c": 1}, {"a": 2}]}', '{"r": {"a": [2], "c": [{"exists": false}]}}') AS elsewhere,
    events.matches('{"r": [{"a": 1, "c": 1}, {"a": 2}]}', '{"r": {"c": [{"exists": false}]}}') AS alone,
    events.matches('{"r": [{"a": 1}, {"c": 2}]}', '{"r": {"a": [1], "c": [2, {"exists": false}]}}') AS either;
-- scalars beside objects are everybody's
SELECT events.matches('{"r": ["x", {"a": 1}]}', '{"r": {"a": [1]}}'),
    events.matches('{"r": ["x", {"a": 1}, {"b": 1}]}', '{"r": ["x"], "s": [{"exists": false}]}');

-- $or, across which array consistency reaches; what is inside replaces what is outside
SELECT events.matches(event, '{"a": [1], "$or": [{"b": [1]}, {"c": [1], "d": [1]}]}') FROM unnest(
    '{"{\"a\": 1, \"b\": 1}","{\"a\": 1, \"c\": 1}","{\"a\": 1, \"c\": 1, \"d\": 1}","{\"b\": 1}"}'::jsonb[]) AS e (event);
SELECT events.matches('{"r": [{"a": 1}, {"b": 2}]}', '{"r": {"a": [1], "$or": [{"b": [2]}, {"c": [3]}]}}') AS mixed,
    events.matches('{"r": [{"a": 1, "c": 3}, {"b": 2}]}', '{"r": {"a": [1], "$or": [{"b": [2]}, {"c": [3]}]}}') AS one;
SELECT events.matches('{"a": "y"}', '{"a": ["x"], "$or": [{"a": ["y"]}, {"b": [1]}]}') AS inside,
    events.matches('{"a": "x"}', '{"a": ["x"], "$or": [{"a": ["y"]}, {"b": [1]}]}') AS outside,
    events.matches('{"a": "x", "b": 1}', '{"a": ["x"], "$or": [{"a": ["y"]}, {"b": [1]}]}') AS both;
SELECT events.matches('{"$or": {"a": 1}}', '{"$or": {"a": [1]}}') AS name,
    events.matches('{"$or": "ab"}', '{"$or": [{"prefix": "a"}, {"suffix": "c"}]}') AS operators,
    events.matches('{"$or": "x"}', '{"$or": ["x", "y"]}') AS strings;

-- names with dots are paths
SELECT events.matches('{"a": {"b": 1}}', '{"a.b": [1]}'), events.matches('{"a.b": 1}', '{"a": {"b": [1]}}'),
    events.matches('{"a.b": {"c": 1}}', '{"a": {"b.c": [1]}}'), events.matches('{"a.b": 1, "a": {"c": 2}}', '{"a": {"b": [1], "c": [2]}}'),
    events.matches('{"a.b": 1, "a": {"b": 2}}', '{"a": {"b": [2]}}'), events.matches('{"a.b": 1}', '{"a": {"b": [{"exists": false}]}}');

-- aliases of EventBridge's envelope, at the top only
SELECT events.matches('{"source": "trading", "type": "TradeInventoryAllocated"}',
        '{"source": ["trading"], "detail-type": ["TradeInventoryAllocated"]}') AS type,
    events.matches('{"data": {"state": "on"}}', '{"detail": {"state": ["on"]}}') AS data,
    events.matches('{"data": {"state": "on"}, "detail": {}}', '{"detail": {"state": ["on"]}}') AS own,
    events.matches('{"data": {"state": "on"}}', '{"detail.state": ["on"]}') AS dotted,
    events.matches('{"x": {"data": 1}}', '{"x": {"detail": [1]}}') AS below,
    events.matches('{"detail": 1}', '{"data": [1]}') AS back;

-- no object, NULL, duplicates
SELECT events.matches('[1]', '{"a": [{"exists": false}]}') AS no_object, events.matches(NULL, '{"a": [1]}') AS no_event,
    events.matches('{}', NULL) AS no_pattern, events.matches('{"x": "z"}', '{"x": ["y"], "x": ["z"]}') AS last_wins;

-- why (not)
SELECT * FROM events.explain_match('{"type": "a", "data": {"n": 5, "tags": ["x", "y"]}}',
    '{"type": ["a", "b"], "source": [{"prefix": "/"}], "detail": {"n": [{"numeric": [">", 9]}], "tags": ["y"], "no": [{"exists": false}]}}');
SELECT * FROM events.explain_match('{"r": [{"a": 1, "b": 1}, {"a": 2, "b": 2}]}', '{"r": {"a": [1], "b": [2]}}');
SELECT * FROM events.explain_match('{"a": 2, "b/c": "~"}', '{"$or": [{"a": [1]}, {"b/c": ["~"]}]}');

-- used in an index, which the planner accepts of immutable functions only
CREATE TABLE shipped (event jsonb);
CREATE INDEX ON shipped ((event->>'id')) WHERE events.matches(event, '{"type": ["order.shipped"]}');
INSERT INTO shipped SELECT jsonb_build_object('id', n, 'type', CASE WHEN n % 3 = 0 THEN 'order.shipped' ELSE 'order.created' END)
    FROM generate_series(1, 99) n;
SELECT count(*) FROM shipped WHERE events.matches(event, '{"type": ["order.shipped"]}');
-- a pattern that is not a constant
SELECT pattern, count(*) FROM shipped, unnest('{"{\"type\": [{\"suffix\": \"created\"}]}","{\"id\": [{\"numeric\": [\"<\", 10]}]}"}'::jsonb[]) AS pattern
WHERE events.matches(event, pattern) GROUP BY pattern ORDER BY pattern;
-- without room for more than one
SET events.pattern_cache_size = 0;
SELECT count(*) FROM shipped, unnest('{"{\"type\": [{\"suffix\": \"created\"}]}","{\"id\": [{\"numeric\": [\"<\", 10]}]}"}'::jsonb[]) AS pattern
WHERE events.matches(event, pattern);
RESET events.pattern_cache_size;

DROP TABLE shipped;
DROP FUNCTION a(jsonb, jsonb);
