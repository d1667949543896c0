/* SPDX-License-Identifier: PostgreSQL
 *
 * import.c: events out of an export, or another hub, back into a history.
 *
 * events.import_events() takes lines of CloudEvents, as events.export() gives
 * them.  Each becomes a pending event of the transaction and gets a new position
 * at commit, in the order of the lines; so readers get imported events as they get
 * all others.  Everything else stays as it is: id, source, type, subject, time,
 * topic, attributes, data, and by default also the time at which it was recorded.
 *
 * Once only.  An event with a sequence is known by that (imported.c), however long ago
 * it was imported; one that comes back to the hub where it was recorded is
 * there if its position still holds it.  An event of another origin, without a sequence,
 * is known by source and id, inside events.dedup_window, as in publish().
 *
 * Recorded times rise with positions: events.position_at() halves by them, and searches
 * prune partitions.  So a recorded time can be kept only if it is not older than that
 * of the newest event; that an import goes into an empty hub, or into one that has
 * only what came before.  Otherwise it is refused, unless the caller asks for
 * recorded => 'now': then the event is recorded when it is imported, and its
 * attribute firstrecordedtime says what it was before.
 *
 * To judge that, nobody else may be about to write newer ones: who keeps recorded times
 * takes what keeps publishers from drawing positions (SHARE ROW EXCLUSIVE on
 * the sequence), until its transaction ends, and before that the mover lock and
 * events.event, in the order of src/README.md.  It does so when all lines are read, so that
 * publishers wait for little more than a commit, and so that a claim of an id, which may have to
 * wait for a publisher, comes before.  Each line is judged at once by what is known without
 * the locks, and the earliest one again under them.
 *
 * A line that is wrong ends the statement, with its number in the context.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "base/catalog.h"
#include "base/rfc3339.h"
#include "base/settings.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "publish/duplicate.h"
#include "publish/event.h"
#include "publish/imported.h"
#include "publish/pending.h"
#include "publish/transaction.h"
#include "publish/validate.h"
#include "storage/lmgr.h"
#include "store/epoch.h"
#include "store/position.h"
#include "store/read.h"
#include "store/reader.h"
#include "store/scan.h"
#include "store/staging.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_import_events);

typedef struct Import
{
	bool keeps_recorded;
	bool validates;
	int64 line;			/* its number, for errors */
	TimestampTz newest; /* of what comes before the line */
	TimestampTz now;
	TimestampTz oldest; /* that is kept; infinity if none is */
	int64 oldest_line;
	EvImported *imported;
	EvDuplicates *duplicates;		 /* NULL up to the first event without a sequence */
	char epoch[EV_EPOCH_LENGTH + 1]; /* of the last sequence, */
	bool epoch_is_ours;				 /* and whether that is one of this hub */
	EvScan *own;					 /* to look for our own events; NULL up to the first one */
	int64 count;
	int64 skipped;
	MemoryContext context; /* the call's */
	MemoryContext line_context;
} Import;

static void
add_line_to_error(void *arg)
{
	const Import *import = arg;

	errcontext("line " INT64_FORMAT " of the events to import", import->line);
}

/* Up to when the hub is recorded. */
static TimestampTz
newest_of_hub(TimestampTz now)
{
	TimestampTz newest;

	/* Staged events are moved ahead of ours when we commit. */
	if (ev_staging_is_pending())
		return now;
	return ev_scan_newest(&newest) ? newest : DT_NOBEGIN;
}

static const char *
time_text(TimestampTz t)
{
	char *text = palloc(EV_RFC3339_LENGTH);

	ev_rfc3339_format(t, text);
	return text;
}

static void
check_not_older(TimestampTz recorded_at, TimestampTz newest)
{
	if (TIMESTAMP_IS_NOBEGIN(newest) || recorded_at >= newest - EV_CLOCK_DISORDER)
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("the event was recorded before events that are here already"),
					errdetail("It was recorded at %s, the newest one here at %s.",
							  time_text(recorded_at), time_text(newest)),
					errhint("Recorded times can be kept where nothing newer is there, as in a new "
							"database; recorded => 'now' takes the event in as recorded now.")));
}

