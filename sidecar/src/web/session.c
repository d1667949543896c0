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
#include "web/json_scan.h"
#include "web/session_internal.h"

#define MAX_ID_SIZE 128

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
		session_subscribe(session, &message);
	else if (is_word(message.type, "unsubscribe"))
		session_unsubscribe(session, &message);
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
end_by_failure(Session *session, const SubscriberEnded *ended)
{
	Buf out;

	session_begin_answer(&out, "error", (Str) {0});
	json_put_member(&out, "code", subscriber_end_name(ended->reason));
	json_put_member(&out, "message", "a filter passed a limit of the database on an event");
	json_put_member(&out, "cursor", ended->cursor);
	buf_putc(&out, '}');
	session_send_answer(session, "WebSessionError", &out);
	buf_clear(&out);
	ws_close(session->ws, WS_CLOSE_FILTER_FAILED, "filter_failed");
}

static void
on_ended(void *arg, const SubscriberEnded *ended)
{
	Session *session = arg;
	Buf out;

	session->client = NULL;
	if (ended->reason == END_FILTER_FAILED)
	{
		end_by_failure(session, ended);
		return;
	}
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
	session_leave_wants(session);
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
