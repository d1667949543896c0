/* SPDX-License-Identifier: PostgreSQL
 *
 * filed_index.c: asking the index of the filed documents.
 *
 * There is one GIN index over keys and words.  With the key of a chunk among the
 * conditions, GIN leaps over all that lies outside of the chunk, so a question costs
 * about what the chunk holds, however long the history is.  A search asks chunk by
 * chunk and stops when it has enough.
 *
 * What is asked is an OR of a few questions: the text for each configuration; documents
 * that do not hold all of their event's text, where data_contains is asked for; the whole
 * text as an id.  All go into one bitmap.  Bitmaps take work_mem at most and then
 * name whole pages, whose rows are then looked at.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/gin.h"
#include "access/heapam.h"
#include "access/relscan.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/tidbitmap.h"
#include "search/document.h"
#include "search/filed_parts.h"
#include "storage/bufmgr.h"
#include "tsearch/ts_utils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

/* Strategies of array_ops and tsvector_ops, which the server keeps in its .c files. */
#define OVERLAP_STRATEGY 1
#define CONTAINS_STRATEGY 2
#define MATCH_STRATEGY 1

/* Keys that one question asks for besides those of conditions: chunk, configuration, one more. */
#define MAX_EXTRA 3

/* A question to the index. */
typedef struct Question
{
	int nkeys;
	int64 keys[MAX_EXTRA + EV_MAX_CONDITIONS]; /* all of them */
	int64 any[2];							   /* either of these, if is_named */
	bool is_named;
	TSQuery words; /* NULL: any */
} Question;

