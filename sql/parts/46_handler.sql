-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Handlers: consumers whose events are given to a function
-- ---------------------------------------------------------------------------

-- Only handlers in trouble have a row.  It says nothing that cannot be found out
-- again, so it is not dumped.
CREATE TABLE events.handler_state (
    consumer  text COLLATE "C" NOT NULL PRIMARY KEY,
    trying    bigint,
    failures  int NOT NULL DEFAULT 0,
    sqlstate  text,
    reason    text,
    failed_at timestamptz,
    retry_at  timestamptz
);
COMMENT ON TABLE events.handler_state IS
'Handlers that cannot be run, and why; the event that a handler tries alone after a crash';
COMMENT ON COLUMN events.handler_state.trying IS
'Position of the event for which the function is being called alone; if that process is gone, it has not survived it';
COMMENT ON COLUMN events.handler_state.failures IS 'How many times in a row nothing could be done at all';
COMMENT ON COLUMN events.handler_state.reason IS 'What was wrong the last time';
COMMENT ON COLUMN events.handler_state.retry_at IS 'Nothing is tried before';

CREATE FUNCTION events.create_handler(
    name         text,
    function     regprocedure,
    topics       text[]   DEFAULT NULL,
    types        text[]   DEFAULT NULL,
    pattern      jsonb    DEFAULT NULL,
    filter       text     DEFAULT NULL,
    start        text     DEFAULT 'latest',
    timeout      interval DEFAULT '30 s',
    max_attempts int      DEFAULT 5,
    retry_delay  interval DEFAULT '1 s',
    batch_size   int      DEFAULT 100)
RETURNS bigint
AS 'MODULE_PATHNAME', 'ev_create_handler'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.create_handler(text, regprocedure, text[], text[], jsonb, text, text, interval, int, interval, int) IS
'Has a function called with each event from now on, by the worker, or by eventsd where there is none, in a transaction that also keeps how far the handler is: each event takes effect exactly once. The function runs with the rights of the role that calls this. Returns the position after which the handler starts.
function: has one argument, of type events.event, jsonb (a CloudEvent), or an array of these, and then gets several events at a time; its result is ignored. topics, types, pattern, filter: as of events.read(). start: latest, earliest, a position, a cursor or a time. timeout: of one call. max_attempts, retry_delay: an event whose call fails is tried again after the delay, which doubles each time; then it goes to events.dead_letter. batch_size: greatest number of events in one transaction.
Errors: 42809 not such a function; 42501 the caller may not execute it; 42710 there is a consumer of that name; 22023 bad argument; 42601 the filter is not FEEL; EV001, EV002 nothing is kept at that start, or it is in the future; 25001 REPEATABLE READ or SERIALIZABLE transaction.';

CREATE FUNCTION events.drop_handler(name text)
RETURNS void
AS 'MODULE_PATHNAME', 'ev_drop_handler'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION events.drop_handler(text) IS
'Removes a handler, with its position and its dead letters; the function stays. Waits for a call that is under way.
Errors: 42704 there is none; 42501 the caller is no member of its owner.';

CREATE FUNCTION events._run_handler(name text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ev_run_handler'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._run_handler(text) IS
'For eventsd: one round of a handler, to be committed at once. true: it is to be called again, in another transaction; false: there is nothing to do, or somebody else does it.
Errors: 42704 there is no such handler; 55000 a handler calls it; 25001 REPEATABLE READ or SERIALIZABLE transaction.';

CREATE FUNCTION events._handler_pid(name text)
RETURNS int
AS 'MODULE_PATHNAME', 'ev_handler_pid'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION events._handler_pid(text) IS 'The process that runs a handler, NULL if there is none at the moment';

CREATE FUNCTION events._due_handlers(with_worker boolean DEFAULT false)
RETURNS SETOF text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.name
    FROM events._relay_state() AS relay
    CROSS JOIN events.consumer AS c
    LEFT JOIN events.handler_state AS s ON s.consumer = c.name
    -- until it is first acknowledged, the position is that of the shares that nobody has taken
    CROSS JOIN LATERAL (
        SELECT m.positions, m.not_before
        FROM (VALUES (''), ('*')) AS member (name)
        CROSS JOIN LATERAL (
            SELECT t.positions, t.not_before
            FROM events.consumer_state AS t
            WHERE t.consumer = c.name AND t.member = member.name
            ORDER BY t.ordinal DESC
            LIMIT 1) AS m
        WHERE m.positions <> '{}'
        ORDER BY member.name
        LIMIT 1) AS t
    WHERE c.function IS NOT NULL
      AND (with_worker OR NOT relay.worker OR current_setting('events.max_handler_workers', true) = '0')
      AND coalesce(s.retry_at <= clock_timestamp(), true)
      AND (coalesce(t.not_before <= clock_timestamp(), true) AND t.positions[1] < relay.horizon
           OR EXISTS (
               SELECT
               FROM events.redelivery AS r
               WHERE r.consumer = c.name AND coalesce(r.not_before <= clock_timestamp(), true)))
$$;
COMMENT ON FUNCTION events._due_handlers(boolean) IS
'For eventsd: handlers that may have something to do and that no worker takes care of; call events._run_handler() for each. with_worker: those that the worker takes care of too';

CREATE VIEW events.handlers AS
SELECT c.name, c.owner, c.function, c.topics, c.types, c.pattern, c.filter, c.timeout, c.max_attempts, c.retry_delay,
       c.batch_size, events._handler_pid(c.name) AS pid, s.sqlstate, s.reason, s.failures,
       s.failed_at, s.retry_at
FROM events.consumer AS c
LEFT JOIN events.handler_state AS s ON s.consumer = c.name
WHERE c.function IS NOT NULL;
COMMENT ON VIEW events.handlers IS 'The handlers; events.consumers says how far each is';
COMMENT ON COLUMN events.handlers.pid IS 'The process that runs it, if one does at the moment';
COMMENT ON COLUMN events.handlers.reason IS 'Why the handler cannot be run, if so';
COMMENT ON COLUMN events.handlers.failures IS 'How many times in a row it could not';
COMMENT ON COLUMN events.handlers.retry_at IS 'When that is tried again';
