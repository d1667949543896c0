/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * session.c: the messages of a WebSocket; see session.h.
 *
 * A message is scanned, not parsed: its members are found as slices of the
 * text, so that the events of a publish go on as they came.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/filter.h"
#include "web/json_scan.h"
#include "web/session_internal.h"

#define MAX_ID_SIZE 128

/* The members of a message, as they came. */
typedef struct Message
{
	Str type;
	Str id;
	Str data;
	bool is_event; /* has specversion */
} Message;

/* ---- subscriptions ---- */

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

/* The filter in `data`; NULL when it was refused. */
static Subscription *
read_wanted(Session *session, const Message *message)
{
	char detail[FILTER_DETAIL_SIZE];
	int max = (int) session->server->conf->max_subscriptions;
	EventFilter filter = {0};
	Subscription *wanted = NULL;
	JsonError error;
	Json *data = json_parse(message->data.data, message->data.len, &error);
	const Json *topics = json_member(data, "topics");
	const Json *types = json_member(data, "types");

	if (data == NULL)
		session_send_error(session, message->id, "invalid_message", error.message);
	else if (json_kind(data) != JSON_KIND_OBJECT)
		session_send_error(session, message->id, "invalid_message", "data is not an object");
	else if (json_member(data, "pattern") != NULL || json_member(data, "filter") != NULL)
		session_send_error(session, message->id, "not_supported",
						   "pattern and filter are not supported yet");
	else if ((topics == NULL && types == NULL) ||
			 json_count(data) != (size_t) ((topics != NULL) + (types != NULL)))
		session_send_error(session, message->id, "invalid_message",
						   "data has topics, types or both, and nothing else");
	else if ((topics != NULL && !filter_add_json_topics(&filter, topics, max, detail)) ||
			 (types != NULL && !filter_add_json_types(&filter, types, max, detail)))
		session_send_error(session, message->id, "invalid_subscription", detail);
	else
		wanted = subscription_new(&filter);
	filter_free(&filter);
	json_release(data);
	return wanted;
}

static void
on_subscribe(Session *session, const Message *message)
{
	Subscription *wanted = read_wanted(session, message);

	if (wanted == NULL)
		return;
	if ((session->implicit ? 0 : size_of_wants(session)) + size_of_want(wanted) >
		session->server->conf->max_subscriptions)
	{
		subscription_release(wanted);
		session_send_error(session, message->id, "too_many_subscriptions",
						   "this connection has as many topics and types as one may have");
		return;
	}
	if (session->implicit)
		forget_wants(session);
	session->implicit = false;
	session->wants = mem_realloc(session->wants,
								 sizeof(Subscription *) * (size_t) (session->nwants + 1));
	session->wants[session->nwants++] = wanted;
	apply_wants(session);
	session_send_ack(session, message->id);
}

static void
on_unsubscribe(Session *session, const Message *message)
{
	Subscription *unwanted;
	int which = 0;

	if (message->data.len == 0)
	{
		forget_wants(session);
		session->implicit = false;
		apply_wants(session);
		session_send_ack(session, message->id);
		return;
	}
	unwanted = read_wanted(session, message);
	if (unwanted == NULL)
		return;
	while (which < session->nwants && !subscription_equal(session->wants[which], unwanted))
		which++;
	subscription_release(unwanted);
	if (which == session->nwants || session->implicit)
	{
		session_send_error(session, message->id, "not_subscribed",
						   "there is no such subscription on this connection");
		return;
	}
	forget_want(session, which);
	apply_wants(session);
	session_send_ack(session, message->id);
}

/* ---- messages ---- */

static void
on_publish(Session *session, const Message *message)
{
	if (message->data.len == 0 || (message->data.data[0] != '{' && message->data.data[0] != '['))
		session_send_error(session, message->id, "invalid_message",
						   "data of publish is an event or an array of events");
	else
		session_publish(session, message->id, message->data);
}

static bool
is_word(Str raw, const char *word)
{
	size_t len = strlen(word);

	return raw.len == len + 2 && memcmp(raw.data + 1, word, len) == 0;
}

static void
note_member(void *arg, Str key, Str value)
{
	Message *message = arg;

	if (is_word(key, "type"))
		message->type = value;
	else if (is_word(key, "id"))
		message->id = value;
	else if (is_word(key, "data"))
		message->data = value;
	else if (is_word(key, "specversion"))
		message->is_event = true;
}

