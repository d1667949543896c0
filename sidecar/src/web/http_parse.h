/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_parse.h: a small, strict HTTP/1.1 message parser (RFC 9112).
 *
 * It knows bytes only: no socket, no allocation, no library, so that it is
 * fuzzed and tested alone.  Strict means that whatever two programs could
 * read in two ways is refused: a bare LF, a folded header line, white space
 * before a colon, a repeated or malformed Content-Length, Content-Length
 * beside Transfer-Encoding, a transfer coding other than "chunked", a
 * missing or repeated Host, control characters anywhere.
 *
 * Reading a request is three steps, each of which can be told to go on when
 * more bytes have come:
 *
 *	 http_scan_head()	is the head complete?  (resumes where it stopped)
 *	 http_parse_head()	the whole head, once, into slices of those bytes
 *	 http_chunked_read() decodes a chunked body, piece by piece
 *
 * Every refusal carries the status code to answer with and a sentence for
 * the problem document.
 */
#ifndef WEB_HTTP_PARSE_H
#define WEB_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HTTP_MAX_HEADERS 100

typedef enum HttpMethod
{
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_OPTIONS,
	HTTP_OTHER /* a well-formed token that we do not serve */
} HttpMethod;

/* A piece of someone else's memory; not ended by NUL. */
typedef struct HttpSlice
{
	const char *at;
	size_t len;
} HttpSlice;

typedef struct HttpHeader
{
	HttpSlice name;	 /* as sent; compare with http_slice_is() */
	HttpSlice value; /* without surrounding white space */
} HttpHeader;

typedef struct HttpLimits
{
	size_t max_url_size;	/* request target; more is 414 */
	size_t max_head_size;	/* whole head; more is 431 */
	uint64_t max_body_size; /* Content-Length beyond it is 413 */
} HttpLimits;

typedef struct HttpHead
{
	HttpMethod method;
	HttpSlice method_name;
	HttpSlice target;	  /* the request target as sent */
	HttpSlice path;		  /* up to '?', not decoded */
	HttpSlice query;	  /* after '?', not decoded; len 0 when none */
	int minor;			  /* 0 or 1: HTTP/1.0 or HTTP/1.1 */
	bool keep_alive;	  /* the connection may be used again */
	bool chunked;		  /* body is chunked */
	bool expect_continue; /* Expect: 100-continue */
	bool upgrade;		  /* Connection names "upgrade" */
	bool has_length;	  /* Content-Length given */
	uint64_t content_length;
	int nheaders;
	HttpHeader headers[HTTP_MAX_HEADERS];
} HttpHead;

/* Why a message was refused. */
typedef struct HttpFault
{
	int status;			/* 0: no fault */
	const char *detail; /* a sentence, static */
} HttpFault;

typedef enum HttpParse
{
	HTTP_PARSE_MORE, /* incomplete, no fault so far */
	HTTP_PARSE_DONE,
	HTTP_PARSE_FAULT /* see the HttpFault */
} HttpParse;

/*
 * Looks for the empty line that ends a head.  *scanned is the resume point
 * (0 at first); on DONE *head_len is the length of the head, its last CRLF
 * included.  Faults that need no complete head are found here: bare LF, NUL,
 * a request line or head beyond its limit.  Empty lines before the request
 * line are skipped by http_skip_empty_lines() first.
 */
extern HttpParse http_scan_head(const char *bytes, size_t len, size_t *scanned,
								const HttpLimits *limits, size_t *head_len, HttpFault *fault);

/* How many bytes of leading CRLF there are (RFC 9112 2.2 allows them). */
extern size_t http_skip_empty_lines(const char *bytes, size_t len);

/* Parses a complete head.  Slices point into bytes.  DONE or FAULT. */
extern HttpParse http_parse_head(const char *bytes, size_t len, const HttpLimits *limits,
								 HttpHead *head, HttpFault *fault);

/* The decoder of one chunked body; starts zeroed. */
typedef struct HttpChunked
{
	int state;
	uint64_t left;	  /* bytes left in this chunk */
	uint64_t total;	  /* body bytes so far */
	unsigned line;	  /* length of the current size or trailer line */
	unsigned trailer; /* length of all trailers */
} HttpChunked;

/*
 * Reads some of a chunked body.  *used is how many input bytes were taken;
 * *data is a slice of the input that belongs to the body (may be empty).
 * MORE: call again with the rest, or wait for bytes when all were used.
 * DONE: the body, trailers included, is complete; what follows *used is the
 * next request.
 */
extern HttpParse http_chunked_read(HttpChunked *chunked, const char *bytes, size_t len,
								   const HttpLimits *limits, size_t *used, HttpSlice *data,
								   HttpFault *fault);

/* Is this a word, which is as long and in lower case, in any case? */
extern bool http_slice_matches(HttpSlice slice, const char *lower);

/* Case-insensitive comparison with a lower-case word: nearly always lengths differ already. */
static inline bool
http_slice_is(HttpSlice slice, const char *lower)
{
	return slice.len == strlen(lower) && http_slice_matches(slice, lower);
}

extern const HttpHeader *http_find_header_of(const HttpHead *head, const char *name, size_t len);

/* The first header of this lower-case name, or NULL. */
static inline const HttpHeader *
http_find_header(const HttpHead *head, const char *name)
{
	return http_find_header_of(head, name, strlen(name));
}

/* Without blanks and tabs at its ends. */
extern HttpSlice http_slice_trimmed(HttpSlice slice);

/* Is the lower-case word an element of a comma-separated list header? */
extern bool http_list_has(const HttpHead *head, const char *name, const char *word);

/* Steps through a comma-separated list; false at its end.  Starts with *rest = whole value. */
extern bool http_list_next(HttpSlice *rest, HttpSlice *element);

extern bool http_is_token_char(unsigned char c);

#endif /* WEB_HTTP_PARSE_H */
