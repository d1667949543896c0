/*
 * feed.c - reading the feed.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * One statement runs at a time on the reading connection, and feed_next() decides which: the
 * relay's state (after each connection, and every ten seconds), the start (once), or a page when
 * one is wanted.  A page is wanted after a notification of a position that we have not passed,
 * once a second, and at once when the last page was cut.  All of this is noted also while a page
 * is on its way, so a notification that comes in between is never lost.
 *
 * A page is looked at only when it has come whole and PostgreSQL has said that the statement
 * succeeded; then all its events are handed over in one go and the position moves.  So there is
 * no state between two pages, and nothing to repair when a connection breaks.
 *
 * What the answers mean for our place is in feed_place.c, what filters are asked for with a page in
 * feed_filters.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "pg/feed_private.h"
#include "pg/refusal.h"

#define POLL_INTERVAL 1000 /* ms */
#define STATE_INTERVAL 10000
#define LISTEN_INTERVAL 10000

static const ConnStatement state_statement = {
	.number = 2,
	.sql = "SELECT epoch, horizon, oldest, last_position, worker, version"
		   " FROM events._relay_state()",
	.binary = true};
static const ConnStatement start_statement = {.number = 3,
											  .sql = "SELECT events.position_at($1::timestamptz)",
											  .params = 1,
											  .binary = true};
static const ConnStatement listen_statement = {.number = 4,
											   .sql = "LISTEN events",
											   .session = true};

static void feed_next(Feed *feed);

/* ---- pages ---- */

static void
hand_over(Feed *feed, const Page *page)
{
	FeedState *state = &feed->state;
	bool moved = page->position > state->position;

	state->pages_read++;
	state->events_read += (uint64_t) page->count;
	state->bytes_read += page->bytes;
	feed->future_strikes = 0;
	feed->filters_strikes = 0;
	feed->known_version = feed->asked_version;
	if (feed->handler->on_page)
		feed->handler->on_page(feed->arg);
	for (int i = 0; i < page->count; i++)
		feed->handler->on_event(feed->arg, &page->events[i]);
	if (!moved)
		return;
	state->position = page->position;
	if (state->horizon < state->position)
		state->horizon = state->position;
	if (page->is_cut)
		feed->wanted = true;
	feed->handler->on_page_end(feed->arg, state->position, state->epoch);
}

/* rising, behind our position, and not beyond the end: else something would come twice, or never */
static bool
is_in_order(const Feed *feed, const Page *page)
{
	int64_t last = feed->state.position;

	for (int i = 0; i < page->count; i++)
	{
		if (page->events[i].position <= last)
			return false;
		last = page->events[i].position;
	}
	return last <= page->position;
}

/*
 * A page says that our place is not what we took it for.  Not at once: should page and state
 * disagree for good (two databases behind one name), nobody is to be asked without pause.
 */
static void
ask_for_state(Feed *feed, int64_t rest)
{
	feed->settled = false;
	feed->wanted = true;
	loop_timer_start(&feed->rest, rest, 0);
}

static void
take_page(Feed *feed, const PGresult *rows)
{
	Page page;

	if (!page_read(&page, rows))
		feed_trouble_in_words(feed, "events._feed() gave an answer of unknown form",
							  "Install the version of the extension that eventsd is for.");
	else if (strcmp(page.epoch, feed->state.epoch) != 0)
		ask_for_state(feed, FEED_TROUBLE_FIRST); /* it tells what has changed */
	else if (!is_in_order(feed, &page))
		feed_trouble_in_words(feed, "events._feed() gave a page that is out of order", NULL);
	else
		hand_over(feed, &page);
	page_clear(&page);
}

