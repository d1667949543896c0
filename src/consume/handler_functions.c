/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_functions.c: the SQL functions of handlers.
 *
 * A handler is made by events.create_consumer, called as the user, and then
 * given its function.  The function is kept as text, since pg_upgrade refuses
 * tables with columns of type regprocedure, and is looked up in each round.
 */
#include "base/compat.h"

#include "base/catalog.h"
#include "base/handler_slot.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "consume/handler.h"
#include "consume/handler_function.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "publish/transaction.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_create_handler);
PG_FUNCTION_INFO_V1(ev_drop_handler);
PG_FUNCTION_INFO_V1(ev_run_handler);
PG_FUNCTION_INFO_V1(ev_handler_pid);

#define MAX_BATCH_SIZE 10000

/* The arguments of events.create_handler, in their order. */
enum
{
	ARG_NAME,
	ARG_FUNCTION,
	ARG_TOPICS,
	ARG_TYPES,
	ARG_PATTERN,
	ARG_FILTER,
	ARG_START,
	ARG_TIMEOUT,
	ARG_MAX_ATTEMPTS,
	ARG_RETRY_DELAY,
	ARG_BATCH_SIZE,
	NARGS
};

/* The invalidation is sent with the commit, and the worker is woken after it. */
void
ev_handler_changed(void)
{
	CacheInvalidateRelcacheByRelid(ev_catalog_relid("consumer"));
	ev_transaction_wake_worker();
}

pg_noreturn static void
refuse_argument(const char *argument, const char *rule)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s of a handler is not valid", argument), errdetail("%s", rule),
					errhint("For example events.create_handler('mailer', "
							"'app.send_mail(events.event)').")));
}

static void
check_arguments(FunctionCallInfo fcinfo)
{
	Interval *timeout = PG_ARGISNULL(ARG_TIMEOUT) ? NULL : PG_GETARG_INTERVAL_P(ARG_TIMEOUT);
	double ms;

	if (PG_ARGISNULL(ARG_NAME) || VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(ARG_NAME)) == 0 ||
		VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(ARG_NAME)) >= EV_HANDLER_NAME_BYTES)
		refuse_argument("name", "It must have 1 to 63 bytes.");
	if (PG_ARGISNULL(ARG_FUNCTION))
		refuse_argument("function", "It is NULL.");
	ms = timeout == NULL
			 ? 0
			 : timeout->time / 1000.0 + (timeout->day + timeout->month * (double) DAYS_PER_MONTH) *
											SECS_PER_DAY * 1000.0;
	if (ms < 1 || ms > 7 * SECS_PER_DAY * 1000.0)
		refuse_argument("timeout", "It must be between a millisecond and seven days.");
	if (PG_ARGISNULL(ARG_BATCH_SIZE) || PG_GETARG_INT32(ARG_BATCH_SIZE) < 1 ||
		PG_GETARG_INT32(ARG_BATCH_SIZE) > MAX_BATCH_SIZE)
		refuse_argument("batch_size", psprintf("It must be between 1 and %d.", MAX_BATCH_SIZE));
}

/* What the consumer needs to know, by the user's own rights. */
static int64
create_consumer(FunctionCallInfo fcinfo)
{
	static const int args[] = {ARG_NAME,   ARG_TOPICS, ARG_TYPES,		 ARG_PATTERN,
							   ARG_FILTER, ARG_START,  ARG_MAX_ATTEMPTS, ARG_RETRY_DELAY};
	Oid types[] = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, JSONBOID,
				   TEXTOID, TEXTOID,	  INT4OID,		INTERVALOID};
	Datum values[lengthof(args)];
	char nulls[lengthof(args)];
	bool isnull;
	int64 position;

	for (int i = 0; i < lengthof(args); i++)
	{
		values[i] = fcinfo->args[args[i]].value;
		nulls[i] = fcinfo->args[args[i]].isnull ? 'n' : ' ';
	}
	SPI_connect();
	(void) SPI_execute_with_args("SELECT events.create_consumer(name => $1, topics => $2,"
								 " types => $3, pattern => $4, filter => $5, start => $6,"
								 " max_attempts => $7, retry_delay => $8)",
								 lengthof(args), types, values, nulls, false, 0);
	position = DatumGetInt64(
		SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return position;
}

