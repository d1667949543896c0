-- events.publish_batch(): all, or the valid ones.
SELECT events.horizon() AS start \gset

SELECT ordinal, id, status, errors FROM events.publish_batch('[
    {"type": "batch.one", "id": "b1", "data": 1},
    {"type": "batch.two", "id": "b2", "data": 2}]');
SELECT ordinal, id, status, errors FROM events.publish_batch('[
    {"type": "batch.three", "id": "b3"},
    {"type": "", "id": "b4"},
    "not an event",
    [],
    {"type": "batch.bad", "id": "b5", "time": "yesterday", "Upper": 1},
    {"type": "batch.four", "id": "b6"}]', 'skip');
-- the first invalid event refuses all
SELECT ordinal, id, status FROM events.publish_batch('[{"type": "batch.never", "id": "b7"}, {"id": "b8"}]');
SELECT ordinal, id, status FROM events.publish_batch('[]');
SELECT ordinal, id, status FROM events.publish_batch('{"type": "batch.object", "id": "b9"}');
SELECT events.publish_batch('5');
SELECT events.publish_batch('[]', 'ignore');
SELECT events.publish_batch(NULL);
SELECT type, id FROM events.read(:start, types => ARRAY['batch.*']);

-- order inside a batch is the order of the array
SELECT count(*) FROM events.publish_batch((SELECT jsonb_agg(jsonb_build_object('type', 'batch.many', 'data', i) ORDER BY i)
                                           FROM generate_series(1, 5000) AS i));
SELECT count(*), bool_and(data::int = n) AS in_order
FROM (SELECT data, row_number() OVER (ORDER BY position) AS n
      FROM events.read(:start, NULL, types => ARRAY['batch.many'])) AS e;

-- the sidecar's way: a context fills what events lack
SELECT ordinal, id, status, errors FROM events._intake(
    '[{"type": "intake", "id": "i1"}, {"type": "intake", "id": "i2", "source": "/own", "user": "bob"}, {"type": 1, "id": "i3"}]',
    '{"source": "/http", "user": "alice", "ip": "127.0.0.1"}');
SELECT id, source, attributes FROM events.read(:start, types => ARRAY['intake']);
