/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * params.c: reading the query string; see params.h.
 *
 * One table of names; each has a function that takes the decoded value (or,
 * for `topic`, the raw one).  A new parameter is a new line of it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "hub/cursor.h"
#include "web/filter.h"
#include "web/params.h"
#include "web/uri.h"

#define MAX_LABEL_SIZE 256 /* of clientId, name, version */

typedef struct Reading
{
	Params *params;
	const ParamsLimits *limits;
	ParamsFault *fault;
	HttpSlice raw; /* the value, escaped */
	char *value;   /* decoded, clean UTF-8, not empty */
	size_t len;
} Reading;

static bool refuse(ParamsFault *fault, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool
refuse(ParamsFault *fault, int status, const char *format, ...)
{
	va_list args;

	fault->status = status;
	va_start(args, format);
	vsnprintf(fault->detail, sizeof(fault->detail), format, args);
	va_end(args);
	return false;
}

static bool
set_cursor(Params *params, const char *text, size_t len, const char *what, ParamsFault *fault)
{
	Cursor cursor;

	if (!cursor_parse(text, len, &cursor))
		return refuse(fault, 400, "%s is not a cursor.", what);
	mem_free(params->cursor);
	params->cursor = mem_strndup(text, len);
	params->start = PARAMS_CURSOR;
	return true;
}

static bool
read_after(Reading *r)
{
	if (r->params->start != PARAMS_LATEST)
		return refuse(r->fault, 400, "after and since exclude each other.");
	if (strcmp(r->value, "latest") == 0)
		return true;
	if (strcmp(r->value, "earliest") == 0)
	{
		r->params->start = PARAMS_EARLIEST;
		return true;
	}
	return set_cursor(r->params, r->value, r->len, "after", r->fault);
}

static bool
read_since(Reading *r)
{
	if (r->params->start != PARAMS_LATEST)
		return refuse(r->fault, 400, "after and since exclude each other.");
	/* A '+' that was not escaped has become a blank. */
	if (r->len > 19)
		for (char *at = r->value + 19; *at != '\0'; at++)
			if (*at == ' ')
				*at = '+';
	if (!uri_is_rfc3339(r->value))
		return refuse(r->fault, 400, "since is not a time in the form of RFC 3339.");
	r->params->since = mem_strdup(r->value);
	r->params->start = PARAMS_SINCE;
	return true;
}

static bool
read_wait(Reading *r)
{
	char *end;
	double seconds = strtod(r->value, &end);

	if (strspn(r->value, "0123456789.") != r->len || *end != '\0' || r->value[0] == '.' ||
		r->len > 12)
		return refuse(r->fault, 400, "wait is not a number of seconds.");
	if (seconds * 1000 > r->limits->max_wait_ms)
		r->params->wait_ms = r->limits->max_wait_ms;
	else
		r->params->wait_ms = (int) (seconds * 1000);
	return true;
}

static bool
read_limit(Reading *r)
{
	long limit = strtol(r->value, NULL, 10);

	if (strspn(r->value, "0123456789") != r->len || r->len > 12 || limit < 1)
		return refuse(r->fault, 400, "limit is not a whole number from 1.");
	r->params->limit = limit > r->limits->max_limit ? r->limits->max_limit : (int) limit;
	return true;
}

static bool
read_topics(Reading *r)
{
	char detail[FILTER_DETAIL_SIZE];
	JsonError error;
	Json *root = json_parse(r->value, r->len, &error);
	bool good;

	if (root == NULL)
		return refuse(r->fault, 400, "topics is not JSON: %s.", error.message);
	good = filter_add_json_topics(&r->params->filter, root, r->limits->max_subscriptions, detail);
	json_release(root);
	return good || refuse(r->fault, 400, "topics: %s.", detail);
}

static bool
read_topic(Reading *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_topic(&r->params->filter, r->raw, r->limits->max_subscriptions, detail) ||
		   refuse(r->fault, 400, "topic: %s.", detail);
}

static bool
read_types(Reading *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_types(&r->params->filter, r->value, r->len, r->limits->max_subscriptions,
							detail) ||
		   refuse(r->fault, 400, "types: %s.", detail);
}

static bool
read_pattern(Reading *r)
{
	return refuse(r->fault, 501, "pattern is not supported yet.");
}

static bool
read_filter(Reading *r)
{
	return refuse(r->fault, 501, "filter is not supported yet.");
}

static bool
read_label(Reading *r, char **label, const char *name)
{
	if (r->len > MAX_LABEL_SIZE)
		return refuse(r->fault, 400, "%s is too long.", name);
	*label = mem_strdup(r->value);
	return true;
}

static bool
read_client_id(Reading *r)
{
	return read_label(r, &r->params->client_id, "clientId");
}

static bool
read_name(Reading *r)
{
	return read_label(r, &r->params->name, "name");
}

static bool
read_version(Reading *r)
{
	return read_label(r, &r->params->version, "version");
}

static const struct
{
	const char *name;
	bool (*read)(Reading *r);
	bool repeatable;
} parameters[] = {
	{"after", read_after, false},	{"since", read_since, false},
	{"wait", read_wait, false},		{"limit", read_limit, false},
	{"topics", read_topics, false}, {"topic", read_topic, true},
	{"types", read_types, true},	{"pattern", read_pattern, false},
	{"filter", read_filter, false}, {"clientId", read_client_id, false},
	{"name", read_name, false},		{"version", read_version, false},
};

#define PARAMETERS ((int) (sizeof(parameters) / sizeof(parameters[0])))

static bool
read_known(Reading *r, int which)
{
	bool good;

	r->value = uri_decode(r->raw, true, &r->len);
	if (r->value == NULL)
		return refuse(r->fault, 400, "%s has a broken percent escape.", parameters[which].name);
	if (!filter_text_is_clean(r->value, r->len))
		good = refuse(r->fault, 400, "%s is not UTF-8, or has a control character.",
					  parameters[which].name);
	else if (r->len == 0)
		good = refuse(r->fault, 400, "%s is empty.", parameters[which].name);
	else
		good = parameters[which].read(r);
	mem_free(r->value);
	return good;
}

/* One name=value; seen is a set of bits of the names that came already. */
static bool
read_pair(Reading *r, HttpSlice pair, unsigned *seen)
{
	const char *equals = memchr(pair.at, '=', pair.len);
	size_t name_len = equals != NULL ? (size_t) (equals - pair.at) : pair.len;
	size_t len;
	char *name = uri_decode((HttpSlice) {pair.at, name_len}, true, &len);
	int which = 0;

	r->raw = equals != NULL ? (HttpSlice) {equals + 1, pair.len - name_len - 1}
							: (HttpSlice) {pair.at + pair.len, 0};
	while (name != NULL && which < PARAMETERS && strcmp(parameters[which].name, name) != 0)
		which++;
	if (name == NULL || which == PARAMETERS || strlen(name) != len)
	{
		bool printable = name != NULL && len <= 64 && strlen(name) == len &&
						 filter_text_is_clean(name, len);

		refuse(r->fault, 400, "There is no parameter %s.",
			   printable ? name : "of the name that was given");
		mem_free(name);
		return false;
	}
	mem_free(name);
	if ((*seen & (1u << which)) != 0 && !parameters[which].repeatable)
		return refuse(r->fault, 400, "%s is given more than once.", parameters[which].name);
	*seen |= 1u << which;
	return read_known(r, which);
}

bool
params_parse(Params *params, HttpSlice query_string, HttpSlice last_event_id,
			 const ParamsLimits *limits, ParamsFault *fault)
{
	Reading r = {.params = params, .limits = limits, .fault = fault};
	HttpSlice rest = query_string;
	unsigned seen = 0;
	bool good = true;

	memset(params, 0, sizeof(*params));
	params->wait_ms = params->limit = -1;
	while (good && rest.len > 0)
	{
		const char *and = memchr(rest.at, '&', rest.len);
		size_t len = and != NULL ? (size_t) (and-rest.at) : rest.len;

		if (len > 0)
			good = read_pair(&r, (HttpSlice) {rest.at, len}, &seen);
		rest.at += and != NULL ? len + 1 : len;
		rest.len -= and != NULL ? len + 1 : len;
	}
	if (good && last_event_id.len > 0)
		good = set_cursor(params, last_event_id.at, last_event_id.len, "Last-Event-ID", fault);
	if (!good)
		params_clear(params);
	return good;
}

void
params_clear(Params *params)
{
	mem_free(params->cursor);
	mem_free(params->since);
	mem_free(params->client_id);
	mem_free(params->name);
	mem_free(params->version);
	filter_free(&params->filter);
	memset(params, 0, sizeof(*params));
}
