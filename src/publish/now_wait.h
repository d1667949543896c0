/* SPDX-License-Identifier: PostgreSQL
 *
 * now_wait.h: having events committed by another process, and waiting for it.
 */
#ifndef EV_NOW_WAIT_H
#define EV_NOW_WAIT_H

#include "publish/now_request.h"

/*
 * Returns when the rows are committed; `flags` (one for each row) then have
 * EV_NOW_DUPLICATE where one was left out.  `function` is named in errors.
 */
extern void ev_now_commit(const EvNowRows *rows, uint8 *flags, const char *function);

#endif /* EV_NOW_WAIT_H */