/* An id comes back to the client: a short string or number, else none. */
static bool
id_is_good(Str id)
{
	return id.len == 0 || (id.len <= MAX_ID_SIZE && strchr("{[tfn", id.data[0]) == NULL);
}

static void
on_message(void *arg, Ws *ws, const char *text, size_t len)
{
	Session *session = arg;
	Message message = {0};
	JsonFault fault;
	char detail[160];
	char kind = '\0';

	if (!json_scan((Str) {text, len}, &kind, note_member, &message, &fault))
	{
		snprintf(detail, sizeof(detail), "the message is not JSON: %s, at byte %zu", fault.message,
				 fault.offset);
		session_send_error(session, (Str) {0}, "malformed_json", detail);
	}
	else if (kind != '{')
		session_send_error(session, (Str) {0}, "invalid_message", "a message is a JSON object");
	else if (!id_is_good(message.id))
		session_send_error(session, (Str) {0}, "invalid_message",
						   "id is a string or a number of at most 128 bytes");
	else if (session->client == NULL)
		session_send_error(session, message.id, "ended", "the subscription is over");
	else if (is_word(message.type, "ping"))
		session_send_simple(session, "pong", "WebSessionPong", message.id);
	else if (is_word(message.type, "subscribe"))
		on_subscribe(session, &message);
	else if (is_word(message.type, "unsubscribe"))
		on_unsubscribe(session, &message);
	else if (is_word(message.type, "publish"))
		on_publish(session, &message);
	else if (message.is_event && ws_protocol(ws) == WS_CLOUDEVENTS_JSON)
		session_publish(session, message.id, (Str) {text, len});
	else
		session_send_error(session, message.id, "unknown_type",
						   "type is ping, subscribe, unsubscribe or publish");
}

/* ---- life ---- */

static void
on_ended(void *arg, const SubscriberEnded *ended)
{
	Session *session = arg;
	Buf out;

	session->client = NULL;
	if (ended->reason == END_UNAVAILABLE)
	{
		session_send_error(session, (Str) {0}, "unavailable", "the database cannot be reached now");
		ws_close(session->ws, WS_CLOSE_TRY_LATER, "the database cannot be reached now");
		return;
	}
	session_begin_answer(&out, "error", (Str) {0});
	json_put_member(&out, "code", "reset");
	json_put_member(&out, "message", "the cursor is no longer good");
	json_put_member(&out, "reset", subscriber_end_name(ended->reason));
	json_put_member(&out, "cursor", ended->cursor);
	json_put_member(&out, "oldest", ended->oldest);
	buf_putc(&out, '}');
	session_send_answer(session, "WebSessionError", &out);
	buf_clear(&out);
	ws_close(session->ws, WS_CLOSE_RESET, "reset");
}

static void
on_opened(void *arg, Ws *ws)
{
	Session *session = arg;

	session->ws = ws;
	session->client = deliver_ws_open(session->server->deliver, ws, session->initial,
									  &session->start, on_ended, session);
	subscription_release(session->initial);
	session->initial = NULL;
	if (session->client != NULL)
		session_send_started(session);
	else
		ws_close(ws, WS_CLOSE_TRY_LATER, "the database was not reached yet");
}

static void
on_writable(void *arg, Ws *ws)
{
	Session *session = arg;

	(void) ws;
	if (session->client != NULL)
		deliver_ws_writable(session->client);
}

static void
on_closed(void *arg, Ws *ws)
{
	Session *session = arg;

	(void) ws;
	if (session->client != NULL)
		deliver_ws_close(session->client);
	session_leave_publishings(session);
	forget_wants(session);
	mem_free(session->wants);
	mem_free(session);
}

static const WsHandler handler = {.opened = on_opened,
								  .message = on_message,
								  .writable = on_writable,
								  .closed = on_closed};

void
session_open(SessionServer *server, HttpConn *conn, const WsHandshake *handshake,
			 Subscription *subscription, bool is_explicit, const Start *start)
{
	Session *session = mem_zalloc(sizeof(*session));

	session->server = server;
	session->start = *start;
	session->implicit = !is_explicit;
	session->initial = subscription_acquire(subscription);
	session->wants = mem_array(1, sizeof(Subscription *));
	session->wants[0] = subscription_acquire(subscription);
	session->nwants = 1;
	dlist_init(&session->publishings);
	snprintf(session->id, sizeof(session->id), "%s", http_correlation_id(conn));
	ws_adopt(server->ws_server, conn, handshake, &handler, session);
}
