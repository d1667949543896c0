/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * search_params.c: reading the query string of a search; see search_params.h.
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/duration.h"
#include "web/filter.h"
#include "web/search_params.h"

#define MAX_CURSOR_SIZE 1024
#define MAX_FACETS 16
#define MAX_FACET_SIZE 64

/* ---- texts ---- */

static bool
read_query(ParamReader *r)
{
	SearchParams *params = r->params;

	return r->len == 0 || param_keep(r, &params->query);
}

static bool
read_subject(ParamReader *r)
{
	SearchParams *params = r->params;

	return param_keep(r, &params->subject);
}

/* Texts for the database have a size together, as those of a subscription. */
static bool
keep_condition(ParamReader *r, char **text)
{
	const SearchParams *params = r->params;
	const char *const others[] = {params->pattern, params->expression, params->contains};
	size_t size = r->len;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		size += others[i] != NULL ? strlen(others[i]) : 0;
	if (size > r->limits->max_filter_size)
		return param_refuse(r->fault, "pattern, filter and contains are longer than %zu bytes.",
							r->limits->max_filter_size);
	return param_keep(r, text);
}

static bool
read_contains(ParamReader *r)
{
	SearchParams *params = r->params;

	return keep_condition(r, &params->contains);
}

static bool
read_pattern(ParamReader *r)
{
	SearchParams *params = r->params;

	return keep_condition(r, &params->pattern);
}

static bool
read_filter(ParamReader *r)
{
	SearchParams *params = r->params;

	return keep_condition(r, &params->expression);
}

/* ---- times and numbers ---- */

static bool
read_since(ParamReader *r)
{
	SearchParams *params = r->params;

	return param_time(r, "since", &params->since);
}

static bool
read_until(ParamReader *r)
{
	SearchParams *params = r->params;

	return param_time(r, "until", &params->until);
}

static bool
read_limit(ParamReader *r)
{
	SearchParams *params = r->params;

	return param_limit(r, 0, &params->limit);
}

static bool
read_bucket(ParamReader *r)
{
	SearchParams *params = r->params;

	params->bucket = strcmp(r->value, "auto") == 0 ? 0 : duration_seconds(r->value);
	return params->bucket >= 0 ||
		   param_refuse(r->fault,
						"bucket is not a length of time, such as 30s, 5min, 1h, 1d or PT1H, "
						"nor auto.");
}

/* ---- words ---- */

static bool
read_cursor(ParamReader *r)
{
	SearchParams *params = r->params;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
								   "0123456789-_";

	if (r->len > MAX_CURSOR_SIZE || strspn(r->value, alphabet) != r->len)
		return param_refuse(r->fault, "cursor is not the next of an earlier answer.");
	return param_keep(r, &params->cursor);
}

