/* SPDX-License-Identifier: PostgreSQL
 *
 * now_deadlock.c: does a publisher wait for the very session that waits for it?
 *
 * PostgreSQL's own search for deadlocks knows locks and nothing else, and the
 * caller waits for its publisher by a latch.  So the caller itself follows who
 * waits for whom: by pg_blocking_pids(), and from a session that waits for a
 * publisher to that publisher.  If it comes back to itself, nobody but the caller
 * can end it.
 *
 * pg_blocking_pids() locks the whole lock table for a moment, so it is asked only
 * about processes that have waited for a while.
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "publish/now_deadlock.h"
#include "publish/now_publisher.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/wait_event.h"

/* Processes that are looked at, at most. */
#define MAX_PROCESSES 128

/* Those that were reached; the first `done` have been followed. */
typedef struct Search
{
	int pids[MAX_PROCESSES];
	int n;
	bool found; /* this session was reached */
} Search;

bool
ev_now_waits_for_lock(int proc_number)
{
	volatile PGPROC *proc = &ProcGlobal->allProcs[proc_number];

	return (proc->wait_event_info & 0xFF000000) == PG_WAIT_LOCK;
}

static int
blocking_pids(int pid, int32 **pids)
{
	ArrayType *array = DatumGetArrayTypeP(
		DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));

	*pids = (int32 *) ARR_DATA_PTR(array);
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

static void
reach(Search *search, int pid)
{
	if (pid == MyProcPid)
		search->found = true;
	/* 0 is a prepared transaction, which waits for nobody. */
	if (pid == 0 || search->n == MAX_PROCESSES)
		return;
	for (int i = 0; i < search->n; i++)
	{
		if (search->pids[i] == pid)
			return;
	}
	search->pids[search->n++] = pid;
}

static void
follow(Search *search, int pid)
{
	int publishers[MAX_PROCESSES];
	int32 *blockers;
	int n = blocking_pids(pid, &blockers);

	for (int i = 0; i < n; i++)
		reach(search, blockers[i]);
	n = ev_publisher_pids_for(pid, publishers, MAX_PROCESSES);
	for (int i = 0; i < n; i++)
		reach(search, publishers[i]);
}

bool
ev_now_is_deadlock(int publisher)
{
	Search search = {{publisher}, 1, false};

	for (int done = 0; done < search.n && !search.found; done++)
		follow(&search, search.pids[done]);
	return search.found;
}

char *
ev_now_blockers(int pid)
{
	StringInfoData list;
	int32 *pids;
	int n = blocking_pids(pid, &pids);

	if (n == 0)
		return NULL;
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s%d", i > 0 ? ", " : "", pids[i]);
	return list.data;
}
