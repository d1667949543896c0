/* SPDX-License-Identifier: PostgreSQL
 *
 * read.c: the SQL functions that read events.
 *
 * Each computes the horizon first and takes its snapshot after that, so that
 * everything at and below the horizon is seen.  That is why they refuse
 * REPEATABLE READ and SERIALIZABLE, where a statement must not see what the
 * transaction's snapshot does not, and hot standbys, whose copy of the
 * sequence runs ahead and which know nothing of commits in flight.
 *
 * A cursor is the position of the last event that was taken in.  One below
 * what retention has kept, or above what was ever drawn, is an error (EV001,
 * EV002), never an empty answer.
 */
#include "base/compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "base/catalog.h"
#include "base/shared.h"
#include "base/wake.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "match/topic.h"
#include "miscadmin.h"
#include "store/cloudevent.h"
#include "store/epoch.h"
#include "store/partition.h"
#include "store/position.h"
#include "store/read.h"
#include "store/scan.h"
#include "store/staging.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_read);
PG_FUNCTION_INFO_V1(ev_feed);
PG_FUNCTION_INFO_V1(ev_horizon);
PG_FUNCTION_INFO_V1(ev_oldest);
PG_FUNCTION_INFO_V1(ev_position_at);
PG_FUNCTION_INFO_V1(ev_relay_state);

/* Rows that one feed page looks at for each row that it may return. */
#define FEED_ROWS_LOOKED_AT 20

/* Recorded times may lie out of order by so much (a commit that was held up). */
#define CLOCK_DISORDER (10 * USECS_PER_SEC)

static bool sweep_requested = false;

void
ev_read_request_sweep_if_staged(void)
{
	if (!XactReadOnly && ev_staging_is_pending())
		sweep_requested = true;
}

bool
ev_read_take_sweep_request(void)
{
	bool requested = sweep_requested;

	sweep_requested = false;
	return requested;
}

static void
refuse_standby(const char *function)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s cannot be used on a hot standby", function),
				 errdetail("A standby knows nothing of the commits in flight on its primary."),
				 errhint("Read events from the primary.")));
}

static void
refuse_old_snapshots(const char *function)
{
	refuse_standby(function);
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot be used in a %s transaction", function,
						IsolationIsSerializable() ? "SERIALIZABLE" : "REPEATABLE READ"),
				 errdetail("It must see what was committed after the transaction's snapshot."),
				 errhint("Use READ COMMITTED.")));
}

/*
 * The horizon.  Events of prepared transactions that have been committed are
 * given their positions by the commit of the reader's own transaction.
 */
static int64
compute_horizon(void)
{
	int64 horizon;

	ev_read_request_sweep_if_staged();
	ev_wake_request_worker();
	horizon = ev_position_horizon(ev_catalog_relid("position"));

	/*
	 * Who reads up to the horizon must know of the partitions that were
	 * attached for it, also where he holds a lock on events.event from
	 * before, so that taking it again would not look for news.
	 */
	AcceptInvalidationMessages();
	return horizon;
}

static int64
compute_oldest(void)
{
	Relation event = table_open(ev_catalog_relid("event"), AccessShareLock);
	int64 oldest = ev_partition_oldest(event);

	table_close(event, AccessShareLock);
	return oldest;
}

/*
 * The cursor from an argument; NULL is the earliest.  To be called after the
 * horizon was computed: that brings the sequence back above all it ever gave.
 * Whether it is too old is seen when the partitions are (ev_scan_open).
 */
static int64
get_cursor(FunctionCallInfo fcinfo, int arg)
{
	int64 last = ev_position_last(ev_catalog_relid("position"));
	int64 after = PG_ARGISNULL(arg) ? compute_oldest() - 1 : PG_GETARG_INT64(arg);

	if (after < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("position must not be negative: " INT64_FORMAT, after)));
	if (after > last)
		ereport(ERROR,
				(errcode(MAKE_SQLSTATE('E', 'V', '0', '0', '2')),
				 errmsg("position " INT64_FORMAT " is in the future", after),
				 errdetail("The last position is " INT64_FORMAT ".", last),
				 errhint("The position is of another database, or this one was restored to an "
						 "earlier point: SELECT events.new_epoch().")));
	return after;
}

static EvFilter *
get_filter(FunctionCallInfo fcinfo, int topics, int types)
{
	return ev_filter_make(PG_ARGISNULL(topics) ? NULL : PG_GETARG_ARRAYTYPE_P(topics),
						  PG_ARGISNULL(types) ? NULL : PG_GETARG_ARRAYTYPE_P(types));
}