static bool
read_order(ParamReader *r)
{
	SearchParams *params = r->params;

	if (strcmp(r->value, "newest") != 0 && strcmp(r->value, "oldest") != 0 &&
		strcmp(r->value, "rank") != 0)
		return param_refuse(r->fault, "order is newest, oldest or rank.");
	return param_keep(r, &params->order);
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

static bool
read_type(ParamReader *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_type(r->filter, r->value, r->len, r->room, detail) ||
		   param_refuse(r->fault, "type: %s.", detail);
}

/* Topics, types and sources together are as many as topics and types of a subscription. */
static bool
add_source(ParamReader *r, Str source)
{
	SearchParams *params = r->params;

	if (source.len == 0)
		return param_refuse(r->fault, "A source is empty.");
	if (source.len > FILTER_MAX_ELEMENT_SIZE)
		return param_refuse(r->fault, "A source is too long.");
	if (r->room <= params->filter.topic_count + params->filter.types.count)
		return param_refuse(r->fault, "More than %d topics, types and sources were asked for.",
							r->limits->max_subscriptions);
	list_add(&params->sources, source.data, source.len);
	r->room--;
	return true;
}

static bool
add_user(ParamReader *r, Str user)
{
	SearchParams *params = r->params;

	if (user.len == 0)
		return param_refuse(r->fault, "A user is empty.");
	if (user.len > FILTER_MAX_ELEMENT_SIZE)
		return param_refuse(r->fault, "A user is too long.");
	if (params->users.count >= r->limits->max_subscriptions)
		return param_refuse(r->fault, "More than %d users were asked for.",
							r->limits->max_subscriptions);
	list_add(&params->users, user.data, user.len);
	return true;
}

static bool
add_facet(ParamReader *r, Str facet)
{
	SearchParams *params = r->params;

	if (facet.len == 0 || facet.len > MAX_FACET_SIZE || params->facets.count >= MAX_FACETS)
		return param_refuse(r->fault, "Facets are names with commas between, at most %d of them.",
							MAX_FACETS);
	list_add(&params->facets, facet.data, facet.len);
	return true;
}

/* a,b */
static bool
add_items(ParamReader *r, bool (*add)(ParamReader *r, Str item))
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
read_source(ParamReader *r)
{
	return add_source(r, (Str) {r->value, r->len});
}

static bool
read_sources(ParamReader *r)
{
	return add_items(r, add_source);
}

static bool
read_user(ParamReader *r)
{
	return add_user(r, (Str) {r->value, r->len});
}

static bool
read_users(ParamReader *r)
{
	return add_items(r, add_user);
}

static bool
read_facets(ParamReader *r)
{
	return add_items(r, add_facet);
}

/* ---- the query string ---- */

static const Parameter parameters[] = {
	PARAMETER("q", read_query, .may_be_empty = true, .has_lines = true),
	PARAMETER("type", read_type, .repeatable = true),
	PARAMETER("types", param_types, .repeatable = true),
	PARAMETER("topic", param_topic, .repeatable = true),
	PARAMETER("topics", param_topics),
	PARAMETER("source", read_source, .repeatable = true),
	PARAMETER("sources", read_sources, .repeatable = true),
	PARAMETER("subject", read_subject),
	PARAMETER("since", read_since),
	PARAMETER("until", read_until),
	PARAMETER("contains", read_contains, .has_lines = true),
	PARAMETER("pattern", read_pattern, .has_lines = true),
	PARAMETER("filter", read_filter, .has_lines = true),
	PARAMETER("limit", read_limit),
	PARAMETER("cursor", read_cursor),
	PARAMETER("order", read_order),
	PARAMETER("facets", read_facets),
	PARAMETER("bucket", read_bucket),
	PARAMETER("user", read_user, .repeatable = true),
	PARAMETER("users", read_users, .repeatable = true),
};

/* Of GET /v1/events/{id}. */
static const Parameter event_parameters[] = {
	PARAMETER("source", read_source),
};

#define COUNT(table) ((int) (sizeof(table) / sizeof((table)[0])))

bool
search_params_parse(SearchParams *params, HttpSlice query_string, const ParamsLimits *limits,
					ParamsFault *fault)
{
	ParamReader r = {.known = parameters,
					 .known_count = COUNT(parameters),
					 .params = params,
					 .filter = &params->filter,
					 .room = limits->max_subscriptions,
					 .limits = limits,
					 .fault = fault};

	memset(params, 0, sizeof(*params));
	params->bucket = params->limit = -1;
	if (param_read_all(&r, query_string))
		return true;
	search_params_clear(params);
	return false;
}

bool
search_params_parse_source(char **source, HttpSlice query_string, ParamsFault *fault)
{
	SearchParams params = {0};
	ParamReader r = {.known = event_parameters,
					 .known_count = COUNT(event_parameters),
					 .params = &params,
					 .filter = &params.filter,
					 .room = 1,
					 .limits = &(ParamsLimits) {.max_subscriptions = 1},
					 .fault = fault};
	bool good = param_read_all(&r, query_string);

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
