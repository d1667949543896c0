/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * session_answer.c: what a session says beside events; see session.h.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "web/session_internal.h"

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
void
session_send_answer(Session *session, const char *event_type, const Buf *message)
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
	buf_init(&out, SESSION_MAX_ANSWER);
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

void
session_begin_answer(Buf *out, const char *type, Str id)
{
	buf_init(out, SESSION_MAX_ANSWER);
	buf_printf(out, "{\"type\":\"%s\"", type);
	if (id.len > 0)
	{
		buf_puts(out, ",\"id\":");
		buf_append(out, id.data, id.len);
	}
}

void
session_send_simple(Session *session, const char *type, const char *event_type, Str id)
{
	Buf out;

	session_begin_answer(&out, type, id);
	buf_putc(&out, '}');
	session_send_answer(session, event_type, &out);
	buf_clear(&out);
}

void
session_send_ack(Session *session, Str id)
{
	session_send_simple(session, "ack", "WebSessionAck", id);
}

void
session_send_error(Session *session, Str id, const char *code, const char *message)
{
	Buf out;

	log_info("websocket message refused", LOG_STR("code", code), LOG_STR("detail", message),
			 LOG_STR("peer", ws_peer(session->ws)), LOG_CORRELATION(session->id));
	session_begin_answer(&out, "error", id);
	json_put_member(&out, "code", code);
	json_put_member(&out, "message", message);
	buf_putc(&out, '}');
	session_send_answer(session, "WebSessionError", &out);
	buf_clear(&out);
}

/*
 * Where events follow from.  A cursor that the client gave may still turn out
 * to be no good, so it is given back as it came, epoch included.
 */
static const char *
starting_cursor(const Session *session, char text[CURSOR_SIZE])
{
	const Cursor *given = &session->start.cursor;

	if (session->start.from == START_CURSOR && given->epoch[0] != '\0')
		return cursor_format(text, given->epoch, given->position);
	return deliver_ws_cursor(session->client, text);
}

void
session_send_started(Session *session)
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
	json_put_member(&out, "cursor", starting_cursor(session, cursor));
	json_put_member(&out, "protocol",
					ws_protocol(session->ws) == WS_EVENTS_V1 ? "events.v1" : "cloudevents.json");
	buf_puts(&out, "}}");
	ws_send_text(session->ws, buf_text(&out), out.len);
	buf_clear(&out);
}
