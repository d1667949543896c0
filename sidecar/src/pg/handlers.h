/*
 * handlers.h - SQL handlers (events.create_handler) for databases that have no worker of their own.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Where the extension is not in shared_preload_libraries nobody calls the functions of handlers, so
 * eventsd does while the feed says that there is no worker.  It asks the database which handlers
 * have something to do (events._due_handlers()), after new events and once a second, and has each
 * of them do a round (events._run_handler()) until there is nothing left.  A round is one statement
 * and so one transaction: what the function did and how far the handler has come are committed
 * together.
 *
 * Each round runs on a connection of its own kind, of which there are at most handler_connections:
 * neither the feed nor what clients ask for waits for a slow handler.  They are direct connections
 * (listen_database), for the database remembers things of handlers in their sessions.  When more
 * handlers have something to do than there are connections, they take turns, round by round.
 *
 * Process 0 does it for all processes of one eventsd; several eventsd are kept apart by the
 * database, where the second one to run a handler is told that there is nothing to do.
 */
#ifndef EVENTSD_HANDLERS_H
#define EVENTSD_HANDLERS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "loop/loop.h"
#include "pg/feed.h"

typedef struct Handlers Handlers;

typedef struct HandlersState
{
	int running;	 /* rounds under way */
	uint64_t rounds; /* that came to an end, failed ones too */
	uint64_t failures;
} HandlersState;

/* NULL when the configuration wants none; all functions take that */
Handlers *handlers_new(Loop *loop, const Conf *conf, const Feed *feed);
/* before the Feed.  Rounds under way are cancelled in the database */
void handlers_free(Handlers *handlers);
void handlers_reload(Handlers *handlers, const Conf *conf);
/* there are new events */
void handlers_wake(Handlers *handlers);
/* begin no more rounds */
void handlers_drain(Handlers *handlers);
HandlersState handlers_state(const Handlers *handlers);

#endif /* EVENTSD_HANDLERS_H */
