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
#include "base/json_lexer.h"
#include "base/view.h"
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

/* events._trigger_options(arguments bytea) → jsonb; NULL if it is not an object */
Datum
ev_capture_trigger_options(PG_FUNCTION_ARGS)
{
	bytea *arguments = PG_GETARG_BYTEA_PP(0);
	const char *text = VARDATA_ANY(arguments);
	int length = strnlen(text, VARSIZE_ANY_EXHDR(arguments));
	int sqlstate;
	char *detail;
	Jsonb *options;

	if (VARSIZE_ANY_EXHDR(arguments) == 0)
		text = "{}", length = 2;
	if (ev_json_lexer_find_error(text, length, &sqlstate, &detail) != NULL)
		PG_RETURN_NULL();
	options = DatumGetJsonbP(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(text, length))));
	if (ev_view_of(options).type != EV_JSON_OBJECT)
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

/* events._check_condition(table regclass, options jsonb): raises what the trigger would raise */
Datum
ev_capture_check_condition(PG_FUNCTION_ARGS)
{
	Jsonb *json = PG_GETARG_JSONB_P(1);
	EvChangeOptions options;
	Relation relation;

	ev_change_options_parse(&options, JsonbToCString(NULL, &json->root, VARSIZE(json)));
	if (options.when != NULL)
	{
		relation = table_open(PG_GETARG_OID(0), AccessShareLock);
		(void) ev_condition_parse(options.when, relation, options.search_path);
		table_close(relation, AccessShareLock);
	}
	PG_RETURN_VOID();
}

/* events._register_changes(table regclass) */
Datum
ev_capture_register(PG_FUNCTION_ARGS)
{
	Oid relid = PG_GETARG_OID(0);
	Oid types[] = {OIDOID};
	Datum values[] = {PG_GETARG_DATUM(0)};

	if (pg_class_aclcheck(relid, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for table %s", get_rel_name(relid)),
						errdetail("Who tracks a table has to have the privilege TRIGGER on it."),
						errhint("GRANT TRIGGER ON ... TO ...")));
	ev_tracking_call("SELECT events._write_changes($1)", 1, types, values, " ");
	PG_RETURN_VOID();
}