static Datum
make_array(const int64 *keys, int n)
{
	Datum *elements = palloc(sizeof(Datum) * n);

	for (int i = 0; i < n; i++)
		elements[i] = Int64GetDatum(keys[i]);
	return PointerGetDatum(
		construct_array(elements, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Add what a question names to the bitmap. */
static void
ask(EvFiled *filed, Question *question, TIDBitmap *bitmap)
{
	const EvKeyConditions *conditions = filed->conditions;
	ScanKeyData keys[3 + EV_MAX_CONDITIONS];
	IndexScanDesc scan;
	int n = 0;

	for (int i = 0; i < conditions->count; i++)
	{
		const EvKeyCondition *condition = &conditions->list[i];

		if (condition->n == 1)
			question->keys[question->nkeys++] = condition->keys[0];
		else
			ScanKeyInit(&keys[n++], 1, OVERLAP_STRATEGY, F_ARRAYOVERLAP,
						make_array(condition->keys, condition->n));
	}
	if (question->nkeys > 0)
		ScanKeyInit(&keys[n++], 1, CONTAINS_STRATEGY, F_ARRAYCONTAINS,
					make_array(question->keys, question->nkeys));
	if (question->is_named)
		ScanKeyInit(&keys[n++], 1, OVERLAP_STRATEGY, F_ARRAYOVERLAP, make_array(question->any, 2));
	if (question->words != NULL)
		ScanKeyInit(&keys[n++], 2, MATCH_STRATEGY, F_TS_MATCH_VQ, TSQueryGetDatum(question->words));
	scan = ev_index_beginscan_bitmap(filed->gin, filed->snapshot, n);
	index_rescan(scan, keys, n, NULL, 0);
	index_getbitmap(scan, bitmap);
	index_endscan(scan);
}

static void
begin_question(Question *question, int level, int64 low)
{
	question->nkeys = 0;
	question->words = NULL;
	question->is_named = false;
	if (level < EV_CHUNK_LEVELS)
		question->keys[question->nkeys++] = ev_search_chunk_key(level,
																low >> ev_chunk_shifts[level]);
}

/* The documents of one configuration. */
static void
ask_configured(EvFiled *filed, const EvConfigured *configured, int level, int64 low,
			   TIDBitmap *bitmap)
{
	const EvRequest *request = filed->request;
	Question question;

	if (request->text != NULL && configured->query == NULL)
		return;
	begin_question(&question, level, low);
	if (list_length(filed->configured) > 1)
		question.keys[question.nkeys++] = configured->key;
	if (configured->narrowed != NULL && ev_text_query_is_indexable(configured->narrowed))
		question.words = configured->narrowed;
	ask(filed, &question, bitmap);

	/* Documents that do not hold all words are asked for the text alone. */
	if (request->contains == NULL || configured->narrowed == configured->query)
		return;
	begin_question(&question, level, low);
	if (list_length(filed->configured) > 1)
		question.keys[question.nkeys++] = configured->key;
	question.keys[question.nkeys++] = ev_search_key(EV_KEY_TRUNCATED, "", 0);
	if (configured->query != NULL && ev_text_query_is_indexable(configured->query))
		question.words = configured->query;
	ask(filed, &question, bitmap);
}

/* The events whose id or correlation id is the whole query. */
static void
ask_named(EvFiled *filed, int level, int64 low, TIDBitmap *bitmap)
{
	Question question;

	begin_question(&question, level, low);
	question.is_named = true;
	question.any[0] = filed->id_key;
	question.any[1] = filed->correlation_key;
	ask(filed, &question, bitmap);
}

/* Hardly any text is an id: so it is asked once for a whole partition. */
static bool
may_be_named(EvFiled *filed)
{
	if (filed->request->text != NULL && !filed->asked_named)
	{
		TIDBitmap *bitmap = tbm_create(work_mem * 1024L, NULL);

		ask_named(filed, EV_CHUNK_LEVELS, 0, bitmap);
		filed->may_be_named = !tbm_is_empty(bitmap);
		filed->asked_named = true;
		tbm_free(bitmap);
	}
	return filed->request->text != NULL && filed->may_be_named;
}

static TIDBitmap *
ask_all(EvFiled *filed, int level, int64 low)
{
	MemoryContext old = MemoryContextSwitchTo(filed->row_context);
	bool named = may_be_named(filed);
	TIDBitmap *bitmap;
	ListCell *cell;

	MemoryContextSwitchTo(filed->context);
	bitmap = tbm_create(work_mem * 1024L, NULL);
	MemoryContextSwitchTo(filed->row_context);
	foreach (cell, filed->configured)
		ask_configured(filed, (const EvConfigured *) lfirst(cell), level, low, bitmap);
	if (named)
		ask_named(filed, level, low, bitmap);
	filed->tally->scans[level]++;
	MemoryContextSwitchTo(old);
	MemoryContextReset(filed->row_context);
	return bitmap;
}

/* ---- the rows that a bitmap names */

/* Rows of a pinned page that the snapshot sees; offsets of *n that are asked for, or of all. */
static int
visible_rows(EvFiled *filed, Buffer buffer, BlockNumber block, OffsetNumber *offsets, int n)
{
	int visible = 0;
	OffsetNumber last;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	last = PageGetMaxOffsetNumber(BufferGetPage(buffer));
	for (int i = 0; i < (n < 0 ? last : n); i++)
	{
		HeapTupleData tuple;
		ItemPointerData tid;

		ItemPointerSet(&tid, block, n < 0 ? i + 1 : offsets[i]);
		if (heap_hot_search_buffer(&tid, filed->rel, buffer, filed->snapshot, &tuple, NULL, true))
			offsets[visible++] = ItemPointerGetOffsetNumber(&tid);
	}
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	return visible;
}

typedef struct Range
{
	int64 low;
	int64 high;
	EvVisitor visitor;
	void *arg;
} Range;

/* A row of a pinned page. */
static HeapTupleData
row_at(EvFiled *filed, Buffer buffer, BlockNumber block, OffsetNumber offset)
{
	ItemId item = PageGetItemId(BufferGetPage(buffer), offset);
	HeapTupleData tuple;

	tuple.t_data = (HeapTupleHeader) PageGetItem(BufferGetPage(buffer), item);
	tuple.t_len = ItemIdGetLength(item);
	tuple.t_tableOid = RelationGetRelid(filed->rel);
	ItemPointerSet(&tuple.t_self, block, offset);
	return tuple;
}

/* The pin keeps the rows where they are. */
static bool
visit_page(EvFiled *filed, const Range *range, TBMIterateResult *page)
{
	OffsetNumber offsets[MaxHeapTuplesPerPage];
	int n = ev_bitmap_is_lossy(page) ? -1 : ev_bitmap_offsets(page, offsets);
	bool certain = n >= 0 && !page->recheck && !filed->is_unsure;
	Buffer buffer = ReadBuffer(filed->rel, page->blockno);
	bool go_on = true;

	n = visible_rows(filed, buffer, page->blockno, offsets, n);
	for (int i = 0; i < n && go_on; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(filed->row_context);
		HeapTupleData tuple = row_at(filed, buffer, page->blockno, offsets[i]);
		EvHit hit;

		filed->tally->documents++;
		if (ev_filed_take(filed, &tuple, range->low, range->high, certain, &hit))
			go_on = range->visitor(range->arg, &hit);
		MemoryContextSwitchTo(old);
		MemoryContextReset(filed->row_context);
	}
	ReleaseBuffer(buffer);
	return go_on;
}

bool
ev_filed_visit_row(EvFiled *filed, int64 position, const ItemPointerData *tid, EvVisitor visitor,
				   void *arg)
{
	BlockNumber block = ItemPointerGetBlockNumber(tid);
	OffsetNumber offset = ItemPointerGetOffsetNumber(tid);
	Buffer buffer = ReadBuffer(filed->rel, block);
	bool is_there = visible_rows(filed, buffer, block, &offset, 1) == 1;

	if (is_there)
	{
		HeapTupleData tuple = row_at(filed, buffer, block, offset);
		EvHit hit;

		is_there = ev_filed_take(filed, &tuple, position, position, true, &hit);
		if (is_there)
			(void) visitor(arg, &hit);
	}
	ReleaseBuffer(buffer);
	return is_there;
}

bool
ev_filed_visit_index(EvFiled *filed, int level, int64 low, int64 high, EvVisitor visitor, void *arg)
{
	Range range = {low, high, visitor, arg};
	TIDBitmap *bitmap = ask_all(filed, level, low);
	EvBitmapIterator *iterator;
	TBMIterateResult *page;
	TBMIterateResult room;
	bool go_on = true;

	if (!tbm_is_empty(bitmap))
	{
		iterator = ev_bitmap_begin(bitmap);
		while (go_on && !ev_tally_is_spent(filed->tally) &&
			   (page = ev_bitmap_next(iterator, &room)) != NULL)
		{
			ev_tally_check(filed->tally, low);
			go_on = visit_page(filed, &range, page);
		}
		ev_bitmap_end(iterator);
	}
	tbm_free(bitmap);
	return go_on;
}

int64
ev_filed_count_index(EvFiled *filed, int level, int64 low, int64 high)
{
	TIDBitmap *bitmap = ask_all(filed, level, low);
	EvBitmapIterator *iterator;
	TBMIterateResult *page;
	TBMIterateResult room;
	int64 n = 0;

	ev_tally_check(filed->tally, low);
	if (!tbm_is_empty(bitmap))
	{
		OffsetNumber offsets[MaxHeapTuplesPerPage];

		iterator = ev_bitmap_begin(bitmap);
		while ((page = ev_bitmap_next(iterator, &room)) != NULL)
			n += ev_bitmap_is_lossy(page) ? 1 : ev_bitmap_offsets(page, offsets);
		ev_bitmap_end(iterator);
	}
	tbm_free(bitmap);
	return n;
}

/* ---- what can be asked */

bool
ev_filed_has_index_conditions(const EvFiled *filed)
{
	ListCell *cell;

	if (filed->conditions->count > 0)
		return true;
	foreach (cell, filed->configured)
	{
		const EvConfigured *configured = (const EvConfigured *) lfirst(cell);

		if (filed->request->text != NULL && configured->query == NULL)
			continue;
		if (configured->narrowed == NULL || !ev_text_query_is_indexable(configured->narrowed))
			return false;
	}
	return filed->request->text != NULL || filed->request->contains != NULL;
}

bool
ev_filed_has_prefix(const EvFiled *filed)
{
	ListCell *cell;

	foreach (cell, filed->configured)
	{
		const EvConfigured *configured = (const EvConfigured *) lfirst(cell);

		if (configured->narrowed != NULL && ev_text_query_has_prefix(configured->narrowed))
			return true;
	}
	return false;
}

void
ev_filed_describe(const EvFiled *filed, StringInfo out)
{
	const char *separator = "";
	ListCell *cell;

	for (int i = 0; i < filed->conditions->count; i++)
	{
		appendStringInfo(out, "%s%s", separator, filed->conditions->list[i].name);
		if (filed->conditions->list[i].n > 1)
			appendStringInfo(out, " (%d alternatives)", filed->conditions->list[i].n);
		separator = ", ";
	}
	foreach (cell, filed->configured)
	{
		const EvConfigured *configured = (const EvConfigured *) lfirst(cell);

		if (configured->narrowed == NULL)
			continue;
		appendStringInfo(out, "%stext %s", separator,
						 DatumGetCString(DirectFunctionCall1(
							 tsqueryout, TSQueryGetDatum(configured->narrowed))));
		separator = " or ";
	}
}
