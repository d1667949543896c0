/* SPDX-License-Identifier: PostgreSQL
 *
 * event_set_index.c: which conditions of one path does a scalar pass?
 *
 * All but ranges are found by hashes in one table.  A test has a key, some
 * bytes that each scalar which passes it has in a certain place:
 *	  equality		the whole value
 *	  prefix, suffix	that many bytes of its beginning or end
 *	  wildcard		its first, last or longest inner piece, whichever is longest
 *	  cidr			the network's address, with the length of its prefix
 *	  ...ignore-case	the same, of folded characters
 * A scalar is hashed in each of these ways for which there are keys, for each
 * length that a key has.  Hashes of beginnings and ends of all lengths come out
 * of one pass.  What is found is tested, so a collision costs only time.
 *
 * Inner pieces are looked for with windows of 1, 2, 4 or 8 bytes, the beginning
 * of the piece, behind a filter of bits.
 *
 * The hashes are seeded anew in each process, so that nobody can choose
 * patterns or values whose hashes collide.
 */
#include "base/compat.h"

#include "base/casefold.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "match/event_set_parts.h"
#include "miscadmin.h"

typedef enum KeyKind
{
	KEY_VALUE,
	KEY_FOLDED,
	KEY_PREFIX,
	KEY_SUFFIX,
	KEY_PREFIX_FOLDED, /* lengths of folded keys are in characters */
	KEY_SUFFIX_FOLDED,
	KEY_INNER,
	KEY_V4, /* lengths in bits */
	KEY_V6,
	NKEY_KINDS
} KeyKind;

typedef struct Entry
{
	uint64 hash; /* of kind, length and bytes */
	const EvTest *test;
	EvSetCondition *condition;
	uint64 tried; /* the scalar, by its number, for which it was found last */
} Entry;

/* Lengths that keys of one kind have, ascending. */
typedef struct Lengths
{
	int count;
	int capacity;
	int *lengths;
} Lengths;

#define FILTER_BITS 4096

struct EvSetIndex
{
	int count;
	int capacity;
	Entry *entries;
	uint32 *slots; /* 1 + number of an entry; those of one hash side by side */
	uint32 mask;
	Lengths lengths[NKEY_KINDS];
	uint64 filter[FILTER_BITS / 64]; /* of inner keys */
	int nranges;
	int range_capacity;
	EvSetRange *range_list;
	EvSetRanges *ranges;
	uint64 nscalars; /* looked up so far */
};

static uint64 seed; /* 0: not yet chosen */
static uint64 factor;

static void
choose_seed(void)
{
	if (seed != 0)
		return;
	factor = pg_prng_uint64(&pg_global_prng_state) | 1;
	seed = pg_prng_uint64(&pg_global_prng_state) | 1;
}

static inline uint64
finish_hash(uint64 hash, KeyKind kind, int length)
{
	hash ^= seed + ((uint64) kind << 56) + ((uint64) length << 20);
	hash ^= hash >> 32;
	hash *= UINT64CONST(0x9E3779B97F4A7C15);
	hash ^= hash >> 29;
	hash *= UINT64CONST(0xBF58476D1CE4E5B9);
	return hash ^ (hash >> 32);
}

static inline uint64
add_unit(uint64 hash, uint64 c)
{
	return hash * factor + c + 1;
}

static uint64
hash_bytes_forward(const char *s, int length)
{
	uint64 hash = 0;

	for (int i = 0; i < length; i++)
		hash = add_unit(hash, (unsigned char) s[i]);
	return hash;
}

static uint64
hash_bytes_backward(const char *s, int length)
{
	uint64 hash = 0;

	for (int i = length - 1; i >= 0; i--)
		hash = add_unit(hash, (unsigned char) s[i]);
	return hash;
}

static uint64
hash_folded_forward(const char *s, int length, int *ncharacters)
{
	const char *end = s + length;
	uint64 hash = 0;

	for (*ncharacters = 0; s < end; (*ncharacters)++)
		hash = add_unit(hash, ev_casefold_next(&s, end));
	return hash;
}

static uint64
hash_folded_backward(const char *s, int length, int *ncharacters)
{
	const char *p = s + length;
	uint64 hash = 0;

	for (*ncharacters = 0; p > s; (*ncharacters)++)
		hash = add_unit(hash, ev_casefold_previous(&p, s));
	return hash;
}

/* The first `length` bytes, which is 1, 2, 4 or 8. */
static inline uint64
load_window(const char *s, int length)
{
	uint64 window = 0;

	memcpy(&window, s, length);
	return window;
}

