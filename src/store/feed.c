/* SPDX-License-Identifier: PostgreSQL
 *
 * feed.c: events as eventsd reads them: pages of CloudEvents text.
 *
 * eventsd may give the filters of all its clients at once.  Then each event
 * comes with the numbers of those that match it, so that nothing is evaluated twice
 * and there is no second language in the sidecar.  The list of filters crosses the
 * wire only when it is new: the session keeps it under a key (match/filter_set.h), and
 * one that does not know the key (it is another session of a pooler) says EV003.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "match/filter_set.h"
#include "match/topic.h"
#include "miscadmin.h"
#include "store/cloudevent.h"
#include "store/epoch.h"
#include "store/event_subject.h"
#include "store/reader.h"
#include "store/scan.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_feed);

/* Rows that one feed page looks at for each row that it may return. */
#define FEED_ROWS_LOOKED_AT 20

/* How long filters may look for a page, so that those of others who are done go on. */
#define FEED_FILTER_TIME_MS 250

/* Columns of events._feed's result. */
enum
{
	FEED_POSITION,
	FEED_RECORDED_AT,
	FEED_TYPE,
	FEED_TOPIC,
	FEED_EVENT,
	FEED_MATCHES,
	FEED_NCOLUMNS
};

typedef struct FeedPage
{
	ReturnSetInfo *result;
	int max_count;
	int64 max_bytes;
	EvTopicFilter *topics;
	EvFilterSet *filters; /* NULL: none were given */
	bool only_matching;
	int *answers; /* of the filters, about the present event */
	int nanswers;
	char epoch[EV_EPOCH_LENGTH + 1];
	int count;
	int looked_at;
	int64 bytes;
	TimestampTz full_at; /* with filters: no more is looked at after this */
	StringInfoData text;
} FeedPage;

static bool
feed_page_is_full(const FeedPage *page)
{
	return page->count >= page->max_count || page->bytes >= page->max_bytes ||
		   page->looked_at / FEED_ROWS_LOOKED_AT >= page->max_count ||
		   (page->filters != NULL && page->looked_at > 0 && GetCurrentTimestamp() >= page->full_at);
}

/* Is the event wanted?  Notes what the filters say of it. */
static bool
is_wanted(FeedPage *page, const Datum *values, const bool *nulls)
{
	EvEventSubject row;

	if (!ev_topic_filter_matches(page->topics, DatumGetTextPP(values[EV_TYPE]),
								 DatumGetArrayTypeP(values[EV_TOPIC])))
		return false;
	if (page->filters == NULL)
		return true;
	page->nanswers = ev_filter_set_match(page->filters, ev_event_subject_init(&row, values, nulls),
										 page->answers);
	return page->nanswers > 0 || !page->only_matching;
}

