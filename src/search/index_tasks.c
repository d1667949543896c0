/* SPDX-License-Identifier: PostgreSQL
 *
 * index_tasks.c: what is done beside filing new events.
 *
 * All of it is SQL on the tables of sql/parts/47_search_index.sql: a statement or two
 * for a piece of thousands of events.  The caller holds the lock of who files, acts as
 * the extension's owner and is in a transaction that sees what is committed: each statement
 * what others have asked for since the one before.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "search/chunk.h"
#include "search/document.h"
#include "search/index_tasks.h"
#include "store/scan.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(ev_newest_event);

#define MAX_ARGUMENTS 3

/* Runs a statement with some bigint arguments; its result's first row is in SPI_tuptable. */
static void
execute(const char *command, int narguments, const int64 *arguments)
{
	Oid types[MAX_ARGUMENTS];
	Datum values[MAX_ARGUMENTS];
	int result;

	Assert(narguments <= MAX_ARGUMENTS);
	for (int i = 0; i < narguments; i++)
	{
		types[i] = INT8OID;
		values[i] = Int64GetDatum(arguments[i]);
	}
	result = SPI_execute_with_args(command, narguments, types, values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s: %s", SPI_result_code_string(result), command);
}

/* The column of the first row, false if there is none or it is NULL. */
static bool
get(int column, int64 *value)
{
	bool isnull = true;

	if (SPI_processed > 0)
		*value = DatumGetInt64(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull));
	return !isnull;
}

/* SPI wants a snapshot. */
static void
begin(void)
{
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
}

static void
end(void)
{
	SPI_finish();
	PopActiveSnapshot();
}

void
ev_index_tasks_note_configurations(const List *configurations)
{
	begin();
	for (ListCell *cell = list_head(configurations); cell != NULL;
		 cell = lnext(configurations, cell))
	{
		Oid types[1] = {TEXTOID};
		Datum values[1] = {CStringGetTextDatum(ev_document_configuration_name(lfirst_oid(cell)))};
		int result = SPI_execute_with_args("SELECT events._note_search_configuration($1)", 1, types,
										   values, NULL, false, 0);

		if (result < 0)
			elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	}
	end();
}

void
ev_index_tasks_summarise(int64 old_end, int64 new_end)
{
	int64 first = (old_end + 1) / EV_CHUNK_SIZE * EV_CHUNK_SIZE;
	/* Where the first one begins that is not complete. */
	int64 next = (new_end + 1) / EV_CHUNK_SIZE * EV_CHUNK_SIZE;
	int64 arguments[] = {first, next - 1};

	if (first >= next)
		return;
	begin();
	execute("SELECT events._summarise_chunks($1, $2)", 2, arguments);
	end();
}

bool
ev_index_tasks_resummarise(int64 *done)
{
	bool any;

	begin();
	execute("SELECT events._summarise_stale_chunks()", 0, NULL);
	any = get(1, done) && *done > 0;
	end();
	return any;
}

/*
 * One chunk, whose documents are deleted and made anew: `next` gives for which task, its
 * first and its last position, or NULL when there is none; `done` gets them afterwards.
 * Others may have been asked for meanwhile, and this chunk does not count for them.
 */
static bool
file_chunk(const char *next, const char *done, int64 *filed)
{
	int64 chunk[3];
	int64 *first = &chunk[1];
	int64 *last = &chunk[2];
	int64 reached;
	bool any;

	begin();
	execute(next, 0, NULL);
	any = get(1, &chunk[0]) && get(2, first) && get(3, last);
	if (any)
		execute("DELETE FROM events.search_document WHERE position BETWEEN $1 AND $2", 2, first);
	end();
	if (!any)
		return false;
	*filed = 0;
	for (reached = *first - 1; reached < *last;)
		*filed += ev_search_index_file(reached, *last, PG_INT64_MAX, &reached);
	begin();
	execute(done, 3, chunk);
	end();
	*filed = Max(*filed, 1);
	return true;
}

bool
ev_index_tasks_file_missing(int64 *filed)
{
	return file_chunk("SELECT lower, first, last FROM events._next_missing_chunk()",
					  "SELECT events._filed_missing_chunk($1, $2, $3)", filed);
}

bool
ev_index_tasks_reindex(int64 *filed)
{
	return file_chunk("SELECT request, first, last FROM events._next_reindex_chunk()",
					  "SELECT events._reindexed_chunk($1, $2, $3)", filed);
}

/* events._newest_event(lower bigint, upper bigint) → bigint */
Datum
ev_newest_event(PG_FUNCTION_ARGS)
{
	int64 after = PG_GETARG_INT64(0) - 1;
	int64 upto = PG_GETARG_INT64(1) - 1;
	EvScan *scan = ev_scan_open_kept(after, upto);
	EvScan *backward = ev_scan_open_beside(scan, after, upto, true);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	bool found = ev_scan_next(backward, values, nulls);
	int64 position = found ? DatumGetInt64(values[EV_POSITION]) : 0;

	ev_scan_close(backward);
	ev_scan_close(scan);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_INT64(position);
}
