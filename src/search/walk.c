/* SPDX-License-Identifier: PostgreSQL
 *
 * walk.c: walking all that may belong to the answer of a search; see walk.h.
 *
 * All is seen with one snapshot, taken after the horizon: how far documents are filed, the
 * documents, the events.  What is filed is found by the index, the rest is looked at, so
 * that nothing is missed or counted twice while documents are being filed.
 *
 * Of the index a small chunk is asked first and then larger ones, as long as too little is
 * found: a common word is answered from the newest few hundred events, and a rare one
 * after a few questions about all of them.  Words that begin with something are collected
 * from the whole index for each question, so there the newest events are read and then the
 * whole partition is asked at once.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/table.h"
#include "base/catalog.h"
#include "search/document.h"
#include "search/document_configuration.h"
#include "search/document_fallback.h"
#include "search/index.h"
#include "search/walk.h"
#include "store/reader.h"
#include "tsearch/ts_utils.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* A whole partition is asked at once if no more than so many candidates are expected: for
 * counting, for a page. */
#define FEW_CANDIDATES 50000
#define FEW_FOR_PAGE 2000

/* Chunks of which so many documents are read, for so many hits, are large enough. */
#define MANY_READ 100
#define SOME_HITS 4

/* Rows that are read before a partition is asked for words that begin with something. */
#define FIRST_ROWS 2048

EvWalk *
ev_walk_open(EvRequest *request, int64 horizon, bool is_counting)
{
	EvWalk *walk = palloc0(sizeof(EvWalk));

	ev_tally_begin(&walk->tally);
	walk->context = CurrentMemoryContext;
	walk->request = request;
	walk->is_counting = is_counting;
	walk->tally.horizon = horizon;
	ev_key_condition_derive(&walk->conditions, request);
	walk->events = ev_scan_open_kept(0, horizon);
	if (!ev_search_index_end(ev_scan_snapshot(walk->events), &walk->tally.filed_upto))
		return walk;
	walk->filed = ev_filed_open(request, &walk->conditions, ev_scan_snapshot(walk->events),
								&walk->tally);
	walk->by_index = ev_filed_has_index_conditions(walk->filed);
	if (!walk->by_index && request->text == NULL && !is_counting)
	{
		/* Each event would be fetched anyway. */
		ev_filed_close(walk->filed);
		walk->filed = NULL;
	}
	return walk;
}

void
ev_walk_close(EvWalk *walk)
{
	if (walk->filed != NULL)
		ev_filed_close(walk->filed);
	ev_scan_close(walk->events);
}

static void
begin_range(EvWalk *walk)
{
	if (walk->range >= 0 && walk->range < walk->nranges)
		walk->at = walk->backward ? walk->ranges[walk->range].high : walk->ranges[walk->range].low;
}

static void
begin(EvWalk *walk)
{
	walk->range = walk->backward ? walk->nranges - 1 : 0;
	walk->max_level = EV_CHUNK_LEVELS;
	walk->level = 0;
	if (walk->filed != NULL && walk->wants_documents)
		ev_filed_want_documents(walk->filed);
	if (walk->filed != NULL && ev_filed_has_prefix(walk->filed))
		walk->level = walk->is_counting ? EV_CHUNK_LEVELS : -1;
	if (walk->conditions.is_impossible)
		walk->nranges = 0;
	begin_range(walk);
}

void
ev_walk_begin(EvWalk *walk, int64 low, int64 high, bool backward)
{
	walk->backward = backward;
	walk->ranges = ev_range_list(walk->request, Max(low, ev_reader_oldest()), high, walk->events,
								 &walk->tally, &walk->nranges);
	begin(walk);
}

void
ev_walk_begin_ranges(EvWalk *walk, EvRange *ranges, int count)
{
	walk->backward = false;
	walk->ranges = ranges;
	walk->nranges = count;
	begin(walk);
}

/* ---- events that are looked at themselves */

static void
take_fields(EvHit *hit, const EvDocument *document)
{
	hit->fields[EV_FIELD_TYPE] = document->type;
	hit->fields[EV_FIELD_SOURCE] = document->source;
	hit->fields[EV_FIELD_TOPIC] = document->topic;
	hit->fields[EV_FIELD_USER] = document->user;
	hit->has_user = document->has_user;
}

/* By its document, which is made for the purpose. */
static bool
has_text(EvWalk *walk, EvHit *hit, Oid configuration)
{
	EvRequest *request = walk->request;
	EvDocument document;
	int length;
	const char *whole = ev_text_query_whole(request->text, &length);

	if (!ev_document_make_somehow(&document, hit->values, hit->nulls, configuration, NULL))
		return false;
	configuration = document.configuration;
	take_fields(hit, &document);
	hit->document = TSVectorGetDatum(document.text);
	hit->configured = ev_request_configured(request, configuration,
											ev_document_configuration_key(configuration));
	hit->is_named = ev_key_condition_has_key(document.keys, document.nkeys,
											 ev_search_key(EV_KEY_ID, whole, length)) ||
					ev_key_condition_has_key(document.keys, document.nkeys,
											 ev_search_key(EV_KEY_CORRELATION, whole, length));
	return hit->is_named ||
		   (hit->configured->query != NULL &&
			DatumGetBool(DirectFunctionCall2(ts_match_vq, hit->document,
											 TSQueryGetDatum(hit->configured->query))));
}