static Datum
answers_array(const FeedPage *page)
{
	Datum *elements = palloc(sizeof(Datum) * Max(page->nanswers, 1));

	for (int i = 0; i < page->nanswers; i++)
		elements[i] = Int32GetDatum(page->answers[i]);
	return PointerGetDatum(
		construct_array(elements, page->nanswers, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

static void
put_feed_row(FeedPage *page, Datum *values, bool *nulls)
{
	Datum row[FEED_NCOLUMNS];
	bool isnull[FEED_NCOLUMNS] = {false};

	resetStringInfo(&page->text);
	ev_cloudevent_append(&page->text, values, nulls, page->epoch);
	row[FEED_POSITION] = values[EV_POSITION];
	row[FEED_RECORDED_AT] = values[EV_RECORDED_AT];
	row[FEED_TYPE] = values[EV_TYPE];
	row[FEED_TOPIC] = values[EV_TOPIC];
	row[FEED_EVENT] = PointerGetDatum(cstring_to_text_with_len(page->text.data, page->text.len));
	isnull[FEED_MATCHES] = page->filters == NULL;
	row[FEED_MATCHES] = page->filters == NULL ? (Datum) 0 : answers_array(page);
	tuplestore_putvalues(page->result->setResult, page->result->setDesc, row, isnull);
	page->count++;
	page->bytes += page->text.len;
}

static void
put_end_row(FeedPage *page, int64 position, bool is_cut)
{
	Datum row[FEED_NCOLUMNS] = {0};
	bool isnull[FEED_NCOLUMNS];

	memset(isnull, true, sizeof(isnull));
	row[FEED_POSITION] = Int64GetDatum(position);
	isnull[FEED_POSITION] = false;
	row[FEED_TYPE] = CStringGetTextDatum(page->epoch);
	isnull[FEED_TYPE] = false;
	row[FEED_MATCHES] = PointerGetDatum(construct_empty_array(INT4OID));
	isnull[FEED_MATCHES] = !is_cut;
	tuplestore_putvalues(page->result->setResult, page->result->setDesc, row, isnull);
}

static EvFilterSet *
find_filters(const text *key)
{
	EvFilterSet *set = ev_filter_set_find(key);

	if (set == NULL)
		ereport(ERROR, (errcode(MAKE_SQLSTATE('E', 'V', '0', '0', '3')),
						errmsg("this session has no filters of the key that was given"),
						errhint("Give them with the key.")));
	return set;
}

/* From three arguments that follow one another: filters, filters_key, only_matching. */
static void
get_filters(FeedPage *page, FunctionCallInfo fcinfo, int first)
{
	text *key = PG_ARGISNULL(first + 1) ? NULL : PG_GETARG_TEXT_PP(first + 1);
	ArrayType *filters = PG_ARGISNULL(first) ? NULL : PG_GETARG_ARRAYTYPE_P(first);

	if (filters == NULL && key == NULL)
		return;
	if (filters == NULL)
		page->filters = find_filters(key);
	else if (key == NULL)
		page->filters = ev_filter_set_make(filters);
	else
		page->filters = ev_filter_set_keep(key, filters);
	page->answers = palloc(sizeof(int) * Max(ev_filter_set_count(page->filters), 1));
	page->full_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), FEED_FILTER_TIME_MS);
	page->only_matching = !PG_ARGISNULL(first + 2) && PG_GETARG_BOOL(first + 2);
}

static void
get_arguments(FeedPage *page, FunctionCallInfo fcinfo)
{
	page->max_count = ev_reader_max_count(fcinfo, 1);
	page->max_bytes = PG_ARGISNULL(2) ? PG_INT64_MAX : PG_GETARG_INT32(2);
	if (page->max_bytes < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_bytes must be at least 1: " INT64_FORMAT, page->max_bytes)));
	page->topics = ev_topic_filter_make(PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P(3),
										PG_ARGISNULL(4) ? NULL : PG_GETARG_ARRAYTYPE_P(4));
	get_filters(page, fcinfo, 5);
}

/*
 * events._feed(after, max_count, max_bytes, topics, types, filters, filters_key,
 * only_matching): a page of the feed for the sidecar, events as CloudEvents
 * text.  The last row has no event; its position says how far the page goes and
 * its type names the epoch, and it has matches (none) if there is more to read.
 */
Datum
ev_feed(PG_FUNCTION_ARGS)
{
	FeedPage page = {0};
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	int64 end, horizon;
	EvScan *scan;
	MemoryContext row_context;

	ev_reader_refuse_old_snapshots("events._feed()");
	horizon = ev_reader_horizon();
	end = ev_reader_from_argument(fcinfo, 0);
	get_arguments(&page, fcinfo);
	page.result = (ReturnSetInfo *) fcinfo->resultinfo;
	InitMaterializedSRF(fcinfo, 0);
	initStringInfo(&page.text);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "events feed",
										ALLOCSET_DEFAULT_SIZES);

	ev_epoch_current(page.epoch);
	scan = ev_scan_open(end, horizon);
	while (!feed_page_is_full(&page))
	{
		MemoryContext old;

		if (!ev_scan_next(scan, values, nulls))
		{
			end = Max(end, horizon);
			break;
		}
		old = MemoryContextSwitchTo(row_context);
		page.looked_at++;
		end = DatumGetInt64(values[EV_POSITION]);
		if (is_wanted(&page, values, nulls))
			put_feed_row(&page, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	ev_scan_close(scan);
	put_end_row(&page, end, end < horizon);
	return (Datum) 0;
}
