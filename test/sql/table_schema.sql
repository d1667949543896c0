-- JSON Schemas of rows: whatever a table can hold is valid, as to_jsonb() gives it.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE SCHEMA ts;
SET search_path = ts;
SET timezone = 'UTC';
CREATE FUNCTION is_row_valid(value jsonb, relation regclass) RETURNS boolean LANGUAGE sql
AS $$SELECT events.is_valid(value, events.table_schema(relation), true)$$;

-- ---- every built-in type: what it holds, what is extreme, NULL, arrays of it

CREATE TABLE literal (type regtype, value text);
INSERT INTO literal VALUES
    ('boolean', 't'), ('boolean', 'f'), ('"char"', 'x'), ('name', 'n'), ('text', ''), ('text', '"'), ('bytea', '\x00ff'),
    ('smallint', '-32768'), ('smallint', '32767'), ('integer', '-2147483648'), ('integer', '2147483647'),
    ('bigint', '-9223372036854775808'), ('bigint', '9223372036854775807'),
    ('real', '1.5'), ('real', '1e38'), ('real', 'NaN'), ('real', '-Infinity'), ('double precision', '1e-300'),
    ('double precision', 'Infinity'), ('numeric', '1e1000'), ('numeric', 'NaN'), ('numeric', 'Infinity'), ('money', '12.34'),
    ('bpchar', 'ab '), ('varchar', 'ab'), ('bit', '1'), ('varbit', '101'), ('oid', '1'), ('tid', '(1,2)'), ('xid', '1'),
    ('xid8', '1'), ('cid', '1'), ('oidvector', '1 2'), ('int2vector', '1 2'), ('json', '{"a": [1, null]}'), ('json', 'null'),
    ('jsonb', '"a"'), ('jsonpath', '$.a'), ('xml', '<a/>'), ('uuid', '00000000-0000-0000-0000-000000000001'),
    ('date', '2024-02-29'), ('date', 'infinity'), ('date', '-infinity'), ('time', '24:00'), ('timetz', '10:00+02'),
    ('timestamp', '2024-02-29 10:00:00.123456'), ('timestamp', 'infinity'), ('timestamp', '0044-03-15 BC'),
    ('timestamptz', '2024-02-29 10:00:00.123456+05:30'), ('timestamptz', 'infinity'), ('timestamptz', '-infinity'),
    ('interval', '1 mon -2 days 00:00:01'), ('point', '(1,2)'), ('lseg', '[(1,2),(3,4)]'), ('path', '((1,2),(3,4))'),
    ('box', '(1,2),(3,4)'), ('polygon', '((1,2),(3,4))'), ('line', '{1,2,3}'), ('circle', '<(1,2),3>'),
    ('inet', '10.0.0.1/24'), ('cidr', '10.0.0.0/24'), ('macaddr', '08:00:2b:01:02:03'), ('macaddr8', '08:00:2b:01:02:03:04:05'),
    ('tsvector', 'a:1 b'), ('tsquery', 'a & b'), ('pg_lsn', '0/1'), ('pg_snapshot', '1:2:'), ('txid_snapshot', '1:2:'),
    ('refcursor', 'c'), ('regclass', 'pg_class'), ('regtype', 'integer'), ('regproc', 'now'), ('regprocedure', 'now()'),
    ('regoper', '||/'), ('regoperator', '+(integer,integer)'), ('regrole', 'pg_monitor'), ('regnamespace', 'pg_catalog'),
    ('regconfig', 'simple'), ('regdictionary', 'simple'), ('regcollation', '"C"'), ('aclitem', 'pg_monitor=r/pg_monitor'),
    ('int4range', '[1,5)'), ('int4range', 'empty'), ('numrange', '(,5]'), ('tstzrange', '[2024-01-01,)'),
    ('tsrange', '[2024-01-01,)'), ('daterange', '[2024-01-01,2024-02-01)'), ('int8range', '[1,5)'),
    ('int4multirange', '{[1,2),[5,7)}'), ('nummultirange', '{}'), ('tstzmultirange', '{}'), ('tsmultirange', '{}'),
    ('datemultirange', '{}'), ('int8multirange', '{}');
-- what has no literal here cannot be written at all
SELECT t.typname FROM pg_type AS t
WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm') AND t.oid < 10000
  AND t.typcategory <> 'A' AND t.typname NOT LIKE 'pg\_%\_%' AND t.oid NOT IN (SELECT type FROM literal)
ORDER BY t.typname;

CREATE TABLE verdict (type regtype, value text, json jsonb, is_valid boolean);
DO $$
DECLARE
    l record;
    made jsonb;
    expression text;
