/* SPDX-License-Identifier: PostgreSQL
 *
 * epoch.h: the epoch, and cursors.
 *
 * A cursor is '<epoch>-<position padded to 19 digits>': inside an epoch,
 * cursors sort as strings.
 */
#ifndef EV_EPOCH_H
#define EV_EPOCH_H

#define EV_EPOCH_LENGTH 8
#define EV_CURSOR_LENGTH (EV_EPOCH_LENGTH + 1 + 19)

/* Name of the current epoch and a NUL. */
extern void ev_epoch_current(char name[EV_EPOCH_LENGTH + 1]);

/* A cursor and a NUL. */
extern void ev_epoch_format_cursor(const char *epoch, int64 position,
								   char cursor[EV_CURSOR_LENGTH + 1]);

#endif /* EV_EPOCH_H */
