/* SPDX-License-Identifier: PostgreSQL
 *
 * filed.c: documents that are filed: their partitions, which of them are asked for.
 *
 * A document was made with one text search configuration; its key says which.  The text
 * of a search is a different tsquery for each configuration that is in use, and a document
 * is only held against its own.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "base/catalog.h"
#include "catalog/pg_am.h"
#include "lib/stringinfo.h"
#include "search/document.h"
#include "search/document_configuration.h"
#include "search/filed_parts.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

/* ---- configurations */

/* One that is gone counts as "simple": its documents are as they were made, words are words. */
static Oid
find_configuration(const char *name)
{
	Oid oid = ev_document_configuration_named(name);

	return OidIsValid(oid) ? oid : ev_document_configuration_simple();
}

static void
read_configurations(EvFiled *filed)
{
	Relation rel = table_open(ev_catalog_relid("search_configuration_used"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, filed->snapshot, 0, NULL);
	HeapTuple tuple;
	bool isnull;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		char *name = TextDatumGetCString(heap_getattr(tuple, 1, RelationGetDescr(rel), &isnull));
		const EvConfigured *configured = ev_request_configured(
			filed->request, find_configuration(name),
			ev_search_key(EV_KEY_CONFIGURATION, name, strlen(name)));

		filed->configured = lappend(filed->configured, (void *) configured);
		if (configured->narrowed != NULL && !ev_text_query_is_indexable(configured->narrowed))
			filed->is_unsure = true;
	}
	systable_endscan(scan);
	table_close(rel, NoLock);
}

/* ---- partitions */

EvFiled *
ev_filed_open(EvRequest *request, const EvKeyConditions *conditions, Snapshot snapshot,
			  EvTally *tally)
{
	EvFiled *filed = palloc0(sizeof(EvFiled));
	Relation parent = table_open(ev_catalog_relid("search_document"), AccessShareLock);

	filed->request = request;
	filed->conditions = conditions;
	filed->snapshot = snapshot;
	filed->tally = tally;
	filed->partitions = ev_partition_list(parent, &filed->npartitions);
	table_close(parent, NoLock);
	tally->all_partitions = filed->npartitions;
	filed->context = CurrentMemoryContext;
	filed->row_context = AllocSetContextCreate(CurrentMemoryContext, "events search document",
											   ALLOCSET_SMALL_SIZES);
	if (request->text != NULL)
	{
		int length;
		const char *whole = ev_text_query_whole(request->text, &length);

		filed->id_key = ev_search_key(EV_KEY_ID, whole, length);
		filed->correlation_key = ev_search_key(EV_KEY_CORRELATION, whole, length);
	}
	read_configurations(filed);
	return filed;
}

static void
close_partition(EvFiled *filed)
{
	if (filed->rel == NULL)
		return;
	if (filed->gin != NULL)
		index_close(filed->gin, NoLock);
	index_close(filed->primary, NoLock);
	table_close(filed->rel, NoLock);
	filed->gin = filed->primary = filed->rel = NULL;
	filed->open = NULL;
}

void
ev_filed_close(EvFiled *filed)
{
	close_partition(filed);
	MemoryContextDelete(filed->row_context);
}

void
ev_filed_want_documents(EvFiled *filed)
{
	filed->wants_documents = true;
}

/* The GIN index over keys and documents; NULL if there is none that can be used. */
static Relation
open_gin(Relation rel)
{
	List *indexes = RelationGetIndexList(rel);
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_rel->relam == GIN_AM_OID && index->rd_index->indisvalid &&
			index->rd_index->indnatts == 2 &&
			index->rd_index->indkey.values[0] == DOCUMENT_KEYS + 1 &&
			index->rd_index->indkey.values[1] == DOCUMENT_DOCUMENT + 1)
			return index;
		index_close(index, NoLock);
	}
	return NULL;
}

/* false if it was removed meanwhile */
static bool
open_partition(EvFiled *filed, EvPartition *p)
{
	if (filed->open == p)
		return true;
	close_partition(filed);
	filed->rel = try_table_open(p->relid, AccessShareLock);
	if (filed->rel == NULL)
		return false;
	filed->primary = index_open(ev_primary_key_index(filed->rel), AccessShareLock);
	filed->gin = open_gin(filed->rel);
	filed->open = p;
	filed->asked_named = false;
	filed->tally->partitions++;
	return true;
}

bool
ev_filed_is_indexed(const EvFiled *filed)
{
	return filed->gin != NULL;
}

int64
ev_filed_extent(const EvFiled *filed)
{
	return Min(filed->open->upper - 1, filed->tally->filed_upto) - filed->open->lower + 1;
}

static SysScanDesc
begin_scan(EvFiled *filed, int64 low, int64 high)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], DOCUMENT_POSITION + 1, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(low));
	ScanKeyInit(&keys[1], DOCUMENT_POSITION + 1, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(high));
	return systable_beginscan_ordered(filed->rel, filed->primary, filed->snapshot, 2, keys);
}

static bool
nearest(EvFiled *filed, int64 low, int64 high, bool backward, int64 *found)
{
	SysScanDesc scan = begin_scan(filed, low, high);
	HeapTuple tuple = systable_getnext_ordered(scan, backward ? BackwardScanDirection
															  : ForwardScanDirection);
	bool isnull;

	if (tuple != NULL)
		*found = DatumGetInt64(
			heap_getattr(tuple, DOCUMENT_POSITION + 1, RelationGetDescr(filed->rel), &isnull));
	systable_endscan_ordered(scan);
	return tuple != NULL;
}

