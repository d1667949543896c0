/* SPDX-License-Identifier: PostgreSQL
 *
 * wire.c: just enough of WebSocket, SSE and HTTP to read what servers send.
 *
 * SSE events are counted by their "data:" lines, so an event has to have one
 * line of data, which is true of JSON without line breaks; chunk sizes between
 * events do not matter, since no server here splits an event between chunks.
 */
#define _GNU_SOURCE
#include "wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sample.h"

size_t
wire_frame(const char *bytes, size_t length, Frame *frame)
{
	const uint8_t *b = (const uint8_t *) bytes;
	size_t head = 2;
	uint64_t size;

	if (length < 2)
		return 0;
	size = b[1] & 0x7f;
	if (size == 126)
	{
		if (length < (head = 4))
			return 0;
		size = (uint64_t) b[2] << 8 | b[3];
	}
	else if (size == 127)
	{
		if (length < (head = 10))
			return 0;
		size = 0;
		for (int i = 2; i < 10; i++)
			size = size << 8 | b[i];
	}
	if (length < head + size)
		return 0;
	frame->opcode = b[0] & 0x0f;
	frame->payload = bytes + head;
	frame->length = size;
	return head + size;
}

size_t
wire_header(const Response *response, const char *name, char *value, size_t room)
{
	size_t name_length = strlen(name);
	const char *line = response->head;
	const char *end = response->head + response->head_length;

	while (line < end)
	{
		const char *next = memmem(line, (size_t) (end - line), "\r\n", 2);

		if (next == NULL)
			break;
		if ((size_t) (next - line) > name_length && line[name_length] == ':' &&
			strncasecmp(line, name, name_length) == 0)
		{
			const char *from = line + name_length + 1;
			size_t n;

			while (*from == ' ')
				from++;
			n = (size_t) (next - from);
			if (n >= room)
				die("header %s is too long", name);
			memcpy(value, from, n);
			value[n] = '\0';
			return n;
		}
		line = next + 2;
	}
	return 0;
}

size_t
wire_response(const char *bytes, size_t length, Response *response)
{
	const char *head_end = memmem(bytes, length, "\r\n\r\n", 4);
	char value[32];

	if (head_end == NULL)
		return 0;
	response->status = atoi(bytes + 9);
	response->head = bytes;
	response->head_length = (size_t) (head_end - bytes) + 2;
	response->body = head_end + 4;
	response->body_length = 0;
	if (response->status >= 200 &&
		wire_header(response, "Content-Length", value, sizeof(value)) > 0)
		response->body_length = strtoul(value, NULL, 10);
	if (length < response->head_length + 2 + response->body_length)
		return 0;
	return response->head_length + 2 + response->body_length;
}

size_t
wire_sse_events(const char *bytes, size_t length, size_t *keep)
{
	static const char mark[] = "\ndata:";
	const char *at = bytes;
	const char *end = bytes + length;
	size_t count = 0;

	for (;;)
	{
		const char *found = memmem(at, (size_t) (end - at), mark, sizeof(mark) - 1);

		if (found == NULL)
			break;
		count++;
		at = found + sizeof(mark) - 1;
	}
	/* The beginning of a mark may be at the end. */
	*keep = (size_t) (end - at) < sizeof(mark) - 2 ? (size_t) (end - at) : sizeof(mark) - 2;
	return count;
}
