-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- JSON Schemas of rows, and of the events that tell of changed rows
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._encode_name(name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(CASE WHEN get_byte(utf8, i) >= 128 THEN code WHEN chr(get_byte(utf8, i)) ~ '[A-Za-z0-9_-]'
                      THEN chr(get_byte(utf8, i)) ELSE code END, '' ORDER BY i)
    FROM convert_to(name, 'UTF8') AS utf8, generate_series(0, octet_length(utf8) - 1) AS i,
         upper('%' || encode(substr(utf8, i + 1, 1), 'hex')) AS code
$$;
COMMENT ON FUNCTION events._encode_name(text) IS
'A name as part of a segment of a URI: all but letters, digits, _ and - percent-encoded';

-- What to_jsonb() makes of a value, by type. The rules are those of PostgreSQL:
-- numbers that JSON cannot write become strings, a domain is its base type, a
-- type with a cast to json is whatever the cast makes of it, and all that is not
-- named is its text. An array says nothing of how many dimensions it has.
CREATE FUNCTION events._type_schema(type oid, typmod int, also text[], INOUT defs jsonb, OUT schema jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    t pg_type;
    modifier int := typmod;
    def text;
    extra text;
    digits int;
    scale int;
BEGIN
    SELECT * INTO t FROM pg_type AS p WHERE p.oid = type;
    WHILE t.typtype = 'd' LOOP
        modifier := t.typtypmod;
        SELECT * INTO t FROM pg_type AS p WHERE p.oid = t.typbasetype;
    END LOOP;

    IF t.oid = 'boolean'::regtype THEN
        schema := '{"type": "boolean"}';
    ELSIF t.oid = 'smallint'::regtype THEN
        schema := '{"type": "integer", "minimum": -32768, "maximum": 32767}';
    ELSIF t.oid = 'integer'::regtype THEN
        schema := '{"type": "integer", "minimum": -2147483648, "maximum": 2147483647}';
    ELSIF t.oid = 'bigint'::regtype THEN
        schema := '{"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807}';
    ELSIF t.oid IN ('real'::regtype, 'double precision'::regtype) OR t.oid = 'numeric'::regtype AND modifier < 4 THEN
        schema := '{"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]}';
    ELSIF t.oid = 'numeric'::regtype THEN
        digits := (modifier - 4) >> 16;
        scale := (((modifier - 4) & 2047) # 1024) - 1024;
        schema := jsonb_build_object('anyOf', jsonb_build_array(
            jsonb_build_object('type', CASE WHEN scale <= 0 THEN 'integer' ELSE 'number' END,
                'exclusiveMinimum', -trim_scale(power(10::numeric, digits - scale)),
                'exclusiveMaximum', trim_scale(power(10::numeric, digits - scale)),
                'multipleOf', trim_scale(power(10::numeric, -scale))),
            '{"const": "NaN"}'::jsonb));
        IF scale = 0 THEN
            schema := schema #- '{anyOf,0,multipleOf}';
        END IF;
    ELSIF t.oid = 'date'::regtype THEN
        schema := '{"type": "string", "maxLength": 16,
                    "anyOf": [{"format": "date"}, {"enum": ["infinity", "-infinity"]}]}';
    ELSIF t.oid = 'timestamptz'::regtype THEN
        schema := '{"type": "string", "maxLength": 40,
                    "anyOf": [{"format": "date-time"}, {"enum": ["infinity", "-infinity"]}]}';
    ELSIF t.oid = 'uuid'::regtype THEN
        schema := '{"type": "string", "maxLength": 36, "format": "uuid"}';
    ELSIF t.oid IN ('json'::regtype, 'jsonb'::regtype) THEN
        schema := '{}';
    ELSIF t.typsubscript = 'array_subscript_handler'::regproc THEN
        also := also || '{array}'::text[];
        SELECT p.defs, jsonb_build_object('type', 'array', 'items', p.schema) INTO defs, schema
        FROM events._type_schema(t.typelem, modifier, '{"null",array}', defs) AS p;
        also := array_remove(also, 'array');
    ELSIF t.typtype = 'c' THEN
        def := (SELECT events._encode_name(n.nspname) FROM pg_namespace AS n WHERE n.oid = t.typnamespace)
            || '.' || events._encode_name(t.typname);
        IF NOT defs ? def THEN
            -- first of all a mark, for types that contain themselves
            defs := defs || jsonb_build_object(def, true);
            SELECT r.defs || jsonb_build_object(def, r.schema) INTO defs
            FROM events._row_schema(t.typrelid, false, NULL, NULL, defs) AS r;
        END IF;
        schema := jsonb_build_object('$ref', '#/$defs/' || replace(def, '%', '%25'));
    ELSIF t.oid >= 16384 AND EXISTS (
        SELECT FROM pg_cast AS c
        WHERE c.castsource = t.oid AND c.casttarget = 'json'::regtype AND c.castmethod = 'f')
    THEN
        schema := '{}';
    ELSIF t.typtype = 'e' THEN
        SELECT jsonb_build_object('type', 'string', 'enum',
                                  coalesce(jsonb_agg(e.enumlabel ORDER BY e.enumsortorder), '[]'))
        INTO schema FROM pg_enum AS e WHERE e.enumtypid = t.oid;
    ELSE
        schema := '{"type": "string"}';
        IF modifier >= 4 AND t.oid = 'varchar'::regtype THEN
            schema := schema || jsonb_build_object('maxLength', modifier - 4);
        ELSIF modifier >= 4 AND t.oid = 'bpchar'::regtype THEN
            schema := schema || jsonb_build_object('minLength', modifier - 4, 'maxLength', modifier - 4);
        ELSIF modifier > 0 AND t.oid = 'bit'::regtype THEN
            schema := schema || jsonb_build_object('minLength', modifier, 'maxLength', modifier);
        ELSIF modifier > 0 AND t.oid = 'varbit'::regtype THEN
            schema := schema || jsonb_build_object('maxLength', modifier);
        END IF;
    END IF;

    FOREACH extra IN ARRAY also LOOP
        schema := CASE
            WHEN schema = '{}' THEN schema
            WHEN schema ? 'enum' AND extra = 'null' THEN
                schema || jsonb_build_object('type', jsonb_build_array(schema->'type', extra),
                                             'enum', schema->'enum' || '[null]')
            WHEN schema ?| '{enum,$ref}' THEN
                jsonb_build_object('anyOf', jsonb_build_array(schema, jsonb_build_object('type', extra)))
            WHEN schema ? 'type' THEN
                schema || jsonb_build_object('type',
                    CASE jsonb_typeof(schema->'type') WHEN 'array' THEN schema->'type'
                    ELSE jsonb_build_array(schema->'type') END || to_jsonb(extra))
            ELSE schema || jsonb_build_object('anyOf', schema->'anyOf' || jsonb_build_object('type', extra))
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._type_schema(oid, int, text[], jsonb) IS
'For events.table_schema(): the schema of what to_jsonb() makes of a value of the type, which may also be of the JSON types in also; defs is $defs, to which composite types are added';

CREATE FUNCTION events._row_schema(
    relation oid, is_stored boolean, columns text[], hashed text[], INOUT defs jsonb, OUT schema jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    c record;
    property jsonb;
    properties jsonb[] := '{}';
    names text[] := '{}';
BEGIN
    FOR c IN
        SELECT a.attname AS name, a.atttypid AS type, a.atttypmod AS typmod, a.attgenerated AS generated,
               col_description(a.attrelid, a.attnum) AS description,
               -- from 18, NOT NULL is a constraint, which may have not been validated
               a.attgenerated = 'v' OR NOT is_stored OR (NOT a.attnotnull OR EXISTS (
                   SELECT FROM pg_constraint AS n WHERE n.conrelid = a.attrelid AND n.contype = 'n'
                   AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated)) AND NOT EXISTS (
                   WITH RECURSIVE base AS (
                       SELECT t.typbasetype, t.typnotnull FROM pg_type AS t WHERE t.oid = a.atttypid
                       UNION ALL
                       SELECT t.typbasetype, t.typnotnull FROM base JOIN pg_type AS t ON t.oid = base.typbasetype)
                   SELECT FROM base WHERE base.typnotnull) AS nullable
        FROM pg_attribute AS a
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
          AND (columns IS NULL OR a.attname = ANY (columns))
        ORDER BY a.attnum
    LOOP
        IF c.name = ANY (hashed) THEN
            property := CASE WHEN c.nullable THEN '{"type": ["string", "null"]}' ELSE '{"type": "string"}' END;
        ELSE
            SELECT t.defs, t.schema INTO defs, property
            FROM events._type_schema(c.type, c.typmod, CASE WHEN c.nullable THEN '{"null"}' ELSE '{}' END::text[],
                                     defs) AS t;
        END IF;
        IF c.description IS NOT NULL THEN
            property := property || jsonb_build_object('description', c.description);
        END IF;
        IF c.generated <> '' THEN
            property := property || '{"readOnly": true}';
        END IF;
        properties := array_append(properties, property);
        names := array_append(names, c.name::text);
    END LOOP;
    schema := jsonb_build_object('type', 'object', 'required', to_jsonb(names), 'properties', (
        SELECT coalesce(jsonb_object_agg(p.name, p.schema), '{}') FROM unnest(names, properties) AS p (name, schema)));
END
$$;
COMMENT ON FUNCTION events._row_schema(oid, boolean, text[], text[], jsonb) IS
'For events.table_schema(): the schema of a row of the relation. is_stored: its NOT NULL counts, as in a table; not so in a composite value. columns: only these; hashed: these are hashes. defs is $defs, to which composite types are added';

CREATE FUNCTION events.table_schema("table" regclass, columns text[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    relation pg_class;
    missing text;
    described record;
BEGIN
    IF "table" IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO relation FROM pg_class AS c WHERE c.oid = "table";
    IF relation.relkind IS NULL OR relation.relkind NOT IN ('r', 'p', 'v', 'm', 'f', 'c') THEN
        RAISE EXCEPTION '"%" has no rows', "table"
            USING ERRCODE = 'wrong_object_type',
                  DETAIL = 'It is no table, view or composite type.';
    END IF;
    SELECT wanted INTO missing FROM unnest(columns) WITH ORDINALITY AS e (wanted, i)
    WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
                      WHERE a.attrelid = "table" AND a.attname = wanted AND a.attnum > 0 AND NOT a.attisdropped)
    ORDER BY i LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table "%" has no column "%"', "table", coalesce(missing, 'NULL')
            USING ERRCODE = 'undefined_column',
                  HINT = 'Names of columns are written as they are stored, without quotes.';
    END IF;
    SELECT * INTO described FROM events._row_schema("table", relation.relkind IN ('r', 'p'), columns, NULL, '{}');
    RETURN jsonb_build_object('$schema', 'https://json-schema.org/draft/2020-12/schema', 'title', relation.relname)
        || jsonb_strip_nulls(jsonb_build_object('description', obj_description("table", 'pg_class'),
                                                '$defs', nullif(described.defs, '{}')))
        || described.schema;
END
$$;
COMMENT ON FUNCTION events.table_schema(regclass, text[]) IS
'The JSON Schema (2020-12) of a row of the table, or of a view or composite type, as to_jsonb() gives it: types, ranges and lengths of columns, NOT NULL, values of enums, composite types in $defs, comments as descriptions, generated columns as readOnly. columns: these only. NULL if the table is NULL.
Numbers that JSON cannot write (NaN, Infinity) are strings. An array may have any number of dimensions, so its elements may be arrays. CHECK constraints are not part of it.
Errors: 42703 no such column; 42809 the relation has no rows.';

-- ---- events of changes

-- Rows stand in $defs/row always: events._write_change_schema() looks there.
CREATE FUNCTION events._change_schema(relation oid, options jsonb, operation text)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    named constant text[] := ARRAY(SELECT jsonb_array_elements_text(options->'columns'));
    key constant text[] := ARRAY(SELECT jsonb_array_elements_text(options->'key'));
    omitted constant text[] := ARRAY(SELECT r.key FROM jsonb_each_text(options->'redact') AS r WHERE r.value = 'omit');
    hashed constant text[] := ARRAY(SELECT r.key FROM jsonb_each_text(options->'redact') AS r WHERE r.value = 'hash');
    rows record;
    keys record;
    defs jsonb;
    word text;
    change jsonb;
    changes jsonb := '[]';
BEGIN
    rows := events._row_schema(relation, true, hashed => hashed, defs => '{}', columns => ARRAY(
        SELECT a.attname FROM pg_attribute AS a
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (omitted)
          AND (NOT options ? 'columns' OR a.attname = ANY (named))));
    keys := events._row_schema(relation, true, key, hashed, rows.defs);
    defs := keys.defs || jsonb_build_object('row', rows.schema);
    IF key <> '{}' THEN
        defs := defs || jsonb_build_object('key', keys.schema);
    END IF;
    FOREACH word IN ARRAY
        CASE WHEN operation IS NULL THEN '{inserted,updated,deleted,truncated}' ELSE ARRAY[operation] END
    LOOP
        IF word = 'truncated' THEN
            changes := changes || '{"type": "object", "maxProperties": 0}';
            CONTINUE;
        END IF;
        change := jsonb_strip_nulls(jsonb_build_object(
            'key', CASE WHEN key <> '{}' THEN '{"$ref": "#/$defs/key"}'::jsonb END,
            'old', CASE WHEN word <> 'inserted' THEN '{"$ref": "#/$defs/row"}'::jsonb END,
            'new', CASE WHEN word <> 'deleted' THEN '{"$ref": "#/$defs/row"}'::jsonb END));
        IF word = 'updated' AND coalesce((options->'only_changed')::boolean, false) THEN
            defs := defs || jsonb_build_object('changed', rows.schema - 'required');
            change := change || '{"old": {"$ref": "#/$defs/changed"}, "new": {"$ref": "#/$defs/changed"}}';
        END IF;
        change := jsonb_build_object('type', 'object', 'properties', change, 'required',
            (SELECT jsonb_agg(k ORDER BY k) FROM jsonb_object_keys(change) AS k));
        IF options->>'granularity' = 'statement' THEN
            defs := defs || jsonb_build_object(word, change);
            change := jsonb_build_object('type', 'object', 'required', '["rows", "count"]'::jsonb, 'properties',
                jsonb_build_object(
                    'rows', jsonb_build_object('type', 'array', 'minItems', 1,
                                               'items', jsonb_build_object('$ref', '#/$defs/' || word)),
                    'count', '{"type": "integer", "minimum": 1}'::jsonb));
        END IF;
        changes := changes || change;
    END LOOP;
    IF operation = 'truncated' THEN
        defs := '{}';
    END IF;
    RETURN jsonb_build_object('$schema', 'https://json-schema.org/draft/2020-12/schema')
        || CASE WHEN defs = '{}' THEN '{}' ELSE jsonb_build_object('$defs', defs) END
        || CASE WHEN operation IS NULL THEN jsonb_build_object('anyOf', changes) ELSE changes->0 END;
END
$$;
COMMENT ON FUNCTION events._change_schema(oid, jsonb, text) IS
'The schema of the data of the events that events.publish_change() makes of a table with these options. operation: inserted, updated, deleted or truncated; NULL: any of them';

CREATE FUNCTION events._undescribed(body jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT body || jsonb_build_object('$defs', jsonb_object_agg(d.key, d.value || jsonb_build_object('properties', (
        SELECT jsonb_object_agg(p.key, p.value - 'description') FROM jsonb_each(d.value->'properties') AS p))))
    FROM jsonb_each(body->'$defs') AS d
$$;
COMMENT ON FUNCTION events._undescribed(jsonb) IS
'For events._write_change_schema(): a schema of events._change_schema() without what columns are described by';

-- Within a major version older events stay valid: a column or attribute that is
-- added is not required, as they lack it. One that goes away, or may not hold any
-- more what it could, makes a new major version. Comments are no change.
CREATE FUNCTION events._write_change_schema(name text, body jsonb)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    latest text := events.resolve_schema(name || '/latest');
    candidate jsonb := body;
    breaks boolean := false;
    version bigint[];
    before jsonb;
    def record;
BEGIN
    IF latest IS NULL THEN
        RETURN events.register_schema(name || '/1.0.0', body, allow_insecure => true);
    END IF;
    SELECT s.body INTO before FROM events.schema AS s WHERE s.uri = latest;
    FOR def IN
        SELECT d.key AS name, d.value->'properties' AS properties, d.value->'required' AS required,
               before->'$defs'->d.key->'required' AS required_before
        FROM jsonb_each(body->'$defs') AS d
        WHERE before->'$defs'->d.key ? 'required' AND d.value ? 'required'
    LOOP
        breaks := breaks OR NOT def.properties ?& ARRAY(SELECT jsonb_array_elements_text(def.required_before));
        candidate := jsonb_set(candidate, ARRAY['$defs', def.name, 'required'], (
            SELECT coalesce(jsonb_agg(r.c ORDER BY r.i), '[]')
            FROM jsonb_array_elements(def.required) WITH ORDINALITY AS r (c, i)
            WHERE def.required_before @> r.c));
    END LOOP;
    IF events._undescribed(candidate) = events._undescribed(before) THEN
        RETURN latest;
    END IF;
    breaks := breaks
        OR EXISTS (SELECT FROM events.schema_compatibility(before, candidate) AS c WHERE c.kind = 'backward');
    version := string_to_array(regexp_replace(events._schema_version(latest), '[-+].*', ''), '.');
    RETURN events.register_schema(
        CASE WHEN breaks THEN format('%s/%s.0.0', name, version[1] + 1)
             ELSE format('%s/%s.%s.0', name, version[1], version[2] + 1) END,
        CASE WHEN breaks THEN body ELSE candidate END, allow_insecure => true);
END
$$;
COMMENT ON FUNCTION events._write_change_schema(text, jsonb) IS
'Registers a schema under the version that follows from what has changed, if anything has; returns the URI of the version that is in force';

-- As the owner of the registry, for whoever may track the table.
CREATE FUNCTION events._write_changes(relation oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    kind record;
    schema_uri text;
    body jsonb;
    other record;
    existing events.type;
BEGIN
    -- the options may have been written by hand
    SELECT t.relation, t.options->>'schema' AS schema INTO other FROM events._tracking AS t
    WHERE t.relation <> relation AND NOT t.inherited AND t.options->>'schema' IN (
        SELECT k.options->>'schema' FROM events._tracking AS k WHERE k.relation = relation AND NOT k.inherited);
    IF FOUND THEN
        RAISE EXCEPTION 'schemas of the changes of table "%" would be those of table "%", too',
            relation::regclass, other.relation::regclass
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('Both have the option schema "%s".', other.schema),
                  HINT = 'events.track() gives the table its own.';
    END IF;
    FOR kind IN
        SELECT DISTINCT ON (type) replace(t.options->>'type', '{operation}', t.operation) AS type,
               replace(t.options->>'schema', '{operation}', t.operation) AS schema,
               CASE WHEN t.options->>'schema' LIKE '%{operation}' THEN t.operation END AS operation,
               t.options, ARRAY(SELECT replace(e, '{operation}', t.operation)
                                FROM jsonb_array_elements_text(t.options->'topic') WITH ORDINALITY AS e (e, i)
                                ORDER BY i) AS topic
        FROM events._tracking AS t
        WHERE t.relation = relation AND NOT t.inherited AND t.options ? 'type'
          -- as events._track_schema_name() writes it, so that it leads nowhere else
          AND t.options->>'schema' ~ '^/table/[\w%-]+\.[\w%-]+(;\d+)?/({operation}|changed)$'
        ORDER BY type, t.operation
    LOOP
        SELECT * INTO existing FROM events.type AS e WHERE e.name = kind.type;
        SELECT t.relation INTO other FROM events._tracking AS t
        WHERE t.relation <> relation AND NOT t.inherited
          AND starts_with(existing.schema_uri, replace(t.options->>'schema', '{operation}', t.operation) || '/');
        IF FOUND THEN
            RAISE EXCEPTION 'type "%" is that of the changes of table "%"', kind.type, other.relation::regclass
                USING ERRCODE = 'duplicate_object',
                      DETAIL = format('Events of table "%s" would have to look like those.', relation::regclass),
                      HINT = 'Give the table a type of its own, for example type => ''{schema}.{table}.{operation}''.';
        ELSIF existing.name IS NOT NULL AND NOT starts_with(existing.schema_uri, kind.schema || '/')
            AND NOT starts_with(existing.schema_uri, '/table/')
        THEN
            RAISE NOTICE 'type "%" is registered with schema "%", and stays so', kind.type, existing.schema_uri
                USING DETAIL = format('Changes of table "%s" whose events that schema does not accept cannot be made.',
                                      relation::regclass),
                      HINT = 'Give the table another type, or let events.unregister_type() precede events.track().';
            CONTINUE;
        END IF;
        body := events._change_schema(relation, kind.options, kind.operation);
        schema_uri := events._write_change_schema(kind.schema, body);
        IF existing.schema_uri IS DISTINCT FROM schema_uri
            OR kind.topic <> '{}' AND existing.topic IS DISTINCT FROM kind.topic
        THEN
            PERFORM events.register_type(kind.type, schema_uri, replace => true,
                sample => (SELECT events.sample(s.body) FROM events.schema AS s WHERE s.uri = schema_uri),
                topic => coalesce(nullif(kind.topic, '{}'), existing.topic),
                search_configuration => (
                    SELECT c.oid::regconfig
                    FROM pg_ts_config AS c JOIN pg_namespace AS n ON n.oid = c.cfgnamespace
                    WHERE format('%I.%I', n.nspname, c.cfgname) = existing.search_configuration));
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._write_changes(oid) IS
'For events._register_changes(): registers the schemas and types of the events that a tracked table makes, where they are new or have changed. Types that are registered with another schema are left alone, with a NOTICE; those of another tracked table raise 42710';
