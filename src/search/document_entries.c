/* SPDX-License-Identifier: PostgreSQL
 *
 * document_entries.c: entries on their way into the GIN index over keys and text.
 *
 * A document has some sixty words and keys.  To enter each by itself is to walk the
 * index sixty times an event; the index's own remedy, the pending list, writes every
 * word twice and leaves searches a list to read.  Here the entries of thousands of
 * documents are collected in memory, by a hash of the word or key, and entered in
 * their order in the end: a word of a thousand documents is one walk.  CREATE INDEX does the
 * same with a tree, whose comparisons were half the time of filing.
 *
 * What is entered is what the index's operator classes would have extracted: each
 * lexeme of the tsvector as a text, each number of the array; for a tsvector without
 * any, the index's entry of rows that have none (here: a lexeme of no bytes).
 */
#include "base/compat.h"

#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "search/document_entries.h"
#include "utils/memutils.h"

/* Numbers of the index's columns. */
#define KEYS 1
#define TEXT 2

typedef struct EntryKey
{
	const char *bytes; /* of the lexeme, or of the key as int64 */
	uint16 length;
	uint16 column;
} EntryKey;

typedef struct Entry
{
	EntryKey key;
	uint32 hash;
	uint32 count;
	uint32 room;
	bool is_disordered;
	char status;
	ItemPointerData *tids;
} Entry;

static inline bool
same_key(EntryKey a, EntryKey b)
{
	return a.length == b.length && a.column == b.column && memcmp(a.bytes, b.bytes, a.length) == 0;
}

#define SH_PREFIX entries
#define SH_ELEMENT_TYPE Entry
#define SH_KEY_TYPE EntryKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) (hash_bytes((const unsigned char *) (k).bytes, (k).length) + (k).column)
#define SH_EQUAL(tb, a, b) same_key(a, b)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, e) (e)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct EvDocumentEntries
{
	GinState state;
	MemoryContext context;
	entries_hash *table;
};

bool
ev_document_entries_fit(Relation index, AttrNumber keys, AttrNumber text)
{
	Form_pg_index form = index->rd_index;

	return index->rd_rel->relam == GIN_AM_OID && form->indnkeyatts == TEXT &&
		   form->indnatts == TEXT && form->indkey.values[0] == keys &&
		   form->indkey.values[1] == text &&
		   heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) &&
		   TupleDescAttr(RelationGetDescr(index), 0)->atttypid == INT8OID &&
		   TupleDescAttr(RelationGetDescr(index), 1)->atttypid == TEXTOID;
}

EvDocumentEntries *
ev_document_entries_begin(Relation index)
{
	EvDocumentEntries *entries = palloc0(sizeof(EvDocumentEntries));

	initGinState(&entries->state, index);
	entries->context = AllocSetContextCreate(CurrentMemoryContext, "events search entries",
											 ALLOCSET_DEFAULT_SIZES);
	entries->table = entries_create(entries->context, 16384, NULL);
	return entries;
}

Size
ev_document_entries_memory(const EvDocumentEntries *entries)
{
	return MemoryContextMemAllocated(entries->context, false);
}

static void
add(EvDocumentEntries *entries, EntryKey key, ItemPointer tid)
{
	bool found;
	Entry *entry = entries_insert(entries->table, key, &found);

	if (!found)
	{
		entry->key.bytes = memcpy(MemoryContextAlloc(entries->context, key.length), key.bytes,
								  key.length);
		entry->count = 0;
		entry->room = 2;
		entry->is_disordered = false;
		entry->tids = MemoryContextAlloc(entries->context, sizeof(ItemPointerData) * entry->room);
	}
	else if (entry->count == entry->room)
	{
		entry->room *= 2;
		entry->tids = repalloc_huge(entry->tids, sizeof(ItemPointerData) * entry->room);
	}
	if (entry->count > 0 && ItemPointerCompare(&entry->tids[entry->count - 1], tid) >= 0)
		entry->is_disordered = true;
	entry->tids[entry->count++] = *tid;
}

