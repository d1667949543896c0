-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Schemas out of samples
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.infer_schema(sample jsonb)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_infer_schema'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events.infer_schema(jsonb) IS
'A JSON Schema (2020-12) that the sample is valid by. One sample says little about what is optional: events.infer_schema_agg() takes many.';

CREATE FUNCTION events._infer_transition(state internal, sample jsonb)
RETURNS internal
AS 'MODULE_PATHNAME', 'ev_infer_transition'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION events._infer_transition(internal, jsonb) IS 'For events.infer_schema_agg()';

CREATE FUNCTION events._infer_combine(state internal, other internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'ev_infer_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION events._infer_combine(internal, internal) IS 'For events.infer_schema_agg()';

CREATE FUNCTION events._infer_serialize(state internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'ev_infer_serial'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events._infer_serialize(internal) IS 'For events.infer_schema_agg()';

CREATE FUNCTION events._infer_deserialize(bytes bytea, dummy internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'ev_infer_deserial'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events._infer_deserialize(bytea, internal) IS 'For events.infer_schema_agg()';

CREATE FUNCTION events._infer_final(state internal)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_infer_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION events._infer_final(internal) IS 'For events.infer_schema_agg()';

CREATE AGGREGATE events.infer_schema_agg(sample jsonb) (
    SFUNC = events._infer_transition,
    STYPE = internal,
    SSPACE = 65536,
    COMBINEFUNC = events._infer_combine,
    SERIALFUNC = events._infer_serialize,
    DESERIALFUNC = events._infer_deserialize,
    FINALFUNC = events._infer_final,
    FINALFUNC_MODIFY = READ_ONLY,
    PARALLEL = SAFE);
COMMENT ON AGGREGATE events.infer_schema_agg(jsonb) IS
'A JSON Schema (2020-12) that all samples are valid by; NULL without samples. SQL NULLs are skipped.
Properties that all objects of a place have are required. Types that differ make a union. A format is named when all strings of a place have it (times and addresses: from three values on), an enum when at least 20 samples hold at most 16 short strings, each five times on average and none of them just once. Names that are data (numbers, UUIDs, dates), or many names most of which each object lacks, make a map: additionalProperties. Bounds of numbers and lengths are left out, but for a generous maxLength beside format.
Memory is bounded: past 1000 names an object is a map, and what lies deeper than 100 levels, past 20000 different places or past 16 MB of names may be anything.';

CREATE FUNCTION events.discover_schema(type text, max_events int DEFAULT 1000)
RETURNS jsonb
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT events.infer_schema_agg(newest.data)
    FROM (SELECT recent.data
          FROM (SELECT e."position", e.type, e.data FROM events.event AS e
                ORDER BY e."position" DESC LIMIT 1000000) AS recent
          WHERE recent.type = discover_schema.type AND recent.data IS NOT NULL
          ORDER BY recent."position" DESC
          LIMIT greatest(discover_schema.max_events, 0)) AS newest
$$;
COMMENT ON FUNCTION events.discover_schema(text, int) IS
'A JSON Schema that the data of the newest events of a type are valid by (events.infer_schema_agg); NULL if there are none.
max_events: how many of them are looked at, of the newest million events of all types. Needs SELECT on events.event.';
