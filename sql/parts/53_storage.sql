-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Storage: what the history takes, and until when
-- ---------------------------------------------------------------------------

CREATE VIEW events.storage AS
WITH kept AS MATERIALIZED (
    -- how long what is kept longest is kept; NULL: for ever
    SELECT g.general,
           greatest(g.general, (SELECT pg_catalog.max(r.keep) FROM events.retention_rule AS r)) AS longest
    FROM (SELECT events._retention() AS general OFFSET 0) AS g
)
SELECT l.relid AS partition,
       l.lower,
       l.upper,
       coalesce(c.events, pg_catalog.pg_stat_get_live_tuples(l.relid)) AS events,
       coalesce(c.removed, 0) AS removed,
       b.heap_bytes,
       b.toast_bytes,
       b.index_bytes,
       b.search_bytes,
       b.heap_bytes + b.toast_bytes + b.index_bytes + b.search_bytes AS bytes,
       f.first_recorded_at,
       CASE WHEN c.lower IS NOT NULL THEN c.last_recorded_at
            ELSE (SELECT e.recorded_at FROM events.event AS e
                  WHERE e.position >= l.lower AND e.position < l.upper
                  ORDER BY e.position DESC LIMIT 1) END AS last_recorded_at,
       (SELECT CASE WHEN pg_catalog.max(s.indexed_up_to) >= l.lower
                    THEN least(pg_catalog.max(s.indexed_up_to), l.upper - 1) END
        FROM events.search_state AS s) AS indexed_up_to,
       c.lower IS NOT NULL AS closed,
       h.on_hold,
       CASE WHEN k.general IS NOT NULL AND NOT h.on_hold
            THEN c.last_recorded_at + k.longest END AS drops_at
FROM events._partitions() AS l
CROSS JOIN kept AS k
JOIN pg_catalog.pg_class AS r ON r.oid = l.relid
LEFT JOIN events.partition AS c USING (lower)
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.lower IS NOT NULL THEN c.first_recorded_at
                ELSE (SELECT e.recorded_at FROM events.event AS e
                      WHERE e.position >= l.lower AND e.position < l.upper
                      ORDER BY e.position LIMIT 1) END AS first_recorded_at) AS f
CROSS JOIN LATERAL (
    SELECT pg_catalog.pg_table_size(l.relid) - t.bytes AS heap_bytes,
           t.bytes AS toast_bytes,
           pg_catalog.pg_indexes_size(l.relid) AS index_bytes,
           coalesce(pg_catalog.pg_total_relation_size(
               pg_catalog.to_regclass('events.search_document_' || l.lower)), 0) AS search_bytes
    FROM (SELECT CASE WHEN r.reltoastrelid = 0 THEN 0
                      ELSE pg_catalog.pg_total_relation_size(r.reltoastrelid) END AS bytes) AS t) AS b
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM events.legal_hold AS o
        WHERE coalesce(o.from_time <= c.last_recorded_at, true)
          AND coalesce(o.to_time > coalesce(f.first_recorded_at, pg_catalog.now()), true)) AS on_hold) AS h;
COMMENT ON VIEW events.storage IS
'The partitions of the history. events: exact for closed ones, else an estimate. removed: events that retention has taken out one by one. heap_bytes, toast_bytes (large values), index_bytes, search_bytes (what events.search() uses), bytes: all of them. first_recorded_at, last_recorded_at: of the events kept. indexed_up_to: search has filed events up to there; NULL: none. closed: nothing is written to it any more. on_hold: a legal hold reaches into its time. drops_at: when all of it has reached its age by events.retention and the rules of events.retain(); NULL: on hold, not closed, no such time; events.retention_size may take it sooner.';
