/*
 * filters.c - see filters.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "hub/filters.h"

#include <string.h>

#include "base/mem.h"

#define FIRST_BUCKETS 64

void
filters_init(FilterTable *table)
{
	memset(table, 0, sizeof(*table));
	table->bucket_count = FIRST_BUCKETS;
	table->buckets = mem_array(table->bucket_count, sizeof(Filter *));
	table->version = 1;
	dlist_init(&table->all);
}

static void
drop_reference(Filter *filter)
{
	if (--filter->references > 0)
		return;
	mem_free((char *) filter->text.data);
	mem_free(filter);
}

static void
list_clear(FilterList *list)
{
	for (int i = 0; i < list->count; i++)
		drop_reference(list->filters[i]);
	mem_free(list->filters);
	mem_free(list->texts);
	memset(list, 0, sizeof(*list));
}

void
filters_clear(FilterTable *table)
{
	list_clear(&table->asked);
	mem_free(table->buckets);
	table->buckets = NULL;
}

/* ---- coming and going ---- */

/* FNV-1a */
static uint64_t
hash_text(Str text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char) text.data[i]) * UINT64_C(1099511628211);
	return hash;
}

static Filter **
bucket_of(const FilterTable *table, uint64_t hash)
{
	return &table->buckets[(hash ^ hash >> 32) & (table->bucket_count - 1)];
}

static Filter *
find(const FilterTable *table, Str text, uint64_t hash)
{
	Filter *filter = *bucket_of(table, hash);

	while (filter != NULL && (filter->hash != hash || !str_equal(filter->text, text)))
		filter = filter->next;
	return filter;
}

Filter *
filter_find(const FilterTable *table, Str text)
{
	return find(table, text, hash_text(text));
}

static void
put_in_bucket(FilterTable *table, Filter *filter)
{
	Filter **bucket = bucket_of(table, filter->hash);

	filter->next = *bucket;
	*bucket = filter;
}

static void
grow(FilterTable *table)
{
	mem_free(table->buckets);
	table->bucket_count *= 2;
	table->buckets = mem_array(table->bucket_count, sizeof(Filter *));
	for (DLIST_EACH(node, &table->all))
		put_in_bucket(table, DLIST_OWNER(Filter, node, node));
}

static Filter *
make(FilterTable *table, Str text, uint64_t hash)
{
	Filter *filter = mem_zalloc(sizeof(*filter));

	filter->references = 1;
	filter->hash = hash;
	filter->number = ++table->last_number;
	filter->live_from = FILTER_NOT_LIVE;
	filter->text = (Str) {mem_strndup(text.data, text.len), text.len};
	if (table->count == table->bucket_count)
		grow(table);
	put_in_bucket(table, filter);
	dlist_push_tail(&table->all, &filter->node);
	table->count++;
	table->text_bytes += text.len;
	table->version++;
	return filter;
}

Filter *
filter_acquire(FilterTable *table, Str text)
{
	uint64_t hash = hash_text(text);
	Filter *filter = find(table, text, hash);

	if (filter == NULL)
		filter = make(table, text, hash);
	filter->users++;
	return filter;
}

void
filter_release(FilterTable *table, Filter *filter)
{
	Filter **link;

	if (--filter->users > 0)
		return;
	link = bucket_of(table, filter->hash);
	while (*link != filter)
		link = &(*link)->next;
	*link = filter->next;
	dlist_remove(&filter->node);
	table->count--;
	table->text_bytes -= filter->text.len;
	table->version++;
	drop_reference(filter);
}

/* ---- lists ---- */

const FilterList *
filters_ask(FilterTable *table)
{
	FilterList *list = &table->asked;

	table->asked_number = table->last_number;
	if (list->version == table->version)
		return list;
	list_clear(list);
	list->version = table->version;
	list->filters = mem_array(table->count + 1, sizeof(Filter *));
	list->texts = mem_array(table->count + 1, sizeof(Str));
	for (DLIST_EACH(node, &table->all))
	{
		Filter *filter = DLIST_OWNER(Filter, node, node);

		filter->references++;
		list->filters[list->count] = filter;
		list->texts[list->count++] = filter->text;
	}
	return list;
}

bool
filters_take(FilterTable *table, int64_t position)
{
	const FilterList *list = &table->asked;
	bool changed = false;

	if (table->taken == list->version)
		return false;
	table->taken = list->version;
	for (int i = 0; i < list->count; i++)
	{
		if (list->filters[i]->live_from != FILTER_NOT_LIVE)
			continue;
		list->filters[i]->live_from = position;
		changed = true;
	}
	return changed;
}

void
filters_void(FilterTable *table)
{
	for (DLIST_EACH(node, &table->all))
		DLIST_OWNER(Filter, node, node)->live_from = FILTER_NOT_LIVE;
	list_clear(&table->asked);
	table->taken = 0;
	table->asked_number = 0;
}

bool
filters_are_wanted(const FilterTable *table)
{
	return table->count > 0 && table->asked_number != table->last_number;
}
