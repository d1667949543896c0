/*
 * filters.h - the filters that are in use, and from where on each has its answers.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A Filter is one distinct text that the database understands (an event pattern, an expression of
 * FEEL, or both); nothing here reads it.  The feed gives the texts in use to the database, which
 * answers for each event which of them match.  A filter has a number, which is never used again,
 * so what an event in the ring carries (EventView.matches) means the same for ever.
 *
 * The life of a filter:
 *	  wanted	a channel uses it, and no page has come that answers for it
 *	  live		from a position on: every event after live_from that the hub was given carries its
 *				answer
 *	  gone		no channel uses it (channels linger, and their filters with them); the same text
 *				asked for again is another filter, which knows nothing of what this one knew
 *
 * The FilterList that filters_ask() gives is what a page is asked for with.  It stays as it is
 * until the next page is asked for, whatever filters come and go meanwhile.  When that page has
 * come, filters_take() makes its filters live from the position behind which the page begins.
 * Each list has all filters that are in use when it is made, so one that is live stays in every
 * later list until it is gone: there is never an event without its answer in between.
 */
#ifndef EVENTSD_FILTERS_H
#define EVENTSD_FILTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dlist.h"
#include "base/str.h"

#define FILTER_NOT_LIVE INT64_MAX

typedef struct Filter
{
	DlistNode node;		 /* FilterTable.all while it is used */
	struct Filter *next; /* in its bucket */
	uint32_t references; /* of its users and of the list */
	uint32_t users;
	uint64_t hash;
	int64_t number;
	int64_t live_from; /* a position, or FILTER_NOT_LIVE */
	Str text;
} Filter;

/* in the order of their numbers */
typedef struct FilterList
{
	uint64_t version; /* another list has another one; 0: none was asked for */
	Filter **filters;
	Str *texts;
	int count;
} FilterList;

typedef struct FilterTable
{
	Filter **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
	size_t text_bytes; /* of all texts */
	Dlist all;		   /* in the order of their numbers */
	int64_t last_number;
	int64_t asked_number; /* the last one when a page was asked for last */
	uint64_t version;	  /* of the list that would be made now */
	FilterList asked;
	uint64_t taken; /* version of the list of the last page */
} FilterTable;

void filters_init(FilterTable *table);
/* all must have been released */
void filters_clear(FilterTable *table);

Filter *filter_find(const FilterTable *table, Str text);
/* found or made, with one more user */
Filter *filter_acquire(FilterTable *table, Str text);
void filter_release(FilterTable *table, Filter *filter);

/* for the page that is asked for now; good until the next call */
const FilterList *filters_ask(FilterTable *table);
/* the page has come, and begins behind position; false: nothing has become live by that */
bool filters_take(FilterTable *table, int64_t position);
/* the feed begins anew: none is live, and a page that is on its way means nothing */
void filters_void(FilterTable *table);
/* is there one that no page was asked for with yet? */
bool filters_are_wanted(const FilterTable *table);

#endif /* EVENTSD_FILTERS_H */