/* An event keeps its recorded time only if the order of times is kept with it. */
static void
check_recorded(Import *import, TimestampTz recorded_at)
{
	check_not_older(recorded_at, import->newest);
	if (recorded_at > import->now + EV_CLOCK_DISORDER)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("the event was recorded in the future"),
						errdetail("It was recorded at %s.", time_text(recorded_at)),
						errhint("Set this server's clock, or import with recorded => 'now'.")));
	import->newest = Max(import->newest, recorded_at);
	if (recorded_at < import->oldest)
	{
		import->oldest = recorded_at;
		import->oldest_line = import->line;
	}
}

/* Keep everybody from drawing positions; what they have drawn meanwhile must not be newer. */
static void
hold_publishers(Import *import)
{
	Oid sequence = ev_catalog_relid("position");

	import->line = import->oldest_line;
	ev_position_make_ready(sequence);
	ev_staging_lock();
	LockRelationOid(ev_catalog_relid("event"), RowExclusiveLock);
	LockRelationOid(sequence, ShareRowExclusiveLock);
	check_not_older(import->oldest, newest_of_hub(GetCurrentTimestamp()));
}

static JsonbValue *
string_member(Jsonb *json, const char *name, JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(&json->root, name, strlen(name), value) == NULL)
		return NULL;
	return value->type == jbvString ? value : NULL;
}

static bool
text_is(Datum value, const JsonbValue *wanted)
{
	text *t = DatumGetTextPP(value);

	return wanted != NULL && VARSIZE_ANY_EXHDR(t) == wanted->val.string.len &&
		   memcmp(VARDATA_ANY(t), wanted->val.string.val, wanted->val.string.len) == 0;
}

/* Does our own history have this very event where its sequence says? */
static bool
is_own_event(Import *import, Jsonb *json, int64 position)
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	JsonbValue id, source;
	bool found;

	/* what the walk keeps from one event to the next outlives the memory of a line */
	MemoryContext old = MemoryContextSwitchTo(import->context);

	if (import->own == NULL)
		import->own = ev_scan_open_kept(0, ev_reader_horizon());
	found = ev_scan_fetch(import->own, position, values, nulls);
	MemoryContextSwitchTo(old);
	return found && text_is(values[EV_ID], string_member(json, "id", &id)) &&
		   text_is(values[EV_SOURCE], string_member(json, "source", &source));
}

/* Is it, by its sequence, there already?  From now on it is. */
static bool
is_known_by_sequence(Import *import, Jsonb *json, bool *has_sequence)
{
	char epoch[EV_EPOCH_LENGTH + 1];
	int64 position;
	JsonbValue v;

	*has_sequence = string_member(json, "sequence", &v) != NULL &&
					ev_epoch_parse_cursor(v.val.string.val, v.val.string.len, epoch, &position);
	if (!*has_sequence)
		return false;
	if (strcmp(epoch, import->epoch) != 0)
	{
		strlcpy(import->epoch, epoch, sizeof(import->epoch));
		import->epoch_is_ours = ev_epoch_is_ours(epoch);
	}
	if (import->epoch_is_ours && is_own_event(import, json, position))
		return true;
	return !ev_imported_claim(import->imported, epoch, position);
}

static bool
is_known_by_id(Import *import, const EvEvent *event)
{
	if (ev_dedup_window == 0)
		return false;
	if (import->duplicates == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(import->context);

		import->duplicates = ev_duplicate_open();
		MemoryContextSwitchTo(old);
	}
	return !ev_duplicate_claim_among(import->duplicates, DatumGetTextPP(event->values[EV_SOURCE]),
									 DatumGetTextPP(event->values[EV_ID]));
}

/* recordedtime; -infinity if there is none, then it is recorded at commit. */
static TimestampTz
get_recorded(Jsonb *json, EvProblems *problems)
{
	TimestampTz recorded_at = DT_NOBEGIN;
	JsonbValue v;

	if (getKeyJsonValueFromContainer(&json->root, "recordedtime", strlen("recordedtime"), &v) ==
			NULL ||
		v.type == jbvNull)
		return DT_NOBEGIN;
	if (v.type != jbvString || !ev_rfc3339_parse(v.val.string.val, v.val.string.len, &recorded_at))
		ev_problem_add(problems, "recordedtime", "must be a timestamp of RFC 3339");
	else if (!ev_event_has_text_of_time(recorded_at))
		ev_problem_add(problems, "recordedtime", "must lie in the years 0000 to 9999");
	return recorded_at;
}

