/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * search_params.c: reading the query string of a search; see search_params.h.
 *
 * One table of names; each has a function that takes the decoded value (or,
 * for `topic`, the raw one).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/duration.h"
#include "web/filter.h"
#include "web/search_params.h"
#include "web/uri.h"

#define MAX_CURSOR_SIZE 1024
#define MAX_FACETS 16
#define MAX_FACET_SIZE 64

typedef struct Reading
{
	SearchParams *params;
	const ParamsLimits *limits;
	ParamsFault *fault;
	HttpSlice raw; /* the value, escaped */
	char *value;   /* decoded, clean UTF-8 */
	size_t len;
	unsigned seen; /* bits of the names that came already */
} Reading;

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

/* ---- texts ---- */

static bool
keep(const Reading *r, char **text)
{
	*text = mem_strndup(r->value, r->len);
	return true;
}

static bool
read_query(Reading *r)
{
	return r->len == 0 || keep(r, &r->params->query);
}

static bool
read_subject(Reading *r)
{
	return keep(r, &r->params->subject);
}

/* Texts for the database have a size together, as those of a subscription. */
static bool
keep_condition(Reading *r, char **text)
{
	const char *const others[] = {r->params->pattern, r->params->expression, r->params->contains};
	size_t size = r->len;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		size += others[i] != NULL ? strlen(others[i]) : 0;
	if (size > r->limits->max_filter_size)
		return refuse(r->fault, "pattern, filter and contains are longer than %zu bytes.",
					  r->limits->max_filter_size);
	return keep(r, text);
}

static bool
read_contains(Reading *r)
{
	return keep_condition(r, &r->params->contains);
}

static bool
read_pattern(Reading *r)
{
	return keep_condition(r, &r->params->pattern);
}

static bool
read_filter(Reading *r)
{
	return keep_condition(r, &r->params->expression);
}

/* ---- times and numbers ---- */

static bool
read_time(Reading *r, char **time, const char *name)
{
	if (!uri_mend_rfc3339(r->value, r->len))
		return refuse(r->fault, "%s is not a time in the form of RFC 3339.", name);
	return keep(r, time);
}

static bool
read_since(Reading *r)
{
	return read_time(r, &r->params->since, "since");
}

static bool
read_until(Reading *r)
{
	return read_time(r, &r->params->until, "until");
}

static bool
read_limit(Reading *r)
{
	long limit = strtol(r->value, NULL, 10);

	if (strspn(r->value, "0123456789") != r->len || r->len > 12)
		return refuse(r->fault, "limit is not a whole number from 0.");
	r->params->limit = limit > r->limits->max_limit ? r->limits->max_limit : (int) limit;
	return true;
}

static bool
read_bucket(Reading *r)
{
	r->params->bucket = strcmp(r->value, "auto") == 0 ? 0 : duration_seconds(r->value);
	return r->params->bucket >= 0 ||
		   refuse(r->fault, "bucket is not a length of time, such as 30s, 5min, 1h, 1d or PT1H, "
							"nor auto.");
}

/* ---- words ---- */

static bool
read_cursor(Reading *r)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
								   "0123456789-_";

	if (r->len > MAX_CURSOR_SIZE || strspn(r->value, alphabet) != r->len)
		return refuse(r->fault, "cursor is not the next of an earlier answer.");
	return keep(r, &r->params->cursor);
}

static bool
read_order(Reading *r)
{
	if (strcmp(r->value, "newest") != 0 && strcmp(r->value, "oldest") != 0 &&
		strcmp(r->value, "rank") != 0)
		return refuse(r->fault, "order is newest, oldest or rank.");
	return keep(r, &r->params->order);
}

/* ---- lists ---- */

static void
list_add(StrList *list, const char *text, size_t len)
{
	Str *items = mem_realloc((void *) list->items, sizeof(Str) * (size_t) (list->count + 1));

	items[list->count++] = (Str) {mem_strndup(text, len), len};
	list->items = items;
}

static void
list_free(StrList *list)
{
	for (int i = 0; i < list->count; i++)
		mem_free((void *) list->items[i].data);
	mem_free((void *) list->items);
}

/* Topics, types and sources together are as many as topics and types of a subscription. */
static int
room_left(const Reading *r)
{
	return r->limits->max_subscriptions - r->params->sources.count;
}

