/*
 * feed_place.c - where we are in the feed, and whether that still holds.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * After each connection, and every ten seconds, the relay's state is read: epoch, oldest position,
 * horizon.  It is compared with our position, and there are three answers: go on; the epoch is
 * another one, so the numbers mean something else now; events after our position are gone.  The
 * last two are told by on_epoch and make a new start.
 *
 * A cursor "from the future" is believed only when it was said several times, a second apart:
 * without the preload a backend that cannot get at the gate answers with the last horizon it
 * knows, which may be below ours for a moment.
 *
 * The database can refuse without the connection breaking (extension missing, no privilege).  Then
 * the feed counts as disconnected, the reason is logged with a hint, and asking goes on with a
 * back-off.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "pg/feed_private.h"

#define TROUBLE_LAST 5000 /* ms */
#define REPEAT_LOG 60000

/* ---- connected or not, and trouble ---- */

void
feed_set_connected(Feed *feed, bool connected)
{
	if (feed->state.connected == connected && feed->told_state)
		return;
	feed->told_state = true;
	feed->state.connected = connected;
	if (feed->handler->on_state)
		feed->handler->on_state(feed->arg, connected);
}

/* asking was in vain: rest for a while, then begin with the state */
void
feed_trouble(Feed *feed, const QueryError *error)
{
	int64_t now = loop_now_ms(feed->loop);

	feed->settled = false;
	loop_timer_start(&feed->rest, feed->rest_time, 0);
	feed->rest_time = feed->rest_time * 2 < TROUBLE_LAST ? feed->rest_time * 2 : TROUBLE_LAST;
	if (!feed->last_trouble || strcmp(feed->last_trouble, error->message) != 0 ||
		now - feed->last_trouble_at >= REPEAT_LOG)
	{
		mem_free(feed->last_trouble);
		feed->last_trouble = mem_strdup(error->message);
		feed->last_trouble_at = now;
		log_warning("the feed cannot be read", LOG_STR("reason", error->message),
					LOG_STR("sqlstate", error->sqlstate), LOG_STR("detail", error->detail),
					LOG_STR("hint", error->hint ? error->hint : "trying again by itself"));
	}
	feed_set_connected(feed, false);
}

void
feed_trouble_in_words(Feed *feed, const char *message, const char *hint)
{
	QueryError error = {.message = message, .hint = hint};

	feed_trouble(feed, &error);
}

static void
trouble_is_over(Feed *feed)
{
	feed->rest_time = FEED_TROUBLE_FIRST;
	if (feed->last_trouble)
		log_info("the feed can be read again", LOG_INT("position", feed->state.position));
	mem_free(feed->last_trouble);
	feed->last_trouble = NULL;
}

/* ---- the state, the start, and breaks of the line ---- */

static void
announce_epoch(Feed *feed, FeedEpochReason reason, int64_t position)
{
	FeedEpoch epoch = {reason, feed->state.epoch, feed->state.oldest, feed->state.horizon,
					   position};

	feed->state.position = position;
	feed->future_strikes = 0;
	feed->wanted = true;
	feed->handler->on_epoch(feed->arg, &epoch);
}

/* what we were reading cannot be gone on with */
static void
break_line(Feed *feed, FeedEpochReason reason, int64_t position)
{
	log_warning("the line of events is broken",
				LOG_STR("reason", reason == FEED_EPOCH_CHANGED
									  ? "another epoch"
									  : "events after our position are not kept any more"),
				LOG_STR("epoch", feed->state.epoch),
				LOG_INT("position_before", feed->state.position), LOG_INT("position", position));
	announce_epoch(feed, reason, position);
}

/* what was asked for at feed_new, now that there is a database to compare it with */
static void
start_at(Feed *feed, int64_t after)
{
	FeedState *state = &feed->state;
	FeedEpochReason reason = FEED_EPOCH_FIRST;

	feed->started = true;
	if (feed->first_epoch && strcmp(feed->first_epoch, state->epoch) != 0)
	{
		reason = FEED_EPOCH_CHANGED;
		after = state->horizon;
	}
	else if (after == FEED_EARLIEST)
		after = state->oldest - 1;
	else if (after < 0)
		after = state->horizon;
	else if (after > state->horizon)
	{
		reason = FEED_EPOCH_CHANGED;
		after = state->horizon;
	}
	else if (after < state->oldest - 1)
	{
		reason = FEED_EPOCH_TOO_OLD;
		after = state->oldest - 1;
	}
	announce_epoch(feed, reason, after);
}

static void
settle(Feed *feed)
{
	feed->settled = true;
	trouble_is_over(feed);
	feed_set_connected(feed, true);
}

static bool
is_state(const PGresult *rows)
{
	return PQntuples(rows) == 1 && PQnfields(rows) == 6 && PQgetlength(rows, 0, 0) > 0 &&
		   PQgetlength(rows, 0, 0) < FEED_EPOCH_SIZE && PQgetlength(rows, 0, 1) == 8 &&
		   PQgetlength(rows, 0, 2) == 8;
}

void
feed_take_state(Feed *feed, const PGresult *rows)
{
	FeedState *state = &feed->state;
	char old_epoch[FEED_EPOCH_SIZE];
	bool changed;

	if (!is_state(rows))
	{
		feed_trouble_in_words(feed, "events._relay_state() gave an answer of unknown form",
							  "Install the version of the extension that eventsd is for.");
		return;
	}
	memcpy(old_epoch, state->epoch, sizeof(old_epoch));
	snprintf(state->epoch, sizeof(state->epoch), "%s", PQgetvalue(rows, 0, 0));
	changed = old_epoch[0] && strcmp(old_epoch, state->epoch) != 0;
	state->horizon = page_bigint(rows, 0, 1);
	state->oldest = page_bigint(rows, 0, 2);
	state->worker = PQgetlength(rows, 0, 4) == 1 && PQgetvalue(rows, 0, 4)[0];
	snprintf(state->version, sizeof(state->version), "%s", PQgetvalue(rows, 0, 5));
	feed->state_read_at = loop_now_ms(feed->loop);

	if (!feed->started && feed->since)
	{
		feed->settled = true; /* but not connected: the start is still to be asked for */
		return;
	}
	if (!feed->started)
		start_at(feed, feed->after);
	else if (changed)
		break_line(feed, FEED_EPOCH_CHANGED, state->horizon);
	else if (feed->future_strikes >= FEED_FUTURE_STRIKES && state->horizon < state->position)
		break_line(feed, FEED_EPOCH_CHANGED, state->horizon);
	else if (state->position < state->oldest - 1)
		break_line(feed, FEED_EPOCH_TOO_OLD, state->oldest - 1);
	if (state->horizon < state->position)
		state->horizon = state->position;
	settle(feed);
}

void
feed_take_start(Feed *feed, const PGresult *rows)
{
	if (PQntuples(rows) != 1 || PQgetisnull(rows, 0, 0))
	{
		feed_trouble_in_words(feed, "events.position_at() gave no position", NULL);
		return;
	}
	start_at(feed, page_bigint(rows, 0, 0));
	settle(feed);
}
