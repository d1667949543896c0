-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- JSON Schema: values against schemas given as jsonb
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.is_valid(data jsonb, schema jsonb, assert_format boolean DEFAULT NULL)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_is_valid'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION events.is_valid(jsonb, jsonb, boolean) IS
'Is the value valid against the schema? NULL if one of them is NULL.
The draft (4, 6, 7, 2019-09 or 2020-12) is that of $schema, else of events.schema_draft. Numbers are compared exactly, lengths counted in code points, patterns have the meaning of ECMA-262. assert_format: is format checked (true), an annotation (false), or as events.format_assertion says (NULL). Fit for CHECK constraints, generated columns and indexes if the schema there does not refer to registered ones: a restore may check the rows before it has filled the registry, and when a registered schema is replaced, rows are not checked again.
Errors: 22023 the schema is malformed, refers to something unknown, or to itself without end; 54001 value and schema nest too deeply, or a pattern takes more than events.pattern_match_limit. JSON Schema 2020-12, Core 7 to 11, Validation 6 and 7.';

CREATE FUNCTION events.validate(data jsonb, schema jsonb, assert_format boolean DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_validate'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION events.validate(jsonb, jsonb, boolean) IS
'Returns the value if it is valid against the schema, and raises an error if not.
Errors: 23514 the value is not valid: DETAIL has a line for each of the first failures, the JSON Pointer of the place (nothing for the whole value) and what must be; else as for events.is_valid().';

CREATE FUNCTION events.validation_errors(
    data jsonb,
    schema jsonb,
    assert_format boolean DEFAULT NULL,
    OUT instance_location text, OUT keyword_location text, OUT keyword text, OUT message text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_validation_errors'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 ROWS 5;
COMMENT ON FUNCTION events.validation_errors(jsonb, jsonb, boolean) IS
'Why the value is not valid: a row for each broken rule, at most 1,000; none if it is valid.
instance_location is the JSON Pointer (RFC 6901) of the place in the value, keyword_location that of the keyword along the path of evaluation, through references. Where anyOf or oneOf fails, the failures of its branches come first. What a schema that is false refuses has the keyword that applied it.
Errors: as for events.is_valid(). JSON Schema 2020-12, Core 12.3.';

CREATE FUNCTION events.validation_report(data jsonb, schema jsonb, assert_format boolean DEFAULT NULL)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_validation_report'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION events.validation_report(jsonb, jsonb, boolean) IS
'The failures in the standard output format "basic": an object with valid and, if that is false, errors, an array of objects with keywordLocation, absoluteKeywordLocation (where the schema has an absolute URI), instanceLocation and error; at most 1,000.
Errors: as for events.is_valid(). JSON Schema 2020-12, Core 12.4.2.';

CREATE FUNCTION events.apply_defaults(data jsonb, schema jsonb)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_apply_defaults'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION events.apply_defaults(jsonb, jsonb) IS
'Returns the value with missing properties filled in from default of their schemas, in all objects and arrays of it, and in what was filled in; nothing that is there is changed.
References and allOf are followed, then, else, dependentSchemas and branches of anyOf and oneOf where they hold for the value. The result need not be valid: events.validate() tells.
Errors: as for events.is_valid(); 54000 if what is filled in comes to more than 64 MB. JSON Schema 2020-12, Validation 9.2.';
