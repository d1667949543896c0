/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_cache.c: compiled expressions of this session.
 *
 * An entry is found by a hash of the text, of whether it is unary tests, and
 * of the names of several words that the context has; all of these are then
 * compared, so a collision costs a compilation and never an answer.  Entries stand in a list
 * by their last use; when their sizes together exceed events.feel_cache_size those not
 * used for the longest time go.  The one that was asked for last always stays.
 *
 * A call site keeps a pointer to its entry and the generation of the cache in
 * which it got it.  Whatever frees an entry starts a new generation, so a
 * pointer of the present one is good.
 *
 * An expression depends on nothing but what it is found by, and on
 * events.feel_depth_limit, which is looked at again when it is evaluated.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "common/hashfn.h"
#include "lib/ilist.h"
#include "match/feel_cache.h"
#include "utils/memutils.h"

/* Lives in the expression's own context. */
typedef struct Entry
{
	dlist_node node; /* of `entries` */
	MemoryContext context;
	Size size;
	uint64 hash;
	bool unary;
	const EvFeel *feel;
	EvFeelNames known;
	EvFeelSeams seams;
} Entry;

typedef struct Slot
{
	uint64 hash; /* the key */
	Entry *entry;
	char status;
} Slot;

#define SH_PREFIX slots
#define SH_ELEMENT_TYPE Slot
#define SH_KEY_TYPE uint64
#define SH_KEY hash
#define SH_HASH_KEY(table, key) ((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* What a call remembers. */
typedef struct Site
{
	Entry *entry;
	uint64 generation;
} Site;

/* What an expression is found by. */
typedef struct Key
{
	const char *text;
	int length;
	bool unary;
	EvFeelNames known;
	EvFeelSeams seams;
	uint64 hash;
} Key;

static MemoryContext cache_context; /* parent of all; NULL before the first */
static slots_hash *slots;
static dlist_head entries; /* the last used first */
static Size total_size;
static uint64 generation = 1;

static void
remove_entry(Entry *entry)
{
	generation++;
	total_size -= entry->size;
	dlist_delete(&entry->node);
	slots_delete(slots, entry->hash);
	MemoryContextDelete(entry->context);
}

/* Make room; `kept` is first in the list. */
static void
remove_oldest(Entry *kept)
{
	Size limit = (Size) ev_feel_cache_size * 1024;

	while (total_size > limit)
	{
		Entry *oldest = dlist_tail_element(Entry, node, &entries);

		if (oldest == kept)
			break;
		remove_entry(oldest);
	}
}

static void
init_cache(void)
{
	if (cache_context != NULL)
		return;
	dlist_init(&entries);
	slots = slots_create(TopMemoryContext, 32, NULL);
	cache_context = AllocSetContextCreate(TopMemoryContext, "events FEEL cache",
										  ALLOCSET_SMALL_SIZES);
}

static uint64
hash_key(const Key *key)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) key->text, key->length, key->unary);

	for (int i = 0; i < key->known.count; i++)
		hash = hash_bytes_extended((const unsigned char *) key->known.names[i].text,
								   key->known.names[i].length, hash);
	return hash;
}

static bool
same_names(const EvFeelNames *a, const EvFeelNames *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
	{
		if (a->names[i].length != b->names[i].length ||
			memcmp(a->names[i].text, b->names[i].text, a->names[i].length) != 0)
			return false;
	}
	return true;
}

static bool
same_text(const Entry *entry, const char *text, int length, bool unary)
{
	return entry->unary == unary && entry->feel->length == length &&
		   memcmp(entry->feel->text, text, length) == 0;
}

void
ev_feel_raise_fault(const EvFeelFault *fault)
{
	if (fault->too_deep)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("FEEL expression is nested too deeply"),
				 errdetail("Line %d, column %d: more than %d levels.", fault->line, fault->column,
						   ev_feel_depth_limit),
				 errhint("events.feel_depth_limit is the limit; max_stack_depth is the other.")));
	ereport(
		ERROR,
		(errcode(ERRCODE_SYNTAX_ERROR), errmsg("syntax error in FEEL expression"),
		 errdetail("Line %d, column %d: %s.", fault->line, fault->column, fault->message),
		 errhint("events.check_feel() checks an expression; docs/filters.md has the language.")));
}

/* Compile in a context of its own, which goes with an error. */
static Entry *
make_entry(const Key *key)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events FEEL expression",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Entry *entry = palloc0(sizeof(Entry));
	EvFeelFault fault = {0};

	entry->context = context;
	entry->hash = key->hash;
	entry->unary = key->unary;
	entry->seams = key->seams;
	entry->feel = ev_feel_parse(key->text, key->length, key->unary, &key->known, &fault);
	if (entry->feel == NULL)
		ev_feel_raise_fault(&fault);
	for (int i = 0; i < key->known.count; i++)
		ev_feel_parse_know(&entry->known, key->known.names[i]);
	MemoryContextSwitchTo(old);
	entry->size = MemoryContextMemAllocated(context, true);
	return entry;
}

static Entry *
add_entry(const Key *key)
{
	Entry *entry = make_entry(key);
	Slot *slot = slots_lookup(slots, key->hash);
	bool found;

	if (slot != NULL)
		remove_entry(slot->entry);
	slot = slots_insert(slots, key->hash, &found);
	slot->entry = entry;
	MemoryContextSetParent(entry->context, cache_context);
	dlist_push_head(&entries, &entry->node);
	total_size += entry->size;
	remove_oldest(entry);
	return entry;
}

static Entry *
find_entry(const char *text, int length, bool unary, const EvView *context)
{
	Key key = {.text = pnstrdup(text, length), .length = length, .unary = unary};
	Slot *slot;

	ev_feel_known_find_seams(key.text, &key.seams);
	if (context != NULL)
		ev_feel_known_collect(&key.known, context, key.text, &key.seams);
	key.hash = hash_key(&key);
	slot = slots_lookup(slots, key.hash);
	if (slot == NULL || !same_text(slot->entry, text, length, unary) ||
		!same_names(&slot->entry->known, &key.known))
		return add_entry(&key);
	return slot->entry;
}

/* Is what the site remembers what is asked for? */
static bool
remembers(const Site *site, const char *text, int length, bool unary, const EvView *context)
{
	EvFeelNames known = {0};

	if (site->generation != generation || !same_text(site->entry, text, length, unary))
		return false;
	if (context != NULL)
		ev_feel_known_collect(&known, context, site->entry->feel->text, &site->entry->seams);
	return same_names(&known, &site->entry->known);
}

const EvFeel *
ev_feel_cache_get(FmgrInfo *flinfo, const char *text, int length, bool unary, const EvView *context)
{
	Site *site = flinfo->fn_extra;
	Entry *entry;

	init_cache();
	if (site != NULL && remembers(site, text, length, unary, context))
		entry = site->entry;
	else
		entry = find_entry(text, length, unary, context);
	dlist_move_head(&entries, &entry->node);
	if (site == NULL)
		site = flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Site));
	site->entry = entry;
	site->generation = generation;
	return entry->feel;
}
