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
#define FILTER_KEY_SIZE 512
#define SMALL_QUERY_SIZE 512

typedef struct Reading
{
	Params *params;
	const ParamsLimits *limits;
	ParamsFault *fault;
	HttpSlice raw; /* the value, escaped */
	char *value;   /* decoded, clean UTF-8, not empty */
	size_t len;
	bool filters;  /* read the filter, and nothing else; or the other way round */
	unsigned seen; /* bits of the names that came already */
	size_t key_len;
} Reading;

/* Of the request that is being read: filter parameters one after the other. */
static char filter_key[FILTER_KEY_SIZE];

static bool refuse(ParamsFault *fault, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool
refuse(ParamsFault *fault, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fault->detail, sizeof(fault->detail), format, args);
	va_end(args);
	return false;
}

static bool
set_cursor(Params *params, const char *text, size_t len, const char *what, ParamsFault *fault)
{
	if (!cursor_parse(text, len, &params->after))
		return refuse(fault, "%s is not a cursor.", what);
	params->start = PARAMS_CURSOR;
	return true;
}

static bool
read_after(Reading *r)
{
	if (r->params->start != PARAMS_LATEST)
		return refuse(r->fault, "after and since exclude each other.");
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
		return refuse(r->fault, "after and since exclude each other.");
	if (!uri_mend_rfc3339(r->value, r->len))
		return refuse(r->fault, "since is not a time in the form of RFC 3339.");
	r->params->since = mem_strdup(r->value);
	r->params->start = PARAMS_SINCE;
	return true;
}

