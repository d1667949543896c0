/* SPDX-License-Identifier: PostgreSQL
 *
 * truncate.h: one TRUNCATE, one event, however many partitions it reaches.
 */
#ifndef EV_TRUNCATE_H
#define EV_TRUNCATE_H

#include "nodes/pg_list.h"

/* Which tables a TRUNCATE has told of. */
typedef struct EvTruncate
{
	List *told;		   /* OIDs, in TopTransactionContext */
	TransactionId xid; /* of which transaction; invalid: none yet */
} EvTruncate;

/* Around each TRUNCATE command; begin returns what end wants. */
extern EvTruncate ev_truncate_begin(void);
extern void ev_truncate_end(EvTruncate outer);

/* Is this table emptied together with one above it, which has said so? */
extern bool ev_truncate_is_told(Oid relid);

/* It tells for itself and all below it. */
extern void ev_truncate_tell(Oid relid);

#endif /* EV_TRUNCATE_H */
