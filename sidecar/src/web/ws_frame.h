/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * ws_frame.h: WebSocket frames as bytes (RFC 6455 section 5).
 *
 * Knows no socket and allocates nothing, so that it is tested and fuzzed
 * alone.  A WsReader takes the client's bytes as they come and gives back
 * pieces: unmasked payload of the current frame, in place.  Every rule about
 * one frame, and about the order of frames, is checked here; what a message
 * may be (text, UTF-8, size) is for the caller.
 */
#ifndef WEB_WS_FRAME_H
#define WEB_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum
{
	WS_OP_CONTINUATION = 0,
	WS_OP_TEXT = 1,
	WS_OP_BINARY = 2,
	WS_OP_CLOSE = 8,
	WS_OP_PING = 9,
	WS_OP_PONG = 10
};

#define WS_MAX_HEADER 14 /* of a client's frame */
#define WS_MAX_CONTROL 125

typedef struct WsReader
{
	unsigned char head[WS_MAX_HEADER];
	uint8_t head_len; /* bytes of head that we have */
	uint8_t opcode;
	bool final;
	bool in_payload;
	bool in_message; /* a fragmented message has begun */
	uint8_t mask_at; /* next byte of the mask */
	unsigned char mask[4];
	uint64_t left; /* payload bytes still to come */
} WsReader;

typedef enum WsRead
{
	WS_READ_MORE,	 /* all bytes used */
	WS_READ_HEAD,	 /* a frame begins: opcode, left */
	WS_READ_PAYLOAD, /* a piece of payload; ends the frame when left is 0 */
	WS_READ_FAULT	 /* protocol error, 1002 */
} WsRead;

/*
 * Takes some of the bytes (*used of them), unmasking them where they are.
 * After WS_READ_PAYLOAD *payload and *payload_len say where; a frame without
 * payload gives one empty piece.
 */
extern WsRead ws_reader_feed(WsReader *reader, unsigned char *bytes, size_t len, size_t *used,
							 unsigned char **payload, size_t *payload_len);

/* The header of a server frame; returns its length, at most 10. */
extern size_t ws_frame_write(unsigned char *out, int opcode, uint64_t payload_len);

/*
 * The end of the server frame in which byte `at` lies, in a buffer that
 * begins with a frame; `at` itself when a frame begins there.
 */
extern size_t ws_frame_end(const unsigned char *frames, size_t len, size_t at);

/* May a peer send this close code? */
extern bool ws_close_code_is_valid(int code);

#endif /* WEB_WS_FRAME_H */
