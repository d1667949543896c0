/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * params.c: reading the query string; see params.h.
 *
 * A new parameter is a new line of the table, see param_reader.h.
 */
#include <string.h>

#include "base/mem.h"
#include "hub/cursor.h"
#include "web/params.h"

#define MAX_LABEL_SIZE 256 /* of clientId, name, version */
#define FILTER_KEY_SIZE 512

/* Of the request that is being read: filter parameters one after the other. */
static char filter_key[FILTER_KEY_SIZE];

static bool
set_cursor(Params *params, const char *text, size_t len, const char *what, ParamsFault *fault)
{
	if (!cursor_parse(text, len, &params->after))
		return param_refuse(fault, "%s is not a cursor.", what);
	params->start = PARAMS_CURSOR;
	return true;
}

static bool
read_after(ParamReader *r)
{
	Params *params = r->params;

	if (params->start != PARAMS_LATEST)
		return param_refuse(r->fault, "after and since exclude each other.");
	if (strcmp(r->value, "latest") == 0)
		return true;
	if (strcmp(r->value, "earliest") == 0)
	{
		params->start = PARAMS_EARLIEST;
		return true;
	}
	return set_cursor(params, r->value, r->len, "after", r->fault);
}

static bool
read_since(ParamReader *r)
{
	Params *params = r->params;

	if (params->start != PARAMS_LATEST)
		return param_refuse(r->fault, "after and since exclude each other.");
	if (!param_time(r, "since", &params->since))
		return false;
	params->start = PARAMS_SINCE;
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
read_wait(ParamReader *r)
{
	Params *params = r->params;
	int64_t wait = milliseconds(r->value, r->len);

	if (wait < 0)
		return param_refuse(r->fault, "wait is not a number of seconds.");
	params->wait_ms = wait > r->limits->max_wait_ms ? r->limits->max_wait_ms : (int) wait;
	return true;
}

static bool
read_limit(ParamReader *r)
{
	Params *params = r->params;

	return param_limit(r, 1, &params->limit);
}

static bool
read_text(ParamReader *r, char **text)
{
	const Params *params = r->params;
	size_t size = r->len + (params->pattern != NULL ? strlen(params->pattern) : 0) +
				  (params->expression != NULL ? strlen(params->expression) : 0);

	if (size > r->limits->max_filter_size)
		return param_refuse(r->fault, "pattern and filter are longer than %zu bytes.",
							r->limits->max_filter_size);
	if (params->filter.topic_count + params->filter.types.count >= r->limits->max_subscriptions)
		return param_refuse(r->fault, "more than %d topics, types and filters were asked for.",
							r->limits->max_subscriptions);
	return param_keep(r, text);
}

static bool
read_pattern(ParamReader *r)
{
	Params *params = r->params;

	return read_text(r, &params->pattern);
}

static bool
read_filter(ParamReader *r)
{
	Params *params = r->params;

	return read_text(r, &params->expression);
}

static bool
read_label(ParamReader *r, char **label, const char *name)
{
	if (r->len > MAX_LABEL_SIZE)
		return param_refuse(r->fault, "%s is too long.", name);
	return param_keep(r, label);
}

static bool
read_client_id(ParamReader *r)
{
	Params *params = r->params;

	return read_label(r, &params->client_id, "clientId");
}

static bool
read_name(ParamReader *r)
{
	Params *params = r->params;

	return read_label(r, &params->name, "name");
}

static bool
read_version(ParamReader *r)
{
	Params *params = r->params;

	return read_label(r, &params->version, "version");
}

static const Parameter parameters[] = {
	PARAMETER("after", read_after),
	PARAMETER("wait", read_wait),
	PARAMETER("types", param_types, .repeatable = true, .filters = true),
	PARAMETER("topic", param_topic, .repeatable = true, .filters = true),
	PARAMETER("topics", param_topics, .filters = true),
	PARAMETER("limit", read_limit),
	PARAMETER("since", read_since),
	PARAMETER("pattern", read_pattern, .has_lines = true, .filters = true),
	PARAMETER("filter", read_filter, .has_lines = true, .filters = true),
	PARAMETER("clientId", read_client_id),
	PARAMETER("name", read_name),
	PARAMETER("version", read_version),
};

/* In the first half a filter parameter is only noted. */
static bool
skip_filter(ParamReader *r, const Parameter *parameter, HttpSlice pair)
{
	Params *params = r->params;
	Str *key = &params->filter_key;

	if (!parameter->filters)
		return false;
	params->has_filter = true;
	if (key->len + pair.len + 1 > FILTER_KEY_SIZE)
		key->len = FILTER_KEY_SIZE + 1;
	if (key->len > FILTER_KEY_SIZE)
		return true;
	memcpy(filter_key + key->len, pair.at, pair.len);
	key->len += pair.len;
	filter_key[key->len++] = '&';
	return true;
}

static bool
skip_others(ParamReader *r, const Parameter *parameter, HttpSlice pair)
{
	(void) r;
	(void) pair;
	return !parameter->filters;
}

static ParamReader
reader_of(Params *params, const ParamsLimits *limits, ParamsFault *fault)
{
	return (ParamReader) {.known = parameters,
						  .known_count = (int) (sizeof(parameters) / sizeof(parameters[0])),
						  .params = params,
						  .filter = &params->filter,
						  .room = limits->max_subscriptions,
						  .limits = limits,
						  .fault = fault};
}

bool
params_scan(Params *params, HttpSlice query_string, HttpSlice last_event_id,
			const ParamsLimits *limits, ParamsFault *fault)
{
	ParamReader r = reader_of(params, limits, fault);

	r.skip = skip_filter;
	memset(params, 0, sizeof(*params));
	params->wait_ms = params->limit = -1;
	params->filter_key.data = filter_key;
	if (!param_read_all(&r, query_string) ||
		(last_event_id.len > 0 &&
		 !set_cursor(params, last_event_id.at, last_event_id.len, "Last-Event-ID", fault)))
	{
		params_clear(params);
		return false;
	}
	if (params->filter_key.len > FILTER_KEY_SIZE)
		params->filter_key = (Str) {NULL, 0};
	return true;
}

bool
params_read_filter(Params *params, HttpSlice query_string, const ParamsLimits *limits,
				   ParamsFault *fault)
{
	ParamReader r = reader_of(params, limits, fault);

	r.skip = skip_others;
	if (param_read_all(&r, query_string))
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
