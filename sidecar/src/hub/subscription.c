/*
 * subscription.c - see subscription.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Making one goes in three steps.  A draft holds clauses whose strings are borrowed from wherever
 * they came from.  It is brought into canonical form (groups sorted and reduced, clauses merged
 * where the union is again one clause, then sorted and reduced).  Then it is written down as a
 * key, and the Subscription's own clauses are read back from that key: its strings all point into
 * the key's bytes, and whatever the key does not say is not there.
 */
#include "hub/subscription.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/wants.h"

struct Subscription
{
	uint32_t references;
	int clause_count;
	Clause *clauses;
	Str key;
	uint64_t hash;
	Str *strings;	/* all elements and types of all clauses */
	StrList *paths; /* all topics of all clauses */
	bool filters_all;
	EventFilter filter;
	Str *filter_types; /* when there are several clauses, else NULL */
	Str *filter_texts; /* each once */
};

/* ---- the key ---- */

static size_t
list_key_size(StrList list)
{
	size_t size = sizeof(uint32_t);

	for (int i = 0; i < list.count; i++)
		size += sizeof(uint32_t) + list.items[i].len;
	return size;
}

static size_t
key_size(const Draft *draft)
{
	size_t size = sizeof(uint32_t);

	for (int i = 0; i < draft->count; i++)
	{
		const Clause *clause = &draft->clauses[i];

		size += sizeof(uint32_t);
		for (int j = 0; j < clause->topic_count; j++)
			size += list_key_size(clause->topics[j]);
		size += list_key_size(clause->types) + sizeof(uint32_t) + clause->filter.len;
	}
	return size;
}

static void
put_number(char **at, size_t number)
{
	uint32_t value = (uint32_t) number;

	memcpy(*at, &value, sizeof(value));
	*at += sizeof(value);
}

static void
put_text(char **at, Str text)
{
	put_number(at, text.len);
	if (text.len > 0)
		memcpy(*at, text.data, text.len);
	*at += text.len;
}

static void
put_list(char **at, StrList list)
{
	put_number(at, (size_t) list.count);
	for (int i = 0; i < list.count; i++)
		put_text(at, list.items[i]);
}

static Str
make_key(const Draft *draft)
{
	size_t size = key_size(draft);
	char *key = mem_alloc(size);
	char *at = key;

	put_number(&at, (size_t) draft->count);
	for (int i = 0; i < draft->count; i++)
	{
		const Clause *clause = &draft->clauses[i];

		put_number(&at, (size_t) clause->topic_count);
		for (int j = 0; j < clause->topic_count; j++)
			put_list(&at, clause->topics[j]);
		put_list(&at, clause->types);
		put_text(&at, clause->filter);
	}
	return (Str) {key, size};
}

/* FNV-1a */
static uint64_t
hash_bytes(Str bytes)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ (unsigned char) bytes.data[i]) * UINT64_C(1099511628211);
	return hash;
}

/* ---- from the key back to clauses ---- */

typedef struct KeyReader
{
	const char *at;
	Str *string; /* next free ones */
	StrList *path;
} KeyReader;

static int
take_number(KeyReader *reader)
{
	uint32_t value;

	memcpy(&value, reader->at, sizeof(value));
	reader->at += sizeof(value);
	return (int) value;
}

static Str
take_text(KeyReader *reader)
{
	size_t len = (size_t) take_number(reader);
	Str text = {reader->at, len};

	reader->at += len;
	return text;
}

static StrList
take_list(KeyReader *reader)
{
	StrList list = {reader->string, take_number(reader)};

	for (int i = 0; i < list.count; i++)
		*reader->string++ = take_text(reader);
	return list;
}

static void
take_clause(KeyReader *reader, Clause *clause)
{
	clause->topics = reader->path;
	clause->topic_count = take_number(reader);
	reader->path += clause->topic_count;
	for (int i = 0; i < clause->topic_count; i++)
		clause->topics[i] = take_list(reader);
	clause->types = take_list(reader);
	clause->filter = take_text(reader);
}

static void
count_draft(const Draft *draft, size_t *strings, size_t *paths)
{
	*strings = *paths = 0;
	for (int i = 0; i < draft->count; i++)
	{
		const Clause *clause = &draft->clauses[i];

		*paths += (size_t) clause->topic_count;
		for (int j = 0; j < clause->topic_count; j++)
			*strings += (size_t) clause->topics[j].count;
		*strings += (size_t) clause->types.count;
	}
}

/* of all clauses, one behind the other */
static void
collect_types(Subscription *subscription, int count)
{
	int at = 0;

	subscription->filter_types = mem_array((size_t) count, sizeof(Str));
	for (int i = 0; i < subscription->clause_count; i++)
	{
		StrList types = subscription->clauses[i].types;

		for (int j = 0; j < types.count; j++)
			subscription->filter_types[at++] = types.items[j];
	}
	subscription->filter.types = (StrList) {subscription->filter_types, count};
}

