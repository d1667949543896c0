/* SPDX-License-Identifier: PostgreSQL
 *
 * client.h: one receiving client of a server under test, of any transport.
 *
 * A client is a socket, how many events (or, by long-poll, answers) it has got,
 * and what it has of an unfinished message.  Three servers are known: eventsd,
 * nginx with nchan, and the floor (floor.c), which is asked as eventsd is, for
 * long-polls only; they differ in paths, in what they say first, and in how a
 * long-poll goes on.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum ServerKind
{
	SERVER_EVENTSD,
	SERVER_NCHAN,
	SERVER_FLOOR
} ServerKind;

typedef enum Transport
{
	TRANSPORT_WS,
	TRANSPORT_SSE,
	TRANSPORT_POLL,
	TRANSPORT_SILENT
} Transport;

typedef struct Client
{
	int fd;
	bool ready;	   /* upgraded, streaming, or its poll is held */
	bool upgraded; /* WebSocket: the handshake is over */
	bool greeted;  /* WebSocket of eventsd: the first message came */
	char *rest;	   /* of an unfinished message */
	size_t rest_length;
	size_t event_length; /* of the last event, as sent */
	unsigned long received;
	char cursor[96]; /* eventsd: Events-Cursor; nchan: Last-Modified */
	char etag[64];	 /* nchan */
} Client;

typedef struct Target
{
	ServerKind server;
	Transport transport;
	int port;
	/* shown each event of a WebSocket; may be NULL */
	void (*event)(Client *client, const char *bytes, size_t length);
} Target;

/* Connects and sends the first request; answers come by client_readable. */
extern void client_open(Client *client, const Target *target);

/* Reads what is there; false at the end of the stream. */
extern bool client_readable(Client *client, const Target *target);

/* Long-poll: asks for what comes next, after an answer. */
extern void client_poll(Client *client, const Target *target);

extern void client_close(Client *client);

#endif
