/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * session_publish.c: events published on a WebSocket.
 *
 * Publishing is asynchronous.  A session may have SESSION_MAX_PUBLISHING of
 * them under way, or max_frame_size bytes; then its socket is not read, so that
 * a client who publishes faster than the database takes it is slowed down by
 * TCP.  A publication outlives its session: what is under way when the client
 * goes is committed, and answered to nobody.
 */
#include <stdio.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/intake.h"
#include "web/session_internal.h"

typedef struct Publishing
{
	DlistNode node; /* session's list */
	SessionServer *server;
	struct Session *session; /* NULL when it is gone */
	Buf events;
	char *id; /* raw JSON, or NULL */
	char correlation_id[TRACE_SIZE];
} Publishing;

void
session_pace(Session *session)
{
	ws_pause(session->ws,
			 session->asking != NULL || session->publishing >= SESSION_MAX_PUBLISHING ||
				 session->publishing_size >= (size_t) session->server->conf->max_frame_size);
}

static void
answer_published(Session *session, const Publishing *p, const IntakeResult *result)
{
	Str id = str_from(p->id);
	bool none = result->accepted == 0;
	Buf out;

	session_begin_answer(&out, none ? "error" : "ack", id);
	if (none)
		buf_puts(&out, ",\"code\":\"invalid_event\","
					   "\"message\":\"none of the events was accepted\"");
	buf_puts(&out, ",\"data\":");
	intake_write_result(&out, result, (Str) {p->events.data, p->events.len});
	buf_putc(&out, '}');
	session_send_answer(session, none ? "WebSessionError" : "WebSessionAck", &out);
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

			session_send_error(session, str_from(p->id), failure.code, failure.detail);
		}
		session->publishing--;
		session->publishing_size -= p->events.len;
		session_pace(session);
	}
	p->server->publishing--;
	buf_clear(&p->events);
	mem_free(p->id);
	mem_free(p);
}

void
session_publish(Session *session, Str id, Str events)
{
	Publishing *p = mem_zalloc(sizeof(*p));
	Buf context;

	p->session = session;
	p->server = session->server;
	p->server->publishing++;
	dlist_push_tail(&session->publishings, &p->node);
	buf_init(&p->events, events.len);
	buf_append(&p->events, events.data, events.len);
	p->id = id.len > 0 ? mem_strndup(id.data, id.len) : NULL;
	snprintf(p->correlation_id, sizeof(p->correlation_id), "%.48s-%x", session->id,
			 ++session->published);
	buf_init(&context, 4096);
	intake_write_context(&context, session->server->conf->source, ws_peer(session->ws),
						 p->correlation_id, NULL);
	session->publishing++;
	session->publishing_size += events.len;
	session_pace(session);
	query_intake(session->server->queries, events, buf_text(&context), on_published, p);
	buf_clear(&context);
}

void
session_leave_publishings(Session *session)
{
	DlistNode *node;

	while ((node = dlist_pop_head(&session->publishings)) != NULL)
		DLIST_OWNER(Publishing, node, node)->session = NULL;
}