BEGIN
    FOR l IN SELECT * FROM literal LOOP
        FOREACH expression IN ARRAY ARRAY['%2$L::%1$s', 'NULL::%1$s', 'ARRAY[%2$L::%1$s, NULL]', '''{}''::%1$s[]',
                                          'ARRAY[[%2$L::%1$s], [NULL::%1$s]]', 'ARRAY[[[%2$L::%1$s]]]']
        LOOP
            EXECUTE format('CREATE TABLE one AS SELECT ' || expression || ' AS c', l.type, l.value);
            EXECUTE 'SELECT to_jsonb(one) FROM one' INTO made;
            INSERT INTO verdict SELECT l.type, l.value, made, is_row_valid(made, 'one');
            DROP TABLE one;
        END LOOP;
    END LOOP;
END
$$;
SELECT count(*), count(DISTINCT type) AS types, bool_and(is_valid) FROM verdict;
SELECT * FROM verdict WHERE NOT is_valid;

-- ---- what a column says of its values

CREATE TYPE mood AS ENUM ('sad', 'ok', 'a "b"');
CREATE TYPE nothing AS ENUM ();
CREATE DOMAIN short AS varchar(3) CHECK (VALUE <> '');
CREATE DOMAIN shorter AS short NOT NULL;
CREATE DOMAIN shorts AS short[];
CREATE TYPE pair AS (a int, "b c" text);
CREATE TYPE nested AS (p pair, ps pair[], m mood, s shorter);
CREATE TYPE "o d/d~%" AS (x int);
CREATE TABLE everything (
    id int PRIMARY KEY,
    small smallint NOT NULL,
    big bigint,
    amount numeric(10, 2),
    whole numeric(5),
    thousands numeric(3, -3),
    tiny numeric(2, 4),
    free numeric,
    ratio double precision,
    yes boolean NOT NULL,
    name varchar(5),
    code char(3) NOT NULL,
    bits bit(4),
    some_bits bit varying(4),
    note text,
    mood mood,
    moods mood[] NOT NULL,
    nothing nothing,
    short short,
    shorter shorter,
    shorts shorts,
    day date,
    at timestamptz NOT NULL,
    local timestamp,
    token uuid,
    any_json json,
    any_jsonb jsonb NOT NULL,
    pair pair,
    pairs pair[],
    nested nested,
    odd "o d/d~%",
    span int4range,
    matrix int[][],
    names varchar(3)[],
    twice int GENERATED ALWAYS AS (small * 2) STORED,
    gone text
);
ALTER TABLE everything DROP COLUMN gone;
COMMENT ON TABLE everything IS 'One of each';
COMMENT ON COLUMN everything.name IS 'As others call it';
SELECT events.table_schema('everything') - 'properties' - '$defs' - 'required';
SELECT key, value FROM jsonb_each(events.table_schema('everything')->'properties');
SELECT key, value FROM jsonb_each(events.table_schema('everything')->'$defs');
SELECT events.table_schema('everything')->'required' = (SELECT jsonb_agg(attname ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = 'everything'::regclass AND attnum > 0 AND NOT attisdropped) AS all_columns_are_required;
SELECT events.schema_risks(events.table_schema('everything')), events.typescript(events.table_schema('everything')) <> '' AS typescript;

INSERT INTO everything (id, small, big, amount, whole, thousands, tiny, free, ratio, yes, name, code, bits, some_bits, note, mood, moods,
    short, shorter, shorts, day, at, local, token, any_json, any_jsonb, pair, pairs, nested, odd, span, matrix, names) VALUES
    (1, 1, 1, 12345678.90, 12345, 999000, 0.0099, 1e50, 'NaN', true, '12345', 'x', '1010', '1', 'note', 'sad', '{ok,NULL}',
     'abc', 'abc', '{a,NULL}', 'infinity', 'infinity', '2024-01-01', gen_random_uuid(), '[1]', 'null', (1, 'x'), ARRAY[(1, 'x')::pair, NULL],
     ((1, NULL), ARRAY[(1, NULL)::pair], 'ok', 'a'), ROW(1), '[1,2)', '{{1,2},{3,NULL}}', '{abc}'),
    (2, 1, -1, -99999999.99, -99999, -999000, -0.0099, 'Infinity', 1e10, false, '', '', NULL, '', '', 'a "b"', '{}',
     NULL, 'b', '{}', '2024-02-29', now(), 'infinity', NULL, NULL, '{"a": {}}', (NULL, NULL), '{}',
     (NULL, NULL, NULL, 'x'), NULL, 'empty', '{}', '{{a},{NULL}}'),
    (3, 1, NULL, 'NaN', 'NaN', 'NaN', 'NaN', 'NaN', NULL, true, NULL, 'abc', NULL, NULL, NULL, NULL, '{{sad},{ok}}',
     NULL, 'x', NULL, '-infinity', '-infinity', NULL, NULL, NULL, '3', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO everything (id, small, yes, code, moods, shorter, at, any_jsonb) VALUES (4, 2, true, 'a', '{}', 'a', now(), '[]');
SELECT id, is_row_valid(to_jsonb(e), 'everything') FROM everything AS e;
SELECT e.id, v.* FROM everything AS e, events.validation_errors(to_jsonb(e), events.table_schema('everything'), true) AS v;

-- and what it cannot hold is not
SELECT change, v.instance_location, v.message
FROM everything AS e,
     jsonb_array_elements('[{"id": null}, {"id": 1.5}, {"id": 2147483648}, {"small": -32769}, {"big": 9223372036854775808}, {"amount": 100000000},
        {"amount": 0.001}, {"amount": "Infinity"}, {"whole": 1.5}, {"thousands": 1500}, {"tiny": 0.01}, {"free": "x"}, {"yes": "t"},
        {"name": "123456"}, {"code": "ab"}, {"bits": "1"}, {"some_bits": "10101"}, {"note": 1}, {"mood": "great"}, {"moods": null},
        {"moods": ["great"]}, {"nothing": "x"}, {"short": "abcd"}, {"shorter": null}, {"shorts": ["abcd"]}, {"day": "2023-02-29"}, {"at": null},
        {"at": "2024-01-01T00:00:00"}, {"token": "x"}, {"pair": {"a": 1}}, {"pair": {"a": "1", "b c": null}}, {"pairs": [1]},
        {"nested": {"p": {"a": 1, "b c": 2}, "ps": null, "m": null, "s": null}}, {"odd": {}}, {"span": [1, 2]}, {"matrix": ["1"]}, {"names": ["abcd"]}]') AS change,
     events.validation_errors(to_jsonb(e) || change, events.table_schema('everything'), true) AS v
WHERE e.id = 4 AND v.keyword NOT IN ('anyOf', 'enum', 'const');
SELECT count(*) FROM everything AS e, jsonb_object_keys(events.table_schema('everything')->'properties') AS k
WHERE e.id = 4 AND is_row_valid(to_jsonb(e) - k, 'everything');

-- ---- composite types: NOT NULL of a table is no promise to a row of it in a column
CREATE TABLE inner_table (a int NOT NULL, kids pair[]);
CREATE TABLE outer_table (i inner_table, "is" inner_table[]);
INSERT INTO outer_table VALUES (ROW(NULL, NULL), ARRAY[ROW(NULL, '{}')::inner_table]);
SELECT is_row_valid(to_jsonb(o), 'outer_table'), to_jsonb(o) FROM outer_table AS o;
-- a type with a cast to json is what that makes of it
CREATE TYPE own AS (x int);
CREATE TYPE label AS ENUM ('a');
CREATE FUNCTION to_json(label) RETURNS json LANGUAGE sql IMMUTABLE AS $$SELECT '{"label": 1}'::json$$;
CREATE CAST (label AS json) WITH FUNCTION to_json(label);
CREATE TABLE labelled (l label, ls label[]);
INSERT INTO labelled VALUES ('a', '{a}');
SELECT is_row_valid(to_jsonb(one), 'labelled'), to_jsonb(one), events.table_schema('labelled')->'properties' FROM labelled AS one;

-- ---- other relations, some columns, errors
CREATE VIEW seen AS SELECT id, name FROM everything;
SELECT events.table_schema('seen');
SELECT events.table_schema('pair');
SELECT events.table_schema('everything', '{name,id}');
SELECT events.table_schema(NULL);
CREATE TABLE none ();
SELECT events.table_schema('none'), is_row_valid(to_jsonb(n), 'none') FROM (SELECT) AS n;
SELECT events.table_schema('everything', '{name,nil}');
SELECT events.table_schema('everything', '{NULL}');
SELECT events.table_schema('everything_pkey');
SELECT events.table_schema('nowhere');

-- generated columns and rows of partitions are like others
CREATE TABLE parts (id int NOT NULL, at date) PARTITION BY RANGE (at);
CREATE TABLE parts_all PARTITION OF parts DEFAULT;
INSERT INTO parts VALUES (1, '2024-01-01');
SELECT is_row_valid(to_jsonb(p), 'parts') FROM parts AS p;

\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA ts CASCADE;
