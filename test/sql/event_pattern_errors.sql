-- Patterns that are refused: what is said, and where.


-- SQLSTATE and DETAIL of check_pattern(); matches() has to refuse the same
CREATE FUNCTION refused(pattern text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    detail text;
    second text := 'matches() accepts it';
BEGIN
    BEGIN
        PERFORM events.check_pattern(pattern);
        RETURN 'accepted';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
    END;
    BEGIN
        PERFORM events.matches('{}', pattern::jsonb);
    EXCEPTION WHEN OTHERS THEN
        second := nullif(SQLSTATE, state);
    END;
    RETURN concat_ws(' / ', state, detail, second);
END
$$;

-- with all that a client sees
SELECT events.check_pattern(E'{\n  "type": ["a"],\n  "data": {"é": [{"prefix": 3}]}\n}');
SELECT events.check_pattern('{"a": [1, 2 3]}');
SELECT events.matches('{}', '{"a/b": [{"prefix": 3}]}');
SELECT events.check_pattern('{"type": ["a"]}');

SELECT pattern, refused(pattern) FROM unnest(ARRAY[
    '{}', '[1]', '"a"', '7', 'null', '', '{', '{"a": [1]', '{"a": ["\u0000"]}', E'{"a": ["\x01"]}', '{"a": tru}',
    '{"a": "x"}', '{"a": 1}', '{"a": null}', '{"a": []}', '{"a": {}}', '{"a": [[]]}', '{"a": [["x"]]}',
    '{"a": [{}]}', '{"a": [{"foo": 1}]}', '{"a": [{"prefix": "x", "suffix": "y"}]}',
    '{"a": [{"exactly": 1}]}', '{"a": [{"prefix": null}]}', '{"a": [{"suffix": ["x"]}]}',
    '{"a": [{"prefix": {"suffix": "x"}}]}', '{"a": [{"prefix": {"equals-ignore-case": 1}}]}',
    '{"a": [{"prefix": {}}]}', '{"a": [{"equals-ignore-case": {"prefix": "x"}}]}',
    '{"a": [{"wildcard": "a**b"}]}', '{"a": [{"wildcard": "a\\b"}]}', '{"a": [{"wildcard": "a\\"}]}', '{"a": [{"wildcard": 1}]}',
    '{"a": [{"anything-but": null}]}', '{"a": [{"anything-but": []}]}', '{"a": [{"anything-but": ["x", 1]}]}',
    '{"a": [{"anything-but": [true]}]}', '{"a": [{"anything-but": {"prefix": ""}}]}',
    '{"a": [{"anything-but": {"suffix": ["x", ""]}}]}', '{"a": [{"anything-but": {"prefix": [1]}}]}',
    '{"a": [{"anything-but": {"numeric": ["=", 1]}}]}', '{"a": [{"anything-but": {"prefix": "a", "suffix": "b"}}]}',
    '{"a": [{"anything-but": {"wildcard": ["a", "**"]}}]}', '{"a": [{"anything-but": 6000000000}]}',
    '{"a": [{"numeric": 1}]}', '{"a": [{"numeric": []}]}', '{"a": [{"numeric": ["<"]}]}', '{"a": [{"numeric": ["<", "1"]}]}',
    '{"a": [{"numeric": ["!=", 1]}]}', '{"a": [{"numeric": [1, "<"]}]}', '{"a": [{"numeric": ["==", 1]}]}',
    '{"a": [{"numeric": ["<", 1, ">", 0]}]}', '{"a": [{"numeric": [">", 1, "<", 1]}]}', '{"a": [{"numeric": [">", 1, ">", 2]}]}',
    '{"a": [{"numeric": [">", 1, "<"]}]}', '{"a": [{"numeric": ["=", 1, "<", 2]}]}', '{"a": [{"numeric": [">", 0, "<", 5, "<", 6]}]}',
    '{"a": [{"numeric": ["<", 5000000001]}]}', '{"a": [{"numeric": ["=", 0.0000001]}]}', '{"a": [{"numeric": ["=", 1e9999]}]}',
    '{"a": [{"cidr": "10.0.0.0"}]}', '{"a": [{"cidr": "10.0.0.0/33"}]}', '{"a": [{"cidr": "10.0.0/8"}]}', '{"a": [{"cidr": "::/129"}]}',
    '{"a": [{"cidr": "10.0.0.0/8/9"}]}', '{"a": [{"cidr": "10.0.0.0/"}]}', '{"a": [{"cidr": 10}]}',
    '{"a": [{"exists": "true"}]}', '{"a": [{"exists": null}]}', '{"a": [{"exists": true, "x": 1}]}',
    '{"$or": []}', '{"$or": [{"a": [1]}]}', '{"$or": [{"a": [1]}, 2]}', '{"$or": [{"a": [1]}, {"prefix": "x"}]}', '{"$or": [{"a": [1]}, {}]}',
    '{"$or": [{"a": {"prefix": ["x"]}}, {"b": [1]}]}', '{"a.b": [1], "a": {"b": [2]}}', '{"x": [1], "a": {"b~/c": [[1]]}}',
    '{"a": [1], "a": 2}']) AS pattern;

-- escapes and members that stand twice, on the way to the place
SELECT refused(E'{"x": {"y": [1]},\n "\\u0061": [1],\n "a": [\n  "\\"]", {"prefix": "{"}, {"exists": 0}]}');

-- choices that multiply
SELECT left(refused('{' || string_agg(format('"a%s": {"$or": [{"a": [1]}, {"b": [1]}]}', i), ',') || '}'), 100) AS "2^9"
    FROM generate_series(1, 9) i;
SELECT left(refused('{' || string_agg(format('"a%s": {"$or": [{"a": [1]}, {"b": [1]}]}', i), ',') || '}'), 100) AS "2^10"
    FROM generate_series(1, 10) i;
SELECT left(refused('{' || string_agg(format('"a%s": {"$or": [{"a": [1]}, {"b": [1]}]}', i), ',') || '}'), 100) AS "2^5000"
    FROM generate_series(1, 5000) i;
SELECT left(refused('{"$or": [' || repeat('{"a": [1]},', 900) || '{"b": [1]}], "c": {' ||
    (SELECT string_agg(format('"a%s": [1]', i), ',') FROM generate_series(1, 1000) i) || '}}'), 120) AS long;

-- depth and size
SELECT left(refused(repeat('{"a":', 1000) || '["x"]' || repeat('}', 1000)), 60) AS "1000",
    right(refused(repeat('{"a":', 1001) || '["x"]' || repeat('}', 1001)), 60) AS "1001",
    left(refused(repeat('{"a":', 100000) || '["x"]' || repeat('}', 100000)), 20) AS "100000",
    right(refused('{"' || repeat('a.', 100000) || '": ["x"]}'), 40) AS dots;
SELECT events.matches('{"a": "900000"}', jsonb_build_object('a', (SELECT jsonb_agg(i::text) FROM generate_series(1, 1000000) i))) AS million,
    events.matches('{"a": 100001.0}', jsonb_build_object('a', (SELECT jsonb_agg(i) FROM generate_series(1, 100000) i))) AS past;
SELECT events.matches(jsonb_build_object('a', repeat('a', 1000000)),
    jsonb_build_object('a', jsonb_build_array(jsonb_build_object('wildcard', repeat('a*', 1000) || 'b')))) AS stars,
    events.matches(jsonb_build_object('a', repeat('ab', 500000)),
    jsonb_build_object('a', jsonb_build_array(jsonb_build_object('wildcard', repeat('*ab', 1000))))) AS found;

-- filters and choices within each other
SELECT refused(repeat('{"not":', 999) || '{"exact": {"a": "b"}}' || repeat('}', 999)) AS "999",
    right(refused(repeat('{"not":', 1000) || '{"exact": {"a": "b"}}' || repeat('}', 1000)), 60) AS "1000",
    right(refused(repeat('{"$or": [{"a": [1]}, ', 1001) || '{"a": [1]}' || repeat(']}', 1001)), 60) AS choices;

-- conditions that mix values with absence, in arrays within arrays: what it may take is limited
CREATE FUNCTION tree(level int, leaf text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE level WHEN 0 THEN leaf ELSE format('{"m": %s, "n": %1$s}', tree(level - 1, leaf)) END;
END
$$;
CREATE FUNCTION nested(level int, is_bad boolean) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN CASE level WHEN 0 THEN format('{"p": %s}', 1 + is_bad::int)
        ELSE format('{"m": [%s], "n": [%s]}', nested(level - 1, false), nested(level - 1, is_bad)) END;
END
$$;
CREATE TABLE hard AS SELECT level, format('{"a": [%s]}', nested(level, true))::jsonb AS event,
    format('{"a": %s}', tree(level, '{"p": [1, {"exists": false}]}'))::jsonb AS pattern FROM generate_series(3, 7) AS level;
SELECT level, events.matches(event, pattern) FROM hard WHERE level < 6 ORDER BY level;
SET statement_timeout = '30s';
SELECT events.matches(event, pattern) FROM hard WHERE level = 7;
SELECT events._match_set(event, ARRAY[pattern, '{"b": [{"exists": false}]}']) FROM hard WHERE level = 7;
SELECT events._test_filter(event, pattern, NULL) IS NULL AS not_known FROM hard WHERE level = 7;
SET events.pattern_step_limit = 1000;
SELECT events.matches(event, pattern) FROM hard WHERE level = 5;
-- the limit grows with the event
SELECT events.matches(jsonb_build_object('a', (SELECT jsonb_agg(jsonb_build_object('b', i, 'c', i)) FROM generate_series(1, 10000) i)),
    '{"a": {"b": [10000], "c": [10000]}}');
RESET events.pattern_step_limit;
RESET statement_timeout;

-- events that are nested more deeply than the stack reaches
CREATE TABLE deep AS SELECT format('{"a": %s1%s, "b": 1}', repeat('[', 3000), repeat(']', 3000))::jsonb AS event;
SET max_stack_depth = '200kB';
SELECT events.matches(event, '{"a": [1]}') FROM deep;
SELECT events.matches(event, '{"b": [1]}') FROM deep;
SELECT events._match_set(event, ARRAY['{"b": [1]}', '{"b": [2]}', '{"c": [{"exists": false}]}', '{"b": [1], "c": [1]}']::jsonb[]) FROM deep;
SELECT events._match_set(event, ARRAY['{"b": [1]}', '{"a": [1]}']::jsonb[]) FROM deep;
RESET max_stack_depth;

DROP TABLE hard, deep;
DROP FUNCTION refused, tree, nested;