static uint64
hash_address(const EvAddress *address, int bits)
{
	int whole = bits / 8, rest = bits % 8;
	uint64 hash = hash_bytes_forward((const char *) address->bytes, whole);

	if (rest > 0)
		hash = add_unit(hash, address->bytes[whole] & (0xFF << (8 - rest)));
	return hash;
}

/* ---- keys of tests ---- */

typedef struct Key
{
	KeyKind kind;
	int length;
	uint64 hash;
} Key;

static Key
prefix_key(const EvView *text)
{
	return (Key) {KEY_PREFIX, text->length, hash_bytes_forward(text->data, text->length)};
}

static Key
suffix_key(const EvView *text)
{
	return (Key) {KEY_SUFFIX, text->length, hash_bytes_backward(text->data, text->length)};
}

static Key
inner_key(const EvView *piece)
{
	int length = piece->length >= 8 ? 8 : piece->length >= 4 ? 4 : piece->length >= 2 ? 2 : 1;

	return (Key) {KEY_INNER, length, load_window(piece->data, length)};
}

static Key
wildcard_key(const EvWildcard *wildcard)
{
	const EvView *first = &wildcard->pieces[0];
	const EvView *last = &wildcard->pieces[wildcard->npieces - 1];
	const EvView *longest = NULL;

	if (wildcard->npieces == 1)
		return (Key) {KEY_VALUE, 0, ev_view_hash(first)};
	for (const EvView *piece = first + 1; piece < last; piece++)
	{
		if (longest == NULL || piece->length > longest->length)
			longest = piece;
	}
	if (longest != NULL && longest->length > first->length && longest->length > last->length)
		return inner_key(longest);
	return first->length >= last->length ? prefix_key(first) : suffix_key(last);
}

static Key
key_of(const EvTest *test)
{
	Key key = {0};

	switch (test->kind)
	{
		case EV_TEST_VALUE:
			return (Key) {KEY_VALUE, 0, ev_view_hash(&test->value)};
		case EV_TEST_FOLDED:
			key.hash = hash_folded_forward(test->value.data, test->value.length, &key.length);
			return (Key) {KEY_FOLDED, 0, key.hash};
		case EV_TEST_PREFIX:
			return prefix_key(&test->value);
		case EV_TEST_SUFFIX:
			return suffix_key(&test->value);
		case EV_TEST_PREFIX_FOLDED:
			key.kind = KEY_PREFIX_FOLDED;
			key.hash = hash_folded_forward(test->value.data, test->value.length, &key.length);
			return key;
		case EV_TEST_SUFFIX_FOLDED:
			key.kind = KEY_SUFFIX_FOLDED;
			key.hash = hash_folded_backward(test->value.data, test->value.length, &key.length);
			return key;
		case EV_TEST_WILDCARD:
			return wildcard_key(test->wildcard);
		default:
			key.kind = test->network->address.length == 4 ? KEY_V4 : KEY_V6;
			key.length = test->network->bits;
			key.hash = hash_address(&test->network->address, key.length);
			return key;
	}
}

uint64
ev_event_set_index_key(const EvTest *test)
{
	Key key;

	choose_seed();
	key = key_of(test);
	return finish_hash(key.hash, key.kind, key.length);
}

bool
ev_event_set_index_takes(const EvCondition *condition)
{
	if (condition->absent)
		return false;
	for (int i = 0; i < condition->tests.count; i++)
	{
		if (condition->tests.tests[i].kind == EV_TEST_ANY ||
			condition->tests.tests[i].kind == EV_TEST_BUT)
			return false;
	}
	return true;
}

/* ---- building ---- */

static void
add_length(Lengths *lengths, int length)
{
	int low = 0, high = lengths->count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (lengths->lengths[middle] < length)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < lengths->count && lengths->lengths[low] == length)
		return;
	if (lengths->count == lengths->capacity)
	{
		lengths->capacity = Max(8, lengths->capacity * 2);
		if (lengths->lengths == NULL)
			lengths->lengths = palloc(lengths->capacity * sizeof(int));
		else
			lengths->lengths = repalloc(lengths->lengths, lengths->capacity * sizeof(int));
	}
	memmove(lengths->lengths + low + 1, lengths->lengths + low,
			(lengths->count - low) * sizeof(int));
	lengths->lengths[low] = length;
	lengths->count++;
}

