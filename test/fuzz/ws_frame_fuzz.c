/*
 * ws_frame_fuzz.c - a client's WebSocket frames: pieces of any size mean the same.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The first byte of the input is the size of the pieces, the rest frames.
 */
#include "fuzz.h"

#include "web/ws_frame.h"

typedef struct Seen
{
	bool fault;
	int frames;
	uint64_t heads; /* a sum over opcodes and lengths */
	size_t len;
	unsigned char payload[65536];
} Seen;

static void
feed(Seen *seen, const uint8_t *data, size_t size, size_t piece)
{
	unsigned char *bytes = (unsigned char *) fuzz_copy(data, size);
	WsReader reader = {0};
	size_t at = 0;

	memset(seen, 0, sizeof(*seen));
	while (at < size && !seen->fault)
	{
		size_t give = size - at < piece ? size - at : piece;
		size_t used = 0;
		unsigned char *payload = NULL;
		size_t len = 0;

		switch (ws_reader_feed(&reader, bytes + at, give, &used, &payload, &len))
		{
			case WS_READ_MORE:
				must(used == give);
				break;
			case WS_READ_HEAD:
				seen->frames++;
				seen->heads = seen->heads * 31 + reader.opcode * 7 + reader.left;
				must(reader.opcode < 8 || reader.left <= WS_MAX_CONTROL);
				break;
			case WS_READ_PAYLOAD:
				must(len == 0 || (payload >= bytes + at && payload + len <= bytes + at + used));
				if (len > 0)
					memcpy(seen->payload + seen->len, payload, len);
				seen->len += len;
				break;
			case WS_READ_FAULT:
				seen->fault = true;
				break;
		}
		must(used <= give);
		at += used;
	}
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Seen whole;
	static Seen pieces;

	if (size < 1 || size > sizeof(whole.payload))
		return 0;
	feed(&whole, data + 1, size - 1, size);
	feed(&pieces, data + 1, size - 1, 1 + data[0] % 32);
	must(whole.fault == pieces.fault && whole.frames == pieces.frames);
	must(whole.heads == pieces.heads && whole.len == pieces.len);
	must(memcmp(whole.payload, pieces.payload, whole.len) == 0);
	return 0;
}
