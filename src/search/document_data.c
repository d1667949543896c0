/* SPDX-License-Identifier: PostgreSQL
 *
 * document_data.c: the text of the data of an event.
 *
 * Strings and numbers are filed, each a piece of its own, and the keys of objects, each
 * once.  A number is filed in the one form that all equal numbers have (1, 1.0 and
 * 1.00 are "1"), so that a document holds all words of the values that its data
 * contains by @>.  Booleans and null are in so many events that nobody can look for them.
 *
 * Data is whatever somebody has published: it may be nested deeper than the stack of
 * the server allows, so the walk keeps its own.
 */
#include "base/compat.h"

#include "base/number.h"
#include "base/view.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "search/document.h"
#include "search/document_data.h"
#include "utils/builtins.h"

/* Longer values do not come again often. */
#define REMEMBERED_LENGTH 24

/* So many different keys are known to be there already; others may be filed twice. */
#define KNOWN_KEYS 128

typedef struct Level
{
	EvCursor cursor;
	bool is_object;
} Level;

typedef struct Walk
{
	EvVector *vector;
	int left; /* bytes of text */
	bool is_complete;
	Level *levels;
	int depth;
	int room;
	uint64 keys[KNOWN_KEYS]; /* hashes of keys that were filed, in their slots; 0: none */
} Walk;

static void
add_text(Walk *walk, const char *text, int length, int weight, bool remember)
{
	if (length > walk->left)
	{
		walk->is_complete = false;
		length = pg_mbcliplen(text, length, walk->left);
	}
	walk->left -= length;
	if (length > 0)
		ev_vector_add(walk->vector, text, length, weight, remember);
}

static void
add_key(Walk *walk, const char *key, int length)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) key, length, 0) | 1;
	uint64 *slot = &walk->keys[(hash >> 1) % KNOWN_KEYS];

	if (*slot != hash)
		add_text(walk, key, length, EV_WEIGHT_D, true);
	*slot = hash;
}

static void
add_number(Walk *walk, const EvView *value)
{
	char buffer[32];
	int64 integer;

	if (ev_number_is_plain_integer(ev_view_numeric(value)))
	{
		EvNumber number = ev_number_read(ev_view_numeric(value));

		if (ev_number_to_int64(&number, &integer))
		{
			int length = pg_lltoa(integer, buffer);

			add_text(walk, buffer, length, EV_WEIGHT_C, length <= 4);
			return;
		}
	}
	{
		char *text = numeric_normalize(ev_view_numeric(value));

		add_text(walk, text, strlen(text), EV_WEIGHT_C, false);
	}
}

static void
enter(Walk *walk, const EvView *container)
{
	if (walk->depth == walk->room)
	{
		walk->room *= 2;
		walk->levels = repalloc(walk->levels, sizeof(Level) * walk->room);
	}
	ev_view_begin(&walk->levels[walk->depth].cursor, container);
	walk->levels[walk->depth].is_object = container->type == EV_JSON_OBJECT;
	walk->depth++;
}

static void
add_value(Walk *walk, const EvView *value)
{
	switch (value->type)
	{
		case EV_JSON_STRING:
			add_text(walk, value->data, value->length, EV_WEIGHT_C,
					 value->length <= REMEMBERED_LENGTH);
			break;
		case EV_JSON_NUMBER:
			add_number(walk, value);
			break;
		case EV_JSON_ARRAY:
		case EV_JSON_OBJECT:
			enter(walk, value);
			break;
		case EV_JSON_NULL:
		case EV_JSON_BOOLEAN:
			break;
	}
}

/* The next value of the innermost container, its key being filed; false at its end. */
static bool
next_value(Walk *walk, EvView *value)
{
	Level *level = &walk->levels[walk->depth - 1];
	const char *key;
	int length;

	if (!level->is_object)
		return ev_view_next_element(&level->cursor, value);
	if (!ev_view_next_member(&level->cursor, &key, &length, value))
		return false;
	add_key(walk, key, length);
	return true;
}

bool
ev_document_data_add(EvVector *vector, const Jsonb *data, int *left)
{
	Walk walk = {.vector = vector, .left = *left, .is_complete = true, .room = 16};
	EvView value = ev_view_of(data);

	walk.levels = palloc(sizeof(Level) * walk.room);
	add_value(&walk, &value);
	while (walk.depth > 0 && walk.left > 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (next_value(&walk, &value))
			add_value(&walk, &value);
		else
			walk.depth--;
	}
	*left = walk.left;
	return walk.is_complete && walk.depth == 0;
}

TSVector
ev_document_data_text(const Jsonb *data, Oid configuration, bool *is_truncated)
{
	EvVector vector;
	int left = EV_DOCUMENT_MAX_TEXT;
	bool is_complete;

	ev_vector_begin(&vector, configuration);
	is_complete = ev_document_data_add(&vector, data, &left);
	*is_truncated = !is_complete || vector.is_full;
	return ev_vector_finish(&vector);
}
