/* SPDX-License-Identifier: PostgreSQL
 *
 * member.c: who holds which shares.
 *
 * There is no coordinator: each member looks around at its own fetches, and
 * does what is its own part of the sharing out.
 *
 *   joining     writes its row, and one of the pool, which tells the others
 *   excess      with n members alive each may hold ceil(shares / n); what is
 *               more goes into the pool
 *   claiming    who has less takes from the pool
 *   taking over of a member whose lease has run out, and whose lock is free:
 *               a transaction that holds it is alive, however long it takes
 *
 * Looking around costs a probe of the pool's newest row at each fetch.  Each
 * member's row says which of them it has reckoned with; more is done only if
 * there is a newer one, if the member holds nothing, or when its lease is to be
 * renewed, which is the time to look for members that are gone.
 *
 * All of it goes on under the pool's lock, which is only tried, as is that of
 * a member to be taken over: nobody ever waits for another here, so there is
 * no order of locks to keep.  Whoever does not get the pool fetches with what it has
 * and tries again next time.
 */
#include "base/compat.h"

#include "consume/member.h"
#include "utils/timestamp.h"

/*
 * Who holds nothing and has no lease has to join first: that is what tells the
 * others that he is there.
 */
bool
ev_member_must_renew(const EvConsumer *consumer, const EvConsumerMember *member)
{
	TimestampTz now = GetCurrentTimestamp();

	return member->name[0] != '\0' && (member->nshares > 0 || member->leased_until > now) &&
		   member->leased_until - now < consumer->lease / 3 * 2;
}

void
ev_member_renew(const EvConsumer *consumer, EvConsumerMember *member)
{
	if (member->name[0] != '\0')
		member->leased_until = GetCurrentTimestamp() + consumer->lease;
}

void
ev_member_unblock(EvConsumerMember *member)
{
	member->attempts = 0;
	member->not_before = 0;
	member->reason = NULL;
}

/* The last share of one goes to another, with what is known of the event that holds it up. */
static void
give_last(const EvConsumer *consumer, EvConsumerMember *from, EvConsumerMember *to)
{
	ev_member_give(from, from->nshares - 1, to);
	if (consumer->nshares == 1)
	{
		to->attempts = from->attempts;
		to->not_before = from->not_before;
		to->reason = from->reason;
	}
	if (from->nshares == 0)
		ev_member_unblock(from);
}

static void
give_all(const EvConsumer *consumer, EvConsumerMember *from, EvConsumerMember *to)
{
	while (from->nshares > 0)
		give_last(consumer, from, to);
}

static bool
is_alive(const EvConsumerMember *member, TimestampTz now)
{
	return member->leased_until > now;
}

/*
 * Put the shares of a member that is gone into the pool; false if it is not
 * gone after all.  Who works in this very transaction is not, whatever its lease says.
 */
static bool
take_over(EvState *state, const char *name, EvConsumerMember *pool)
{
	EvLocked locked = ev_state_lock(state->consumer, name, false);
	EvConsumerMember member;
	bool gone;

	if (locked == EV_LOCKED_NOT)
		return false;
	ev_state_read(state, name, &member);
	gone = locked == EV_LOCKED_NEW && !is_alive(&member, GetCurrentTimestamp());
	if (!gone || member.nshares == 0)
	{
		ev_state_unlock(state->consumer, name);
		return gone;
	}
	give_all(state->consumer, &member, pool);
	member.leased_until = 0;
	ev_state_write(state, &member);
	return true;
}

/* What a member sees when it looks around. */
typedef struct View
{
	EvConsumerMember *pool;
	int others;	   /* members that are alive, but for this one */
	bool has_gone; /* a member that has shares and no lease */
} View;

static void
look_around(EvState *state, const EvConsumerMember *own, View *view)
{
	TimestampTz now = GetCurrentTimestamp();
	ListCell *cell;

	memset(view, 0, sizeof(View));
	foreach (cell, ev_state_roster(state))
	{
		EvConsumerMember *member = lfirst(cell);

		if (strcmp(member->name, EV_POOL) == 0)
			view->pool = member;
		else if (strcmp(member->name, own->name) == 0)
			continue;
		else if (is_alive(member, now))
			view->others++;
		else if (member->nshares > 0)
			view->has_gone = true;
	}
	if (view->pool == NULL) /* dropped while we came */
		ev_consumer_raise_unknown(state->consumer->name);
}

