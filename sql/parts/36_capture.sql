-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Change capture: triggers that publish what happens to the rows of a table
-- ---------------------------------------------------------------------------

-- ---- what is tracked: all of it stands in the arguments of triggers

CREATE FUNCTION events._trigger_options(arguments bytea)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_capture_trigger_options'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION events._trigger_options(bytea) IS
'The options in the argument of a trigger (pg_trigger.tgargs); {} if there is none, NULL if they are malformed';

CREATE VIEW events._tracking AS
SELECT t.oid AS trigger, t.tgrelid AS relation, o.operation, t.tgenabled <> 'D' AS enabled,
       coalesce((t.options->'inherited')::boolean, false) AS inherited, t.options
FROM (SELECT p.oid, p.tgrelid, p.tgname, p.tgtype, p.tgenabled, events._trigger_options(p.tgargs) AS options
      FROM pg_catalog.pg_trigger AS p
      WHERE p.tgfoid = 'events.publish_change()'::pg_catalog.regprocedure) AS t
-- the kind is AFTER that operation, FOR EACH STATEMENT
JOIN (VALUES ('events_track_insert', 4, 'inserted'), ('events_track_update', 16, 'updated'),
             ('events_track_delete', 8, 'deleted'), ('events_track_truncate', 32, 'truncated'))
    AS o (name, kind, operation) ON o.name = t.tgname AND o.kind = t.tgtype
WHERE t.options IS NOT NULL;
COMMENT ON VIEW events._tracking IS 'The triggers that events.track() has made';

CREATE VIEW events.tracked_tables AS
SELECT t.relation::pg_catalog.regclass AS "table",
       t.operations,
       t.options->>'type' AS type,
       CASE WHEN t.options ? 'topic' THEN ARRAY(
           SELECT e.e FROM pg_catalog.jsonb_array_elements_text(t.options->'topic') WITH ORDINALITY AS e (e, i)
           ORDER BY e.i) END AS topic,
       CASE WHEN t.options ? 'columns' THEN ARRAY(
           SELECT e.e FROM pg_catalog.jsonb_array_elements_text(t.options->'columns') WITH ORDINALITY AS e (e, i)
           ORDER BY e.i) END AS columns,
       t.options->'redact' AS redact,
       t.options->>'when' AS "when",
       CASE WHEN t.options->'key' <> '[]' THEN ARRAY(
           SELECT e.e FROM pg_catalog.jsonb_array_elements_text(t.options->'key') WITH ORDINALITY AS e (e, i)
           ORDER BY e.i) END AS key,
       coalesce(t.options->>'granularity', 'row') AS granularity,
       coalesce((t.options->'only_changed')::boolean, false) AS only_changed,
       t.options->>'source' AS source,
       t.options->>'schema' AS schema,
       t.inherited, t.enabled
FROM (SELECT k.relation, k.inherited, bool_and(k.enabled) AS enabled,
             -- the options are the same for all operations
             (pg_catalog.array_agg(k.options ORDER BY k.trigger))[1] AS options,
             pg_catalog.array_agg(o.word ORDER BY o.i) AS operations
      FROM events._tracking AS k
      JOIN (VALUES ('inserted', 1, 'insert'), ('updated', 2, 'update'), ('deleted', 3, 'delete'),
                   ('truncated', 4, 'truncate')) AS o (operation, i, word) USING (operation)
      GROUP BY k.relation, k.inherited) AS t;
COMMENT ON VIEW events.tracked_tables IS
'The tables whose changes are published, and how: what events.track() was told. inherited: the table is a partition or child of one that is tracked; enabled: none of its triggers is disabled';

-- ---- options