static void
add_range(EvSetIndex *index, const EvRange *range, EvSetCondition *condition)
{
	if (index->nranges == index->range_capacity)
	{
		index->range_capacity = Max(8, index->range_capacity * 2);
		if (index->range_list == NULL)
			index->range_list = palloc(index->range_capacity * sizeof(EvSetRange));
		else
			index->range_list = repalloc_huge(index->range_list,
											  index->range_capacity * sizeof(EvSetRange));
	}
	index->range_list[index->nranges++] = (EvSetRange) {range, condition};
}

static void
add_entry(EvSetIndex *index, const EvTest *test, EvSetCondition *condition)
{
	Key key = key_of(test);
	uint64 hash = finish_hash(key.hash, key.kind, key.length);

	if (index->count == index->capacity)
	{
		index->capacity = Max(8, index->capacity * 2);
		if (index->entries == NULL)
			index->entries = palloc(index->capacity * sizeof(Entry));
		else
			index->entries = repalloc_huge(index->entries, index->capacity * sizeof(Entry));
	}
	index->entries[index->count++] = (Entry) {.hash = hash, .test = test, .condition = condition};
	add_length(&index->lengths[key.kind], key.length);
	if (key.kind == KEY_INNER)
		index->filter[hash % FILTER_BITS / 64] |= UINT64CONST(1) << (hash % 64);
}

void
ev_event_set_index_add(EvSetNode *node, EvSetCondition *condition)
{
	const EvTests *tests = &condition->condition->tests;

	choose_seed();
	if (node->index == NULL)
		node->index = palloc0(sizeof(EvSetIndex));
	for (int i = 0; i < tests->count; i++)
	{
		const EvTest *test = &tests->tests[i];

		CHECK_FOR_INTERRUPTS();
		if (test->kind == EV_TEST_RANGE)
			add_range(node->index, test->range, condition);
		else
			add_entry(node->index, test, condition);
	}
}

static int
compare_entries(const void *a, const void *b)
{
	uint64 x = ((const Entry *) a)->hash;
	uint64 y = ((const Entry *) b)->hash;

	return x < y ? -1 : x > y;
}

