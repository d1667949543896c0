/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * session_subscribe.c: subscribe and unsubscribe; see session.h.
 *
 * What is asked for is read into an Asking.  With a filter whose canonical text
 * is not known yet it waits for the database's answer, and the session's socket
 * is not read until then.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/filter.h"
#include "web/session_internal.h"

struct Asking
{
	Session *session;
	bool unsubscribes;
	Str id; /* our own when it waits */
	EventFilter filter;
	char *pattern;
	char *expression;
	Check *check;
};

/* ---- what the session wants ---- */

/* one that wants everything, or nothing, takes a place as well */
static int
size_of_want(const Subscription *want)
{
	int size = subscription_size(want);

	return size > 0 ? size : 1;
}

static int
size_of_wants(const Session *session)
{
	int size = 0;

	for (int i = 0; i < session->nwants; i++)
		size += size_of_want(session->wants[i]);
	return size;
}

static void
apply_wants(Session *session)
{
	Subscription *all = session->nwants == 0 ? subscription_none()
											 : subscription_union(session->wants, session->nwants);

	deliver_ws_change(session->client, all);
	subscription_release(all);
}

static void
forget_want(Session *session, int which)
{
	subscription_release(session->wants[which]);
	session->nwants--;
	memmove(session->wants + which, session->wants + which + 1,
			sizeof(Subscription *) * (size_t) (session->nwants - which));
}

static void
forget_wants(Session *session)
{
	while (session->nwants > 0)
		forget_want(session, session->nwants - 1);
}

/* Takes the reference. */
static void
subscribe(Session *session, Str id, Subscription *wanted)
{
	const SessionServer *server = session->server;
	const char *code = NULL;
	const char *why = NULL;

	if ((session->implicit ? 0 : size_of_wants(session)) + size_of_want(wanted) >
		server->conf->max_subscriptions)
	{
		code = "too_many_subscriptions";
		why = "this connection has as many topics, types and filters as one may have";
	}
	else if (!hub_has_room(deliver_hub(server->deliver), wanted))
	{
		code = "too_many_filters";
		why = "clients of this server use as many different filters as it may have";
	}
	if (code != NULL)
	{
		subscription_release(wanted);
		session_send_error(session, id, code, why);
		return;
	}
	if (session->implicit)
		forget_wants(session);
	session->implicit = false;
	session->wants = mem_realloc(session->wants,
								 sizeof(Subscription *) * (size_t) (session->nwants + 1));
	session->wants[session->nwants++] = wanted;
	apply_wants(session);
	session_send_ack(session, id);
}

/* Takes the reference. */
static void
unsubscribe(Session *session, Str id, Subscription *unwanted)
{
	int which = 0;

	while (which < session->nwants && !subscription_equal(session->wants[which], unwanted))
		which++;
	subscription_release(unwanted);
	if (which == session->nwants || session->implicit)
	{
		session_send_error(session, id, "not_subscribed",
						   "there is no such subscription on this connection");
		return;
	}
	forget_want(session, which);
	apply_wants(session);
	session_send_ack(session, id);
}

/* ---- what is asked for ---- */

static void
asking_clear(Asking *asking)
{
	filter_free(&asking->filter);
	mem_free(asking->pattern);
	mem_free(asking->expression);
}

/* Everything is known. */
static void
asking_done(Asking *asking, Str canonical)
{
	EventFilter filter = asking->filter;
	Subscription *subscription;

	filter.filters = (StrList) {&canonical, canonical.len > 0};
	subscription = subscription_new(&filter);
	if (asking->unsubscribes)
		unsubscribe(asking->session, asking->id, subscription);
	else
		subscribe(asking->session, asking->id, subscription);
}

static void
send_refusal(Session *session, Str id, const QueryError *error)
{
	bool too_slow = query_took_too_long(error);
	Buf out;

	if (error->unavailable || (!query_is_client_fault(error) && !too_slow))
	{
		session_send_error(session, id, error->unavailable ? "database-unavailable" : "internal",
						   error->unavailable ? "the filter cannot be checked now"
											  : "Internal Error");
		return;
	}
	session_begin_answer(&out, "error", id);
	json_put_member(&out, "code", too_slow ? "filter_too_slow" : "invalid_filter");
	json_put_member(&out, "message", error->message);
	json_put_member(&out, "detail", error->detail);
	check_put_members(&out, error);
	buf_putc(&out, '}');
	session_send_answer(session, "WebSessionError", &out);
	buf_clear(&out);
}

static void
on_checked(void *arg, Str canonical, const QueryError *error)
{
	Asking *asking = arg;
	Session *session = asking->session;

	session->asking = NULL;
	if (session->client == NULL)
		session_send_error(session, asking->id, "ended", "the subscription is over");
	else if (error != NULL)
		send_refusal(session, asking->id, error);
	else
		asking_done(asking, canonical);
	session_pace(session);
	mem_free((char *) asking->id.data);
	asking_clear(asking);
	mem_free(asking);
}