CREATE FUNCTION events._check_columns("table" regclass, option text, names text[])
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    missing text;
BEGIN
    SELECT n INTO missing FROM unnest(names) WITH ORDINALITY AS e (n, i)
    WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                      WHERE a.attrelid = "table" AND a.attname = n AND a.attnum > 0 AND NOT a.attisdropped)
    ORDER BY i LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table "%" has no column "%"', "table", coalesce(missing, 'NULL')
            USING ERRCODE = 'undefined_column',
                  DETAIL = format('Argument %s names it.', option),
                  HINT = 'Names of columns are written as they are stored, without quotes.';
    END IF;
    IF (SELECT count(DISTINCT n) < count(*) FROM unnest(names) AS n) THEN
        RAISE EXCEPTION '% names a column twice', option
            USING ERRCODE = 'duplicate_column',
                  DETAIL = format('It is %s.', names),
                  HINT = 'Name each column once.';
    END IF;
END
$$;
COMMENT ON FUNCTION events._check_columns(regclass, text, text[]) IS
'For events.track(): raises unless these are different columns of the table';

CREATE FUNCTION events._check_table("table" regclass)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    relation pg_class;
    reason text;
    hint text;
BEGIN
    IF "table" IS NULL THEN
        RAISE EXCEPTION 'table must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT * INTO relation FROM pg_class AS c WHERE c.oid = "table";
    IF relation.relkind IS NULL OR relation.relkind NOT IN ('r', 'p') THEN
        reason := CASE relation.relkind
            WHEN 'v' THEN 'It is a view.' WHEN 'm' THEN 'It is a materialized view.'
            WHEN 'f' THEN 'It is a foreign table.' ELSE 'It is no table.' END;
        hint := CASE relation.relkind
            WHEN 'v' THEN 'Track the tables below it.' WHEN 'f' THEN 'Track it where it is stored.' END;
    ELSIF relation.relpersistence = 't' THEN
        reason := 'It is temporary: it has no name that subscribers could know.';
        hint := 'A trigger of your own may call events.publish_change().';
    END IF;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION 'changes of "%" cannot be tracked', "table"
            USING ERRCODE = 'feature_not_supported', DETAIL = reason,
                  HINT = coalesce(hint, 'events.track() takes tables, also partitioned ones.');
    END IF;
    IF relation.relnamespace = 'events'::regnamespace OR relation.oid < 16384
        OR relation.relnamespace::regnamespace::text IN ('pg_catalog', 'information_schema', 'pg_toast')
    THEN
        RAISE EXCEPTION 'changes of "%" cannot be tracked', "table"
            USING ERRCODE = 'invalid_table_definition',
                  DETAIL = format('It is a table of schema %s, which is not the user''s.',
                                  relation.relnamespace::regnamespace),
                  HINT = 'Track tables of your own.';
    END IF;
END
$$;
COMMENT ON FUNCTION events._check_table(regclass) IS 'For events.track(): raises unless the table can be tracked';

