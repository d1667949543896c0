-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Retention: what is kept for how long, and what is held whatever comes
-- ---------------------------------------------------------------------------

-- Maintenance locks both tables in SHARE mode before it removes anything, and removes
-- nothing while it does not get that at once: so an event that a rule or a hold covers is
-- safe from the moment in which its transaction has made it.
CREATE TABLE events.retention_rule (
    topic      text[],
    types      text[],
    keep       interval    NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT (topic, types)
);
COMMENT ON TABLE events.retention_rule IS
'How long events of some topic or types are kept, in place of events.retention; made by events.retain()';
COMMENT ON COLUMN events.retention_rule.topic IS 'Path of topics, as of events.read(); NULL: any';
COMMENT ON COLUMN events.retention_rule.types IS 'Types, or prefixes ending in *; NULL: any';

CREATE TABLE events.legal_hold (
    name       text COLLATE "C" NOT NULL PRIMARY KEY,
    topics     text[],
    types      text[],
    subject    text,
    from_time  timestamptz,
    to_time    timestamptz,
    reason     text,
    held_by    name        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE events.legal_hold IS
'Events that retention does not remove, whatever their age or number; made by events.hold()';
COMMENT ON COLUMN events.legal_hold.from_time IS 'Recorded then or later; NULL: at any time';
COMMENT ON COLUMN events.legal_hold.to_time IS 'Recorded before; NULL: at any time';
COMMENT ON COLUMN events.legal_hold.held_by IS 'Who called events.hold(): the role that had logged in';

SELECT pg_catalog.pg_extension_config_dump('events.retention_rule', '');
SELECT pg_catalog.pg_extension_config_dump('events.legal_hold', '');

CREATE FUNCTION events._covers(topics text[], types text[], type text, topic text[])
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_covers'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION events._covers(text[], text[], text, text[]) IS
'Is an event of this type and topic among these topics and types, as events.read() sees it? NULL stands for any.
Errors: 22023, 22004 bad topics or types.';

CREATE FUNCTION events._check_covered(topics text[], types text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF cardinality(topics) = 0 OR cardinality(types) = 0 THEN
        RAISE EXCEPTION 'the array of % is empty', CASE WHEN cardinality(topics) = 0 THEN 'topics' ELSE 'types' END
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'NULL stands for any.';
    END IF;
    IF '' = ANY (topics) OR '' = ANY (types) THEN
        RAISE EXCEPTION 'the array of % has an empty element', CASE WHEN '' = ANY (topics) THEN 'topics' ELSE 'types' END
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'In a path of topics * stands for any element, and a type * for any type.';
    END IF;
    IF array_ndims(types) > 1 THEN
        RAISE EXCEPTION 'types must be an array of one dimension'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example ''{order.created,invoice.*}''.';
    END IF;
    PERFORM events._covers(topics, types, 'type', '{topic}');
    -- events.read() takes a path of NULLs for the empty one, to which all topics belong.
    IF EXISTS (SELECT FROM generate_subscripts(topics, 1) AS i
               WHERE CASE array_ndims(topics) WHEN 1 THEN topics[array_lower(topics, 1)]
                     ELSE topics[i][array_lower(topics, 2)] END IS NULL) THEN
        RAISE EXCEPTION 'a path of topics begins with NULL'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'In a path of topics * stands for any element; NULL in place of the array stands for any topic.';
    END IF;
END
$$;
COMMENT ON FUNCTION events._check_covered(text[], text[]) IS
'Raises 22023 or 22004 for topics and types that no event could be among by anybody''s intention';

CREATE FUNCTION events._rule_of(topic text[], types text[])
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF topic IS NULL AND types IS NULL THEN
        RAISE EXCEPTION 'neither topic nor types are given'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For events that no rule covers there is the setting events.retention.';
    END IF;
    IF array_ndims(topic) > 1 THEN
        RAISE EXCEPTION 'topic must be one path'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('The array has %s dimensions.', array_ndims(topic)),
                  HINT = 'Make a rule for each path, for example events.retain(''{order,created}'', ''90 days'').';
    END IF;
    PERFORM events._check_covered(topic, types);
    RETURN ARRAY(SELECT DISTINCT t COLLATE "C" FROM unnest(types) AS t ORDER BY 1);
END
$$;
COMMENT ON FUNCTION events._rule_of(text[], text[]) IS
'Checks what a rule of retention covers; its types in the form in which events.retention_rule has them, but for NULL';

CREATE FUNCTION events.retain(
    topic text[]   DEFAULT NULL,
    keep  interval DEFAULT NULL,
    types text[]   DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    covered text[] := events._rule_of(topic, types);
BEGIN
    IF keep IS NULL THEN
        RAISE EXCEPTION 'keep must not be NULL'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'For example events.retain(''{order}'', ''90 days''). events.drop_retention_rule() removes a rule.';
    END IF;
    -- A month less 29 days is more than nothing, but ends in the future in February.
    IF keep <= interval '0'
       OR least(extract(year FROM keep), extract(month FROM keep), extract(day FROM keep),
                extract(hour FROM keep), extract(minute FROM keep), extract(second FROM keep)) < 0 THEN
        RAISE EXCEPTION 'keep must be more than nothing: %', keep
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'None of its parts may be negative.',
                  HINT = 'For example ''90 days''.';
    END IF;
    BEGIN
        PERFORM clock_timestamp() - keep;
    EXCEPTION WHEN datetime_field_overflow THEN
        RAISE EXCEPTION 'keep is too long: %', keep
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A thousand years are possible. events.hold() keeps events for as long as you like.';
    END;
    INSERT INTO events.retention_rule AS r (topic, types, keep)
    VALUES (retain.topic, CASE WHEN retain.types IS NOT NULL THEN covered END, retain.keep)
    ON CONFLICT ON CONSTRAINT retention_rule_topic_types_key DO UPDATE
    SET keep = excluded.keep, created_at = excluded.created_at
    WHERE r.keep IS DISTINCT FROM excluded.keep;
END
$$;
COMMENT ON FUNCTION events.retain(text[], interval, text[]) IS
'Makes a rule: events of a topic, of some types, or of both, are kept for a time, longer or shorter than events.retention says; for the same topic and types it replaces the rule that there was. Of several rules that cover an event the longest one decides; events.retention goes for events that no rule covers; events.retention_size goes before rules.
topic: one path, as of events.read(). types: names, or prefixes ending in *: events.retain(keep => ''7 days'', types => ''{debug.*}''). keep: a rule removes events when the newest one of their partition is older.
Errors: 22023 bad argument, or neither topic nor types; 22004 keep is NULL.';

CREATE FUNCTION events.drop_retention_rule(
    topic text[] DEFAULT NULL,
    types text[] DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    covered text[] := events._rule_of(topic, types);
BEGIN
    DELETE FROM events.retention_rule AS r
    WHERE r.topic IS NOT DISTINCT FROM drop_retention_rule.topic
      AND r.types IS NOT DISTINCT FROM CASE WHEN drop_retention_rule.types IS NOT NULL THEN covered END;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no rule for topic % and types %', coalesce(topic::text, 'NULL'), coalesce(types::text, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'The table events.retention_rule has them all.';
    END IF;
END
$$;
COMMENT ON FUNCTION events.drop_retention_rule(text[], text[]) IS
'Removes the rule that events.retain() made for the same topic and types. What it covered is kept as long as other rules or events.retention say.
Errors: 42704 there is none; 22023 bad argument, or neither topic nor types.';

CREATE FUNCTION events.hold(
    name      text,
    topics    text[]      DEFAULT NULL,
    types     text[]      DEFAULT NULL,
    subject   text        DEFAULT NULL,
    from_time timestamptz DEFAULT NULL,
    to_time   timestamptz DEFAULT NULL,
    reason    text        DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name IS NULL OR name = '' OR octet_length(name) > 200 THEN
        RAISE EXCEPTION 'name of a legal hold must have 1 to 200 bytes'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example events.hold(''case 4711'', topics => ''{order}'', reason => ''...'').';
    END IF;
    PERFORM events._check_covered(topics, types);
    IF from_time >= to_time THEN
        RAISE EXCEPTION 'from_time must be before to_time'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('from_time is %s, to_time is %s.', from_time, to_time);
    END IF;
    INSERT INTO events.legal_hold (name, topics, types, subject, from_time, to_time, reason, held_by)
    VALUES (name, topics, types, subject, from_time, to_time, reason, session_user);
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'legal hold "%" exists already', name
        USING ERRCODE = 'duplicate_object',
              HINT = 'Take another name, or events.release_hold() and events.hold() in one transaction.';
END
$$;
COMMENT ON FUNCTION events.hold(text, text[], text[], text, timestamptz, timestamptz, text) IS
'Puts events on legal hold: those of the topics, types and subject, recorded from from_time on and before to_time (all that is given must hold; with nothing given, all events) are not removed by age, size or rules until events.release_hold(). When it returns, nothing of it is being removed any more; it may wait for a round of maintenance.
topics, types: as of events.read(). reason: kept in events.legal_hold.
Errors: 42710 there is one of that name; 22023, 22004 bad argument.';

CREATE FUNCTION events.release_hold(name text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM events.legal_hold AS h WHERE h.name = release_hold.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no legal hold "%"', coalesce(name, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'The table events.legal_hold has them all.';
    END IF;
END
$$;
COMMENT ON FUNCTION events.release_hold(text) IS
'Ends a legal hold: what no other one covers is kept as long as events.retention and rules say.
Errors: 42704 there is none.';
