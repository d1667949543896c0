-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Types for clients, samples
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.typescript(schema jsonb, name text DEFAULT 'Event')
RETURNS text
AS 'MODULE_PATHNAME', 'ev_typescript'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events.typescript(jsonb, text) IS
'TypeScript types for a JSON Schema: every value that is valid by the schema can be assigned to the first one, which has the name given (made an identifier); schemas that references lead to are types with names of their own.
What TypeScript cannot say (bounds, patterns, not) makes the types wider. Objects are open unless additionalProperties is false, schemas without type take values of every kind, and so do their types.
Errors: 22023 the schema is malformed or a reference leads nowhere.';

CREATE FUNCTION events.typescript(type text)
RETURNS text
AS 'MODULE_PATHNAME', 'ev_registry_typescript'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events.typescript(text) IS
'TypeScript types for a registered type of events: the event as a CloudEvent whose type is that literal, and its data by the registered schema. Where no type has that name, types for the registered schema with that URI.
A text that is a JSON object is taken for a schema itself, as if it were cast to jsonb.
Errors: 42704 neither a type nor a schema is registered under that name; otherwise as for the other form.';

CREATE FUNCTION events.sample(schema jsonb)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_sample'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION events.sample(jsonb) IS
'A small value that is valid by a JSON Schema: required properties only; const, default, examples and enum are used where they are valid.
Errors: 22023 the schema is malformed, or no valid value was found (DETAIL says for which place; finding one is a bounded search).';
