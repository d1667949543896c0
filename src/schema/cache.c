/* SPDX-License-Identifier: PostgreSQL
 *
 * cache.c: compiled schemas of this backend.
 *
 * An entry is found by a hash of the schema's bytes and of the options it is
 * compiled with; the bytes are then compared, so a collision costs a
 * compilation and never a verdict.  Entries stand in a list by their last use;
 * when their sizes together exceed events.schema_cache_size those not used for
 * the longest time go.  The one that was asked for last always stays, so that
 * a schema larger than the whole cache works too.
 *
 * A call site (EvSchemaSite) keeps a pointer to its entry and the generation of
 * the cache in which it got it.  Whatever frees an entry starts a new
 * generation, so a pointer of the present one is good.
 *
 * ev_schema_cache_invalidate() may be called while cache invalidations are
 * processed, which is nearly everywhere, in the middle of a compilation too.
 * So it only sets a flag; entries are freed by the next question, and one that
 * was being compiled when the flag was set goes with them.  Who compiles takes
 * its verdict from what it has compiled all the same: it began before.
 *
 * Schemas that hold others out of the registry ask for pending invalidations
 * first: a statement that opens no table would not see that another session has
 * replaced one.
 *
 * Failed compilations leave nothing here.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "common/hashfn.h"
#include "lib/ilist.h"
#include "nodes/primnodes.h"
#include "schema/compile.h"
#include "utils/inval.h"
#include "utils/memutils.h"

/* Lives in the schema's own context. */
typedef struct EvSchemaEntry
{
	dlist_node node; /* of `entries` */
	uint64 hash;
	const EvSchema *schema;
	EvDraft draft;
	bool assert_format;
	const char *base_uri;
	const char *registry_base; /* events.schema_base_uri, by which others were found */
} EvSchemaEntry;