static int
find_text(StrList list, Str text)
{
	for (int i = 0; i < list.count; i++)
	{
		if (str_equal(list.items[i], text))
			return i;
	}
	return -1;
}

/* each once; clauses learn where theirs is */
static void
collect_filters(Subscription *subscription)
{
	EventFilter *filter = &subscription->filter;

	subscription->filter_texts = mem_array((size_t) subscription->clause_count + 1, sizeof(Str));
	filter->filters.items = subscription->filter_texts;
	filter->only_matching = subscription->clause_count > 0;
	for (int i = 0; i < subscription->clause_count; i++)
	{
		Clause *clause = &subscription->clauses[i];

		clause->filter_index = -1;
		if (clause->filter.len == 0)
		{
			filter->only_matching = false;
			continue;
		}
		clause->filter_index = find_text(filter->filters, clause->filter);
		if (clause->filter_index >= 0)
			continue;
		clause->filter_index = filter->filters.count++;
		subscription->filter_texts[clause->filter_index] = clause->filter;
	}
}

/*
 * The filter for the database.  Clauses lie one behind the other in paths, so all topics together
 * are one array already; types are not, and are collected.
 */
static void
make_filter(Subscription *subscription)
{
	EventFilter *filter = &subscription->filter;
	bool all_topics = subscription->clause_count == 0;
	bool all_types = subscription->clause_count == 0;
	int count = 0;

	filter->topics = subscription->paths;
	for (int i = 0; i < subscription->clause_count; i++)
	{
		const Clause *clause = &subscription->clauses[i];

		filter->topic_count += clause->topic_count;
		count += clause->types.count;
		all_topics = all_topics || clause->topic_count == 0;
		all_types = all_types || clause->types.count == 0;
	}
	if (all_topics)
		filter->topic_count = 0;
	if (!all_types)
		collect_types(subscription, count);
	collect_filters(subscription);
	subscription->filters_all = filter->topic_count == 0 && filter->types.count == 0 &&
								filter->filters.count == 0;
}

static Subscription *
from_draft(Draft *draft)
{
	Subscription *subscription = mem_zalloc(sizeof(*subscription));
	KeyReader reader;
	size_t strings;
	size_t paths;

	draft_canonicalize(draft);
	count_draft(draft, &strings, &paths);
	subscription->references = 1;
	subscription->key = make_key(draft);
	subscription->hash = hash_bytes(subscription->key);
	subscription->strings = mem_array(strings + 1, sizeof(Str));
	subscription->paths = mem_array(paths + 1, sizeof(StrList));
	subscription->clauses = mem_array((size_t) draft->count + 1, sizeof(Clause));

	reader = (KeyReader) {subscription->key.data, subscription->strings, subscription->paths};
	subscription->clause_count = take_number(&reader);
	for (int i = 0; i < subscription->clause_count; i++)
		take_clause(&reader, &subscription->clauses[i]);
	make_filter(subscription);
	return subscription;
}

/* ---- life ---- */

static Subscription *
make(const EventFilter *filter)
{
	Draft draft;
	Subscription *subscription;

	draft_init(&draft, 1);
	draft_add(&draft, &(Clause) {.topics = (StrList *) filter->topics,
								 .topic_count = filter->topic_count,
								 .types = filter->types,
								 .filter = filter->filters.count > 0 ? filter->filters.items[0]
																	 : (Str) {NULL, 0}});
	subscription = from_draft(&draft);
	draft_clear(&draft);
	return subscription;
}

/* what most ask for, and every poll anew: there is one for all of them, for ever */
Subscription *
subscription_all(void)
{
	static Subscription *all;

	if (all == NULL)
		all = make(&(EventFilter) {0});
	return subscription_acquire(all);
}

Subscription *
subscription_new(const EventFilter *filter)
{
	if (filter->topic_count == 0 && filter->types.count == 0 && filter->filters.count == 0)
		return subscription_all();
	return make(filter);
}

Subscription *
subscription_none(void)
{
	return subscription_union(NULL, 0);
}

Subscription *
subscription_union(Subscription *const *parts, int count)
{
	Draft draft;
	Subscription *subscription;
	int clauses = 0;

	for (int i = 0; i < count; i++)
		clauses += parts[i]->clause_count;
	draft_init(&draft, clauses);
	for (int i = 0; i < count; i++)
	{
		for (int j = 0; j < parts[i]->clause_count; j++)
			draft_add(&draft, &parts[i]->clauses[j]);
	}
	subscription = from_draft(&draft);
	draft_clear(&draft);
	return subscription;
}

Subscription *
subscription_acquire(Subscription *subscription)
{
	subscription->references++;
	return subscription;
}

