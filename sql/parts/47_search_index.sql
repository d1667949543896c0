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
-- Texts lie beside the rows (src/search/document_writer.c), and are not compressed:
-- they are read by those who rank or look for phrases.
ALTER TABLE events.search_document
    ALTER COLUMN keys SET STORAGE PLAIN,
    ALTER COLUMN document SET STORAGE EXTERNAL;
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
    name    text COLLATE "C" NOT NULL PRIMARY KEY,
    request bigint           NOT NULL
);
COMMENT ON TABLE events.search_configuration_used IS
'Text search configurations with which documents were made';
COMMENT ON COLUMN events.search_configuration_used.request IS
'The last events.reindex_search() since whose start a document was made with it; 0: none';

CREATE TABLE events.search_stale_chunk (
    first bigint NOT NULL PRIMARY KEY
);
COMMENT ON TABLE events.search_stale_chunk IS
'Chunks without a summary because documents of theirs were deleted: they get one anew';

CREATE TABLE events.search_missing (
    lower bigint NOT NULL PRIMARY KEY,
    next  bigint NOT NULL
);
COMMENT ON TABLE events.search_missing IS
'Partitions of events.event below the end of what is filed whose documents are missing, because they were detached and attached again: they are filed anew';
COMMENT ON COLUMN events.search_missing.lower IS 'The first position of the partition';
COMMENT ON COLUMN events.search_missing.next IS 'Events from this position on are filed again, or were filed as new ones';

-- Who asks adds a row; only who files changes or deletes one.  When it finds any that are not
-- begun, it makes one of all that are there, and begins it.
CREATE TABLE events.search_reindex (
    request      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    upto         bigint,
    next         bigint
);
COMMENT ON TABLE events.search_reindex IS
'events.reindex_search() that are under way; empty when all is done';
COMMENT ON SEQUENCE events.search_reindex_request_seq IS 'Numbers of requests in events.search_reindex';
COMMENT ON COLUMN events.search_reindex.upto IS 'All events up to this position are to be filed anew; NULL: not begun';
COMMENT ON COLUMN events.search_reindex.next IS 'Those from this position on are';

CREATE FUNCTION events._search_document(
    event events.event, OUT keys bigint[], OUT document tsvector, OUT configuration text, OUT is_truncated boolean)
AS 'MODULE_PATHNAME', 'ev_search_document'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION events._search_document(events.event) IS
'What of an event is searched, as it would be filed now';

