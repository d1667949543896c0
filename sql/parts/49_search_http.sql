-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Search for eventsd: whole answers of HTTP in one statement
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._cloudevent(event events.event)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_cloudevent'
LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION events._cloudevent(events.event) IS
'A row of events.event as CloudEvents JSON text, as it goes over the wire: with its cursor in the current epoch as sequence';

CREATE FUNCTION events._histogram(
    query text, types text[], topics text[], sources text[], subject text, from_time timestamptz, to_time timestamptz,
    data_contains jsonb, pattern jsonb, filter text, width interval)
RETURNS TABLE (bucket timestamptz, events bigint, seconds bigint)
AS 'MODULE_PATHNAME', 'ev_histogram'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 60;
COMMENT ON FUNCTION events._histogram(text, text[], text[], text[], text, timestamptz, timestamptz, jsonb, jsonb, text, interval) IS
'events.histogram(), and how long its buckets are, which is not seen of one alone';

-- The conditions that events.search(), events.histogram() and events.facets() have in common.
CREATE TYPE events._search_filter AS (
    query         text,
    types         text[],
    topics        text[],
    sources       text[],
    subject       text,
    from_time     timestamptz,
    to_time       timestamptz,
    data_contains jsonb,
    pattern       jsonb,
    filter        text
);
COMMENT ON TYPE events._search_filter IS 'For eventsd: what events.search() looks for';

CREATE FUNCTION events._search_texts(request jsonb, member text)
RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF jsonb_typeof(request -> member) IS DISTINCT FROM 'array'
       OR jsonb_path_exists(request -> member, '$[*] ? (@.type() <> "string")') THEN
        RAISE EXCEPTION '% must be an array of strings', member
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN ARRAY(SELECT e.text FROM jsonb_array_elements_text(request -> member) WITH ORDINALITY AS e(text, n) ORDER BY n);
END
$$;
COMMENT ON FUNCTION events._search_texts(jsonb, text) IS
'For events._search_page(): a member that is an array of strings';

CREATE FUNCTION events._search_topics(topics jsonb)
RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest int;
BEGIN
    IF jsonb_typeof(topics) IS DISTINCT FROM 'array'
       OR jsonb_path_exists(topics, 'strict $[*] ? (@.type() <> "array")')
       OR jsonb_path_exists(topics, 'strict $[*][*] ? (@.type() <> "string")') THEN
        RAISE EXCEPTION 'topics must be an array of arrays of strings'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT max(jsonb_array_length(path)) INTO longest FROM jsonb_array_elements(topics) AS path;
    -- one row for each path, padded with NULLs
    RETURN (SELECT array_agg(ARRAY(SELECT path ->> i FROM generate_series(0, longest - 1) AS i ORDER BY i) ORDER BY n)
            FROM jsonb_array_elements(topics) WITH ORDINALITY AS t(path, n)
            WHERE longest > 0);
END
$$;
COMMENT ON FUNCTION events._search_topics(jsonb) IS
'For events._search_page(): topics as events.search() takes them, from an array of paths';

CREATE FUNCTION events._search_json(value text, parameter text)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reason text;
    detail text;
BEGIN
    RETURN value::jsonb;
EXCEPTION WHEN data_exception THEN
    -- a number that is too large comes without a detail
    GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RAISE EXCEPTION '% is not JSON', parameter
        USING ERRCODE = 'invalid_text_representation',
              DETAIL = coalesce(nullif(detail, ''), reason),
              HINT = 'For example {"order": {"id": 42}}.';
END
$$;
COMMENT ON FUNCTION events._search_json(text, text) IS
'For events._search_page(): JSON that a client wrote. Errors: 22P02 it is none';

CREATE FUNCTION events._search_of_users(f events._search_filter, users text[])
RETURNS events._search_filter
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one_of constant jsonb := jsonb_build_object('user', to_jsonb(users));
BEGIN
    -- a pattern finds them by their keys; only where there is no room in one it is FEEL
    IF f.pattern IS NULL THEN
        f.pattern := one_of;
    ELSIF jsonb_typeof(f.pattern) = 'array' THEN
        f.pattern := f.pattern || jsonb_build_array(jsonb_build_object('any', (
            SELECT jsonb_agg(jsonb_build_object('exact', jsonb_build_object('user', u))) FROM unnest(users) AS u)));
    ELSIF NOT f.pattern ?| '{user,$or}' THEN
        f.pattern := f.pattern || one_of;
    ELSE
        -- as it is: what is wrong with it is told by its own lines and columns
        PERFORM events.check_feel(f.filter) WHERE f.filter IS NOT NULL;
        f.filter := concat('list contains(', to_jsonb(users), ', user)', E' and (\n' || f.filter || E'\n)');
    END IF;
    RETURN f;
END
$$;
COMMENT ON FUNCTION events._search_of_users(events._search_filter, text[]) IS
'For events._search_page(): the same conditions, of events whose attribute user is one of these. Errors: 42601 filter is no FEEL';