static bool
add_source(Reading *r, Str source)
{
	if (source.len == 0)
		return refuse(r->fault, "A source is empty.");
	if (source.len > FILTER_MAX_ELEMENT_SIZE)
		return refuse(r->fault, "A source is too long.");
	if (room_left(r) <= r->params->filter.topic_count + r->params->filter.types.count)
		return refuse(r->fault, "More than %d topics, types and sources were asked for.",
					  r->limits->max_subscriptions);
	list_add(&r->params->sources, source.data, source.len);
	return true;
}

static bool
add_user(Reading *r, Str user)
{
	if (user.len == 0)
		return refuse(r->fault, "A user is empty.");
	if (user.len > FILTER_MAX_ELEMENT_SIZE)
		return refuse(r->fault, "A user is too long.");
	if (r->params->users.count >= r->limits->max_subscriptions)
		return refuse(r->fault, "More than %d users were asked for.", r->limits->max_subscriptions);
	list_add(&r->params->users, user.data, user.len);
	return true;
}

static bool
add_facet(Reading *r, Str facet)
{
	if (facet.len == 0 || facet.len > MAX_FACET_SIZE || r->params->facets.count >= MAX_FACETS)
		return refuse(r->fault, "Facets are names with commas between, at most %d of them.",
					  MAX_FACETS);
	list_add(&r->params->facets, facet.data, facet.len);
	return true;
}

/* a,b */
static bool
add_items(Reading *r, bool (*add)(Reading *r, Str item))
{
	const char *end = r->value + r->len;

	for (const char *at = r->value;;)
	{
		const char *comma = memchr(at, ',', (size_t) (end - at));

		if (!add(r, (Str) {at, (size_t) ((comma != NULL ? comma : end) - at)}))
			return false;
		if (comma == NULL)
			return true;
		at = comma + 1;
	}
}

static bool
read_source(Reading *r)
{
	return add_source(r, (Str) {r->value, r->len});
}

static bool
read_sources(Reading *r)
{
	return add_items(r, add_source);
}

static bool
read_user(Reading *r)
{
	return add_user(r, (Str) {r->value, r->len});
}

static bool
read_users(Reading *r)
{
	return add_items(r, add_user);
}

static bool
read_facets(Reading *r)
{
	return add_items(r, add_facet);
}

static bool
read_types(Reading *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_types(&r->params->filter, r->value, r->len, room_left(r), detail) ||
		   refuse(r->fault, "types: %s.", detail);
}

static bool
read_topic(Reading *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_topic(&r->params->filter, r->raw, room_left(r), detail) ||
		   refuse(r->fault, "topic: %s.", detail);
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
	good = filter_add_json_topics(&r->params->filter, root, room_left(r), detail);
	json_release(root);
	return good || refuse(r->fault, "topics: %s.", detail);
}

/* ---- the query string ---- */

typedef struct Parameter
{
	const char *name;
	bool (*read)(Reading *r);
	bool repeatable;
	bool may_be_empty;
	bool has_lines; /* line breaks and tabs are good */
} Parameter;

static const Parameter parameters[] = {
	{"q", read_query, false, true, true},			{"types", read_types, true, false, false},
	{"topic", read_topic, true, false, false},		{"topics", read_topics, false, false, false},
	{"source", read_source, true, false, false},	{"sources", read_sources, true, false, false},
	{"subject", read_subject, false, false, false}, {"since", read_since, false, false, false},
	{"until", read_until, false, false, false},		{"contains", read_contains, false, false, true},
	{"pattern", read_pattern, false, false, true},	{"filter", read_filter, false, false, true},
	{"limit", read_limit, false, false, false},		{"cursor", read_cursor, false, false, false},
	{"order", read_order, false, false, false},		{"facets", read_facets, false, false, false},
	{"bucket", read_bucket, false, false, false},	{"user", read_user, true, false, false},
	{"users", read_users, true, false, false},
};

/* Of GET /v1/events/{id}. */
static const Parameter event_parameters[] = {
	{"source", read_source, false, false, false},
};

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static bool
refuse_unknown(Reading *r)
{
	bool printable = r->len <= 64 && filter_text_is_clean(r->value, r->len);

	return refuse(r->fault, "There is no parameter %.*s.", printable ? (int) r->len : 27,
				  printable ? r->value : "of the name that was given");
}

static bool
read_value(Reading *r, const Parameter *parameter)
{
	if (!uri_decode_to(r->value, r->raw, true, &r->len))
		return refuse(r->fault, "%s has a broken percent escape.", parameter->name);
	if (!(parameter->has_lines ? filter_lines_are_clean(r->value, r->len)
							   : filter_text_is_clean(r->value, r->len)))
		return refuse(r->fault, "%s is not UTF-8, or has a control character.", parameter->name);
	if (r->len == 0 && !parameter->may_be_empty)
		return refuse(r->fault, "%s is empty.", parameter->name);
	return parameter->read(r);
}

