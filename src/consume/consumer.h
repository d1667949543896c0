/* SPDX-License-Identifier: PostgreSQL
 *
 * consumer.h: a consumer's definition, compiled.
 *
 *   consumer   a name, a filter, and a place in the stream that the database
 *              keeps; a row of events.consumer that never changes
 *   share      one of the parts into which the events of a consumer with a
 *              key are divided, by a hash of the key; without a key there is
 *              one share
 *   member     who fetches: holds shares, and has a position in each of them
 *   pool       the member "*": the shares that nobody holds
 */
#ifndef EV_CONSUMER_H
#define EV_CONSUMER_H

#include "base/compat.h"

#include "match/filter.h"
#include "storage/itemptr.h"
#include "store/columns.h"

#define EV_MAX_SHARES 4096

typedef enum EvKeyKind
{
	EV_KEY_NONE,   /* all events keep their order */
	EV_KEY_COLUMN, /* a text column */
	EV_KEY_FEEL
} EvKeyKind;

/* A row that a member once had; the newest has at least its ordinal, or was rolled back. */
typedef struct EvHint
{
	char *member; /* NULL: none */
	int64 ordinal;
} EvHint;

#define EV_NHINTS 2

typedef struct EvConsumer
{
	char *name;
	Oid owner;
	EvFilter *filter;
	EvKeyKind key_kind;
	EvColumn key_column;
	EvFeel *key;
	int nshares;
	int64 lease; /* µs */
	int max_attempts;
	int64 retry_delay; /* µs */

	/* of which version of the row; and where all of this lives */
	TransactionId xmin;
	ItemPointerData tid;
	MemoryContext context;
	EvHint *hints; /* EV_NHINTS of them, the last used first; NULL: none are kept */
} EvConsumer;

/* Columns of events.consumer. */
enum
{
	CONSUMER_NAME = 1,
	CONSUMER_OWNER,
	CONSUMER_TOPICS,
	CONSUMER_TYPES,
	CONSUMER_PATTERN,
	CONSUMER_FILTER,
	CONSUMER_KEY,
	CONSUMER_SHARES,
	CONSUMER_LEASE,
	CONSUMER_MAX_ATTEMPTS,
	CONSUMER_RETRY_DELAY,
	CONSUMER_CREATED_AT,
	CONSUMER_FUNCTION,
	CONSUMER_TIMEOUT,
	CONSUMER_BATCH_SIZE,
	CONSUMER_NCOLUMNS = CONSUMER_BATCH_SIZE
};

/*
 * The consumer of that name, for whoever may use it; good until the next call.
 * Raises 42704 if there is none, 42501 if the user may not.
 */
extern EvConsumer *ev_consumer_get(const text *name);

extern pg_noreturn void ev_consumer_raise_unknown(const char *name);

/* Is there one of that name?  Whatever the user may. */
extern bool ev_consumer_exists(const char *name);

/* Compiles filter and key in CurrentMemoryContext, or raises as ev_consumer_get() would. */
extern void ev_consumer_compile(EvConsumer *consumer, const Datum *values, const bool *nulls);

/* Delete the row. */
extern void ev_consumer_delete(const EvConsumer *consumer);

/* Days and months of the interval count as 24 hours and 30 days. */
extern int64 ev_consumer_microseconds(const Interval *interval);

#endif /* EV_CONSUMER_H */
