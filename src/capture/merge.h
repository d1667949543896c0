/* SPDX-License-Identifier: PostgreSQL
 *
 * merge.h: rows that a MERGE moves to other partitions.
 */
#ifndef EV_MERGE_H
#define EV_MERGE_H

#include "commands/trigger.h"

/*
 * In a statement trigger AFTER UPDATE: raises if its MERGE has moved rows that
 * neither this trigger nor those of the same function AFTER INSERT and DELETE get.
 */
extern void ev_merge_check(const TriggerData *trigger);

/* From _PG_init. */
extern void ev_merge_init(void);

#endif /* EV_MERGE_H */