static int
get_max_count(FunctionCallInfo fcinfo, int arg)
{
	int n = PG_ARGISNULL(arg) ? PG_INT32_MAX : PG_GETARG_INT32(arg);

	if (n < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_count must be at least 1: %d", n)));
	return n;
}

static bool
event_matches(const EvFilter *filter, const Datum *values)
{
	return ev_filter_matches(filter, DatumGetTextPP(values[EV_TYPE]),
							 DatumGetArrayTypeP(values[EV_TOPIC]));
}

/* events.read(after, max_count, topics, types) → setof events.event */
Datum
ev_read(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	int numbers[EV_NCOLUMNS];
	int64 after, horizon;
	int max_count;
	EvFilter *filter;
	EvScan *scan;
	Datum *row;
	bool *isnull;
	MemoryContext row_context;

	refuse_old_snapshots("events.read()");
	horizon = compute_horizon();
	after = get_cursor(fcinfo, 0);
	max_count = get_max_count(fcinfo, 1);
	filter = get_filter(fcinfo, 2, 3);
	InitMaterializedSRF(fcinfo, 0);
	ev_columns_locate(result->setDesc, numbers);
	row = palloc0(sizeof(Datum) * result->setDesc->natts);
	isnull = palloc(sizeof(bool) * result->setDesc->natts);
	memset(isnull, true, sizeof(bool) * result->setDesc->natts);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "events read",
										ALLOCSET_DEFAULT_SIZES);

	scan = ev_scan_open(after, horizon);
	for (int n = 0; n < max_count && ev_scan_next(scan, values, nulls);)
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);

		if (event_matches(filter, values))
		{
			for (int i = 0; i < EV_NCOLUMNS; i++)
			{
				row[numbers[i]] = values[i];
				isnull[numbers[i]] = nulls[i];
			}
			tuplestore_putvalues(result->setResult, result->setDesc, row, isnull);
			n++;
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	ev_scan_close(scan);
	return (Datum) 0;
}

/* Columns of events._feed's result. */
enum
{
	FEED_POSITION,
	FEED_RECORDED_AT,
	FEED_TYPE,
	FEED_TOPIC,
	FEED_EVENT,
	FEED_NCOLUMNS
};

typedef struct FeedPage
{
	ReturnSetInfo *result;
	int max_count;
	int64 max_bytes;
	int count;
	int looked_at;
	int64 bytes;
	StringInfoData text;
} FeedPage;

static bool
feed_page_is_full(const FeedPage *page)
{
	return page->count >= page->max_count || page->bytes >= page->max_bytes ||
		   page->looked_at / FEED_ROWS_LOOKED_AT >= page->max_count;
}

static void
put_feed_row(FeedPage *page, Datum *values, bool *nulls, const char *epoch)
{
	Datum row[FEED_NCOLUMNS];
	bool isnull[FEED_NCOLUMNS] = {false};

	resetStringInfo(&page->text);
	ev_cloudevent_append(&page->text, values, nulls, epoch);
	row[FEED_POSITION] = values[EV_POSITION];
	row[FEED_RECORDED_AT] = values[EV_RECORDED_AT];
	row[FEED_TYPE] = values[EV_TYPE];
	row[FEED_TOPIC] = values[EV_TOPIC];
	row[FEED_EVENT] = PointerGetDatum(cstring_to_text_with_len(page->text.data, page->text.len));
	tuplestore_putvalues(page->result->setResult, page->result->setDesc, row, isnull);
	page->count++;
	page->bytes += page->text.len;
}

static void
put_end_row(FeedPage *page, int64 position, const char *epoch)
{
	Datum row[FEED_NCOLUMNS] = {0};
	bool isnull[FEED_NCOLUMNS];

	memset(isnull, true, sizeof(isnull));
	row[FEED_POSITION] = Int64GetDatum(position);
	isnull[FEED_POSITION] = false;
	row[FEED_TYPE] = CStringGetTextDatum(epoch);
	isnull[FEED_TYPE] = false;
	tuplestore_putvalues(page->result->setResult, page->result->setDesc, row, isnull);
}

/*
 * events._feed(after, max_count, max_bytes, topics, types): a page of the feed
 * for the sidecar, events as CloudEvents text.  The last row has no event; its
 * position says how far the page goes and its type names the epoch.
 */
