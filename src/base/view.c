/* SPDX-License-Identifier: PostgreSQL
 *
 * view.c: finding members, equality, hashes and copies of views.
 *
 * Equality is that of JSON Schema: numbers by value, so that 1 = 1.0, which
 * differ in their bytes.  Objects are sorted, so two of them are compared side
 * by side.  Equal bytes are equal values, which is tried first, once.
 */
#include "base/view.h"

#include "base/number.h"
#include "common/hashfn.h"
#include "miscadmin.h"

/* Above so many members a search halves; below, a walk with running offsets is faster. */
#define WALK_MEMBERS 32

EvView
ev_view_of_container(const JsonbContainer *container, int length)
{
	EvView view = {.type = JsonContainerIsObject(container) ? EV_JSON_OBJECT : EV_JSON_ARRAY,
				   .length = length,
				   .data = (const char *) container};

	return view;
}

EvView
ev_view_of(const Jsonb *jsonb)
{
	EvView view = ev_view_of_container(&jsonb->root, VARSIZE(jsonb) - VARHDRSZ);

	/* a scalar is the only element of an array that is none */
	if (JsonContainerIsScalar(&jsonb->root))
	{
		EvCursor cursor;
		EvView scalar = {.type = EV_JSON_NULL};

		ev_view_begin(&cursor, &view);
		ev_view_next_element(&cursor, &scalar);
		return scalar;
	}
	return view;
}

static bool
walk_members(const EvView *object, const char *key, int key_length, EvView *value)
{
	EvCursor cursor;
	const char *name;
	int length;

	ev_view_begin(&cursor, object);
	while (ev_view_next_member(&cursor, &name, &length, value))
	{
		if (length > key_length)
			break;
		if (length == key_length && memcmp(name, key, length) == 0)
			return true;
	}
	return false;
}

/* An entry of a container by its number, among n in all. */
static const char *
locate_entry(const JsonbContainer *container, int index, int n, const char **end)
{
	const char *base = (const char *) (container->children + n);
	const char *start = base + getJsonbOffset(container, index);

	*end = ev_view_entry_end(container->children[index], base, start);
	return start;
}

bool
ev_view_element(const EvView *array, int index, EvView *element)
{
	const JsonbContainer *container = ev_view_container(array);
	int n = JsonContainerSize(container);
	const char *start, *end;

	if (index < 0 || index >= n)
		return false;
	start = locate_entry(container, index, n, &end);
	ev_view_decode(container->children[index], start, end, element);
	return true;
}

