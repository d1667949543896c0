-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Status
-- ---------------------------------------------------------------------------

CREATE VIEW events.status AS
SELECT s.version,
       s.epoch,
       s.horizon,
       s.last_position,
       s.oldest AS oldest_position,
       s.commits_in_flight,
       s.oldest_commit_since,
       CASE WHEN s.worker THEN 'running' ELSE 'none' END AS worker_state,
       s.worker_pid,
       p.oldest_partition,
       p.newest_partition,
       p.events_per_partition,
       ARRAY(SELECT DISTINCT k.consumer
             FROM events.consumer_risk AS k
             JOIN events.consumer_members AS m ON m.consumer = k.consumer
             WHERE k.at_risk AND m.position < k.upper - 1
             ORDER BY 1)::text[] AS consumers_at_risk
FROM events._relay_state() AS s
CROSS JOIN LATERAL (
    SELECT (pg_catalog.array_agg(l.relid ORDER BY l.lower))[1] AS oldest_partition,
           (pg_catalog.array_agg(l.relid ORDER BY l.lower DESC))[1] AS newest_partition,
           pg_catalog.jsonb_object_agg(
               l.relid::text,
               coalesce(c.events, pg_catalog.pg_stat_get_live_tuples(l.relid))) AS events_per_partition
    FROM events._partitions() AS l
    LEFT JOIN events.partition AS c USING (lower)
) AS p;
COMMENT ON VIEW events.status IS
'One row: the state of the hub. events_per_partition is exact for closed partitions and an estimate for the others; worker_state is none where writers send their own notifications; consumers_at_risk names consumers that have not come past events which retention will remove soon, as the last maintenance found.';
