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
    '', '  ', '1 +', '1 + * 2', E'1 +\n  größe * * 3', '(1', '[1, 2', '[1, 2)', '{a: 1', '{a 1}', '{1: 2}', '{a: 1, a: 2}', '1 2', 'a b c', 'x[1', 'f(1', 'f(1,)',
    'f(a: 1, 2)', '"abc', '"\u12"', '"\uD800"', '"\u0000"', '"\UFFFFFF"', '@x', '@', 'if a then b', 'if a b', 'for x return x', 'for x in [1]', 'for in [1] return 1', 'some x in [1]',
    'every x satisfies true', 'function a', 'function(a', 'function(1) 1', '1 instance', '1 instance of', '1 instance of list<', '1 instance of list<number', '1 between 2', '1 between 2 or 3', '1 in', 'a in ()',
    '1..2', '[1..2', '(1..)', ']1', 'a.', 'a.1', 'a..b', '/* x', '1 /* x', '#', '1 $ 2', 'in', 'else 1', 'not(', '`abc', '1e400000', '-', 'a = ', '= 1', E'"a\nb" +\n\n +', 'a.`', '1; 2', '==', 'a == b', 'a && b']) WITH ORDINALITY AS t(e, n)
ORDER BY n;
SELECT events.check_feel('1 + 1'), events.check_feel('< 5, not(3)', true), events.check_feel(NULL) IS NULL AS null_is_null;
SELECT events.check_feel('< 5');
SELECT events.check_feel('< 5,', true);

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
SELECT pg_temp.fault(e) FROM unnest(ARRAY[repeat('[', 10000), repeat('1 + ', 10000) || '1', repeat('a.', 10000) || 'a', 'a' || repeat('[1]', 10000), 'f' || repeat('()', 10000)]) AS e;
-- long, but not deep
SELECT length(e), events.feel(e) FROM unnest(ARRAY[repeat('true and ', 100000) || 'true', '[' || repeat('1, ', 100000) || '1][-1]', 'x in (' || repeat('1, ', 100000) || 'null)', repeat('word ', 20000)]) AS e;

-- numbers without end
SELECT events.feel('10 ** 6144 * 10'), events.feel('10 ** -6200'), events.feel('2 ** 100000'), events.feel('9999999999999999999999999999999999 + 1');
SELECT events.feel('n', jsonb_build_object('n', ('1' || repeat('0', 7000))::numeric));

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
SET events.feel_memory_limit = '1kB';
SHOW events.feel_cache_size;
