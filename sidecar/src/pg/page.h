/*
 * page.h - asking for a page of the feed, and reading it; private to pg/.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A page is the answer of events._feed(): events in the order of their positions, and last an
 * end row (without an event) that says how far the read went and in which epoch.  With filters
 * each event comes with the indexes (from 1) of those that match it, and the negative ones of those
 * that passed a limit.
 */
#ifndef EVENTSD_PG_PAGE_H
#define EVENTSD_PG_PAGE_H

#include <libpq-fe.h>

#include "pg/conn.h"
#include "pg/feed.h"

extern const ConnStatement page_statement;
/* events._check_filter(pattern, filter) */
extern const ConnStatement check_statement;

#define PAGE_PARAMS 8

/* the text parameters of page_statement */
typedef struct PageParams
{
	char *values[PAGE_PARAMS];
} PageParams;

typedef struct PageRequest
{
	int64_t after;
	int max_count;
	int max_bytes;
	const EventFilter *filter; /* NULL for all */
	const char *filters_key;   /* the session keeps the filter's filters under it; or NULL */
} PageRequest;

/* false when the filter holds a NUL byte or is too large */
bool page_params_init(PageParams *params, const PageRequest *request);
void page_params_clear(PageParams *params);

typedef struct Page
{
	FeedEvent *events; /* they point into the PGresult */
	int count;
	Str *elements;	  /* of all topics */
	int64_t *matches; /* of all events */
	int64_t position;
	bool is_cut; /* there was more to read when it was made */
	char epoch[FEED_EPOCH_SIZE];
	size_t bytes; /* of the events */
} Page;

/* false when the result has not the shape of a page; clear it in any case */
bool page_read(Page *page, const PGresult *rows);
void page_clear(Page *page);

/* a bigint column in binary */
int64_t page_bigint(const PGresult *rows, int row, int column);

#endif /* EVENTSD_PG_PAGE_H */