CREATE FUNCTION events._search_filter_of(request jsonb)
RETURNS events._search_filter
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    f events._search_filter;
BEGIN
    f.query := request ->> 'query';
    f.subject := request ->> 'subject';
    f.from_time := request ->> 'from_time';
    f.to_time := request ->> 'to_time';
    IF request ? 'data_contains' THEN
        f.data_contains := events._search_json(request ->> 'data_contains', 'contains');
    END IF;
    IF request ? 'pattern' THEN
        PERFORM events.check_pattern(request ->> 'pattern');
        f.pattern := request ->> 'pattern';
    END IF;
    f.filter := request ->> 'filter';
    IF request ? 'types' THEN
        f.types := events._search_texts(request, 'types');
    END IF;
    IF request ? 'sources' THEN
        f.sources := events._search_texts(request, 'sources');
    END IF;
    IF request ? 'topics' THEN
        f.topics := events._search_topics(request -> 'topics');
    END IF;
    IF request ? 'users' THEN
        f := events._search_of_users(f, events._search_texts(request, 'users'));
    END IF;
    RETURN f;
END
$$;
COMMENT ON FUNCTION events._search_filter_of(jsonb) IS
'For events._search_page(): the conditions of a request';

CREATE FUNCTION events._search_hits(
    f events._search_filter, max_count int, max_bytes bigint, after text, "order" text)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- one more than is wanted says whether there is another page
    RETURN (WITH hit AS (
        SELECT s.ordinality AS n, s.rank, s.headline, s.cursor, s.total_estimate,
               events._cloudevent(ROW(s.position, s.id, s.source, s.type, s.subject, s.time, s.recorded_at, s.topic,
                                      s.dataschema, s.datacontenttype, s.data, s.attributes)::events.event) AS event
        FROM events.search(f.query, f.types, f.topics, f.sources, f.subject, f.from_time, f.to_time,
                           f.data_contains, f.pattern, f.filter, max_count + 1, after, "order") WITH ORDINALITY AS s
    ), sized AS (
        SELECT *, sum(octet_length(event)) OVER (ORDER BY n) AS bytes FROM hit
    ), taken AS (
        SELECT *, n <= max_count AND (n = 1 OR bytes <= max_bytes) AS is_taken FROM sized
    )
    SELECT concat(
        '"events":[', string_agg(event, ',' ORDER BY n) FILTER (WHERE is_taken),
        '],"highlights":[', string_agg(coalesce(to_json(headline)::text, 'null'), ',' ORDER BY n) FILTER (WHERE is_taken),
        CASE WHEN count(rank) FILTER (WHERE is_taken) > 0 THEN '],"ranks":[' END,
        string_agg(to_json(rank)::text, ',' ORDER BY n) FILTER (WHERE is_taken),
        '],"next":', coalesce(CASE WHEN bool_or(NOT is_taken)
                                   THEN to_json((array_agg(cursor ORDER BY n DESC) FILTER (WHERE is_taken))[1])::text
                              END, 'null'),
        ',"total_estimate":', coalesce(max(total_estimate), 0))
    FROM taken);
END
$$;
COMMENT ON FUNCTION events._search_hits(events._search_filter, int, bigint, text, text) IS
'For events._search_page(): members of the answer that a page of events makes; it has no more events than max_count, and but for the first no more than max_bytes of them';

CREATE FUNCTION events._search_facets(f events._search_filter, fields text[])
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (WITH wanted AS (
        SELECT field, min(n) AS n FROM unnest(fields) WITH ORDINALITY AS w(field, n) GROUP BY field
    ), facet AS MATERIALIZED (
        SELECT c.field, c.value, c.events
        FROM events.facets(f.query, f.types, f.topics, f.sources, f.subject, f.from_time, f.to_time,
                           f.data_contains, f.pattern, f.filter,
                           (SELECT array_agg(field ORDER BY n) FROM wanted)) AS c
    )
    SELECT concat('"facets":{', string_agg(concat(to_json(field), ':[', (
        SELECT string_agg(format('{"value":%s,"count":%s}', to_json(value), facet.events), ',' ORDER BY facet.events DESC, value COLLATE "C")
        FROM facet WHERE facet.field = wanted.field), ']'), ',' ORDER BY n), '}')
    FROM wanted);
END
$$;
COMMENT ON FUNCTION events._search_facets(events._search_filter, text[]) IS
'For events._search_page(): the member of the answer that facets make';