static void
take_refusal(Feed *feed, FeedRunning what, const ConnOutcome *outcome)
{
	QueryError error;

	refusal_read(&error, outcome);
	if (strcmp(error.sqlstate, QUERY_CURSOR_TOO_OLD) == 0)
	{
		ask_for_state(feed, FEED_TROUBLE_FIRST); /* it has the new oldest position */
		return;
	}
	if (strcmp(error.sqlstate, QUERY_CURSOR_FUTURE) == 0)
	{
		feed->future_strikes++;
		ask_for_state(feed, POLL_INTERVAL);
		return;
	}
	/* that is what the user wrote; asking again would not help */
	if ((what == RUNNING_START || what == RUNNING_CHECK) && feed->on_refused &&
		query_is_client_fault(&error))
	{
		feed->paused = true;
		feed->on_refused(feed->arg, what == RUNNING_START ? "since" : "filter", &error);
		return;
	}
	if (what != RUNNING_PAGE || !feed_filters_refused(feed, &error))
		feed_trouble(feed, &error);
}

static void
reader_done(void *arg, PgConn *conn, const ConnOutcome *outcome)
{
	Feed *feed = arg;
	FeedRunning what = feed->running;

	(void) conn;
	feed->running = RUNNING_NOTHING;
	if (outcome->lost)
		return; /* reader_down follows, and a new connection */
	if (outcome->refusal)
		take_refusal(feed, what, outcome);
	else if (what == RUNNING_STATE)
		feed_take_state(feed, outcome->rows);
	else if (what == RUNNING_START)
		feed_take_start(feed, outcome->rows);
	else if (what == RUNNING_CHECK)
		feed_take_check(feed, outcome->rows);
	else
		take_page(feed, outcome->rows);
	feed_next(feed);
}

static void
ask_page(Feed *feed)
{
	feed->wanted = feed->notified = false;
	feed->announced = 0;
	page_params_clear(&feed->params);
	if (!feed_make_params(feed))
	{
		feed_trouble_in_words(feed, "the filter cannot be sent to PostgreSQL",
							  "It is too large, or holds a NUL byte.");
		return;
	}
	feed->running = RUNNING_PAGE;
	conn_send(feed->reader, &page_statement, (const char *const *) feed->params.values);
}

/* a notification that came while its own page was under way asks for nothing more */
static bool
is_page_wanted(const Feed *feed)
{
	return feed->wanted || (feed->notified && feed->announced > feed->state.position);
}

static void
feed_next(Feed *feed)
{
	const char *values[] = {feed->since};
	const char *texts[] = {feed->pattern, feed->expression};

	if (!conn_is_idle(feed->reader) || loop_timer_is_running(&feed->rest) ||
		(feed->paused && (!feed->started || feed->pattern || feed->expression)))
		return;
	if (!feed->settled || loop_now_ms(feed->loop) - feed->state_read_at >= STATE_INTERVAL)
	{
		feed->running = RUNNING_STATE;
		conn_send(feed->reader, &state_statement, NULL);
	}
	else if (feed->pattern || feed->expression)
	{
		feed->running = RUNNING_CHECK;
		conn_send(feed->reader, &check_statement, texts);
	}
	else if (!feed->started)
	{
		feed->running = RUNNING_START;
		conn_send(feed->reader, &start_statement, values);
	}
	else if (!feed->paused && is_page_wanted(feed))
		ask_page(feed);
}

/* ---- what makes us read ---- */

static void
reader_up(void *arg, PgConn *conn)
{
	Feed *feed = arg;

	feed->settled = false;
	feed->wanted = true;
	feed->known_version = 0;
	feed->state.reconnects = conn_times_up(conn) - 1;
	feed_next(feed);
}

static void
reader_down(void *arg, PgConn *conn)
{
	Feed *feed = arg;

	(void) conn;
	feed->settled = false;
	feed_set_connected(feed, false);
}

static void
reader_failed(void *arg, PgConn *conn)
{
	(void) conn;
	feed_set_connected(arg, false);
}

static void
rest_over(LoopTimer *timer, void *arg)
{
	(void) timer;
	feed_next(arg);
}

static void
listener_up(void *arg, PgConn *conn)
{
	Feed *feed = arg;

	feed->listen_asked_at = loop_now_ms(feed->loop);
	conn_send(conn, &listen_statement, NULL);
}

