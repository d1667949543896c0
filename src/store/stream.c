/* SPDX-License-Identifier: PostgreSQL
 *
 * stream.c: the events of one source and subject.
 *
 * Positions up to a certain one come from the index (subject_index.c), each
 * checked against its event, since another stream may have the same hash.  What
 * lies above is walked.  State of the index, its entries and the events are all
 * seen by one snapshot, so no event is missed or counted twice while the index
 * grows.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "base/catalog.h"
#include "funcapi.h"
#include "store/columns.h"
#include "store/position.h"
#include "store/reader.h"
#include "store/scan.h"
#include "store/stream.h"
#include "store/subject_index.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_read_subject);

/*
 * Past so many positions without index, who comes along files some: a part that
 * takes about as long as to walk all of them, within limits.
 */
#define LONG_GAP 256
#define MIN_FILED 10000
#define MAX_FILED 50000

void
ev_stream_init(EvStream *stream, const text *source, const text *subject)
{
	stream->source = source;
	stream->subject = subject;
	stream->key = ev_subject_key(source, subject);
}

static bool
texts_are_equal(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		   memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

static bool
has_text(Datum value, const text *wanted)
{
	text *t = DatumGetTextPP(value);
	bool equal = texts_are_equal(t, wanted);

	if ((Pointer) t != DatumGetPointer(value))
		pfree(t);
	return equal;
}

static bool
contains(const EvStream *stream, const Datum *values, const bool *nulls)
{
	return !nulls[EV_SUBJECT] && has_text(values[EV_SUBJECT], stream->subject) &&
		   has_text(values[EV_SOURCE], stream->source);
}

/* Up to where the index reaches; what is above `after` and not covered has to be walked. */
static int64
index_end(EvScan *scan, int64 after)
{
	int64 end;

	return ev_subject_index_end(ev_scan_snapshot(scan), &end) ? Max(end, after) : after;
}

void
ev_stream_prepare(int64 after)
{
	Oid sequence = ev_catalog_relid("position");
	int64 end = 0;
	int64 gap;
	bool in_use;

	if (XactReadOnly)
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	in_use = ev_subject_index_end(GetActiveSnapshot(), &end);
	PopActiveSnapshot();
	gap = ev_position_last(sequence) - Max(end, after);
	if (!in_use || gap > LONG_GAP)
		ev_subject_index_extend(true, ev_position_horizon(sequence),
								Min(Max(gap / 16, MIN_FILED), MAX_FILED));
}

static int64
newest_walked(const EvStream *stream, EvScan *scan)
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	int64 newest = 0;

	while (ev_scan_next(scan, values, nulls))
	{
		if (contains(stream, values, nulls))
			newest = DatumGetInt64(values[EV_POSITION]);
	}
	return newest;
}

static int64
newest_indexed(const EvStream *stream, EvScan *scan, int64 after, int64 end)
{
	EvSubjectWalk *walk = ev_subject_walk_open(stream->key, after, end, ev_scan_snapshot(scan));
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	int64 position;
	int64 newest = 0;

	while (newest == 0 && ev_subject_walk_next(walk, BackwardScanDirection, &position))
	{
		if (ev_scan_fetch(scan, position, values, nulls) && contains(stream, values, nulls))
			newest = position;
	}
	ev_subject_walk_close(walk);
	return newest;
}

int64
ev_stream_newest(const EvStream *stream, int64 after, int64 upto)
{
	EvScan *scan = ev_scan_open_kept(after, upto);
	int64 end = index_end(scan, after);
	int64 newest;

	ev_scan_skip(scan, end);
	newest = newest_walked(stream, scan);
	if (newest == 0 && end > after)
		newest = newest_indexed(stream, scan, after, Min(end, upto));
	ev_scan_close(scan);
	return newest;
}

/* Rows on their way into the result of a function. */
typedef struct Output
{
	ReturnSetInfo *result;
	int numbers[EV_NCOLUMNS];
	Datum *row;
	bool *isnull;
	int left; /* so many more are wanted */
} Output;

static void
begin_output(Output *output, FunctionCallInfo fcinfo, int max_count)
{
	int natts;

	InitMaterializedSRF(fcinfo, 0);
	output->result = (ReturnSetInfo *) fcinfo->resultinfo;
	ev_columns_locate(output->result->setDesc, output->numbers);
	natts = output->result->setDesc->natts;
	output->row = palloc0(sizeof(Datum) * natts);
	output->isnull = palloc(sizeof(bool) * natts);
	memset(output->isnull, true, sizeof(bool) * natts);
	output->left = max_count;
}

/* Put the event into the result, if it is of the stream. */
static void
put_event(Output *output, const EvStream *stream, const Datum *values, const bool *nulls)
{
	if (!contains(stream, values, nulls))
		return;
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		output->row[output->numbers[i]] = values[i];
		output->isnull[output->numbers[i]] = nulls[i];
	}
	tuplestore_putvalues(output->result->setResult, output->result->setDesc, output->row,
						 output->isnull);
	output->left--;
}

static void
put_indexed(Output *output, const EvStream *stream, EvScan *scan, int64 after, int64 end)
{
	EvSubjectWalk *walk = ev_subject_walk_open(stream->key, after, end, ev_scan_snapshot(scan));
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	int64 position;

	while (output->left > 0 && ev_subject_walk_next(walk, ForwardScanDirection, &position))
	{
		if (ev_scan_fetch(scan, position, values, nulls))
			put_event(output, stream, values, nulls);
	}
	ev_subject_walk_close(walk);
}

/* events.read_subject(source, subject, after, max_count) → setof events.event */
Datum
ev_read_subject(PG_FUNCTION_ARGS)
{
	EvStream stream;
	Output output;
	int64 horizon, after, end;
	EvScan *scan;
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];

	ev_reader_refuse_old_snapshots("events.read_subject()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be NULL", PG_ARGISNULL(0) ? "source" : "subject"),
						errhint("A stream is the events of one source and one subject.")));
	ev_stream_init(&stream, PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1));
	horizon = ev_reader_horizon();
	after = ev_reader_from_argument(fcinfo, 2);
	begin_output(&output, fcinfo, ev_reader_max_count(fcinfo, 3));
	ev_stream_prepare(after);

	scan = ev_scan_open(after, horizon);
	end = index_end(scan, after);
	if (end > after)
		put_indexed(&output, &stream, scan, after, Min(end, horizon));
	ev_scan_skip(scan, end);
	while (output.left > 0 && ev_scan_next(scan, values, nulls))
		put_event(&output, &stream, values, nulls);
	ev_scan_close(scan);
	return (Datum) 0;
}