static bool
read_pair(Reading *r, HttpSlice name, const Parameter *known, size_t count)
{
	if (!uri_decode_to(r->value, name, true, &r->len))
		return refuse(r->fault, "A parameter's name has a broken percent escape.");
	for (size_t i = 0; i < count; i++)
	{
		if (strlen(known[i].name) != r->len || memcmp(known[i].name, r->value, r->len) != 0)
			continue;
		if ((r->seen & (1u << i)) != 0 && !known[i].repeatable)
			return refuse(r->fault, "%s is given more than once.", known[i].name);
		r->seen |= 1u << i;
		return read_value(r, &known[i]);
	}
	return refuse_unknown(r);
}

static bool
read_pairs(Reading *r, HttpSlice query_string, const Parameter *known, size_t count)
{
	HttpSlice rest = query_string;
	HttpSlice name;
	bool good = true;

	r->value = mem_alloc(query_string.len + 1);
	while (good && uri_next_pair(&rest, &name, &r->raw))
		good = read_pair(r, name, known, count);
	mem_free(r->value);
	return good;
}

bool
search_params_parse(SearchParams *params, HttpSlice query_string, const ParamsLimits *limits,
					ParamsFault *fault)
{
	Reading r = {.params = params, .limits = limits, .fault = fault};

	memset(params, 0, sizeof(*params));
	params->bucket = params->limit = -1;
	if (read_pairs(&r, query_string, parameters, COUNT(parameters)))
		return true;
	search_params_clear(params);
	return false;
}

bool
search_params_parse_source(char **source, HttpSlice query_string, ParamsFault *fault)
{
	SearchParams params = {0};
	Reading r = {.params = &params,
				 .limits = &(ParamsLimits) {.max_subscriptions = 1},
				 .fault = fault};
	bool good = read_pairs(&r, query_string, event_parameters, COUNT(event_parameters));

	*source = good && params.sources.count > 0 ? mem_strdup(params.sources.items[0].data) : NULL;
	search_params_clear(&params);
	return good;
}

void
search_params_clear(SearchParams *params)
{
	mem_free(params->query);
	mem_free(params->subject);
	mem_free(params->since);
	mem_free(params->until);
	mem_free(params->contains);
	mem_free(params->pattern);
	mem_free(params->expression);
	mem_free(params->cursor);
	mem_free(params->order);
	filter_free(&params->filter);
	list_free(&params->sources);
	list_free(&params->users);
	list_free(&params->facets);
	memset(params, 0, sizeof(*params));
}

/* ---- for the database ---- */

static void
put_list(Buf *out, const char *key, StrList list)
{
	if (list.count == 0)
		return;
	if (key != NULL)
		json_put_key(out, key);
	buf_putc(out, '[');
	for (int i = 0; i < list.count; i++)
	{
		if (i > 0)
			buf_putc(out, ',');
		json_put_string(out, list.items[i].data, list.items[i].len);
	}
	buf_putc(out, ']');
}

static void
put_topics(Buf *out, const EventFilter *filter)
{
	if (filter->topic_count == 0)
		return;
	json_put_key(out, "topics");
	buf_putc(out, '[');
	for (int i = 0; i < filter->topic_count; i++)
	{
		if (i > 0)
			buf_putc(out, ',');
		put_list(out, NULL, filter->topics[i]);
	}
	buf_putc(out, ']');
}

void
search_params_write(Buf *out, const SearchParams *params)
{
	json_put_member(out, "query", params->query);
	put_list(out, "types", params->filter.types);
	put_topics(out, &params->filter);
	put_list(out, "sources", params->sources);
	put_list(out, "users", params->users);
	json_put_member(out, "subject", params->subject);
	json_put_member(out, "from_time", params->since);
	json_put_member(out, "to_time", params->until);
	json_put_member(out, "data_contains", params->contains);
	json_put_member(out, "pattern", params->pattern);
	json_put_member(out, "filter", params->expression);
	json_put_member(out, "after", params->cursor);
	json_put_member(out, "order", params->order);
	put_list(out, "facets", params->facets);
	if (params->limit >= 0)
		json_put_member_int(out, "limit", params->limit);
	if (params->bucket == 0)
		json_put_member(out, "bucket", "auto");
	else if (params->bucket > 0)
		json_put_member_int(out, "bucket", params->bucket);
}
