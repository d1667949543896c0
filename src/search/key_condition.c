/* SPDX-License-Identifier: PostgreSQL
 *
 * key_condition.c: what keys a document must have; see condition.h.
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "search/key_condition.h"
#include "search/key.h"

/* More alternatives than these are not asked of an index. */
#define MAX_ALTERNATIVES 256

static EvKeyCondition *
add_condition(EvKeyConditions *conditions, const char *name, int n)
{
	EvKeyCondition *condition = &conditions->list[conditions->count++];

	condition->name = name;
	condition->n = 0;
	condition->keys = palloc(sizeof(int64) * Max(n, 1));
	return condition;
}

static void
add_key(EvKeyCondition *condition, EvSearchKeyKind kind, const char *text, int length)
{
	condition->keys[condition->n++] = ev_search_key(kind, text, length);
}

/* Up to the dot that ends the last prefix of which there is a key. */
static int
cut_type(const char *type, int length)
{
	int dots = 0;

	for (int i = 0; i < length; i++)
	{
		if (type[i] == '.' && ++dots == EV_KEY_MAX_PREFIXES)
			return i + 1;
	}
	return length;
}

/* Of a type or "prefix.*"; false if no key stands for it. */
static bool
add_type(EvKeyConditions *conditions, EvKeyCondition *condition, const text *type)
{
	const char *s = VARDATA_ANY(type);
	int length = VARSIZE_ANY_EXHDR(type);
	int end;

	if (length == 0 || s[length - 1] != '*')
	{
		add_key(condition, EV_KEY_TYPE, s, length);
		return true;
	}
	/* The longest prefix that ends with a dot. */
	for (end = length - 1; end > 0 && s[end - 1] != '.'; end--)
		;
	if (end == 0)
		return false;
	if (cut_type(s, end) < end || end < length - 1)
		conditions->are_all = false;
	add_key(condition, EV_KEY_TYPE_PREFIX, s, cut_type(s, end));
	return true;
}

static void
derive_types(EvKeyConditions *conditions, const EvTopicFilter *filter)
{
	EvKeyCondition *condition;

	if (filter->ntypes < 0)
		return;
	if (filter->ntypes == 0)
		conditions->is_impossible = true;
	for (int i = 0; i < filter->ntypes; i++)
	{
		if (VARSIZE_ANY_EXHDR(filter->types[i]) == 1 && *VARDATA_ANY(filter->types[i]) == '*')
			return;
	}
	if (filter->ntypes > MAX_ALTERNATIVES)
	{
		conditions->are_all = false;
		return;
	}
	condition = add_condition(conditions, "type", filter->ntypes);
	for (int i = 0; i < filter->ntypes; i++)
	{
		if (!add_type(conditions, condition, filter->types[i]))
		{
			conditions->are_all = false;
			conditions->count--;
			return;
		}
	}
}

static void
append_element(StringInfo path, const text *element)
{
	for (int i = 0; i < VARSIZE_ANY_EXHDR(element); i++)
	{
		char c = VARDATA_ANY(element)[i];

		if (c == '/' || c == '%')
			appendStringInfoString(path, c == '/' ? "%2F" : "%25");
		else
			appendStringInfoChar(path, c);
	}
}

/* Of the path up to its first star; false if it begins with one. */
static bool
add_topic(EvKeyConditions *conditions, EvKeyCondition *condition, const EvTopicPath *topic)
{
	StringInfoData path;
	int i;

	initStringInfo(&path);
	for (i = 0; i < Min(topic->count, EV_KEY_MAX_PREFIXES); i++)
	{
		if (VARSIZE_ANY_EXHDR(topic->elements[i]) == 1 && *VARDATA_ANY(topic->elements[i]) == '*')
			break;
		if (i > 0)
			appendStringInfoChar(&path, '/');
		append_element(&path, topic->elements[i]);
	}
	if (i < topic->count)
		conditions->are_all = false;
	if (i == 0)
		return false;
	add_key(condition, EV_KEY_TOPIC_PREFIX, path.data, path.len);
	return true;
}

