/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * trace.h: the correlation id of a request.
 *
 * X-Request-Id, when it is a plain word of at most 63 characters; else the
 * trace id of a well-formed `traceparent` (W3C Trace Context); else one that
 * is made of a random word of this process and two counters, so that it need
 * not be kept.  What a client sends in any other shape is ignored, since it
 * goes into logs, headers and events.
 */
#ifndef WEB_TRACE_H
#define WEB_TRACE_H

#include "web/http_parse.h"

#define TRACE_SIZE 64

/* True when the client gave one.  traceparent is "" when not well-formed. */
extern bool trace_from_head(const HttpHead *head, char correlation[TRACE_SIZE],
							char traceparent[TRACE_SIZE]);
extern void trace_make(char *text, size_t size, uint64_t conn, uint32_t serial);

#endif /* WEB_TRACE_H */
