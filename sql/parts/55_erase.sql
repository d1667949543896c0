-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Erasing single events
-- ---------------------------------------------------------------------------

-- In what order locks are taken: legal holds first, so that a transaction which makes or
-- releases one and then erases does not cross another one that erases.  Maintenance takes
-- them the other way round, but only tries.
CREATE FUNCTION events._erase_some(
    relid regclass, lower bigint, held text, positions bigint[], OUT erased bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    on_hold bigint;
    last bigint;
BEGIN
    IF held IS NOT NULL THEN
        EXECUTE format('SELECT min(position) FROM ONLY %s WHERE position = ANY ($1) AND (%s)', relid, held)
        INTO on_hold USING positions;
        IF on_hold IS NOT NULL THEN
            RAISE EXCEPTION 'the event at position % is on legal hold', on_hold
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = 'Nothing was erased.',
                      HINT = 'The table events.legal_hold has them all; events.release_hold() ends one.';
        END IF;
    END IF;
    EXECUTE format(
        'WITH gone AS (DELETE FROM ONLY %s WHERE position = ANY ($1) RETURNING position)'
        ' SELECT count(*), max(position) FROM gone', relid)
    INTO erased, last USING positions;
    UPDATE events.partition AS p
    SET events = p.events - erased,
        removed = p.removed + erased,
        removed_up_to = greatest(p.removed_up_to, last)
    WHERE p.lower = _erase_some.lower AND erased > 0;
END
$$;
COMMENT ON FUNCTION events._erase_some(regclass, bigint, text, bigint[]) IS
'Deletes events of one partition, unless one of them fulfils the condition by which they are held';

CREATE FUNCTION events.erase(positions bigint[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    p record;
    piece bigint[];
    erased bigint := 0;
BEGIN
    IF positions IS NULL THEN
        RAISE EXCEPTION 'positions must not be NULL'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'For example events.erase(ARRAY(SELECT position FROM events.event WHERE subject = ''customer-4711'')).';
    END IF;
    PERFORM events.horizon();  -- or the reason why there is none: an old snapshot does not see all holds
    LOCK TABLE events.legal_hold IN SHARE MODE;
    LOCK TABLE events.partition IN SHARE UPDATE EXCLUSIVE MODE;
    PERFORM events._lock_search_index();
    FOR p IN
        SELECT l.relid, l.lower, events._held(c.first_recorded_at, c.last_recorded_at) AS held, w.wanted
        FROM events._partitions() AS l
        LEFT JOIN events.partition AS c USING (lower)
        CROSS JOIN LATERAL (SELECT array_agg(DISTINCT u) AS wanted FROM unnest(erase.positions) AS u
                            WHERE u >= l.lower AND u < l.upper) AS w
        WHERE w.wanted IS NOT NULL
        ORDER BY l.lower
    LOOP
        FOR i IN 0 .. (cardinality(p.wanted) - 1) / 2000 LOOP
            piece := p.wanted[i * 2000 + 1 : (i + 1) * 2000];
            erased := erased + events._erase_some(p.relid, p.lower, p.held, piece);
            DELETE FROM events.subject_event AS s WHERE s.position = ANY (piece);
            PERFORM events._forget_documents(piece);
        END LOOP;
    END LOOP;
    -- Copies of events outlive their partition.
    DELETE FROM events.redelivery AS r WHERE r.position = ANY (positions);
    DELETE FROM events.dead_letter AS d WHERE d.position = ANY (positions);
    RETURN erased;
END
$$;
COMMENT ON FUNCTION events.erase(bigint[]) IS
'Deletes single events, of any age, with what search and streams keep of them and with the copies that consumers have (to be delivered again, dead letters); says how many events there were. For data that has to go before retention takes it: events.erase(ARRAY(SELECT position FROM events.event WHERE subject = ''customer-4711'')). Publishers and readers go on; maintenance, filing for search and events.hold() wait until the transaction ends. Positions that have no event are passed over. What subscribers, eventsd (its recent events), exports, backups and the log of the server have stays there; VACUUM removes the rows. The same call once more takes copies that a consumer made meanwhile.
Errors: 55000 one of them is on legal hold, or hot standby; 22004 positions is NULL; 25001 REPEATABLE READ or SERIALIZABLE transaction.';
