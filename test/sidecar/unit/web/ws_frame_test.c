/*
 * ws_frame_test.c - WebSocket frames: reading a client's, writing ours.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "web/ws_frame.h"

/* a client's frame; returns its length */
static size_t
client_frame(unsigned char *out, int first, const char *payload, size_t len)
{
	static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
	size_t at = 0;

	out[at++] = (unsigned char) first;
	if (len < 126)
		out[at++] = (unsigned char) (0x80 | len);
	else
	{
		out[at++] = 0x80 | 126;
		out[at++] = (unsigned char) (len >> 8);
		out[at++] = (unsigned char) len;
	}
	memcpy(out + at, mask, 4);
	at += 4;
	for (size_t i = 0; i < len; i++)
		out[at++] = (unsigned char) payload[i] ^ mask[i % 4];
	return at;
}

/* feeds in pieces; the payloads joined, '|' after each frame; NULL on a fault */
static const char *
read_all(const unsigned char *bytes, size_t len, size_t piece)
{
	static char text[4096];
	unsigned char copy[4096];
	WsReader reader = {0};
	size_t at = 0;
	size_t end = 0;

	memcpy(copy, bytes, len);
	while (at < len)
	{
		size_t give = len - at < piece ? len - at : piece;
		size_t used = 0;
		unsigned char *payload = NULL;
		size_t payload_len = 0;
		WsRead result = ws_reader_feed(&reader, copy + at, give, &used, &payload, &payload_len);

		if (result == WS_READ_FAULT)
			return NULL;
		if (result == WS_READ_PAYLOAD)
		{
			memcpy(text + end, payload, payload_len);
			end += payload_len;
			if (reader.left == 0)
				text[end++] = '|';
		}
		at += used;
		if (!check(used > 0 || result != WS_READ_MORE))
			break;
	}
	text[end] = '\0';
	return text;
}

static bool
faults(int first, const char *payload, size_t len)
{
	unsigned char bytes[1000];

	return read_all(bytes, client_frame(bytes, first, payload, len), 1000) == NULL;
}

int
main(void)
{
	unsigned char bytes[2000];
	char long_text[301];
	char expected[400];
	size_t len;

	memset(long_text, 'x', 300);
	long_text[300] = '\0';
	len = client_frame(bytes, 0x81, "Hello", 5);
	len += client_frame(bytes + len, 0x89, "", 0);
	len += client_frame(bytes + len, 0x01, long_text, 300);
	len += client_frame(bytes + len, 0x8a, "p", 1);
	len += client_frame(bytes + len, 0x80, "end", 3);
	snprintf(expected, sizeof(expected), "Hello||%s|p|end|", long_text);
	for (size_t piece = 1; piece <= len; piece++)
	{
		const char *got = read_all(bytes, len, piece);

		if (!check(got != NULL && strcmp(got, expected) == 0))
			break;
	}
	checks_held("frames, fragments and control frames in between, in pieces of any size");

	ok(faults(0x83, "a", 1), "an opcode that is not known");
	ok(faults(0xc1, "a", 1), "a reserved bit");
	ok(faults(0x80, "a", 1), "a continuation of nothing");
	ok(faults(0x09, "a", 1), "a fragmented control frame");
	ok(faults(0x89, long_text, 126), "a control frame that is too long");
	bytes[0] = 0x81;
	bytes[1] = 0x01;
	bytes[2] = 'a';
	ok(read_all(bytes, 3, 3) == NULL, "a frame without a mask");
	len = client_frame(bytes, 0x01, "a", 1);
	len += client_frame(bytes + len, 0x81, "b", 1);
	ok(read_all(bytes, len, len) == NULL, "a new message inside a message");

	is_int((int64_t) ws_frame_write(bytes, WS_OP_TEXT, 125), 2, "a short header");
	is_int((int64_t) ws_frame_write(bytes, WS_OP_TEXT, 126), 4, "a longer one");
	ok(bytes[1] == 126 && bytes[2] == 0 && bytes[3] == 126, "with the length");
	is_int((int64_t) ws_frame_write(bytes, WS_OP_TEXT, 65536), 10, "the longest");
	len = ws_frame_write(bytes, WS_OP_TEXT, 10) + 10;
	is_int((int64_t) ws_frame_end(bytes, len * 1, 0), 0, "a frame begins at 0");
	is_int((int64_t) ws_frame_end(bytes, len, 1), 12, "the end of a frame that has begun");
	ok(ws_close_code_is_valid(1000) && ws_close_code_is_valid(4410) &&
		   !ws_close_code_is_valid(1005) && !ws_close_code_is_valid(999),
	   "close codes");
	return tap_done();
}
