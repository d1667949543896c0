-- the strings of FEEL: each expression beside its value; only what differs is shown
\pset null '(null)'
\set SHOW_CONTEXT never
CREATE TEMP TABLE wanted (expression text, value jsonb);

-- positions count characters
INSERT INTO wanted VALUES
    ('substring("foobar", 3)', '"obar"'),
    ('substring("foobar", 3, 3)', '"oba"'),
    ('substring("foobar", -2, 1)', '"a"'),
    ('substring("\U01F40Eab", 2)', '"ab"'),
    ('substring("ab\U01F40E", -1)', '"\ud83d\udc0e"'),
    ('substring("abc", 4)', '""'),
    ('substring("abc", 2, 100)', '"bc"'),
    ('substring("abc", 2, 1e30)', '"bc"'),
    ('substring("abc", -4)', '"abc"'),
    ('substring("abc", 0)', 'null'),
    ('substring("abc", 1, 0)', 'null'),
    ('substring(string: "foobar", start position: 3)', '"obar"'),
    ('string length("\U01F40E\u00e9")', '2'),
    ('string length("")', '0'),
    ('string length(null)', 'null'),
    ('substring before("foobar", "bar")', '"foo"'),
    ('substring before("foobar", "x")', '""'),
    ('substring before("foobar", "")', '""'),
    ('substring after("foobar", "ob")', '"ar"'),
    ('substring after("foobar", "")', '"foobar"'),
    ('substring after("foobar", "x")', '""'),
    ('contains("foobar", "oba")', 'true'),
    ('contains("foobar", "")', 'true'),
    ('contains("", "x")', 'false'),
    ('starts with("foobar", "fo")', 'true'),
    ('starts with("fo", "foobar")', 'false'),
    ('ends with("foobar", "bar")', 'true'),
    ('ends with("bar", "foobar")', 'false'),
    ('contains("foobar", null)', 'null'),
    ('trim("  a b \n")', '"a b"'),
    ('is blank(" \t\n")', 'true'),
    ('is blank("a")', 'false');

-- letters, by Unicode
INSERT INTO wanted VALUES
    ('upper case("aBc4")', '"ABC4"'),
    ('lower case("ABC4")', '"abc4"'),
    ('upper case("stra\u00dfe \u00e4\u00f6\u00fc")', '"STRASSE \u00c4\u00d6\u00dc"'),
    ('upper case("\u03b9\u03bc\u03c2 \u0436 \u0131")', '"\u0399\u039c\u03a3 \u0416 I"'),
    ('lower case("\u00c4 \u0399 \u0416 \u0130")', '"\u00e4 \u03b9 \u0436 i\u0307"'),
    ('upper case("\ufb03 \u01c6 \u24d0 \u1f80")', '"FFI \u01c4 \u24b6 \u1f08\u0399"'),
    ('lower case("\u1e9e \u2c65 \u023a")', '"\u00df \u2c65 \u2c65"');

-- joining and splitting
INSERT INTO wanted VALUES
    ('string join(["a","b","c"], ", ")', '"a, b, c"'),
    ('string join(["a","b"])', '"ab"'),
    ('string join(["a",null,"c"], "-")', '"a-c"'),
    ('string join([], "-")', '""'),
    ('string join(["a"], null)', '"a"'),
    ('string join(["a","b"], ",", "[", "]")', '"[a,b]"'),
    ('string join(["a", 1], ",")', 'null'),
    ('split("John Doe", "\s")', '["John", "Doe"]'),
    ('split("a,b,,c,", ",")', '["a", "b", "", "c", ""]'),
    ('split("", ",")', '[""]'),
    ('split("abc", "")', 'null'),
    ('split("foo\U01F40Ebar", "o.b")', '["fo", "ar"]'),
    ('extract("a1b22", "[0-9]+")', '["1", "22"]');

