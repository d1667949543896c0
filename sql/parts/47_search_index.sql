-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Search: documents, filed behind the horizon
-- ---------------------------------------------------------------------------

-- Not written by publishers but behind the horizon (src/search/index.c), and made
-- again from events.event where it is missing: a dump leaves it out.  Partitions are
-- those of events.event.
CREATE TABLE events.search_document (
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    type        bigint      NOT NULL,
    source      bigint      NOT NULL,
    topic       bigint      NOT NULL,
    "user"      bigint,
    keys        bigint[]    NOT NULL,
    document    tsvector    NOT NULL
) PARTITION BY RANGE (position);
COMMENT ON TABLE events.search_document IS
'What of each event is searched; filled by events.maintain(), read with events.search()';
COMMENT ON COLUMN events.search_document.type IS 'Hash of the type; so are source, topic and user';
COMMENT ON COLUMN events.search_document.keys IS
'Hashes for exact conditions: type, source, topic and what it begins with, user, subject, id, correlation id, configuration, chunks of positions';
COMMENT ON COLUMN events.search_document.document IS
'Text: type and subject (A), topic and source (B), values of data (C), keys of data (D)';

CREATE TABLE events.search_chunk (
    first             bigint      NOT NULL PRIMARY KEY,
    last              bigint      NOT NULL,
    events            int         NOT NULL,
    first_recorded_at timestamptz,
    last_recorded_at  timestamptz,
    summarised        "char"[]    NOT NULL
);
COMMENT ON TABLE events.search_chunk IS
'Chunks of 16,384 positions that are wholly filed';
COMMENT ON COLUMN events.search_chunk.summarised IS
'Fields that are counted in events.search_count: t type, s source, o topic, u user, m minute, h hour';

CREATE TABLE events.search_count (
    chunk  bigint NOT NULL,
    field  "char" NOT NULL,
    value  bigint NOT NULL,
    events int    NOT NULL,
    sample bigint NOT NULL,
    PRIMARY KEY (chunk, field, value)
);
COMMENT ON TABLE events.search_count IS
'How many events of a chunk have a value: for facets and histograms of much';
COMMENT ON COLUMN events.search_count.chunk IS 'events.search_chunk.first';
COMMENT ON COLUMN events.search_count.value IS
'As in events.search_document; minutes and hours since 1970 for the fields m and h';
COMMENT ON COLUMN events.search_count.sample IS 'Position of an event that has the value';

-- The greatest one counts (see events.subject_index).
CREATE TABLE events.search_state (
    indexed_up_to bigint NOT NULL PRIMARY KEY
);
COMMENT ON TABLE events.search_state IS 'How far events.search_document is filled';
COMMENT ON COLUMN events.search_state.indexed_up_to IS
'All events at and below this position are in events.search_document';

CREATE TABLE events.search_configuration_used (
    name text COLLATE "C" NOT NULL PRIMARY KEY
);
COMMENT ON TABLE events.search_configuration_used IS
'Text search configurations with which documents were made';

CREATE FUNCTION events._search_document(
    event events.event, OUT keys bigint[], OUT document tsvector, OUT configuration text, OUT is_truncated boolean)
AS 'MODULE_PATHNAME', 'ev_search_document'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION events._search_document(events.event) IS
'What of an event is searched, as it would be filed now';