/* Seconds with at most three decimals, as milliseconds; -1 when it is no such number. */
static int64_t
milliseconds(const char *text, size_t len)
{
	const char *point = memchr(text, '.', len);
	size_t whole = point != NULL ? (size_t) (point - text) : len;
	int64_t value = 0;

	if (whole == 0 || whole > 12 || whole + 1 == len)
		return -1;
	for (size_t i = 0; i < whole + 4; i++)
	{
		char c = i < len && i != whole ? text[i] : '0';

		if (c < '0' || c > '9')
			return -1;
		if (i != whole)
			value = value * 10 + (c - '0');
	}
	for (size_t i = whole + 4; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return -1;
	return value;
}

static bool
read_wait(Reading *r)
{
	int64_t wait = milliseconds(r->value, r->len);

	if (wait < 0)
		return refuse(r->fault, "wait is not a number of seconds.");
	r->params->wait_ms = wait > r->limits->max_wait_ms ? r->limits->max_wait_ms : (int) wait;
	return true;
}

static bool
read_limit(Reading *r)
{
	long limit = strtol(r->value, NULL, 10);

	if (strspn(r->value, "0123456789") != r->len || r->len > 12 || limit < 1)
		return refuse(r->fault, "limit is not a whole number from 1.");
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
		return refuse(r->fault, "topics is not JSON: %s.", error.message);
	good = filter_add_json_topics(&r->params->filter, root, r->limits->max_subscriptions, detail);
	json_release(root);
	return good || refuse(r->fault, "topics: %s.", detail);
}

static bool
read_topic(Reading *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_topic(&r->params->filter, r->raw, r->limits->max_subscriptions, detail) ||
		   refuse(r->fault, "topic: %s.", detail);
}

static bool
read_types(Reading *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_types(&r->params->filter, r->value, r->len, r->limits->max_subscriptions,
							detail) ||
		   refuse(r->fault, "types: %s.", detail);
}

static bool
read_text(Reading *r, char **text)
{
	const Params *params = r->params;
	size_t size = r->len + (params->pattern != NULL ? strlen(params->pattern) : 0) +
				  (params->expression != NULL ? strlen(params->expression) : 0);

	if (size > r->limits->max_filter_size)
		return refuse(r->fault, "pattern and filter are longer than %zu bytes.",
					  r->limits->max_filter_size);
	if (params->filter.topic_count + params->filter.types.count >= r->limits->max_subscriptions)
		return refuse(r->fault, "more than %d topics, types and filters were asked for.",
					  r->limits->max_subscriptions);
	*text = mem_strndup(r->value, r->len);
	return true;
}

static bool
read_pattern(Reading *r)
{
	return read_text(r, &r->params->pattern);
}

static bool
read_filter(Reading *r)
{
	return read_text(r, &r->params->expression);
}

static bool
read_label(Reading *r, char **label, const char *name)
{
	if (r->len > MAX_LABEL_SIZE)
		return refuse(r->fault, "%s is too long.", name);
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
	size_t name_len;
	bool (*read)(Reading *r);
	bool repeatable;
	bool filters;
	bool has_lines; /* line breaks and tabs are good */
} parameters[] = {
#define PARAMETER(name) name, sizeof(name) - 1
	{PARAMETER("after"), read_after, false, false, false},
	{PARAMETER("wait"), read_wait, false, false, false},
	{PARAMETER("types"), read_types, true, true, false},
	{PARAMETER("topic"), read_topic, true, true, false},
	{PARAMETER("topics"), read_topics, false, true, false},
	{PARAMETER("limit"), read_limit, false, false, false},
	{PARAMETER("since"), read_since, false, false, false},
	{PARAMETER("pattern"), read_pattern, false, true, true},
	{PARAMETER("filter"), read_filter, false, true, true},
	{PARAMETER("clientId"), read_client_id, false, false, false},
	{PARAMETER("name"), read_name, false, false, false},
	{PARAMETER("version"), read_version, false, false, false},
#undef PARAMETER
};

#define PARAMETERS ((int) (sizeof(parameters) / sizeof(parameters[0])))

static bool
read_known(Reading *r, int which)
{
	if (!uri_decode_to(r->value, r->raw, true, &r->len))
		return refuse(r->fault, "%s has a broken percent escape.", parameters[which].name);
	if (!(parameters[which].has_lines ? filter_lines_are_clean(r->value, r->len)
									  : filter_text_is_clean(r->value, r->len)))
		return refuse(r->fault, "%s is not UTF-8, or has a control character.",
					  parameters[which].name);
	if (r->len == 0)
		return refuse(r->fault, "%s is empty.", parameters[which].name);
	return parameters[which].read(r);
}

/* A filter parameter in the first half: only noted. */
static void
note_filter(Reading *r, HttpSlice pair)
{
	r->params->has_filter = true;
	if (r->key_len + pair.len + 1 > FILTER_KEY_SIZE)
		r->key_len = FILTER_KEY_SIZE + 1;
	if (r->key_len > FILTER_KEY_SIZE)
		return;
	memcpy(filter_key + r->key_len, pair.at, pair.len);
	r->key_len += pair.len;
	filter_key[r->key_len++] = '&';
}

static int
find_parameter(const char *name, size_t len)
{
	for (int i = 0; i < PARAMETERS; i++)
		if (parameters[i].name_len == len && memcmp(parameters[i].name, name, len) == 0)
			return i;
	return -1;
}

static bool
refuse_unknown(Reading *r, const char *name, size_t len)
{
	bool printable = len <= 64 && filter_text_is_clean(name, len);

	return refuse(r->fault, "There is no parameter %.*s.", printable ? (int) len : 27,
				  printable ? name : "of the name that was given");
}

/* One name=value, the value in r->raw. */
static bool
read_pair(Reading *r, HttpSlice name)
{
	size_t len = 0;
	int which;

	/* hardly anybody escapes a name that needs it not */
	which = find_parameter(name.at, name.len);
	if (which < 0)
	{
		if (!uri_decode_to(r->value, name, true, &len))
			return refuse(r->fault, "A parameter's name has a broken percent escape.");
		which = find_parameter(r->value, len);
	}
	if (which < 0)
		return refuse_unknown(r, r->value, len);
	if ((r->seen & (1u << which)) != 0 && !parameters[which].repeatable)
		return refuse(r->fault, "%s is given more than once.", parameters[which].name);
	r->seen |= 1u << which;
	if (parameters[which].filters == r->filters)
		return read_known(r, which);
	if (!r->filters)
		note_filter(r, (HttpSlice) {name.at, (size_t) (r->raw.at + r->raw.len - name.at)});
	return true;
}

static bool
read_pairs(Reading *r, HttpSlice rest)
{
	char small[SMALL_QUERY_SIZE];
	char *large = rest.len < sizeof(small) ? NULL : mem_alloc(rest.len + 1);
	HttpSlice name;
	bool good = true;

	r->value = large != NULL ? large : small;
	while (good && uri_next_pair(&rest, &name, &r->raw))
		good = read_pair(r, name);
	mem_free(large);
	return good;
}

bool
params_scan(Params *params, HttpSlice query_string, HttpSlice last_event_id,
			const ParamsLimits *limits, ParamsFault *fault)
{
	Reading r = {.params = params, .limits = limits, .fault = fault};

	memset(params, 0, sizeof(*params));
	params->wait_ms = params->limit = -1;
	if (!read_pairs(&r, query_string) ||
		(last_event_id.len > 0 &&
		 !set_cursor(params, last_event_id.at, last_event_id.len, "Last-Event-ID", fault)))
	{
		params_clear(params);
		return false;
	}
	if (r.key_len <= FILTER_KEY_SIZE)
		params->filter_key = (Str) {filter_key, r.key_len};
	return true;
}

bool
params_read_filter(Params *params, HttpSlice query_string, const ParamsLimits *limits,
				   ParamsFault *fault)
{
	Reading r = {.params = params, .limits = limits, .fault = fault, .filters = true};

	if (read_pairs(&r, query_string))
		return true;
	params_clear(params);
	return false;
}

bool
params_parse(Params *params, HttpSlice query_string, HttpSlice last_event_id,
			 const ParamsLimits *limits, ParamsFault *fault)
{
	return params_scan(params, query_string, last_event_id, limits, fault) &&
		   params_read_filter(params, query_string, limits, fault);
}

void
params_clear(Params *params)
{
	mem_free(params->since);
	mem_free(params->client_id);
	mem_free(params->name);
	mem_free(params->version);
	mem_free(params->pattern);
	mem_free(params->expression);
	filter_free(&params->filter);
	memset(params, 0, sizeof(*params));
}
