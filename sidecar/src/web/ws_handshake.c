/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * ws_handshake.c: may this GET become a WebSocket?
 *
 * A browser lets any page open a WebSocket to anywhere, with cookies and from
 * inside the network; the Origin header is all that tells.  So a handshake
 * with an Origin is taken only from our own pages (Origin names our Host) and
 * from those that cors_origins lists.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "web/problem.h"
#include "web/crypto.h"
#include "web/ws_internal.h"

#define KEY_SIZE 24 /* base64 of 16 bytes */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static bool
key_is_good(const HttpHeader *key)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (key == NULL || key->value.len != KEY_SIZE ||
		memcmp(key->value.at + KEY_SIZE - 2, "==", 2) != 0)
		return false;
	for (int i = 0; i < KEY_SIZE - 2; i++)
		if (key->value.at[i] == '\0' || strchr(digits, key->value.at[i]) == NULL)
			return false;
	return true;
}

static bool
make_accept(const HttpHeader *key, char *accept, size_t size)
{
	char text[KEY_SIZE + sizeof(GUID)];
	unsigned char digest[CRYPTO_SHA1_SIZE];
	Buf out;
	bool ok;

	memcpy(text, key->value.at, KEY_SIZE);
	memcpy(text + KEY_SIZE, GUID, sizeof(GUID));
	buf_init(&out, size);
	ok = crypto_sha1(text, KEY_SIZE + sizeof(GUID) - 1, digest) &&
		 crypto_base64_put(&out, digest, sizeof(digest));
	if (ok)
		snprintf(accept, size, "%s", buf_text(&out));
	buf_clear(&out);
	return ok;
}

/* The same header twice could be read in two ways. */
static bool
is_repeated(const HttpHead *head, const char *name)
{
	int count = 0;

	for (int i = 0; i < head->nheaders; i++)
		count += http_slice_is(head->headers[i].name, name);
	return count > 1;
}

static bool
is_listed(const ConfList *allowed, HttpSlice origin)
{
	for (int i = 0; allowed != NULL && i < allowed->count; i++)
		if (strcmp(allowed->items[i], "*") == 0 ||
			(strlen(allowed->items[i]) == origin.len &&
			 memcmp(allowed->items[i], origin.at, origin.len) == 0))
			return true;
	return false;
}

static bool
origin_may_connect(const ConfList *allowed, const HttpHead *head)
{
	const HttpHeader *origin = http_find_header(head, "origin");
	const HttpHeader *host = http_find_header(head, "host");
	const char *slashes;
	HttpSlice authority;

	if (origin == NULL || is_listed(allowed, origin->value))
		return true;
	slashes = memmem(origin->value.at, origin->value.len, "://", 3);
	if (slashes == NULL || host == NULL)
		return false;
	authority.at = slashes + 3;
	authority.len = origin->value.len - (size_t) (authority.at - origin->value.at);
	return authority.len == host->value.len &&
		   strncasecmp(authority.at, host->value.at, authority.len) == 0;
}

/* The first of the client's subprotocols that we know. */
static bool
choose_protocol(const HttpHead *head, WsHandshake *handshake)
{
	handshake->protocol = WS_EVENTS_V1;
	handshake->protocol_asked = false;
	for (int i = 0; i < head->nheaders; i++)
	{
		HttpSlice rest = head->headers[i].value;
		HttpSlice name;

		if (!http_slice_is(head->headers[i].name, "sec-websocket-protocol"))
			continue;
		handshake->protocol_asked = true;
		while (http_list_next(&rest, &name))
		{
			if (http_slice_is(name, "events.v1"))
				return true;
			if (http_slice_is(name, "cloudevents.json"))
			{
				handshake->protocol = WS_CLOUDEVENTS_JSON;
				return true;
			}
		}
	}
	return !handshake->protocol_asked;
}

bool
ws_check_handshake(WsServer *server, HttpConn *conn, WsHandshake *handshake)
{
	const HttpHead *head = &http_request(conn)->head;
	const HttpHeader *version = http_find_header(head, "sec-websocket-version");
	const HttpHeader *key = http_find_header(head, "sec-websocket-key");

	if (head->method != HTTP_GET)
		problem_respond(conn, 405, "method", "A WebSocket begins with GET.", NULL,
						"Allow: GET\r\n");
	else if (head->minor == 0)
		http_problem(conn, 505, "http-version", "A WebSocket needs HTTP/1.1.");
	else if (!http_list_has(head, "upgrade", "websocket"))
		problem_respond(conn, 426, "upgrade", "The only upgrade known here is websocket.", NULL,
						"Upgrade: websocket\r\n");
	else if (version == NULL || !http_slice_is(version->value, "13") ||
			 is_repeated(head, "sec-websocket-version"))
		problem_respond(conn, 426, "websocket-version",
						"The only WebSocket version known here is 13.", NULL,
						"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
	else if (!key_is_good(key) || is_repeated(head, "sec-websocket-key"))
		http_problem(conn, 400, "websocket-key", "Sec-WebSocket-Key is malformed.");
	else if (head->chunked || head->content_length > 0)
		http_problem(conn, 400, "websocket-body", "A WebSocket handshake has no body.");
	else if (!origin_may_connect(server->conf.cors_origins, head))
		http_problem(conn, 403, "origin",
					 "Pages of this origin may not connect (see cors_origins).");
	else if (!choose_protocol(head, handshake))
		http_problem(conn, 400, "websocket-protocol",
					 "The subprotocols known here are events.v1 and cloudevents.json.");
	else if (!make_accept(key, handshake->accept, sizeof(handshake->accept)))
		problem_internal(conn, "no SHA-1 in libcrypto");
	else
		return true;
	return false;
}