void
subscription_release(Subscription *subscription)
{
	if (subscription == NULL || --subscription->references > 0)
		return;
	mem_free((char *) subscription->key.data);
	mem_free(subscription->strings);
	mem_free(subscription->paths);
	mem_free(subscription->clauses);
	mem_free(subscription->filter_types);
	mem_free(subscription->filter_texts);
	mem_free(subscription);
}

/* ---- questions ---- */

/* of one filter, by its number in the event's matches */
static SubscriptionMatch
answer_of(const EventView *event, int64_t number)
{
	int low = 0;
	int high = event->match_count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int64_t found = event->matches[middle];

		if (found == number)
			return SUBSCRIPTION_YES;
		if (-found == number)
			return SUBSCRIPTION_UNKNOWN;
		if ((found < 0 ? -found : found) < number)
			low = middle + 1;
		else
			high = middle;
	}
	return SUBSCRIPTION_NO;
}

SubscriptionMatch
subscription_match(const Subscription *subscription, const EventView *event, const int64_t *numbers)
{
	SubscriptionMatch match = SUBSCRIPTION_NO;

	for (int i = 0; i < subscription->clause_count; i++)
	{
		const Clause *clause = &subscription->clauses[i];
		int index = clause->filter_index;
		SubscriptionMatch answer;

		if (!clause_matches(clause, event->type, event->topic))
			continue;
		if (index < 0)
			return SUBSCRIPTION_YES;
		answer = answer_of(event, numbers != NULL ? numbers[index] : index + 1);
		if (answer == SUBSCRIPTION_YES)
			return answer;
		if (answer == SUBSCRIPTION_UNKNOWN)
			match = answer;
	}
	return match;
}

bool
subscription_equal(const Subscription *a, const Subscription *b)
{
	return a == b || (a->hash == b->hash && str_equal(a->key, b->key));
}

uint64_t
subscription_hash(const Subscription *subscription)
{
	return subscription->hash;
}

Str
subscription_key(const Subscription *subscription)
{
	return subscription->key;
}

bool
subscription_is_none(const Subscription *subscription)
{
	return subscription->clause_count == 0;
}

bool
subscription_is_all(const Subscription *subscription)
{
	return subscription->clause_count == 1 && subscription->clauses[0].topic_count == 0 &&
		   subscription->clauses[0].types.count == 0 && subscription->clauses[0].filter.len == 0;
}

const EventFilter *
subscription_filter(const Subscription *subscription)
{
	return subscription->filters_all ? NULL : &subscription->filter;
}

uint64_t
subscription_topic_key(Str first_element)
{
	return hash_bytes(first_element);
}

uint64_t
subscription_type_key(Str type)
{
	return ~hash_bytes(type);
}

/* in a canonical clause a star is an element of its own, or the end of a type */
static bool
has_star(Str text)
{
	return text.len > 0 && text.data[text.len - 1] == '*';
}

uint64_t
subscription_filtered_key(uint64_t key, int64_t number)
{
	return (key ^ (uint64_t) number) * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t) number;
}

/* adds the keys of one clause; false when it has none that would do */
static bool
add_keys(const Clause *clause, uint64_t *keys, int *count)
{
	bool by_topic = clause->topic_count > 0;
	int n = by_topic ? clause->topic_count : clause->types.count;

	if (n == 0 || *count + n > SUBSCRIPTION_MAX_ROUTES)
		return false;
	for (int i = 0; i < n; i++)
	{
		Str text = by_topic ? clause->topics[i].items[0] : clause->types.items[i];

		if (has_star(text))
			return false;
		keys[*count + i] = by_topic ? subscription_topic_key(text) : subscription_type_key(text);
	}
	*count += n;
	return true;
}

/* with a filter there is always one that does: the filter's own */
static bool
add_filtered_keys(const Clause *clause, int64_t number, uint64_t *keys, int *count)
{
	int first = *count;

	if (!add_keys(clause, keys, count))
	{
		if (*count == SUBSCRIPTION_MAX_ROUTES)
			return false;
		keys[(*count)++] = 0;
	}
	for (int i = first; i < *count; i++)
		keys[i] = subscription_filtered_key(keys[i], number);
	return true;
}

int
subscription_route_keys(const Subscription *subscription, const int64_t *numbers,
						uint64_t keys[SUBSCRIPTION_MAX_ROUTES])
{
	int count = 0;

	for (int i = 0; i < subscription->clause_count; i++)
	{
		const Clause *clause = &subscription->clauses[i];
		int index = clause->filter_index;

		if (index < 0 ? !add_keys(clause, keys, &count)
					  : !add_filtered_keys(clause, numbers[index], keys, &count))
			return -1;
	}
	return count;
}

StrList
subscription_filters(const Subscription *subscription)
{
	return subscription->filter.filters;
}

int
subscription_size(const Subscription *subscription)
{
	int size = 0;

	for (int i = 0; i < subscription->clause_count; i++)
		size += subscription->clauses[i].topic_count + subscription->clauses[i].types.count;
	return size + subscription->filter.filters.count;
}
