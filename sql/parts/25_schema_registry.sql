-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- The registry: schemas by URI, types of events
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._schema_name(uri text)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_registry_schema_name'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events._schema_name(text) IS 'A schema''s URI without its version';

CREATE FUNCTION events._schema_version(uri text)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_registry_schema_version'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events._schema_version(text) IS
'The version that ends a schema''s URI (Semantic Versioning 2.0.0); NULL if it has none';

CREATE FUNCTION events._schema_claims(uri text, body jsonb, draft text)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_registry_schema_claims'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION events._schema_claims(text, jsonb, text) IS
'The URI that $id at the root of a schema gives to it; NULL if it is the one that it is registered under';

-- The collation is part of how versions are found: all of a name in one range.
CREATE TABLE events.schema (
    uri           text COLLATE "C" NOT NULL PRIMARY KEY CHECK (uri <> '' AND uri !~ '#'),
    body          jsonb            NOT NULL,
    draft         text             CHECK (draft IN ('draft-04', 'draft-06', 'draft-07', '2019-09', '2020-12')),
    description   text,
    registered_at timestamptz      NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    name          text COLLATE "C" GENERATED ALWAYS AS (events._schema_name(uri)) STORED,
    version       text COLLATE "C" GENERATED ALWAYS AS (events._schema_version(uri)) STORED,
    claims        text COLLATE "C" GENERATED ALWAYS AS (events._schema_claims(uri, body, draft)) STORED
);
CREATE INDEX schema_claims ON events.schema (claims) WHERE claims IS NOT NULL;
COMMENT ON TABLE events.schema IS
'JSON Schemas by URI; kept by events.register_schema() and events.unregister_schema()';
COMMENT ON COLUMN events.schema.uri IS 'Where others find it, for example /order/created/1.2.0';
COMMENT ON COLUMN events.schema.body IS 'The schema';
COMMENT ON COLUMN events.schema.draft IS
'The draft that it is written for, by $schema or else by events.schema_draft when it was registered; NULL: as events.schema_draft says when it is used. That is so where it is named by its URI; where another schema refers to it ($ref) and it has no $schema, it takes the draft of that one';
COMMENT ON COLUMN events.schema.name IS 'The URI without the version';
COMMENT ON COLUMN events.schema.version IS 'The version, if the URI ends in one (Semantic Versioning 2.0.0)';
COMMENT ON COLUMN events.schema.claims IS
'The URI that its $id gives to it, if that is another than uri; relative references in it are seen from there';