static void
derive_topics(EvKeyConditions *conditions, const EvTopicFilter *filter)
{
	EvKeyCondition *condition;

	if (filter->npaths < 0)
		return;
	if (filter->npaths == 0)
		conditions->is_impossible = true;
	if (filter->npaths > MAX_ALTERNATIVES)
	{
		conditions->are_all = false;
		return;
	}
	condition = add_condition(conditions, "topic", filter->npaths);
	for (int i = 0; i < filter->npaths; i++)
	{
		if (!add_topic(conditions, condition, &filter->paths[i]))
		{
			conditions->count--;
			return;
		}
	}
}

static void
derive_sources(EvKeyConditions *conditions, const EvRequest *request)
{
	EvKeyCondition *condition;

	if (request->nsources < 0)
		return;
	if (request->nsources == 0)
		conditions->is_impossible = true;
	if (request->nsources > MAX_ALTERNATIVES)
	{
		conditions->are_all = false;
		return;
	}
	condition = add_condition(conditions, "source", request->nsources);
	for (int i = 0; i < request->nsources; i++)
		add_key(condition, EV_KEY_SOURCE, VARDATA_ANY(request->sources[i]),
				VARSIZE_ANY_EXHDR(request->sources[i]));
}

/* Exact values of attributes without which an event cannot match the pattern. */
static void
derive_pattern(EvKeyConditions *conditions, const EvEventPattern *pattern)
{
	static const struct
	{
		const char *name;
		EvSearchKeyKind kind;
	} attributes[] = {{"type", EV_KEY_TYPE},	   {"source", EV_KEY_SOURCE},
					  {"subject", EV_KEY_SUBJECT}, {"user", EV_KEY_USER},
					  {"id", EV_KEY_ID},		   {"correlationid", EV_KEY_CORRELATION}};

	for (int i = 0; i < lengthof(attributes); i++)
	{
		EvKeyCondition *condition;
		int n;
		const EvView *values = ev_event_pattern_required(pattern, attributes[i].name, &n);

		if (values == NULL || n > MAX_ALTERNATIVES)
			continue;
		condition = add_condition(conditions, attributes[i].name, n);
		for (int j = 0; j < n; j++)
			add_key(condition, attributes[i].kind, values[j].data, values[j].length);
	}
}

static bool
is_word(const EvView *value, const char *word)
{
	return value->length == strlen(word) && memcmp(value->data, word, value->length) == 0;
}

/* A number or a boolean has the key of its text, and is another value to a pattern. */
static bool
may_be_other(const EvView *value)
{
	return (value->length > 0 && strchr("-0123456789", value->data[0]) != NULL) ||
		   is_word(value, "true") || is_word(value, "false");
}

/* Is the pattern nothing but users, so that their keys say all of it? */
static bool
is_of_users(const EvEventPattern *pattern)
{
	int n;
	const EvView *users = ev_event_pattern_required(pattern, "user", &n);

	if (users == NULL || n > MAX_ALTERNATIVES || !ev_event_pattern_is_only(pattern, "user"))
		return false;
	for (int i = 0; i < n; i++)
	{
		if (may_be_other(&users[i]))
			return false;
	}
	return true;
}

void
ev_key_condition_derive(EvKeyConditions *conditions, const EvRequest *request)
{
	memset(conditions, 0, sizeof(EvKeyConditions));
	conditions->are_all = request->contains == NULL && request->filter->expression == NULL &&
						  (request->filter->pattern == NULL ||
						   is_of_users(request->filter->pattern));
	derive_types(conditions, request->filter->topics);
	derive_topics(conditions, request->filter->topics);
	derive_sources(conditions, request);
	if (request->subject != NULL)
		add_key(add_condition(conditions, "subject", 1), EV_KEY_SUBJECT,
				VARDATA_ANY(request->subject), VARSIZE_ANY_EXHDR(request->subject));
	if (request->filter->pattern != NULL)
		derive_pattern(conditions, request->filter->pattern);
}

bool
ev_key_condition_holds(const EvKeyConditions *conditions, const int64 *keys, int n)
{
	for (int i = 0; i < conditions->count; i++)
	{
		const EvKeyCondition *condition = &conditions->list[i];
		bool holds = false;

		for (int j = 0; j < condition->n && !holds; j++)
			holds = ev_key_condition_has_key(keys, n, condition->keys[j]);
		if (!holds)
			return false;
	}
	return true;
}
