-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Capture: the trigger function
-- ---------------------------------------------------------------------------

CREATE FUNCTION events.publish_change()
RETURNS trigger
AS 'MODULE_PATHNAME', 'ev_publish_change'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.publish_change() IS
'Trigger function: publishes the changes of a table when the transaction commits. events.track() makes its triggers; by hand: AFTER INSERT, UPDATE, DELETE or TRUNCATE, FOR EACH STATEMENT with transition tables (REFERENCING OLD TABLE ... NEW TABLE ...) or FOR EACH ROW. Whoever changes the table needs no right on schema events.
Its one argument is a JSON object; each member may be left out. type: of the events, {table}.{operation} without it; {schema}, {table} and {operation} (inserted, updated, deleted, truncated) are filled in. topic: array of strings, filled in likewise. source. columns: array of those to publish. redact: object of columns with "omit" or "hash" (sha256:..., with events.redact_key an HMAC). when: an SQL condition over rows old and new; names are looked up in pg_catalog and the table''s schema, or by search_path. key: array of columns that make subject and data.key, the primary key without it. granularity: "row" or "statement" (one event of all rows of a statement). only_changed: updates carry only the columns that changed, and none means no event. schema: events whose type is registered with a version of this schema, one that events.track() has made (/table/...), are right by construction and not validated. inherited: true where a parent table has the same trigger, so that a TRUNCATE of the parent is one event.
data: {"key": {...}, "old": {...}, "new": {...}} as far as there are any, with values as to_jsonb() gives them; {"rows": [...], "count": n} for a statement; {} for TRUNCATE.
Errors: 39P01 not a trigger, or one of another kind; 22023 an option is not valid; 42703 a column is not there; 09000 an UPDATE whose old and new rows cannot be told apart; and those of events.publish().';
