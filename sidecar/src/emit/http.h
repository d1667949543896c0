/*
 * http.h - sending events to an HTTP endpoint.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * One sender is one endpoint; its connection is kept.  A post blocks until it is answered, or its
 * time is up, or somebody asked to stop.
 */
#ifndef EVENTSD_EMIT_HTTP_H
#define EVENTSD_EMIT_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct HttpSender HttpSender;

typedef struct HttpReply
{
	int status;				/* 0: there was no answer */
	bool done;				/* all of it was taken: 2xx, but for 207, which is for a part of it */
	bool again;				/* it may be tried again: no answer, 408, 425, 429, 5xx */
	int64_t retry_after_ms; /* what the answer said; -1: nothing */
	const char *reason;		/* in words: the error, or the beginning of the answer's body */
} HttpReply;

/* http and https only.  NULL with a reason when the URL is not good */
HttpSender *http_sender_new(const char *url, const volatile int *stop, const char **why);
void http_sender_free(HttpSender *sender);
/* the endpoint, for people and logs: without user, password and what follows the path */
const char *http_sender_name(const HttpSender *sender);
/* one more header line, "Authorization: Bearer ..." */
bool http_sender_add_header(HttpSender *sender, const char *line);
/* good until the next post */
HttpReply http_sender_post(HttpSender *sender, const char *content_type, Str body);

#endif /* EVENTSD_EMIT_HTTP_H */
