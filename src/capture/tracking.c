/* SPDX-License-Identifier: PostgreSQL
 *
 * tracking.c: what events.track() needs that SQL cannot do.
 *
 * All that is known of a tracked table stands in the arguments of its triggers
 * (change_options.h).  Here they are read out of pg_trigger, also where somebody
 * has made a trigger by hand with an argument that is no JSON; and given another
 * value where DDL wants it: in place, as PostgreSQL itself renames a trigger,
 * because to drop and create it would forget whether it is enabled, and needs
 * rights that the owner of the table may not have.
 *
 * Schemas and types are registered as the owner of the extension for whoever may
 * create triggers on the table.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "capture/change_options.h"
#include "capture/condition.h"
#include "capture/tracking.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(ev_capture_trigger_options);
PG_FUNCTION_INFO_V1(ev_capture_set_options);
PG_FUNCTION_INFO_V1(ev_capture_check_condition);
PG_FUNCTION_INFO_V1(ev_capture_recheck_condition);
PG_FUNCTION_INFO_V1(ev_capture_lock);
PG_FUNCTION_INFO_V1(ev_capture_register);

void
ev_tracking_call(const char *query, int nargs, Oid *types, Datum *values, const char *nulls)
{
	EvOwnerContext owner;
	int result;

	ev_catalog_become_owner(&owner);
	SPI_connect();
	result = SPI_execute_with_args(query, nargs, types, values, nulls, false, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed: %s: %s", SPI_result_code_string(result), query);
	SPI_finish();
	ev_catalog_restore_user(&owner);
}

Oid
ev_tracking_function(void)
{
	Oid schema = get_namespace_oid("events", true);

	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("publish_change"),
						   PointerGetDatum(buildoidvector(NULL, 0)), ObjectIdGetDatum(schema));
}

/* Errors of a text that is no JSON, or not of the form of options. */
static bool
is_malformed(int sqlstate)
{
	return sqlstate == ERRCODE_INVALID_TEXT_REPRESENTATION ||
		   sqlstate == ERRCODE_UNTRANSLATABLE_CHARACTER ||
		   sqlstate == ERRCODE_INVALID_PARAMETER_VALUE ||
		   sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED || sqlstate == ERRCODE_STATEMENT_TOO_COMPLEX;
}

/* NULL if it is malformed.  To parse it takes nothing but memory, so the error can be dropped. */
static Jsonb *
parse_options(const char *text)
{
	MemoryContext context = CurrentMemoryContext;
	Jsonb *volatile options = NULL;
	EvChangeOptions parsed;

	PG_TRY();
	{
		ev_change_options_parse(&parsed, text);
		options = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	}
	PG_CATCH();
	{
		if (!is_malformed(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();
	return options;
}

/* events._trigger_options(arguments bytea) → jsonb */
Datum
ev_capture_trigger_options(PG_FUNCTION_ARGS)
{
	bytea *arguments = PG_GETARG_BYTEA_PP(0);
	int length = VARSIZE_ANY_EXHDR(arguments);
	Jsonb *options = parse_options(length == 0 ? "{}" : pnstrdup(VARDATA_ANY(arguments), length));

	if (options == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(options);
}

/* Arguments as pg_trigger keeps them: each ends with a zero byte. */
static bytea *
make_arguments(Jsonb *options)
{
	char *text = JsonbToCString(NULL, &options->root, VARSIZE(options));
	int size = strlen(text) + 1;
	bytea *arguments = palloc(VARHDRSZ + size);

	SET_VARSIZE(arguments, VARHDRSZ + size);
	memcpy(VARDATA(arguments), text, size);
	return arguments;
}

/* The trigger's row in pg_trigger, copied; the caller may change its options. */
static HeapTuple
find_trigger(Relation catalog, Oid trigger)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	Form_pg_trigger form;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = heap_copytuple(systable_getnext(scan));
	systable_endscan(scan);
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("trigger with OID %u does not exist", trigger)));
	form = (Form_pg_trigger) GETSTRUCT(tuple);
	if (form->tgfoid != ev_tracking_function())
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("trigger \"%s\" does not call events.publish_change()",
							   NameStr(form->tgname))));
	if (!ev_relation_ownercheck(form->tgrelid, GetUserId()))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("must be owner of relation %s", get_rel_name(form->tgrelid)),
						errdetail("It has triggers that publish its changes already."),
						errhint("Its owner can change what they publish.")));
	return tuple;
}

