-- Patterns are ECMA-262's, whatever PCRE2 would take the same characters for.
\set SHOW_CONTEXT never
\pset null '(none)'
\pset format unaligned

-- how it ends: matches, does not, or why it is no pattern
CREATE FUNCTION pg_temp.outcome(pattern text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; detail text;
BEGIN
    RETURN events._pattern_matches(pattern, value);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
    RETURN state || ' ' || detail;
END $$;

-- each one matches
SELECT pattern, to_json(value) AS value, pg_temp.outcome(pattern, value) FROM (VALUES
    ('b', 'abc'), ('', ''), ('a|', ''), ('^\d\w$', '1a'), ('^\D\W$', E'\u0663\u00e9'), ('^\s+$', E' \t\n\x0b\f\r\u00a0\u1680\u2003\u2028\u3000\ufeff'),
    ('^\S$', E'\u200b'), ('^[\S]$', E'\u200b'), ('^[^\S]$', E'\u2003'), ('^[\s\S]$', E'\n'), ('^[^]$', E'\n'), ('^.$', E'\U0001F600'),
    ('^\uD83D\uDE00$', E'\U0001F600'), ('^\u{1F600}$', E'\U0001F600'), ('^[\uD83D\uDE00-\uD83D\uDE02]$', E'\U0001F601'),
    ('^[\uD800-\uDFFFa]$', 'a'), ('^[^\uD800-\uDFFF]$', 'a'), ('^\cJ\x41\u0042\/$', E'\nAB/'), ('^[\b\-\]\\^]+$', E'\b-]\\^'),
    ('^[[{(|)}]+$', '[{(|)}'), ('^\p{Letter}\p{Lu}\p{digit}$', E'\u00e9X\u0663'),
    ('^\p{Script=Greek}\p{scx=Hira}\p{General_Category=Sm}$', E'\u03c0\u3042+'), ('^\P{ASCII}[^\P{Assigned}]\p{Any}$', E'\u00e9a\n'),
    ('^(?<year>\d{2})-\k<year>$', '20-20'), ('^(a)|\1b$', 'b'), ('^\k<x>(?<x>a)$', 'a'), ('^(?:(a)|b)\1c$', 'bc'), ('^((a\1)+)$', 'aa'),
    ('a(?!b)(?=c)', 'ac'), ('(?<=\$|ab)\d(?<!2)', '$1'), ('^a{2}b{1,}?c{0,2}d{0}$', 'aabc'), ('^[^\p{L}\W]$', '5')) AS t(pattern, value);

-- none of these does
SELECT pattern, to_json(value) AS value, pg_temp.outcome(pattern, value) FROM (VALUES
    ('^a$', E'a\n'), ('^.$', E'\r'), ('^.$', E'\u2028'), ('^\w$', E'\u00e9'), ('^\d$', E'\u0663'), ('A', 'a'), ('[]', 'a'), ('^[^\s\S]', 'a'),
    ('\uD83D', E'\U0001F600'), ('^[\uD800-\uDFFF]$', 'a'), ('^a{2,3}$', 'aaaa'), ('^\p{Lu}$', E'\u00e9'), ('[^\p{L}\W]', E'a\u00e9\u3042'),
    ('(?<=b)a', 'ca'), ('^(a)\1$', 'ab'), ('x{1073741824}', 'x')) AS t(pattern, value);

-- none of these is a pattern
SELECT pattern, pg_temp.outcome(pattern, 'x') FROM unnest(ARRAY[
    '\a', '\Z', '\A', '\_', '\-', '\G', '\Q', '[\B]', '[\1]', '\01', '\c', '\c1', '\x1', '\u12', '\u{110000}', '\u{}', '\p{letter}', '\p{Greek}', '\pL',
    '\p{sc=}', '(?i)a', '(?P<n>a)', '(?P=n)', '(?#c)', '(?>a)', '(?<>a)', '(?<1>a)', '(?<a>x)(?<a>y)', '\1', '(a)\2', '\k<a>', '\k', '(', ')', '[a', 'a]', 'a}', 'a{',
    'a{2,1}', 'a**', 'a++', '+', '^*', '(?=a)?', '[b-a]', '[\d-z]', '\', '[\', '(?<=(a)\1)b', '(?:a){70000}']) AS t(pattern);

-- the format `regex` takes what PCRE2 has limits for, too
SELECT pattern, left(pg_temp.outcome(pattern, 'ab'), 5) AS state, events._format_matches('regex', pattern) FROM unnest(ARRAY['(?<=a+)b', 'a', 'a{']) AS t(pattern);

-- quantifiers past PCRE2's 65535
SELECT n, events._pattern_matches('^[\s\S]{2,131072}$', repeat('é', n)) AS up_to, events._pattern_matches('^.{70000,}$', repeat('é', n)) AS from_on,
    events._pattern_matches('^.{70000,70001}$', repeat('é', n)) AS between
FROM unnest(ARRAY[1, 2, 65535, 65536, 69999, 70000, 70001, 70002, 131072, 131073]) AS t(n);

-- machine code from the third match on says the same
SELECT pattern, array_agg(events._pattern_matches(pattern, value)) FROM (VALUES
    ('^(\p{L}+)-\1$', 'né-né'), ('^(\p{L}+)-\1$', 'né-ne'), ('^(?:a|b)+$', 'abab')) AS t(pattern, value), generate_series(1, 4) GROUP BY pattern, value ORDER BY 1, 2;

-- and gives up at the same strings: the first use ends as those after it do, though PCRE2 counts other steps there
CREATE FUNCTION pg_temp.verdict(pattern text, value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN events.is_valid(to_jsonb(value), jsonb_build_object('pattern', pattern));
EXCEPTION WHEN statement_too_complex THEN
    RETURN SQLSTATE;
END $$;
SELECT pattern, n, verdicts FROM (
    SELECT pattern, n, array_agg(pg_temp.verdict(pattern || '(?:' || n || ')?', repeat('a', n) || '!')) AS verdicts
    FROM unnest(ARRAY['^(a|aa)+$', '^(?:(?:a|b|c|d)|aa)*$', '^(?:a+b?c?d?e?f?g?h?i?j?k?l?m?n?)+$', '^(?:(?:a+[b-f]*[g-k]*)+)+[0-9]']) AS t(pattern),
        generate_series(10, 32) AS n, generate_series(1, 4) GROUP BY pattern, n) AS x
WHERE cardinality(array_remove(verdicts, verdicts[1])) > 0;
SELECT count(*) FILTER (WHERE v = 'false') > 0 AS verdicts, count(*) FILTER (WHERE v = '54001') > 0 AS errors
FROM generate_series(10, 40) AS n, pg_temp.verdict('^(a|aa)+$', repeat('a', n) || '!') AS v;

-- patterns that would take for ever are given up, in few milliseconds
SELECT pattern, left(pg_temp.outcome(pattern, repeat('a', 40) || '!'), 5) AS state FROM unnest(ARRAY[
    '^(a+)+$', '^(a|aa)+$', '^(a|a)*$', '^(?:.*a){20}$', '([a-z]+)*[0-9]', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)*[xy]$']) AS t(pattern);
SELECT events._pattern_matches('^(a+)+$', repeat('a', 40) || '!');
SET events.pattern_match_limit = 1000;
SELECT events._pattern_matches('^(?:a|b)+$', repeat('ab', 10));
SELECT events._pattern_matches('^(?:.*,){5}[xy]$', repeat('a,', 100));
RESET events.pattern_match_limit;

-- long strings
SELECT events._pattern_matches('^(ab)*$', repeat('ab', 1000000)) AS many_rounds, events._pattern_matches('[^b]b$', repeat('é', 300000) || 'b') AS in_slices,
    events._pattern_matches('^(?:é|a)*b(?<=éb)$', repeat('é', 1000) || 'b') AS look_behind, events._pattern_matches('a$', repeat('é', 1000)) AS none;
SET statement_timeout = '200ms';
SELECT events._pattern_matches('é+b|é+c', repeat('é', 4000000));
DO $$
DECLARE begun timestamptz := clock_timestamp();
BEGIN
    PERFORM events._pattern_matches('(é)[\s\S]*?\1b', repeat(repeat('é', 1000), 30000));
    RAISE WARNING 'not ended';
EXCEPTION WHEN query_canceled THEN RAISE INFO 'ended within 10 s: %', clock_timestamp() - begun < '10 s';
END $$;
RESET statement_timeout;

-- patterns that are too much for the stack or for PCRE2
SELECT name, left(pg_temp.outcome(pattern, 'a'), 5) AS state FROM (VALUES
    ('deep', repeat('(', 100000) || repeat(')', 100000)), ('open', repeat('(', 1000000)), ('brackets', repeat('[', 1000000)), ('long', repeat('a|', 500000)),
    ('blown up', '(?:(?:(?:a{1,999}){1,999}){1,999})')) AS t(name, pattern);

-- other encodings
CREATE DATABASE events_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\c events_latin1
CREATE EXTENSION events;
SET client_encoding = 'UTF8';
SELECT events._pattern_matches('^é\p{L}\u00e9.$', 'ééé' || 'ü'), events._format_matches('idn-hostname', 'bücher.example'), events._format_matches('iri', 'http://ü/'),
    events._format_matches('uri', 'http://ü/'), events._decode_uri('%C3%BC');
SELECT events._decode_uri('%E3%81%82');
\c contrib_regression
DROP DATABASE events_latin1;
CREATE DATABASE events_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\c events_ascii
CREATE EXTENSION events;
SELECT events._pattern_matches('^.$', chr(195) || chr(169)), events._pattern_matches('a', 'a');
SELECT events._pattern_matches('a', chr(255));
SELECT events._pattern_matches(chr(255), 'a');
SELECT events._format_matches('idn-email', chr(255)), events._format_matches('uuid', chr(255));
\c contrib_regression
DROP DATABASE events_ascii;