/* Take over from those that are gone; those that are not after all count as alive. */
static bool
take_over_gone(EvState *state, const EvConsumerMember *own, View *view)
{
	TimestampTz now = GetCurrentTimestamp();
	bool changed = false;
	ListCell *cell;

	if (!view->has_gone)
		return false;
	foreach (cell, ev_state_roster(state))
	{
		EvConsumerMember *member = lfirst(cell);

		if (strcmp(member->name, EV_POOL) == 0 || strcmp(member->name, own->name) == 0 ||
			is_alive(member, now) || member->nshares == 0)
			continue;
		if (take_over(state, member->name, view->pool))
			changed = true;
		else
			view->others++;
	}
	return changed;
}

/* So many shares may each of the members hold. */
static int
quota_of(const EvConsumer *consumer, const View *view)
{
	int n = view->others + 1;

	return (consumer->nshares + n - 1) / n;
}

/* Is there anything to do? */
static bool
is_uneven(const EvConsumer *consumer, const EvConsumerMember *own, const View *view)
{
	int quota = quota_of(consumer, view);

	return view->has_gone || own->pool != view->pool->ordinal || own->nshares > quota ||
		   (own->nshares < quota && view->pool->nshares > 0);
}

static bool
even_out(const EvConsumer *consumer, EvConsumerMember *own, View *view)
{
	int quota = quota_of(consumer, view);
	EvConsumerMember *pool = view->pool;
	int before = own->nshares;

	while (own->nshares > quota)
		give_last(consumer, own, pool);
	while (own->nshares < quota && pool->nshares > 0)
		give_last(consumer, pool, own);
	return own->nshares != before;
}

void
ev_member_balance(EvState *state, EvConsumerMember *own, bool settled)
{
	const EvConsumer *consumer = state->consumer;
	bool joins = own->name[0] != '\0' && own->nshares == 0 && !is_alive(own, GetCurrentTimestamp());
	bool changed;
	EvConsumerMember pool;
	View view;

	/* Whoever has something in hand keeps what it has; and of one share nobody wants a part. */
	if (own->nshares > 0 && (!settled || consumer->nshares == 1))
		return;
	if (own->nshares > 0 && !ev_member_must_renew(consumer, own))
	{
		ev_state_read(state, EV_POOL, &pool);
		if (own->pool == pool.ordinal)
			return;
	}
	look_around(state, own, &view);
	if (!joins && !is_uneven(consumer, own, &view))
		return;
	if (ev_state_lock(consumer, EV_POOL, false) == EV_LOCKED_NOT)
		return;

	/* Once more, now that nobody else can change it. */
	look_around(state, own, &view);
	changed = take_over_gone(state, own, &view);
	changed |= even_out(consumer, own, &view);
	if (changed || (joins && view.others > 0))
		ev_state_write(state, view.pool);
	else
		ev_state_unlock(consumer, EV_POOL);
	if (changed || joins || own->pool != view.pool->ordinal)
	{
		own->pool = view.pool->ordinal;
		ev_member_renew(consumer, own);
		ev_state_write(state, own);
	}
}

/* Give the member's shares to the pool, whose lock is held. */
static bool
give_up(EvState *state, const char *name, EvConsumerMember *pool)
{
	EvConsumerMember member;

	(void) ev_state_lock(state->consumer, name, true);
	ev_state_read(state, name, &member);
	if (member.nshares == 0 && member.leased_until == 0)
		return false;
	give_all(state->consumer, &member, pool);
	member.leased_until = 0;
	ev_state_write(state, &member);
	return true;
}

static void
lock_pool(EvState *state, EvConsumerMember *pool)
{
	(void) ev_state_lock(state->consumer, EV_POOL, true);
	ev_state_read(state, EV_POOL, pool);
	if (pool->ordinal == 0)
		ev_consumer_raise_unknown(state->consumer->name);
}

bool
ev_member_leave(EvState *state, const char *name)
{
	EvConsumerMember pool;

	lock_pool(state, &pool);
	if (!give_up(state, name, &pool))
		return false;
	ev_state_write(state, &pool);
	return true;
}

void
ev_member_gather(EvState *state, EvConsumerMember *pool)
{
	ListCell *cell;

	lock_pool(state, pool);
	foreach (cell, ev_state_roster(state))
	{
		EvConsumerMember *member = lfirst(cell);

		if (strcmp(member->name, EV_POOL) != 0)
			(void) give_up(state, member->name, pool);
	}
}
