/* SPDX-License-Identifier: PostgreSQL
 *
 * utility.h: utility commands that concern events.
 */
#ifndef EV_UTILITY_H
#define EV_UTILITY_H

/* Install the hook; from _PG_init. */
extern void ev_utility_init(void);

#endif /* EV_UTILITY_H */
