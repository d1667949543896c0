/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_parse.c: request heads; see http_parse.h.
 *
 * A head is scanned for its end as bytes come, and parsed once, when it is
 * whole.  Scanning goes line by line and remembers where the current line
 * began, so that a client who sends a byte at a time costs a memchr of one
 * line for each.  What can be refused without the end is refused while
 * scanning: a bare LF would otherwise look like a head that never ends.
 *
 * The character classes are one table of bits.  Everything outside of the
 * grammar is a fault; nothing is repaired.
 */
#include <string.h>

#include "web/http_parse.h"

#define CLASS_TOKEN 1  /* RFC 9110 tchar */
#define CLASS_TARGET 2 /* what a request target may hold */
#define CLASS_VALUE 4  /* what a field value may hold */
#define CLASS_HOST 8   /* uri-host [":" port] */

#define METHOD_MAX_SIZE 32
#define VERSION_SIZE 8 /* "HTTP/1.1" */

static unsigned char classes[256];

/* Before main(), so that looking a character up is nothing else. */
__attribute__((constructor)) static void
fill_classes(void)
{
	const char *marks = "!#$%&'*+-.^_`|~";
	const char *host = "-._~%!$&'()*+,;=:[]";

	for (int i = 1; i < 256; i++)
	{
		bool alnum = (i >= '0' && i <= '9') || (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');

		if (alnum || strchr(marks, i) != NULL)
			classes[i] |= CLASS_TOKEN;
		if (alnum || strchr(host, i) != NULL)
			classes[i] |= CLASS_HOST;
		if (i > 0x20 && i < 0x7f && i != '#')
			classes[i] |= CLASS_TARGET;
		if ((i >= 0x20 && i != 0x7f) || i == '\t')
			classes[i] |= CLASS_VALUE;
	}
}

bool
http_is_token_char(unsigned char c)
{
	return (classes[c] & CLASS_TOKEN) != 0;
}

static bool
all_of_class(HttpSlice slice, unsigned char class)
{
	unsigned char common = class;

	/* Nearly all are: without a branch for each. */
	for (size_t i = 0; i < slice.len; i++)
		common &= classes[(unsigned char) slice.at[i]];
	return common != 0;
}

static HttpParse
refuse(HttpFault *fault, int status, const char *detail)
{
	fault->status = status;
	fault->detail = detail;
	return HTTP_PARSE_FAULT;
}

size_t
http_skip_empty_lines(const char *bytes, size_t len)
{
	size_t at = 0;

	while (at + 2 <= len && bytes[at] == '\r' && bytes[at + 1] == '\n')
		at += 2;
	return at;
}

HttpParse
http_scan_head(const char *bytes, size_t len, size_t *scanned, const HttpLimits *limits,
			   size_t *head_len, HttpFault *fault)
{
	/* A lone CR may be half of an empty line that comes before the request. */
	if (len > 0 && !http_is_token_char((unsigned char) bytes[0]) && !(len == 1 && bytes[0] == '\r'))
		return refuse(fault, 400,
					  bytes[0] == 0x16 ? "This port speaks plain HTTP, not TLS."
									   : "The request does not begin with a method.");

	for (;;)
	{
		const char *line = bytes + *scanned;
		size_t left = len - *scanned;
		const char *lf = left > 0 ? memchr(line, '\n', left) : NULL;

		if (lf == NULL)
		{
			if (left > 0 && memchr(line, '\0', left) != NULL)
				return refuse(fault, 400, "There is a NUL in the head.");
			if (*scanned == 0 && left > METHOD_MAX_SIZE &&
				memchr(line, ' ', METHOD_MAX_SIZE + 1) == NULL)
				return refuse(fault, 501, "The method is not known here.");
			if (*scanned == 0 && left > limits->max_url_size + METHOD_MAX_SIZE + VERSION_SIZE + 4)
				return refuse(fault, 414, "The request target is too long.");
			if (len >= limits->max_head_size)
				return refuse(fault, 431, "The request head is too large.");
			return HTTP_PARSE_MORE;
		}
		if (lf == line || lf[-1] != '\r')
			return refuse(fault, 400, "A line of the head ends in a bare line feed.");
		*scanned = (size_t) (lf + 1 - bytes);
		if (*scanned > limits->max_head_size)
			return refuse(fault, 431, "The request head is too large.");
		if (lf == line + 1)
		{
			*head_len = *scanned;
			return HTTP_PARSE_DONE;
		}
	}
}

static HttpMethod
method_of(HttpSlice name)
{
	/* Methods are case-sensitive. */
	static const struct
	{
		const char *name;
		HttpMethod method;
	} known[] = {
		{"GET", HTTP_GET}, {"HEAD", HTTP_HEAD},		  {"POST", HTTP_POST},
		{"PUT", HTTP_PUT}, {"OPTIONS", HTTP_OPTIONS},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == name.len && memcmp(known[i].name, name.at, name.len) == 0)
			return known[i].method;
	return HTTP_OTHER;
}

/* The target: origin-form, absolute-form, or "*" with OPTIONS. */
static HttpParse
parse_target(HttpHead *head, HttpFault *fault)
{
	HttpSlice rest = head->target;
	const char *mark;

	if (rest.len == 1 && rest.at[0] == '*')
	{
		if (head->method != HTTP_OPTIONS)
			return refuse(fault, 400, "The request target \"*\" goes with OPTIONS only.");
		head->path = rest;
		head->query = (HttpSlice) {rest.at + 1, 0};
		return HTTP_PARSE_DONE;
	}
	if (rest.at[0] != '/')
	{
		size_t scheme = 0;

		if (rest.len > 7 && http_slice_is((HttpSlice) {rest.at, 7}, "http://"))
			scheme = 7;
		else if (rest.len > 8 && http_slice_is((HttpSlice) {rest.at, 8}, "https://"))
			scheme = 8;
		if (scheme == 0)
			return refuse(fault, 400, "The request target is not a path.");
		mark = memchr(rest.at + scheme, '/', rest.len - scheme);
		if (mark == NULL || mark == rest.at + scheme)
			return refuse(fault, 400, "The request target is not a path.");
		rest.len -= (size_t) (mark - rest.at);
		rest.at = mark;
	}
	mark = memchr(rest.at, '?', rest.len);
	head->path = (HttpSlice) {rest.at, mark != NULL ? (size_t) (mark - rest.at) : rest.len};
	head->query = mark != NULL ? (HttpSlice) {mark + 1, rest.len - head->path.len - 1}
							   : (HttpSlice) {rest.at + rest.len, 0};
	return HTTP_PARSE_DONE;
}

static HttpParse
parse_version(HttpHead *head, HttpSlice version, HttpFault *fault)
{
	const char *at = version.at;

	if (version.len != VERSION_SIZE || memcmp(at, "HTTP/", 5) != 0 || at[6] != '.' || at[5] < '0' ||
		at[5] > '9' || at[7] < '0' || at[7] > '9')
		return refuse(fault, 400, "The request line does not end in an HTTP version.");
	if (at[5] != '1')
		return refuse(fault, 505, "This server speaks HTTP/1.1 and HTTP/1.0.");
	head->minor = at[7] == '0' ? 0 : 1;
	return HTTP_PARSE_DONE;
}

static HttpParse
parse_request_line(HttpSlice line, const HttpLimits *limits, HttpHead *head, HttpFault *fault)
{
	const char *first = memchr(line.at, ' ', line.len);
	const char *end = line.at + line.len;
	const char *second = first != NULL ? memchr(first + 1, ' ', (size_t) (end - first - 1)) : NULL;

	if (first == NULL || second == NULL)
		return refuse(fault, 400, "The request line is not \"method target version\".");
	head->method_name = (HttpSlice) {line.at, (size_t) (first - line.at)};
	head->target = (HttpSlice) {first + 1, (size_t) (second - first - 1)};
	if (head->method_name.len == 0 || !all_of_class(head->method_name, CLASS_TOKEN))
		return refuse(fault, 400, "The method is malformed.");
	if (head->method_name.len > METHOD_MAX_SIZE)
		return refuse(fault, 501, "The method is not known here.");
	if (parse_version(head, (HttpSlice) {second + 1, (size_t) (end - second - 1)}, fault) ==
		HTTP_PARSE_FAULT)
		return HTTP_PARSE_FAULT;
	if (head->target.len == 0 || !all_of_class(head->target, CLASS_TARGET))
		return refuse(fault, 400, "The request target is malformed.");
	if (head->target.len > limits->max_url_size)
		return refuse(fault, 414, "The request target is too long.");
	head->method = method_of(head->method_name);
	return parse_target(head, fault);
}

static HttpParse
parse_header_line(HttpSlice line, HttpHead *head, HttpFault *fault)
{
	const char *colon;
	HttpHeader *header;

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return refuse(fault, 400, "A header line is folded.");
	if (head->nheaders == HTTP_MAX_HEADERS)
		return refuse(fault, 431, "The request has too many header lines.");
	colon = memchr(line.at, ':', line.len);
	if (colon == NULL)
		return refuse(fault, 400, "A header line has no colon.");
	header = &head->headers[head->nheaders++];
	header->name = (HttpSlice) {line.at, (size_t) (colon - line.at)};
	header->value = http_slice_trimmed((HttpSlice) {colon + 1, line.len - header->name.len - 1});
	if (header->name.len == 0 || !all_of_class(header->name, CLASS_TOKEN))
		return refuse(fault, 400, "A header name is malformed.");
	if (!all_of_class(header->value, CLASS_VALUE))
		return refuse(fault, 400, "A header value has a control character.");
	return HTTP_PARSE_DONE;
}

static HttpParse
note_content_length(HttpHead *head, HttpSlice value, const HttpLimits *limits, HttpFault *fault)
{
	if (head->has_length)
		return refuse(fault, 400, "There is more than one Content-Length.");
	if (value.len == 0 || value.len > 18)
		return refuse(fault, 400, "Content-Length is malformed.");
	for (size_t i = 0; i < value.len; i++)
	{
		if (value.at[i] < '0' || value.at[i] > '9')
			return refuse(fault, 400, "Content-Length is malformed.");
		head->content_length = head->content_length * 10 + (uint64_t) (value.at[i] - '0');
	}
	head->has_length = true;
	if (head->content_length > limits->max_body_size)
		return refuse(fault, 413, "The request body is larger than this server takes.");
	return HTTP_PARSE_DONE;
}

/* A body whose end cannot be found is malformed; one that can is only unknown. */
static HttpParse
refuse_coding(HttpSlice value, HttpFault *fault)
{
	HttpSlice rest = value;
	HttpSlice coding;
	bool chunked_last = false;
	int chunked = 0;

	while (http_list_next(&rest, &coding))
	{
		chunked_last = http_slice_is(coding, "chunked");
		chunked += chunked_last;
	}
	if (chunked != 1 || !chunked_last)
		return refuse(fault, 400, "Transfer-Encoding does not end in chunked.");
	return refuse(fault, 501, "The only transfer coding known here is chunked.");
}

static HttpParse
note_transfer_encoding(HttpHead *head, HttpSlice value, HttpFault *fault)
{
	if (head->minor == 0)
		return refuse(fault, 400, "Transfer-Encoding does not belong to HTTP/1.0.");
	if (head->chunked)
		return refuse(fault, 400, "There is more than one Transfer-Encoding.");
	if (!http_slice_is(value, "chunked"))
		return refuse_coding(value, fault);
	head->chunked = true;
	return HTTP_PARSE_DONE;
}

/* The headers that decide how the message is framed, and by whom it is meant. */
static HttpParse
apply_headers(HttpHead *head, const HttpLimits *limits, HttpFault *fault)
{
	int hosts = 0;

	for (int i = 0; i < head->nheaders; i++)
	{
		HttpHeader *header = &head->headers[i];
		HttpParse parse = HTTP_PARSE_DONE;

		if (http_slice_is(header->name, "host"))
		{
			hosts++;
			if (header->value.len == 0 || !all_of_class(header->value, CLASS_HOST))
				return refuse(fault, 400, "Host is malformed.");
		}
		else if (http_slice_is(header->name, "content-length"))
			parse = note_content_length(head, header->value, limits, fault);
		else if (http_slice_is(header->name, "transfer-encoding"))
			parse = note_transfer_encoding(head, header->value, fault);
		else if (http_slice_is(header->name, "expect"))
		{
			if (!http_slice_is(header->value, "100-continue"))
				return refuse(fault, 417, "The only expectation known here is 100-continue.");
			head->expect_continue = head->minor > 0;
		}
		if (parse == HTTP_PARSE_FAULT)
			return parse;
	}
	if (hosts > 1)
		return refuse(fault, 400, "There is more than one Host.");
	if (hosts == 0 && head->minor > 0)
		return refuse(fault, 400, "Host is missing.");
	if (head->chunked && head->has_length)
		return refuse(fault, 400, "Content-Length and Transfer-Encoding exclude each other.");
	head->upgrade = http_list_has(head, "connection", "upgrade");
	head->keep_alive = head->minor > 0 ? !http_list_has(head, "connection", "close")
									   : http_list_has(head, "connection", "keep-alive");
	return HTTP_PARSE_DONE;
}

HttpParse
http_parse_head(const char *bytes, size_t len, const HttpLimits *limits, HttpHead *head,
				HttpFault *fault)
{
	const char *at = bytes;
	const char *end = bytes + len;
	bool first = true;

	memset(head, 0, offsetof(HttpHead, headers));
	while (at < end)
	{
		const char *lf = memchr(at, '\n', (size_t) (end - at));
		HttpSlice line;

		if (lf == NULL || lf == at || lf[-1] != '\r')
			return refuse(fault, 400, "A line of the head ends in a bare line feed.");
		line = (HttpSlice) {at, (size_t) (lf - at - 1)};
		at = lf + 1;
		if (first)
		{
			if (parse_request_line(line, limits, head, fault) == HTTP_PARSE_FAULT)
				return HTTP_PARSE_FAULT;
			first = false;
		}
		else if (line.len == 0)
			return at == end ? apply_headers(head, limits, fault)
							 : refuse(fault, 400, "The head is malformed.");
		else if (parse_header_line(line, head, fault) == HTTP_PARSE_FAULT)
			return HTTP_PARSE_FAULT;
	}
	return refuse(fault, 400, "The head is incomplete.");
}
