/* SPDX-License-Identifier: PostgreSQL
 *
 * search.c: the SQL functions that search: events.search(), events.explain_search().
 *
 * A search finds positions first (find.c) and reads the events of its page then, so that
 * nothing but positions is kept of what it comes across.
 */
#include "base/compat.h"

#include "base/attempt.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "search/document.h"
#include "search/document_configuration.h"
#include "search/document_fallback.h"
#include "search/find.h"
#include "search/headline.h"
#include "store/reader.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_search);
PG_FUNCTION_INFO_V1(ev_explain_search);

/* Arguments after those of the request. */
enum
{
	ARGUMENT_MAX_COUNT = EV_REQUEST_NARGUMENTS,
	ARGUMENT_AFTER,
	ARGUMENT_ORDER
};

/* Columns after those of the event. */
enum
{
	COLUMN_RANK = EV_NCOLUMNS,
	COLUMN_HEADLINE,
	COLUMN_CURSOR,
	COLUMN_TOTAL_ESTIMATE,
	NCOLUMNS
};

#define DEFAULT_MAX_COUNT 20
#define GREATEST_MAX_COUNT 10000

static EvOrder
get_order(FunctionCallInfo fcinfo)
{
	static const char *const names[] = {"newest", "oldest", "rank"};
	const char *name = PG_ARGISNULL(ARGUMENT_ORDER)
						   ? "newest"
						   : text_to_cstring(PG_GETARG_TEXT_PP(ARGUMENT_ORDER));

	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
			return (EvOrder) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no order \"%s\"", name),
			 errhint("Orders are newest, oldest and rank.")));
}

static int
get_max_count(FunctionCallInfo fcinfo)
{
	int n = PG_ARGISNULL(ARGUMENT_MAX_COUNT) ? DEFAULT_MAX_COUNT
											 : PG_GETARG_INT32(ARGUMENT_MAX_COUNT);

	if (n < 1 || n > GREATEST_MAX_COUNT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_count must be from 1 to %d: %d", GREATEST_MAX_COUNT, n),
						errhint("More events come page by page, with the cursor of the last row as "
								"\"after\", or in order with events.read().")));
	return n;
}

static EvRequest *
get_page(FunctionCallInfo fcinfo, EvPage *page)
{
	EvRequest *request = ev_request_make(fcinfo);

	memset(page, 0, sizeof(EvPage));
	page->order = get_order(fcinfo);
	/* Without text there is nothing to rank by. */
	if (page->order == EV_ORDER_RANK && request->text == NULL)
		page->order = EV_ORDER_NEWEST;
	page->max_count = get_max_count(fcinfo);
	if (!PG_ARGISNULL(ARGUMENT_AFTER))
	{
		page->has_after = true;
		ev_cursor_read(&page->after, PG_GETARG_TEXT_PP(ARGUMENT_AFTER), page->order, request->hash);
	}
	return request;
}

/* The rank of an event by a document made for the purpose. */
static float4
rank_event(EvRequest *request, const EvConfigured *configured, Oid configuration, const Datum *row,
		   const bool *nulls)
{
	EvDocument document;
	EvHit hit = {.configured = configured};
	int length;
	const char *whole = ev_text_query_whole(request->text, &length);

	if (!ev_document_make_somehow(&document, row, nulls, configuration, NULL))
		return 0;
	if (document.configuration != configuration)
		hit.configured = ev_request_configured(
			request, document.configuration, ev_document_configuration_key(document.configuration));
	hit.document = TSVectorGetDatum(document.text);
	hit.is_named = ev_key_condition_has_key(document.keys, document.nkeys,
											ev_search_key(EV_KEY_ID, whole, length)) ||
				   ev_key_condition_has_key(document.keys, document.nkeys,
											ev_search_key(EV_KEY_CORRELATION, whole, length));
	return ev_walk_rank(&hit);
}

typedef struct Line
{
	EvRequest *request;
	Oid configuration;
	const Datum *row;
	const bool *nulls;
	text *headline;
} Line;

static void
make_headline(void *arg)
{
	Line *line = arg;
	const EvConfigured *configured = ev_request_configured(
		line->request, line->configuration, ev_document_configuration_key(line->configuration));

	line->headline = ev_headline_make(line->row, line->nulls, line->configuration,
									  configured->query);
}

/* As the document was made: with "simple" where the configuration's dictionaries raise. */
static text *
headline(EvRequest *request, Oid configuration, const Datum *row, const bool *nulls)
{
	Line line = {request, configuration, row, nulls, NULL};
	ErrorData *error = ev_attempt(make_headline, &line);

	if (error == NULL)
		return line.headline;
	if (ev_attempt_was_interrupted(error))
		ReThrowError(error);
	line.configuration = ev_document_configuration_simple();
	make_headline(&line);
	return line.headline;
}

static void
show_text(EvWalk *walk, const EvPage *page, const EvFound *found, Datum *row, bool *nulls)
{
	EvRequest *request = walk->request;
	Oid configuration = ev_document_configuration(DatumGetTextPP(row[EV_TYPE]));
	const EvConfigured *configured = ev_request_configured(
		request, configuration, ev_document_configuration_key(configuration));
	float4 rank = found->rank;

	if (page->order != EV_ORDER_RANK && !ev_walk_rank_filed(walk, found->position, &rank))
		rank = rank_event(request, configured, configuration, row, nulls);
	row[COLUMN_RANK] = Float4GetDatum(rank);
	row[COLUMN_HEADLINE] = PointerGetDatum(headline(request, configuration, row, nulls));
	nulls[COLUMN_RANK] = nulls[COLUMN_HEADLINE] = false;
}

