/* SPDX-License-Identifier: PostgreSQL
 *
 * wire.h: just enough of WebSocket, SSE and HTTP to read what servers send.
 *
 * Each reader takes the bytes that are there and says how many it has used up;
 * the rest is an unfinished message.  Servers under test are trusted: there is
 * no defence here.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stddef.h>

typedef struct Frame
{
	int opcode; /* 1 text, 8 close, 9 ping */
	const char *payload;
	size_t length;
} Frame;

/* The next whole WebSocket frame; 0 if it is not all there, else its size. */
extern size_t wire_frame(const char *bytes, size_t length, Frame *frame);

typedef struct Response
{
	int status;
	const char *head;
	size_t head_length;
	const char *body;
	size_t body_length;
} Response;

/* The next whole response with a Content-Length (or none); 0 or its size. */
extern size_t wire_response(const char *bytes, size_t length, Response *response);

/* The value of a header of the response into value; its length, 0 if absent. */
extern size_t wire_header(const Response *response, const char *name, char *value, size_t room);

/* How many SSE events are in these bytes; the rest to keep, into *keep. */
extern size_t wire_sse_events(const char *bytes, size_t length, size_t *keep);

#endif
