/* SPDX-License-Identifier: PostgreSQL
 *
 * publisher.h: the processes that commit events for others.  What starts them
 * is publish/now_publisher.h.
 */
#ifndef EV_WORKER_PUBLISHER_H
#define EV_WORKER_PUBLISHER_H

#include "base/compat.h"

/* A standing one; the argument is not used, bgw_extra is an EvPublisherStart. */
PGDLLEXPORT pg_noreturn void ev_publisher_main(Datum arg);

/* One for a single request; the argument is its segment. */
PGDLLEXPORT pg_noreturn void ev_publisher_once_main(Datum arg);

#endif /* EV_WORKER_PUBLISHER_H */
