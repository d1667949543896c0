/* SPDX-License-Identifier: PostgreSQL
 *
 * text_query.h: what people type into a search box.
 *
 * The language is that of websearch_to_tsquery(): words that must all be there, "words
 * in this order", OR, -without.  Beyond it a word may end in * and then stands for all
 * words that begin so.  Nothing that can be typed is an error but too much of it.
 *
 * A text becomes a tsquery only with a text search configuration, and one history may
 * have documents of several: so the text is taken apart once, and a tsquery is made for
 * each configuration.
 */
#ifndef EV_TEXT_QUERY_H
#define EV_TEXT_QUERY_H

#include "postgres.h"

#include "tsearch/ts_type.h"

typedef struct EvTextQuery EvTextQuery;

/* NULL if there is nothing but blanks; raises 22023 if it is too long. */
extern EvTextQuery *ev_text_query_parse(const text *query);

/* All of it, without blanks around it: what may be the id of an event. */
extern const char *ev_text_query_whole(const EvTextQuery *query, int *length);

/* For a configuration; NULL if it has only words that are not searched: stop words, punctuation. */
extern TSQuery ev_text_query_make(const EvTextQuery *query, Oid configuration);

/* All words of a text, joined to a query (NULL if that is none); NULL if there are no words. */
extern TSQuery ev_text_query_require(TSQuery query, TSVector words);

/* May an index answer it?  Not if it asks only for what must not be there. */
extern bool ev_text_query_is_indexable(TSQuery query);
extern bool ev_text_query_has_prefix(TSQuery query);

#endif /* EV_TEXT_QUERY_H */
