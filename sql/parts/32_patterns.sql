-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Event patterns: the language of EventBridge, and CloudEvents filters
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.matches(event jsonb, pattern jsonb)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_matches'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION events.matches(jsonb, jsonb) IS
'Does the event match the pattern? NULL if one of them is NULL; false if the event is not an object.
The pattern is an event pattern as EventBridge has them: an object in the shape of the events, whose leaves are arrays of values and of the operators exactly, prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, cidr and exists; $or chooses between objects. Names of EventBridge''s envelope are aliases: detail-type for type, detail for data, where the event has no such member. Or it is a filter of the CloudEvents Subscriptions API (exact, prefix, suffix, all, any, not), or an array of such filters, all of which must hold. Compiled patterns are kept, up to events.pattern_cache_size.
Errors: 22023 the pattern is malformed; 54001 it nests too deeply, or matching passed events.pattern_step_limit or the stack.';

CREATE FUNCTION events.check_pattern(pattern text)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_check_pattern'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION events.check_pattern(text) IS
'Raises an error if the text is no event pattern; its DETAIL has the JSON Pointer of what is wrong, with the line and the column (in characters, from 1).
Errors: 22P02 the text is not JSON; 22P05 it has an escape that jsonb cannot hold; 22023 it is no pattern; 54001 it nests too deeply.';

CREATE FUNCTION events._match_set(event jsonb, patterns jsonb[])
RETURNS int[]
AS 'MODULE_PATHNAME', 'ev_match_set'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION events._match_set(jsonb, jsonb[]) IS
'Which of the patterns does the event match? Their places in the array, from 1, ascending; a pattern that is NULL matches nothing. The patterns are compiled into one index, which is kept as for events.matches().
Errors: as for events.matches(); DETAIL has the number of the pattern.';
REVOKE EXECUTE ON FUNCTION events._match_set(jsonb, jsonb[]) FROM PUBLIC;

CREATE FUNCTION events.explain_match(
    event jsonb,
    pattern jsonb,
    OUT location text, OUT condition jsonb, OUT found jsonb, OUT matches boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ev_explain_match'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 5;
COMMENT ON FUNCTION events.explain_match(jsonb, jsonb) IS
'Why the event matches the pattern, or does not: a row for each condition of the pattern, in its order.
location is the JSON Pointer of the condition in the pattern; found has the values that the event has there (one as it is, several as an array, NULL: none); matches says if the condition holds by itself. Where conditions hold by themselves but not together, as they must in the same elements of arrays, a last row with the location '''' and the whole pattern says that it does not match.
Errors: as for events.matches(); 54000 the event has more than 65,536 values at these places.';
