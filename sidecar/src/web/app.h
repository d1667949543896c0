/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * app.h: eventsd's serving half, put together.
 *
 * main() calls app_prepare() once, before it forks: addresses are resolved,
 * a port 0 is turned into a real port (held by a bound socket that never
 * listens, so that each process can open its own SO_REUSEPORT listener on
 * it), and the shared counters are made.  Then each process calls app_run()
 * with its index, 0 to processes - 1, also one that replaces a process that
 * died.  Process 0 has the admin listener.
 */
#ifndef WEB_APP_H
#define WEB_APP_H

#include <stdbool.h>

#include "conf/conf.h"

/* False when an address cannot be used; it was logged. */
extern bool app_prepare(const Conf *conf);

/*
 * Serves until SIGTERM or SIGINT, then drains.  Returns the exit status.
 * Logs the ready line when index is 0.
 */
extern int	app_run(const Conf *conf, int index);

#endif							/* WEB_APP_H */
