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
backtracking: a regular expression takes time exponential in the length of a string, whatever maxLength is, or may take it because a part that it repeats is too large to be looked into.
The first four are the rules of the meta-schema json-schema-secure of ajv. A schema without $schema is read by the draft of events.schema_draft; the schema need not be valid.';

CREATE FUNCTION events.schema_compatibility(
    old_schema jsonb,
    new_schema jsonb,
    strict boolean DEFAULT false,
    OUT kind text, OUT location text, OUT change text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_safety_compatibility'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events.schema_compatibility(jsonb, jsonb, boolean) IS
'What a change of a JSON Schema breaks; no rows if both schemas accept the same data.
kind is backward: data that was valid under the old schema may be invalid under the new one; or forward: data that is valid under the new schema may be invalid under the old one. A change that breaks both has a row of each kind. location is the JSON Pointer (RFC 6901) of the subschema that refuses data, or, for a property that only one schema names, of that; it leads into the new schema for backward and into the old one for forward, unless only the other one has it. change says what it is about; what cannot be decided counts as broken and says so.
A property that one schema names and the other, which allows any property, does not: data of the other is taken not to have it, so that a new optional property breaks nothing. With strict it may have it, with any value.
Errors: 22023 a schema is malformed or refers to one that is not known.';
