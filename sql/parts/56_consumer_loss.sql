-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Retention: consumers that lose events
-- ---------------------------------------------------------------------------

-- It looks at 20,000 events after a position at most.  Where a pattern or a filter may take
-- its time with each, it looks at 50 at once, up to 2,001, more than are removed at once, and
-- for a tenth of a second.
CREATE FUNCTION events._consumer_wants(
    consumer events.consumer, after bigint, relid regclass, condition text, positions bigint[] DEFAULT NULL,
    OUT wants boolean, OUT looked_up_to bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    matches text := '';
    at_once int := 20000;
    left_over int := 20000;
    until timestamptz := clock_timestamp() + '100 ms';
BEGIN
    IF consumer.pattern IS NOT NULL OR consumer.filter IS NOT NULL THEN
        at_once := 50;
        left_over := 2001;
        matches := format(' AND events.matches_event(event, %L, %L)', consumer.pattern, consumer.filter);
    END IF;
    looked_up_to := after;
    LOOP
        at_once := least(at_once, left_over);
        EXECUTE format(
            'SELECT coalesce(bool_or(goes AND events._covers(%L, %L, type, topic) %s), false),'
            ' CASE WHEN count(*) = %s THEN max(position) END'
            ' FROM (SELECT e::events.event AS event, position, type, topic, (%s) AS goes FROM ONLY %s AS e'
            ' WHERE position > $1 %s ORDER BY position LIMIT %s) AS looked',
            consumer.topics, consumer.types, matches, at_once, condition, relid,
            CASE WHEN positions IS NOT NULL THEN 'AND position = ANY ($2)' END, at_once)
        INTO wants, looked_up_to
        USING looked_up_to, positions;
        left_over := left_over - at_once;
        EXIT WHEN wants OR looked_up_to IS NULL OR left_over = 0 OR clock_timestamp() >= until;
    END LOOP;
    looked_up_to := CASE WHEN NOT wants THEN looked_up_to END;
EXCEPTION WHEN statement_too_complex THEN
    wants := true;  -- its filter passes a limit on one of them: it could want it
    looked_up_to := NULL;
END
$$;
COMMENT ON FUNCTION events._consumer_wants(events.consumer, bigint, regclass, text, bigint[]) IS
'Does a consumer want events of a partition that come after a position, fulfil a condition, and have one of the positions? Not up to where, if there are more to be looked at';

-- Before events are removed, and in the same transaction.
CREATE FUNCTION events._note_losses(
    relid regclass, lower bigint, upper bigint, condition text, positions bigint[] DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c record;
    w record;
    before bigint := CASE WHEN positions IS NULL THEN upper ELSE positions[cardinality(positions)] + 1 END;
BEGIN
    FOR c IN
        SELECT q.consumer, m.position, l.lost_before
        FROM (SELECT n.consumer AS name, min(n.position) AS position
              FROM events.consumer_members AS n GROUP BY n.consumer) AS m
        JOIN (SELECT o.name, o AS consumer FROM events.consumer AS o) AS q USING (name)
        LEFT JOIN events.consumer_loss AS l ON l.consumer = name
        WHERE m.position < before - 1 AND coalesce(l.lost_before < before, true)
    LOOP
        -- Where there is too much to look at, it counts as one that wants some: it could.
        w := events._consumer_wants(c.consumer, c.position, relid, condition, positions);
        CONTINUE WHEN NOT w.wants AND w.looked_up_to IS NULL;
        -- Who drops the consumer at this moment leaves nothing to a later one of its name.
        PERFORM FROM events.consumer AS n WHERE n.name = (c.consumer).name FOR KEY SHARE;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO events.consumer_loss (consumer, lost_before) VALUES ((c.consumer).name, before)
        ON CONFLICT (consumer) DO UPDATE SET lost_before = excluded.lost_before, lost_at = excluded.lost_at;
        IF coalesce(c.lost_before <= lower, true) THEN
            RAISE WARNING 'consumer "%" loses events: retention removes them', (c.consumer).name
                USING DETAIL = format('It has come to position %s; events of partition %s, up to position %s, are removed.',
                                      c.position, relid, upper - 1),
                      HINT = 'events.consumers.lost_before says before which position; events.seek() has it go on from somewhere else.';
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._note_losses(regclass, bigint, bigint, text, bigint[]) IS
'Notes which consumers want events that are about to be removed; warns of each once for each partition';

CREATE FUNCTION events._note_risks(keep interval, max_bytes bigint, until timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    r record;
    w record;
BEGIN
    -- For each consumer and partition: what is near its end now, and what was noted.
    FOR r IN
        WITH near AS MATERIALIZED (
            SELECT p.* FROM events._removals(keep, max_bytes, 0.75) AS p
        ), place AS MATERIALIZED (
            SELECT q.consumer, m.position
            FROM (SELECT n.consumer AS name, min(n.position) AS position
                  FROM events.consumer_members AS n GROUP BY n.consumer) AS m
            JOIN (SELECT o.name, o AS consumer FROM events.consumer AS o) AS q USING (name)
        ), now AS MATERIALIZED (
            SELECT (p.consumer).name, p.consumer, p.position, n.*
            FROM place AS p
            JOIN near AS n ON p.position < n.upper - 1
        )
        SELECT coalesce(n.name, k.consumer) AS name, coalesce(n.lower, k.lower) AS lower, n.name IS NULL AS is_past,
               n.consumer, n.position, n.relid, n.upper, n.condition, k.at_risk,
               CASE WHEN k.condition = n.condition AND NOT k.at_risk
                    THEN greatest(k.looked_up_to, n.position) ELSE n.position END AS after
        FROM now AS n
        FULL JOIN events.consumer_risk AS k ON k.consumer = n.name AND k.lower = n.lower
        WHERE n.name IS NULL
           OR k.consumer IS NULL
           OR k.condition <> n.condition
           OR k.at_risk AND k.position <> n.position
           OR k.looked_up_to IS NOT NULL
        ORDER BY n.name IS NOT NULL, 2
    LOOP
        EXIT WHEN clock_timestamp() >= until;
        BEGIN
            IF r.is_past THEN
                DELETE FROM events.consumer_risk AS k WHERE k.consumer = r.name AND k.lower = r.lower;
                CONTINUE;
            END IF;
            w := events._consumer_wants(r.consumer, r.after, r.relid, r.condition);
            INSERT INTO events.consumer_risk (consumer, lower, upper, condition, position, at_risk, looked_up_to)
            VALUES (r.name, r.lower, r.upper, r.condition, r.position, w.wants, w.looked_up_to)
            ON CONFLICT (consumer, lower) DO UPDATE
            SET condition = excluded.condition, position = excluded.position, at_risk = excluded.at_risk,
                looked_up_to = excluded.looked_up_to, noted_at = excluded.noted_at;
            IF w.wants AND r.at_risk IS NOT TRUE THEN
                RAISE WARNING 'consumer "%" is about to lose events: retention will remove them soon', r.name
                    USING DETAIL = format('It has come to position %s; events of partition %s, up to position %s, are near the end of their time.',
                                          r.position, r.relid, r.upper - 1),
                          HINT = 'Have it go on, or keep events longer (events.retention, events.retention_size, events.retain(), events.hold()), or drop it.';
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            NULL;  -- somebody moves or drops the consumer; the next round looks again
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._note_risks(interval, bigint, timestamptz) IS
'Notes which consumers have not come past events that are in the last quarter of their time; warns of each once for each partition';
