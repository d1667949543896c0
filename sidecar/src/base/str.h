/*
 * str.h - borrowed strings, and what is made of them: lists, topic paths, filters.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A Str points into memory that somebody else owns and says how long it is; it need not end in a
 * NUL.  Whoever keeps one longer than the call in which it was given copies the bytes.
 *
 * A topic is a path: a StrList, one Str for each element.  An EventFilter is what a subscriber
 * asked for: topics are ORed, types are ORed, both groups are ANDed, and an empty group means all.
 * In a filter's topic the element "*" stands for any one element; a type may end in "*".  What is
 * beyond topics and types is text for the database, in its canonical form: one that a subscriber
 * must have matched, or, when the database is asked, all that are to be answered for.
 */
#ifndef EVENTSD_STR_H
#define EVENTSD_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct Str
{
	const char *data;
	size_t len;
} Str;

typedef struct StrList
{
	const Str *items;
	int count;
} StrList;

typedef struct EventFilter
{
	const StrList *topics;
	int topic_count;
	StrList types;
	StrList filters;	/* canonical texts */
	bool only_matching; /* asked of the database: leave out what matches none of them */
} EventFilter;

/* of a literal */
#define STR(literal) ((Str) {(literal), sizeof(literal) - 1})

/* of a NUL-terminated string; NULL gives an empty Str */
static inline Str
str_from(const char *text)
{
	return (Str) {text, text ? strlen(text) : 0};
}

static inline bool
str_equal(Str a, Str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* is this strict UTF-8 (no overlong forms, no surrogates, nothing past U+10FFFF)? */
bool str_is_utf8(const char *data, size_t len);
/* bytes of the well-formed character at data (1 .. 4), or 0 when there is none */
size_t str_utf8_length(const char *data, size_t left);

#endif /* EVENTSD_STR_H */
