/*
 * dlist.h - intrusive doubly linked lists.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A list is a ring through its head: no NULLs, no special cases.  A node is a member of the
 * listed thing; DLIST_OWNER finds the thing again.  A node that is on no list points to itself,
 * so that taking it off twice does no harm; dlist_node_init() makes it so before first use.
 */
#ifndef EVENTSD_DLIST_H
#define EVENTSD_DLIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct DlistNode
{
	struct DlistNode *prev;
	struct DlistNode *next;
} DlistNode;

typedef struct Dlist
{
	DlistNode head;
} Dlist;

/* the Type that has this node as its member */
#define DLIST_OWNER(Type, member, node) ((Type *) ((char *) (node) -offsetof(Type, member)))

/* for (DLIST_EACH(node, list)): the body must not remove the node */
#define DLIST_EACH(node, list)           \
	DlistNode *node = (list)->head.next; \
	node != &(list)->head;               \
	node = node->next

/* the body may remove (and free) the node itself, and nothing else */
#define DLIST_EACH_SAFE(node, list)                                 \
	DlistNode *node = (list)->head.next, *node##_next = node->next; \
	node != &(list)->head;                                          \
	node = node##_next, node##_next = node->next

static inline void
dlist_init(Dlist *list)
{
	list->head.prev = list->head.next = &list->head;
}

static inline void
dlist_node_init(DlistNode *node)
{
	node->prev = node->next = node;
}

static inline bool
dlist_is_empty(const Dlist *list)
{
	return list->head.next == &list->head;
}

static inline bool
dlist_is_linked(const DlistNode *node)
{
	return node->next != node;
}

static inline void
dlist_insert_before(DlistNode *at, DlistNode *node)
{
	node->prev = at->prev;
	node->next = at;
	at->prev->next = node;
	at->prev = node;
}

static inline void
dlist_push_tail(Dlist *list, DlistNode *node)
{
	dlist_insert_before(&list->head, node);
}

static inline void
dlist_push_head(Dlist *list, DlistNode *node)
{
	dlist_insert_before(list->head.next, node);
}

static inline void
dlist_remove(DlistNode *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	dlist_node_init(node);
}

/* NULL when empty */
static inline DlistNode *
dlist_first(const Dlist *list)
{
	return dlist_is_empty(list) ? NULL : list->head.next;
}

static inline DlistNode *
dlist_pop_head(Dlist *list)
{
	DlistNode *node = dlist_first(list);

	if (node)
		dlist_remove(node);
	return node;
}

/* move all of `from` to the end of `to`; `from` is empty afterwards */
static inline void
dlist_splice(Dlist *to, Dlist *from)
{
	if (dlist_is_empty(from))
		return;
	from->head.next->prev = to->head.prev;
	to->head.prev->next = from->head.next;
	from->head.prev->next = &to->head;
	to->head.prev = from->head.prev;
	dlist_init(from);
}

#endif /* EVENTSD_DLIST_H */