/* Takes what the asking owns. */
static void
wait_for_check(Asking *asked, const FilterTexts *texts)
{
	Asking *asking = mem_alloc(sizeof(*asking));
	Session *session = asked->session;

	*asking = *asked;
	if (asked->id.len > 0)
		asking->id.data = mem_strndup(asked->id.data, asked->id.len);
	else
		asking->id.data = NULL;
	session->asking = asking;
	asking->check = checker_ask(session->server->checker, texts, on_checked, asking);
	session_pace(session);
}

static void
go_on(Asking *asking)
{
	FilterTexts texts = {.pattern = asking->pattern, .expression = asking->expression};
	Str canonical = {NULL, 0};

	if (texts.pattern != NULL || texts.expression != NULL)
	{
		canonical = checker_find(asking->session->server->checker, &texts);
		if (canonical.data == NULL)
		{
			wait_for_check(asking, &texts);
			return;
		}
	}
	asking_done(asking, canonical);
	asking_clear(asking);
}

/* ---- reading `data` ---- */

/* The pattern goes on as it came, so that its numbers are not rounded. */
static bool
read_texts(Asking *asking, const Json *data, Str raw, char detail[FILTER_DETAIL_SIZE])
{
	size_t max = (size_t) asking->session->server->conf->max_filter_size;
	const Json *filter = json_member(data, "filter");
	Str expression = json_text(filter);
	Str pattern = {NULL, 0};

	if (json_member(data, "pattern") != NULL)
		pattern = json_raw_member(raw.data, raw.len, "pattern");
	if (json_member(data, "pattern") != NULL && pattern.data == NULL)
		snprintf(detail, FILTER_DETAIL_SIZE, "the name of pattern is written with escapes");
	else if (filter != NULL && expression.len == 0)
		snprintf(detail, FILTER_DETAIL_SIZE, "filter is not a string, or empty");
	else if (pattern.len + expression.len > max)
		snprintf(detail, FILTER_DETAIL_SIZE, "pattern and filter are longer than %zu bytes", max);
	else
	{
		if (pattern.data != NULL)
			asking->pattern = mem_strndup(pattern.data, pattern.len);
		if (expression.data != NULL)
			asking->expression = mem_strndup(expression.data, expression.len);
		return true;
	}
	return false;
}

static bool
read_members(Asking *asking, const Json *data, Str raw)
{
	Session *session = asking->session;
	char detail[FILTER_DETAIL_SIZE];
	int max = (int) session->server->conf->max_subscriptions;
	const Json *topics = json_member(data, "topics");
	const Json *types = json_member(data, "types");
	size_t known = (size_t) ((topics != NULL) + (types != NULL) +
							 (json_member(data, "pattern") != NULL) +
							 (json_member(data, "filter") != NULL));

	if (json_kind(data) != JSON_KIND_OBJECT)
		session_send_error(session, asking->id, "invalid_message", "data is not an object");
	else if (known == 0 || json_count(data) != known)
		session_send_error(session, asking->id, "invalid_message",
						   "data has some of topics, types, pattern and filter, and nothing else");
	else if ((topics != NULL && !filter_add_json_topics(&asking->filter, topics, max, detail)) ||
			 (types != NULL && !filter_add_json_types(&asking->filter, types, max, detail)))
		session_send_error(session, asking->id, "invalid_subscription", detail);
	else if (!read_texts(asking, data, raw, detail))
		session_send_error(session, asking->id, "invalid_filter", detail);
	else
		return true;
	return false;
}

static void
ask(Session *session, const Message *message, bool unsubscribes)
{
	Asking asking = {.session = session, .unsubscribes = unsubscribes, .id = message->id};
	JsonError error;
	Json *data = json_parse(message->data.data, message->data.len, &error);
	bool good = data != NULL && read_members(&asking, data, message->data);

	if (data == NULL)
		session_send_error(session, message->id, "invalid_message", error.message);
	json_release(data);
	if (good)
		go_on(&asking);
	else
		asking_clear(&asking);
}

void
session_subscribe(Session *session, const Message *message)
{
	ask(session, message, false);
}

void
session_unsubscribe(Session *session, const Message *message)
{
	if (message->data.len > 0)
	{
		ask(session, message, true);
		return;
	}
	forget_wants(session);
	session->implicit = false;
	apply_wants(session);
	session_send_ack(session, message->id);
}

void
session_leave_wants(Session *session)
{
	Asking *asking = session->asking;

	if (asking != NULL)
	{
		check_cancel(asking->check);
		mem_free((char *) asking->id.data);
		asking_clear(asking);
		mem_free(asking);
	}
	session->asking = NULL;
	forget_wants(session);
	mem_free(session->wants);
}
