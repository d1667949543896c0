/*
 * process.h - the processes of one eventsd.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The parent takes the addresses (so port 0 becomes one port for all), forks `processes` children
 * and watches them; it serves nothing itself and never touches PostgreSQL.  Each child has its own
 * listening sockets on the same addresses (SO_REUSEPORT), its own loop and its own feed.  A child
 * that dies is started again with the same index, with a back-off.  With processes = 1 there is
 * no parent: the one process does everything.
 *
 * Signals: the parent passes SIGTERM, SIGINT and SIGHUP on to its children.  In the process that
 * serves, the application watches them with LoopSignal: SIGTERM and SIGINT drain, SIGHUP reloads
 * (process_reload).  A child whose parent is gone gets SIGTERM.
 *
 * Admin: only process 0 has the admin sockets.  It speaks for all, by the shared numbers of
 * base/counters.h.
 */
#ifndef EVENTSD_PROCESS_H
#define EVENTSD_PROCESS_H

#include <stdbool.h>

#include "conf/conf.h"

typedef struct Process
{
	const Conf *conf; /* replaced by process_reload */
	int index;		  /* 0 .. count - 1 */
	int count;
	int listen_count; /* sockets that listen already, non-blocking */
	int *listen_fds;
	int admin_count; /* 0 in all but process 0 */
	int *admin_fds;
} Process;

/*
 * The application, in app.c: serve until drained, then return the exit status.  It calls
 * process_ready() once it accepts clients.
 */
int app_run(Process *self);

/*
 * Take the addresses, fork, watch and end; returns the exit status of the program.  counters_create
 * and counters_attach are called on the way.
 */
int process_run(ConfSource *source, const Conf *conf);
/* "I accept clients": the ready line is logged, once, when all processes have said so */
void process_ready(Process *self);
/*
 * Load the configuration anew.  The new Conf, which is self->conf from now on; or NULL, with the
 * reason logged and the old one kept, when it is wrong or needs a restart.  The old Conf stays
 * valid until the next reload.
 */
const Conf *process_reload(Process *self);

#endif /* EVENTSD_PROCESS_H */
