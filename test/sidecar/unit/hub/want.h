/*
 * want.h - short ways to write subscriptions and events in tests.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *	  want("order/created,invoice", "a.*,b")	topics and types, "" for none
 *	  topic "-" in a list is the empty path
 *	  want_filtered("order", "", "3:1")			and a filter
 *
 * The texts are split into static pools, which a test resets by want_reset() now and then.
 */
#ifndef TEST_WANT_H
#define TEST_WANT_H

#include <string.h>

#include "hub/event.h"
#include "hub/subscription.h"

static Str want_strings[65536];
static StrList want_lists[16384];
static int want_string_count;
static int want_list_count;

static inline void
want_reset(void)
{
	want_string_count = want_list_count = 0;
}

/* the text, which must live on, split at a separator */
static inline StrList
want_split(Str text, char separator)
{
	StrList list = {&want_strings[want_string_count], 0};

	while (text.len > 0)
	{
		const char *end = memchr(text.data, separator, text.len);
		size_t len = end ? (size_t) (end - text.data) : text.len;

		want_strings[want_string_count++] = (Str) {text.data, len};
		list.count++;
		len += end ? 1 : 0;
		text = (Str) {text.data + len, text.len - len};
	}
	return list;
}

static inline EventFilter
want_filter(const char *topics, const char *types)
{
	StrList paths = want_split(str_from(topics), ',');
	EventFilter filter = {.topics = &want_lists[want_list_count], .topic_count = paths.count};

	want_list_count += paths.count;
	for (int i = 0; i < paths.count; i++)
	{
		StrList path = {NULL, 0};

		if (!str_equal(paths.items[i], STR("-")))
			path = want_split(paths.items[i], '/');
		((StrList *) filter.topics)[i] = path;
	}
	filter.types = want_split(str_from(types), ',');
	return filter;
}

static inline Subscription *
want(const char *topics, const char *types)
{
	EventFilter filter = want_filter(topics, types);

	return subscription_new(&filter);
}

/* beside that, a filter ("" for none); the text must live on */
static inline EventFilter
want_filter_with(const char *topics, const char *types, const char *text)
{
	EventFilter filter = want_filter(topics, types);

	want_strings[want_string_count] = str_from(text);
	filter.filters = (StrList) {&want_strings[want_string_count++], text[0] != '\0'};
	return filter;
}

static inline Subscription *
want_filtered(const char *topics, const char *types, const char *text)
{
	EventFilter filter = want_filter_with(topics, types, text);

	return subscription_new(&filter);
}

static inline bool
wants(const Subscription *subscription, const char *topic, const char *type)
{
	EventView view = {.type = str_from(type), .topic = want_split(str_from(topic), '/')};

	return subscription_match(subscription, &view, NULL) == SUBSCRIPTION_YES;
}

/* ---- the naive matcher, against which the real one is held ---- */

static inline bool
naive_topic(StrList path, StrList topic)
{
	if (path.count > topic.count)
		return false;
	for (int i = 0; i < path.count; i++)
	{
		if (!str_equal(path.items[i], STR("*")) && !str_equal(path.items[i], topic.items[i]))
			return false;
	}
	return true;
}

static inline bool
naive_type(Str pattern, Str type)
{
	if (pattern.len > 0 && pattern.data[pattern.len - 1] == '*')
		return type.len >= pattern.len - 1 && memcmp(type.data, pattern.data, pattern.len - 1) == 0;
	return str_equal(pattern, type);
}

static inline bool
naive_matches(const EventFilter *filter, Str type, StrList topic)
{
	bool topic_good = filter->topic_count == 0;
	bool type_good = filter->types.count == 0;

	for (int i = 0; i < filter->topic_count; i++)
		topic_good = topic_good || naive_topic(filter->topics[i], topic);
	for (int i = 0; i < filter->types.count; i++)
		type_good = type_good || naive_type(filter->types.items[i], type);
	return topic_good && type_good;
}

static inline EventView
event_view(int64_t position, const char *topic, const char *type, const char *json)
{
	return (EventView) {
		.position = position,
		.recorded_at = position * 1000,
		.type = str_from(type),
		.topic = want_split(str_from(topic), '/'),
		.json = str_from(json),
	};
}

#endif /* TEST_WANT_H */
