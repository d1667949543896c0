/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_state.c: what a round reads and writes, in SQL, as the extension's
 * owner.
 *
 * Handlers use consumers as any application does: events.fetch,
 * events.acknowledge and events.nack.  Besides, events.handler_state has a row
 * for each handler that is in trouble: which event is being tried alone, or
 * since when and why no round can be made.  In good times it is empty.
 */
#include "base/compat.h"

#include "base/catalog.h"
#include "base/handler_slot.h"
#include "catalog/pg_type.h"
#include "consume/handler_state.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MAX_REASON_BYTES 1000
#define MAX_CONTEXT_BYTES 300

/* A statement under way: the memory that its results are to be in, and the user that was. */
typedef struct Statement
{
	MemoryContext caller;
	EvOwnerContext user;
} Statement;

static void
begin(Statement *s, const char *sql, int nargs, Oid *types, Datum *values)
{
	s->caller = CurrentMemoryContext;
	ev_catalog_become_owner(&s->user);
	SPI_connect();
	(void) SPI_execute_with_args(sql, nargs, types, values, NULL, false, 0);
}

static void
end(Statement *s)
{
	SPI_finish();
	ev_catalog_restore_user(&s->user);
}

/* A statement whose result does not matter. */
static void
execute(const char *sql, int nargs, Oid *types, Datum *values)
{
	Statement s;

	begin(&s, sql, nargs, types, values);
	end(&s);
}

static Datum
value_at(int row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

EvHandler *
ev_handler_state_load(const char *name)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(name)};
	EvHandler *handler = NULL;
	Statement s;
	bool isnull;

	begin(&s,
		  "SELECT c.owner::oid, c.function,"
		  " (extract(epoch FROM c.timeout) * 1000)::int, c.batch_size,"
		  " coalesce(s.failures, 0), s.retry_at"
		  " FROM events.consumer AS c LEFT JOIN events.handler_state AS s ON s.consumer = c.name"
		  " WHERE c.name = $1 AND c.function IS NOT NULL",
		  1, types, values);
	if (SPI_processed > 0)
	{
		MemoryContext old = MemoryContextSwitchTo(s.caller);

		handler = palloc0(sizeof(EvHandler));
		handler->name = pstrdup(name);
		handler->key = ev_handler_slot_key(name);
		handler->owner = DatumGetObjectId(value_at(0, 1, &isnull));
		handler->function_name = TextDatumGetCString(value_at(0, 2, &isnull));
		handler->timeout = DatumGetInt32(value_at(0, 3, &isnull));
		handler->batch_size = DatumGetInt32(value_at(0, 4, &isnull));
		handler->failures = DatumGetInt32(value_at(0, 5, &isnull));
		handler->retry_at = DatumGetTimestampTz(value_at(0, 6, &isnull));
		if (isnull)
			handler->retry_at = 0;
		MemoryContextSwitchTo(old);
	}
	end(&s);
	return handler;
}

Oid
ev_handler_state_find_function(const EvHandler *handler)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(handler->function_name)};
	Statement s;
	Oid function;
	bool isnull;

	begin(&s, "SELECT pg_catalog.to_regprocedure($1)::oid", 1, types, values);
	function = DatumGetObjectId(value_at(0, 1, &isnull));
	end(&s);
	return isnull ? InvalidOid : function;
}

EvHandlerEvents
ev_handler_state_fetch(const EvHandler *handler, int count)
{
	Oid types[] = {TEXTOID, INT4OID};
	Datum values[] = {CStringGetTextDatum(handler->name), Int32GetDatum(count)};
	EvHandlerEvents result = {0};
	Statement s;
	bool isnull;

	begin(&s, "SELECT e, e.position FROM events.fetch($1, $2) AS e", 2, types, values);
	if (SPI_processed > 0)
	{
		MemoryContext old = MemoryContextSwitchTo(s.caller);

		result.count = (int) SPI_processed;
		result.events = palloc_array(Datum, result.count);
		result.positions = palloc_array(int64, result.count);
		for (int i = 0; i < result.count; i++)
		{
			result.events[i] = datumCopy(value_at(i, 1, &isnull), false, -1);
			result.positions[i] = DatumGetInt64(value_at(i, 2, &isnull));
		}
		MemoryContextSwitchTo(old);
	}
	end(&s);
	return result;
}

void
ev_handler_state_acknowledge(const EvHandler *handler, int64 position)
{
	Oid types[] = {TEXTOID, INT8OID};
	Datum values[] = {CStringGetTextDatum(handler->name), Int64GetDatum(position)};

	execute("SELECT events.acknowledge($1, $2)", 2, types, values);
}

