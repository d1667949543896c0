/* SPDX-License-Identifier: PostgreSQL
 *
 * now_deadlock.c: do publishers wait for the very session that waits for them?
 *
 * PostgreSQL's own search for deadlocks knows locks and nothing else, and a
 * caller waits for its publisher by a latch.  So the caller itself looks at who
 * waits for whom:
 *
 *   a process that waits for a lock      for all that pg_blocking_pids() names
 *   a caller whose request is taken      for its publisher
 *   a caller whose request is not taken  for any one publisher of its database
 *
 * Whoever waits for nobody can go on, and then, step by step, those can who wait
 * for such.  If that never comes to this session, and who it waits for leads
 * back to it, nothing but its giving up can end that.  (What does not lead back
 * to it is a deadlock of others, which end it themselves.)
 *
 * pg_blocking_pids() locks the whole lock table for a moment, so all this is
 * asked only when publishers have waited for locks for a while.
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "publish/now_deadlock.h"
#include "publish/now_publisher.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/wait_event.h"

/* What is looked at, at most; past it no deadlock is found. */
#define MAX_PROCESSES 128
#define MAX_EDGES 1024

typedef struct Process
{
	int pid;
	int first; /* of the edges to those it waits for */
	int n;
	bool any; /* one of them is enough */
	bool can_go_on;
} Process;

/* The first process is this session. */
typedef struct Search
{
	Process processes[MAX_PROCESSES];
	int n;
	int edges[MAX_EDGES]; /* indexes of processes */
	int nedges;
	bool leads_back;
	bool is_too_large;
} Search;

bool
ev_now_waits_for_lock(int proc_number)
{
	volatile PGPROC *proc = &ProcGlobal->allProcs[proc_number];

	return (proc->wait_event_info & 0xFF000000) == PG_WAIT_LOCK;
}

static int
blocking_pids(int pid, int **pids)
{
	ArrayType *array = DatumGetArrayTypeP(
		DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));

	*pids = (int *) ARR_DATA_PTR(array);
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

/* The index of a process, which is added if it is new. */
static int
find_process(Search *search, int pid)
{
	for (int i = 0; i < search->n; i++)
	{
		if (search->processes[i].pid == pid)
			return i;
	}
	if (search->n == MAX_PROCESSES)
	{
		search->is_too_large = true;
		return 0;
	}
	search->processes[search->n].pid = pid;
	return search->n++;
}

static void
set_edges(Search *search, Process *from, const int *pids, int n, bool any)
{
	if (search->nedges + n > MAX_EDGES)
	{
		search->is_too_large = true;
		return;
	}
	from->first = search->nedges;
	from->n = n;
	from->any = any;
	from->can_go_on = n == 0;
	for (int i = 0; i < n; i++)
	{
		int to = find_process(search, pids[i]);

		search->leads_back = search->leads_back || to == 0;
		search->edges[search->nedges++] = to;
	}
}

static void
follow(Search *search, Process *process)
{
	int publishers[MAX_PROCESSES];
	int *pids = publishers;
	bool any = false;
	int n = 0;

	/* 0 is a prepared transaction, which waits for nobody. */
	if (process->pid != 0)
		n = ev_publisher_waited_for(process->pid, publishers, MAX_PROCESSES, &any);
	if (process->pid != 0 && n == 0)
	{
		any = false;
		n = blocking_pids(process->pid, &pids);
	}
	set_edges(search, process, pids, n, any);
}

/* Can it go on if only those can that are known to? */
static bool
can_go_on(const Search *search, const Process *process)
{
	for (int i = 0; i < process->n; i++)
	{
		bool can = search->processes[search->edges[process->first + i]].can_go_on;

		if (can == process->any)
			return can;
	}
	return !process->any;
}

static void
let_go_on(Search *search)
{
	bool changed = true;

	while (changed)
	{
		changed = false;
		for (int i = 0; i < search->n; i++)
		{
			Process *process = &search->processes[i];

			if (!process->can_go_on && can_go_on(search, process))
				process->can_go_on = changed = true;
		}
	}
}

bool
ev_now_is_deadlock(int publisher)
{
	Search *search = palloc0(sizeof(Search));
	bool answer;

	(void) find_process(search, MyProcPid);
	if (publisher != 0)
		set_edges(search, &search->processes[0], &publisher, 1, false);
	else
		follow(search, &search->processes[0]);
	for (int i = 1; i < search->n && !search->is_too_large; i++)
		follow(search, &search->processes[i]);
	let_go_on(search);
	answer = search->leads_back && !search->is_too_large && !search->processes[0].can_go_on;
	pfree(search);
	return answer;
}

char *
ev_now_blockers(int pid)
{
	StringInfoData list;
	int *pids;
	int n = blocking_pids(pid, &pids);

	if (n == 0)
		return NULL;
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		appendStringInfoString(&list, i > 0 ? ", " : "");
		if (pids[i] != 0)
			appendStringInfo(&list, "process %d", pids[i]);
		else
			appendStringInfoString(&list, "a prepared transaction");
	}
	return list.data;
}
