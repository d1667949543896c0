/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * ws_read.c: from a client's bytes to messages.
 *
 * Frames are put together to messages here, and control frames answered.  A
 * message is refused as soon as it is known to be bad: binary at its first
 * frame, too big at the header that would make it so, before its payload is
 * read.  UTF-8 is checked when the message is whole: a character may be cut
 * by a fragment.
 */
#include <string.h>

#include "base/str.h"
#include "web/ws_internal.h"

/* A frame's header has come. */
static bool
frame_begins(Ws *ws)
{
	WsReader *reader = &ws->reader;

	ws->control_len = 0;
	if (reader->opcode == WS_OP_BINARY)
	{
		ws_fail(ws, WS_CLOSE_UNSUPPORTED, "messages are text");
		return false;
	}
	if (reader->opcode < WS_OP_CLOSE && reader->left > ws->message.limit - ws->message.len)
	{
		ws_fail(ws, WS_CLOSE_TOO_BIG, "the message is too big");
		return false;
	}
	return true;
}

static bool
message_ends(Ws *ws)
{
	if (!str_is_utf8(buf_text(&ws->message), ws->message.len))
	{
		ws_fail(ws, WS_CLOSE_INVALID, "the message is not UTF-8");
		return false;
	}
	ws->handler->message(ws->arg, ws, buf_text(&ws->message), ws->message.len);
	buf_clear(&ws->message);
	return ws->state == WS_STATE_OPEN;
}

/* The client's close frame: answered in kind, and that is the end. */
static bool
close_ends(Ws *ws)
{
	unsigned char *payload = ws->control;
	int code = 0;

	if (ws->state == WS_STATE_CLOSING)
	{
		ws_gone(ws);
		return false;
	}
	if (ws->control_len >= 2)
		code = payload[0] << 8 | payload[1];
	if (ws->control_len == 1 || (ws->control_len >= 2 && !ws_close_code_is_valid(code)))
		ws_fail(ws, WS_CLOSE_PROTOCOL, "the close code is not valid");
	else if (ws->control_len > 2 && !str_is_utf8((char *) payload + 2, ws->control_len - 2u))
		ws_fail(ws, WS_CLOSE_INVALID, "the close reason is not UTF-8");
	else
	{
		ws_send_control(ws, WS_OP_CLOSE, payload, ws->control_len >= 2 ? 2 : 0);
		ws_gone(ws);
	}
	return false;
}

/* A piece of payload; true: go on. */
static bool
take_payload(Ws *ws, const unsigned char *payload, size_t len)
{
	WsReader *reader = &ws->reader;
	bool ends = !reader->in_payload;

	if (reader->opcode < WS_OP_CLOSE)
	{
		if (ws->state != WS_STATE_OPEN)
			return true; /* what was under way when we said goodbye */
		buf_append(&ws->message, payload, len);
		return !(ends && reader->final) || message_ends(ws);
	}
	memcpy(ws->control + ws->control_len, payload, len);
	ws->control_len = (uint8_t) (ws->control_len + len);
	if (!ends)
		return true;
	if (reader->opcode == WS_OP_CLOSE)
		return close_ends(ws);
	if (reader->opcode == WS_OP_PING && ws->state == WS_STATE_OPEN)
		ws_send_control(ws, WS_OP_PONG, ws->control, ws->control_len);
	return true;
}

void
ws_read_input(Ws *ws, unsigned char *bytes, size_t len)
{
	unsigned char *payload = NULL;
	size_t payload_len = 0;
	size_t at = 0;
	bool more = true;

	while (more && ws->state < WS_STATE_FAILED && (at < len || ws->reader.in_payload))
	{
		size_t used = 0;

		if (ws->paused && ws->state == WS_STATE_OPEN)
		{
			buf_append(&ws->held, bytes + at, len - at);
			return;
		}
		switch (ws_reader_feed(&ws->reader, bytes + at, len - at, &used, &payload, &payload_len))
		{
			case WS_READ_MORE:
				more = false;
				break;
			case WS_READ_HEAD:
				more = frame_begins(ws);
				break;
			case WS_READ_PAYLOAD:
				more = take_payload(ws, payload, payload_len) || ws->state == WS_STATE_CLOSING;
				break;
			case WS_READ_FAULT:
				ws_fail(ws, WS_CLOSE_PROTOCOL, "the frame is malformed");
				more = false;
				break;
		}
		at += used;
	}
}