-- matches: anywhere, by the expressions of XPath
INSERT INTO wanted VALUES
    ('matches("foobar", "ob")', 'true'),
    ('matches("foobar", "^ob")', 'false'),
    ('matches("a\n", "a$")', 'false'),
    ('matches("a\nb", "^b", "m")', 'true'),
    ('matches("a\nb", "a$", "m")', 'true'),
    ('matches("a\n", "^$", "m")', 'false'),
    ('matches("a\n\nb", "^$", "m")', 'true'),
    ('matches("\n", ".")', 'false'),
    ('matches("\r", ".")', 'false'),
    ('matches("\n", ".", "s")', 'true'),
    ('matches("ABC", "abc", "i")', 'true'),
    ('matches("\u00c4", "\u00e4", "i")', 'true'),
    ('matches("a.c", "a.c", "q")', 'true'),
    ('matches("abc", "a.c", "q")', 'false'),
    ('matches("hello world", " hello[ ]world", "x")', 'true'),
    ('matches("hello world", "\p{ I s B a s i c L a t i n }+", "x")', 'true'),
    ('matches("a", "a", "g")', 'null'),
    ('matches("a", "a", null)', 'true'),
    ('matches("aaa", "^a{2,3}?$")', 'true'),
    ('matches("aa", "(a)\\1")', 'true'),
    ('matches("a1", "(a)\\11")', 'false'),
    ('matches("aa1", "(a)\\11")', 'true'),
    ('matches("b", "^(a)?\\1b$")', 'true');

-- classes
INSERT INTO wanted VALUES
    ('matches("b", "^[a-z-[aeiou]]$")', 'true'),
    ('matches("e", "^[a-z-[aeiou]]$")', 'false'),
    ('matches("e", "^[a-z-[aeiou-[e]]]$")', 'true'),
    ('matches("O", "[A-Z-[OI]]", "i")', 'false'),
    ('matches("x", "[A-Z-[OI]]", "i")', 'true'),
    ('matches("-", "^[a-]$")', 'true'),
    ('matches("^", "^[a^]$")', 'true'),
    ('matches("]", "^[\\]]$")', 'true'),
    ('matches("\u0663", "^\\d$")', 'true'),
    ('matches("\u00e9", "^\\w$")', 'true'),
    ('matches("_", "\\w")', 'false'),
    ('matches("_", "^\\W$")', 'true'),
    ('matches("\u00a0", "\\s")', 'false'),
    ('matches("\u00a0", "^\\S$")', 'true'),
    ('matches("1", "\\i")', 'false'),
    ('matches("1", "^\\c$")', 'true'),
    ('matches("-", "^[\\I]$")', 'true'),
    ('matches("\u03b1", "^\\p{IsGreek}$")', 'true'),
    ('matches("\u03b1", "\\P{IsGreekandCoptic}")', 'false'),
    ('matches("A", "\\p{Ll}", "i")', 'false'),
    ('matches("A", "[\\p{Ll}0]", "i")', 'false'),
    ('matches("B", "[^\\p{Ll}a]", "i")', 'true'),
    ('matches("a", "[^\\p{Ll}0]", "i")', 'false');