CREATE FUNCTION events._search_partitions(OUT relid regclass, OUT lower bigint, OUT upper bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_search_partitions'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events._search_partitions() IS
'The partitions of events.search_document, in order';

CREATE FUNCTION events._index_search(horizon bigint, max_count int)
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_index_search'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._index_search(bigint, int) IS
'Files the next events for search, about so many and up to the horizon, or goes on with events.reindex_search(); says how many were filed. 0: there is no more to do, or another session does it.
Errors: 25001 REPEATABLE READ or SERIALIZABLE transaction; 55000 hot standby.';

CREATE FUNCTION events._lock_search_index()
RETURNS void
AS 'MODULE_PATHNAME', 'ev_lock_search_index'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._lock_search_index() IS
'Waits until nobody files; nobody does until this transaction ends';

CREATE FUNCTION events._note_search_configuration(name text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO events.search_configuration_used AS u (name, request)
    SELECT $1, coalesce(max(r.request), 0) FROM events.search_reindex AS r
    ON CONFLICT ON CONSTRAINT search_configuration_used_pkey DO UPDATE
    SET request = excluded.request WHERE u.request < excluded.request
$$;
COMMENT ON FUNCTION events._note_search_configuration(text) IS
'For who files: documents were made with this configuration';

-- Minutes and hours by date_part(), whose double holds them exactly and is quick.
CREATE FUNCTION events._summarise_chunks(first_chunk bigint, last_position bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM events.search_chunk WHERE first BETWEEN first_chunk AND last_position - 16383;
    DELETE FROM events.search_count WHERE chunk BETWEEN first_chunk AND last_position - 16383;
    WITH document AS MATERIALIZED (
        SELECT d.position, d.position & ~16383::bigint AS chunk, d.type, d.source, d.topic, d."user",
               d.recorded_at, floor(date_part('epoch', d.recorded_at) / 60)::bigint AS minute
        FROM events.search_document AS d
        WHERE d.position BETWEEN first_chunk AND last_position
    ), counted AS MATERIALIZED (
        SELECT d.chunk, f.field, f.value, count(*)::int AS events, min(d.position) AS sample
        FROM document AS d,
             LATERAL (VALUES ('t'::"char", d.type), ('s', d.source), ('o', d.topic), ('u', d."user"),
                             ('m', d.minute), ('h', floor(d.minute / 60.0)::bigint)) AS f (field, value)
        WHERE f.value IS NOT NULL
        GROUP BY 1, 2, 3
    ), too_many AS MATERIALIZED (
        SELECT chunk, field FROM counted GROUP BY 1, 2
        HAVING count(*) > CASE field WHEN 'm' THEN 1024 ELSE 8192 END
        UNION ALL  -- hours are for chunks that have too many minutes
        SELECT chunk, 'h' FROM counted WHERE field = 'm' GROUP BY 1 HAVING count(*) <= 1024
    ), totals AS MATERIALIZED (
        SELECT chunk, count(*)::int AS events, min(recorded_at) AS first_recorded_at,
               max(recorded_at) AS last_recorded_at
        FROM document GROUP BY 1
    ), inserted AS (
        INSERT INTO events.search_count (chunk, field, value, events, sample)
        SELECT c.chunk, c.field, c.value, c.events, c.sample
        FROM counted AS c
        WHERE (c.chunk, c.field) NOT IN (SELECT t.chunk, t.field FROM too_many AS t)
    )
    INSERT INTO events.search_chunk (first, last, events, first_recorded_at, last_recorded_at, summarised)
    SELECT c.first, c.first + 16383, coalesce(t.events, 0), t.first_recorded_at, t.last_recorded_at,
           ARRAY(SELECT f.field FROM unnest('{t,s,o,u,m,h}'::"char"[]) WITH ORDINALITY AS f (field, n)
                 WHERE NOT EXISTS (SELECT FROM too_many AS m WHERE m.chunk = c.first AND m.field = f.field)
                   AND (f.field <> 'h' OR t.events > 0)
                 ORDER BY f.n)
    FROM generate_series(first_chunk, last_position - 16383, 16384) AS c (first)
    LEFT JOIN totals AS t ON t.chunk = c.first
$$;
COMMENT ON FUNCTION events._summarise_chunks(bigint, bigint) IS
'Summarises the chunks that begin at the first position and end at or before the last one';

CREATE FUNCTION events._summarise_stale_chunks()
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    indexed_up_to bigint := (SELECT max(s.indexed_up_to) FROM events.search_state AS s);
    oldest bigint := events.oldest();
    chunk bigint;
    n bigint := 0;
BEGIN
    FOR chunk IN
        DELETE FROM events.search_stale_chunk
        WHERE first IN (SELECT c.first FROM events.search_stale_chunk AS c ORDER BY c.first DESC LIMIT 8)
        RETURNING first
    LOOP
        IF chunk + 16383 <= indexed_up_to AND chunk + 16383 >= oldest THEN
            PERFORM events._summarise_chunks(chunk, chunk + 16383);
        END IF;
        n := n + 1;
    END LOOP;
    RETURN n;
END
$$;
COMMENT ON FUNCTION events._summarise_stale_chunks() IS
'Summarises some of the chunks whose summaries were deleted; says how many';

CREATE FUNCTION events._forget_documents(positions bigint[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    chunks bigint[] := ARRAY(SELECT DISTINCT p & ~16383::bigint FROM unnest(positions) AS p);
BEGIN
    -- Else somebody who files could have seen events that are being deleted.
    PERFORM events._lock_search_index();
    DELETE FROM events.search_document WHERE position = ANY (positions);
    DELETE FROM events.search_count WHERE chunk = ANY (chunks);
    WITH deleted AS (DELETE FROM events.search_chunk WHERE first = ANY (chunks) RETURNING first)
    INSERT INTO events.search_stale_chunk (first) SELECT first FROM deleted ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION events._forget_documents(bigint[]) IS
'Deletes the documents of events that are deleted in the same transaction, and the summaries of their chunks, which are then made anew. Waits for who files, under lock_timeout.';

-- Facets and histograms take the summary of a chunk for its events.
CREATE FUNCTION events._forget_chunks(lower bigint, upper bigint, max_count int)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    chunks bigint[] := ARRAY(
        SELECT c.first FROM events.search_chunk AS c
        WHERE c.first > _forget_chunks.lower - 16384 AND c.first < _forget_chunks.upper
        ORDER BY c.first LIMIT max_count);
BEGIN
    IF cardinality(chunks) > 0 THEN
        DELETE FROM events.search_count WHERE chunk = ANY (chunks);
        DELETE FROM events.search_chunk WHERE first = ANY (chunks);
    END IF;
    RETURN cardinality(chunks) < max_count;
END
$$;
COMMENT ON FUNCTION events._forget_chunks(bigint, bigint, int) IS
'Deletes summaries of chunks that have positions of a partition; true if none is left';

-- A partition is dropped when no partition of events.event holds its positions.
CREATE FUNCTION events._drop_search_partitions()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    p record;
BEGIN
    FOR p IN
        SELECT s.relid, s.lower, s.upper FROM events._search_partitions() AS s
        WHERE NOT EXISTS (SELECT FROM events._partitions() AS e WHERE e.lower < s.upper AND e.upper > s.lower)
    LOOP
        BEGIN
            -- Retention has done so before; who detaches a partition has not.
            WHILE NOT events._forget_chunks(p.lower, p.upper, 100) LOOP
            END LOOP;
            EXECUTE format('ALTER EXTENSION events DROP TABLE %s', p.relid);
            EXECUTE format('DROP TABLE %s', p.relid);
        EXCEPTION
            WHEN lock_not_available THEN
                EXIT;  -- somebody searches it; the next round tries again
            WHEN OTHERS THEN
                RAISE WARNING 'could not drop partition %: %', p.relid, SQLERRM
                    USING ERRCODE = SQLSTATE,
                          HINT = 'Drop what depends on the partition.';
                EXIT;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._drop_search_partitions() IS
'Drops partitions of events.search_document whose events were dropped';

CREATE FUNCTION events._forget_summaries()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM events._forget_chunks(0, (SELECT min(p.lower) FROM events._partitions() AS p), 100);
END
$$;
COMMENT ON FUNCTION events._forget_summaries() IS
'Deletes summaries of chunks that begin before the oldest partition, a number of them each time';

-- ---------------------------------------------------------------------------
-- Partitions whose documents are missing
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._find_missing_documents()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    filed bigint := (SELECT max(s.indexed_up_to) FROM events.search_state AS s);
    p record;
    is_missing boolean;
BEGIN
    FOR p IN
        SELECT e.relid, e.lower, e.upper FROM events._partitions() AS e
        WHERE e.lower <= filed
          AND NOT EXISTS (SELECT FROM events._search_partitions() AS s WHERE s.lower < e.upper AND s.upper > e.lower)
          AND NOT EXISTS (SELECT FROM events.search_missing AS m WHERE m.lower = e.lower)
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE position <= $1)', p.relid) INTO is_missing USING filed;
        IF is_missing THEN
            INSERT INTO events.search_missing (lower, next) VALUES (p.lower, least(p.upper, filed + 1));
            PERFORM events._wake_indexer();
        END IF;
    END LOOP;
    -- Documents are found by the name of their configuration.
    IF (SELECT count(*) FROM events.search_reindex) = 0
       AND EXISTS (SELECT FROM events.search_configuration_used AS u
                   WHERE u.name NOT IN (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.cfgname)
                                        FROM pg_ts_config AS c JOIN pg_namespace AS n ON n.oid = c.cfgnamespace)) THEN
        INSERT INTO events.search_reindex DEFAULT VALUES;
        PERFORM events._wake_indexer();
    END IF;
END
$$;
COMMENT ON FUNCTION events._find_missing_documents() IS
'Has partitions filed anew whose documents should be there and are not, and all when a text search configuration was renamed or dropped with which documents were made';

-- In SQL this would keep events.event and all its older partitions locked for as long as a
-- piece lasts, and retention could drop none of them.
CREATE FUNCTION events._newest_event(lower bigint, upper bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_newest_event'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._newest_event(bigint, bigint) IS
'For who files: the last position from lower on and before upper that has an event; NULL if none has';

CREATE FUNCTION events._next_missing_chunk(OUT lower bigint, OUT first bigint, OUT last bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m events.search_missing;
    newest bigint;
BEGIN
    FOR m IN SELECT s.* FROM events.search_missing AS s ORDER BY s.lower DESC LOOP
        newest := events._newest_event(m.lower, m.next);
        IF newest IS NOT NULL THEN
            lower := m.lower;
            first := greatest(newest & ~16383::bigint, m.lower);
            last := m.next - 1;
            RETURN;
        END IF;
        DELETE FROM events.search_missing AS s WHERE s.lower = m.lower;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._next_missing_chunk() IS
'For who files: the positions whose documents are to be made next because they are missing, and where their partition begins; NULL when there are none';

CREATE FUNCTION events._filed_missing_chunk(lower bigint, first bigint, last bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    filed bigint := (SELECT max(s.indexed_up_to) FROM events.search_state AS s);
    begins bigint := _filed_missing_chunk.first & ~16383::bigint;
    ends bigint := least(_filed_missing_chunk.last | 16383, ((filed + 1) & ~16383::bigint) - 1);
BEGIN
    UPDATE events.search_missing AS m SET next = _filed_missing_chunk.first
    WHERE m.lower = _filed_missing_chunk.lower;
    IF ends > begins THEN
        PERFORM events._summarise_chunks(begins, ends);
    END IF;
END
$$;
COMMENT ON FUNCTION events._filed_missing_chunk(bigint, bigint, bigint) IS
'For who files: documents of these positions of a partition that were missing were made';

-- ---------------------------------------------------------------------------
-- Filing anew
-- ---------------------------------------------------------------------------

-- Requests commit in any order, also while a chunk is filed for another one.  What is not
-- begun was committed after that one had begun, so everything is made anew once more: under
-- a new number, greater than all with which configurations were noted until now.
CREATE FUNCTION events._next_reindex_chunk(OUT request bigint, OUT first bigint, OUT last bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    r events.search_reindex;
    newest bigint;
BEGIN
    IF EXISTS (SELECT FROM events.search_reindex WHERE upto IS NULL) THEN
        WITH asked AS (DELETE FROM events.search_reindex RETURNING requested_at)
        INSERT INTO events.search_reindex (requested_at, upto, next)
        SELECT max(a.requested_at), f.upto, f.upto + 1
        FROM asked AS a, (SELECT coalesce(max(indexed_up_to), 0) AS upto FROM events.search_state) AS f
        GROUP BY f.upto;
    END IF;
    SELECT * INTO r FROM events.search_reindex WHERE upto IS NOT NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    newest := events._newest_event(0, r.next);
    IF newest IS NOT NULL THEN
        request := r.request;
        first := newest & ~16383::bigint;
        last := r.next - 1;
        RETURN;
    END IF;
    DELETE FROM events.search_document WHERE position < r.next;
    DELETE FROM events.search_configuration_used WHERE request < r.request;
    DELETE FROM events.search_reindex WHERE request = r.request;
END
$$;
COMMENT ON FUNCTION events._next_reindex_chunk() IS
'For who files: the positions whose documents are to be made anew next, and for which request; NULL when events.reindex_search() has come to its end';

CREATE FUNCTION events._reindexed_chunk(request bigint, first bigint, last bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    UPDATE events.search_reindex AS r SET next = first WHERE r.request = _reindexed_chunk.request;
    IF first + 16383 <= last OR EXISTS (SELECT FROM events.search_chunk AS c WHERE c.first = first) THEN
        PERFORM events._summarise_chunks(first, greatest(last, first + 16383));
    END IF;
END
$$;
COMMENT ON FUNCTION events._reindexed_chunk(bigint, bigint, bigint) IS
'For who files: the documents of these positions were made anew for a request';

CREATE FUNCTION events._wake_indexer()
RETURNS void
AS 'MODULE_PATHNAME', 'ev_wake_indexer'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._wake_indexer() IS
'When this transaction commits, who files looks whether there is more to do than new events';

CREATE FUNCTION events.reindex_search()
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    summarised bigint;
    n bigint;
BEGIN
    INSERT INTO events.search_reindex DEFAULT VALUES;
    PERFORM events._wake_indexer();
    SELECT coalesce(sum(c.events), 0), coalesce(max(c.last), 0) INTO n, summarised FROM events.search_chunk AS c;
    RETURN n + (SELECT count(*) FROM events.search_document AS d WHERE d.position > summarised);
END
$$;
COMMENT ON FUNCTION events.reindex_search() IS
'Has all documents of search made anew, in the background, and says how many there are: after a change of events.search_configuration or of a text search configuration. What was filed before is found meanwhile, each event in its old form until it has the new one. Newest events come first; it goes on after a restart. events.search_status shows how far it is.';

CREATE VIEW events.search_status AS
SELECT s.indexed_up_to,
       r.requested_at AS reindex_requested_at,
       r.upto AS reindex_upto,
       r.next AS reindexed_from
FROM (SELECT max(indexed_up_to) AS indexed_up_to FROM events.search_state) AS s
LEFT JOIN (SELECT * FROM events.search_reindex ORDER BY request DESC LIMIT 1) AS r ON true;
COMMENT ON VIEW events.search_status IS 'How far events are filed for search, one row';
COMMENT ON COLUMN events.search_status.indexed_up_to IS
'Up to this position events are found by an index, later ones by a look at each; NULL: none yet';
COMMENT ON COLUMN events.search_status.reindex_requested_at IS
'When events.reindex_search() was called that is under way; NULL: none is';
COMMENT ON COLUMN events.search_status.reindex_upto IS 'It files events up to this position anew';
COMMENT ON COLUMN events.search_status.reindexed_from IS
'Events from this position on have been filed anew; it comes down to the oldest one';
