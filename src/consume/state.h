/* SPDX-License-Identifier: PostgreSQL
 *
 * state.h: how far the members of a consumer have come: events.consumer_state.
 *
 * What is so of a member says its newest row; others are history that nobody
 * needs.  Whoever writes one holds the member's lock to the end of his
 * transaction, and has read the newest row under it.
 */
#ifndef EV_STATE_H
#define EV_STATE_H

#include "consume/consumer.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* The member that holds what nobody holds, and the one of all that give no name. */
#define EV_POOL "*"
#define EV_ANYBODY ""

typedef struct EvConsumerMember
{
	char *name;
	int64 ordinal; /* of the newest row; 0: there is none */
	int nshares;
	int16 *shares;			  /* ascending; room for all of the consumer's */
	int64 *positions;		  /* one for each share */
	int64 pool;				  /* ordinal of the pool's row that was taken into account */
	TimestampTz leased_until; /* 0: no lease */

	/* of the event after the position, where it holds up all the others */
	int attempts;
	TimestampTz not_before; /* 0: at once */
	char *reason;			/* or NULL */
} EvConsumerMember;

typedef struct EvState
{
	const EvConsumer *consumer;
	Relation rel;
	Relation index;
	Datum name; /* the consumer's, as text */
} EvState;

/* The table is open until ev_state_close(), for one consumer. */
extern void ev_state_open(EvState *state, const EvConsumer *consumer);
extern void ev_state_close(EvState *state);

/* The newest row of a member, as a snapshot taken now sees it. */
extern void ev_state_read(EvState *state, const char *member, EvConsumerMember *out);

/* All members' newest rows, that of the pool too: a list of EvConsumerMember *. */
extern List *ev_state_roster(EvState *state);

/* Write a row that is newer, and have the rest of the transaction see it. */
extern void ev_state_write(EvState *state, EvConsumerMember *member);

/* ---- locks: of (consumer, member), exclusive, to the end of the transaction ---- */

typedef enum EvLocked
{
	EV_LOCKED_NOT, /* somebody else has it */
	EV_LOCKED_NEW,
	EV_LOCKED_BEFORE /* this transaction had it already */
} EvLocked;

extern EvLocked ev_state_lock(const EvConsumer *consumer, const char *member, bool wait);

/* Undo one ev_state_lock(), if nothing was written under it. */
extern void ev_state_unlock(const EvConsumer *consumer, const char *member);

/* ---- shares of a member ---- */

/* The lowest position of its shares; there is one. */
extern int64 ev_member_position(const EvConsumerMember *member);

/* No position stays below this one; did any change? */
extern bool ev_member_advance(EvConsumerMember *member, int64 position);

/* Share `from.shares[i]` goes to another member. */
extern void ev_member_give(EvConsumerMember *from, int i, EvConsumerMember *to);

#endif /* EV_STATE_H */