typedef struct Slot
{
	uint64 hash; /* the key */
	EvSchemaEntry *entry;
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

static MemoryContext cache_context; /* parent of all schemas; NULL before the first */
static slots_hash *slots;
static dlist_head entries; /* the last used first */
static Size total_size;
static uint64 generation = 1;
static bool invalid; /* all entries are to go */

void
ev_schema_cache_invalidate(void)
{
	invalid = true;
	generation++;
}

uint64
ev_schema_cache_generation(void)
{
	return generation;
}

static void
remove_entry(EvSchemaEntry *entry)
{
	generation++;
	total_size -= entry->schema->size;
	dlist_delete(&entry->node);
	slots_delete(slots, entry->hash);
	MemoryContextDelete(entry->schema->context);
}

static void
remove_invalid(void)
{
	if (!invalid)
		return;
	invalid = false;
	while (cache_context != NULL && !dlist_is_empty(&entries))
		remove_entry(dlist_head_element(EvSchemaEntry, node, &entries));
}

/* Make room; `kept` is first in the list. */
static void
remove_oldest(EvSchemaEntry *kept)
{
	Size limit = (Size) ev_schema_cache_size * 1024;

	while (total_size > limit)
	{
		EvSchemaEntry *oldest = dlist_tail_element(EvSchemaEntry, node, &entries);

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
	cache_context = AllocSetContextCreate(TopMemoryContext, "events schema cache",
										  ALLOCSET_SMALL_SIZES);
}

static uint64
hash_key(const Jsonb *schema, const EvCompileOptions *options)
{
	uint64 seed = options->draft * 2 + options->assert_format;

	if (options->base_uri[0] != '\0')
		seed = hash_bytes_extended((const unsigned char *) options->base_uri,
								   strlen(options->base_uri), seed);
	return hash_bytes_extended((const unsigned char *) schema, VARSIZE(schema), seed);
}

static bool
same_options(const EvSchemaEntry *entry, const EvCompileOptions *options)
{
	return entry->draft == options->draft && entry->assert_format == options->assert_format &&
		   strcmp(entry->base_uri, options->base_uri) == 0 &&
		   (!entry->schema->loads || strcmp(entry->registry_base, ev_schema_base_uri) == 0);
}

static bool
same_text(const EvSchemaEntry *entry, const Jsonb *schema)
{
	const Jsonb *text = entry->schema->text;

	return VARSIZE(text) == VARSIZE(schema) && memcmp(text, schema, VARSIZE(text)) == 0;
}

static EvSchemaEntry *
add_entry(uint64 hash, const Jsonb *text, const EvCompileOptions *options)
{
	EvSchema *schema = ev_schema_compile(text, options, CurrentMemoryContext);
	EvSchemaEntry *entry = MemoryContextAllocZero(schema->context, sizeof(EvSchemaEntry));
	Slot *slot;
	bool found;

	entry->hash = hash;
	entry->schema = schema;
	entry->draft = options->draft;
	entry->assert_format = options->assert_format;
	entry->base_uri = MemoryContextStrdup(schema->context, options->base_uri);
	entry->registry_base = MemoryContextStrdup(schema->context, ev_schema_base_uri);
	schema->size = MemoryContextMemAllocated(schema->context, true);

	/* a collision, or somebody validated by the same schema while this one was compiled */
	slot = slots_lookup(slots, hash);
	if (slot != NULL)
		remove_entry(slot->entry);
	slot = slots_insert(slots, hash, &found);
	slot->entry = entry;
	MemoryContextSetParent(schema->context, cache_context);
	dlist_push_head(&entries, &entry->node);
	total_size += schema->size;
	remove_oldest(entry);
	return entry;
}

static EvSchemaEntry *
find_entry(const Jsonb *schema, const EvCompileOptions *options)
{
	uint64 hash = hash_key(schema, options);
	Slot *slot;

	init_cache();
	slot = slots_lookup(slots, hash);
	if (slot == NULL || !same_options(slot->entry, options) || !same_text(slot->entry, schema))
		return add_entry(hash, schema, options);
	dlist_move_head(&entries, &slot->entry->node);
	return slot->entry;
}

/* Is what the site remembers what is asked for? */
static bool
remembers(const EvSchemaSite *site, const Jsonb *schema, const EvCompileOptions *options)
{
	return site->entry != NULL && site->generation == generation &&
		   (site->constant == schema || same_text(site->entry, schema)) &&
		   same_options(site->entry, options);
}

const EvSchema *
ev_schema_get_at(EvSchemaSite *site, const Jsonb *schema, bool constant,
				 const EvCompileOptions *options)
{
	EvSchemaEntry *entry;

	remove_invalid();
	if (remembers(site, schema, options))
	{
		entry = unconstify(EvSchemaEntry *, site->entry);
		dlist_move_head(&entries, &entry->node);
	}
	else
		entry = find_entry(schema, options);
	if (entry->schema->loads)
	{
		AcceptInvalidationMessages();
		if (invalid)
		{
			remove_invalid();
			entry = find_entry(schema, options);
		}
	}
	site->entry = entry;
	site->generation = generation;
	site->constant = constant ? schema : NULL;
	return entry->schema;
}

const EvSchema *
ev_schema_get_again(EvSchemaSite *site, const EvCompileOptions *options)
{
	EvSchemaEntry *entry = unconstify(EvSchemaEntry *, site->entry);

	remove_invalid();
	if (entry == NULL || site->generation != generation || entry->schema->loads ||
		!same_options(entry, options))
		return NULL;
	dlist_move_head(&entries, &entry->node);
	return entry->schema;
}

/* Is the datum a constant of the statement, which stays as long as flinfo does? */
static bool
is_constant(FmgrInfo *flinfo, const Jsonb *schema)
{
	ListCell *cell;

	if (flinfo->fn_expr == NULL || !IsA(flinfo->fn_expr, FuncExpr))
		return false;
	foreach (cell, ((FuncExpr *) flinfo->fn_expr)->args)
	{
		Const *argument = lfirst(cell);

		if (IsA(argument, Const) && !argument->constisnull && !argument->constbyval &&
			DatumGetPointer(argument->constvalue) == (const void *) schema)
			return true;
	}
	return false;
}

const EvSchema *
ev_schema_get(FmgrInfo *flinfo, const Jsonb *schema, const EvCompileOptions *options)
{
	EvSchemaSite once = {0};
	EvSchemaSite *site;

	if (flinfo == NULL)
		return ev_schema_get_at(&once, schema, false, options);
	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(EvSchemaSite));
	site = flinfo->fn_extra;
	return ev_schema_get_at(site, schema, site->constant == schema || is_constant(flinfo, schema),
							options);
}
