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

/* Is, or was, this an epoch of this hub? */
extern bool ev_epoch_is_ours(const char *name);

/*
 * A cursor taken apart; false if the text is none.  The epoch gets a NUL.
 */
extern bool ev_epoch_parse_cursor(const char *text, int length, char epoch[EV_EPOCH_LENGTH + 1],
								  int64 *position);

/* A cursor and a NUL. */
extern void ev_epoch_format_cursor(const char *epoch, int64 position,
								   char cursor[EV_CURSOR_LENGTH + 1]);

#endif /* EV_EPOCH_H */