static bool
take_event(EvWalk *walk, EvHit *hit, const Datum *values, const bool *nulls)
{
	Oid configuration;

	memset(hit, 0, sizeof(EvHit));
	hit->position = DatumGetInt64(values[EV_POSITION]);
	hit->recorded_at = DatumGetTimestampTz(values[EV_RECORDED_AT]);
	hit->values = values;
	hit->nulls = nulls;
	if (!ev_request_matches(walk->request, values, nulls))
		return false;
	if (walk->request->text == NULL && !walk->wants_fields)
		return true;
	configuration = ev_document_configuration(DatumGetTextPP(values[EV_TYPE]));
	if (walk->request->text == NULL)
	{
		EvDocument document;

		ev_document_make_keys(&document, values, nulls, configuration);
		take_fields(hit, &document);
		return true;
	}
	return has_text(walk, hit, configuration);
}

static void
visit_events(EvWalk *walk, const EvStretch *stretch, EvVisitor visitor, void *arg)
{
	EvScan *scan = ev_scan_open_beside(walk->events, stretch->low - 1, stretch->high,
									   walk->backward);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "events search event",
													  ALLOCSET_DEFAULT_SIZES);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	bool go_on = true;

	while (go_on && !ev_tally_is_spent(&walk->tally) && ev_scan_next(scan, values, nulls))
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);
		EvHit hit;

		walk->tally.walked_events++;
		if (take_event(walk, &hit, values, nulls))
			go_on = visitor(arg, &hit);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
		ev_tally_check(&walk->tally, DatumGetInt64(values[EV_POSITION]));
	}
	MemoryContextDelete(row_context);
	ev_scan_close(scan);
}

/* ---- stretches */

/* Counts the hits of the index on their way. */
typedef struct Counter
{
	EvVisitor visitor;
	void *arg;
	int64 hits;
} Counter;

static bool
count_hit(void *arg, const EvHit *hit)
{
	Counter *counter = (Counter *) arg;

	counter->hits++;
	return counter->visitor(counter->arg, hit);
}

/* May the rest of a partition be asked at once? */
static bool
expects_few(const EvWalk *walk, int64 positions)
{
	int64 few = walk->is_counting ? FEW_CANDIDATES : FEW_FOR_PAGE;

	return walk->looked > 0 && (double) (walk->candidates + 1) / walk->looked * positions <= few;
}

/* The chunk of the document found, up to the end of its partition and range. */
static void
bound_chunk(EvStretch *stretch, int level, int64 found, int64 end)
{
	int64 low = Min(found, end);
	int64 high = Max(found, end);

	if (level < EV_CHUNK_LEVELS)
	{
		int shift = ev_chunk_shifts[level];

		low = Max(low, (found >> shift) << shift);
		high = Min(high, (((found >> shift) + 1) << shift) - 1);
	}
	stretch->low = low;
	stretch->high = high;
}

/* Of the level that is due, one whose chunks are not much larger than what is left. */
static int
choose_level(EvWalk *walk, int64 found, int64 end)
{
	int64 left = Max(found, end) - Min(found, end) + 1;
	int level;

	if (walk->level >= 0 && walk->max_level == EV_CHUNK_LEVELS && expects_few(walk, left))
		walk->level = EV_CHUNK_LEVELS;
	level = Min(walk->level, walk->max_level);
	if (level == EV_CHUNK_LEVELS &&
		(ev_filed_has_prefix(walk->filed) || left >= ev_filed_extent(walk->filed) / 4))
		return level;
	while (level > 0 && (INT64CONST(1) << ev_chunk_shifts[level - 1]) >= left / 4)
		level--;
	return level;
}

static void
visit_index(EvWalk *walk, EvStretch *stretch, int64 found, int64 end, EvVisitor visitor, void *arg)
{
	Counter counter = {visitor, arg};
	int level = choose_level(walk, found, end);
	int64 read = walk->tally.documents;

	bound_chunk(stretch, level, found, end);
	stretch->is_ordered = false;
	(void) ev_filed_visit_index(walk->filed, level, stretch->low, stretch->high, count_hit,
								&counter);
	read = walk->tally.documents - read;
	walk->candidates += read;
	walk->looked += stretch->high - stretch->low + 1;
	if (walk->level < EV_CHUNK_LEVELS - 1 && (read < MANY_READ || counter.hits < SOME_HITS))
		walk->level++;
}