Datum
ev_feed(PG_FUNCTION_ARGS)
{
	FeedPage page = {0};
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	char epoch[EV_EPOCH_LENGTH + 1];
	int64 end, horizon;
	EvFilter *filter;
	EvScan *scan;
	MemoryContext row_context;

	refuse_old_snapshots("events._feed()");
	horizon = compute_horizon();
	end = get_cursor(fcinfo, 0);
	page.result = (ReturnSetInfo *) fcinfo->resultinfo;
	page.max_count = get_max_count(fcinfo, 1);
	page.max_bytes = PG_ARGISNULL(2) ? PG_INT64_MAX : PG_GETARG_INT32(2);
	if (page.max_bytes < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_bytes must be at least 1: " INT64_FORMAT, page.max_bytes)));
	filter = get_filter(fcinfo, 3, 4);
	InitMaterializedSRF(fcinfo, 0);
	initStringInfo(&page.text);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "events feed",
										ALLOCSET_DEFAULT_SIZES);

	ev_epoch_current(epoch);
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
		if (event_matches(filter, values))
			put_feed_row(&page, values, nulls, epoch);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	ev_scan_close(scan);
	put_end_row(&page, end, epoch);
	return (Datum) 0;
}

Datum
ev_horizon(PG_FUNCTION_ARGS)
{
	refuse_old_snapshots("events.horizon()");
	PG_RETURN_INT64(compute_horizon());
}

Datum
ev_oldest(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(compute_oldest());
}

/* The first event after a position: its position and recorded time. */
static bool
first_after(int64 after, int64 horizon, int64 *position, TimestampTz *recorded_at)
{
	EvScan *scan = ev_scan_open(after, horizon);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	bool found = ev_scan_next(scan, values, nulls);

	if (found)
	{
		*position = DatumGetInt64(values[EV_POSITION]);
		*recorded_at = DatumGetTimestampTz(values[EV_RECORDED_AT]);
	}
	ev_scan_close(scan);
	return found;
}

/* The greatest cursor whose next event is not recorded before t, by halving. */
static int64
cursor_before(TimestampTz t, int64 low, int64 high)
{
	int64 end = high;

	/* All events at and below `low` are older; the one after `high` is not, or there is none. */
	while (low < high)
	{
		int64 middle = low + (high - low) / 2;
		int64 position;
		TimestampTz recorded_at;

		if (first_after(middle, end, &position, &recorded_at) && recorded_at < t)
			low = position;
		else
			high = middle;
	}
	return low;
}

/*
 * events.position_at(timestamptz): the cursor after which every event recorded
 * at or after the time comes.  Recorded times rise with position but for
 * commits that were held up between taking the time and drawing the position;
 * so the search by halving aims a little earlier, and a walk does the rest.
 */
Datum
ev_position_at(PG_FUNCTION_ARGS)
{
	TimestampTz t = PG_GETARG_TIMESTAMPTZ(0);
	int64 horizon, cursor;
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	EvScan *scan;

	refuse_old_snapshots("events.position_at()");
	horizon = compute_horizon();
	cursor = compute_oldest() - 1;
	if (TIMESTAMP_IS_NOBEGIN(t) || cursor >= horizon)
		PG_RETURN_INT64(Max(cursor, 0));
	if (TIMESTAMP_IS_NOEND(t))
		PG_RETURN_INT64(horizon);
	cursor = cursor_before(t - CLOCK_DISORDER, cursor, horizon);

	scan = ev_scan_open(cursor, horizon);
	cursor = horizon;
	while (ev_scan_next(scan, values, nulls))
	{
		if (DatumGetTimestampTz(values[EV_RECORDED_AT]) >= t)
		{
			cursor = DatumGetInt64(values[EV_POSITION]) - 1;
			break;
		}
	}
	ev_scan_close(scan);
	PG_RETURN_INT64(cursor);
}

/*
 * events._relay_state(): what the sidecar asks when it connects and once a
 * second: epoch, horizon, oldest, last position, is there a worker, version;
 * and for events.status: commits in flight, since when, worker's process id.
 */
Datum
ev_relay_state(PG_FUNCTION_ARGS)
{
	Datum values[9] = {0};
	bool nulls[9] = {false};
	char epoch[EV_EPOCH_LENGTH + 1];
	TupleDesc descriptor;
	TimestampTz since;
	Oid sequence = ev_catalog_relid("position");
	int pid;

	refuse_standby("events.status");
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	ev_epoch_current(epoch);
	values[0] = CStringGetTextDatum(epoch);
	values[1] = Int64GetDatum(compute_horizon());
	values[2] = Int64GetDatum(compute_oldest());
	values[3] = Int64GetDatum(ev_position_last(sequence));
	pid = ev_wake_worker_pid();
	values[4] = BoolGetDatum(pid != 0);
	values[5] = CStringGetTextDatum(EV_VERSION);
	values[6] = Int32GetDatum(ev_position_in_flight(sequence, &since));
	values[7] = TimestampTzGetDatum(since);
	nulls[7] = since == 0;
	values[8] = Int32GetDatum(pid);
	nulls[8] = pid == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