static void
listener_done(void *arg, PgConn *conn, const ConnOutcome *outcome)
{
	Feed *feed = arg;
	QueryError error;

	(void) conn;
	feed->state.listening = outcome->rows != NULL;
	if (outcome->rows)
	{
		feed->wanted = true; /* what was notified before is lost, but not the events */
		feed_next(feed);
	}
	else if (outcome->refusal)
	{
		refusal_read(&error, outcome);
		log_warning("LISTEN was refused, events are polled for once a second",
					LOG_STR("reason", error.message), LOG_STR("sqlstate", error.sqlstate),
					LOG_STR("hint",
							"listen_database has to be a direct connection to the primary"));
	}
}

static void
listener_down(void *arg, PgConn *conn)
{
	Feed *feed = arg;

	(void) conn;
	feed->state.listening = false;
}

static void
notified(void *arg, PgConn *conn, const char *payload)
{
	Feed *feed = arg;
	int64_t position = strtoll(payload, NULL, 10);

	(void) conn;
	feed->state.notifications++;
	if (position > feed->announced)
		feed->announced = position;
	if (position > 0)
		feed->notified = true;
	else
		feed->wanted = true; /* a payload that is no position */
	feed_next(feed);
}

static void
poll_due(LoopTimer *timer, void *arg)
{
	Feed *feed = arg;

	(void) timer;
	feed->wanted = true;
	feed_next(feed);
	/* LISTEN was refused: the server may be a primary by now */
	if (!feed->state.listening && conn_is_idle(feed->listener) &&
		loop_now_ms(feed->loop) - feed->listen_asked_at >= LISTEN_INTERVAL)
		listener_up(feed, feed->listener);
}

/* ---- making and freeing ---- */

Feed *
feed_new(Loop *loop, const Conf *conf, const FeedOptions *options, const FeedHandler *handler,
		 void *arg)
{
	static const ConnHandler reader = {.on_up = reader_up,
									   .on_failed = reader_failed,
									   .on_down = reader_down,
									   .on_done = reader_done};
	static const ConnHandler listener = {.on_up = listener_up,
										 .on_down = listener_down,
										 .on_done = listener_done,
										 .on_notify = notified};
	Feed *feed = mem_zalloc(sizeof(Feed));

	feed->loop = loop;
	feed->handler = handler;
	feed->arg = arg;
	feed->page_events = (int) conf->feed_page_events;
	feed->page_bytes = (int) conf->feed_page_size;
	feed->rest_time = FEED_TROUBLE_FIRST;
	feed->after = FEED_LATEST;
	if (options)
	{
		feed->after = options->after;
		if (options->filter && (options->filter->topic_count || options->filter->types.count))
			feed->filter = options->filter;
		feed->first_epoch = options->epoch ? mem_strdup(options->epoch) : NULL;
		feed->on_refused = options->on_refused;
		feed->since = options->since ? mem_strdup(options->since) : NULL;
	}
	feed_filters_init(feed, options);
	loop_timer_init(&feed->rest, loop, rest_over, feed);
	loop_timer_init(&feed->poll, loop, poll_due, feed);
	loop_timer_start(&feed->poll, POLL_INTERVAL, POLL_INTERVAL);
	feed->reader = conn_new(loop, conf, false, "feed", &reader, feed);
	feed->listener = conn_new(loop, conf, true, "listen", &listener, feed);
	return feed;
}

void
feed_free(Feed *feed)
{
	if (!feed)
		return;
	conn_free(feed->reader);
	conn_free(feed->listener);
	loop_timer_clear(&feed->poll);
	loop_timer_clear(&feed->rest);
	page_params_clear(&feed->params);
	feed_filters_clear(feed);
	mem_free(feed->first_epoch);
	mem_free(feed->since);
	mem_free(feed->last_trouble);
	mem_free(feed);
}

const FeedState *
feed_state(const Feed *feed)
{
	return &feed->state;
}

void
feed_want(Feed *feed)
{
	feed->wanted = true;
	feed_next(feed);
}

void
feed_pause(Feed *feed)
{
	feed->paused = true;
}

void
feed_resume(Feed *feed)
{
	feed->paused = false;
	feed_next(feed);
}
