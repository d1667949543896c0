/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * ws_frame.c: WebSocket frames as bytes; see ws_frame.h.
 */
#include <string.h>

#include "web/ws_frame.h"

/* How long the header is, from its first two bytes: length, then the mask. */
static size_t
header_size(unsigned char second)
{
	switch (second & 0x7f)
	{
		case 126:
			return 2 + 2 + 4;
		case 127:
			return 2 + 8 + 4;
		default:
			return 2 + 4;
	}
}

/* The first two bytes say almost all. */
static bool
start_is_good(const WsReader *reader)
{
	int opcode = reader->head[0] & 0x0f;
	bool final = (reader->head[0] & 0x80) != 0;
	bool masked = (reader->head[1] & 0x80) != 0;
	int len = reader->head[1] & 0x7f;

	if ((reader->head[0] & 0x70) != 0 || !masked)
		return false;
	switch (opcode)
	{
		case WS_OP_CONTINUATION:
			return reader->in_message;
		case WS_OP_TEXT:
		case WS_OP_BINARY:
			return !reader->in_message;
		case WS_OP_CLOSE:
		case WS_OP_PING:
		case WS_OP_PONG:
			return final && len <= WS_MAX_CONTROL;
		default:
			return false;
	}
}

static bool
read_header(WsReader *reader)
{
	const unsigned char *head = reader->head;
	size_t size = header_size(head[1]);
	uint64_t len = head[1] & 0x7f;

	if (len >= 126)
	{
		len = 0;
		for (size_t i = 2; i < size - 4; i++)
			len = len << 8 | head[i];
		if (len < 126 || (size == WS_MAX_HEADER && (len < 65536 || len >> 63 != 0)))
			return false;
	}
	memcpy(reader->mask, head + size - 4, 4);
	reader->mask_at = 0;
	reader->opcode = head[0] & 0x0f;
	reader->final = (head[0] & 0x80) != 0;
	reader->left = len;
	reader->in_payload = true;
	reader->head_len = 0;
	if (reader->opcode < WS_OP_CLOSE)
		reader->in_message = !reader->final;
	return true;
}

static void
unmask(WsReader *reader, unsigned char *bytes, size_t len)
{
	unsigned at = reader->mask_at;

	for (size_t i = 0; i < len; i++)
		bytes[i] ^= reader->mask[(at + i) & 3];
	reader->mask_at = (uint8_t) ((at + len) & 3);
}

WsRead
ws_reader_feed(WsReader *reader, unsigned char *bytes, size_t len, size_t *used,
			   unsigned char **payload, size_t *payload_len)
{
	size_t at = 0;

	if (reader->in_payload)
	{
		size_t take = len < reader->left ? len : (size_t) reader->left;

		if (take == 0 && reader->left > 0)
		{
			*used = 0;
			return WS_READ_MORE;
		}
		unmask(reader, bytes, take);
		reader->left -= take;
		reader->in_payload = reader->left > 0;
		*used = take;
		*payload = bytes;
		*payload_len = take;
		return WS_READ_PAYLOAD;
	}
	while (at < len)
	{
		reader->head[reader->head_len++] = bytes[at++];
		if (reader->head_len < 2)
			continue;
		*used = at;
		if (reader->head_len == 2 && !start_is_good(reader))
			return WS_READ_FAULT;
		if (reader->head_len == header_size(reader->head[1]))
			return read_header(reader) ? WS_READ_HEAD : WS_READ_FAULT;
	}
	*used = at;
	return WS_READ_MORE;
}

size_t
ws_frame_write(unsigned char *out, int opcode, uint64_t payload_len)
{
	out[0] = (unsigned char) (0x80 | opcode);
	if (payload_len < 126)
	{
		out[1] = (unsigned char) payload_len;
		return 2;
	}
	if (payload_len < 65536)
	{
		out[1] = 126;
		out[2] = (unsigned char) (payload_len >> 8);
		out[3] = (unsigned char) payload_len;
		return 4;
	}
	out[1] = 127;
	for (int i = 0; i < 8; i++)
		out[2 + i] = (unsigned char) (payload_len >> (56 - 8 * i));
	return 10;
}

size_t
ws_frame_end(const unsigned char *frames, size_t len, size_t at)
{
	size_t frame = 0;

	while (frame < at)
	{
		size_t header = 2;
		uint64_t size = frames[frame + 1] & 0x7f;

		if (size >= 126)
		{
			header = size == 126 ? 4 : 10;
			size = 0;
			for (size_t i = 2; i < header; i++)
				size = size << 8 | frames[frame + i];
		}
		if (size > len - frame - header)
			return len;
		frame += header + (size_t) size;
	}
	return frame;
}

bool
ws_close_code_is_valid(int code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
		   (code >= 3000 && code <= 4999);
}
