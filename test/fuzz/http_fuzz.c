/*
 * http_fuzz.c - a request's head and chunked body: pieces of any size mean the same.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The first byte of the input is the size of the pieces, the rest a request.
 */
#include "fuzz.h"

#include "web/http_parse.h"

static const HttpLimits limits = {.max_url_size = 256,
								  .max_head_size = 2048,
								  .max_body_size = 4096};

static bool
lies_in(HttpSlice slice, const char *bytes, size_t len)
{
	return slice.len == 0 || (slice.at >= bytes && slice.at + slice.len <= bytes + len);
}

/* the head comes in pieces */
static HttpParse
scan(const char *bytes, size_t len, size_t piece, size_t *head_len, int *status)
{
	HttpParse result = HTTP_PARSE_MORE;
	HttpFault fault = {0};
	size_t scanned = 0;

	for (size_t have = 0; have < len && result == HTTP_PARSE_MORE;)
	{
		have = len - have < piece ? len : have + piece;
		result = http_scan_head(bytes, have, &scanned, &limits, head_len, &fault);
		must(scanned <= have);
		must(result != HTTP_PARSE_DONE || *head_len <= have);
	}
	*status = fault.status;
	must((result == HTTP_PARSE_FAULT) == (fault.status != 0));
	return result;
}

typedef struct Body
{
	HttpParse result;
	size_t used;
	size_t len;
	int status;
	char bytes[8192];
} Body;

static void
read_body(Body *body, const char *bytes, size_t len, size_t piece)
{
	HttpChunked chunked = {0};
	HttpFault fault = {0};

	memset(body, 0, sizeof(*body));
	body->result = HTTP_PARSE_MORE;
	while (body->used < len && body->result == HTTP_PARSE_MORE)
	{
		size_t give = len - body->used < piece ? len - body->used : piece;
		size_t used = 0;
		HttpSlice data = {NULL, 0};

		body->result = http_chunked_read(&chunked, bytes + body->used, give, &limits, &used, &data,
										 &fault);
		must(used <= give && lies_in(data, bytes + body->used, give));
		must(used > 0 || body->result != HTTP_PARSE_MORE);
		must(body->len + data.len <= sizeof(body->bytes));
		if (data.len > 0)
			memcpy(body->bytes + body->len, data.at, data.len);
		body->len += data.len;
		body->used += used;
	}
	body->status = fault.status;
}

static void
check_head(const HttpHead *head, const char *bytes, size_t len)
{
	must(lies_in(head->target, bytes, len) && lies_in(head->path, bytes, len));
	must(lies_in(head->query, bytes, len) && head->target.len <= limits.max_url_size);
	must(head->nheaders <= HTTP_MAX_HEADERS && !(head->chunked && head->has_length));
	must(head->content_length <= limits.max_body_size);
	for (int i = 0; i < head->nheaders; i++)
	{
		must(lies_in(head->headers[i].name, bytes, len) && head->headers[i].name.len > 0);
		must(lies_in(head->headers[i].value, bytes, len));
		must(memchr(head->headers[i].value.at, '\n', head->headers[i].value.len) == NULL);
	}
	must(head->minor == 0 || http_find_header(head, "host") != NULL);
}

static void
check_body(const char *bytes, size_t len, size_t piece)
{
	static Body whole;
	static Body pieces;

	read_body(&whole, bytes, len, len > 0 ? len : 1);
	read_body(&pieces, bytes, len, piece);
	must(whole.result == pieces.result && whole.status == pieces.status);
	if (whole.result != HTTP_PARSE_FAULT)
	{
		must(whole.len == pieces.len && memcmp(whole.bytes, pieces.bytes, whole.len) == 0);
		must(whole.used == pieces.used && whole.len <= limits.max_body_size);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size > 0 ? 1 + data[0] % 64 : 1;
	size_t len = size > 0 ? size - 1 : 0;
	char *bytes = fuzz_copy(data + (size > 0), len);
	size_t skip = http_skip_empty_lines(bytes, len);
	size_t head_len = 0;
	size_t head_len_again = 0;
	int status;
	int status_again;
	HttpParse result;
	HttpParse again;
	HttpHead head;
	HttpFault fault = {0};

	must(skip <= len);
	result = scan(bytes + skip, len - skip, len + 1, &head_len, &status);
	again = scan(bytes + skip, len - skip, piece, &head_len_again, &status_again);
	/* a fault may be found sooner in pieces, never later, and never instead of a good head */
	must(again == result || again == HTTP_PARSE_FAULT);
	if (result == HTTP_PARSE_DONE)
	{
		must(head_len <= limits.max_head_size);
		if (http_parse_head(bytes + skip, head_len, &limits, &head, &fault) == HTTP_PARSE_DONE)
		{
			must(again == HTTP_PARSE_DONE && head_len == head_len_again);
			check_head(&head, bytes + skip, head_len);
			if (head.chunked)
				check_body(bytes + skip + head_len, len - skip - head_len, piece);
		}
		else
			must(fault.status >= 400 && fault.status < 600 && fault.detail != NULL);
	}
	check_body(bytes, len, piece);
	free(bytes);
	return 0;
}
