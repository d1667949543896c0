/* SPDX-License-Identifier: PostgreSQL
 *
 * redelivery.h: events that a consumer gets again, and those that it has given up.
 *
 * A row of events.redelivery is an event that failed, or one with the same
 * key that came later and waits behind it.  A key is blocked while one of its rows has
 * to wait for its time; rows before that are due, and so are all rows of a key that is
 * not blocked: they are delivered in their places in the order.
 */
#ifndef EV_REDELIVERY_H
#define EV_REDELIVERY_H

#include "consume/state.h"
#include "nodes/pg_list.h"

/* One that is due, with the event's columns. */
typedef struct EvDue
{
	int64 position;
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
} EvDue;

typedef struct EvRedelivery
{
	MemoryContext context; /* of all of this */
	const EvConsumer *consumer;
	int count;			  /* rows of the consumer */
	struct HTAB *keys;	  /* blocked keys of the member's shares; NULL: no rows at all */
	struct HTAB *events;  /* positions of its rows */
	List *marked;		  /* of those that the member was handed before: int64 * */
	List *due;			  /* of EvDue *, ascending, at most so many as were asked for */
	TimestampTz next_due; /* when the next one will be, 0: none */
	List *handed;		  /* of those that were delivered: int64 * */
	List *parked;		  /* of those that have to wait: EvParked * */
} EvRedelivery;

/* Has the consumer any rows?  Costs next to nothing where there never were any. */
extern bool ev_redelivery_any(const EvConsumer *consumer);

/* What is due, and what is blocked, in a member's shares; to be called before events are read. */
extern void ev_redelivery_open(EvRedelivery *r, const EvConsumer *consumer,
							   const EvConsumerMember *member, int max_count);

typedef enum EvMet
{
	EV_MET_NOT,	   /* it is not for this member at all */
	EV_MET_FREE,   /* deliver it */
	EV_MET_PARKED, /* it waits now, or waited already */
	EV_MET_FULL	   /* it would have to wait, but there is no room */
} EvMet;

/* May this event be delivered, whose key has that hash? */
extern EvMet ev_redelivery_meet(EvRedelivery *r, int64 position, uint64 hash);

/* Is this event one of those rows? */
extern bool ev_redelivery_has(const EvRedelivery *r, int64 position);

/* Note that this one is delivered. */
extern void ev_redelivery_hand(EvRedelivery *r, const EvDue *due);

/* Write what was handed and parked; did that write anything? */
extern bool ev_redelivery_close(EvRedelivery *r, const char *member);

/* The member has done those that it was handed, up to a position. */
extern void ev_redelivery_settle(const EvConsumer *consumer, const char *member, int64 position);

/* Why something failed. */
typedef struct EvFailure
{
	int64 position;
	uint64 hash;
	int attempts;			/* with this one */
	TimestampTz not_before; /* of the next */
	char *reason;			/* or NULL */
	char *sqlstate;			/* or NULL */
} EvFailure;

/* Hash and attempts of a row; false if there is none. */
extern bool ev_redelivery_find(const EvConsumer *consumer, EvFailure *failure);

/* The event failed: a row of it, new or changed; or a dead letter in its place. */
extern void ev_redelivery_retry(const EvConsumer *consumer, const EvFailure *failure);
extern void ev_redelivery_give_up(const EvConsumer *consumer, const EvFailure *failure);

/* Dead letters become rows again: one, or (0) all that there is room for; how many. */
extern int64 ev_redelivery_redrive(const EvConsumer *consumer, int64 position);

/* Rows of the consumer. */
extern int ev_redelivery_count(const EvConsumer *consumer);

/* Forget what the consumer is to get again; of one that is dropped, all there is. */
extern void ev_redelivery_forget(const EvConsumer *consumer, bool dropped);

#endif /* EV_REDELIVERY_H */
