/* SPDX-License-Identifier: PostgreSQL
 *
 * worker.h: the background worker of one database.
 */
#ifndef EV_WORKER_H
#define EV_WORKER_H

/* From the launcher: ask the postmaster for it; false, logged, if there is no slot. */
extern bool ev_worker_start(Oid database, const char *name);

/* Within SPI: has a round of maintenance left events to be deleted by the next one? */
extern bool ev_worker_maintenance_has_more(void);

#endif /* EV_WORKER_H */
