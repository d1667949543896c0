-- Databases that are not UTF-8: what cannot go out as JSON does not come in.
CREATE DATABASE events_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\c events_ascii
CREATE EXTENSION events;
SET client_encoding = 'UTF8';
SELECT events.publish('plain', '"text"') IS NOT NULL AS published;
SELECT events.publish('utf8', '"\u00fc"') IS NOT NULL AS published;
SELECT events.publish('bytes', ('"' || chr(255) || '"')::jsonb) IS NOT NULL AS published;
SELECT events.publish('subject', '1', subject => chr(255)) IS NOT NULL AS published;
SELECT events.publish('topic', '1', topic => ARRAY[chr(255)]) IS NOT NULL AS published;
SELECT events.publish('attribute', '1', attributes => jsonb_build_object('a', chr(255))) IS NOT NULL AS published;
SELECT type, event IS NULL AS is_end FROM events._feed(0, 10, 10000) WHERE event IS NOT NULL;
\c contrib_regression
DROP DATABASE events_ascii;
CREATE DATABASE events_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\c events_latin1
CREATE EXTENSION events;
SET client_encoding = 'UTF8';
SELECT events.publish('latin1', '"Köln"', subject => 'ü') IS NOT NULL AS published;
SELECT subject, data FROM events.read();
SELECT event LIKE '%"data":"Köln"%' AS converted FROM events._feed(0, 10, 10000) WHERE event IS NOT NULL;
SELECT events.feel('upper case("ü" + größe)', '{"größe": "ß\u00e9"}'), events.feel('substring("Köln", 2, 1)'), events.feel('matches("Köln", "^K.ln$")'), events.feel('"\u00fc" = "ü"');
SELECT events.check_feel('"\u65e5"');
SELECT events.feel('range("[\"\\u65e5\"..\"\\u65e6\"]")'), events.feel('from json("\"\\u65e5\"")');
\c contrib_regression
DROP DATABASE events_latin1;
