/* SPDX-License-Identifier: PostgreSQL
 *
 * read.h: what the SQL functions that read events leave for the commit.
 */
#ifndef EV_READ_H
#define EV_READ_H

/* Let the commit of this transaction move staged events, if there are any. */
extern void ev_read_request_sweep_if_staged(void);

/*
 * Did a reader of this transaction see staged events without a position?  The
 * commit then moves them.  The request is forgotten.
 */
extern bool ev_read_take_sweep_request(void);

#endif /* EV_READ_H */
