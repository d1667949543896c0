/* SPDX-License-Identifier: PostgreSQL
 *
 * export.c: the history as text, one CloudEvent a line, in constant memory.
 *
 * events.export() gives a row at each call (value per call), so that in
 * COPY (SELECT events.export(...)) TO STDOUT nothing is ever collected: neither
 * here nor by the executor, which asks a set-returning function of a SELECT
 * list for its next row only when the last one has gone out.  (In FROM the
 * executor materialises it first.)
 *
 * Behind that the table is walked in pages: a page's events are made text in one
 * buffer, the walk is closed, and the rows are handed out of the buffer.  So
 * no snapshot, no relation and no resource owner of ours lives from one call to
 * the next, and a portal that is left half read has nothing to clear up.  Each
 * page goes on after the position at which the last one ended and takes a
 * snapshot of its own.  Nothing is missed by that: the end is fixed at the first
 * call, at or below the horizon, and what lies at and below it does not change any
 * more; only retention removes, from the oldest on, and if it passes the cursor
 * meanwhile the next page raises EV001.
 *
 * The memory of a page is bounded by PAGE_BYTES and one event.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "match/topic.h"
#include "store/cloudevent.h"
#include "store/epoch.h"
#include "store/reader.h"
#include "store/scan.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(ev_export);

#define PAGE_EVENTS 1000
#define PAGE_BYTES (256 * 1024)

/* Events looked at for a page, so that a filter that leaves all out can be cancelled in between. */
#define PAGE_LOOKED_AT 20000

typedef struct Export
{
	int64 after; /* the page ends, or the next one goes on, here */
	int64 upto;
	EvTopicFilter *filter;
	char epoch[EV_EPOCH_LENGTH + 1];
	StringInfoData text; /* of the page's events, one after the other */
	int ends[PAGE_EVENTS];
	int count;
	int next; /* to be handed out */
	bool at_end;
	MemoryContext row_context;
} Export;

static bool
page_is_full(const Export *export, int looked_at)
{
	return export->count == PAGE_EVENTS || export->text.len >= PAGE_BYTES ||
		   looked_at == PAGE_LOOKED_AT;
}

static void
take_event(Export *export, const Datum *values, const bool *nulls)
{
	if (!ev_topic_filter_matches(export->filter, DatumGetTextPP(values[EV_TYPE]),
								 DatumGetArrayTypeP(values[EV_TOPIC])))
		return;
	ev_cloudevent_append(&export->text, values, nulls, export->epoch);
	export->ends[export->count++] = export->text.len;
}

static void
read_page(Export *export)
{
	EvScan *scan = ev_scan_open(export->after, export->upto);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];

	resetStringInfo(&export->text);
	export->count = export->next = 0;
	for (int looked_at = 0; !page_is_full(export, looked_at); looked_at++)
	{
		MemoryContext old;

		if (!ev_scan_next(scan, values, nulls))
		{
			export->at_end = true;
			break;
		}
		old = MemoryContextSwitchTo(export->row_context);
		take_event(export, values, nulls);
		export->after = DatumGetInt64(values[EV_POSITION]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(export->row_context);
	}
	ev_scan_close(scan);
}

/* The one format that there is. */
static void
check_format(FunctionCallInfo fcinfo, int arg)
{
	char *format = PG_ARGISNULL(arg) ? "NULL" : text_to_cstring(PG_GETARG_TEXT_PP(arg));

	if (strcmp(format, "cloudevents") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no format \"%s\" of exports", format),
				 errhint("It is 'cloudevents': JSON of CloudEvents 1.0, an event in each row.")));
}

/* from_position is the first one wanted: the cursor is one less.  NULL is the oldest kept. */
static int64
get_start(FunctionCallInfo fcinfo, int arg)
{
	int64 last;

	if (PG_ARGISNULL(arg))
		return ev_reader_oldest() - 1;
	if (PG_GETARG_INT64(arg) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_position must be at least 1: " INT64_FORMAT, PG_GETARG_INT64(arg)),
				 errhint("NULL begins with the oldest event kept.")));
	last = PG_GETARG_INT64(arg) - 1;
	ev_reader_check_cursor(last);
	return last;
}

static Export *
begin(FunctionCallInfo fcinfo)
{
	Export *export = palloc0(sizeof(Export));
	int64 horizon;

	ev_reader_refuse_old_snapshots("events.export()");
	horizon = ev_reader_horizon();
	export->after = get_start(fcinfo, 1);
	export->upto = PG_ARGISNULL(0) ? horizon : Min(PG_GETARG_INT64(0), horizon);
	check_format(fcinfo, 2);
	export->filter = ev_topic_filter_make(PG_ARGISNULL(4) ? NULL : PG_GETARG_ARRAYTYPE_P_COPY(4),
										  PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P_COPY(3));
	ev_epoch_current(export->epoch);
	initStringInfo(&export->text);
	export->row_context = AllocSetContextCreate(CurrentMemoryContext, "events export",
												ALLOCSET_DEFAULT_SIZES);
	return export;
}

/*
 * events.export(to_position, from_position, format, types, topics) → setof text
 */
Datum
ev_export(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Export *export;
	int start;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = begin(fcinfo);
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	export = call->user_fctx;
	while (export->next == export->count && !export->at_end)
		read_page(export);
	if (export->next == export->count)
		SRF_RETURN_DONE(call);
	start = export->next == 0 ? 0 : export->ends[export->next - 1];
	export->next++;
	SRF_RETURN_NEXT(call, PointerGetDatum(cstring_to_text_with_len(
							  export->text.data + start, export->ends[export->next - 1] - start)));
}
