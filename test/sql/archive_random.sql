-- What is exported and imported again is the same, column by column, byte by byte: events made at random.
SELECT events.horizon() AS start \gset

-- characters: names and digits; what means something in topics, URIs or JSON; anything
CREATE FUNCTION pg_temp.chars(n int, kind int) RETURNS text LANGUAGE sql VOLATILE AS
$$
SELECT coalesce(string_agg(CASE kind
    WHEN 0 THEN substr('abcdefghijklmnopqrstuvwxyz0123456789', 1 + floor(random() * 36)::int, 1)
    WHEN 1 THEN substr('/%*.+ "\''{}[]:,;<>&#?=ü€😀ßİ中-_~^`|@$!()', 1 + floor(random() * 42)::int, 1)
    ELSE chr((ARRAY[1 + floor(random() * 31)::int, 32 + floor(random() * 95)::int, 160 + floor(random() * 5000)::int,
                    65536 + floor(random() * 10000)::int, 34, 92, 127, 128 + floor(random() * 32)::int, 8232, 65535, 55295])
             [1 + floor(random() * 11)::int]) END, ''), '')
FROM generate_series(1, n)
$$;

CREATE FUNCTION pg_temp.value(depth int) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS
$$
DECLARE
    members jsonb;
BEGIN
    CASE floor(random() * CASE WHEN depth > 3 THEN 8 ELSE 10 END)
        WHEN 0 THEN RETURN 'null';
        WHEN 1 THEN RETURN to_jsonb(random() < 0.5);
        WHEN 2 THEN RETURN to_jsonb(((random() - 0.5) * 10 ^ floor(random() * 20))::numeric);
        WHEN 3 THEN RETURN (floor(random() * 1000) || '.' || repeat('0', floor(random() * 5)::int) || floor(random() * 100) ||
                            '0e' || floor(random() * 80 - 40))::jsonb;
        WHEN 4 THEN RETURN to_jsonb(pg_temp.chars(floor(random() * 20)::int, 2));
        WHEN 5 THEN RETURN to_jsonb(pg_temp.chars(floor(random() * 20)::int, 1));
        WHEN 6 THEN RETURN to_jsonb(pg_temp.chars(CASE WHEN random() < 0.02 THEN 20000 ELSE 3 END, 0));
        WHEN 7 THEN RETURN to_jsonb(floor(random() * 1e18)::bigint);
        WHEN 8 THEN
            SELECT coalesce(jsonb_agg(pg_temp.value(depth + 1)), '[]') INTO members
            FROM generate_series(1, floor(random() * 5)::int);
            RETURN members;
        ELSE
            SELECT coalesce(jsonb_object_agg(pg_temp.chars(floor(random() * 6)::int, g % 3), pg_temp.value(depth + 1)), '{}')
            INTO members FROM generate_series(1, floor(random() * 5)::int) AS g;
            RETURN members;
    END CASE;
END
$$;

CREATE FUNCTION pg_temp.one_of(VARIADIC texts text[]) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT texts[1 + floor(random() * cardinality(texts))::int] $$;

CREATE FUNCTION pg_temp.cloudevent() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS
$$
DECLARE
    event jsonb := jsonb_build_object('type', 't' || pg_temp.chars(floor(random() * 10)::int, floor(random() * 2)::int),
                                      'source', '/' || pg_temp.chars(3, 0), 'id', gen_random_uuid());
BEGIN
    IF random() < 0.5 THEN event := event || jsonb_build_object('subject', 's' || pg_temp.chars(9, 1)); END IF;
    IF random() < 0.3 THEN event := event || jsonb_build_object('dataschema', 'https://example.com/' || pg_temp.chars(3, 0)); END IF;
    IF random() < 0.3 THEN
        event := event || jsonb_build_object('datacontenttype', pg_temp.one_of('application/json', 'text/plain; charset=utf-8', 'a/b'));
    END IF;
    IF random() < 0.5 THEN
        event := event || jsonb_build_object('time', pg_temp.one_of(
            '0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '1582-10-10T00:00:00-23:59', '1970-01-01T00:00:00.1Z',
            '1999-12-31T23:59:59.999999Z', '2000-01-01T00:00:00.000001+14:00', '9999-12-31T23:59:59.999999Z'));
    END IF;
    IF random() < 0.5 THEN
        SELECT event || jsonb_build_object('topic', jsonb_agg('t' || pg_temp.chars(floor(random() * 4)::int, 1))) INTO event
        FROM generate_series(1, 1 + floor(random() * 4)::int);
    END IF;
    IF random() < 0.3 THEN
        event := event || jsonb_build_object(
            pg_temp.one_of('position', 'recordedat', 'topics', 'firstrecordedtime', 'attributes', 'user', 'n1', '1'),
            pg_temp.one_of('""', 'true', 'false', '-2147483648', '2147483647', '1.0', '1.50e1', '0', '"x y\"ü"')::jsonb);
    END IF;
    IF random() < 0.15 THEN
        RETURN event || jsonb_build_object('data_base64', encode(sha256(random()::text::bytea), 'base64'));
    ELSIF random() < 0.8 THEN
        RETURN event || jsonb_build_object('data', pg_temp.value(0));
    END IF;
    RETURN event;
END
$$;

SELECT count(events.publish(pg_temp.cloudevent())) AS published FROM generate_series(1, 1000);
SELECT events.horizon() AS middle \gset
CREATE TEMP TABLE lines AS
SELECT row_number() OVER () AS n, line FROM (SELECT events.export(from_position => :start + 1) AS line) AS e;
SELECT count(*) AS lines, bool_and(line::json IS NOT NULL AND line !~ '[\r\n]') AS good FROM lines;

-- as if from another hub, recorded now
SELECT to_json(now()) #>> '{}' AS now \gset
SELECT * FROM events.import_events((
    SELECT string_agg(regexp_replace(regexp_replace(line, '"sequence":"[a-z0-9]{8}', '"sequence":"randomly'),
                                     '"recordedtime":"[^"]*"', '"recordedtime":"' || :'now' || '"'), E'\n' ORDER BY n) FROM lines));

CREATE TEMP VIEW sent AS
SELECT row_number() OVER (ORDER BY position <= :middle, position) AS n, position > :middle AS again, recorded_at,
       record_send(ROW(id, source, type, subject, time, topic, dataschema, datacontenttype, data, attributes)) AS columns
FROM events.event WHERE position > :start;
SELECT count(*) AS same, bool_and(i.recorded_at = :'now') AS recorded_then
FROM sent AS o JOIN sent AS i ON i.n + 1000 = o.n AND i.columns = o.columns WHERE i.again AND NOT o.again;
-- which are not
SELECT o.line, i.line FROM lines AS o
JOIN (SELECT row_number() OVER () AS n, line FROM (SELECT events.export(from_position => :middle + 1) AS line) AS e) AS i USING (n)
WHERE regexp_replace(o.line, '"(sequence|recordedtime)":"[^"]*"', '', 'g') <>
      regexp_replace(i.line, '"(sequence|recordedtime)":"[^"]*"', '', 'g');

-- strings are escaped as PostgreSQL does it, data is written as it does
SELECT count(*) AS other_data
FROM events.event AS e JOIN lines ON substr(line, strpos(line, '"sequence":"') + 21, 19)::bigint = e.position
WHERE e.data IS NOT NULL AND right(line, length(e.data::text) + 8) <> '"data":' || e.data::text || '}';
