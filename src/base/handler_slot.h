/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_slot.h: what is kept of handlers outside of tables.
 *
 * Where there is shared memory, a handler that was run lately has a slot of
 * EvShared.  The slot says who runs it, when there will be something to do, and
 * how careful one has to be: a server that has just started may have gone down
 * because of an event, and which one is unknown.  So a new slot, and a session
 * where there is no shared memory, begins carefully: for the next events, each
 * is noted in a table before its function is called (consume/handler.c).
 *
 * A slot may be taken over when all are in use, and it is lost with shared
 * memory.  The handler then begins carefully again and is looked at once more;
 * no more depends on it.
 */
#ifndef EV_HANDLER_SLOT_H
#define EV_HANDLER_SLOT_H

#include "base/shared.h"

/* So many events are tried one at a time after a start. */
#define EV_CAREFUL_EVENTS 100

/* The key of a handler of this database. */
extern uint64 ev_handler_slot_key(const char *name);

/* Its slot, made at need; NULL if there is no shared memory, or all slots are running. */
extern EvHandlerSlot *ev_handler_slot(uint64 key);

/* For how many events is care still needed?  And: from now on, for so many. */
extern int ev_handler_slot_careful(uint64 key);
extern void ev_handler_slot_set_careful(uint64 key, int events);

/*
 * What this session is at: the event at this position alone; -1: any of
 * several; 0: none.  If it is told to end meanwhile, the event is not to blame,
 * but only a few times; and what comes next is tried with care.
 */
extern void ev_handler_slot_trying(uint64 key, int64 position);

/* Was a trial of this position ended that way? */
extern bool ev_handler_slot_is_void(uint64 key, int64 position);

/* Is there a handler that waits for another one's process to end? */
extern bool ev_handler_slot_others_wait(void);

/* No handler of this database waits any more, or the worker will soon say so again. */
extern void ev_handler_slot_end_waiting(Oid database);

#endif /* EV_HANDLER_SLOT_H */