static void
visit_rows(EvWalk *walk, EvStretch *stretch, int64 found, int64 end, EvVisitor visitor, void *arg)
{
	stretch->low = Min(found, end);
	stretch->high = Max(found, end);
	if (walk->by_index)
	{
		if (walk->backward)
			stretch->low = Max(stretch->low, found - FIRST_ROWS + 1);
		else
			stretch->high = Min(stretch->high, found + FIRST_ROWS - 1);
		walk->level = EV_CHUNK_LEVELS;
	}
	stretch->is_ordered = true;
	(void) ev_filed_visit_rows(walk->filed, stretch->low, stretch->high, walk->backward, visitor,
							   arg);
}

/* The next documents of the present range; false if there are no more. */
static bool
visit_filed(EvWalk *walk, EvStretch *stretch, EvVisitor visitor, void *arg)
{
	const EvRange *range = &walk->ranges[walk->range];
	int64 low = walk->backward ? range->low : walk->at;
	int64 high = walk->backward ? walk->at : range->high;
	int64 found, end;

	if (low > high || !ev_filed_seek(walk->filed, low, high, walk->backward, &found, &end))
		return false;
	if (walk->by_index && walk->level >= 0 && ev_filed_is_indexed(walk->filed))
		visit_index(walk, stretch, found, end, visitor, arg);
	else
		visit_rows(walk, stretch, found, end, visitor, arg);
	walk->at = walk->backward ? stretch->low - 1 : stretch->high + 1;
	return true;
}

/* The first stretch begins where there are events, whatever holes are before it. */
static void
note_origin(EvWalk *walk, const EvStretch *stretch)
{
	if (walk->origin == 0)
		walk->origin = walk->backward ? stretch->high : stretch->low;
}

bool
ev_walk_next(EvWalk *walk, EvVisitor visitor, void *arg, EvStretch *stretch)
{
	for (; walk->range >= 0 && walk->range < walk->nranges;
		 walk->range += walk->backward ? -1 : 1, begin_range(walk))
	{
		const EvRange *range = &walk->ranges[walk->range];

		ev_tally_check(&walk->tally, walk->at);
		if (range->is_filed && walk->filed != NULL)
		{
			if (!visit_filed(walk, stretch, visitor, arg))
				continue;
			note_origin(walk, stretch);
			return true;
		}
		*stretch = (EvStretch) {range->low, range->high, true};
		visit_events(walk, stretch, visitor, arg);
		note_origin(walk, stretch);
		walk->range += walk->backward ? -1 : 1;
		begin_range(walk);
		return true;
	}
	return false;
}

void
ev_walk_retry(EvWalk *walk, const EvStretch *stretch)
{
	walk->at = walk->backward ? stretch->high : stretch->low;
	walk->level = EV_CHUNK_LEVELS - 1;
	walk->max_level = EV_CHUNK_LEVELS - 1;
}

/* ---- candidates */

bool
ev_walk_fetch(EvWalk *walk, int64 position, Datum *values, bool *nulls)
{
	/* What the scan keeps for the next time must outlive the candidate. */
	MemoryContext old = MemoryContextSwitchTo(walk->context);
	bool found;

	walk->tally.fetched_events++;
	ev_tally_check(&walk->tally, position);
	found = ev_scan_fetch(walk->events, position, values, nulls);
	MemoryContextSwitchTo(old);
	return found && ev_request_matches(walk->request, values, nulls);
}

bool
ev_walk_is_gone(EvWalk *walk, int64 position)
{
	MemoryContext old = MemoryContextSwitchTo(walk->context);
	bool is_there = ev_scan_holds(walk->events, position);

	MemoryContextSwitchTo(old);
	return !is_there;
}

bool
ev_walk_confirm(EvWalk *walk, const EvHit *hit)
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];

	return hit->values != NULL || walk->conditions.are_all ||
		   ev_walk_fetch(walk, hit->position, values, nulls);
}

float4
ev_walk_rank(const EvHit *hit)
{
	float4 rank = 0;

	if (hit->configured != NULL && hit->configured->query != NULL)
		rank = DatumGetFloat4(DirectFunctionCall2(ts_rank_tt, hit->document,
												  TSQueryGetDatum(hit->configured->query)));
	/* An id that was typed whole is what was looked for. */
	return hit->is_named ? rank + 1 : rank;
}

static bool
rank_hit(void *arg, const EvHit *hit)
{
	*(float4 *) arg = ev_walk_rank(hit);
	return false;
}

bool
ev_walk_rank_filed(EvWalk *walk, int64 position, float4 *rank)
{
	MemoryContext old;
	bool is_filed;

	if (walk->filed == NULL || position > walk->tally.filed_upto)
		return false;
	/* A partition that is opened outlives the row. */
	old = MemoryContextSwitchTo(walk->context);
	ev_filed_want_documents(walk->filed);
	is_filed = ev_filed_visit_one(walk->filed, position, rank_hit, rank);
	MemoryContextSwitchTo(old);
	return is_filed;
}