/* Entries of one hash stand side by side, and the table leads to the first of them. */
void
ev_event_set_index_finish(EvSetNode *node)
{
	EvSetIndex *index = node->index;
	uint32 size = 16;

	while (size < (uint32) index->count * 2)
		size *= 2;
	index->mask = size - 1;
	index->slots = MemoryContextAllocExtended(CurrentMemoryContext, size * sizeof(uint32),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	qsort(index->entries, index->count, sizeof(Entry), compare_entries);
	for (int i = 0; i < index->count; i++)
	{
		uint32 slot = (uint32) index->entries[i].hash & index->mask;

		if (i > 0 && index->entries[i].hash == index->entries[i - 1].hash)
			continue;
		while (index->slots[slot] != 0)
			slot = (slot + 1) & index->mask;
		index->slots[slot] = i + 1;
	}
	if (index->nranges > 0)
		index->ranges = ev_event_set_range_build(index->range_list, index->nranges);
}

/* ---- looking up ---- */

typedef struct LookUp
{
	EvEventSet *set;
	EvSetIndex *index;
	const EvView *scalar;
} LookUp;

static void
find_key(const LookUp *look, KeyKind kind, int length, uint64 key)
{
	EvSetIndex *index = look->index;
	uint64 hash = finish_hash(key, kind, length);
	uint32 slot = (uint32) hash & index->mask;

	if (kind == KEY_INNER &&
		!(index->filter[hash % FILTER_BITS / 64] & (UINT64CONST(1) << (hash % 64))))
		return;
	while (index->slots[slot] != 0 && index->entries[index->slots[slot] - 1].hash != hash)
		slot = (slot + 1) & index->mask;
	if (index->slots[slot] == 0)
		return;
	for (uint32 i = index->slots[slot] - 1; i < (uint32) index->count; i++)
	{
		Entry *entry = &index->entries[i];

		if (entry->hash != hash)
			break;
		if (entry->tried == index->nscalars || entry->condition->candidates_of == look->set->event)
			continue;
		entry->tried = index->nscalars;
		if (ev_event_pattern_test(entry->test, look->scalar))
			ev_event_set_pass(look->set, entry->condition);
	}
}

static void
look_up_prefixes(const LookUp *look, const char *s, int length)
{
	const Lengths *lengths = &look->index->lengths[KEY_PREFIX];
	uint64 hash = 0;
	int done = 0;

	for (int i = 0; i < lengths->count && lengths->lengths[i] <= length; i++)
	{
		for (; done < lengths->lengths[i]; done++)
			hash = add_unit(hash, (unsigned char) s[done]);
		find_key(look, KEY_PREFIX, done, hash);
	}
}

static void
look_up_suffixes(const LookUp *look, const char *s, int length)
{
	const Lengths *lengths = &look->index->lengths[KEY_SUFFIX];
	uint64 hash = 0;
	int done = 0;

	for (int i = 0; i < lengths->count && lengths->lengths[i] <= length; i++)
	{
		for (; done < lengths->lengths[i]; done++)
			hash = add_unit(hash, (unsigned char) s[length - 1 - done]);
		find_key(look, KEY_SUFFIX, done, hash);
	}
}

static void
look_up_inner(const LookUp *look, const char *s, int length)
{
	const Lengths *lengths = &look->index->lengths[KEY_INNER];

	for (int i = 0; i < lengths->count; i++)
	{
		int window = lengths->lengths[i];

		for (int at = 0; at + window <= length; at++)
		{
			if ((at & 0xFFFF) == 0xFFFF)
				CHECK_FOR_INTERRUPTS();
			find_key(look, KEY_INNER, window, load_window(s + at, window));
		}
	}
}

static void
look_up_address(const LookUp *look, const char *s, int length)
{
	EvAddress address = ev_event_pattern_address(s, length);
	KeyKind kind = address.length == 4 ? KEY_V4 : KEY_V6;
	const Lengths *lengths = &look->index->lengths[kind];

	if (address.length == 0)
		return;
	for (int i = 0; i < lengths->count; i++)
		find_key(look, kind, lengths->lengths[i], hash_address(&address, lengths->lengths[i]));
}

static void
look_up_folded_ends(const LookUp *look, const char *s, int length)
{
	const Lengths *lengths = &look->index->lengths[KEY_PREFIX_FOLDED];
	const char *p = s, *end = s + length;
	uint64 hash = 0;
	int done = 0;

	for (int i = 0; i < lengths->count; i++)
	{
		for (; done < lengths->lengths[i] && p < end; done++)
			hash = add_unit(hash, ev_casefold_next(&p, end));
		if (done < lengths->lengths[i])
			break;
		find_key(look, KEY_PREFIX_FOLDED, done, hash);
	}
	lengths = &look->index->lengths[KEY_SUFFIX_FOLDED];
	hash = 0;
	done = 0;
	p = end;
	for (int i = 0; i < lengths->count; i++)
	{
		for (; done < lengths->lengths[i] && p > s; done++)
			hash = add_unit(hash, ev_casefold_previous(&p, s));
		if (done < lengths->lengths[i])
			break;
		find_key(look, KEY_SUFFIX_FOLDED, done, hash);
	}
}

static void
look_up_folded(const LookUp *look)
{
	const Lengths *lengths = look->index->lengths;
	int length = look->scalar->length;
	int ncharacters;
	const char *s;

	if (lengths[KEY_FOLDED].count + lengths[KEY_PREFIX_FOLDED].count +
			lengths[KEY_SUFFIX_FOLDED].count ==
		0)
		return;
	s = ev_casefold_from_server(look->scalar->data, &length);
	if (lengths[KEY_FOLDED].count > 0)
		find_key(look, KEY_FOLDED, 0, hash_folded_forward(s, length, &ncharacters));
	look_up_folded_ends(look, s, length);
	if (s != look->scalar->data)
		pfree(unconstify(char *, s));
}

void
ev_event_set_index_look_up(EvEventSet *set, const EvSetNode *node, const EvView *scalar)
{
	EvSetIndex *index = node->index;
	LookUp look = {.set = set, .index = index, .scalar = scalar};

	index->nscalars++;
	if (index->lengths[KEY_VALUE].count > 0)
		find_key(&look, KEY_VALUE, 0, ev_view_hash(scalar));
	if (scalar->type == EV_JSON_NUMBER && index->ranges != NULL)
		ev_event_set_range_look_up(set, index->ranges, scalar);
	if (scalar->type != EV_JSON_STRING)
		return;
	if (index->lengths[KEY_PREFIX].count > 0)
		look_up_prefixes(&look, scalar->data, scalar->length);
	if (index->lengths[KEY_SUFFIX].count > 0)
		look_up_suffixes(&look, scalar->data, scalar->length);
	if (index->lengths[KEY_INNER].count > 0)
		look_up_inner(&look, scalar->data, scalar->length);
	if (index->lengths[KEY_V4].count + index->lengths[KEY_V6].count > 0)
		look_up_address(&look, scalar->data, scalar->length);
	look_up_folded(&look);
}
