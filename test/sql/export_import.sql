-- events.export() and events.import_events(): the history as text, and back.
\set VERBOSITY default
SELECT events.horizon() AS start \gset

-- one of each kind of event
SELECT events.publish('order.created', '{"order": 1, "text": "a \"quoted\" \\ back\\slash\nline\ttab", "n": 1.50, "deep": {"sequence": "x", "a": [1, null, true]}}',
                      ARRAY['sales', 'a/b', '50%'], '/shop', 'order/1', 'ex-1', '2026-01-02 03:04:05.678901+01',
                      'https://example.com/s.json', '{"priority": 3, "urgent": true, "note": "ü, \"sequence\":\"no\"", "datacontenttype": "application/json"}') \g /dev/null
SELECT events.publish('order.paid', 'null', id => 'ex-2') \g /dev/null
SELECT events.publish('{"type": "order.bytes", "id": "ex-3", "data_base64": "AAEC", "datacontenttype": "application/octet-stream"}') \g /dev/null
SELECT events.publish('{"type": "user.seen", "id": "ex-4"}') \g /dev/null
CREATE TEMP TABLE original AS SELECT * FROM events.read(:start);

-- a line each; sequence and times differ from run to run
CREATE TEMP TABLE exported (n int GENERATED ALWAYS AS IDENTITY, line text);
INSERT INTO exported (line) SELECT events.export(from_position => :start + 1);
SELECT n, line::jsonb - 'time' - 'recordedtime' - 'sequence' AS event FROM exported ORDER BY n;
SELECT count(*) AS as_on_the_wire FROM exported JOIN events._feed(:start, 100, 1000000) AS f ON f.event = line;

-- what is wanted
SELECT count(*) AS orders FROM (SELECT events.export(from_position => :start + 1, types => '{order.*}')) AS e;
SELECT count(*) AS sales FROM (SELECT events.export(from_position => :start + 1, topics => '{sales,*}')) AS e;
SELECT count(*) AS last FROM (SELECT events.export(from_position => events.horizon())) AS e;
SELECT count(*) AS none FROM (SELECT events.export(to_position => :start, from_position => :start + 1)) AS e;
SELECT count(*) AS up_to_the_horizon FROM (SELECT events.export(to_position => 9223372036854775807, from_position => :start + 1)) AS e;

-- it streams: a cursor that is left half read, and a limit, cost nothing
BEGIN;
DECLARE c CURSOR FOR SELECT events.export(from_position => :start + 1);
FETCH 2 FROM c \g /dev/null
SAVEPOINT s;
MOVE 1 FROM c;
ROLLBACK TO s;
MOVE 9 FROM c;
COMMIT;
SELECT count(*) FROM (SELECT events.export(from_position => :start + 1) LIMIT 1) AS e;

-- the format of COPY that leaves lines as they are
\set file `mktemp`
\set copy '\\copy (SELECT events.export(from_position => ' :start ' + 1)) TO ' :file ' (FORMAT csv, QUOTE E''\\x01'', DELIMITER E''\\x02'')'
:copy
CREATE TEMP TABLE lines (n int GENERATED ALWAYS AS IDENTITY, line text);
\set copy '\\copy lines (line) FROM ' :file ' (FORMAT csv, QUOTE E''\\x01'', DELIMITER E''\\x02'')'
:copy
\setenv FILE :file
\! rm "$FILE"
SELECT count(*) AS same_lines FROM lines JOIN exported USING (n, line);

-- bad arguments
SELECT events.export(format => 'xml');
SELECT events.export(format => NULL);
SELECT events.export(from_position => 0);
\set VERBOSITY sqlstate
SELECT events.export(from_position => 9223372036854775807);
\set VERBOSITY default
SELECT events.export(types => '{NULL}');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT events.export();
ROLLBACK;

-- here they are already: the hub knows its own events
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY n) FROM exported));

-- as if from another hub; its recorded times are kept, and order, and all else
CREATE TEMP TABLE foreign_lines AS
SELECT n, regexp_replace(line, '"sequence":"[a-z0-9]{8}', '"sequence":"zzzzzzzz') AS line
FROM exported;
SELECT events.horizon() AS before \gset
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY n) FROM foreign_lines));
SELECT count(*) AS equal_but_for_the_position
FROM (SELECT row_number() OVER (ORDER BY position) AS n, to_jsonb(o) - 'position' AS event FROM original AS o) AS o
JOIN (SELECT row_number() OVER (ORDER BY position) AS n, to_jsonb(i) - 'position' AS event FROM events.read(:before) AS i) AS i
USING (n, event);