CREATE TABLE events.type (
    name          text COLLATE "C" NOT NULL PRIMARY KEY CHECK (name <> ''),
    schema_uri    text COLLATE "C" NOT NULL,
    sample        jsonb            NOT NULL,
    description   text,
    topic         text[],
    search_configuration text COLLATE "C",
    registered_at timestamptz      NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE events.type IS
'Registered types of events; kept by events.register_type() and events.unregister_type()';
COMMENT ON COLUMN events.type.name IS 'CloudEvents type, for example order.created';
COMMENT ON COLUMN events.type.schema_uri IS
'The schema of its data; a version left open (/order/created/1, /order/created/latest) is looked up with each event';
COMMENT ON COLUMN events.type.sample IS 'Valid data of such an event';
COMMENT ON COLUMN events.type.topic IS 'Topic of its events that are published without one; NULL: the type split at dots';
COMMENT ON COLUMN events.type.search_configuration IS
'Text search configuration of its events, with its schema; NULL: as events.search_configuration says';

-- What every backend keeps of these tables is forgotten when a row changes,
-- whoever changes it: also a restore, and a subscription, which fires neither
-- statement triggers nor those that are not enabled always.
CREATE FUNCTION events._registry_changed()
RETURNS trigger
AS 'MODULE_PATHNAME', 'ev_registry_changed'
LANGUAGE C;
COMMENT ON FUNCTION events._registry_changed() IS 'Tells all sessions that events.schema or events.type has changed';

CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON events.schema
FOR EACH ROW EXECUTE FUNCTION events._registry_changed();
CREATE TRIGGER registry_emptied AFTER TRUNCATE ON events.schema
FOR EACH STATEMENT EXECUTE FUNCTION events._registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON events.type
FOR EACH ROW EXECUTE FUNCTION events._registry_changed();
CREATE TRIGGER registry_emptied AFTER TRUNCATE ON events.type
FOR EACH STATEMENT EXECUTE FUNCTION events._registry_changed();
ALTER TABLE events.schema ENABLE ALWAYS TRIGGER registry_changed;
ALTER TABLE events.schema ENABLE ALWAYS TRIGGER registry_emptied;
ALTER TABLE events.type ENABLE ALWAYS TRIGGER registry_changed;
ALTER TABLE events.type ENABLE ALWAYS TRIGGER registry_emptied;

SELECT pg_catalog.pg_extension_config_dump('events.schema', '');
SELECT pg_catalog.pg_extension_config_dump('events.type', '');

-- ---- finding and using

CREATE FUNCTION events.resolve_schema(uri text)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_registry_resolve_schema'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events.resolve_schema(text) IS
'The URI of the registered schema that a URI leads to; NULL if there is none.
A version may be left open: /order/created/1 and /order/created/1.2 mean the greatest version that begins so, /order/created/latest and /order/created the greatest of all; pre-releases are found only by their whole version. With events.schema_base_uri, absolute URIs below it lead to schemas registered under relative ones, and the other way round.';

CREATE FUNCTION events.is_valid(data jsonb, schema_uri text, assert_format boolean DEFAULT NULL)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_registry_is_valid'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION events.is_valid(jsonb, text, boolean) IS
'Is the data valid under the registered schema with this URI (events.resolve_schema() says how it is found)? A fragment leads to a part of it, and the meta-schemas of the five drafts are known. NULL if data or schema_uri is NULL.
A text that begins with { is taken for a schema itself, so that a literal needs no cast; one of type jsonb also works where IMMUTABLE is asked for.
assert_format: whether format is checked; NULL as events.format_assertion says.
Errors: 42704 no such schema; 22023 the schema refers to one that is not registered.';

CREATE FUNCTION events.validate(data jsonb, schema_uri text, assert_format boolean DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_registry_validate'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION events.validate(jsonb, text, boolean) IS
'Returns the data if it is valid under the registered schema with this URI.
Errors: 23514 it is not, with a line for each failure (JSON Pointer and message) in DETAIL; otherwise as events.is_valid().';

CREATE FUNCTION events.validation_errors(data jsonb, schema_uri text, assert_format boolean DEFAULT NULL,
    OUT instance_location text, OUT keyword_location text, OUT keyword text, OUT message text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_registry_validation_errors'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION events.validation_errors(jsonb, text, boolean) IS
'Why the data is not valid under the registered schema with this URI: a row for each failure; none if it is valid.
Errors: as events.is_valid().';

CREATE FUNCTION events.validation_report(data jsonb, schema_uri text, assert_format boolean DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_registry_validation_report'
LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION events.validation_report(jsonb, text, boolean) IS
'The verdict of the registered schema with this URI as the output format "basic" (JSON Schema 2020-12 Core, section 12.4.2).
Errors: as events.is_valid().';

CREATE FUNCTION events.apply_defaults(data jsonb, schema_uri text)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_registry_apply_defaults'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events.apply_defaults(jsonb, text) IS
'The data with the defaults of the registered schema with this URI in the place of members that are missing.
Errors: as events.is_valid().';

-- ---- registering schemas

-- Two schemas are not to go by one URI: by $id the one, registered there the other.
CREATE FUNCTION events._check_claims(uri text, body jsonb, draft text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    claimed text := events._schema_claims(uri, body, draft);
    found_uri text := events.resolve_schema(claimed);
    other text;
BEGIN
    -- claimed may be the URI that events.schema_base_uri makes of uri
    IF claimed IS NOT NULL AND found_uri IS DISTINCT FROM uri THEN
        -- found under that very URI, not because it leaves its version open?
        IF events._schema_version(found_uri) IS NOT DISTINCT FROM events._schema_version(claimed)
            AND EXISTS (SELECT FROM events.schema AS s WHERE s.uri = found_uri AND s.body <> body)
        THEN
            RAISE EXCEPTION 'schema "%" claims to be another schema', uri
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('Its $id is "%s", and another body is registered under that URI.', claimed),
                      HINT = 'Let $id be the URI that the schema is registered under, or leave it out.';
        END IF;
        RAISE WARNING 'schema "%" has the $id "%"', uri, claimed
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'Relative references in it are seen from its $id, but others find it by the URI that it is registered under.',
                  HINT = 'Let $id be the URI that the schema is registered under, or leave it out.';
    END IF;
    FOR other IN
        SELECT s.uri FROM events.schema AS s
        WHERE s.claims = uri AND s.uri <> uri AND s.body <> body
        ORDER BY s.uri
    LOOP
        RAISE WARNING 'schema "%" has the $id "%", which is now another schema', other, uri
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = 'References to that URI lead to the schema that is registered under it, except those inside the other.',
                  HINT = 'Let the $id of the other be the URI that it is registered under.';
    END LOOP;
END
$$;
COMMENT ON FUNCTION events._check_claims(text, jsonb, text) IS
'For events.register_schema(), when the row is written: raises if $id names another registered schema; warns if it names another URI, and if other schemas have this one in their $id';

CREATE FUNCTION events._check_schema(
    uri text, body jsonb, replace boolean, allow_insecure boolean, force boolean,
    OUT uri_found text, OUT draft text, OUT is_new boolean, OUT is_complete boolean)
AS 'MODULE_PATHNAME', 'ev_registry_check_schema'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events._check_schema(text, jsonb, boolean, boolean, boolean) IS
'For events.register_schema(): raises what is wrong with a schema; else its URI, its draft, whether there is something to write, and whether all that it refers to is registered';

CREATE FUNCTION events.register_schema(
    uri            text,
    body           jsonb,
    replace        boolean DEFAULT false,
    allow_insecure boolean DEFAULT false,
    force          boolean DEFAULT false,
    description    text    DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    checked record;
    type_name text;
BEGIN
    -- One change of the registry at a time: the checks look at its other rows.
    LOCK TABLE events.schema, events.type IN SHARE ROW EXCLUSIVE MODE;
    checked := events._check_schema(uri, body, replace, allow_insecure, force);
    IF NOT checked.is_new THEN
        RETURN checked.uri_found;
    END IF;
    INSERT INTO events.schema AS s (uri, body, draft, description)
    VALUES (checked.uri_found, body, checked.draft, description)
    ON CONFLICT ON CONSTRAINT schema_pkey DO UPDATE
    SET body = excluded.body, draft = excluded.draft, registered_at = excluded.registered_at,
        description = coalesce(excluded.description, s.description);
    PERFORM events._check_claims(checked.uri_found, body, checked.draft);
    IF checked.is_complete THEN
        FOR type_name IN
            SELECT t.name FROM events.type AS t
            WHERE CASE WHEN events.resolve_schema(t.schema_uri) = checked.uri_found
                  THEN NOT events.is_valid(t.sample, t.schema_uri) END
            ORDER BY t.name
        LOOP
            RAISE WARNING 'the sample of type "%" is not valid under "%"', type_name, checked.uri_found
                USING ERRCODE = 'check_violation',
                      HINT = 'From now on events of this type are checked by that schema. See events.register_type().';
        END LOOP;
    END IF;
    RETURN checked.uri_found;
END
$$;
COMMENT ON FUNCTION events.register_schema(text, jsonb, boolean, boolean, boolean, text) IS
'Registers a JSON Schema under a URI, for example /order/created/1.2.0, and returns the URI. A last segment that is a version (Semantic Versioning 2.0.0) makes it a version of what stands before.
The schema is checked by the meta-schema of its draft ($schema, else events.schema_draft). To register the same body again does nothing. References to schemas that are not registered yet are told with a WARNING, so that the order does not matter. An $id at its root is to be that URI: another one is told with a WARNING, and refused where another body is registered under it.
replace: another body under the same URI takes its place. allow_insecure: though events.schema_risks() finds risks. force: though data that was valid under the greatest earlier version of the same major version may be invalid now, or data that is valid now under the next version.
Errors: 22023 malformed URI or schema, with locations in DETAIL, or a risky one, or one whose $id is the URI of another; 42710 another body has this URI; 55000 it breaks compatibility; 42501 the caller is neither owner of the extension nor admin.';

CREATE FUNCTION events._check_unused(uri text)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_registry_check_unused'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events._check_unused(text) IS
'For events.unregister_schema(): raises if the schema is not registered or a type uses it; else the URI as it is written';

CREATE FUNCTION events.unregister_schema(uri text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    registered text;
BEGIN
    LOCK TABLE events.schema, events.type IN SHARE ROW EXCLUSIVE MODE;
    registered := events._check_unused(uri);
    DELETE FROM events.schema AS s WHERE s.uri = registered;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'schema "%" was registered after this transaction began', registered
            USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;
COMMENT ON FUNCTION events.unregister_schema(text) IS
'Removes a schema from the registry; the URI is given in full. Schemas that refer to it are no longer usable.
Errors: 42704 it is not registered; 2BP01 a type of events uses it; 42501 the caller is neither owner of the extension nor admin.';

-- ---- registering types

CREATE FUNCTION events._check_type(name text, schema_uri text, sample jsonb, topic text[])
RETURNS text
AS 'MODULE_PATHNAME', 'ev_registry_check_type'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events._check_type(text, text, jsonb, text[]) IS
'For events.register_type(): raises what is wrong; else the schema''s URI as it is written in events.type';

CREATE FUNCTION events.register_type(
    name        text,
    schema_uri  text,
    sample      jsonb,
    description text    DEFAULT NULL,
    topic       text[]  DEFAULT NULL,
    replace     boolean DEFAULT false,
    search_configuration regconfig DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    checked_uri text;
    existing events.type;
    configuration text := (
        SELECT format('%I.%I', n.nspname, c.cfgname)
        FROM pg_ts_config AS c JOIN pg_namespace AS n ON n.oid = c.cfgnamespace
        WHERE c.oid = search_configuration);
BEGIN
    LOCK TABLE events.schema, events.type IN SHARE ROW EXCLUSIVE MODE;
    checked_uri := events._check_type(name, schema_uri, sample, topic);
    SELECT * INTO existing FROM events.type AS t WHERE t.name = name;
    IF existing.name IS NOT NULL AND NOT coalesce(replace, false) THEN
        IF (existing.schema_uri, existing.sample) = (checked_uri, sample)
            AND existing.topic IS NOT DISTINCT FROM topic
            AND existing.search_configuration IS NOT DISTINCT FROM configuration
            AND coalesce(description, existing.description) IS NOT DISTINCT FROM existing.description
        THEN
            RETURN name;
        END IF;
        RAISE EXCEPTION 'type "%" is already registered', name
            USING ERRCODE = 'duplicate_object',
                  DETAIL = format('Its schema is "%s".', existing.schema_uri),
                  HINT = 'replace => true changes it.';
    END IF;
    INSERT INTO events.type AS t (name, schema_uri, sample, description, topic, search_configuration)
    VALUES (name, checked_uri, sample, description, topic, configuration)
    ON CONFLICT ON CONSTRAINT type_pkey DO UPDATE
    SET schema_uri = excluded.schema_uri, sample = excluded.sample,
        description = coalesce(excluded.description, t.description), topic = excluded.topic,
        search_configuration = excluded.search_configuration, registered_at = excluded.registered_at;
    RETURN name;
END
$$;
COMMENT ON FUNCTION events.register_type(text, text, jsonb, text, text[], boolean, regconfig) IS
'Registers a type of events and returns its name: from now on the data of such events has to be valid under the schema, at every publish (see events.validate_mode).
schema_uri: a registered schema; when its version is left open (/order/created/1, /order/created/latest) the greatest that fits counts at each publish. sample: data of such an event; it has to be valid. topic: topic of events that are published without one. replace: changes a type that is registered. search_configuration: the text search configuration with which its events are filed and found, for example ''german''; NULL for that of the setting events.search_configuration; events filed before keep theirs until events.reindex_search(). To register the same again does nothing.
Errors: 22004 name, schema_uri or sample is NULL; 22023 malformed name or topic; 42704 the schema is not registered; 23514 the sample is not valid, with JSON Pointers in DETAIL; 42710 the type is registered otherwise; 42501 the caller is neither owner of the extension nor admin.';

CREATE FUNCTION events.unregister_type(name text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    LOCK TABLE events.schema, events.type IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM events.type AS t WHERE t.name = name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'type "%" is not registered', coalesce(name, 'NULL')
            USING ERRCODE = 'undefined_object';
    END IF;
END
$$;
COMMENT ON FUNCTION events.unregister_type(text) IS
'Removes a type of events: its events are published without a check, or refused in mode strict. Events that were published stay.
Errors: 42704 it is not registered; 42501 the caller is neither owner of the extension nor admin.';
