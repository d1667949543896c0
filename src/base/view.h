/* SPDX-License-Identifier: PostgreSQL
 *
 * view.h: looking at jsonb where it lies.
 *
 * An EvView is one JSON value inside a jsonb datum: its type, where its bytes
 * are and how many.  Nothing is copied and nothing is freed, so a view lives as
 * long as the datum.  PostgreSQL's JsonbIterator allocates and copies a
 * JsonbValue for every element; the cursors below walk the array of JEntries
 * with a running offset, and stay in registers.
 *
 * Keys of a jsonb object are unique and sorted by (length, bytes): whoever has
 * a list in that order (ev_view_compare_keys) can merge the two.
 */
#ifndef EV_VIEW_H
#define EV_VIEW_H

#include "utils/jsonb.h"
#include "utils/numeric.h"

typedef enum EvJsonType
{
	EV_JSON_NULL,
	EV_JSON_BOOLEAN,
	EV_JSON_NUMBER,
	EV_JSON_STRING,
	EV_JSON_ARRAY,
	EV_JSON_OBJECT
} EvJsonType;

typedef struct EvView
{
	EvJsonType type;
	bool boolean;	  /* the value, for EV_JSON_BOOLEAN */
	int length;		  /* bytes of a string, a number or a container */
	const char *data; /* string bytes (no NUL at the end), Numeric, or JsonbContainer */
} EvView;

/* Elements of an array, or keys and values of an object, in their order. */
typedef struct EvCursor
{
	const JEntry *entry; /* of the next element or key */
	const JEntry *value; /* of the next value; objects only */
	const char *data;	 /* of the next element or key */
	const char *value_data;
	const char *base; /* where offsets count from */
	int left;
} EvCursor;

#define ev_view_container(view) ((JsonbContainer *) (view)->data)
#define ev_view_numeric(view) ((Numeric) (view)->data)

/* The whole datum: the scalar itself where it is one. */
extern EvView ev_view_of(const Jsonb *jsonb);

/* Of a container that is an array or an object. */
extern EvView ev_view_of_container(const JsonbContainer *container, int length);

/* How many elements or members; arrays and objects only. */
static inline int
ev_view_count(const EvView *view)
{
	return JsonContainerSize(ev_view_container(view));
}

extern void ev_view_begin(EvCursor *cursor, const EvView *container);

/* false at the end */
extern bool ev_view_next_element(EvCursor *cursor, EvView *element);
extern bool ev_view_next_member(EvCursor *cursor, const char **key, int *key_length, EvView *value);

/* One member by key (binary search); false if it is not there. */
extern bool ev_view_member(const EvView *object, const char *key, int key_length, EvView *value);
#define ev_view_get(object, key, value) ev_view_member(object, key, strlen(key), value)

/* The order of keys in jsonb: shorter first, then by bytes. */
static inline int
ev_view_compare_keys(const char *a, int a_length, const char *b, int b_length)
{
	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return memcmp(a, b, a_length);
}

/* Equal as JSON values: 1 = 1.0, objects whatever the order of their keys. */
extern bool ev_view_equal(const EvView *a, const EvView *b);

/* Equal views have equal hashes. */
extern uint32 ev_view_hash(const EvView *view);

/* A jsonb datum of its own, and its text; palloc'd. */
extern Jsonb *ev_view_to_jsonb(const EvView *view);
extern char *ev_view_to_cstring(const EvView *view);

#endif /* EV_VIEW_H */