bool
ev_view_member(const EvView *object, const char *key, int key_length, EvView *value)
{
	const JsonbContainer *container = ev_view_container(object);
	int n = JsonContainerSize(container);
	int low = 0, high = n;

	if (n <= WALK_MEMBERS)
		return walk_members(object, key, key_length, value);
	while (low < high)
	{
		int middle = low + (high - low) / 2;
		const char *start, *end;
		int order;

		start = locate_entry(container, middle, 2 * n, &end);
		order = ev_view_compare_keys(start, end - start, key, key_length);
		if (order == 0)
		{
			start = locate_entry(container, n + middle, 2 * n, &end);
			ev_view_decode(container->children[n + middle], start, end, value);
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool values_are_equal(const EvView *a, const EvView *b);

static bool
arrays_are_equal(const EvView *a, const EvView *b)
{
	EvCursor left, right;
	EvView x, y;

	ev_view_begin(&left, a);
	ev_view_begin(&right, b);
	while (ev_view_next_element(&left, &x) && ev_view_next_element(&right, &y))
	{
		if (!values_are_equal(&x, &y))
			return false;
	}
	return true;
}

static bool
objects_are_equal(const EvView *a, const EvView *b)
{
	EvCursor left, right;
	EvView x, y;
	const char *key, *other;
	int length, other_length;

	ev_view_begin(&left, a);
	ev_view_begin(&right, b);
	while (ev_view_next_member(&left, &key, &length, &x) &&
		   ev_view_next_member(&right, &other, &other_length, &y))
	{
		if (length != other_length || memcmp(key, other, length) != 0 || !values_are_equal(&x, &y))
			return false;
	}
	return true;
}

static bool
numbers_are_equal(const EvView *a, const EvView *b)
{
	EvNumber x = ev_number_read(ev_view_numeric(a));
	EvNumber y = ev_number_read(ev_view_numeric(b));

	return ev_number_compare(&x, &y) == 0;
}

static bool
values_are_equal(const EvView *a, const EvView *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case EV_JSON_NULL:
			return true;
		case EV_JSON_BOOLEAN:
			return a->boolean == b->boolean;
		case EV_JSON_STRING:
			return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
		case EV_JSON_NUMBER:
			return numbers_are_equal(a, b);
		default:
			break;
	}
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (ev_view_count(a) != ev_view_count(b))
		return false;
	return a->type == EV_JSON_ARRAY ? arrays_are_equal(a, b) : objects_are_equal(a, b);
}

bool
ev_view_equal(const EvView *a, const EvView *b)
{
	if (a->type != b->type)
		return false;
	if (a->type >= EV_JSON_NUMBER && a->length == b->length &&
		memcmp(a->data, b->data, a->length) == 0)
		return true;
	return values_are_equal(a, b);
}

static uint32
hash_members(const EvView *view)
{
	EvCursor cursor;
	EvView value;
	const char *key;
	int length;
	uint32 hash = 0;

	ev_view_begin(&cursor, view);
	while (ev_view_next_member(&cursor, &key, &length, &value))
	{
		hash = hash_combine(hash, hash_bytes((const unsigned char *) key, length));
		hash = hash_combine(hash, ev_view_hash(&value));
	}
	return hash;
}

static uint32
hash_elements(const EvView *view)
{
	EvCursor cursor;
	EvView value;
	uint32 hash = 1;

	ev_view_begin(&cursor, view);
	while (ev_view_next_element(&cursor, &value))
		hash = hash_combine(hash, ev_view_hash(&value));
	return hash;
}

uint32
ev_view_hash(const EvView *view)
{
	EvNumber number;
	uint32 hash = 0;

	switch (view->type)
	{
		case EV_JSON_NULL:
			break;
		case EV_JSON_BOOLEAN:
			hash = view->boolean;
			break;
		case EV_JSON_STRING:
			hash = hash_bytes((const unsigned char *) view->data, view->length);
			break;
		case EV_JSON_NUMBER:
			number = ev_number_read(ev_view_numeric(view));
			hash = ev_number_hash(&number);
			break;
		case EV_JSON_ARRAY:
		case EV_JSON_OBJECT:
			check_stack_depth();
			CHECK_FOR_INTERRUPTS();
			hash = view->type == EV_JSON_ARRAY ? hash_elements(view) : hash_members(view);
			break;
	}
	return hash_combine(hash, (uint32) view->type);
}

static Jsonb *
scalar_to_jsonb(const EvView *view)
{
	JsonbValue value;

	switch (view->type)
	{
		case EV_JSON_BOOLEAN:
			value.type = jbvBool;
			value.val.boolean = view->boolean;
			break;
		case EV_JSON_NUMBER:
			value.type = jbvNumeric;
			value.val.numeric = ev_view_numeric(view);
			break;
		case EV_JSON_STRING:
			value.type = jbvString;
			value.val.string.val = unconstify(char *, view->data);
			value.val.string.len = view->length;
			break;
		default:
			value.type = jbvNull;
			break;
	}
	return JsonbValueToJsonb(&value);
}

Jsonb *
ev_view_to_jsonb(const EvView *view)
{
	Jsonb *jsonb;

	if (view->type != EV_JSON_ARRAY && view->type != EV_JSON_OBJECT)
		return scalar_to_jsonb(view);
	jsonb = palloc(VARHDRSZ + view->length);
	SET_VARSIZE(jsonb, VARHDRSZ + view->length);
	memcpy(&jsonb->root, view->data, view->length);
	return jsonb;
}

char *
ev_view_to_cstring(const EvView *view)
{
	Jsonb *jsonb;

	if (view->type == EV_JSON_ARRAY || view->type == EV_JSON_OBJECT)
		return JsonbToCString(NULL, ev_view_container(view), view->length);
	jsonb = scalar_to_jsonb(view);
	return JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb) - VARHDRSZ);
}