CREATE FUNCTION events._search_histogram(f events._search_filter, width interval, OUT answer text, OUT total bigint)
RETURNS record
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT concat(
        '"histogram":{"bucket":', coalesce(max(h.seconds)::text, 'null'), ',"buckets":[',
        string_agg(format('{"time":"%s","count":%s}', to_char(h.bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.events),
                   ',' ORDER BY h.bucket),
        ']}'), coalesce(sum(h.events), 0)::bigint
    INTO answer, total
    FROM events._histogram(f.query, f.types, f.topics, f.sources, f.subject, f.from_time, f.to_time,
                           f.data_contains, f.pattern, f.filter, width) AS h;
END
$$;
COMMENT ON FUNCTION events._search_histogram(events._search_filter, interval) IS
'For events._search_page(): the member of the answer that a histogram makes, and how many events it counts; width: NULL for one that fits';

CREATE FUNCTION events._limit_search(ends timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    milliseconds bigint := ceil(extract(epoch FROM ends - clock_timestamp()) * 1000);
BEGIN
    IF milliseconds <= 0 THEN
        RAISE EXCEPTION 'the search takes too long'
            USING ERRCODE = 'query_canceled',
                  DETAIL = 'Nothing of events.search_timeout is left for facets or histogram.',
                  HINT = 'Ask for less at once, or narrow the range of time.';
    END IF;
    PERFORM set_config('events.search_timeout', coalesce(milliseconds, 0)::text, true);
END
$$;
COMMENT ON FUNCTION events._limit_search(timestamptz) IS
'For events._search_page(): lets what follows take until then. Errors: 57014 it is too late';

CREATE FUNCTION events._search_page(request jsonb)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    members   constant text[] := '{query,types,topics,sources,users,subject,from_time,to_time,data_contains,pattern,filter,limit,max_bytes,after,order,facets,bucket,timeout}';
    configured constant text := current_setting('events.search_timeout');
    f         constant events._search_filter := events._search_filter_of(request);
    -- events.search() gives 10,000 at most, and one more is asked for
    max_count constant int := least(coalesce((request ->> 'limit')::int, 20), 9999);
    width     constant interval := make_interval(secs => nullif(request ->> 'bucket', 'auto')::int);
    -- of the database's own limit and the caller's the lesser one, for all parts together
    ends      constant timestamptz := clock_timestamp() + least(nullif(configured::interval, '0'),
                                                                make_interval(secs => (request ->> 'timeout')::float8));
    unknown   text;
    hits      text;
    facets    text;
    histogram text;
    counted   bigint;
BEGIN
    SELECT key INTO unknown FROM jsonb_object_keys(request) AS key WHERE key <> ALL (members) LIMIT 1;
    IF unknown IS NOT NULL OR max_count < 0 THEN
        RAISE EXCEPTION 'the request has a member that is not known, or a limit below 0: %', coalesce(unknown, 'limit')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Members are %s.', array_to_string(members, ', '));
    END IF;
    IF request ? 'bucket' THEN
        PERFORM events._limit_search(ends);
        SELECT answer, total INTO histogram, counted FROM events._search_histogram(f, width);
    END IF;
    IF max_count > 0 OR NOT request ? 'bucket' THEN
        PERFORM events._limit_search(ends);
        hits := events._search_hits(f, max_count, coalesce((request ->> 'max_bytes')::bigint, 1048576),
                                    request ->> 'after', coalesce(request ->> 'order', 'newest'));
    ELSE
        hits := format('"events":[],"highlights":[],"next":null,"total_estimate":%s', counted);
    END IF;
    IF request ? 'facets' THEN
        PERFORM events._limit_search(ends);
        facets := events._search_facets(f, events._search_texts(request, 'facets'));
    END IF;
    PERFORM set_config('events.search_timeout', configured, true);
    RETURN concat('{', concat_ws(',', hits, facets, histogram), E'}\n');
END
$$;
COMMENT ON FUNCTION events._search_page(jsonb) IS
'For eventsd: the answer to GET /v1/events/search, {"events": [...], "highlights": [...], "next": ..., "total_estimate": ..., "facets": ..., "histogram": ...}, from a request of some of: query, types, topics (an array of paths), sources, users, subject, from_time, to_time, data_contains and pattern (JSON as text), filter, limit (0: no events), max_bytes, after, order, facets (an array of fields), bucket (seconds, or auto), timeout (seconds, for all of it).
Errors: those of events.search(), events.histogram() and events.facets(); 57014 it took longer than events.search_timeout or timeout; 22023 and others of class 22 a bad request.';

CREATE FUNCTION events._event_page(id text, source text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT events._cloudevent(ROW(s.position, s.id, s.source, s.type, s.subject, s.time, s.recorded_at, s.topic,
                                      s.dataschema, s.datacontenttype, s.data, s.attributes)::events.event)
        FROM events.search(sources => CASE WHEN _event_page.source IS NOT NULL THEN ARRAY[_event_page.source] END,
                           pattern => jsonb_build_object('id', jsonb_build_array(_event_page.id)),
                           max_count => 1) AS s);
END
$$;
COMMENT ON FUNCTION events._event_page(text, text) IS
'For eventsd: the newest event of an id, of one source or of any, as CloudEvents JSON text; NULL if there is none.
Errors: those of events.search().';
