-- events.publish(jsonb): the JSON format of CloudEvents 1.0.2.
SELECT events.horizon() AS start \gset

-- an example of the specification (JSON format, section 3.2), in and out again
SELECT events.publish('{
    "specversion": "1.0",
    "type": "com.example.someevent",
    "source": "/mycontext",
    "subject": null,
    "id": "C234-1234-1234",
    "time": "2018-04-05T17:31:00.123456789+02:00",
    "comexampleextension1": "value",
    "comexampleothervalue": 5,
    "datacontenttype": "application/json",
    "data": {"appinfoA": "abc", "appinfoB": 123, "appinfoC": true}
}');
SELECT events.publish('{
    "specversion": "1.0", "type": "com.example.binary", "source": "/mycontext", "id": "D234",
    "datacontenttype": "application/vnd.apache.thrift.binary", "data_base64": "AAECAwQ="
}');
SELECT events.publish('{"type": "com.example.text", "source": "x", "id": "E", "datacontenttype": "text/xml", "data": "<much wow=\"xml\"/>"}');
SELECT events.publish('{"type": "com.example.null", "source": "x", "id": "F", "data": null}');
SELECT events.publish('{"type": "com.example.none", "source": "x", "id": "G"}');
SELECT events.publish('{"type": "com.example.numbers", "source": "x", "id": "H", "data": [0.1, 1e3, 12345678901234567890.123456789, -0.0]}');
SELECT events.publish('{"type": "com.example.hub", "source": "x", "id": "I", "sequence": "theirs", "recordedtime": "theirs", "topic": "a/b%2Fc%25/d"}');
SELECT events.publish('{"type": "com.example.path", "source": "x", "id": "J", "topic": ["a", "b/c%"], "empty": ""}');

SELECT "time" AT TIME ZONE 'UTC' AS "time" FROM events.read(:start, 1);
SELECT id, datacontenttype, data, attributes, topic
FROM events.read(:start) WHERE id IN ('C234-1234-1234', 'D234', 'E', 'F', 'G', 'H', 'I', 'J')
ORDER BY position;

-- what goes out: everything as it came, with topic, recordedtime and sequence of the hub
SELECT event::jsonb - 'recordedtime' - 'sequence' - CASE WHEN event LIKE '%"id":"C234%' THEN '' ELSE 'time' END AS event
FROM events._feed(:start, 100, 1000000) WHERE event IS NOT NULL;
SELECT bool_and(event::jsonb ->> 'recordedtime' ~ '^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$') AS recordedtime,
       bool_and(event::jsonb ->> 'sequence' = (SELECT name FROM events.epoch WHERE ended_at IS NULL) || '-' || lpad(position::text, 19, '0')) AS sequence
FROM events._feed(:start, 100, 1000000) WHERE event IS NOT NULL;

-- times of RFC 3339, good and bad
SELECT t, (SELECT errors ->> 0 IS NULL FROM events.publish_batch(
    jsonb_build_array(jsonb_build_object('type', 'time', 'time', t)), 'skip')) AS accepted
FROM (VALUES ('2026-01-01T00:00:00Z'), ('2026-01-01t00:00:00z'), ('2026-02-29T00:00:00Z'),
             ('2024-02-29T23:59:59.999999Z'), ('2026-01-01T24:00:00Z'), ('2026-01-01T00:60:00Z'),
             ('2016-12-31T23:59:60Z'), ('2026-01-01T00:00:61Z'), ('2026-01-01T00:00:00'),
             ('2026-01-01T00:00:00.Z'), ('2026-01-01T00:00:00+01:00'), ('2026-01-01T00:00:00+0100'),
             ('2026-01-01T00:00:00+24:00'), ('2026-13-01T00:00:00Z'), ('0000-01-01T00:00:00Z'),
             ('9999-12-31T23:59:59Z'), ('26-01-01T00:00:00Z'), ('2026-01-01T00:00:00Z '), ('')) AS v(t);
SELECT "time" AT TIME ZONE 'UTC' AS "time" FROM events.read(:start, types => ARRAY['time']);
