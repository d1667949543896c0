/* SPDX-License-Identifier: PostgreSQL
 *
 * transaction.h: what happens to published events when a transaction ends.
 */
#ifndef EV_TRANSACTION_H
#define EV_TRANSACTION_H

/* Register the callbacks; from _PG_init. */
extern void ev_transaction_init(void);

/* Raises on a hot standby, and during a parallel operation. */
extern void ev_transaction_refuse(const char *function);

/* The same, and in read-only transactions (25006), where nothing can be published. */
extern void ev_transaction_refuse_read_only(const char *function);

/* An event was added: if the commit is past its write, write at once. */
extern void ev_transaction_published(void);

/*
 * Write the pending events before the commit begins: nothing but the commit
 * itself is left to wait for then.  What is published later is written at once.
 */
extern void ev_transaction_write(void);

/*
 * Write staged and pending events now, in the current (sub)transaction.
 * Staged events are looked for if any can be expected, or with `sweep`.
 * Returns the last position drawn, 0 if there was nothing.
 */
extern int64 ev_transaction_flush(bool sweep);

/* Wake the database's worker when this transaction has ended: it has something to look at. */
extern void ev_transaction_wake_worker(void);

#endif /* EV_TRANSACTION_H */