static void
make_event(Import *import, Jsonb *json, EvEvent *event, TimestampTz *recorded_at)
{
	EvProblems problems = {0};

	ev_event_init(event);
	ev_event_set_cloudevent(event, &problems, &json->root);
	*recorded_at = get_recorded(json, &problems);
	if (!import->keeps_recorded && !TIMESTAMP_IS_NOBEGIN(*recorded_at))
	{
		const char *first = time_text(*recorded_at);

		ev_event_fill_attribute(event, &problems, "firstrecordedtime", first, strlen(first));
		*recorded_at = DT_NOBEGIN;
	}
	ev_event_finish_imported(event, &problems);
	if (import->validates)
		ev_event_validate(event, &problems, false);
	ev_problems_raise(&problems, -1);
}

static void
import_event(Import *import, Jsonb *json)
{
	EvEvent event;
	TimestampTz recorded_at;
	bool has_sequence;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("event must be a JSON object"),
				 errhint("An import takes an event in each line, as events.export() "
						 "gives them.")));
	if (is_known_by_sequence(import, json, &has_sequence))
	{
		import->skipped++;
		return;
	}
	make_event(import, json, &event, &recorded_at);
	if (!has_sequence && is_known_by_id(import, &event))
	{
		import->skipped++;
		return;
	}
	if (!TIMESTAMP_IS_NOBEGIN(recorded_at))
		check_recorded(import, recorded_at);
	else if (import->keeps_recorded)
		import->newest = Max(import->newest, import->now);
	ev_pending_add_recorded(event.values, event.nulls, recorded_at);
	import->count++;
}

static bool
is_blank(const char *line)
{
	return line[strspn(line, " \t\r")] == '\0';
}

static void
import_lines(Import *import, char *lines)
{
	ErrorContextCallback callback = {.previous = error_context_stack,
									 .callback = add_line_to_error,
									 .arg = import};

	error_context_stack = &callback;
	for (char *line = lines, *next; line != NULL; line = next, import->line++)
	{
		MemoryContext old = MemoryContextSwitchTo(import->line_context);

		CHECK_FOR_INTERRUPTS();
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (!is_blank(line))
			import_event(import,
						 DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(line))));
		MemoryContextSwitchTo(old);
		MemoryContextReset(import->line_context);
	}
	if (!TIMESTAMP_IS_NOEND(import->oldest))
		hold_publishers(import);
	error_context_stack = callback.previous;
}

static void
begin(Import *import)
{
	import->imported = ev_imported_open();
	import->oldest = DT_NOEND;
	import->now = GetCurrentTimestamp();
	if (import->keeps_recorded)
		import->newest = Max(newest_of_hub(import->now), ev_pending_newest(import->now));
}

static void
finish(Import *import)
{
	if (import->own != NULL)
		ev_scan_close(import->own);
	if (import->duplicates != NULL)
		ev_duplicate_close(import->duplicates);
	ev_imported_close(import->imported);
	if (import->count > 0)
		ev_transaction_published();
}

/* 'keep' or 'now' */
static bool
get_keeps_recorded(FunctionCallInfo fcinfo, int arg)
{
	char *recorded = PG_ARGISNULL(arg) ? "NULL" : text_to_cstring(PG_GETARG_TEXT_PP(arg));

	if (strcmp(recorded, "keep") != 0 && strcmp(recorded, "now") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("recorded must be 'keep' or 'now': '%s'", recorded)));
	return strcmp(recorded, "keep") == 0;
}

/*
 * events.import_events(events, recorded, validate, first_line) → (imported, skipped)
 */
Datum
ev_import_events(PG_FUNCTION_ARGS)
{
	Import import = {.context = CurrentMemoryContext};
	TupleDesc descriptor;
	Datum values[2];
	bool nulls[2] = {false};

	ev_transaction_refuse_read_only("events.import_events()");
	ev_reader_refuse_old_snapshots("events.import_events()");
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	import.keeps_recorded = get_keeps_recorded(fcinfo, 1);
	import.validates = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	import.line = PG_ARGISNULL(3) ? 1 : PG_GETARG_INT64(3);
	import.line_context = AllocSetContextCreate(CurrentMemoryContext, "events import",
												ALLOCSET_DEFAULT_SIZES);
	if (!PG_ARGISNULL(0))
	{
		begin(&import);
		import_lines(&import, text_to_cstring(PG_GETARG_TEXT_PP(0)));
		finish(&import);
	}
	values[0] = Int64GetDatum(import.count);
	values[1] = Int64GetDatum(import.skipped);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
