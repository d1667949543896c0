-- FEEL: what is wrong with a text, where; limits; hostile expressions.
\set VERBOSITY default

-- syntax errors, with line and column
CREATE FUNCTION pg_temp.fault(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    PERFORM events.check_feel(expression);
    RETURN 'fine';
EXCEPTION WHEN syntax_error OR statement_too_complex THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ': ' || detail;
END
$$;
SELECT replace(e, E'\n', '\n') AS expression, pg_temp.fault(e) FROM unnest(ARRAY[
    '', '  ', '1 +', '1 + * 2', E'1 +\n  größe * * 3', '(1', '[1, 2', '[1, 2)', '{a: 1', '{a 1}', '{1: 2}', '{a: 1, a: 2}', '1 2', 'a b c', 'x[1', 'max(1', 'max(1,)',
    'max(a: 1, 2)', '"abc', '"\u12"', '"\uD800"', '"\u0000"', '"\UFFFFFF"', '@x', '@', 'if a then b', 'if a b', 'for x return x', 'for x in [1]', 'for in [1] return 1', 'some x in [1]',
    'every x satisfies true', 'function a', 'function(a', 'function(1) 1', '1 instance', '1 instance of', '1 instance of list<', '1 instance of list<number', '1 between 2', '1 between 2 or 3', '1 in', 'a in ()',
    '1..2', '[1..2', '(1..)', ']1', 'a.', 'a.1', 'a..b', '/* x', '1 /* x', '#', '1 $ 2', 'in', 'else 1', 'not(', '`abc', '1e400000', '-', 'a = ', '= 1', E'"a\nb" +\n\n +', 'a.`', '1; 2', '==', 'a == b', 'a && b']) WITH ORDINALITY AS t(e, n)
ORDER BY n;
-- habits of other languages
SELECT e AS expression, pg_temp.fault(e) FROM unnest(ARRAY['total == 1', 'a && b', 'a || b', 'total <> 1', '!a', 'type = ''a''', 'data->total > 1', 'data.total is null', 'total > 1 AND total < 5',
    'subject AND b', 'a OR b', 'NOT a', 'not a = 1', 'type not in ("a", "b")', 'x is true', 'startsWith(type, "a")', 'string_length(type) > 1', 'like(type, "a%")', 'data.lines[size(qty) > 1]',
    'count(data.lines[qty > 2]) > 0', 'Terms And Conditions = 1', 'data.not = 1 and data.null = 2', '`x is null` = 1', '{f: function(g) g(1), r: f(abs)}.r', 'data.if = 1 and data.for.in = 2'])
WITH ORDINALITY AS t(e, n) ORDER BY n;
SELECT events.feel('data.is not a', '{"data": {"is not a": 1}}'), events.feel('startsWith("ab", "a")');
SELECT count(*) FROM events.read(filter => 'startsWith(type, "a")');
SELECT events.check_feel('1 + 1'), events.check_feel('< 5, not(3)', true), events.check_feel(NULL) IS NULL AS null_is_null;
SELECT events.check_feel('< 5');
SELECT events.check_feel('< 5,', true);

CREATE FUNCTION pg_temp.limited(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    context jsonb := jsonb_build_object('s', repeat('a', 200000), 't', repeat('a', 200000), 'b', repeat(' ', 200000), 'd', repeat('1', 200000),
        'l', (SELECT jsonb_agg(1) FROM generate_series(1, 20000)), 'm', (SELECT jsonb_agg(1) FROM generate_series(1, 20000)), 'c', (SELECT jsonb_object_agg(i, i) FROM generate_series(1, 20000) AS i));
BEGIN
    PERFORM events.feel('some i in 1..100000 satisfies (' || expression || ') = {}', context);
    RETURN 'no limit was passed';
EXCEPTION WHEN statement_too_complex THEN
    RETURN CASE WHEN clock_timestamp() > started + interval '20 s' THEN 'too slow' ELSE 'limit' END;
END
$$;

-- the error of an evaluation is the same
SELECT events.feel(E'a +\n)');
SELECT events.feel('1', '[]');
SELECT events.feel_test('1', '5');
SELECT events.feel_unary('1', '5', '5');

-- limits: steps, depth, memory
SET events.feel_step_limit = 100000;
SELECT events.feel('some i in 1..1000000000 satisfies i < 0');
SELECT events.feel('for i in 1..1000000000 return i');
SELECT events.feel('for a in 1..1000, b in 1..1000, c in 1..1000 return a');
SELECT events.feel_test('every i in 1..1000000 satisfies true');
SELECT events.feel_unary('some i in 1..1000000 satisfies i = ?', '-1');
SELECT * FROM events.feel_problems('for i in 1..1000000 return 1 + "a"');
RESET events.feel_step_limit;

SELECT events.feel('{f: function(n) f(n + 1), r: f(1)}.r');
SELECT events.feel('{f: function(n) {x: [f(n)]}, r: f(1)}.r');
SELECT events.feel('{f: function(n) if n = 0 then 0 else 1 + f(n - 1), r: f(200)}.r');
SET events.feel_depth_limit = 100;
SELECT events.feel('{f: function(n) if n = 0 then 0 else 1 + f(n - 1), r: f(200)}.r');
RESET events.feel_depth_limit;

SET events.feel_memory_limit = '1MB';
SELECT events.feel('{double: function(t, n) if n = 0 then t else double(t + t, n - 1), r: string length(double("abcdefgh", 30))}.r');
SELECT events.feel('for i in 1..100000 return [i, i, i, i]');
RESET events.feel_memory_limit;

-- and the stack, whatever the limit says
SET events.feel_depth_limit = 1000000;
SET max_stack_depth = '512kB';
DO $$
DECLARE
    hostile text;
    caught int := 0;
BEGIN
    FOREACH hostile IN ARRAY ARRAY[repeat('(', 100000), repeat('[', 100000), repeat('{a:', 100000), repeat('-', 100000) || '1', repeat('f(', 100000), repeat('if ', 100000),
        repeat('for x in ', 100000), repeat('function() ', 100000) || '1', '1 instance of ' || repeat('list<', 100000), '{f: function(n) f(n), r: f(1)}.r'] LOOP
        BEGIN
            PERFORM events.feel(hostile);
        EXCEPTION WHEN statement_too_complex THEN
            caught := caught + 1;
        END;
    END LOOP;
    RAISE NOTICE '% of 10', caught;
END
$$;
RESET max_stack_depth;
RESET events.feel_depth_limit;

-- nested too deeply to be compiled
SELECT events.check_feel(repeat('(', 100000));
SELECT pg_temp.fault(e) FROM unnest(ARRAY[repeat('[', 10000), repeat('1 + ', 10000) || '1', repeat('a.', 10000) || 'a', 'a' || repeat('[1]', 10000), 'max' || repeat('()', 10000)]) AS e;
-- long, but not deep
SELECT length(e), events.feel(e) FROM unnest(ARRAY[repeat('true and ', 100000) || 'true', '[' || repeat('1, ', 100000) || '1][-1]', 'x in (' || repeat('1, ', 100000) || 'null)', repeat('word ', 20000)]) AS e;

-- numbers without end
SELECT events.feel('10 ** 6144 * 10'), events.feel('10 ** -6200'), events.feel('2 ** 100000'), events.feel('9999999999999999999999999999999999 + 1');
SELECT events.feel('n', jsonb_build_object('n', ('1' || repeat('0', 7000))::numeric));

-- many names, in the text and in the data
SELECT events.feel('{' || string_agg('a' || i || ': ' || i, ', ') || '}.a20000') FROM generate_series(1, 20000) AS i;
SELECT pg_temp.fault('{' || string_agg('a' || i % 150 || ': ' || i, ', ') || '}') FROM generate_series(1, 200) AS i;
SET statement_timeout = '500ms';
SELECT clock_timestamp() AS started \gset
SELECT events.feel('x.' || repeat('k ', 50000), jsonb_build_object('x', (SELECT jsonb_object_agg('k ' || i, i) FROM generate_series(1, 50000) AS i)));
SELECT clock_timestamp() < :'started'::timestamptz + interval '5 s' AS was_cancelled_in_time;
RESET statement_timeout;

-- everything that is looked at is counted
SELECT e, pg_temp.limited(e) FROM unnest(ARRAY['starts with(s, s)', 'ends with(s, s)', 'contains(s, "b")', 'trim(b)', 'is blank(b)', 'date(d)', 'time(d)', 'date and time(d)', 'duration("P" + d)', 'duration("-PT1." + d + "S")',
    'number(d)', 'string length(s)', 'upper case(s)', 'substring(s, 2)', 's = t', 's < t', 's in ["b"..t]', 'matches(s, "b")', 'split(s, "b")', 'replace(s, "b", "c")', 'from json(s)', 'range(s)', 'distinct values([s, t])',
    'list contains(l, 1)', 'index of(l, 1)', 'l = m', 'sum(l)', 'min(l)', 'every x in l satisfies x > 0', 'l.a', 'l[item = 1]', 'sublist(l, 2)', 'reverse(l)', 'get entries(c)', 'context merge([c, c])', 'string(l)', 'all(l)', 'mode(l)'])
WITH ORDINALITY AS t(e, n) ORDER BY n;

-- and so is what is made: no more than a few times the limit is ever in use
DO $$
DECLARE
    made  text;
    used  int;
    maker text;
BEGIN
    FOREACH maker IN ARRAY ARRAY['string(i)', 'to json(i)', 'to json([@"2024-01-01"])', 'from json("{\"a\\n\": 1}")', 'from json("\"\\x")', 'range("[\"a\"..\"b\"]")', 'replace("abc", "b", "x")', 'matches("abc", string(i))', '@"P1D" * 10 ** 30'] LOOP
        used := substring(pg_read_file('/proc/self/status', 0, 10000, true) FROM 'VmHWM:\s+(\d+)');
        BEGIN
            made := events.feel('count(for i in 1..200000 return ' || maker || ')');
        EXCEPTION WHEN statement_too_complex THEN
            made := SQLERRM;
        END;
        used := substring(pg_read_file('/proc/self/status', 0, 10000, true) FROM 'VmHWM:\s+(\d+)')::int - used;
        IF used > 150000 THEN
            RAISE WARNING '% took % kB: %', maker, used, made;
        END IF;
    END LOOP;
END
$$;

-- an evaluation can be cancelled, and leaves nothing behind
SET events.feel_step_limit = 2000000000;
SET events.feel_memory_limit = '2GB';
SET statement_timeout = '50ms';
SELECT events.feel('some i in 1..1000000000 satisfies i < 0');
RESET statement_timeout;
RESET events.feel_memory_limit;
RESET events.feel_step_limit;
SELECT events.feel('1 + 1');

-- settings
SET events.feel_depth_limit = 1;
\set VERBOSITY sqlstate
SET events.feel_memory_limit = '1kB';
\set VERBOSITY default
SHOW events.feel_cache_size;
