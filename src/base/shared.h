/* SPDX-License-Identifier: PostgreSQL
 *
 * shared.h: the extension's piece of shared memory.
 *
 * It exists in every backend of a server that has events in
 * shared_preload_libraries, and, on 17 and later, in every backend that uses
 * the extension.  Where it does not exist, ev_shared() is NULL in all backends
 * of the server: no two backends of one server disagree.
 *
 *   gate slot       one per backend: the commit gate.  `floor` is 0 outside
 *                   the gate, else 1 + the last position that was drawn by
 *                   anybody when this backend entered: every position that
 *                   the backend draws is at or above its floor.
 *   database entry  one per installation of the extension, that is per
 *                   (database, position sequence): has the first draw since
 *                   shared memory was initialised skipped ahead, what is
 *                   the greatest horizon ever proved, and who waits for more.
 *   worker slot     one per database that has or wants a worker.
 *   publisher       one per process that commits events for others
 *                   (publish/now_publisher.c).
 *   announcement    one per backend: the request that it has for a publisher.
 *   handler slot    one per handler that was run lately (base/handler_slot.h).
 *
 * All of it is lost by a crash or restart, which is just what the jump
 * (store/position.c) relies on.
 */
#ifndef EV_SHARED_H
#define EV_SHARED_H

#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/spin.h"
#include "datatype/timestamp.h"

#define EV_MAX_INSTALLATIONS 1024
#define EV_MAX_WORKERS 256
#define EV_MAX_PUBLISHERS 256
#define EV_MAX_HANDLERS 1024

typedef struct EvGateSlot
{
	pg_atomic_uint64 floor;
	Oid database;
	Oid sequence;
	TimestampTz entered_at;
} EvGateSlot;

typedef struct EvInstallation
{
	Oid database; /* InvalidOid: free */
	Oid sequence;
	pg_atomic_uint32 jumped;
	pg_atomic_uint64 horizon;
	ConditionVariable readers; /* who waits for events, or for others who have them */
} EvInstallation;

typedef struct EvWorkerSlot
{
	Oid database;	 /* InvalidOid: free */
	int pid;		 /* 0: not running */
	int proc_number; /* valid while pid is set */
	bool wanted;
	TimestampTz not_before;			 /* the launcher starts none before */
	TimestampTz handlers_not_before; /* no process of a handler begins before, nor the indexer */

	/* the process that files events for search (worker/indexer.c) */
	int indexer_pid;		 /* 0: none */
	int indexer_proc_number; /* valid while that is set */
	int indexer_failures;	 /* in a row */
	bool indexer_has_tasks;	 /* there is more to do than to file new events */
	bool indexer_gives_way;	 /* it rests until a round of maintenance has been made */
	int64 indexer_told;		 /* the horizon that it was told last */
	int64 indexed;			 /* the one up to which it has filed all */
	TimestampTz indexer_not_before;
} EvWorkerSlot;

typedef struct EvPublisher
{
	Oid database;	 /* InvalidOid: free */
	uint32 start;	 /* which of all starts of publishers this was */
	int pid;		 /* 0: not there yet */
	int proc_number; /* valid while pid is set */
	bool idle;		 /* waits for its latch, or will look for requests once more */
	int caller;		 /* process that it works for; 0: none */
	TimestampTz asked_at;
} EvPublisher;

typedef struct EvAnnouncement
{
	pg_atomic_uint64 ordinal; /* 0: none */
	int pid;
	Oid database;
	uint32 segment; /* a dsm_handle */
} EvAnnouncement;

typedef struct EvHandlerSlot
{
	Oid database; /* InvalidOid: free */
	uint64 key;
	int pid;				/* of the process that runs it; 0: none */
	int proc_number;		/* valid while pid is set */
	bool starting;			/* a process was asked for and is not there yet */
	bool waiting;			/* has something to do, and there is no room for its process */
	int careful;			/* so many events are still tried one at a time */
	int failures;			/* processes in a row that ended before they had done anything */
	int64 done;				/* there is nothing to do up to this horizon */
	int64 void_trial;		/* a trial whose process was told to end, */
	int voids;				/* so many times */
	TimestampTz retry_at;	/* then there is something to do again; 0: no such time */
	TimestampTz not_before; /* no process is started before */
	TimestampTz started_at;
} EvHandlerSlot;

typedef struct EvShared
{
	slock_t mutex; /* installations' keys, worker slots, handler slots, launcher, publishers */
	bool preloaded;
	int launcher_proc; /* -1: none */
	int nslots;
	EvInstallation installations[EV_MAX_INSTALLATIONS];
	EvWorkerSlot workers[EV_MAX_WORKERS];
	EvHandlerSlot handlers[EV_MAX_HANDLERS];
	EvPublisher publishers[EV_MAX_PUBLISHERS];
	uint32 starts;							 /* of publishers */
	pg_atomic_uint64 requests;				 /* for publishers, up to now */
	EvGateSlot slots[FLEXIBLE_ARRAY_MEMBER]; /* then as many announcements */
} EvShared;

/* The shared memory, or NULL where there is none. */
extern EvShared *ev_shared(void);

/*
 * The same if it was made at the server's start, else NULL.  Attaches to nothing, so it may be
 * asked for while a transaction's resources are released, where an error ends the server.
 */
extern EvShared *ev_shared_preloaded(void);

/* This backend's gate slot. */
extern EvGateSlot *ev_shared_my_slot(void);

/* The announcements, as many as there are gate slots, in the same order. */
extern EvAnnouncement *ev_shared_announcements(EvShared *shared);

/* The entry of an installation of this database, made at need. */
extern EvInstallation *ev_shared_installation(Oid sequence);

/* From _PG_init, in the postmaster only. */
extern void ev_shared_request(void);

#endif /* EV_SHARED_H */