-- what is no expression of XPath is null, whatever PCRE2 would take it for
INSERT INTO wanted SELECT format('matches("a", "%s")', replace(pattern, '\', '\\')), 'null'
FROM unnest(ARRAY['(', ')', '[', '[]', '[a', '[b-a]', '[a-\d]', 'a**', '*a', 'a++', '?', '{1}', 'a{2,1}', 'a{,2}', 'a{99999}',
                  '(?=a)', '(?<a>a)', '(?i)a', '\b', '\Q', '\x41', '\u0041', '\1', '(a\1)', '(a)\2', '\p{Greek}', '\p{IsNowhere}', '\p', 'a}', 'a]',
                  '[[:alpha:]]', '[a-z-[aeiou]x]', '\']) AS pattern;

-- replace
INSERT INTO wanted VALUES
    ('replace("abracadabra", "a(.)", "a$1$1")', '"abbraccaddabbra"'),
    ('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', '"[1=ab][2=]cd"'),
    ('replace("abc", "(b)", "[$0$1$2$10]")', '"a[bbb0]c"'),
    ('replace("abc", "b", "\\$\\\\")', '"a$\\c"'),
    ('replace("abc", "b", "$")', 'null'),
    ('replace("abc", "b", "$x")', 'null'),
    ('replace("abc", "b", "\\x")', 'null'),
    ('replace("a.b", ".", "$", "q")', '"a$b"'),
    ('replace("abc", "", "x")', 'null'),
    ('replace("abc", "x*", "y")', 'null'),
    ('replace("ABC", "b", "x", "i")', '"AxC"'),
    ('replace("\u00e4\U01F40E\u00f6", "\U01F40E", "-")', '"\u00e4-\u00f6"'),
    ('replace("abc", "[a-z]", "#", "s")', '"###"');

-- text of values
INSERT INTO wanted VALUES
    ('string("a")', '"a"'),
    ('string(null)', 'null'),
    ('string(true)', '"true"'),
    ('string(@"2024-02-29")', '"2024-02-29"'),
    ('string([1, "a\"b", null, [true]])', '"[1, \"a\\\"b\", null, [true]]"'),
    ('string({a: "foo", b c: {"d,e": 1}})', '"{a: \"foo\", b c: {\"d,e\": 1}}"'),
    ('string([1..3])', '"[1..3]"'),
    ('string((@"2024-01-01"..@"2024-02-01"])', '"(2024-01-01..2024-02-01]"'),
    ('string((>= 5))', '"(>= 5)"'),
    ('to json({b: [1.50, "x\ny", @"P1D", null], a: {}})', '"{\"b\":[1.5,\"x\\ny\",\"P1D\",null],\"a\":{}}"'),
    ('to json("a")', '"\"a\""'),
    ('to json([1..2])', '"\"[1..2]\""'),
    ('from json("{\"a\": [1, 2e1, -0.5, true, null]}")', '{"a": [1, 20, -0.5, true, null]}'),
    ('from json("{\"a\": 1, \"b\": 2, \"a\": 3}")', '{"a": 3, "b": 2}'),
    ('from json("\"\\u00e9\\ud83d\\ude00\\n\"")', '"\u00e9\ud83d\ude00\n"'),
    ('from json(" [ ] ")', '[]'),
    ('from json("[1,]")', 'null'),
    ('from json("01")', 'null'),
    ('from json("1 2")', 'null'),
    ('from json("{a: 1}")', 'null'),
    ('from json("\"\\u0000\"")', 'null'),
    ('from json("\"\\ud800\"")', 'null'),
    ('from json("\"a")', 'null'),
    ('from json("")', 'null');

SELECT count(*) AS expressions FROM wanted;
SELECT expression, value AS wanted, coalesce(events.feel(expression, '{}'), 'null') AS found
FROM wanted
WHERE coalesce(events.feel(expression, '{}'), 'null') <> value;

-- an expression that takes for ever ends by a limit, the first time and later
SELECT events.feel('matches(s, "^(a+)+$")', jsonb_build_object('s', repeat('a', 40) || '!'));
SELECT events.feel('matches(s, "^(a+)+$")', jsonb_build_object('s', repeat('a', 40) || '!'));
SELECT events.feel('matches(s, "^(a+)+$")', jsonb_build_object('s', repeat('a', 40)));

-- so does JSON that is nested too deeply, and a string that grows without end
SELECT events.feel('from json(s)', jsonb_build_object('s', repeat('[', 10000000)));
SELECT events.feel('string length(string join(for i in 1..100000 return s))', jsonb_build_object('s', repeat('x', 100000)));

-- more expressions than the session keeps
SELECT count(*) FILTER (WHERE events.feel_test('matches(s, "^a{" + string(n) + "}$")', jsonb_build_object('s', repeat('a', n), 'n', n)))
FROM generate_series(1, 600) n;

-- why a result is null
SELECT expression, p.message FROM (VALUES
    ('matches("a", "(")'),
    ('matches("a", "a", "g")'),
    ('replace("a", "", "b")'),
    ('replace("a", "a", "$")'),
    ('substring("a", 0)'),
    ('string join([1])'),
    ('from json("{")')) AS e (expression), events.feel_problems(expression, '{}') p;
