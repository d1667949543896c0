-- What events.publish_change() refuses.
CREATE TABLE refusing (id int PRIMARY KEY, v int);
-- A row trigger with these options; what an insertion says then.
CREATE FUNCTION try(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE format('CREATE TRIGGER refusing AFTER INSERT ON refusing FOR EACH ROW EXECUTE FUNCTION events.publish_change(%L)',
                   options);
    INSERT INTO refusing VALUES (1, 1);
    RAISE EXCEPTION 'nothing is wrong';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', state || ' ' || message, 'DETAIL: ' || nullif(detail, ''), 'HINT: ' || nullif(hint, ''));
END
$$;
\pset format unaligned
\pset tuples_only on
SELECT try(options) FROM unnest(ARRAY[
    'no json', '[]', '"text"', '{"tpye": "x"}', '{"type": 1}', '{"type": ""}', '{"type": "a\u0001"}', '{"topic": "x"}',
    '{"topic": []}', '{"topic": ["a", ""]}', '{"topic": ["a", 1]}', '{"columns": []}', '{"columns": ["v", "v"]}',
    '{"columns": ["x"]}', '{"redact": []}', '{"redact": {"v": "hide"}}', '{"redact": {"x": "omit"}}', '{"key": ["x"]}',
    '{"key": ["id"], "redact": {"id": "omit"}}', '{"granularity": "table"}', '{"granularity": "statement"}',
    '{"only_changed": 1}', '{"source": "not a uri"}', '{"inherited": "yes"}', '{"schema": null}', '{"when": ""}',
    '{"when": "1"}', '{"when": "new.x = 1"}', '{"when": "new.id ="}', '{"when": "new.id = 1 AS x"}', '{"when": "true, false"}',
    '{"when": "true FROM refusing"}', '{"when": "(SELECT true)"}', '{"when": "count(*) > 1"}',
    '{"when": "generate_series(1, 2) = 1"}', '{"when": "new.ctid IS NULL"}', '{"when": "true; DROP TABLE refusing"}',
    '{"when": "no_such_function(new.id)"}', '{"search_path": 1}']) AS options;
\pset format aligned
\pset tuples_only off
-- where the fault is
CREATE TRIGGER t AFTER INSERT ON refusing FOR EACH ROW EXECUTE FUNCTION events.publish_change('{"when": "new.id > 0 AND new.missing = 1"}');
INSERT INTO refusing VALUES (1, 1);
DROP TRIGGER t ON refusing;
CREATE TRIGGER t AFTER INSERT ON refusing FOR EACH ROW EXECUTE FUNCTION events.publish_change('{"when": "1 / (new.id - 1) = 1"}');
INSERT INTO refusing VALUES (1, 1);
DROP TRIGGER t ON refusing;
-- a column that has gone away
CREATE TRIGGER t AFTER INSERT ON refusing FOR EACH ROW EXECUTE FUNCTION events.publish_change('{"columns": ["v"]}');
INSERT INTO refusing VALUES (1, 1);
ALTER TABLE refusing DROP COLUMN v;
INSERT INTO refusing VALUES (2);
ALTER TABLE refusing ADD COLUMN v int;
INSERT INTO refusing VALUES (3);
DROP TRIGGER t ON refusing;
-- triggers of another kind
SELECT events.publish_change();
CREATE TRIGGER t BEFORE INSERT ON refusing FOR EACH ROW EXECUTE FUNCTION events.publish_change();
INSERT INTO refusing VALUES (4, 1);
DROP TRIGGER t ON refusing;
CREATE TRIGGER t AFTER INSERT ON refusing EXECUTE FUNCTION events.publish_change();
INSERT INTO refusing VALUES (4, 1);
DROP TRIGGER t ON refusing;
CREATE TRIGGER t AFTER UPDATE ON refusing REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION events.publish_change();
UPDATE refusing SET v = 2;
DROP TRIGGER t ON refusing;
CREATE TRIGGER t AFTER INSERT ON refusing FOR EACH ROW EXECUTE FUNCTION events.publish_change('{}', '{}');
INSERT INTO refusing VALUES (4, 1);
DROP TRIGGER t ON refusing;
CREATE VIEW refusing_view AS SELECT * FROM refusing;
CREATE TRIGGER t INSTEAD OF INSERT ON refusing_view FOR EACH ROW EXECUTE FUNCTION events.publish_change();
INSERT INTO refusing_view VALUES (4, 1);
DROP VIEW refusing_view;
DROP FUNCTION try(text);
DROP TABLE refusing;
