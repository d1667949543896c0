/*
 * query.h - questions to the database, asked without waiting.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A Queries holds three small pools of connections, one for reading (history), one for publishing
 * (intake) and one for searches, which may take long, so that none makes the others wait.  A
 * request takes a free connection or waits in its pool's bounded queue.  Each request returns a
 * handle, and calls back exactly once, always later from the loop and never from inside the call
 * that made it, unless it is cancelled: query_cancel() means no callback, and the handle is gone.
 * (An intake that is already under way is not undone by that: it commits or not, unseen.  A search
 * is ended in the server, too.)  The handle is also gone once the callback has returned.
 *
 * Failures are a QueryError.  `unavailable`: the database cannot be reached, or the queue is full;
 * nothing was done, come again in retry_after seconds (HTTP 503).  `unknown_outcome`: the
 * connection broke after the statement was sent, so an intake may or may not have been committed.
 * Otherwise PostgreSQL refused: sqlstate, message, detail and hint are its own words.
 *
 * Results are plain structs, good only during the callback.
 */
#ifndef EVENTSD_QUERY_H
#define EVENTSD_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "conf/conf.h"
#include "loop/loop.h"
#include "pg/feed.h"

typedef struct Queries Queries;
typedef struct Query Query;

#define QUERY_CURSOR_TOO_OLD "EV001"
#define QUERY_CURSOR_FUTURE "EV002"
#define QUERY_FILTERS_UNKNOWN "EV003"
#define QUERY_OUT_OF_MEMORY "53200"
#define QUERY_CANCELED "57014" /* by statement_timeout, or a limit of the extension */

typedef struct QueryError
{
	bool unavailable;
	bool unknown_outcome;
	int retry_after;	 /* seconds, when unavailable */
	char sqlstate[6];	 /* "" when it is not from PostgreSQL */
	const char *message; /* never NULL */
	const char *detail;	 /* NULL when there is none */
	const char *hint;	 /* ditto */
} QueryError;

/*
 * Is it what the client wrote?  Class 22 (data exceptions), 42601 (syntax), class 54 (limits).
 * To be asked of answers to texts of clients only.
 */
bool query_is_client_fault(const QueryError *error);
/* was it ended because it took too long? */
bool query_took_too_long(const QueryError *error);

/* ---- publishing ---- */

typedef struct IntakeRow
{
	int ordinal;	/* of the event in the array, from 1 */
	bool accepted;	/* it is published: now, or as a duplicate before */
	bool duplicate; /* of an event published before, which stands */
	Str id;			/* empty when it had none and was invalid */
	Str errors;		/* JSON array of {"instanceLocation","message"}, or empty */
} IntakeRow;

typedef struct IntakeResult
{
	const IntakeRow *rows;
	int count;
	int accepted;	/* how many of them; these are committed */
	int duplicates; /* how many of those were it before */
} IntakeResult;

/* either result or error is NULL */
typedef void (*QueryIntakeFn)(void *arg, const IntakeResult *result, const QueryError *error);

/* events: JSON text of one event or an array; context: JSON text of an object.  Both are copied */
Query *query_intake(Queries *queries, Str events, const char *context, QueryIntakeFn fn, void *arg);

/* ---- reading ---- */

typedef struct HistoryResult
{
	char epoch[FEED_EPOCH_SIZE];
	int64_t position; /* read up to here: go on from it */
	const FeedEvent *events;
	int count; /* can be 0 with position still below the horizon: go on */
} HistoryResult;

typedef struct HistoryRequest
{
	int64_t after;
	int max_count;
	int max_bytes;
	const EventFilter *filter; /* NULL for all; copied */
} HistoryRequest;

typedef void (*QueryHistoryFn)(void *arg, const HistoryResult *result, const QueryError *error);
Query *query_history(Queries *queries, const HistoryRequest *request, QueryHistoryFn fn, void *arg);

/* since (RFC 3339) → the position to give as `after` */
typedef void (*QueryPositionFn)(void *arg, int64_t position, const QueryError *error);
Query *query_position_at(Queries *queries, const char *since, QueryPositionFn fn, void *arg);

/*
 * A pattern and a filter as a client wrote them, either may be NULL: events._check_filter() gives
 * the canonical text of both.
 */
typedef void (*QueryTextFn)(void *arg, Str text, const QueryError *error);
Query *query_check_filter(Queries *queries, const char *pattern, const char *filter, QueryTextFn fn,
						  void *arg);

/*
 * events._try_filter(): what they say of events (JSON text of an array); gives JSON text.  It can
 * take half a second, so it lets others go before, and few of them may wait.
 */
typedef struct TryRequest
{
	const char *pattern; /* or NULL */
	const char *filter;	 /* or NULL */
	Str events;			 /* without NUL bytes; copied */
	bool explain;
} TryRequest;

Query *query_try_filter(Queries *queries, const TryRequest *request, QueryTextFn fn, void *arg);

/* ---- searching ---- */

/* events._search_page(): request is JSON text of an object, copied; gives JSON text */
Query *query_search(Queries *queries, const char *request, QueryTextFn fn, void *arg);
/*
 * events._event_page(): the newest event of an id, of a source or (NULL) of any, as JSON text;
 * neither text nor error when there is none.  It goes before searches that wait.
 */
Query *query_event(Queries *queries, const char *id, const char *source, QueryTextFn fn, void *arg);

/* events._maintain(): a round of maintenance; gives 1 if it has left something to do, else 0 */
Query *query_maintain(Queries *queries, QueryPositionFn fn, void *arg);

/* events._index_search() of a piece; gives how many events were filed, 0 when there are no more */
Query *query_index_search(Queries *queries, QueryPositionFn fn, void *arg);

void query_cancel(Query *query);
/* the database works on it */
bool query_is_running(const Query *query);

/* ---- the pools ---- */

typedef struct QueriesState
{
	int read_connections; /* connected now */
	int publish_connections;
	int search_connections;
	int read_waiting; /* requests in the queue */
	int publish_waiting;
	int search_waiting;
	uint64_t queries; /* answered, failed ones too */
	uint64_t failures;
} QueriesState;

Queries *queries_new(Loop *loop, const Conf *conf);
/* waiting and running requests are dropped without a callback */
void queries_free(Queries *queries);
QueriesState queries_state(const Queries *queries);

#endif /* EVENTSD_QUERY_H */