/* What happened, and where, up to a limit. */
static char *
reason_of(const ErrorData *error)
{
	StringInfoData reason;
	const char *message = error->message != NULL ? error->message : "no message";
	int length = strlen(message);

	initStringInfo(&reason);
	appendBinaryStringInfo(&reason, message, pg_mbcliplen(message, length, MAX_REASON_BYTES));
	if (error->context != NULL)
	{
		length = strlen(error->context);
		appendStringInfoString(&reason, "\n");
		appendBinaryStringInfo(&reason, error->context,
							   pg_mbcliplen(error->context, length, MAX_CONTEXT_BYTES));
	}
	return reason.data;
}

bool
ev_handler_state_nack(const EvHandler *handler, int64 position, const ErrorData *error)
{
	char *reason = reason_of(error);
	const char *sqlstate = unpack_sql_state(error->sqlerrcode);
	Oid types[] = {TEXTOID, INT8OID, TEXTOID, TEXTOID};
	Datum values[] = {CStringGetTextDatum(handler->name), Int64GetDatum(position),
					  CStringGetTextDatum(reason), CStringGetTextDatum(sqlstate)};
	Statement s;
	bool isnull;
	bool dead;

	begin(&s, "SELECT events.nack($1, $2, reason => $3, sqlstate => $4) = 'dead'", 4, types,
		  values);
	dead = DatumGetBool(value_at(0, 1, &isnull)) && !isnull;
	end(&s);
	ereport(LOG, (errcode(error->sqlerrcode),
				  errmsg("handler \"%s\" failed at the event at position " INT64_FORMAT ": %s",
						 handler->name, position, reason),
				  dead ? errdetail("It is now in events.dead_letter.")
					   : errdetail("It is tried again after a while.")));
	return dead;
}

TimestampTz
ev_handler_state_next_retry(const EvHandler *handler)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(handler->name)};
	TimestampTz next;
	Statement s;
	bool isnull;

	begin(&s,
		  "SELECT least((SELECT not_before FROM events.consumer_state"
		  " WHERE consumer = $1 AND member = '' ORDER BY ordinal DESC LIMIT 1),"
		  " (SELECT min(not_before) FROM events.redelivery WHERE consumer = $1))",
		  1, types, values);
	next = DatumGetTimestampTz(value_at(0, 1, &isnull));
	end(&s);
	return isnull ? 0 : next;
}

int64
ev_handler_state_trying(const EvHandler *handler)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(handler->name)};
	int64 position = 0;
	Statement s;
	bool isnull;

	begin(&s, "SELECT trying FROM events.handler_state WHERE consumer = $1 AND trying IS NOT NULL",
		  1, types, values);
	if (SPI_processed > 0)
		position = DatumGetInt64(value_at(0, 1, &isnull));
	end(&s);
	return position;
}

void
ev_handler_state_try(const EvHandler *handler, int64 position)
{
	Oid types[] = {TEXTOID, INT8OID};
	Datum values[] = {CStringGetTextDatum(handler->name), Int64GetDatum(position)};

	execute("INSERT INTO events.handler_state (consumer, trying) VALUES ($1, $2)"
			" ON CONFLICT (consumer) DO UPDATE SET trying = excluded.trying",
			2, types, values);
}

TimestampTz
ev_handler_state_fail(const EvHandler *handler, const ErrorData *error)
{
	Oid types[] = {TEXTOID, TEXTOID, TEXTOID};
	Datum values[] = {CStringGetTextDatum(handler->name), CStringGetTextDatum(reason_of(error)),
					  CStringGetTextDatum(unpack_sql_state(error->sqlerrcode))};
	TimestampTz retry_at;
	Statement s;
	bool isnull;

	begin(&s,
		  "INSERT INTO events.handler_state AS s"
		  " (consumer, failures, reason, sqlstate, failed_at, retry_at)"
		  " VALUES ($1, 1, $2, $3, clock_timestamp(), clock_timestamp() + interval '1 s')"
		  " ON CONFLICT (consumer) DO UPDATE SET failures = s.failures + 1,"
		  " reason = excluded.reason, sqlstate = excluded.sqlstate,"
		  " failed_at = excluded.failed_at, trying = NULL,"
		  " retry_at = clock_timestamp()"
		  " + least(interval '1 min', interval '1 s' * 2 ^ least(s.failures, 6))"
		  " RETURNING retry_at",
		  3, types, values);
	retry_at = DatumGetTimestampTz(value_at(0, 1, &isnull));
	end(&s);
	ereport(LOG, (errcode(error->sqlerrcode),
				  errmsg("handler \"%s\" cannot run: %s", handler->name, reason_of(error)),
				  error->hint != NULL ? errhint("%s", error->hint) : 0));
	return retry_at;
}

void
ev_handler_state_clear(const EvHandler *handler)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(handler->name)};

	execute("DELETE FROM events.handler_state WHERE consumer = $1", 1, types, values);
}
