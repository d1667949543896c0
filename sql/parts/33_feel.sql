-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- FEEL: the expression language of DMN 1.5
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.feel(expression text, context jsonb DEFAULT '{}')
RETURNS jsonb
AS 'MODULE_PATHNAME', 'ev_feel'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION events.feel(text, jsonb) IS
'The value of a FEEL expression (DMN 1.5). The members of context, a JSON object, are the names that it can use.
What goes wrong inside is null, as FEEL wants it; events.feel_problems() says why. null is JSON''s null; the result is SQL''s NULL only if the expression is. Dates, times and durations come out as strings, ranges as objects, functions as null.
IMMUTABLE but for now() and today(), which are the start of the transaction: an index must not use them.
Errors: 42601 it is not FEEL (DETAIL has line and column); 54001 it passed events.feel_step_limit, feel_depth_limit or feel_memory_limit; 22023 context is no object.';

CREATE FUNCTION events.feel_test(expression text, context jsonb DEFAULT '{}')
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_feel_test'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION events.feel_test(text, jsonb) IS
'Is a FEEL expression true? null, and whatever is not true, is false, as it is for filters of events.
Errors: as events.feel().';

CREATE FUNCTION events.feel_unary(tests text, input jsonb, context jsonb DEFAULT '{}')
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_feel_unary'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION events.feel_unary(text, jsonb, jsonb) IS
'Does the input pass FEEL unary tests, the language of cells in decision tables? Examples: < 5 · [1..3], 7 · "a", "b" · not(null) · starts with(?, "x"). In the tests ? is the input; - is true of everything. NULL where FEEL says null.
Errors: as events.feel().';

CREATE FUNCTION events.check_feel(expression text, unary boolean DEFAULT false)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_check_feel'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION events.check_feel(text, boolean) IS
'Raises unless the text is FEEL: an expression, or unary tests. Names need not be known, what they mean shows when it is evaluated; but a function that is called must be there.
Errors: 42601 with line and column (characters, from 1) in DETAIL; 54001 it is nested more deeply than events.feel_depth_limit.';

CREATE FUNCTION events.feel_problems(expression text, context jsonb DEFAULT '{}')
RETURNS TABLE (line integer, column_number integer, message text)
AS 'MODULE_PATHNAME', 'ev_feel_problems'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION events.feel_problems(text, jsonb) IS
'Why parts of a FEEL expression are null: evaluates it as events.feel() does, and tells what went wrong where (line, and column in characters, from 1), in the order in which it happened. No row: nothing went wrong.
Errors: as events.feel().';