static text *
cursor_of(const EvRequest *request, const EvPage *page, int i)
{
	EvSearchCursor cursor = {
		.order = page->order,
		.search = request->hash,
		.position = page->found[i].position,
		.upto = page->upto,
		.seen = (page->has_after ? page->after.seen : 0) + i + 1,
		.rank = page->found[i].rank,
	};

	return ev_cursor_write(&cursor);
}

/* false if a partition was dropped meanwhile that has events of the page. */
static bool
put_page(ReturnSetInfo *result, EvWalk *walk, const EvPage *page)
{
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "events search row",
													  ALLOCSET_DEFAULT_SIZES);
	bool is_whole = true;

	for (int i = 0; i < page->count && is_whole; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);
		Datum row[NCOLUMNS];
		bool nulls[NCOLUMNS];

		memset(nulls, true, sizeof(nulls));
		if (ev_walk_fetch(walk, page->found[i].position, row, nulls))
		{
			if (walk->request->text != NULL)
				show_text(walk, page, &page->found[i], row, nulls);
			row[COLUMN_CURSOR] = PointerGetDatum(cursor_of(walk->request, page, i));
			row[COLUMN_TOTAL_ESTIMATE] = Int64GetDatum(page->total);
			nulls[COLUMN_CURSOR] = nulls[COLUMN_TOTAL_ESTIMATE] = false;
			tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
		}
		else
			is_whole = !ev_walk_is_gone(walk, page->found[i].position);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	MemoryContextDelete(row_context);
	return is_whole;
}

/*
 * What was found by documents alone is read here for the first time.  Who pages takes a
 * short page for the last one, so where retention came between it is searched anew, without
 * the partitions that are gone.
 */
static void
search_page(ReturnSetInfo *result, EvRequest *request, EvPage *page)
{
	bool is_whole;

	do
	{
		EvWalk *walk = ev_walk_open(request, ev_reader_horizon(), false);

		tuplestore_clear(result->setResult);
		ev_find_page(walk, page);
		is_whole = put_page(result, walk, page);
		ev_walk_close(walk);
	} while (!is_whole);
}

/* Who gets nothing should know if nothing was looked for. */
static void
tell_of_empty_text(EvRequest *request)
{
	ListCell *cell;

	if (request->text == NULL || request->configured == NIL)
		return;
	foreach (cell, request->configured)
	{
		if (((const EvConfigured *) lfirst(cell))->query != NULL)
			return;
	}
	ereport(NOTICE, (errmsg("the query has no words that are searched for"),
					 errdetail("It has only stop words or punctuation.")));
}

/* events.search(<request>, max_count, after, order) → events with rank, headline, cursor, total */
Datum
ev_search(PG_FUNCTION_ARGS)
{
	EvPage page;
	EvRequest *request;

	ev_reader_refuse_old_snapshots("events.search()");
	request = get_page(fcinfo, &page);
	InitMaterializedSRF(fcinfo, 0);
	search_page((ReturnSetInfo *) fcinfo->resultinfo, request, &page);
	tell_of_empty_text(request);
	return (Datum) 0;
}

/* ---- events.explain_search() */

static void put_line(ReturnSetInfo *result, const char *format, ...) pg_attribute_printf(2, 3);

static void
put_line(ReturnSetInfo *result, const char *format, ...)
{
	char line[1024];
	Datum value;
	bool isnull = false;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	value = CStringGetTextDatum(line);
	tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
}

static void
put_explanation(ReturnSetInfo *result, const EvWalk *walk, const EvPage *page)
{
	const EvTally *tally = &walk->tally;
	StringInfoData asked;

	initStringInfo(&asked);
	if (walk->filed != NULL && walk->by_index)
		ev_filed_describe(walk->filed, &asked);
	put_line(result, "Filed up to position " INT64_FORMAT " of " INT64_FORMAT, tally->filed_upto,
			 tally->horizon);
	if (walk->filed != NULL)
		put_line(result, "Partitions of documents: %d of %d", tally->partitions,
				 tally->all_partitions);
	if (tally->all_chunks > 0)
		put_line(result, "Chunks of these times: " INT64_FORMAT " of " INT64_FORMAT, tally->chunks,
				 tally->all_chunks);
	if (asked.len > 0)
		put_line(result, "Index: %s", asked.data);
	else
		put_line(result, "Index: not used");
	for (int i = 0; i <= EV_CHUNK_LEVELS; i++)
	{
		if (tally->scans[i] == 0)
			continue;
		if (i < EV_CHUNK_LEVELS)
			put_line(result, "Index scans of chunks of %d positions: " INT64_FORMAT,
					 1 << ev_chunk_shifts[i], tally->scans[i]);
		else
			put_line(result, "Index scans of whole partitions: " INT64_FORMAT, tally->scans[i]);
	}
	put_line(result, "Documents read by index: " INT64_FORMAT ", in order: " INT64_FORMAT,
			 tally->documents, tally->walked_documents);
	put_line(result, "Events walked: " INT64_FORMAT ", fetched: " INT64_FORMAT,
			 tally->walked_events, tally->fetched_events);
	put_line(result, "Found: %d of %s" INT64_FORMAT, page->count, page->is_exact ? "" : "about ",
			 page->total);
}

/* events.explain_search(<request>, max_count, after, order) → lines */
Datum
ev_explain_search(PG_FUNCTION_ARGS)
{
	EvPage page;
	EvRequest *request;
	EvWalk *walk;

	ev_reader_refuse_old_snapshots("events.explain_search()");
	request = get_page(fcinfo, &page);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	walk = ev_walk_open(request, ev_reader_horizon(), false);
	ev_find_page(walk, &page);
	put_explanation((ReturnSetInfo *) fcinfo->resultinfo, walk, &page);
	ev_walk_close(walk);
	return (Datum) 0;
}
