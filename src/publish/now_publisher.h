/* SPDX-License-Identifier: PostgreSQL
 *
 * now_publisher.h: the processes that commit events for others, as those see
 * them, and as they see themselves.
 */
#ifndef EV_NOW_PUBLISHER_H
#define EV_NOW_PUBLISHER_H

#include "base/shared.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"

/* In bgw_extra of a publisher. */
typedef struct EvPublisherStart
{
	Oid database;
	uint32 start; /* 0: it serves the one request that is its argument, and ends */
} EvPublisherStart;

/* Does this server have standing publishers?  Else each request needs its own. */
extern bool ev_publisher_is_standing(void);

/* ---- for callers */

/* Let the publishers of this database find a request; and take it back. */
extern void ev_publisher_announce(dsm_handle segment);
extern void ev_publisher_retract(void);

typedef enum EvPublisherHelp
{
	EV_PUBLISHER_WOKEN,	  /* one that is idle */
	EV_PUBLISHER_BUSY,	  /* there are some, and they are busy */
	EV_PUBLISHER_STARTED, /* a new one */
	EV_PUBLISHER_NO_SLOT  /* there is none, and none can be started now */
} EvPublisherHelp;

/* A process that was started; `handle` is NULL if none was. */
typedef struct EvPublisherProcess
{
	BackgroundWorkerHandle *handle;
	uint32 start;
} EvPublisherProcess;

/*
 * Get help for a request that waits.  One that is `impatient` wants another
 * publisher if all are busy.  *process is set if one is started.
 */
extern EvPublisherHelp ev_publisher_call(bool impatient, EvPublisherProcess *process);

/* Start a process for one request; false if there is no slot for it. */
extern bool ev_publisher_start_for(dsm_handle segment, EvPublisherProcess *process);

/* Has it ended?  Then it is forgotten here. */
extern bool ev_publisher_has_ended(EvPublisherProcess *process);

/* Are all publishers of this database there, and wait for locks? */
extern bool ev_publisher_are_blocked(void);

/*
 * The publishers that a process waits for: the one that works for it, or, if its
 * request waits (*any), all of its database.  Returns how many were put into
 * `pids`; 0 if it does not wait for any, or one is just being started.
 */
extern int ev_publisher_waited_for(int caller, int *pids, int max, bool *any);

/* ---- for publishers */

/* Take the place that was kept; false if it is gone. */
extern bool ev_publisher_enter(const EvPublisherStart *start);
extern void ev_publisher_set_idle(void);

/* Whom it works for; 0: nobody.  Not idle, either way. */
extern void ev_publisher_set_busy(int caller);

/* The oldest announced request of this database after `after`; false if there is none. */
extern bool ev_publisher_find(uint64 after, uint64 *ordinal, dsm_handle *segment);

/* Its request has been taken. */
extern void ev_publisher_clear(uint64 ordinal);

/* ---- for who wants the database for himself */

/* End the publishers of a database; waits until they are gone, 5 s at most. */
extern void ev_publisher_end_all(Oid database);

#endif /* EV_NOW_PUBLISHER_H */
