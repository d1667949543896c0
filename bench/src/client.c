/* SPDX-License-Identifier: PostgreSQL
 *
 * client.c: one receiving client of a server under test, of any transport.
 *
 * All clients read into one large buffer: what a client has left of an
 * unfinished message is put in front of it before reading and saved after.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "sample.h"
#include "wire.h"

#define ROOM (256 * 1024)

static char buffer[ROOM];

#define EVENTSD_PATH "/v1/events?types=bench.event"

static void
request_upgrade(Client *client, const Target *target)
{
	char head[512];
	int n = snprintf(head, sizeof(head),
					 "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
					 "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
					 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
					 target->server == SERVER_EVENTSD ? EVENTSD_PATH : "/sub/ws");

	net_send_all(client->fd, head, (size_t) n);
}

static void
request_stream(Client *client, const Target *target)
{
	char head[512];
	int n = snprintf(head, sizeof(head),
					 "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
					 target->server == SERVER_EVENTSD ? EVENTSD_PATH : "/sub/sse");

	net_send_all(client->fd, head, (size_t) n);
}

static void
request_poll(Client *client, const Target *target)
{
	char head[512];
	int n;

	if (target->server != SERVER_NCHAN)
		n = snprintf(head, sizeof(head),
					 "GET " EVENTSD_PATH "&wait=60%s%s HTTP/1.1\r\n"
					 "Host: localhost\r\nAccept: application/json\r\n\r\n",
					 client->cursor[0] ? "&after=" : "", client->cursor);
	else if (client->cursor[0])
		n = snprintf(head, sizeof(head),
					 "GET /sub/poll HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: %s\r\n"
					 "If-None-Match: %s\r\n\r\n",
					 client->cursor, client->etag);
	else
		n = snprintf(head, sizeof(head), "GET /sub/poll HTTP/1.1\r\nHost: localhost\r\n\r\n");
	net_send_all(client->fd, head, (size_t) n);
	/* eventsd and the floor answer the first poll at once with a cursor; later ones are held. */
	client->ready = target->server == SERVER_NCHAN || client->cursor[0];
}

void
client_open(Client *client, const Target *target)
{
	memset(client, 0, sizeof(Client));
	client->fd = net_connect(target->port);
	switch (target->transport)
	{
		case TRANSPORT_WS:
			request_upgrade(client, target);
			break;
		case TRANSPORT_SSE:
			request_stream(client, target);
			break;
		case TRANSPORT_POLL:
			request_poll(client, target);
			break;
		case TRANSPORT_SILENT:
			client->ready = true;
			break;
	}
}

void
client_poll(Client *client, const Target *target)
{
	request_poll(client, target);
}

void
client_close(Client *client)
{
	close(client->fd);
	free(client->rest);
}

static void
expect_status(const Response *response, int expected)
{
	if (response->status != expected)
		die("answered %.*s", (int) response->head_length, response->head);
}

static size_t
use_websocket(Client *client, const Target *target, const char *bytes, size_t length)
{
	static const char pong[] = {(char) 0x8a, (char) 0x80, 0, 0, 0, 0};
	size_t used = 0, n;
	Response response;
	Frame frame;

	if (!client->upgraded)
	{
		used = wire_response(bytes, length, &response);
		if (used == 0)
			return 0;
		expect_status(&response, 101);
		client->upgraded = true;
		client->ready = target->server == SERVER_NCHAN;
		client->greeted = client->ready;
	}
	while ((n = wire_frame(bytes + used, length - used, &frame)) > 0)
	{
		used += n;
		if (frame.opcode == 9)
			net_send_all(client->fd, pong, sizeof(pong));
		else if (frame.opcode == 8)
			die("the server closed a WebSocket: %.*s",
				(int) (frame.length > 2 ? frame.length - 2 : 0), frame.payload + 2);
		else if (!client->greeted)
			client->greeted = client->ready = true;
		else
		{
			client->received++;
			client->event_length = frame.length;
			if (target->event != NULL)
				target->event(client, frame.payload, frame.length);
		}
	}
	return used;
}

static size_t
use_stream(Client *client, const char *bytes, size_t length)
{
	size_t used = 0, keep;

	if (!client->ready)
	{
		const char *end = memmem(bytes, length, "\r\n\r\n", 4);

		if (end == NULL)
			return 0;
		if (atoi(bytes + 9) != 200)
			die("answered %.*s", (int) length, bytes);
		client->ready = true;
		used = (size_t) (end - bytes) + 2;
	}
	client->received += wire_sse_events(bytes + used, length - used, &keep);
	return length - keep;
}

static size_t
use_answers(Client *client, const Target *target, const char *bytes, size_t length)
{
	Response response;
	size_t used = 0, n;

	while ((n = wire_response(bytes + used, length - used, &response)) > 0)
	{
		used += n;
		if (response.status == 200)
		{
			client->received++;
			client->event_length = response.body_length;
		}
		else if (response.status != 204 && response.status != 304)
			expect_status(&response, 200);
		if (target->server != SERVER_NCHAN)
			wire_header(&response, "Events-Cursor", client->cursor, sizeof(client->cursor));
		else
		{
			wire_header(&response, "Last-Modified", client->cursor, sizeof(client->cursor));
			wire_header(&response, "Etag", client->etag, sizeof(client->etag));
		}
		/* Once answered it waits for client_poll; a bare cursor is gone on from. */
		client->ready = false;
		if (response.status != 200)
			request_poll(client, target);
	}
	return used;
}

bool
client_readable(Client *client, const Target *target)
{
	size_t length = client->rest_length, used = 0;
	ssize_t n;

	if (length > 0)
		memcpy(buffer, client->rest, length);
	n = recv(client->fd, buffer + length, ROOM - length, 0);
	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return false;
	length += (size_t) n;
	switch (target->transport)
	{
		case TRANSPORT_WS:
			used = use_websocket(client, target, buffer, length);
			break;
		case TRANSPORT_SSE:
			used = use_stream(client, buffer, length);
			break;
		case TRANSPORT_POLL:
			used = use_answers(client, target, buffer, length);
			break;
		case TRANSPORT_SILENT:
			used = length;
			break;
	}
	if (length == ROOM && used == 0)
		die("a message is longer than %d bytes", ROOM);
	client->rest_length = length - used;
	if (client->rest_length > 0)
	{
		client->rest = realloc(client->rest, client->rest_length);
		memcpy(client->rest, buffer + used, client->rest_length);
	}
	return true;
}