/* events._set_trigger_options(trigger oid, options jsonb) */
Datum
ev_capture_set_options(PG_FUNCTION_ARGS)
{
	Relation catalog = table_open(TriggerRelationId, RowExclusiveLock);
	HeapTuple tuple = find_trigger(catalog, PG_GETARG_OID(0));
	Oid relid = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
	Datum values[Natts_pg_trigger] = {0};
	bool nulls[Natts_pg_trigger] = {false};
	bool replaced[Natts_pg_trigger] = {false};

	/* Whoever was first may have changed or dropped it meanwhile. */
	LockRelationOid(relid, ShareRowExclusiveLock);
	tuple = find_trigger(catalog, PG_GETARG_OID(0));
	values[Anum_pg_trigger_tgnargs - 1] = Int16GetDatum(1);
	values[Anum_pg_trigger_tgargs - 1] = PointerGetDatum(make_arguments(PG_GETARG_JSONB_P(1)));
	replaced[Anum_pg_trigger_tgnargs - 1] = true;
	replaced[Anum_pg_trigger_tgargs - 1] = true;
	tuple = heap_modify_tuple(tuple, RelationGetDescr(catalog), values, nulls, replaced);
	CatalogTupleUpdate(catalog, &tuple->t_self, tuple);
	CacheInvalidateRelcacheByRelid(relid);
	table_close(catalog, RowExclusiveLock);
	CommandCounterIncrement();
	PG_RETURN_VOID();
}

static void
check_condition(Relation relation, Jsonb *json)
{
	EvChangeOptions options;

	ev_change_options_parse(&options, JsonbToCString(NULL, &json->root, VARSIZE(json)));
	if (options.when != NULL)
		(void) ev_condition_parse(options.when, relation, options.search_path);
}

/* events._check_condition(table regclass, options jsonb): raises what the trigger would raise */
Datum
ev_capture_check_condition(PG_FUNCTION_ARGS)
{
	Relation relation = table_open(PG_GETARG_OID(0), AccessShareLock);

	check_condition(relation, PG_GETARG_JSONB_P(1));
	table_close(relation, AccessShareLock);
	PG_RETURN_VOID();
}

/*
 * events._recheck_condition(table regclass, options jsonb): the same, from an
 * event trigger.  A condition is only parsed, but a literal in it may be one of
 * a domain whose CHECK calls functions of users: they get no more rights than
 * the owner of the table has, and those of a restricted operation.
 */
Datum
ev_capture_recheck_condition(PG_FUNCTION_ARGS)
{
	Relation relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	Oid saved_user;
	int saved_security;

	GetUserIdAndSecContext(&saved_user, &saved_security);
	SetUserIdAndSecContext(relation->rd_rel->relowner, saved_security |
														   SECURITY_LOCAL_USERID_CHANGE |
														   SECURITY_RESTRICTED_OPERATION);
	check_condition(relation, PG_GETARG_JSONB_P(1));
	SetUserIdAndSecContext(saved_user, saved_security);
	table_close(relation, AccessShareLock);
	PG_RETURN_VOID();
}

/* Whoever tracks a table makes triggers on it. */
static void
check_right(Oid relid)
{
	if (pg_class_aclcheck(relid, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for table %s", get_rel_name(relid)),
						errdetail("Who tracks a table has to have the privilege TRIGGER on it."),
						errhint("Its owner has it, and can grant it.")));
}

/* events._lock_tracked(table regclass) */
Datum
ev_capture_lock(PG_FUNCTION_ARGS)
{
	Oid relid = PG_GETARG_OID(0);

	check_right(relid);
	LockRelationOid(relid, ShareRowExclusiveLock);
	if (get_rel_name(relid) == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", relid),
						errdetail("It was dropped meanwhile.")));
	PG_RETURN_VOID();
}

/* events._register_changes(table regclass) */
Datum
ev_capture_register(PG_FUNCTION_ARGS)
{
	Oid types[] = {OIDOID};
	Datum values[] = {PG_GETARG_DATUM(0)};

	check_right(PG_GETARG_OID(0));
	ev_tracking_call("SELECT events._write_changes($1)", 1, types, values, " ");
	PG_RETURN_VOID();
}
