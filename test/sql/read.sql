-- events.read(), events._feed() and friends: filters, limits, cursors.
SELECT events.horizon() AS start \gset
SELECT count(events.publish(type, to_jsonb(n), topic)) FROM (VALUES
    (1, 'order.created', ARRAY['order','created']),
    (2, 'order.paid', ARRAY['order','paid','eu']),
    (3, 'orders', ARRAY['orders']),
    (4, 'service.up', ARRAY['service','production']),
    (5, 'service.down', ARRAY['service','test']),
    (6, 'star', ARRAY['*']),
    (7, 'build.done', ARRAY['ci','build','done'])) AS v(n, type, topic);
CREATE FUNCTION got(topics text[], types text[]) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT string_agg(data::text, ' ' ORDER BY position) FROM events.read(events.horizon() - 7, NULL, topics, types) $$;

SELECT got(NULL, NULL) AS all_, got(ARRAY['order'], NULL) AS prefix, got(ARRAY['order','paid'], NULL) AS longer,
       got(ARRAY['*','created'], NULL) AS star_first, got(ARRAY['order','*','eu'], NULL) AS star_middle,
       got(ARRAY['*'], NULL) AS star, got(ARRAY['*','*','*'], NULL) AS three;
SELECT got(ARRAY[['order',NULL],['service','production']], NULL) AS two_paths,
       got(ARRAY[['ci','build'],['*','test']], NULL) AS two_more, got('{}', NULL) AS no_path;
SELECT got(NULL, ARRAY['order.paid','star']) AS exact, got(NULL, ARRAY['order.*']) AS prefix, got(NULL, ARRAY['order*']) AS wider,
       got(NULL, ARRAY['*']) AS all_, got(NULL, ARRAY['nothing']) AS none, got(NULL, '{}') AS no_type,
       got(ARRAY['service'], ARRAY['*.down']) AS not_a_suffix, got(ARRAY['service'], ARRAY['service.d*']) AS both;
SELECT got(ARRAY[[NULL,'x']], NULL);
SELECT got(ARRAY[[['a']]], NULL);
SELECT got(NULL, ARRAY[NULL]);

-- pages
SELECT data FROM events.read(:start, 3);
SELECT data FROM events.read(:start + 3, 3);
SELECT data FROM events.read(:start + 6, 3);
SELECT count(*) FROM events.read(:start + 7, 3);
SELECT events.read(:start, 0);
SELECT events.read(-1);

-- the feed's pages end with how far they went
SELECT position - :start AS position, CASE WHEN event IS NOT NULL THEN type END AS type, event IS NULL AS is_end FROM events._feed(:start, 2, 100000);
SELECT position - :start AS position, event IS NULL AS is_end FROM events._feed(:start, 100, 1);
SELECT position - :start AS position, type, event IS NULL AS is_end FROM events._feed(:start, 100, 100000, types => ARRAY['service.*']) WHERE event IS NOT NULL;
SELECT position = events.horizon() AS at_horizon, type = (SELECT epoch FROM events.status) AS epoch FROM events._feed(:start, 100, 100000) WHERE event IS NULL;
-- a filter that matches little does not look at everything at once
SELECT count(events.publish('noise', '{}')) FROM generate_series(1, 100);
SELECT position - :start AS position, event IS NULL AS is_end FROM events._feed(:start, 1, 100000, types => ARRAY['nothing']);

-- cursors that cannot be right
\set VERBOSITY sqlstate
SELECT events.read(events.horizon() + 100000000);
SELECT events._feed(events.horizon() + 100000000, 1, 1);
\set VERBOSITY default
SELECT events._feed(0, 0, 1);
SELECT events._feed(0, 1, 0);

-- by time
SELECT events.position_at('-infinity') = events.oldest() - 1 AS earliest, events.position_at('infinity') = events.horizon() AS latest,
       events.position_at('1999-01-01') = events.oldest() - 1 AS long_ago;
SELECT recorded_at AS t FROM events.read(:start + 3, 1) \gset
SELECT count(*) FROM events.read(events.position_at(:'t'), NULL) WHERE recorded_at < :'t';
SELECT count(*) = (SELECT count(*) FROM events.event WHERE recorded_at >= :'t') AS all_since FROM events.read(events.position_at(:'t'), NULL);

-- epochs
SELECT epoch AS old FROM events.status \gset
SELECT events.new_epoch() ~ '^[0-9a-f]{8}$' AS name;
SELECT epoch <> :'old' AS changed FROM events.status;
SELECT count(*) FILTER (WHERE ended_at IS NULL) AS current, count(*) > 1 AS history FROM events.epoch;

-- a sequence that is set back takes the horizon along
SELECT events.horizon() AS before \gset
BEGIN;
SELECT setval('events.position', :before + 1000) IS NOT NULL AS set;
SELECT events.horizon() - :before AS horizon;
SELECT setval('events.position', :before) IS NOT NULL AS set;
SELECT events.horizon() - :before AS horizon;
COMMIT;
SELECT events.publish('set.back', '1') IS NOT NULL AS published;
SELECT position - :before AS position, event IS NULL AS is_end FROM events._feed(:before, 10, 10000);

-- status
SELECT version, horizon <= last_position AS horizon, oldest_position = events.oldest() AS oldest, commits_in_flight, oldest_commit_since,
       (events_per_partition ->> newest_partition::text) IS NOT NULL AS counted
FROM events.status;
DROP FUNCTION got;
