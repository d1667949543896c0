-- Filters of the CloudEvents Subscriptions API, where patterns are accepted.

CREATE FUNCTION passes(filter jsonb) RETURNS boolean LANGUAGE sql AS $$
    SELECT events.matches('{"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.order.created",
        "subject": "o-1", "count": 5, "urgent": true, "data": {"type": "x"}}', filter)
$$;

-- one filter, an array of them, none
SELECT passes('{"exact": {"type": "com.example.order.created"}}'), passes('[]'),
    passes('[{"exact": {"source": "/shop"}}, {"prefix": {"type": "com.example."}}]'),
    passes('[{"exact": {"source": "/shop"}}, {"prefix": {"type": "org.example."}}]');
-- attributes that are absent, case, several attributes, empty ones
SELECT passes('{"exact": {"subject": "o-1", "source": "/shop"}}'), passes('{"exact": {"subject": "O-1"}}'),
    passes('{"exact": {"other": "x"}}'), passes('{"not": {"exact": {"other": "x"}}}'), passes('{"exact": {"subject": "o-1", "other": "x"}}');
SELECT passes('{"prefix": {"subject": "o-"}}'), passes('{"suffix": {"subject": "-1"}}'), passes('{"suffix": {"type": ".created", "subject": "2"}}');
-- integers and booleans by their canonical text
SELECT passes('{"exact": {"count": "5"}}'), passes('{"exact": {"count": "05"}}'), passes('{"exact": {"urgent": "true"}}'), passes('{"exact": {"urgent": "1"}}');
-- together
SELECT passes('{"all": [{"exact": {"source": "/shop"}}, {"suffix": {"type": ".created"}}]}') AS all,
    passes('{"any": [{"exact": {"source": "/other"}}, {"prefix": {"type": "com."}}]}') AS any,
    passes('{"not": {"any": [{"exact": {"source": "/other"}}, {"exact": {"type": "y"}}]}}') AS not,
    passes('{"not": {"all": [{"exact": {"source": "/shop"}}, {"not": {"exact": {"type": "y"}}}]}}') AS not_all;
-- attributes only, and no aliases
SELECT events.matches('{"type": "a", "data": "b"}', '{"exact": {"detail": "b"}}'), events.matches('{"detail": "b"}', '{"exact": {"detail": "b"}}');

-- what can be a pattern is one
SELECT events.matches('{"prefix": {"type": "a"}}', '{"prefix": {"type": ["a"]}}') AS prefix,
    events.matches('{"all": "abc"}', '{"all": [{"prefix": "ab"}]}') AS all,
    events.matches('{"all": "ABC"}', '{"all": [{"prefix": {"equals-ignore-case": "ab"}}]}') AS all_folded,
    events.matches('{"not": {"all": "x"}}', '{"not": {"all": ["x"]}}') AS not,
    events.matches('{"exact": "x"}', '{"exact": ["x"]}') AS exact;

-- refused
SELECT events.check_pattern('[{"sql": "type = ''a''"}]');
SELECT events.check_pattern('{"sql": "type = ''a''"}');
SELECT events.check_pattern('[{"exact": {}}]');
SELECT events.check_pattern('[{"exact": {"Type": "a"}}]');
SELECT events.check_pattern('[{"prefix": {"type": ""}}]');
SELECT events.check_pattern('[{"prefix": {"type": 1}}]');
SELECT events.check_pattern('[{"all": []}]');
SELECT events.check_pattern('[{"any": [{"exact": {"type": "a"}}, {"type": ["a"]}]}]');
SELECT events.check_pattern('[{"not": [{"exact": {"type": "a"}}]}]');
SELECT events.check_pattern('[{"exact": {"type": "a"}, "prefix": {"type": "a"}}]');
SELECT events.check_pattern('["type"]');
SELECT events.check_pattern('{"not": {"exact": {"type": "a", "x": 1}}}');

SELECT * FROM events.explain_match('{"type": "a", "source": "b"}',
    '[{"exact": {"type": "a"}}, {"not": {"any": [{"prefix": {"source": "x"}}, {"suffix": {"subject": "b"}}]}}]');

DROP FUNCTION passes(jsonb);
