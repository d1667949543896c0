/* SPDX-License-Identifier: PostgreSQL
 *
 * consumer.c: finding a consumer's definition and keeping it compiled.
 *
 * The row is looked up each time, by its key and with a fresh snapshot; that
 * costs a few microseconds and needs no invalidation.  What takes time, its
 * compiled filter and key, is kept by the session for as long as the row is
 * the same version.  A session that uses more than MAX_KEPT consumers begins
 * anew.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "catalog/indexing.h"
#include "consume/consumer.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define MAX_KEPT 64

static EvConsumer *kept[MAX_KEPT];
static int nkept = 0;

int64
ev_consumer_microseconds(const Interval *interval)
{
	return interval->time +
		   (interval->day + (int64) interval->month * DAYS_PER_MONTH) * USECS_PER_DAY;
}

void
ev_consumer_raise_unknown(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("consumer \"%s\" does not exist", name),
			 errhint("events.create_consumer() makes one; events.consumers lists them.")));
}

/* ---- keys ---- */

/* Columns that a key may name directly, by their names on the wire. */
static const struct
{
	const char *name;
	EvColumn column;
} key_columns[] = {{"subject", EV_SUBJECT},
				   {"type", EV_TYPE},
				   {"source", EV_SOURCE},
				   {"id", EV_ID}};

static void
compile_key(EvConsumer *consumer, const text *key)
{
	const char *data = VARDATA_ANY(key);
	int length = VARSIZE_ANY_EXHDR(key);

	for (int i = 0; i < lengthof(key_columns); i++)
	{
		if (strlen(key_columns[i].name) == length && memcmp(key_columns[i].name, data, length) == 0)
		{
			consumer->key_kind = EV_KEY_COLUMN;
			consumer->key_column = key_columns[i].column;
			return;
		}
	}
	consumer->key_kind = EV_KEY_FEEL;
	consumer->key = ev_feel_make_filter(data, length);
}

/* ---- the compiled definition ---- */

/* A copy in CurrentMemoryContext, not compressed; NULL for NULL. */
static void *
copy_argument(Datum value, bool isnull)
{
	return isnull ? NULL : PG_DETOAST_DATUM_COPY(value);
}

void
ev_consumer_compile(EvConsumer *consumer, const Datum *values, const bool *nulls)
{
	EvFilterSource source;

#define ARGUMENT(column) copy_argument(values[(column) -1], nulls[(column) -1])
	source.topics = ARGUMENT(CONSUMER_TOPICS);
	source.types = ARGUMENT(CONSUMER_TYPES);
	source.pattern = ARGUMENT(CONSUMER_PATTERN);
	source.expression = ARGUMENT(CONSUMER_FILTER);
#undef ARGUMENT
	consumer->filter = ev_filter_make(&source);
	consumer->key_kind = EV_KEY_NONE;
	if (!nulls[CONSUMER_KEY - 1])
		compile_key(consumer, DatumGetTextPP(values[CONSUMER_KEY - 1]));
	consumer->name = TextDatumGetCString(values[CONSUMER_NAME - 1]);
	consumer->owner = DatumGetObjectId(values[CONSUMER_OWNER - 1]);
	consumer->nshares = DatumGetInt32(values[CONSUMER_SHARES - 1]);
	consumer->lease = ev_consumer_microseconds(DatumGetIntervalP(values[CONSUMER_LEASE - 1]));
	consumer->max_attempts = DatumGetInt32(values[CONSUMER_MAX_ATTEMPTS - 1]);
	consumer->retry_delay = ev_consumer_microseconds(
		DatumGetIntervalP(values[CONSUMER_RETRY_DELAY - 1]));
}

static EvConsumer *
make_consumer(HeapTuple tuple, TupleDesc descriptor)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events consumer",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Datum *values = palloc(sizeof(Datum) * descriptor->natts);
	bool *nulls = palloc(sizeof(bool) * descriptor->natts);
	EvConsumer *consumer = palloc0(sizeof(EvConsumer));

	heap_deform_tuple(tuple, descriptor, values, nulls);
	consumer->context = context;
	consumer->hints = palloc0(sizeof(EvHint) * EV_NHINTS);
	consumer->xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
	consumer->tid = tuple->t_self;
	ev_consumer_compile(consumer, values, nulls);
	MemoryContextSwitchTo(old);
	return consumer;
}

