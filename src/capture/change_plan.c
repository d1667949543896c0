/* SPDX-License-Identifier: PostgreSQL
 *
 * change_plan.c: what a session keeps of a trigger that publishes changes.
 *
 * A plan is made when the trigger fires first in a session: the options,
 * parsed; the columns that they name, looked up; the condition's tree.  It is
 * good until the table's definition changes, which relcache invalidations tell
 * (names of columns, their types and the triggers are all part of that), or,
 * where there is a condition, a function, operator or type.  A renamed schema
 * counts too, since its name may be part of the event's type.
 *
 * Callbacks only mark plans, since nothing may be freed then; the next look-up
 * sweeps.  A plan that a statement is using stays until that is done: a
 * condition may call functions that do anything, among it firing this trigger
 * again.  The user's memory context lets go of it, also after an error.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "capture/change_plan.h"
#include "capture/condition.h"
#include "capture/generated.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

typedef struct Entry
{
	Oid trigger; /* key */
	EvChangePlan *plan;
} Entry;

static HTAB *plans = NULL;
static bool must_sweep = false;
static uint64 changes = 0; /* invalidations seen */

/* ---- invalidation */

static void
invalidate(Oid relid, bool conditions_only)
{
	HASH_SEQ_STATUS status;
	Entry *entry;

	changes++;
	if (plans == NULL)
		return;
	hash_seq_init(&status, plans);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		EvChangePlan *plan = entry->plan;

		if ((OidIsValid(relid) && plan->relid != relid) ||
			(conditions_only && plan->condition == NULL))
			continue;
		plan->is_valid = false;
		must_sweep = true;
	}
}

static void
relation_changed(Datum arg, Oid relid)
{
	invalidate(relid, false);
}

static void
schema_changed(Datum arg, int cache, uint32 hash)
{
	invalidate(InvalidOid, false);
}

static void
function_changed(Datum arg, int cache, uint32 hash)
{
	invalidate(InvalidOid, true);
}

void
ev_change_plan_init(void)
{
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, schema_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, function_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(OPEROID, function_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, function_changed, (Datum) 0);
}

static void
free_if_unused(EvChangePlan *plan)
{
	if (plan->users == 0 && !plan->is_listed)
		MemoryContextDelete(plan->context);
}

/* Forget what is not valid any more. */
static void
sweep(void)
{
	HASH_SEQ_STATUS status;
	Entry *entry;

	must_sweep = false;
	hash_seq_init(&status, plans);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		EvChangePlan *plan = entry->plan;

		if (plan->is_valid)
			continue;
		hash_search(plans, &plan->trigger, HASH_REMOVE, NULL);
		plan->is_listed = false;
		free_if_unused(plan);
	}
}

/* ---- making one */

/* The number of a column, from 0. */
static int
find_column(Relation relation, const char *name, const char *option)
{
	TupleDesc descriptor = RelationGetDescr(relation);

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("table \"%s\" has no column \"%s\"", RelationGetRelationName(relation), name),
			 errdetail("Option \"%s\" of its trigger for events.publish_change() names it.",
					   option),
			 errhint("Track the table again with the columns that it has now.")));
}

/* columns[i] says if that column is in the list. */
static bool *
mark_columns(Relation relation, List *names, const char *option)
{
	bool *marks = palloc0(sizeof(bool) * Max(RelationGetDescr(relation)->natts, 1));
	ListCell *cell;

	foreach (cell, names)
		marks[find_column(relation, lfirst(cell), option)] = true;
	return marks;
}

static void
make_row(EvChangePlan *plan, Relation relation, const bool *omitted, const bool *hashed)
{
	TupleDesc descriptor = RelationGetDescr(relation);
	bool *chosen = mark_columns(relation, plan->options.columns, "columns");
	int *numbers = palloc(sizeof(int) * Max(descriptor->natts, 1));
	bool *hashes = palloc(sizeof(bool) * Max(descriptor->natts, 1));
	int n = 0;

	for (int i = 0; i < descriptor->natts; i++)
	{
		if (TupleDescAttr(descriptor, i)->attisdropped || omitted[i] ||
			(plan->options.columns != NIL && !chosen[i]))
			continue;
		numbers[n] = i;
		hashes[n++] = hashed[i];
	}
	plan->row = ev_row_json_shape(descriptor, numbers, hashes, n);
}

/* The primary key's columns; 0 if there is none. */
static int
find_primary_key(Relation relation, int *numbers)
{
	Oid oid;
	HeapTuple tuple;
	Form_pg_index index;
	int n;

	oid = ev_primary_key_index(relation);
	if (!OidIsValid(oid))
		return 0;
	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", oid);
	index = (Form_pg_index) GETSTRUCT(tuple);
	n = index->indnkeyatts;
	for (int i = 0; i < n; i++)
		numbers[i] = index->indkey.values[i] - 1;
	ReleaseSysCache(tuple);
	return n;
}