void
ev_document_entries_add(EvDocumentEntries *entries, const ArrayType *keys, TSVector text,
						ItemPointer tid)
{
	const char *key = ARR_DATA_PTR(keys);
	int nkeys = ArrayGetNItems(ARR_NDIM(keys), ARR_DIMS(keys));

	for (int i = 0; i < nkeys; i++)
		add(entries, (EntryKey) {key + i * sizeof(int64), sizeof(int64), KEYS}, tid);
	if (text->size == 0)
		add(entries, (EntryKey) {"", 0, TEXT}, tid);
	for (int i = 0; i < text->size; i++)
	{
		const WordEntry *word = &ARRPTR(text)[i];

		add(entries, (EntryKey) {STRPTR(text) + word->pos, word->len, TEXT}, tid);
	}
}

/* ---- entering them */

static int
compare_entries(const Entry *a, const Entry *b)
{
	int result;

	if (a->key.column != b->key.column)
		return (int) a->key.column - (int) b->key.column;
	if (a->key.column == KEYS)
	{
		int64 x;
		int64 y;

		memcpy(&x, a->key.bytes, sizeof(x));
		memcpy(&y, b->key.bytes, sizeof(y));
		return x < y ? -1 : x > y;
	}
	result = memcmp(a->key.bytes, b->key.bytes, Min(a->key.length, b->key.length));
	return result != 0 ? result : (int) a->key.length - (int) b->key.length;
}

typedef Entry *EntryPointer;

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE EntryPointer
#define ST_COMPARE(a, b) compare_entries(*(a), *(b))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* A row can have a key twice (a hash of two things), and pages come in any order. */
static void
put_in_order(Entry *entry)
{
	uint32 n = 1;

	qsort(entry->tids, entry->count, sizeof(ItemPointerData),
		  (int (*)(const void *, const void *)) ItemPointerCompare);
	for (uint32 i = 1; i < entry->count; i++)
	{
		if (!ItemPointerEquals(&entry->tids[i], &entry->tids[n - 1]))
			entry->tids[n++] = entry->tids[i];
	}
	entry->count = n;
}

static GinNullCategory
category_of(const Entry *entry)
{
	return entry->key.column == TEXT && entry->key.length == 0 ? GIN_CAT_EMPTY_ITEM
															   : GIN_CAT_NORM_KEY;
}

static Datum
key_datum(const Entry *entry)
{
	int64 key;
	text *lexeme;

	if (entry->key.column == KEYS)
	{
		memcpy(&key, entry->key.bytes, sizeof(key));
		return Int64GetDatum(key);
	}
	lexeme = palloc(VARHDRSZ + entry->key.length);
	SET_VARSIZE(lexeme, VARHDRSZ + entry->key.length);
	memcpy(VARDATA(lexeme), entry->key.bytes, entry->key.length);
	return PointerGetDatum(lexeme);
}

void
ev_document_entries_end(EvDocumentEntries *entries)
{
	uint32 n = entries->table->members;
	Entry **sorted = MemoryContextAllocHuge(entries->context, sizeof(Entry *) * Max(n, 1));
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "events search entry",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	entries_iterator iterator;
	Entry *entry;
	uint32 i = 0;

	entries_start_iterate(entries->table, &iterator);
	while ((entry = entries_iterate(entries->table, &iterator)) != NULL)
		sorted[i++] = entry;
	sort_entries(sorted, n);
	old = MemoryContextSwitchTo(row);
	for (i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		entry = sorted[i];
		if (entry->is_disordered)
			put_in_order(entry);
		ginEntryInsert(&entries->state, entry->key.column, key_datum(entry), category_of(entry),
					   entry->tids, entry->count, NULL);
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row);
	MemoryContextDelete(entries->context);
	pfree(entries);
}
