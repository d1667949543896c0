/*
 * schema_strings_fuzz.c - patterns, URIs and formats of JSON Schema.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The first line of the input is a pattern, a base URI and a format's value at once, the second
 * one a string to match and a reference.  What the parser of ECMA-262 takes, PCRE2 must take too,
 * unless one of its limits is passed; a resolved reference must not change when it is resolved
 * again; and what one format takes, a wider one must.
 */
#include "postgres.h"

#include "base/rfc3339.h"
#include "fuzz.h"
#include "mb/pg_wchar.h"
#include "schema/format.h"
#include "schema/pattern.h"
#include "schema/uri.h"
#include "server.h"

typedef struct Case
{
	char *first, *second; /* with exact sizes; first_text and second_text have a NUL */
	int first_length, second_length;
	char *first_text, *second_text;
} Case;

/* Whatever one takes, the other must. */
static const EvFormat narrower_wider[][2] = {
	{EV_FORMAT_URI, EV_FORMAT_URI_REFERENCE},
	{EV_FORMAT_URI, EV_FORMAT_IRI},
	{EV_FORMAT_IRI, EV_FORMAT_IRI_REFERENCE},
	{EV_FORMAT_URI_REFERENCE, EV_FORMAT_IRI_REFERENCE},
	{EV_FORMAT_HOSTNAME, EV_FORMAT_IDN_HOSTNAME},
};

static bool
is_limit(const char *message)
{
	static const char *const limits[] = {"too large", "deeply nested", "fixed length",
										 "too long",  "too many",	   "unknown property",
										 "too big",	  "limit"};

	for (int i = 0; i < lengthof(limits); i++)
	{
		if (strstr(message, limits[i]))
			return true;
	}
	return false;
}

static void
try_pattern(void *argument)
{
	Case *c = argument;
	const char *message;
	int offset = -1;
	bool valid = ev_pattern_is_valid(c->first, c->first_length);
	EvPattern *pattern = ev_pattern_compile(c->first, c->first_length, &message, &offset);

	if (!pattern)
	{
		must(offset >= 0 && offset <= c->first_length);
		if (valid && !is_limit(message))
			fprintf(stderr, "PCRE2 says: %s\n", message);
		must(!valid || is_limit(message));
		return;
	}
	must(valid);
	for (int i = 0; i < 4; i++)
		ev_pattern_matches(pattern, c->second, c->second_length);
}

static void
try_uri(void *argument)
{
	Case *c = argument;
	char *resolved = ev_uri_resolve(ev_uri_resolve("", c->first_text), c->second_text);
	const char *fragment;

	must(strcmp(ev_uri_resolve("", resolved), resolved) == 0);
	if (ev_uri_is_valid(c->first, c->first_length, true, false) &&
		ev_uri_is_valid(c->second, c->second_length, false, false))
		must(ev_uri_is_valid(resolved, strlen(resolved), true, false));
	must(strchr(ev_uri_split_fragment(c->first_text, &fragment), '#') == NULL);
	ev_uri_decode(c->first_text);
}

static void
try_formats(void *argument)
{
	Case *c = argument;
	bool matches[EV_FORMAT_REGEX + 1];
	TimestampTz t;

	for (EvFormat format = EV_FORMAT_NONE; format <= EV_FORMAT_REGEX; format++)
		matches[format] = ev_format_matches(format, c->first, c->first_length, EV_DRAFT_2020_12);
	for (int i = 0; i < lengthof(narrower_wider); i++)
		must(!matches[narrower_wider[i][0]] || matches[narrower_wider[i][1]]);
	if (matches[EV_FORMAT_DATE_TIME])
		must(ev_rfc3339_parse(c->first, c->first_length, &t));
}

static bool
is_utf8(const char *s, int length)
{
	return pg_encoding_verifymbstr(PG_UTF8, s, length) == length;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
	Case c = {0};

	if (size > 0 && memchr(data, '\0', size))
		return 0;
	c.first_length = line ? line - data : (int) size;
	c.second_length = line ? (int) size - c.first_length - 1 : 0;
	c.first = fuzz_copy(data, c.first_length);
	c.second = fuzz_copy(line ? line + 1 : data, c.second_length);
	c.first_text = strndup((const char *) data, c.first_length);
	c.second_text = strndup(line ? (const char *) line + 1 : "", c.second_length);
	if (is_utf8(c.first, c.first_length) && is_utf8(c.second, c.second_length))
		server_run(try_pattern, &c);
	must(server_run(try_uri, &c));
	must(server_run(try_formats, &c));
	server_reset();
	free(c.first);
	free(c.second);
	free(c.first_text);
	free(c.second_text);
	return 0;
}
