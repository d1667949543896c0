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

#include "postgres.h"

#include "port/pg_bswap.h"
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

/* What a JEntry says of the bytes from `start` to `end`. */
static inline void
ev_view_decode(JEntry entry, const char *start, const char *end, EvView *view)
{
	/* by the three bits of JENTRY_TYPEMASK; a container is one or the other */
	static const uint8 types[] = {EV_JSON_STRING, EV_JSON_NUMBER, EV_JSON_BOOLEAN, EV_JSON_BOOLEAN,
								  EV_JSON_NULL,	  EV_JSON_ARRAY,  EV_JSON_NULL,	   EV_JSON_NULL};
	EvJsonType type = types[(entry & JENTRY_TYPEMASK) >> 28];

	if (type == EV_JSON_NUMBER || type == EV_JSON_ARRAY)
	{
		start = (const char *) INTALIGN(start);
		if (type == EV_JSON_ARRAY && (*(const uint32 *) start & JB_FOBJECT))
			type = EV_JSON_OBJECT;
	}
	view->type = type;
	view->boolean = JBE_ISBOOL_TRUE(entry);
	view->data = start;
	view->length = end - start;
}

/* Where the bytes of an entry end that start at `start`. */
static inline const char *
ev_view_entry_end(JEntry entry, const char *base, const char *start)
{
	return (JBE_HAS_OFF(entry) ? base : start) + JBE_OFFLENFLD(entry);
}

static inline void
ev_view_begin(EvCursor *cursor, const EvView *container)
{
	const JsonbContainer *jsonb = ev_view_container(container);
	int n = JsonContainerSize(jsonb);

	cursor->left = n;
	cursor->entry = jsonb->children;
	if (container->type == EV_JSON_OBJECT)
	{
		uint32 keys = 0;

		/* all keys come before the first value; the last offset among them saves adding them up */
		cursor->value = cursor->entry + n;
		for (const JEntry *entry = cursor->value; entry > cursor->entry;)
		{
			entry--;
			keys += JBE_OFFLENFLD(*entry);
			if (JBE_HAS_OFF(*entry))
				break;
		}
		cursor->base = (const char *) (cursor->value + n);
		cursor->value_data = cursor->base + keys;
	}
	else
	{
		cursor->base = (const char *) (cursor->entry + n);
		cursor->value = NULL;
		cursor->value_data = NULL;
	}
	cursor->data = cursor->base;
}

/* false at the end */
static inline bool
ev_view_next_element(EvCursor *cursor, EvView *element)
{
	const char *end;

	if (cursor->left == 0)
		return false;
	cursor->left--;
	end = ev_view_entry_end(*cursor->entry, cursor->base, cursor->data);
	ev_view_decode(*cursor->entry, cursor->data, end, element);
	cursor->entry++;
	cursor->data = end;
	return true;
}

static inline bool
ev_view_next_member(EvCursor *cursor, const char **key, int *key_length, EvView *value)
{
	const char *end;

	if (cursor->left == 0)
		return false;
	cursor->left--;
	end = ev_view_entry_end(*cursor->entry, cursor->base, cursor->data);
	*key = cursor->data;
	*key_length = end - cursor->data;
	cursor->entry++;
	cursor->data = end;
	end = ev_view_entry_end(*cursor->value, cursor->base, cursor->value_data);
	ev_view_decode(*cursor->value, cursor->value_data, end, value);
	cursor->value++;
	cursor->value_data = end;
	return true;
}

/* One element by its number, from 0; false past the end. */
extern bool ev_view_element(const EvView *array, int index, EvView *element);

/* One member by key; false if it is not there. */
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

/*
 * The first 8 bytes of a name as a number that has their order; shorter names
 * of one length have it too.
 */
static inline uint64
ev_view_head(const char *name, int length)
{
	uint64 head = 0;

	memcpy(&head, name, Min(length, (int) sizeof(head)));
	return pg_ntoh64(head);
}

/*
 * The same for a key that lies in a jsonb object: the 8 bytes that end with a
 * key are there, since JEntries stand before the first key.
 */
static inline uint64
ev_view_key_head(const char *key, int length)
{
	uint64 head;

	if (length >= (int) sizeof(head))
	{
		memcpy(&head, key, sizeof(head));
		return pg_ntoh64(head);
	}
	if (length == 0)
		return 0;
	memcpy(&head, key + length - sizeof(head), sizeof(head));
	return pg_ntoh64(head) << (8 * (sizeof(head) - length));
}

/* Equal as JSON values: 1 = 1.0, objects whatever the order of their keys. */
extern bool ev_view_equal(const EvView *a, const EvView *b);

/* Equal views have equal hashes. */
extern uint32 ev_view_hash(const EvView *view);

typedef struct EvMember
{
	const char *key;
	int key_length;
	EvView value;
} EvMember;

/* New containers out of old values, whose bytes are copied; members sorted, each key once. */
extern EvView ev_view_make_array(const EvView *elements, int n);
extern EvView ev_view_make_object(const EvMember *members, int n);

/* A jsonb datum of its own, and its text; palloc'd. */
extern Jsonb *ev_view_to_jsonb(const EvView *view);
extern char *ev_view_to_cstring(const EvView *view);

#endif /* EV_VIEW_H */
