/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * session.c: the messages of a WebSocket; see session.h.
 *
 * A message is scanned, not parsed: its members are found as slices of the
 * text, so that the events of a publish go on as they came.
 *
 * Publishing is asynchronous.  A session may have MAX_PUBLISHING of them under
 * way; with that many its socket is not read, so that a client who publishes
 * faster than the database takes it is slowed down by TCP.  A publication
 * outlives its session: what is under way when the client goes is committed,
 * and answered to nobody.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/filter.h"
#include "web/intake.h"
#include "web/json_scan.h"
#include "web/metrics.h"
#include "web/session.h"
#include "web/trace.h"

#define MAX_PUBLISHING 16
#define MAX_ID_SIZE 128
#define MAX_ANSWER ((size_t) 256 << 20)

typedef struct Publishing
{
	DlistNode node;			 /* session's list */
	struct Session *session; /* NULL when it is gone */
	Buf events;
	char *id; /* raw JSON, or NULL */
	char correlation_id[TRACE_SIZE];
} Publishing;

typedef struct Session
{
	SessionServer *server;
	Ws *ws;
	DeliverWs *client; /* NULL when the subscription is over */
	Start start;
	Subscription *initial; /* until opened */
	Subscription **wants;  /* what was subscribed to, in order */
	int nwants;
	bool implicit; /* everything, because nothing was said */
	char id[TRACE_SIZE];
	unsigned answers; /* for ids of wrapped answers */
	uint32_t published;
	int publishing;
	Dlist publishings;
} Session;

/* The members of a message, as they came. */
typedef struct Message
{
	Str type;
	Str id;
	Str data;
	bool is_event; /* has specversion */
} Message;

/* ---- answers ---- */

static void
put_time(Buf *out)
{
	char text[CLOCK_TEXT_SIZE];

	json_put_member(out, "time", clock_format(clock_real_us(), text));
}

static const char *
source_of(const Session *session)
{
	const char *source = session->server->conf->source;

	return source != NULL && source[0] != '\0' ? source : "/eventsd";
}

/* Sends a JSON message; in cloudevents.json as the data of an event. */
static void
send_answer(Session *session, const char *event_type, const Buf *message)
{
	char id[TRACE_SIZE + 16];
	Buf out;

	if (message->overflowed)
	{
		ws_close(session->ws, WS_CLOSE_INTERNAL, "the answer is too long");
		return;
	}
	if (ws_protocol(session->ws) == WS_EVENTS_V1)
	{
		ws_send_text(session->ws, buf_text(message), message->len);
		return;
	}
	buf_init(&out, MAX_ANSWER);
	snprintf(id, sizeof(id), "%s-%u", session->id, ++session->answers);
	buf_puts(&out, "{\"specversion\":\"1.0\"");
	json_put_member(&out, "id", id);
	json_put_member(&out, "source", source_of(session));
	json_put_member(&out, "type", event_type);
	put_time(&out);
	json_put_member(&out, "datacontenttype", "application/json");
	json_put_key(&out, "data");
	buf_append(&out, message->data, message->len);
	buf_putc(&out, '}');
	ws_send_text(session->ws, buf_text(&out), out.len);
	buf_clear(&out);
}

static void
begin_answer(Buf *out, const char *type, Str id)
{
	buf_init(out, MAX_ANSWER);
	buf_printf(out, "{\"type\":\"%s\"", type);
	if (id.len > 0)
	{
		buf_puts(out, ",\"id\":");
		buf_append(out, id.data, id.len);
	}
}

static void
send_simple(Session *session, const char *type, const char *event_type, Str id)
{
	Buf out;

	begin_answer(&out, type, id);
	buf_putc(&out, '}');
	send_answer(session, event_type, &out);
	buf_clear(&out);
}

static void
send_ack(Session *session, Str id)
{
	send_simple(session, "ack", "WebSessionAck", id);
}

static void
send_error(Session *session, Str id, const char *code, const char *message)
{
	Buf out;

	log_info("websocket message refused", LOG_STR("code", code), LOG_STR("detail", message),
			 LOG_STR("peer", ws_peer(session->ws)), LOG_CORRELATION(session->id));
	begin_answer(&out, "error", id);
	json_put_member(&out, "code", code);
	json_put_member(&out, "message", message);
	buf_putc(&out, '}');
	send_answer(session, "WebSessionError", &out);
	buf_clear(&out);
}

static void
send_started(Session *session)
{
	char cursor[CURSOR_SIZE];
	Buf out;

	buf_init(&out, 4096);
	buf_puts(&out, "{\"specversion\":\"1.0\"");
	json_put_member(&out, "id", session->id);
	json_put_member(&out, "source", source_of(session));
	json_put_member(&out, "type", "WebSessionStarted");
	put_time(&out);
	json_put_member(&out, "datacontenttype", "application/json");
	buf_puts(&out, ",\"data\":{");
	json_put_member(&out, "sessionId", session->id);
	json_put_member(&out, "cursor", deliver_ws_cursor(session->client, cursor));
	json_put_member(&out, "protocol",
					ws_protocol(session->ws) == WS_EVENTS_V1 ? "events.v1" : "cloudevents.json");
	buf_puts(&out, "}}");
	ws_send_text(session->ws, buf_text(&out), out.len);
	buf_clear(&out);
}

/* ---- subscriptions ---- */

