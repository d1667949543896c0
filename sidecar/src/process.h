/*
 * process.h - the processes of one eventsd.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * process_run() calls app_prepare() (addresses resolved, port 0 made a real port, shared counters
 * made: see web/app.h), then forks `processes` children, each of which runs app_run(conf, index)
 * with its own listening sockets on the same addresses (SO_REUSEPORT), its own loop and its own
 * feed.  The parent watches them; it serves nothing itself and never touches PostgreSQL.  A child
 * that dies is started again with the same index, with a back-off.  With processes = 1 there is
 * no parent: the one process calls app_run(conf, 0).
 *
 * Signals: the parent passes SIGTERM, SIGINT and SIGHUP on to its children.  In a process that
 * serves, the application watches them with LoopSignal: SIGTERM and SIGINT drain, SIGHUP calls
 * process_reload().  A child whose parent is gone gets SIGTERM.
 */
#ifndef EVENTSD_PROCESS_H
#define EVENTSD_PROCESS_H

#include <stdbool.h>

#include "conf/conf.h"

/* app_prepare, fork, watch, end; returns the exit status of the program */
int			process_run(ConfSource *source, const Conf *conf);

/*
 * The application says that this process accepts clients.  True for exactly one caller in the
 * life of the program, the one that makes the set complete: it logs the ready line (log_ready),
 * so the line comes once, when all processes serve.
 */
bool		process_ready(void);

/*
 * Load the configuration anew: the new Conf, or NULL, with the reason logged, when it is wrong or
 * would change what only a restart can change; then the old one stays in force.  Every Conf ever
 * returned stays valid until the process ends.
 */
const Conf *process_reload(void);

#endif							/* EVENTSD_PROCESS_H */
