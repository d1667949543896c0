/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * filter.c: topics and types as clients write them; see filter.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/filter.h"
#include "web/uri.h"

bool
filter_text_is_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return str_is_utf8(text, len);
}

bool
filter_lines_are_clean(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
			return false;
	}
	return str_is_utf8(text, len);
}

static bool
refuse(char *detail, const char *sentence)
{
	snprintf(detail, FILTER_DETAIL_SIZE, "%s", sentence);
	return false;
}

/* ---- growing a filter ---- */

static Str
copied(const char *text, size_t len)
{
	return (Str) {mem_strndup(text, len), len};
}

static void
list_free(StrList list)
{
	for (int i = 0; i < list.count; i++)
		mem_free((void *) list.items[i].data);
	mem_free((void *) list.items);
}

static void
list_add(StrList *list, Str item)
{
	Str *items = mem_realloc((void *) list->items, sizeof(Str) * (size_t) (list->count + 1));

	items[list->count++] = item;
	list->items = items;
}

static void
add_topic(EventFilter *filter, StrList topic)
{
	StrList *topics = mem_realloc((void *) filter->topics,
								  sizeof(StrList) * (size_t) (filter->topic_count + 1));

	topics[filter->topic_count++] = topic;
	filter->topics = topics;
}

void
filter_free(EventFilter *filter)
{
	for (int i = 0; i < filter->topic_count; i++)
		list_free(filter->topics[i]);
	mem_free((void *) filter->topics);
	list_free(filter->types);
	memset(filter, 0, sizeof(*filter));
}

static bool
has_room(const EventFilter *filter, int max, char *detail)
{
	if (filter->topic_count + filter->types.count < max)
		return true;
	snprintf(detail, FILTER_DETAIL_SIZE, "more than %d topics and types were asked for", max);
	return false;
}

/* ---- topics ---- */

static bool
element_is_good(const char *text, size_t len, char *detail)
{
	if (len == 0)
		return refuse(detail, "an element of a topic is empty");
	if (len > FILTER_MAX_ELEMENT_SIZE)
		return refuse(detail, "an element of a topic is too long");
	if (!filter_text_is_clean(text, len))
		return refuse(detail, "a topic is not UTF-8, or has a control character");
	return true;
}

/* One path; decode: elements have percent escapes. */
static bool
add_path(EventFilter *filter, const char *text, size_t len, bool decode, char *detail)
{
	StrList topic = {0};
	const char *end = text + len;

	for (const char *at = text;;)
	{
		const char *slash = memchr(at, '/', (size_t) (end - at));
		size_t size = (size_t) ((slash != NULL ? slash : end) - at);
		size_t decoded_len = size;
		char *decoded = decode ? uri_decode((HttpSlice) {at, size}, false, &decoded_len)
							   : mem_strndup(at, size);

		if (decoded == NULL || topic.count == FILTER_MAX_ELEMENTS)
		{
			mem_free(decoded);
			list_free(topic);
			return refuse(detail, decoded == NULL ? "a percent escape is broken"
												  : "a topic has too many elements");
		}
		list_add(&topic, (Str) {decoded, decoded_len});
		if (!element_is_good(decoded, decoded_len, detail))
		{
			list_free(topic);
			return false;
		}
		if (slash == NULL)
			break;
		at = slash + 1;
	}
	add_topic(filter, topic);
	return true;
}

bool
filter_add_topic(EventFilter *filter, HttpSlice raw, int max, char *detail)
{
	bool in_url = raw.len > 0 && memchr(raw.at, '/', raw.len) != NULL;
	size_t len;
	char *text;
	bool good;

	if (!has_room(filter, max, detail))
		return false;
	if (in_url)
		return add_path(filter, raw.at, raw.len, true, detail);
	text = uri_decode(raw, true, &len);
	if (text == NULL)
		return refuse(detail, "a percent escape is broken");
	good = add_path(filter, text, len, true, detail);
	mem_free(text);
	return good;
}

static bool
add_json_path(EventFilter *filter, const Json *path, char *detail)
{
	StrList topic = {0};

	if (json_kind(path) != JSON_KIND_ARRAY)
		return refuse(detail, "topics are arrays of strings");
	if (json_count(path) == 0)
		return refuse(detail, "a topic has no elements");
	if (json_count(path) > FILTER_MAX_ELEMENTS)
		return refuse(detail, "a topic has too many elements");
	for (size_t i = 0; i < json_count(path); i++)
	{
		Str element = json_text(json_element(path, i));

		if (element.data == NULL)
			refuse(detail, "topics are arrays of strings");
		if (element.data == NULL || !element_is_good(element.data, element.len, detail))
		{
			list_free(topic);
			return false;
		}
		list_add(&topic, copied(element.data, element.len));
	}
	add_topic(filter, topic);
	return true;
}

bool
filter_add_json_topics(EventFilter *filter, const Json *topics, int max, char *detail)
{
	if (json_kind(topics) != JSON_KIND_ARRAY)
		return refuse(detail, "topics are an array of arrays of strings");
	if (json_count(topics) == 0)
		return refuse(detail, "the array of topics is empty");
	for (size_t i = 0; i < json_count(topics); i++)
		if (!has_room(filter, max, detail) ||
			!add_json_path(filter, json_element(topics, i), detail))
			return false;
	return true;
}

/* ---- types ---- */

bool
filter_add_type(EventFilter *filter, const char *text, size_t len, int max, char *detail)
{
	const char *star = memchr(text, '*', len);

	if (len == 0)
		return refuse(detail, "a type is empty");
	if (len > FILTER_MAX_ELEMENT_SIZE)
		return refuse(detail, "a type is too long");
	if (!filter_text_is_clean(text, len))
		return refuse(detail, "a type is not UTF-8, or has a control character");
	if (star != NULL && star != text + len - 1)
		return refuse(detail, "a type may have * at its end only");
	if (!has_room(filter, max, detail))
		return false;
	list_add(&filter->types, copied(text, len));
	return true;
}

bool
filter_add_types(EventFilter *filter, const char *text, size_t len, int max, char *detail)
{
	const char *end = text + len;

	for (const char *at = text;;)
	{
		const char *comma = memchr(at, ',', (size_t) (end - at));
		size_t size = (size_t) ((comma != NULL ? comma : end) - at);

		if (!filter_add_type(filter, at, size, max, detail))
			return false;
		if (comma == NULL)
			return true;
		at = comma + 1;
	}
}

bool
filter_add_json_types(EventFilter *filter, const Json *types, int max, char *detail)
{
	if (json_kind(types) != JSON_KIND_ARRAY)
		return refuse(detail, "types are an array of strings");
	if (json_count(types) == 0)
		return refuse(detail, "the array of types is empty");
	for (size_t i = 0; i < json_count(types); i++)
	{
		Str type = json_text(json_element(types, i));

		if (type.data == NULL)
			return refuse(detail, "types are an array of strings");
		if (!filter_add_type(filter, type.data, type.len, max, detail))
			return false;
	}
	return true;
}
