/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * session_internal.h: what the files session*.c share.
 */
#ifndef WEB_SESSION_INTERNAL_H
#define WEB_SESSION_INTERNAL_H

#include "base/dlist.h"
#include "web/session.h"
#include "web/trace.h"

#define SESSION_MAX_PUBLISHING 16 /* and of their bytes max_frame_size */
#define SESSION_MAX_ANSWER ((size_t) 256 << 20)

/* The members of a message, as they came. */
typedef struct Message
{
	Str type;
	Str id;
	Str data;
	bool is_event; /* has specversion */
} Message;

typedef struct Asking Asking; /* session_subscribe.c */

typedef struct Session
{
	SessionServer *server;
	Ws *ws;
	DeliverWs *client; /* NULL when the subscription is over */
	Start start;
	Subscription *initial; /* until opened */
	Subscription **wants;  /* what was subscribed to, in order */
	int nwants;
	bool implicit;	/* everything, because nothing was said */
	Asking *asking; /* a filter is being checked, and nothing is read */
	char id[TRACE_SIZE];
	unsigned answers; /* for ids of wrapped answers */
	uint32_t published;
	int publishing;
	size_t publishing_size; /* bytes of their events */
	Dlist publishings;
} Session;

/* ---- session_answer.c ---- */

/* The first message: who we are, and from where events follow. */
extern void session_send_started(Session *session);

/* Begins {"type":"...","id":...  in a Buf that is initialised here. */
extern void session_begin_answer(Buf *out, const char *type, Str id);

/* Sends a whole message; in cloudevents.json as the data of an event of event_type. */
extern void session_send_answer(Session *session, const char *event_type, const Buf *message);

/* Messages that have an id at most; id is raw JSON, or empty. */
extern void session_send_simple(Session *session, const char *type, const char *event_type, Str id);
extern void session_send_ack(Session *session, Str id);
extern void session_send_error(Session *session, Str id, const char *code, const char *message);

/* ---- session_subscribe.c ---- */

extern void session_subscribe(Session *session, const Message *message);
extern void session_unsubscribe(Session *session, const Message *message);

/* The session goes: nothing is asked any more, nothing wanted. */
extern void session_leave_wants(Session *session);

/* ---- session_publish.c ---- */

/* Reads on, or not: while so much is under way, or a filter is being checked. */
extern void session_pace(Session *session);

/* Publishes events (JSON text) and answers under the id when that is done. */
extern void session_publish(Session *session, Str id, Str events);

/* The session is gone; its publications go on, unanswered. */
extern void session_leave_publishings(Session *session);

#endif /* WEB_SESSION_INTERNAL_H */
