/*
 * http_parse_test.c - the HTTP/1.1 parser: what is taken, what is refused, and by which status.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "web/http_parse.h"

static const HttpLimits limits = {.max_url_size = 100, .max_head_size = 600, .max_body_size = 1000};

static HttpHead head;
static HttpFault fault;

/* 0 when it is a good head, else the status of the refusal; -1: not complete */
static int
parse(const char *text)
{
	size_t len = strlen(text);
	size_t scanned = 0;
	size_t head_len = 0;

	memset(&head, 0, sizeof(head));
	memset(&fault, 0, sizeof(fault));
	switch (http_scan_head(text, len, &scanned, &limits, &head_len, &fault))
	{
		case HTTP_PARSE_MORE:
			return -1;
		case HTTP_PARSE_FAULT:
			return fault.status;
		case HTTP_PARSE_DONE:
			break;
	}
	if (http_parse_head(text, head_len, &limits, &head, &fault) == HTTP_PARSE_FAULT)
		return fault.status;
	return 0;
}

static void
good_heads(void)
{
	is_int(parse("GET /v1/events?a=b&c HTTP/1.1\r\nHost: x\r\n\r\n"), 0, "a request");
	ok(head.method == HTTP_GET && head.minor == 1 && head.keep_alive, "GET, 1.1, kept alive");
	ok(head.path.len == 10 && head.query.len == 5, "path and query");
	is_int(parse("POST / HTTP/1.0\r\nContent-Length: 12\r\n\r\n"), 0, "1.0 needs no Host");
	ok(!head.keep_alive && head.has_length && head.content_length == 12, "closed, with a length");
	is_int(parse("GET / HTTP/1.1\r\nhOsT:x\r\nConnection: Upgrade, close\r\n\r\n"), 0,
		   "names in any case");
	ok(head.upgrade && !head.keep_alive, "a list in Connection");
	is_int(parse("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"), 0, "chunked");
	ok(head.chunked, "in any case");
	is_int(parse("BREW / HTTP/1.1\r\nHost: x\r\nX: \t padded \t\r\n\r\n"), 0, "another method");
	ok(head.method == HTTP_OTHER, "is told apart");
	ok(http_find_header(&head, "x") != NULL && http_find_header(&head, "x")->value.len == 6,
	   "values without white space around");
	is_int(parse("GET / HTTP/1.1\r\nHost: x\r\n"), -1, "half a head is waited for");
	is_int(parse(""), -1, "nothing is waited for");
	is_int((int64_t) http_skip_empty_lines("\r\n\r\nGET", 7), 4, "empty lines before a request");
}

static void
bad_heads(void)
{
	static const struct
	{
		const char *text;
		int status;
	} bad[] = {
		{"GET / HTTP/1.1\nHost: x\n\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
		{"GET /\r\nHost: x\r\n\r\n", 400},
		{" GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		 400},
		{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
		{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	};
	char text[2000];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		int status = parse(bad[i].text);

		if (!check(status == bad[i].status))
			printf("#   %d instead of %d for:\n#   %.60s\n", status, bad[i].status, bad[i].text);
	}
	checks_held("whatever can be read in two ways is refused");

	snprintf(text, sizeof(text), "GET /%0200d HTTP/1.1\r\nHost: x\r\n\r\n", 0);
	is_int(parse(text), 414, "a URL that is too long");
	snprintf(text, sizeof(text), "GET /%0200d", 0);
	is_int(parse(text), 414, "is refused before it has ended");
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\nA: %0700d", 0);
	is_int(parse(text), 431, "so is a head that is too long");
}

/* the status of the refusal, 0 when it is complete, -1 when it waits; decoded into body */
static int
read_chunked(const char *text, size_t piece, char *body, size_t *rest)
{
	HttpChunked chunked = {0};
	size_t len = strlen(text);
	size_t at = 0;
	HttpParse result = HTTP_PARSE_MORE;

	*body = '\0';
	while (at < len && result == HTTP_PARSE_MORE)
	{
		size_t give = len - at < piece ? len - at : piece;
		size_t used = 0;
		HttpSlice data = {NULL, 0};

		result = http_chunked_read(&chunked, text + at, give, &limits, &used, &data, &fault);
		if (data.len > 0)
			strncat(body, data.at, data.len);
		if (!check(used > 0 || result != HTTP_PARSE_MORE))
			break;
		at += used;
	}
	*rest = len - at;
	return result == HTTP_PARSE_DONE ? 0 : result == HTTP_PARSE_MORE ? -1 : fault.status;
}

static void
chunked_bodies(void)
{
	static const char good[] =
		"3\r\nabc\r\n0A;ext=\"1\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET";
	static const char *const bad[] = {
		"\r\n",
		"g\r\n",
		"3\nabc\r\n",
		"3\r\nabcd\r\n",
		"3\r\nabc\n0\r\n\r\n",
		"-1\r\n",
		"0x3\r\n",
		"11111111111111111\r\n",
		" 3\r\nabc\r\n",
		"0\r\nTrailer\n\r\n",
	};
	char body[1200];
	size_t rest;

	for (size_t piece = 1; piece < sizeof(good); piece++)
	{
		check(read_chunked(good, piece, body, &rest) == 0);
		check(strcmp(body, "abc0123456789") == 0 && rest == 3);
	}
	checks_held("a chunked body in pieces of any size");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		if (!check(read_chunked(bad[i], 100, body, &rest) == 400))
			printf("#   %s\n", bad[i]);
	}
	checks_held("malformed chunks are refused");
	is_int(read_chunked("3e9\r\n", 100, body, &rest), 413, "as is a body that is too large");
	is_int(read_chunked("3\r\nab", 100, body, &rest), -1, "half a body is waited for");
}

int
main(void)
{
	good_heads();
	bad_heads();
	chunked_bodies();
	return tap_done();
}