static void
forget(int i)
{
	MemoryContextDelete(kept[i]->context);
	kept[i] = kept[--nkept];
}

/* The session's copy of this version of the row, made at need. */
static EvConsumer *
keep_consumer(HeapTuple tuple, TupleDesc descriptor, const text *name)
{
	int length = VARSIZE_ANY_EXHDR(name);
	EvConsumer *consumer;

	for (int i = 0; i < nkept; i++)
	{
		consumer = kept[i];
		if (strncmp(consumer->name, VARDATA_ANY(name), length) != 0 ||
			consumer->name[length] != '\0')
			continue;
		if (consumer->xmin == HeapTupleHeaderGetRawXmin(tuple->t_data) &&
			ItemPointerEquals(&consumer->tid, &tuple->t_self))
			return consumer;
		forget(i);
		break;
	}
	consumer = make_consumer(tuple, descriptor);
	while (nkept == MAX_KEPT)
		forget(nkept - 1);
	MemoryContextSetParent(consumer->context, TopMemoryContext);
	kept[nkept++] = consumer;
	return consumer;
}

/* ---- the row ---- */

typedef struct RowScan
{
	Relation rel;
	Relation index;
	Snapshot snapshot;
	SysScanDesc scan;
} RowScan;

/* The row of that name; NULL if there is none. */
static HeapTuple
begin_row(RowScan *s, const text *name, LOCKMODE lockmode)
{
	ScanKeyData key;

	s->rel = table_open(ev_catalog_relid("consumer"), lockmode);
	s->index = index_open(ev_primary_key_index(s->rel), AccessShareLock);
	s->snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyInit(&key, CONSUMER_NAME, BTEqualStrategyNumber, F_TEXTEQ, PointerGetDatum(name));
	s->scan = systable_beginscan_ordered(s->rel, s->index, s->snapshot, 1, &key);
	return systable_getnext_ordered(s->scan, ForwardScanDirection);
}

static void
end_row(RowScan *s)
{
	systable_endscan_ordered(s->scan);
	UnregisterSnapshot(s->snapshot);
	index_close(s->index, NoLock);
	table_close(s->rel, NoLock);
}

bool
ev_consumer_exists(const char *name)
{
	RowScan s;
	bool found = begin_row(&s, cstring_to_text(name), AccessShareLock) != NULL;

	end_row(&s);
	return found;
}

void
ev_consumer_delete(const EvConsumer *consumer)
{
	RowScan s;
	HeapTuple tuple = begin_row(&s, cstring_to_text(consumer->name), RowExclusiveLock);

	if (tuple != NULL)
		simple_heap_delete(s.rel, &tuple->t_self);
	end_row(&s);
	CommandCounterIncrement();
}

static void
check_user(const EvConsumer *consumer)
{
	Oid user = GetUserId();
	char *owner;

	if (has_privs_of_role(user, consumer->owner) || has_privs_of_role(user, ev_catalog_owner()))
		return;
	owner = GetUserNameFromId(consumer->owner, true);
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					errmsg("permission denied for consumer \"%s\"", consumer->name),
					errdetail("It belongs to role %s.", owner != NULL ? owner : "that is gone"),
					errhint("Members of that role may use it, and of the extension's owner.")));
}

EvConsumer *
ev_consumer_get(const text *name)
{
	RowScan s;
	HeapTuple tuple = begin_row(&s, name, AccessShareLock);
	EvConsumer *consumer;

	if (tuple == NULL)
		ev_consumer_raise_unknown(text_to_cstring(name));
	consumer = keep_consumer(tuple, RelationGetDescr(s.rel), name);
	end_row(&s);
	check_user(consumer);
	return consumer;
}