-- once only: again, in another order, one by one, in part
SELECT * FROM events.import_events((SELECT string_agg(line, E'\r\n\n' ORDER BY n DESC) FROM foreign_lines));
SELECT n, (events.import_events(line)).* FROM foreign_lines ORDER BY n;
SET events.dedup_window = 0;
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY n) FROM foreign_lines));
RESET events.dedup_window;
SELECT epoch, length(positions) AS bytes FROM events.imported;

-- what is rolled back was not imported
CREATE TEMP TABLE later AS
SELECT n, regexp_replace(line, '"sequence":"[a-z0-9]{8}', '"sequence":"yyyyyyyy') AS line FROM exported;
BEGIN;
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY n) FROM later));
ROLLBACK;
BEGIN;
SELECT * FROM events.import_events((SELECT line FROM later WHERE n = 1));
SAVEPOINT s;
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY n) FROM later));
ROLLBACK TO s;
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY n) FROM later));
COMMIT;

-- other CloudEvents: no sequence, no recordedtime; known by source and id
SELECT events.horizon() AS before \gset
SELECT * FROM events.import_events('{"specversion": "1.0", "id": "fo-1", "source": "/elsewhere", "type": "a.b", "sequence": "17"}
{"id": "fo-2", "source": "/elsewhere", "type": "a.b", "time": "2020-01-01T00:00:00Z", "data": 5}');
SELECT * FROM events.import_events('{"id": "fo-2", "source": "/elsewhere", "type": "a.b", "data": 5}');
SELECT id, topic, data, recorded_at > now() - interval '1 hour' AS recorded_now, attributes FROM events.read(:before);

-- session settings fill nothing in
SET events."user" = 'importer';
SELECT * FROM events.import_events('{"id": "fo-3", "source": "/elsewhere", "type": "a.b"}');
RESET events."user";
SELECT attributes IS NULL AS untouched FROM events.read(events.horizon() - 1);

-- recorded before what is here: refused, or recorded anew
\set old '{"id": "old-1", "source": "/old", "type": "a.b", "recordedtime": "2001-02-03T04:05:06.5Z", "sequence": "oldepoch-0000000000000000001"}'
SELECT events.horizon() AS before \gset
DO $$
DECLARE
    message text; detail text; hint text; state text;
BEGIN
    PERFORM events.import_events('{"id": "old-1", "source": "/old", "type": "a.b", "recordedtime": "2001-02-03T04:05:06.5Z", "sequence": "oldepoch-0000000000000000001"}');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
    RAISE NOTICE '% %', state, message;
    RAISE NOTICE '%', regexp_replace(detail, 'here at .*', 'here at ...');
    RAISE NOTICE '%', hint;
END
$$;
SELECT * FROM events.import_events(:'old', recorded => 'now');
SELECT * FROM events.import_events(:'old', recorded => 'now');
SELECT * FROM events.import_events(:'old');
SELECT id, recorded_at > now() - interval '1 hour' AS recorded_now, attributes FROM events.read(:before);
SELECT events.position_at('2001-02-04') = events.oldest() - 1 AS nothing_is_that_old;
\set VERBOSITY sqlstate
SELECT events.import_events(format('{"id": "f", "source": "/f", "type": "f", "recordedtime": "%s"}',
                                   to_char(now() + interval '1 year', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
\set VERBOSITY default

-- an event of this very transaction is recorded at its commit
BEGIN;
SELECT events.publish('mine', '1') \g /dev/null
SAVEPOINT s;
\set VERBOSITY sqlstate
SELECT events.import_events('{"id": "old-2", "source": "/old", "type": "a.b", "recordedtime": "2001-02-03T04:05:06.5Z", "sequence": "oldepoch-0000000000000000002"}');
\set VERBOSITY default
ROLLBACK TO s;
COMMIT;

-- prepared transactions have no imported events with times of their own; rolled-back ones do not count
SELECT jsonb_build_object('id', 'pr-1', 'source', '/pr', 'type', 'a.b', 'recordedtime', now(), 'sequence', 'prepared-0000000000000000001') AS line \gset
BEGIN;
SAVEPOINT s;
SELECT * FROM events.import_events(:'line');
ROLLBACK TO s;
SELECT events.publish('mine', '2') \g /dev/null
PREPARE TRANSACTION 'archive_a';
ROLLBACK PREPARED 'archive_a';
BEGIN;
SAVEPOINT s;
SELECT * FROM events.import_events(:'line');
RELEASE s;
PREPARE TRANSACTION 'archive_b';

-- exports of two hubs merged, and a history of which every 5000th event is left, in no order
SET events.dedup_window = 0;
CREATE TEMP TABLE merged AS
SELECT g AS n, format('{"id": "%s", "source": "/merged", "type": "a.b", "sequence": "%s-%s"}', g,
                      CASE g % 2 WHEN 0 THEN 'mergedaa' ELSE 'mergedbb' END, lpad((g / 2)::text, 19, '0')) AS line
FROM generate_series(1, 400) AS g
UNION ALL
SELECT g, format('{"id": "%s", "source": "/merged", "type": "a.b", "sequence": "mergedcc-%s"}', g, lpad((g * 5000)::text, 19, '0'))
FROM generate_series(401, 800) AS g;
BEGIN;
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY n % 400, n) FROM merged WHERE n % 3 <> 0));
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY md5(n::text)) FROM merged));
SELECT * FROM events.import_events((SELECT string_agg(line, E'\n' ORDER BY n * 7 % 801) FROM merged));
SELECT epoch, count(*) AS chunks, sum(bit_count(positions)) AS events FROM events.imported WHERE epoch LIKE 'merged%' GROUP BY epoch ORDER BY epoch;
ROLLBACK;
RESET events.dedup_window;

