/* SPDX-License-Identifier: PostgreSQL
 *
 * imported.h: which events of other hubs are here already.
 */
#ifndef EV_IMPORTED_H
#define EV_IMPORTED_H

#include "postgres.h"

typedef struct EvImported EvImported;

/* One transaction imports at a time: the others wait here until it has ended. */
extern EvImported *ev_imported_open(void);

/*
 * Note that the event of this epoch and position is imported by this transaction: true if it
 * is the first one to do so.
 */
extern bool ev_imported_claim(EvImported *imported, const char *epoch, int64 position);

extern void ev_imported_close(EvImported *imported);

#endif /* EV_IMPORTED_H */
