/*
 * feed_filters.c - the filters that go with a page.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A list of filters can be long, and changes seldom against pages.  So it has a key, which names
 * this process and the list's version, and the database keeps the list in the session under it:
 * with the key alone it uses what it has.  What the session knows we note when a page has come; a
 * new connection knows nothing.  When the session turns out to be another one (EV003), which only a
 * pooler does, the list is sent once more.
 *
 * A list that the database takes no page with would hold up everybody.  It was checked filter by
 * filter before, and a filter that does not compile any more fails alone, so that is rare, and who
 * owns the list gives it up then.  The same when page after page is ended by statement_timeout or
 * by want of memory: it may be another's fault, so it counts only when it comes several times in a
 * row.
 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pg/feed_private.h"

#define FILTERS_STRIKES 3

void
feed_filters_init(Feed *feed, const FeedOptions *options)
{
	feed->session_name = mem_printf("eventsd-%d-%llx", (int) getpid(),
									(unsigned long long) clock_real_us());
	if (options == NULL)
		return;
	feed->pattern = options->pattern ? mem_strdup(options->pattern) : NULL;
	feed->expression = options->expression ? mem_strdup(options->expression) : NULL;
}

void
feed_filters_clear(Feed *feed)
{
	mem_free(feed->pattern);
	mem_free(feed->expression);
	mem_free((char *) feed->own_text.data);
	mem_free(feed->session_name);
}

static FeedFilters
current_filters(const Feed *feed)
{
	FeedFilters filters = {.version = 1};

	if (feed->handler->filters)
		return feed->handler->filters(feed->arg);
	if (feed->filter)
		filters.texts = feed->filter->filters;
	return filters;
}

bool
feed_make_params(Feed *feed)
{
	FeedFilters filters = current_filters(feed);
	EventFilter filter = feed->filter ? *feed->filter : (EventFilter) {0};
	PageRequest request = {.after = feed->state.position,
						   .max_count = feed->page_events,
						   .max_bytes = feed->page_bytes,
						   .filter = &filter};
	char key[96];

	feed->asked_version = filters.texts.count > 0 ? filters.version : 0;
	feed->sent_filters = feed->asked_version != 0 && feed->asked_version != feed->known_version;
	filter.filters = feed->sent_filters ? filters.texts : (StrList) {NULL, 0};
	if (feed->asked_version != 0)
	{
		snprintf(key, sizeof(key), "%s-%llu", feed->session_name,
				 (unsigned long long) feed->asked_version);
		request.filters_key = key;
	}
	return page_params_init(&feed->params, &request);
}

void
feed_take_check(Feed *feed, const PGresult *rows)
{
	if (PQntuples(rows) != 1 || PQgetisnull(rows, 0, 0))
	{
		feed_trouble_in_words(feed, "events._check_filter() gave no text", NULL);
		return;
	}
	mem_free(feed->pattern);
	mem_free(feed->expression);
	feed->pattern = feed->expression = NULL;
	feed->own_text.len = (size_t) PQgetlength(rows, 0, 0);
	feed->own_text.data = mem_strndup(PQgetvalue(rows, 0, 0), feed->own_text.len);
	if (feed->filter)
		feed->own = *feed->filter;
	feed->own.filters = (StrList) {&feed->own_text, 1};
	feed->own.only_matching = true;
	feed->filter = &feed->own;
}

/* it took too long, or too much memory, once more */
static bool
is_too_much(Feed *feed, const QueryError *error)
{
	if (!query_took_too_long(error) && strcmp(error->sqlstate, QUERY_OUT_OF_MEMORY) != 0)
		return false;
	return ++feed->filters_strikes >= FILTERS_STRIKES;
}

bool
feed_filters_refused(Feed *feed, const QueryError *error)
{
	if (feed->asked_version == 0)
		return false;
	if (strcmp(error->sqlstate, QUERY_FILTERS_UNKNOWN) == 0 && !feed->sent_filters)
	{
		feed->known_version = 0;
		feed->wanted = true;
		return true;
	}
	if (!feed->handler->on_filters_refused ||
		(!query_is_client_fault(error) && !is_too_much(feed, error)))
		return false;
	log_warning("PostgreSQL refuses the filters of all clients, who are told",
				LOG_STR("reason", error->message), LOG_STR("sqlstate", error->sqlstate),
				LOG_STR("detail", error->detail));
	feed->filters_strikes = 0;
	feed->known_version = 0;
	feed->wanted = true;
	feed->handler->on_filters_refused(feed->arg);
	return true;
}