-- wrong lines are named
SELECT events.import_events(E'\n{"id": "w-1", "source": "/w", "type": "w"}\n{"id": ', first_line => 1000);
SELECT events.import_events('[1]');
SELECT events.import_events('{"source": "/w", "type": "w"}');
SELECT events.import_events('{"id": "w-2", "source": "/w", "type": "w", "recordedtime": "yesterday"}');
SELECT events.import_events('{"id": "w-2", "source": "/w", "type": "w", "recordedtime": "0000-01-01T00:00:00+01:00"}', recorded => 'now');
SELECT events.import_events('{"id": "w-2", "source": "/w", "type": "w", "Bad": 1}');
SELECT events.import_events('{"id": "w-2", "source": "/w", "type": "w"}', recorded => 'then');
SELECT count(*) AS nothing_of_it FROM events.read(:start) WHERE id LIKE 'w-%';
SELECT * FROM events.import_events('');
SELECT * FROM events.import_events(NULL);

-- limits of publishing
SET events.max_pending_events = 1;
SELECT events.import_events('{"id": "m-1", "source": "/m", "type": "m"}
{"id": "m-2", "source": "/m", "type": "m"}');
RESET events.max_pending_events;
BEGIN READ ONLY;
SELECT events.import_events('{"id": "m-1", "source": "/m", "type": "m"}');
ROLLBACK;

-- validated only if that is asked for
SELECT events.register_schema('https://example.com/archive.json', '{"type": "object", "required": ["order"]}') \g /dev/null
SELECT events.register_type('archive.checked', 'https://example.com/archive.json', '{"order": 0}') \g /dev/null
SELECT * FROM events.import_events('{"id": "v-1", "source": "/v", "type": "archive.checked", "data": {}}');
SELECT events.import_events('{"id": "v-2", "source": "/v", "type": "archive.checked", "data": {}}', validate => true);
SELECT * FROM events.import_events('{"id": "v-3", "source": "/v", "type": "archive.checked", "data": {"order": 1}}', validate => true);
SELECT events.unregister_type('archive.checked') \g /dev/null
SELECT events.unregister_schema('https://example.com/archive.json') \g /dev/null

-- data is written as PostgreSQL writes it
SELECT events.horizon() AS values_start \gset
SELECT count(events.publish('value', value)) AS published
FROM (VALUES ('{}'), ('[]'), ('[{}, [], [[]], {"a": {}, "b": [1, "x", null]}]'), ('"\b\f\n\r\t\u0001\u001f\u007f\"\\/ü€"'), ('""'), ('0'),
             ('-1.50e-7'), ('1e30'), ('true'), ('false'), ('null'), ('{"": "", "a\"b\\": [true, false], "c": 12345678901234567890.10}')) AS v(text),
     LATERAL (SELECT v.text::jsonb AS value) AS j;
SELECT count(*) AS same
FROM events.read(:values_start) AS e
JOIN (SELECT events.export(from_position => :values_start + 1) AS line) AS x
  ON right(line, length('"data":' || data::text) + 1) = '"data":' || data::text || '}' AND line LIKE '%' || e.id || '%';
SELECT to_jsonb(e.data) AS data, right(line, 30) AS line FROM events.read(:values_start) AS e
LEFT JOIN (SELECT events.export(from_position => :values_start + 1) AS line) AS x
  ON right(line, length('"data":' || data::text) + 1) = '"data":' || data::text || '}' AND line LIKE '%' || e.id || '%'
WHERE line IS NULL;
