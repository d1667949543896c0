/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_function.c: which functions can be handlers, and calling them.
 *
 * Rights.  The function runs as the owner of the handler, and can never get
 * more.  Where the session is the owner's own (the process of a handler, which
 * connects as its owner), nothing has to be done for that.  Everywhere else the
 * user is switched in a security-restricted operation: in it PostgreSQL refuses
 * all that would outlast the switch, first of all deferred triggers, which
 * would fire at commit with the rights of the session; but also SET ROLE,
 * temporary tables, cursors that are held.
 *
 * Settings.  search_path is pg_catalog, pg_temp unless the function sets its
 * own, so that it means the same whoever runs it; whatever the function sets
 * is set back after the call.
 *
 * Time.  A call that takes longer than the handler's timeout is cancelled by a
 * timer of our own, once a second from then on, in case the function catches
 * that.  Whether a cancel came from the timer or from somebody else is told by
 * a flag; the latter is no fault of the event.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "base/attempt.h"
#include "base/catalog.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "consume/handler_function.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timeout.h"

#define CANCEL_AGAIN_MS 1000

static TimeoutId timer = MAX_TIMEOUTS;
static volatile sig_atomic_t is_armed = false;
static volatile sig_atomic_t has_fired = false;

typedef struct Call
{
	const EvHandler *handler;
	Datum argument;
} Call;

/* ---- what can be a handler */

pg_noreturn static void
refuse(Oid function, const char *why)
{
	ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
					errmsg("function %s cannot be a handler", format_procedure(function)),
					errdetail("%s", why),
					errhint("A handler is a function with one argument of type events.event, "
							"jsonb, events.event[] or jsonb[].")));
}

static EvHandlerForm
form_for(Oid function, Oid type)
{
	Oid event = get_rel_type_id(ev_catalog_relid("event"));

	if (type == event)
		return EV_HANDLER_EVENT;
	if (type == JSONBOID)
		return EV_HANDLER_JSONB;
	if (type == get_array_type(event))
		return EV_HANDLER_EVENT_ARRAY;
	if (type == JSONBARRAYOID)
		return EV_HANDLER_JSONB_ARRAY;
	refuse(function, psprintf("Its argument is of type %s.", format_type_be(type)));
}

EvHandlerForm
ev_handler_function_check(Oid function, Oid role)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	EvHandlerForm result;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("function with OID %u does not exist", function)));
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->prokind != PROKIND_FUNCTION)
		refuse(function, form->prokind == PROKIND_PROCEDURE ? "It is a procedure."
						 : form->prokind == PROKIND_WINDOW	? "It is a window function."
															: "It is an aggregate.");
	if (form->proretset)
		refuse(function, "It returns a set.");
	if (form->prorettype == TRIGGEROID || form->prorettype == EVENT_TRIGGEROID)
		refuse(function, "It is a trigger function.");
	if (OidIsValid(form->provariadic))
		refuse(function, "Its argument is VARIADIC.");
	if (form->pronargs != 1)
		refuse(function, psprintf("It has %d arguments.", form->pronargs));
	result = form_for(function, form->proargtypes.values[0]);
	ReleaseSysCache(tuple);
	if (ev_function_aclcheck(function, role) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for function %s", format_procedure(function)),
						errdetail("The function of a handler runs as the handler's owner, \"%s\".",
								  GetUserNameFromId(role, false)),
						errhint("GRANT EXECUTE ON FUNCTION %s TO %s.", format_procedure(function),
								quote_identifier(GetUserNameFromId(role, false)))));
	return result;
}

static bool
sets_search_path(Datum config)
{
	Datum *settings;
	bool *nulls;
	int count;

	deconstruct_array(DatumGetArrayTypeP(config), TEXTOID, -1, false, TYPALIGN_INT, &settings,
					  &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i] && strncmp(TextDatumGetCString(settings[i]), "search_path=", 12) == 0)
			return true;
	}
	return false;
}

bool
ev_handler_function_is_pinned(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool no_config, no_body;
	Oid language;
	Datum config;
	bool pinned;

	if (!HeapTupleIsValid(tuple)) /* dropped meanwhile */
		return true;
	language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;
	config = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &no_config);

	/* A body in standard SQL is bound to its objects when it is created. */
	(void) SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &no_body);
	pinned = language == INTERNALlanguageId || language == ClanguageId || !no_body ||
			 (!no_config && sets_search_path(config));
	ReleaseSysCache(tuple);
	return pinned;
}

/* ---- the timer */

static void
on_timeout(void)
{
	if (!is_armed)
		return;
	has_fired = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

static void
start_timer(int ms)
{
	if (timer == MAX_TIMEOUTS)
		timer = RegisterTimeout(USER_TIMEOUT, on_timeout);
	has_fired = false;
	is_armed = true;
	enable_timeout_every(timer, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms),
						 CANCEL_AGAIN_MS);
}

/* A cancel of our own that nobody has taken notice of is taken back. */
static void
stop_timer(void)
{
	is_armed = false;
	disable_timeout(timer, false);
	if (has_fired)
		QueryCancelPending = false;
}

/* ---- the call */

/* Is the session the owner's, and nobody else's for the moment? */
static bool
is_session_of(Oid owner)
{
	Oid user;
	int security;

	GetUserIdAndSecContext(&user, &security);
	return user == owner && GetSessionUserId() == owner && security == 0;
}

static void
invoke(void *arg)
{
	const Call *call = arg;
	const EvHandler *handler = call->handler;
	int guc_level = NewGUCNestLevel();
	FmgrInfo function;
	Oid user;
	int security;

	GetUserIdAndSecContext(&user, &security);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (!is_session_of(handler->owner))
		SetUserIdAndSecContext(handler->owner, security | SECURITY_LOCAL_USERID_CHANGE |
												   SECURITY_RESTRICTED_OPERATION);
	PushActiveSnapshot(GetTransactionSnapshot());
	fmgr_info(handler->function, &function);
	{
		LOCAL_FCINFO(fcinfo, 1);

		InitFunctionCallInfoData(*fcinfo, &function, 1, InvalidOid, NULL, NULL);
		fcinfo->args[0].value = call->argument;
		fcinfo->args[0].isnull = false;
		(void) FunctionCallInvoke(fcinfo);
	}
	PopActiveSnapshot();
	SetUserIdAndSecContext(user, security);
	AtEOXact_GUC(false, guc_level);
}

/* Was this raised by the server because somebody asked for it, and not by the function itself? */
static bool
is_interrupt(const ErrorData *error)
{
	return ev_attempt_was_interrupted(error) && error->funcname != NULL &&
		   strcmp(error->funcname, "ProcessInterrupts") == 0;
}

ErrorData *
ev_handler_function_call(const EvHandler *handler, Datum argument)
{
	Call call = {handler, argument};
	ErrorData *error;

	CHECK_FOR_INTERRUPTS();
	start_timer(handler->timeout);
	error = ev_attempt(invoke, &call);
	stop_timer();
	if (error == NULL)
	{
		CommandCounterIncrement();
		return NULL;
	}
	if (!is_interrupt(error))
		return error;
	if (!has_fired)
		ReThrowError(error);
	error->message = psprintf("the function took longer than its timeout of %d ms",
							  handler->timeout);
	return error;
}
