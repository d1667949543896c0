/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * filter.h: topics and types as clients write them, checked, as an EventFilter.
 *
 * Each function adds to a filter (which starts zeroed and owns its strings)
 * and returns false with half a sentence in detail when what it was given is
 * not good; the filter is to be freed in either case.  max is how many topics
 * and types a filter may have together.
 *
 * An EventFilter here is ours alone: its const pointers are our own memory.
 */
#ifndef WEB_FILTER_H
#define WEB_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/str.h"
#include "web/http_parse.h"

#define FILTER_MAX_ELEMENTS 64		 /* elements of one topic path */
#define FILTER_MAX_ELEMENT_SIZE 1024 /* bytes of an element, or of a type */
#define FILTER_DETAIL_SIZE 160

/* One path out of a query string, still in the escapes of the URL. */
extern bool filter_add_topic(EventFilter *filter, HttpSlice raw, int max, char *detail);

/* [["order"],["service","production"]] */
extern bool filter_add_json_topics(EventFilter *filter, const Json *topics, int max, char *detail);

/* One, a or a.*; commas are part of it */
extern bool filter_add_type(EventFilter *filter, const char *text, size_t len, int max,
							char *detail);

/* a,b.* */
extern bool filter_add_types(EventFilter *filter, const char *text, size_t len, int max,
							 char *detail);

/* ["a","b.*"] */
extern bool filter_add_json_types(EventFilter *filter, const Json *types, int max, char *detail);

extern void filter_free(EventFilter *filter);

/* Valid UTF-8 without control characters? */
extern bool filter_text_is_clean(const char *text, size_t len);
/* The same, but for those control characters that make lines: tabs and line breaks. */
extern bool filter_lines_are_clean(const char *text, size_t len);

#endif /* WEB_FILTER_H */