CREATE FUNCTION events._fill_template("table" regclass, argument text, template text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    unknown text := substring(regexp_replace(template, '\{(schema|table|operation)\}', '', 'g') FROM '\{[^{}]*\}');
    name text;
    schema text;
BEGIN
    IF coalesce(template, '') = '' OR template ~ '[\u0001-\u001f\u007f]' OR unknown IS NOT NULL THEN
        RAISE EXCEPTION '% is not valid: %', argument, coalesce(quote_literal(template), 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN unknown IS NOT NULL THEN format('There is no %s to fill in.', unknown)
                           ELSE 'It is empty or has control characters.' END,
                  HINT = 'The places that are filled in are {schema}, {table} and {operation}.';
    END IF;
    SELECT c.relname, n.nspname INTO name, schema
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = "table";
    RETURN replace(replace(template, '{schema}', schema), '{table}', name);
END
$$;
COMMENT ON FUNCTION events._fill_template(regclass, text, text) IS
'For events.track(): a type or an element of a topic with {schema} and {table} filled in';

CREATE FUNCTION events._check_redact("table" regclass, redact jsonb)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    one record;
BEGIN
    IF jsonb_typeof(redact) <> 'object' THEN
        RAISE EXCEPTION 'redact must be a JSON object'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('It is %s.', redact),
                  HINT = 'For example {"email": "hash", "password": "omit"}.';
    END IF;
    FOR one IN SELECT r.key AS name, r.value AS method FROM jsonb_each(redact) AS r LOOP
        IF one.method NOT IN ('"omit"', '"hash"') THEN
            RAISE EXCEPTION 'redact of column "%" must be "omit" or "hash"', one.name
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('It is %s.', one.method),
                      HINT = 'omit leaves the column out, hash puts sha256:... in the place of its value.';
        END IF;
    END LOOP;
    PERFORM events._check_columns("table", 'redact', ARRAY(SELECT jsonb_object_keys(redact)));
END
$$;
COMMENT ON FUNCTION events._check_redact(regclass, jsonb) IS 'For events.track(): raises what is wrong with redact';

-- The columns of the primary key, unless one of them is left out.
CREATE FUNCTION events._track_key("table" regclass, key text[], redact jsonb)
RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    is_given constant boolean := key IS NOT NULL;
    omitted text;
BEGIN
    IF NOT is_given THEN
        SELECT array_agg(a.attname ORDER BY k.i) INTO key
        FROM pg_index AS x, unnest(x.indkey) WITH ORDINALITY AS k (attnum, i), pg_attribute AS a
        WHERE x.indrelid = "table" AND x.indisprimary AND k.i <= x.indnkeyatts
          AND a.attrelid = x.indrelid AND a.attnum = k.attnum;
    END IF;
    PERFORM events._check_columns("table", 'key', key);
    SELECT k INTO omitted FROM unnest(key) AS k WHERE redact->>k = 'omit';
    IF FOUND AND is_given THEN
        RAISE EXCEPTION 'column "%" cannot be in the key and be left out', omitted
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'The key is published with each event, but redact omits the column.',
                  HINT = 'Redact it with "hash", or take another key.';
    ELSIF FOUND THEN
        RAISE NOTICE 'events of table "%" have no key', "table"
            USING DETAIL = format('Its primary key has column "%s", which redact omits.', omitted),
                  HINT = 'Redact it with "hash", or take another key.';
        key := NULL;
    END IF;
    RETURN nullif(key, '{}');
END
$$;
COMMENT ON FUNCTION events._track_key(regclass, text[], jsonb) IS
'For events.track(): the columns of the key, by default those of the primary key';

-- Two tables that had the same name one after the other do not share schemas.
CREATE FUNCTION events._track_schema_name("table" regclass, kind text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    base text := (SELECT format('/table/%s.%s', events._encode_name(n.nspname), events._encode_name(c.relname))
                  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = "table");
    name text := base;
    i int := 1;
BEGIN
    WHILE EXISTS (SELECT FROM events._tracking AS t
                  WHERE t.relation <> "table" AND NOT t.inherited AND starts_with(t.options->>'schema', name || '/'))
    LOOP
        i := i + 1;
        name := format('%s;%s', base, i);
    END LOOP;
    RETURN format('%s/%s', name, kind);
END
$$;
COMMENT ON FUNCTION events._track_schema_name(regclass, text) IS
'For events.track(): the name that the schemas of a table''s events get, which no other tracked table has';

-- ---- triggers

CREATE FUNCTION events._descendants(relation oid)
RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE below AS (
        SELECT relation AS oid
        UNION
        SELECT i.inhrelid FROM below JOIN pg_inherits AS i ON i.inhparent = below.oid)
    SELECT oid FROM below
$$;
COMMENT ON FUNCTION events._descendants(oid) IS 'The table with all its partitions and children, at any depth';

CREATE FUNCTION events._create_trigger(relation oid, operation text, options jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    EXECUTE format('CREATE TRIGGER %s AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION events.publish_change(%L)',
        CASE operation WHEN 'inserted' THEN 'events_track_insert' WHEN 'updated' THEN 'events_track_update'
                       WHEN 'deleted' THEN 'events_track_delete' WHEN 'truncated' THEN 'events_track_truncate' END,
        CASE operation WHEN 'inserted' THEN 'INSERT' WHEN 'updated' THEN 'UPDATE'
                       WHEN 'deleted' THEN 'DELETE' WHEN 'truncated' THEN 'TRUNCATE' END,
        relation::regclass,
        CASE operation WHEN 'inserted' THEN 'REFERENCING NEW TABLE AS new_rows'
                       WHEN 'updated' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                       WHEN 'deleted' THEN 'REFERENCING OLD TABLE AS old_rows' ELSE '' END,
        options);
END
$$;
COMMENT ON FUNCTION events._create_trigger(oid, text, jsonb) IS
'For events.track(): the trigger of one operation (inserted, updated, deleted, truncated)';

CREATE FUNCTION events._drop_trigger("trigger" oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t pg_trigger;
BEGIN
    SELECT * INTO t FROM pg_trigger AS p WHERE p.oid = "trigger";
    EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass);
END
$$;
COMMENT ON FUNCTION events._drop_trigger(oid) IS 'For events.track() and events.untrack(): drops a trigger';

CREATE FUNCTION events._set_trigger_options("trigger" oid, options jsonb)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_capture_set_options'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._set_trigger_options(oid, jsonb) IS
'Gives a trigger that calls events.publish_change() other options and leaves the rest of it as it is. The table is locked as by CREATE TRIGGER.
Errors: 42501 the caller does not own the table; 22023 the trigger is another one.';

CREATE FUNCTION events._set_triggers(relation oid, operations text[], options jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t record;
BEGIN
    FOR t IN
        SELECT coalesce(w, has.operation) AS operation, w IS NOT NULL AS is_wanted, has.trigger
        FROM unnest(operations) AS w
        FULL JOIN (SELECT k.* FROM events._tracking AS k WHERE k.relation = relation) AS has ON has.operation = w
        WHERE w IS NULL OR has.options IS DISTINCT FROM options
        ORDER BY has.trigger
    LOOP
        IF NOT t.is_wanted THEN
            PERFORM events._drop_trigger(t.trigger);
        ELSIF t.trigger IS NOT NULL THEN
            PERFORM events._set_trigger_options(t.trigger, options);
        ELSE
            PERFORM events._create_trigger(relation, t.operation, options);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._set_triggers(oid, text[], jsonb) IS
'For events.track() and events.untrack(): lets the table have triggers for these operations, with these options, and for no others';

-- A statement fires the triggers of the table that it names, and of no other:
-- so partitions and children have the triggers too. Which they are to have
-- follows from the nearest table above that is tracked.
CREATE FUNCTION events._inherit_tracking(relation oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    ancestor oid;
BEGIN
    IF EXISTS (SELECT FROM pg_class AS c
               WHERE c.oid = relation AND (c.relkind NOT IN ('r', 'p') OR c.relpersistence = 't'))
        OR EXISTS (SELECT FROM events._tracking AS k WHERE k.relation = relation AND NOT k.inherited)
    THEN
        RETURN;
    END IF;
    FOR ancestor IN
        WITH RECURSIVE above AS (
            SELECT i.inhparent AS oid, 1 AS steps, i.inhseqno FROM pg_inherits AS i WHERE i.inhrelid = relation
            UNION
            SELECT i.inhparent, above.steps + 1, i.inhseqno FROM above JOIN pg_inherits AS i ON i.inhrelid = above.oid)
        SELECT a.oid FROM above AS a ORDER BY a.steps, a.inhseqno
    LOOP
        EXIT WHEN EXISTS (SELECT FROM events._tracking AS k WHERE k.relation = ancestor AND NOT k.inherited);
    END LOOP;
    PERFORM events._set_triggers(relation, array_agg(k.operation ORDER BY k.trigger),
        -- the options are the same for all operations
        (array_agg(k.options ORDER BY k.trigger))[1] || '{"inherited": true}')
    FROM events._tracking AS k WHERE k.relation = ancestor AND NOT k.inherited;
END
$$;
COMMENT ON FUNCTION events._inherit_tracking(oid) IS
'Gives a partition or child the triggers of the nearest table above it that is tracked, and takes away those that it has from another; a table that is tracked itself stays as it is';

-- ---- the functions for users

CREATE FUNCTION events._check_condition("table" regclass, options jsonb)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_capture_check_condition'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._check_condition(regclass, jsonb) IS
'Raises unless the option when can be asked of rows of the table';

CREATE FUNCTION events._lock_tracked("table" regclass)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_capture_lock'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._lock_tracked(regclass) IS
'For events.track() and events.untrack(): locks the table as CREATE TRIGGER does, before looking what it has.
Errors: 42501 the caller has not the privilege TRIGGER on the table; 42P01 there is no such table.';

CREATE FUNCTION events._register_changes("table" regclass)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_capture_register'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._register_changes(regclass) IS
'For events.track(): registers the schemas and types of a tracked table''s events, with the rights of the extension''s owner, for whoever may create triggers on the table. Only names below /table/ are written, and types that nobody else has registered.
Errors: 42501 the caller has not the privilege TRIGGER on the table.';

CREATE FUNCTION events._track_options(
    "table" regclass, type text, topic text[], columns text[], redact jsonb, "when" text, key text[],
    granularity text, only_changed boolean, source text, search_path name[])
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    type_name text := events._fill_template("table", 'type', type);
    path text[] := ARRAY(SELECT events._fill_template("table", 'topic', e) FROM unnest(topic) AS e);
BEGIN
    IF topic = '{}' OR columns = '{}' OR array_ndims(topic) > 1 THEN
        RAISE EXCEPTION '% must be an array of at least one element',
            CASE WHEN columns = '{}' THEN 'columns' ELSE 'topic' END
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'By default all columns are published, under the type split at dots.';
    END IF;
    IF granularity NOT IN ('row', 'statement') THEN
        RAISE EXCEPTION 'granularity must be row or statement: %', quote_literal(granularity)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'row: an event for each row. statement: one for all rows of a statement.';
    END IF;
    source := CASE WHEN source IS NOT NULL THEN events._fill_template("table", 'source', source) END;
    IF NOT events.is_valid(to_jsonb(replace(source, '{operation}', '')), '{"format": "uri-reference"}'::jsonb, true) THEN
        RAISE EXCEPTION 'source must be a URI-reference: %', quote_literal(source)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example /shop or https://example.com/shop.';
    END IF;
    PERFORM events._check_columns("table", 'columns', columns);
    PERFORM events._check_redact("table", redact);
    key := events._track_key("table", key, redact);
    RETURN jsonb_strip_nulls(jsonb_build_object(
        'type', type_name, 'topic', nullif(to_jsonb(path), '[]'), 'columns', columns, 'redact', nullif(redact, '{}'),
        'when', "when", 'key', coalesce(key, '{}'), 'granularity', nullif(granularity, 'row'),
        'search_path', CASE WHEN "when" IS NOT NULL THEN (
            SELECT string_agg(quote_ident(s), ', ' ORDER BY i)
            FROM unnest(search_path || 'pg_temp'::name) WITH ORDINALITY AS p (s, i)) END,
        'only_changed', nullif(only_changed, false), 'source', source,
        'schema', events._track_schema_name("table",
            CASE WHEN type_name LIKE '%{operation}%' THEN '{operation}' ELSE 'changed' END)));
END
$$;
COMMENT ON FUNCTION events._track_options(regclass, text, text[], text[], jsonb, text, text[], text, boolean, text, name[]) IS
'For events.track(): checks its arguments and makes the options of the triggers of them';

CREATE FUNCTION events.track(
    "table"      regclass,
    type         text    DEFAULT '{table}.{operation}',
    topic        text[]  DEFAULT NULL,
    columns      text[]  DEFAULT NULL,
    redact       jsonb   DEFAULT NULL,
    "when"       text    DEFAULT NULL,
    key          text[]  DEFAULT NULL,
    granularity  text    DEFAULT 'row',
    only_changed boolean DEFAULT false,
    operations   text[]  DEFAULT '{insert,update,delete,truncate}',
    source       text    DEFAULT NULL,
    search_path  name[]  DEFAULT pg_catalog.current_schemas(false))
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    options jsonb;
    wrong text;
BEGIN
    PERFORM events._check_table("table");
    PERFORM events._lock_tracked("table");
    SELECT w INTO wrong FROM unnest(operations) AS w
    WHERE w IS NULL OR w NOT IN ('insert', 'update', 'delete', 'truncate');
    IF FOUND OR coalesce(operations, '{}') = '{}' THEN
        RAISE EXCEPTION 'operations must be some of insert, update, delete and truncate'
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('They are %s.', coalesce(operations::text, 'NULL')),
                  HINT = 'By default all four are tracked.';
    END IF;
    options := events._track_options("table", type, topic, columns, redact, "when", key, granularity, only_changed,
                                     source, search_path);
    PERFORM events._check_condition("table", options);
    PERFORM events._set_triggers("table", ARRAY(
        SELECT w.operation FROM (VALUES ('insert', 'inserted'), ('update', 'updated'), ('delete', 'deleted'),
                                        ('truncate', 'truncated')) AS w (word, operation)
        WHERE w.word = ANY (operations)), options);
    PERFORM events._inherit_tracking(d) FROM events._descendants("table") AS d WHERE d <> "table" ORDER BY d;
    PERFORM events._register_changes("table");
END
$$;
COMMENT ON FUNCTION events.track(regclass, text, text[], text[], jsonb, text, text[], text, boolean, text[], text, name[]) IS
'Publishes the changes of the table''s rows from now on, with the commit of whoever makes them; called again it takes the new options instead. It creates triggers (events_track_insert, _update, _delete, _truncate), also on partitions and children, so the caller has to have the privilege TRIGGER on them, and to own them when triggers are there already.
type and topic: {schema}, {table} and {operation} (inserted, updated, deleted, truncated) are filled in; a table that is renamed keeps its type. topic is the type split at dots if NULL. columns: publish these only. redact: JSON object of columns, "omit" leaves one out, "hash" puts sha256:... in the place of its value. when: SQL condition over the rows old and new; search_path is how names in it are understood. key: columns whose values become subject and data.key; by default those of the primary key, none with an empty array. granularity: row or statement (one event for all rows of a statement). only_changed: an update tells the columns that it changed, and is no event if it changed none. operations: insert, update, delete, truncate. source: as of events.publish().
The JSON Schemas of the events are registered below /table/, with the types, and follow the table when it is altered.
Errors: 22023 and 42701 an argument is not valid; 42703 no such column; 42710 the type is that of another tracked table; 42P16 the table is not the user''s; 0A000 a view, foreign or temporary table; 42501 the caller lacks the rights.';

CREATE FUNCTION events.untrack("table" regclass)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    above regclass;
BEGIN
    PERFORM FROM events._tracking AS t WHERE t.relation = "table";
    IF FOUND THEN
        PERFORM events._lock_tracked("table");
        PERFORM FROM events._tracking AS t WHERE t.relation = "table";
    END IF;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM FROM events._tracking AS t WHERE t.relation = "table" AND NOT t.inherited;
    IF NOT FOUND THEN
        WITH RECURSIVE ancestor AS (
            SELECT i.inhparent AS oid FROM pg_inherits AS i WHERE i.inhrelid = "table"
            UNION
            SELECT i.inhparent FROM ancestor JOIN pg_inherits AS i ON i.inhrelid = ancestor.oid)
        SELECT a.oid INTO above FROM ancestor AS a JOIN events._tracking AS t ON t.relation = a.oid AND NOT t.inherited
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'table "%" is tracked with "%"', "table", above
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = 'It is a partition or child of that table.',
                      HINT = format('events.untrack(%L), or detach the table.', above::text);
        END IF;
    END IF;
    PERFORM events._set_triggers("table", '{}', NULL);
    PERFORM events._inherit_tracking(d) FROM events._descendants("table") AS d ORDER BY d;
    RETURN true;
END
$$;
COMMENT ON FUNCTION events.untrack(regclass) IS
'Ends what events.track() began, for the table and its partitions and children; returns whether it was tracked. Registered schemas and types stay, since events refer to them.
Errors: 55000 the table is tracked only because one above it is; 42501 the caller does not own the table.';
