-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Filters: patterns and FEEL over rows, and for eventsd
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._matches_event_support(internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'ev_matches_event_support'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events._matches_event_support(internal) IS
'Planner support of events.matches_event(): conditions on type, source, subject and topic that the planner can use';

CREATE FUNCTION events._matches_event(event events.event, pattern jsonb, filter text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_matches_event'
LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION events._matches_event(events.event, jsonb, text) IS
'What is left of events.matches_event() when the planner has taken conditions out of it';

CREATE FUNCTION events.matches_event(
    event   events.event,
    pattern jsonb DEFAULT NULL,
    filter  text  DEFAULT NULL)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_matches_event'
LANGUAGE C STABLE PARALLEL SAFE COST 10
SUPPORT events._matches_event_support;
COMMENT ON FUNCTION events.matches_event(events.event, jsonb, text) IS
'Does a row of events.event match an event pattern and a FEEL filter (both, where both are given)? For WHERE clauses: SELECT ... FROM events.event WHERE events.matches_event(event, ''{"type": ["order.paid"]}''). Exact values that constants require of type, source, subject and topic become conditions that the planner sees.
NULL for a NULL row. Errors: 22023 bad pattern; 42601 the filter is not FEEL; 54001 it passed a limit.';

CREATE FUNCTION events._test_filter(event jsonb, pattern jsonb, filter text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_test_filter'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION events._test_filter(jsonb, jsonb, text) IS
'Does a CloudEvent match a pattern and a filter, as events.read() would see it? NULL if the filter passed a limit';

CREATE FUNCTION events._check_filter(pattern text, filter text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pattern IS NULL AND filter IS NULL THEN
        RAISE EXCEPTION 'neither pattern nor filter is given'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM events.check_pattern(pattern), events.check_feel(filter);
    RETURN CASE
        WHEN pattern IS NULL THEN jsonb_build_object('filter', btrim(filter, E' \t\r\n'))
        WHEN filter IS NULL THEN jsonb_build_object('pattern', pattern::jsonb)
        ELSE jsonb_build_object('pattern', pattern::jsonb, 'filter', btrim(filter, E' \t\r\n'))
    END;
END
$$;
COMMENT ON FUNCTION events._check_filter(text, text) IS
'For eventsd: the canonical text of a filter of events._feed(); raises what events.check_pattern() and events.check_feel() raise';

CREATE FUNCTION events._try_filter(pattern text, filter text, events jsonb, explain boolean)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    event     jsonb;
    matches   boolean[] := '{}';
    explained jsonb[] := '{}';
    ends      timestamptz := clock_timestamp() + '500 ms';
BEGIN
    PERFORM events._check_filter(pattern, filter);
    IF jsonb_typeof(events) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'events must be an array of CloudEvents'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR event IN SELECT e.event FROM jsonb_array_elements(events) AS e(event) LOOP
        IF clock_timestamp() > ends THEN
            RAISE EXCEPTION 'the filter takes too long for so many events'
                USING ERRCODE = 'query_canceled',
                      DETAIL = format('Of %s events, %s were tried in half a second.',
                                      jsonb_array_length(events), cardinality(matches)),
                      HINT = 'Try fewer at once, or a filter that does less.';
        END IF;
        matches := array_append(matches, events._test_filter(event, pattern::jsonb, filter));
        IF explain AND pattern IS NOT NULL THEN
            explained := array_append(explained,
                (SELECT coalesce(jsonb_agg(to_jsonb(m)), '[]')
                 FROM events.explain_match(event, pattern::jsonb) AS m));
        END IF;
    END LOOP;
    IF explain AND pattern IS NOT NULL THEN
        RETURN jsonb_build_object('matches', matches, 'explain', explained);
    END IF;
    RETURN jsonb_build_object('matches', matches);
END
$$;
COMMENT ON FUNCTION events._try_filter(text, text, jsonb, boolean) IS
'For eventsd: which of the given CloudEvents match a pattern and a filter, {"matches": [true, false, null]}; null is not known, because a limit was passed. With explain, what events.explain_match() says of each. Errors: those of events._check_filter(); 57014 it takes longer than half a second, for others wait meanwhile';
