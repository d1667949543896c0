/* SPDX-License-Identifier: PostgreSQL
 *
 * pending_rows.h: the rows of a pending list, in memory and past a limit in a file.
 */
#ifndef EV_PENDING_ROWS_H
#define EV_PENDING_ROWS_H

#include "access/htup_details.h"

typedef struct EvPendingRows EvPendingRows;

/* Belongs to the top transaction. */
extern EvPendingRows *ev_pending_rows_make(void);

/* Form a row of ev_columns_descriptor() and keep it. */
extern void ev_pending_rows_add(EvPendingRows *rows, const Datum *values, const bool *nulls);

/*
 * Read all rows back, once.  A row that `stays` lies still for as long as the
 * list does, and may be written into; another only to the next call.  NULL
 * when there are no more.
 */
extern void ev_pending_rows_rewind(EvPendingRows *rows);
extern HeapTuple ev_pending_rows_next(EvPendingRows *rows, bool *stays);

/* Free everything. */
extern void ev_pending_rows_end(EvPendingRows *rows);

#endif /* EV_PENDING_ROWS_H */
