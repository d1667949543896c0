-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Change capture: keeping tracked tables in step with DDL
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._rename_in_condition(condition text, old_name text, new_name text)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_capture_rename_in_condition'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events._rename_in_condition(text, text, text) IS
'A condition over old and new with the column''s new name in the place of the old one';

CREATE FUNCTION events._rename_tracked(relation oid, old_name text, new_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t record;
    renamed jsonb;
    member text;
BEGIN
    FOR t IN SELECT k.trigger, k.options FROM events._tracking AS k WHERE k.relation = relation LOOP
        renamed := t.options;
        FOREACH member IN ARRAY '{columns,key}'::text[] LOOP
            IF renamed->member ? old_name THEN
                renamed := jsonb_set(renamed, ARRAY[member], (
                    SELECT jsonb_agg(CASE WHEN c = to_jsonb(old_name) THEN to_jsonb(new_name) ELSE c END ORDER BY i)
                    FROM jsonb_array_elements(renamed->member) WITH ORDINALITY AS e (c, i)));
            END IF;
        END LOOP;
        IF renamed->'redact' ? old_name THEN
            renamed := jsonb_set(renamed, '{redact}', (renamed->'redact') - old_name
                || jsonb_build_object(new_name, renamed->'redact'->old_name));
        END IF;
        IF renamed ? 'when' THEN
            renamed := jsonb_set(renamed, '{when}',
                to_jsonb(events._rename_in_condition(renamed->>'when', old_name, new_name)));
        END IF;
        IF renamed <> t.options THEN
            PERFORM events._set_trigger_options(t.trigger, renamed);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._rename_tracked(oid, text, text) IS
'For events._follow_ddl(): a column of a tracked table has another name';

CREATE FUNCTION events._recheck_condition("table" regclass, options jsonb)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_capture_recheck_condition'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._recheck_condition(regclass, jsonb) IS
'For events._keep_in_step(): events._check_condition() with the rights of the table''s owner';

CREATE FUNCTION events._keep_in_step(relation oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t record;
    missing record;
    message text;
    detail text;
BEGIN
    FOR t IN SELECT DISTINCT k.options, k.inherited FROM events._tracking AS k WHERE k.relation = relation LOOP
        SELECT n.option, n.name INTO missing
        FROM (SELECT 'columns', c, i FROM jsonb_array_elements_text(t.options->'columns') WITH ORDINALITY AS e (c, i)
              UNION ALL SELECT 'key', c, i FROM jsonb_array_elements_text(t.options->'key') WITH ORDINALITY AS e (c, i)
              UNION ALL SELECT 'redact', c, i FROM jsonb_object_keys(t.options->'redact') WITH ORDINALITY AS e (c, i))
            AS n (option, name, i)
        WHERE NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attname = n.name
                          AND a.attnum > 0 AND NOT a.attisdropped)
        ORDER BY n.option, n.i
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'column "%" of table "%" is needed to publish its changes', missing.name, relation::regclass
                USING ERRCODE = 'dependent_objects_still_exist',
                      DETAIL = format('events.track() was told so by its argument %s.', missing.option),
                      HINT = 'Call events.track() without it first, or events.untrack().';
        END IF;
        BEGIN
            PERFORM events._recheck_condition(relation, t.options);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
            RAISE EXCEPTION 'the condition on which changes of table "%" are published would no longer be valid',
                relation::regclass
                USING ERRCODE = 'dependent_objects_still_exist',
                      DETAIL = format('%s: %s', t.options->>'when', message),
                      HINT = 'Call events.track() with another condition first, or events.untrack().';
        END;
    END LOOP;
    IF EXISTS (SELECT FROM events._tracking AS k WHERE k.relation = relation AND NOT k.inherited) THEN
        BEGIN
            PERFORM events._write_changes(relation);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
            RAISE WARNING 'the schemas of the changes of table "%" are not what they should be: %',
                relation::regclass, message
                USING DETAIL = detail, HINT = 'Call events.track() again to register them.';
        END;
    END IF;
END
$$;
COMMENT ON FUNCTION events._keep_in_step(oid) IS
'For events._follow_ddl(): raises if the table is no longer what its options need; else registers schemas that have changed';

-- Which tables have a value of the type somewhere in a column?
CREATE FUNCTION events._tracked_with_type(type oid)
RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE dependent AS (
        SELECT 'pg_type'::regclass::oid AS classid, type AS objid
        UNION
        SELECT d.classid, d.objid FROM dependent JOIN pg_depend AS d
            ON d.refclassid = dependent.classid AND d.refobjid = dependent.objid
        WHERE d.classid IN ('pg_type'::regclass, 'pg_class'::regclass))
    SELECT DISTINCT t.relation FROM events._tracking AS t
    WHERE t.relation IN (SELECT objid FROM dependent WHERE classid = 'pg_class'::regclass)
$$;
COMMENT ON FUNCTION events._tracked_with_type(oid) IS
'For events._follow_ddl(): the tracked tables with columns that hold values of the type, directly or inside others';

CREATE FUNCTION events._follow_ddl(change text, object oid, old_name text, new_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    relation oid;
    message text;
BEGIN
    CASE change
    WHEN 'moved' THEN
        BEGIN
            PERFORM events._inherit_tracking(d) FROM events._descendants(object) AS d ORDER BY d;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
            RAISE WARNING 'the triggers of table "%" that publish its changes are not what they should be: %',
                object::regclass, message
                USING HINT = 'Call events.track() for the table above it again.';
        END;
    WHEN 'altered' THEN
        FOR relation IN SELECT d FROM events._descendants(object) AS d ORDER BY d LOOP
            PERFORM events._rename_tracked(relation, old_name, new_name) WHERE old_name IS NOT NULL;
            PERFORM events._keep_in_step(relation);
        END LOOP;
    WHEN 'type' THEN
        FOR relation IN SELECT r FROM events._tracked_with_type(object) AS r ORDER BY r LOOP
            PERFORM events._rename_tracked(relation, old_name, new_name)
            FROM pg_class AS c WHERE c.oid = relation AND c.reloftype = object AND old_name IS NOT NULL;
            PERFORM events._keep_in_step(relation);
        END LOOP;
    WHEN 'dropped' THEN
        FOR relation IN
            SELECT DISTINCT d.objid FROM pg_event_trigger_dropped_objects() AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objsubid <> 0
              AND EXISTS (SELECT FROM events._tracking AS k WHERE k.relation = d.objid)
            ORDER BY d.objid
        LOOP
            PERFORM events._keep_in_step(relation);
        END LOOP;
    END CASE;
END
$$;
COMMENT ON FUNCTION events._follow_ddl(text, oid, text, text) IS
'For the event triggers: moved (a table has other tables above it), altered (a table; the names are those of a column that was renamed), type (a type; likewise), dropped (look at what the command has dropped)';

CREATE FUNCTION events._ddl()
RETURNS event_trigger
AS 'MODULE_PATHNAME', 'ev_capture_ddl'
LANGUAGE C;
COMMENT ON FUNCTION events._ddl() IS
'Keeps the triggers and schemas of tracked tables in step with DDL; does next to nothing where no tracked table is concerned';

CREATE EVENT TRIGGER events_ddl ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'CREATE SCHEMA', 'ALTER TABLE', 'ALTER TYPE', 'ALTER DOMAIN', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW',
                 'ALTER FOREIGN TABLE')
    EXECUTE FUNCTION events._ddl();
COMMENT ON EVENT TRIGGER events_ddl IS 'Keeps tracked tables in step with DDL';

CREATE EVENT TRIGGER events_drop ON sql_drop
    WHEN TAG IN ('DROP TYPE', 'DROP DOMAIN', 'DROP SCHEMA', 'DROP EXTENSION', 'DROP OWNED')
    EXECUTE FUNCTION events._ddl();
COMMENT ON EVENT TRIGGER events_drop IS 'Looks whether a column of a tracked table was dropped with its type';
