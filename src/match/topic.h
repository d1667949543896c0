/* SPDX-License-Identifier: PostgreSQL
 *
 * topic.h: does an event belong to a subscription of topics and types?
 *
 * A topic is a path, text[].  A subscribed path matches an event's topic if it
 * is a prefix of it, element by element; the element '*' matches any one
 * element.  A subscribed type matches if it is equal, or, where it ends in
 * '*', if the rest of it is a prefix.  Paths are alternatives, types are
 * alternatives, and both must match where both are given.
 */
#ifndef EV_TOPIC_H
#define EV_TOPIC_H

#include "utils/array.h"

typedef struct EvTopicPath
{
	int count;
	text **elements;
} EvTopicPath;

typedef struct EvTopicFilter
{
	int npaths; /* -1: any topic */
	EvTopicPath *paths;
	int ntypes; /* -1: any type */
	text **types;
} EvTopicFilter;

/*
 * From SQL arguments, either of which may be NULL for "any".  topics has one
 * dimension (one path) or two (a path in each row, padded at its end with
 * NULLs).  Raises 22023 for anything else.  The arrays must live as long as
 * the filter.
 */
extern EvTopicFilter *ev_topic_filter_make(ArrayType *topics, ArrayType *types);

extern bool ev_topic_filter_matches(const EvTopicFilter *filter, const text *type,
									ArrayType *topic);

/* Raises 22023 unless this is a topic: one dimension, no NULLs, no empty element. */
extern void ev_topic_check(ArrayType *topic);

/* 'order.created' → {order,created}: the topic of an event that has none. */
extern ArrayType *ev_topic_from_type(const char *type, int length);

/* {order,created} → 'order/created', with '/' and '%' inside an element percent-encoded. */
extern char *ev_topic_to_path(ArrayType *topic, int *length);

/* 'order/created' → {order,created}, undoing percent-encoding; NULL if it is not a topic. */
extern ArrayType *ev_topic_from_path(const char *path, int length);

#endif /* EV_TOPIC_H */