static int
size_of_wants(const Session *session)
{
	int size = 0;

	for (int i = 0; i < session->nwants; i++)
		size += subscription_size(session->wants[i]);
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
		send_error(session, message->id, "invalid_message", error.message);
	else if (json_kind(data) != JSON_KIND_OBJECT)
		send_error(session, message->id, "invalid_message", "data is not an object");
	else if (json_member(data, "pattern") != NULL || json_member(data, "filter") != NULL)
		send_error(session, message->id, "not_supported",
				   "pattern and filter are not supported yet");
	else if ((topics == NULL && types == NULL) ||
			 json_count(data) != (size_t) ((topics != NULL) + (types != NULL)))
		send_error(session, message->id, "invalid_message",
				   "data has topics, types or both, and nothing else");
	else if ((topics != NULL && !filter_add_json_topics(&filter, topics, max, detail)) ||
			 (types != NULL && !filter_add_json_types(&filter, types, max, detail)))
		send_error(session, message->id, "invalid_subscription", detail);
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
	if (size_of_wants(session) + subscription_size(wanted) >
		session->server->conf->max_subscriptions)
	{
		subscription_release(wanted);
		send_error(session, message->id, "too_many_subscriptions",
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
	send_ack(session, message->id);
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
		send_ack(session, message->id);
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
		send_error(session, message->id, "not_subscribed",
				   "there is no such subscription on this connection");
		return;
	}
	forget_want(session, which);
	apply_wants(session);
	send_ack(session, message->id);
}

/* ---- publishing ---- */

static void
answer_published(Session *session, const Publishing *p, const IntakeResult *result)
{
	Str id = str_from(p->id);
	bool none = result->accepted == 0;
	Buf out;

	begin_answer(&out, none ? "error" : "ack", id);
	if (none)
		buf_puts(&out, ",\"code\":\"invalid_event\","
					   "\"message\":\"none of the events was accepted\"");
	buf_puts(&out, ",\"data\":");
	intake_write_result(&out, result, (Str) {p->events.data, p->events.len});
	buf_putc(&out, '}');
	send_answer(session, none ? "WebSessionError" : "WebSessionAck", &out);
	buf_clear(&out);
}

static void
on_published(void *arg, const IntakeResult *result, const QueryError *error)
{
	Publishing *p = arg;
	Session *session = p->session;

	if (session != NULL)
	{
		dlist_remove(&p->node);
		if (result != NULL)
			answer_published(session, p, result);
		else
		{
			IntakeFailure failure = intake_explain(error, p->correlation_id);

			send_error(session, str_from(p->id), failure.code, failure.detail);
		}
		if (session->publishing-- == MAX_PUBLISHING)
			ws_pause(session->ws, false);
	}
	buf_clear(&p->events);
	mem_free(p->id);
	mem_free(p);
}

static void
publish(Session *session, Str id, Str events)
{
	Publishing *p = mem_zalloc(sizeof(*p));
	Buf context;

	p->session = session;
	dlist_push_tail(&session->publishings, &p->node);
	buf_init(&p->events, events.len);
	buf_append(&p->events, events.data, events.len);
	p->id = id.len > 0 ? mem_strndup(id.data, id.len) : NULL;
	snprintf(p->correlation_id, sizeof(p->correlation_id), "%.48s-%x", session->id,
			 ++session->published);
	buf_init(&context, 4096);
	intake_write_context(&context, session->server->conf->source, ws_peer(session->ws),
						 p->correlation_id, NULL);
	if (++session->publishing == MAX_PUBLISHING)
		ws_pause(session->ws, true);
	query_intake(session->server->queries, events, buf_text(&context), on_published, p);
	buf_clear(&context);
}

static void
on_publish(Session *session, const Message *message)
{
	if (message->data.len == 0 || (message->data.data[0] != '{' && message->data.data[0] != '['))
		send_error(session, message->id, "invalid_message",
				   "data of publish is an event or an array of events");
	else
		publish(session, message->id, message->data);
}

/* ---- messages ---- */

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
		send_error(session, (Str) {0}, "malformed_json", detail);
	}
	else if (kind != '{')
		send_error(session, (Str) {0}, "invalid_message", "a message is a JSON object");
	else if (!id_is_good(message.id))
		send_error(session, (Str) {0}, "invalid_message",
				   "id is a string or a number of at most 128 bytes");
	else if (session->client == NULL)
		send_error(session, message.id, "ended", "the subscription is over");
	else if (is_word(message.type, "ping"))
		send_simple(session, "pong", "WebSessionPong", message.id);
	else if (is_word(message.type, "subscribe"))
		on_subscribe(session, &message);
	else if (is_word(message.type, "unsubscribe"))
		on_unsubscribe(session, &message);
	else if (is_word(message.type, "publish"))
		on_publish(session, &message);
	else if (message.is_event && ws_protocol(ws) == WS_CLOUDEVENTS_JSON)
		publish(session, message.id, (Str) {text, len});
	else
		send_error(session, message.id, "unknown_type",
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
		send_error(session, (Str) {0}, "unavailable", "the database cannot be reached now");
		ws_close(session->ws, WS_CLOSE_TRY_LATER, "the database cannot be reached now");
		return;
	}
	begin_answer(&out, "error", (Str) {0});
	json_put_member(&out, "code", "reset");
	json_put_member(&out, "message", "the cursor is no longer good");
	json_put_member(&out, "reset", subscriber_end_name(ended->reason));
	json_put_member(&out, "cursor", ended->cursor);
	json_put_member(&out, "oldest", ended->oldest);
	buf_putc(&out, '}');
	send_answer(session, "WebSessionError", &out);
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
		send_started(session);
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
	DlistNode *node;

	(void) ws;
	if (session->client != NULL)
		deliver_ws_close(session->client);
	while ((node = dlist_pop_head(&session->publishings)) != NULL)
		DLIST_OWNER(Publishing, node, node)->session = NULL;
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
