-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Schemas: is one safe to use, and does it keep the promises of another?
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.schema_risks(
    schema jsonb,
    OUT location text, OUT rule text, OUT message text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_safety_risks'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events.schema_risks(jsonb) IS
'What in a JSON Schema lets a hostile value cost more time than its size; no rows for a safe schema.
location is the JSON Pointer (RFC 6901) of the subschema; rule is one of
pattern, format: they need maxLength beside them;
patternProperties: it needs propertyNames with maxLength beside it;
uniqueItems: it needs maxItems beside it, unless the elements are scalars;
backtracking: a regular expression takes time exponential in the length of a string, whatever maxLength is.
The first four are the rules of the meta-schema json-schema-secure of ajv. A schema without $schema is read by the draft of events.schema_draft; the schema need not be valid.';