bool
ev_filed_seek(EvFiled *filed, int64 low, int64 high, bool backward, int64 *found, int64 *end)
{
	for (int n = 0; n < filed->npartitions; n++)
	{
		EvPartition *p = &filed->partitions[backward ? filed->npartitions - 1 - n : n];

		if (p->lower > high || p->upper <= low || !open_partition(filed, p))
			continue;
		if (nearest(filed, low, high, backward, found))
		{
			*end = backward ? Max(p->lower, low) : Min(p->upper - 1, high);
			return true;
		}
	}
	return false;
}

/* ---- which documents are asked for */

static const EvConfigured *
configured_of(const EvFiled *filed, const int64 *keys, int n)
{
	ListCell *cell;

	foreach (cell, filed->configured)
	{
		const EvConfigured *configured = (const EvConfigured *) lfirst(cell);

		if (ev_key_condition_has_key(keys, n, configured->key))
			return configured;
	}
	return NULL;
}

static bool
has_text(const EvConfigured *configured, Datum document)
{
	return configured != NULL && configured->query != NULL &&
		   DatumGetBool(
			   DirectFunctionCall2(ts_match_vq, document, TSQueryGetDatum(configured->query)));
}

/* By the document alone, as the index would say if it were sure. */
static bool
is_asked_for(EvFiled *filed, EvHit *hit, Datum keys_array, Datum document, bool certain)
{
	ArrayType *array = DatumGetArrayTypeP(keys_array);
	const int64 *keys = (const int64 *) ARR_DATA_PTR(array);
	int n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];

	if (!certain && !ev_key_condition_holds(filed->conditions, keys, n))
		return false;
	if (filed->request->text == NULL)
		return true;
	hit->configured = configured_of(filed, keys, n);
	hit->is_named = ev_key_condition_has_key(keys, n, filed->id_key) ||
					ev_key_condition_has_key(keys, n, filed->correlation_key);
	return certain || hit->is_named || has_text(hit->configured, document);
}

bool
ev_filed_take(EvFiled *filed, HeapTuple tuple, int64 low, int64 high, bool certain, EvHit *hit)
{
	Datum values[NDOCUMENT];
	bool nulls[NDOCUMENT];

	heap_deform_tuple(tuple, RelationGetDescr(filed->rel), values, nulls);
	memset(hit, 0, sizeof(EvHit));
	hit->position = DatumGetInt64(values[DOCUMENT_POSITION]);
	hit->recorded_at = DatumGetTimestampTz(values[DOCUMENT_RECORDED_AT]);
	hit->tid = tuple->t_self;
	if (hit->position < low || hit->position > high ||
		!ev_request_is_in_time(filed->request, hit->recorded_at))
		return false;
	for (int i = 0; i < EV_NFIELDS; i++)
		hit->fields[i] = DatumGetInt64(values[DOCUMENT_TYPE + i]);
	hit->has_user = !nulls[DOCUMENT_USER];
	hit->document = values[DOCUMENT_DOCUMENT];
	if (certain && !filed->wants_documents)
		return true;
	return is_asked_for(filed, hit, values[DOCUMENT_KEYS], values[DOCUMENT_DOCUMENT], certain);
}

bool
ev_filed_visit_rows(EvFiled *filed, int64 low, int64 high, bool backward, EvVisitor visitor,
					void *arg)
{
	SysScanDesc scan = begin_scan(filed, low, high);
	bool go_on = true;
	HeapTuple tuple;

	while (go_on && !ev_tally_is_spent(filed->tally) &&
		   (tuple = systable_getnext_ordered(scan, backward ? BackwardScanDirection
															: ForwardScanDirection)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(filed->row_context);
		EvHit hit;

		filed->tally->walked_documents++;
		if (ev_filed_take(filed, tuple, low, high, false, &hit))
			go_on = visitor(arg, &hit);
		ev_tally_check(filed->tally, hit.position);
		MemoryContextSwitchTo(old);
		MemoryContextReset(filed->row_context);
	}
	systable_endscan_ordered(scan);
	return go_on;
}

static bool
visit_by_key(EvFiled *filed, int64 position, EvVisitor visitor, void *arg)
{
	SysScanDesc scan = begin_scan(filed, position, position);
	HeapTuple tuple = systable_getnext_ordered(scan, ForwardScanDirection);
	EvHit hit;

	if (tuple != NULL && ev_filed_take(filed, tuple, position, position, true, &hit))
		(void) visitor(arg, &hit);
	systable_endscan_ordered(scan);
	return tuple != NULL;
}

bool
ev_filed_visit_one(EvFiled *filed, int64 position, const ItemPointerData *tid, EvVisitor visitor,
				   void *arg)
{
	for (int i = 0; i < filed->npartitions; i++)
	{
		EvPartition *p = &filed->partitions[i];

		if (position >= p->lower && position < p->upper && open_partition(filed, p))
			return (ItemPointerIsValid(tid) &&
					ev_filed_visit_row(filed, position, tid, visitor, arg)) ||
				   visit_by_key(filed, position, visitor, arg);
	}
	return false;
}
