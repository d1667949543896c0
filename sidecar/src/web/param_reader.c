/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * param_reader.c: reading a query string by a table; see param_reader.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/param_reader.h"
#include "web/uri.h"

#define SMALL_QUERY_SIZE 512

bool
param_refuse(ParamsFault *fault, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fault->detail, sizeof(fault->detail), format, args);
	va_end(args);
	return false;
}

/* ---- kinds of values ---- */

bool
param_keep(const ParamReader *r, char **text)
{
	*text = mem_strndup(r->value, r->len);
	return true;
}

bool
param_time(ParamReader *r, const char *name, char **time)
{
	if (!uri_mend_rfc3339(r->value, r->len))
		return param_refuse(r->fault, "%s is not a time in the form of RFC 3339.", name);
	return param_keep(r, time);
}

bool
param_limit(const ParamReader *r, int least, int *limit)
{
	long given = strtol(r->value, NULL, 10);

	if (strspn(r->value, "0123456789") != r->len || r->len > 12 || given < least)
		return param_refuse(r->fault, "limit is not a whole number from %d.", least);
	*limit = given > r->limits->max_limit ? r->limits->max_limit : (int) given;
	return true;
}

bool
param_types(ParamReader *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_types(r->filter, r->value, r->len, r->room, detail) ||
		   param_refuse(r->fault, "types: %s.", detail);
}

bool
param_topic(ParamReader *r)
{
	char detail[FILTER_DETAIL_SIZE];

	return filter_add_topic(r->filter, r->raw, r->room, detail) ||
		   param_refuse(r->fault, "topic: %s.", detail);
}

bool
param_topics(ParamReader *r)
{
	char detail[FILTER_DETAIL_SIZE];
	JsonError error;
	Json *root = json_parse(r->value, r->len, &error);
	bool good;

	if (root == NULL)
		return param_refuse(r->fault, "topics is not JSON: %s.", error.message);
	good = filter_add_json_topics(r->filter, root, r->room, detail);
	json_release(root);
	return good || param_refuse(r->fault, "topics: %s.", detail);
}

/* ---- the query string ---- */

static int
find_parameter(const ParamReader *r, const char *name, size_t len)
{
	for (int i = 0; i < r->known_count; i++)
		if (r->known[i].name_len == len && memcmp(r->known[i].name, name, len) == 0)
			return i;
	return -1;
}

static bool
refuse_unknown(const ParamReader *r, const char *name, size_t len)
{
	bool printable = len <= 64 && filter_text_is_clean(name, len);

	return param_refuse(r->fault, "There is no parameter %.*s.", printable ? (int) len : 27,
						printable ? name : "of the name that was given");
}

static bool
read_value(ParamReader *r, const Parameter *parameter)
{
	if (!uri_decode_to(r->value, r->raw, true, &r->len))
		return param_refuse(r->fault, "%s has a broken percent escape.", parameter->name);
	if (!(parameter->has_lines ? filter_lines_are_clean(r->value, r->len)
							   : filter_text_is_clean(r->value, r->len)))
		return param_refuse(r->fault, "%s is not UTF-8, or has a control character.",
							parameter->name);
	if (r->len == 0 && !parameter->may_be_empty)
		return param_refuse(r->fault, "%s is empty.", parameter->name);
	return parameter->read(r);
}

/* One name=value, the value in r->raw. */
static bool
read_pair(ParamReader *r, HttpSlice name)
{
	size_t len = 0;
	int which;

	/* hardly anybody escapes a name that needs it not */
	which = find_parameter(r, name.at, name.len);
	if (which < 0)
	{
		if (!uri_decode_to(r->value, name, true, &len))
			return param_refuse(r->fault, "A parameter's name has a broken percent escape.");
		which = find_parameter(r, r->value, len);
	}
	if (which < 0)
		return refuse_unknown(r, r->value, len);
	if ((r->seen & (1u << which)) != 0 && !r->known[which].repeatable)
		return param_refuse(r->fault, "%s is given more than once.", r->known[which].name);
	r->seen |= 1u << which;
	if (r->skip != NULL &&
		r->skip(r, &r->known[which],
				(HttpSlice) {name.at, (size_t) (r->raw.at + r->raw.len - name.at)}))
		return true;
	return read_value(r, &r->known[which]);
}

bool
param_read_all(ParamReader *r, HttpSlice query_string)
{
	char small[SMALL_QUERY_SIZE];
	char *large = query_string.len < sizeof(small) ? NULL : mem_alloc(query_string.len + 1);
	HttpSlice name;
	bool good = true;

	r->value = large != NULL ? large : small;
	while (good && uri_next_pair(&query_string, &name, &r->raw))
		good = read_pair(r, name);
	r->value = NULL;
	mem_free(large);
	return good;
}
