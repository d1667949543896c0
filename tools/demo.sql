-- SPDX-License-Identifier: PostgreSQL
--
-- demo.sql: what tools/demo runs inside its database.
--
-- Schema demo holds the input (a line of a file each), what was published (the
-- ids that publish() gave to transactions which then committed), and what the
-- receivers say arrived.  Nothing here reads the tables of the extension: the
-- comparison is between the publisher's and the receivers' own records.

CREATE SCHEMA demo;

CREATE TABLE demo.line (
	n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	line jsonb NOT NULL
);

CREATE TABLE demo.published (
	n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id text NOT NULL,
	type text NOT NULL,
	data jsonb
);

CREATE TABLE demo.arrived (
	n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	receiver text NOT NULL,
	event jsonb NOT NULL
);

-- What a receiver wrote: an event to a line, or an array of them (long-poll).
CREATE TABLE demo.received (
	n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	line jsonb NOT NULL
);

CREATE TABLE demo.tally (committed int, rolled_back int, savepoints int, events_rolled_back int);
INSERT INTO demo.tally VALUES (0, 0, 0, 0);

-- A line as a CloudEvent: as it is when it is one (without the id, which would
-- make the second publication a repetition), else made of the names of its
-- source and schema.
CREATE FUNCTION demo.as_event(line jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN line ? 'specversion' THEN line - 'id' ELSE
		jsonb_build_object(
			'specversion', '1.0',
			'source', '/' || (line ->> 'source'),
			'type', replace(name, '/', '.'),
			'topic', name,
			'datacontenttype', 'application/json',
			'data', line -> 'event')
		END
	FROM coalesce(
		line ->> 'schema',
		concat(line ->> 'source', '/', regexp_replace(line ->> 'origin', '^.*/|\.json$', '', 'g'))
	) AS name
$$;

-- Publishes a line and notes what publish() answered.
CREATE PROCEDURE demo.publish_line(line jsonb, subject text DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
	event jsonb := demo.as_event(line);
BEGIN
	IF subject IS NOT NULL THEN
		event := event || jsonb_build_object('subject', subject);
	END IF;
	INSERT INTO demo.published (id, type, data)
	VALUES (events.publish(event), event ->> 'type', event -> 'data');
END
$$;

-- Publishes all lines, three to a transaction.  Before every third transaction
-- the same lines are published in one that is rolled back; in every fourth, a
-- savepoint is.  What is rolled back says so in its subject, so that it can be
-- found if it arrives.
CREATE PROCEDURE demo.publish_all(pause float8)
LANGUAGE plpgsql AS $$
DECLARE
	lines jsonb[];
	line jsonb;
	last bigint := 0;
	round int := 0;
BEGIN
	LOOP
		SELECT array_agg(l.line ORDER BY l.n), max(l.n) INTO lines, last
		FROM (SELECT * FROM demo.line WHERE n > last ORDER BY n LIMIT 3) AS l;
		EXIT WHEN lines IS NULL;
		round := round + 1;

		IF round % 3 = 0 THEN
			FOREACH line IN ARRAY lines LOOP
				CALL demo.publish_line(line, 'rolled back');
			END LOOP;
			ROLLBACK;
			UPDATE demo.tally SET rolled_back = rolled_back + 1,
				events_rolled_back = events_rolled_back + cardinality(lines);
		END IF;

		FOREACH line IN ARRAY lines LOOP
			CALL demo.publish_line(line);
		END LOOP;
		IF round % 4 = 0 THEN
			BEGIN
				CALL demo.publish_line(lines[1], 'rolled back');
				RAISE EXCEPTION 'the application changes its mind';
			EXCEPTION WHEN raise_exception THEN
				UPDATE demo.tally SET savepoints = savepoints + 1,
					events_rolled_back = events_rolled_back + 1;
			END;
		END IF;
		UPDATE demo.tally SET committed = committed + 1;
		COMMIT;
		PERFORM pg_sleep(pause);
	END LOOP;
END
$$;

CREATE PROCEDURE demo.note_arrivals(receiver text)
LANGUAGE sql AS $$
	INSERT INTO demo.arrived (receiver, event)
	SELECT note_arrivals.receiver, event
	FROM demo.received, jsonb_array_elements(
		CASE jsonb_typeof(line) WHEN 'array' THEN line ELSE jsonb_build_array(line) END
	) WITH ORDINALITY AS element (event, at)
	ORDER BY n, at;
	TRUNCATE demo.received;
$$;

-- One line for each receiver: what it got, held against what was published.
CREATE VIEW demo.verdict AS
WITH want AS (
	SELECT count(*) AS events, array_agg(id ORDER BY n) AS ids, array_agg(data ORDER BY n) AS data
	FROM demo.published
),
got AS (
	SELECT receiver,
		count(*) AS events,
		count(*) - count(DISTINCT event ->> 'id') AS repeated,
		count(*) FILTER (WHERE event ->> 'subject' = 'rolled back') AS rolled_back,
		array_agg(event ->> 'id' ORDER BY n) AS ids,
		array_agg(event -> 'data' ORDER BY n) AS data,
		array_agg(event ->> 'sequence' ORDER BY n) AS sequences,
		array_agg(event ->> 'sequence' ORDER BY event ->> 'sequence' COLLATE "C") AS sorted
	FROM demo.arrived GROUP BY receiver
)
SELECT receiver, got.events AS arrived,
	(SELECT count(*) FROM unnest(want.ids) AS id WHERE id <> ALL (got.ids)) AS missing,
	got.repeated, got.rolled_back,
	got.ids = want.ids AND got.sequences = got.sorted AS in_order,
	got.data IS NOT DISTINCT FROM want.data AS same_data,
	got.ids = want.ids AND got.sequences = got.sorted AND got.data IS NOT DISTINCT FROM want.data
		AND got.rolled_back = 0 AS ok
FROM got, want;

-- One committed event of the input, for the trickle.
CREATE FUNCTION demo.publish_any() RETURNS text
LANGUAGE sql AS $$
	SELECT events.publish(demo.as_event(line) - 'time')
	FROM demo.line ORDER BY random() LIMIT 1
$$;
