-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Search
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.search(
    query         text        DEFAULT NULL,
    types         text[]      DEFAULT NULL,
    topics        text[]      DEFAULT NULL,
    sources       text[]      DEFAULT NULL,
    subject       text        DEFAULT NULL,
    from_time     timestamptz DEFAULT NULL,
    to_time       timestamptz DEFAULT NULL,
    data_contains jsonb       DEFAULT NULL,
    pattern       jsonb       DEFAULT NULL,
    filter        text        DEFAULT NULL,
    max_count     int         DEFAULT 20,
    after         text        DEFAULT NULL,
    "order"       text        DEFAULT 'newest')
RETURNS TABLE (
    "position"      bigint,
    id              text,
    source          text,
    type            text,
    subject         text,
    "time"          timestamptz,
    recorded_at     timestamptz,
    topic           text[],
    dataschema      text,
    datacontenttype text,
    data            jsonb,
    attributes      jsonb,
    rank            real,
    headline        text,
    cursor          text,
    total_estimate  bigint)
AS 'MODULE_PATHNAME', 'ev_search'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 20;
COMMENT ON FUNCTION events.search(text, text[], text[], text[], text, timestamptz, timestamptz, jsonb, jsonb, text, int, text, text) IS
'Events of the history by their text and by filters, from the first moment after their commit. All that is given must hold.
query: words that must all be there, "words in this order", OR, -without, begin*; or the whole id or correlation id of an event. NULL or blank: any. types: names, or prefixes ending in *. topics: as events.read(). sources: exact. from_time is included, to_time is not; both by recorded_at. data_contains: as data @> it. pattern: an event pattern, as of events.matches(). filter: a FEEL expression. max_count: at most 10,000. after: cursor of the last row of the page before; it goes with the same filters and order, only the times may change. order: newest, oldest, or rank (the newest 100,000 hits are ranked; without a query it is newest).
rank and headline are NULL without a query; headline is HTML, with what was found in <mark>. total_estimate is the number of events on all pages, exact where little is to be counted.
Errors: 22023 bad argument or a cursor of another search; 22004 NULL among sources or types; 42601 the filter is not FEEL; 54001 it passed a limit; 57014 events.search_timeout; 25001 REPEATABLE READ or SERIALIZABLE transaction; 55000 hot standby.';

CREATE FUNCTION events.explain_search(
    query         text        DEFAULT NULL,
    types         text[]      DEFAULT NULL,
    topics        text[]      DEFAULT NULL,
    sources       text[]      DEFAULT NULL,
    subject       text        DEFAULT NULL,
    from_time     timestamptz DEFAULT NULL,
    to_time       timestamptz DEFAULT NULL,
    data_contains jsonb       DEFAULT NULL,
    pattern       jsonb       DEFAULT NULL,
    filter        text        DEFAULT NULL,
    max_count     int         DEFAULT 20,
    after         text        DEFAULT NULL,
    "order"       text        DEFAULT 'newest')
RETURNS SETOF text
AS 'MODULE_PATHNAME', 'ev_explain_search'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION events.explain_search(text, text[], text[], text[], text, timestamptz, timestamptz, jsonb, jsonb, text, int, text, text) IS
'What events.search() does for the same arguments: how far documents are filed, which partitions and chunks are of these times, what the index is asked, how much is read';

CREATE FUNCTION events.facets(
    query         text        DEFAULT NULL,
    types         text[]      DEFAULT NULL,
    topics        text[]      DEFAULT NULL,
    sources       text[]      DEFAULT NULL,
    subject       text        DEFAULT NULL,
    from_time     timestamptz DEFAULT NULL,
    to_time       timestamptz DEFAULT NULL,
    data_contains jsonb       DEFAULT NULL,
    pattern       jsonb       DEFAULT NULL,
    filter        text        DEFAULT NULL,
    fields        text[]      DEFAULT '{type,source,topic,user}',
    max_values    int         DEFAULT 20)
RETURNS TABLE (field text, value text, events bigint)
AS 'MODULE_PATHNAME', 'ev_facets'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 40;
COMMENT ON FUNCTION events.facets(text, text[], text[], text[], text, timestamptz, timestamptz, jsonb, jsonb, text, text[], int) IS
'How many of the events that events.search() finds for the same filters have which type, source, topic (order/created) and user (the attribute): for each field the values that most events have, at most max_values. Events without a user are not counted for it.
Errors: those of events.search().';

CREATE FUNCTION events.histogram(
    query         text        DEFAULT NULL,
    types         text[]      DEFAULT NULL,
    topics        text[]      DEFAULT NULL,
    sources       text[]      DEFAULT NULL,
    subject       text        DEFAULT NULL,
    from_time     timestamptz DEFAULT NULL,
    to_time       timestamptz DEFAULT NULL,
    data_contains jsonb       DEFAULT NULL,
    pattern       jsonb       DEFAULT NULL,
    filter        text        DEFAULT NULL,
    bucket        interval    DEFAULT NULL)
RETURNS TABLE (bucket timestamptz, events bigint)
AS 'MODULE_PATHNAME', 'ev_histogram'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 60;
COMMENT ON FUNCTION events.histogram(text, text[], text[], text[], text, timestamptz, timestamptz, jsonb, jsonb, text, interval) IS
'How many of the events that events.search() finds for the same filters were recorded when: one row for each bucket from from_time to to_time, or from the first to the last event found, empty ones too; at most 10,000. bucket: how long they are (days have 24 hours; no months), counted from Monday, 3 January 2000, 00:00 UTC; NULL chooses a length for about 60 of them.
Errors: those of events.search().';