/* A statement of the extension's owner. */
static uint64
execute(const char *sql, int nargs, Oid *types, Datum *values)
{
	EvOwnerContext user;
	uint64 count;

	ev_catalog_become_owner(&user);
	SPI_connect();
	(void) SPI_execute_with_args(sql, nargs, types, values, NULL, false, 0);
	count = SPI_processed;
	SPI_finish();
	ev_catalog_restore_user(&user);
	return count;
}

/* Something of an earlier handler may be left, which was dropped as a consumer. */
static void
forget_state(Datum name)
{
	Oid types[] = {TEXTOID};

	(void) execute("DELETE FROM events.handler_state WHERE consumer = $1", 1, types, &name);
}

static void
set_function(FunctionCallInfo fcinfo, const char *function)
{
	Oid types[] = {TEXTOID, TEXTOID, INTERVALOID, INT4OID};
	Datum values[] = {PG_GETARG_DATUM(ARG_NAME), CStringGetTextDatum(function),
					  PG_GETARG_DATUM(ARG_TIMEOUT), PG_GETARG_DATUM(ARG_BATCH_SIZE)};

	(void) execute("UPDATE events.consumer SET function = $2, timeout = $3, batch_size = $4"
				   " WHERE name = $1",
				   lengthof(types), types, values);
}

Datum
ev_create_handler(PG_FUNCTION_ARGS)
{
	Oid function;
	char *name;
	int64 position;

	check_arguments(fcinfo);
	function = PG_GETARG_OID(ARG_FUNCTION);
	(void) ev_handler_function_check(function, GetUserId());
	name = format_procedure_qualified(function);
	position = create_consumer(fcinfo);
	set_function(fcinfo, name);
	forget_state(PG_GETARG_DATUM(ARG_NAME));
	ev_handler_changed();
	if (!ev_handler_function_is_pinned(function))
		ereport(NOTICE,
				(errmsg("function %s sets no search_path", name),
				 errdetail("As a handler it runs with search_path = pg_catalog, pg_temp."),
				 errhint("If it does not name the schemas of what it uses: ALTER FUNCTION %s SET "
						 "search_path = ...",
						 name)));
	PG_RETURN_INT64(position);
}

static void
check_is_handler(Datum name)
{
	Oid types[] = {TEXTOID};

	if (execute("SELECT FROM events.consumer WHERE name = $1 AND function IS NOT NULL", 1, types,
				&name) == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("handler \"%s\" does not exist", TextDatumGetCString(name)),
						errhint("View events.handlers has those that do. Consumers without a "
								"function are dropped with events.drop_consumer().")));
}

Datum
ev_drop_handler(PG_FUNCTION_ARGS)
{
	Oid types[] = {TEXTOID};
	Datum name;

	if (PG_ARGISNULL(0))
		refuse_argument("name", "It is NULL.");
	name = PG_GETARG_DATUM(0);
	check_is_handler(name);
	SPI_connect();
	(void) SPI_execute_with_args("SELECT events.drop_consumer($1)", 1, types, &name, NULL, false,
								 0);
	SPI_finish();
	forget_state(name);
	PG_RETURN_VOID();
}

Datum
ev_run_handler(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	EvHandlerRound round = ev_handler_run(name);

	if (round.result == EV_HANDLER_GONE)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("handler \"%s\" does not exist", name),
				 errhint("View events.handlers has those that do.")));
	PG_RETURN_BOOL(round.result == EV_HANDLER_WORKED);
}

Datum
ev_handler_pid(PG_FUNCTION_ARGS)
{
	EvShared *shared = ev_shared();
	uint64 key = ev_handler_slot_key(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	int pid = 0;

	for (int i = 0; shared != NULL && i < EV_MAX_HANDLERS; i++)
	{
		if (shared->handlers[i].database == MyDatabaseId && shared->handlers[i].key == key)
			pid = shared->handlers[i].pid;
	}
	if (pid == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(pid);
}
