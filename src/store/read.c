/* SPDX-License-Identifier: PostgreSQL
 *
 * read.c: the SQL functions that read events.
 *
 * What goes for all of them (horizon, snapshots, cursors) is in reader.h.
 */
#include "base/compat.h"

#include "base/catalog.h"
#include "base/wake.h"
#include "funcapi.h"
#include "match/filter.h"
#include "store/epoch.h"
#include "store/event_subject.h"
#include "store/position.h"
#include "store/read.h"
#include "store/reader.h"
#include "store/scan.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_read);
PG_FUNCTION_INFO_V1(ev_horizon);
PG_FUNCTION_INFO_V1(ev_oldest);
PG_FUNCTION_INFO_V1(ev_position_at);
PG_FUNCTION_INFO_V1(ev_relay_state);

/* From four arguments that follow one another: topics, types, pattern, filter. */
static EvFilter *
get_filter(FunctionCallInfo fcinfo, int first)
{
	EvFilterSource source = {
		.topics = PG_ARGISNULL(first) ? NULL : PG_GETARG_ARRAYTYPE_P(first),
		.types = PG_ARGISNULL(first + 1) ? NULL : PG_GETARG_ARRAYTYPE_P(first + 1),
		.pattern = PG_ARGISNULL(first + 2) ? NULL : PG_GETARG_JSONB_P(first + 2),
		.expression = PG_ARGISNULL(first + 3) ? NULL : PG_GETARG_TEXT_PP(first + 3),
	};

	return ev_filter_make(&source);
}

static bool
event_matches(const EvFilter *filter, const Datum *values, const bool *nulls)
{
	EvEventSubject row;

	return ev_filter_may_match(filter, DatumGetTextPP(values[EV_TYPE]),
							   DatumGetArrayTypeP(values[EV_TOPIC])) &&
		   ev_filter_matches(filter, ev_event_subject_init(&row, values, nulls));
}

/* events.read(after, max_count, topics, types, pattern, filter) → setof events.event */
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

	ev_reader_refuse_old_snapshots("events.read()");
	horizon = ev_reader_horizon();
	after = ev_reader_from_argument(fcinfo, 0);
	max_count = ev_reader_max_count(fcinfo, 1);
	filter = get_filter(fcinfo, 2);
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

		if (event_matches(filter, values, nulls))
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

Datum
ev_horizon(PG_FUNCTION_ARGS)
{
	ev_reader_refuse_old_snapshots("events.horizon()");
	PG_RETURN_INT64(ev_reader_horizon());
}

Datum
ev_oldest(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(ev_reader_oldest());
}

/* The first event after a position: its position and recorded time. */
static bool
first_after(int64 after, int64 horizon, int64 *position, TimestampTz *recorded_at)
{
	EvScan *scan = ev_scan_open_kept(after, horizon);
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
 * Recorded times rise with position but for commits that were held up between
 * taking the time and drawing the position; so the search by halving aims a
 * little earlier, and a walk does the rest.
 */
int64
ev_read_position_at(TimestampTz t)
{
	int64 horizon = ev_reader_horizon();
	int64 cursor = ev_reader_oldest() - 1;
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	EvScan *scan;

	if (TIMESTAMP_IS_NOBEGIN(t) || cursor >= horizon)
		return Max(cursor, 0);
	if (TIMESTAMP_IS_NOEND(t))
		return horizon;
	cursor = cursor_before(t - EV_CLOCK_DISORDER, cursor, horizon);

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
	return cursor;
}

void
ev_read_narrow(TimestampTz from, TimestampTz to, int64 *after, int64 *upto)
{
	if (!TIMESTAMP_NOT_FINITE(from) && from > MIN_TIMESTAMP + EV_CLOCK_DISORDER)
		*after = cursor_before(from - EV_CLOCK_DISORDER, *after, *upto);
	if (!TIMESTAMP_NOT_FINITE(to) && to < END_TIMESTAMP - EV_CLOCK_DISORDER)
		*upto = cursor_before(to + EV_CLOCK_DISORDER, *after, *upto);
}

/* events.position_at(time) → cursor */
Datum
ev_position_at(PG_FUNCTION_ARGS)
{
	ev_reader_refuse_old_snapshots("events.position_at()");
	PG_RETURN_INT64(ev_read_position_at(PG_GETARG_TIMESTAMPTZ(0)));
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

	ev_reader_refuse_standby("events.status");
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	ev_epoch_current(epoch);
	values[0] = CStringGetTextDatum(epoch);
	values[1] = Int64GetDatum(ev_reader_horizon());
	values[2] = Int64GetDatum(ev_reader_oldest());
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