/* Those that the option names, or the primary key. */
static int
find_key(EvChangePlan *plan, Relation relation, const bool *omitted, int *numbers)
{
	int n = 0;
	ListCell *cell;

	if (!plan->options.has_key)
	{
		n = find_primary_key(relation, numbers);
		for (int i = 0; i < n; i++)
		{
			if (omitted[numbers[i]])
				return 0;
		}
		return n;
	}
	foreach (cell, plan->options.key)
	{
		int number = find_column(relation, lfirst(cell), "key");

		if (omitted[number])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" of the key must not be omitted", (char *) lfirst(cell)),
					 errdetail("It stands in options \"key\" and \"redact\" of the trigger for "
							   "events.publish_change()."),
					 errhint("Redact it with \"hash\", or choose another key.")));
		numbers[n++] = number;
	}
	return n;
}

static void
make_key(EvChangePlan *plan, Relation relation, const bool *omitted, const bool *hashed)
{
	int room = Max(RelationGetDescr(relation)->natts, 1);
	int *numbers = palloc(sizeof(int) * room);
	bool *hashes = palloc(sizeof(bool) * room);
	int n = find_key(plan, relation, omitted, numbers);

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
		hashes[i] = hashed[numbers[i]];
	plan->key = ev_row_json_shape(RelationGetDescr(relation), numbers, hashes, n);
	plan->subject = palloc(sizeof(EvRowColumn *) * n);
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < n; j++)
		{
			if (plan->key->columns[j].index == numbers[i])
				plan->subject[i] = &plan->key->columns[j];
		}
	}
}

static void
fill_plan(EvChangePlan *plan, Relation relation)
{
	bool *omitted;
	bool *hashed;

	ev_change_options_parse(&plan->options, plan->argument);
	plan->schema_name = get_namespace_name(RelationGetNamespace(relation));
	plan->table_name = pstrdup(RelationGetRelationName(relation));
	omitted = mark_columns(relation, plan->options.omitted, "redact");
	hashed = mark_columns(relation, plan->options.hashed, "redact");
	make_row(plan, relation, omitted, hashed);
	make_key(plan, relation, omitted, hashed);
	plan->generated = ev_generated_find(relation);
	if (plan->options.when != NULL)
		plan->condition = ev_condition_parse(plan->options.when, relation,
											 plan->options.search_path);
}

/* An error leaves it to the current context. */
static EvChangePlan *
make_plan(Relation relation, const Trigger *trigger)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events change plan",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	EvChangePlan *plan = palloc0(sizeof(EvChangePlan));
	uint64 changes_before = changes;

	plan->trigger = trigger->tgoid;
	plan->relid = RelationGetRelid(relation);
	plan->context = context;
	plan->argument = pstrdup(trigger->tgnargs == 0 ? "{}" : trigger->tgargs[0]);
	fill_plan(plan, relation);
	plan->is_valid = changes == changes_before;
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, CacheMemoryContext);
	return plan;
}

/* ---- finding one */

static void
release(void *arg)
{
	EvChangePlan *plan = arg;

	plan->users--;
	free_if_unused(plan);
}

static void
use(EvChangePlan *plan)
{
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	callback->func = release;
	callback->arg = plan;
	plan->users++;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
}

static void
create_table(void)
{
	HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Entry)};

	plans = hash_create("events change plans", 16, &control, HASH_ELEM | HASH_BLOBS);
}

EvChangePlan *
ev_change_plan_get(Relation relation, const Trigger *trigger)
{
	const char *argument = trigger->tgnargs == 0 ? "{}" : trigger->tgargs[0];
	EvChangePlan *plan;
	Entry *entry;
	bool found;

	if (plans == NULL)
		create_table();
	if (must_sweep)
		sweep();
	entry = hash_search(plans, &trigger->tgoid, HASH_FIND, NULL);
	if (entry != NULL && strcmp(entry->plan->argument, argument) == 0)
	{
		use(entry->plan);
		return entry->plan;
	}
	plan = make_plan(relation, trigger);
	use(plan);
	entry = hash_search(plans, &trigger->tgoid, HASH_ENTER, &found);
	if (found)
	{
		/* made meanwhile by a statement within, or of another argument */
		entry->plan->is_listed = false;
		free_if_unused(entry->plan);
	}
	entry->plan = plan;
	plan->is_listed = true;
	must_sweep |= !plan->is_valid;
	return plan;
}
