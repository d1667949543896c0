-- SPDX-License-Identifier: PostgreSQL
--
-- What has to hold for any schema and any value.
--
-- Each fuzz_ function looks at one law and returns NULL, or a text that says how
-- it was broken.  A malformed schema and a limit are clear errors, and no law
-- speaks of them; any other error is a breach of its own.  fuzz_pair() looks at
-- all of them for one pair.

CREATE SCHEMA fuzz;

-- The errors that a schema or a value can deserve: it is malformed, it is beyond
-- a limit, it has no answer, or it has bytes that are no characters; anything else is a
-- defect.
CREATE FUNCTION fuzz.is_clear(state text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN state = '22023' OR state LIKE '54%'
	OR (state = '22021' AND current_setting('server_encoding') = 'SQL_ASCII');

-- The verdict: 'true', 'false' or the SQLSTATE of the error.
CREATE FUNCTION fuzz.verdict(data jsonb, body jsonb, assert_format boolean DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN events.is_valid(data, body, assert_format);
EXCEPTION WHEN OTHERS THEN
	IF NOT fuzz.is_clear(SQLSTATE) THEN RAISE; END IF;
	RETURN SQLSTATE;
END
$$;

-- is_valid, validation_errors, validation_report and validate say the same.
CREATE FUNCTION fuzz.functions_agree(data jsonb, body jsonb, assert_format boolean)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict text := fuzz.verdict(data, body, assert_format);
	errors bigint;
	report jsonb;
	raised text;
BEGIN
	BEGIN
		PERFORM events.validate(data, body, assert_format);
		raised := 'true';
	EXCEPTION WHEN check_violation THEN
		raised := 'false';
	WHEN OTHERS THEN
		raised := SQLSTATE;
	END;
	-- a limit can be met by one way of evaluating and not by another
	IF verdict NOT IN ('true', 'false') OR raised LIKE '54%' THEN
		RETURN CASE WHEN verdict NOT LIKE '54%' AND raised NOT LIKE '54%' AND raised <> verdict
			THEN format('is_valid raises %s, validate %s', verdict, raised) END;
	END IF;
	SELECT count(*) INTO errors FROM events.validation_errors(data, body, assert_format);
	report := events.validation_report(data, body, assert_format);
	IF raised <> verdict OR (errors = 0) <> verdict::boolean
		OR (report->>'valid')::boolean <> verdict::boolean
	THEN
		RETURN format('is_valid %s, validate %s, %s errors, report %s', verdict, raised, errors,
			report->'valid');
	END IF;
	RETURN NULL;
END
$$;

-- A schema means the same under allOf and with what was evaluated recorded, and
-- the opposite under `not`.
CREATE FUNCTION fuzz.wrappers_agree(data jsonb, body jsonb, definitions text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict text := fuzz.verdict(data, body);
	draft jsonb := jsonb_build_object('$schema', body->'$schema');
	inner_part jsonb;
	wrapped text;
	law text;
BEGIN
	IF jsonb_typeof(body) <> 'object' OR verdict NOT IN ('true', 'false') OR body ? '$id'
		OR body ? 'id' OR body ? '$ref'
	THEN
		RETURN NULL;
	END IF;
	IF body ? definitions THEN
		draft := draft || jsonb_build_object(definitions, body->definitions);
	END IF;
	inner_part := body - '$schema'::text - definitions;
	FOREACH law IN ARRAY ARRAY['all', 'any', 'not', 'track'] LOOP
		wrapped := fuzz.verdict(data, draft || CASE law
			WHEN 'all' THEN jsonb_build_object('allOf', jsonb_build_array(inner_part))
			WHEN 'any' THEN jsonb_build_object('anyOf', jsonb_build_array(inner_part, inner_part))
			WHEN 'not' THEN jsonb_build_object('not', inner_part)
			ELSE jsonb_build_object('allOf', jsonb_build_array(inner_part),
				'unevaluatedProperties', true, 'unevaluatedItems', true) END);
		-- a circle of references is met only by who goes that way
		CONTINUE WHEN wrapped = '22023' AND body::text LIKE '%$ref"%';
		IF wrapped NOT LIKE '54%' AND wrapped <> (CASE law WHEN 'not'
			THEN (NOT verdict::boolean)::text ELSE verdict END)
		THEN
			RETURN format('%s, but under "%s" %s', verdict, law, wrapped);
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;

-- Without a default nothing is filled in (meta-schemas have some); a member that is not there
-- and has one is, whatever else its schema says.
CREATE FUNCTION fuzz.defaults_apply(data jsonb, body jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	filled jsonb := events.apply_defaults(data, body);
BEGIN
	IF body::text NOT LIKE '%"default"%' AND body::text NOT LIKE '%$ref"%' AND filled <> data THEN
		RETURN format('apply_defaults without defaults makes %s', filled);
	END IF;
	IF jsonb_typeof(data) = 'object' AND jsonb_typeof(body->'properties') = 'object'
		AND NOT body ? '$ref' AND EXISTS (
			SELECT FROM jsonb_each(body->'properties') AS property (name, subschema)
			WHERE jsonb_typeof(subschema) = 'object' AND subschema ? 'default'
				AND NOT subschema ? '$ref' AND NOT data ? name AND NOT filled ? name)
	THEN
		RETURN format('apply_defaults leaves out a default: %s', filled);
	END IF;
	IF jsonb_typeof(filled) <> jsonb_typeof(data) THEN
		RETURN format('apply_defaults makes %s', filled);
	END IF;
	-- a default that refers to itself is filled in one step at a time
	IF body::text NOT LIKE '%$ref%' AND events.apply_defaults(filled, body) <> filled THEN
		RETURN format('apply_defaults is not done after once: %s', filled);
	END IF;
	RETURN NULL;
END
$$;

CREATE FUNCTION fuzz.sample_is_valid(body jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	sample jsonb := events.sample(body);
BEGIN
	IF sample IS NOT NULL AND NOT events.is_valid(sample, body) THEN
		RETURN format('sample %s is not valid', sample);
	END IF;
	RETURN NULL;
END
$$;

CREATE FUNCTION fuzz.inferred_accepts(data jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	inferred jsonb := events.infer_schema(data);
BEGIN
	IF NOT events.is_valid(data, inferred, true) THEN
		RETURN format('inferred %s does not accept its sample', inferred);
	END IF;
	RETURN NULL;
END
$$;

-- A schema is compatible with itself; and if another is said to be so, then what
-- is valid under the one is valid under the other.
CREATE FUNCTION fuzz.compatibility_holds(data jsonb, body jsonb, other jsonb)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	broken text;
BEGIN
	SELECT format('incompatible with itself: %s', c) INTO broken
		FROM events.schema_compatibility(body, body, strict => true) c LIMIT 1;
	IF broken IS NULL AND fuzz.verdict(data, body) = 'true' AND fuzz.verdict(data, other) = 'false'
		AND NOT EXISTS (SELECT FROM events.schema_compatibility(body, other, strict => true)
			WHERE kind = 'backward')
	THEN
		broken := 'said to be backward compatible, but is not: ' || other::text;
	END IF;
	IF broken IS NULL AND fuzz.verdict(data, body) = 'false' AND fuzz.verdict(data, other) = 'true'
		AND NOT EXISTS (SELECT FROM events.schema_compatibility(body, other, strict => true)
			WHERE kind = 'forward')
	THEN
		broken := 'said to be forward compatible, but is not: ' || other::text;
	END IF;
	RETURN broken;
END
$$;

-- These have no law yet but that they end, and with a clear error at most.
CREATE FUNCTION fuzz.others_answer(body jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM events.schema_risks(body);
	PERFORM events.typescript(body);
	RETURN NULL;
END
$$;

-- The texts of the laws that a pair breaks.
CREATE FUNCTION fuzz.pair(data jsonb, body jsonb, other jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	found text;
	broken text := '';
	law integer;
	definitions text := CASE WHEN body ? '$defs' THEN '$defs' ELSE 'definitions' END;
BEGIN
	FOR law IN 1 .. 8 LOOP
		BEGIN
			found := CASE law
				WHEN 1 THEN fuzz.functions_agree(data, body, NULL)
				WHEN 2 THEN fuzz.functions_agree(data, body, true)
				WHEN 3 THEN fuzz.wrappers_agree(data, body, definitions)
				WHEN 4 THEN fuzz.defaults_apply(data, body)
				WHEN 5 THEN fuzz.sample_is_valid(body)
				WHEN 6 THEN fuzz.inferred_accepts(data)
				WHEN 7 THEN fuzz.compatibility_holds(data, body, other)
				WHEN 8 THEN fuzz.others_answer(body) END;
		EXCEPTION WHEN OTHERS THEN
			found := CASE WHEN NOT fuzz.is_clear(SQLSTATE)
				THEN format('error %s: %s', SQLSTATE, SQLERRM) END;
		END;
		IF found IS NOT NULL THEN
			broken := broken || format('[law %s] %s ', law, found);
		END IF;
	END LOOP;
	RETURN nullif(broken, '');
END
$$;
