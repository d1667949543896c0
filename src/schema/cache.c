/* SPDX-License-Identifier: PostgreSQL
 *
 * cache.c: compiled schemas of this backend.
 *
 * An entry is found by a hash of the schema's bytes and of the options it is
 * compiled with, which are then compared (base/compiled_cache.h).  Entries not used
 * for the longest time go when all exceed events.schema_cache_size.
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
#include "nodes/primnodes.h"
#include "schema/compile.h"
#include "utils/inval.h"
#include "utils/memutils.h"

/* Lives in the schema's own context. */
typedef struct EvSchemaEntry
{
	EvCompiled base;
	const EvSchema *schema;
	EvDraft draft;
	bool assert_format;
	const char *base_uri;
	const char *registry_base; /* events.schema_base_uri, by which others were found */
} EvSchemaEntry;

static EvCompiledCache cache = {.name = "events schema cache",
								.limit = &ev_schema_cache_size,
								.generation = 1};
static bool invalid; /* all entries are to go */

void
ev_schema_cache_invalidate(void)
{
	invalid = true;
	ev_compiled_cache_forget(&cache);
}

uint64
ev_schema_cache_generation(void)
{
	return cache.generation;
}

static void
remove_invalid(void)
{
	if (!invalid)
		return;
	invalid = false;
	ev_compiled_cache_remove_all(&cache);
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

	entry->base.hash = hash;
	entry->base.context = schema->context;
	entry->schema = schema;
	entry->draft = options->draft;
	entry->assert_format = options->assert_format;
	entry->base_uri = MemoryContextStrdup(schema->context, options->base_uri);
	entry->registry_base = MemoryContextStrdup(schema->context, ev_schema_base_uri);
	ev_compiled_cache_add(&cache, &entry->base);
	return entry;
}

static EvSchemaEntry *
find_entry(const Jsonb *schema, const EvCompileOptions *options)
{
	uint64 hash = hash_key(schema, options);
	EvSchemaEntry *entry = (EvSchemaEntry *) ev_compiled_cache_find(&cache, hash);

	if (entry == NULL || !same_options(entry, options) || !same_text(entry, schema))
		return add_entry(hash, schema, options);
	return entry;
}

const EvSchema *
ev_schema_get_at(EvSchemaSite *site, const Jsonb *schema, bool constant,
				 const EvCompileOptions *options)
{
	EvSchemaEntry *entry;

	remove_invalid();
	entry = (EvSchemaEntry *) ev_compiled_cache_recall(&cache, &site->last);
	if (entry == NULL || (site->constant != schema && !same_text(entry, schema)) ||
		!same_options(entry, options))
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
	ev_compiled_cache_use(&cache, &site->last, &entry->base);
	site->constant = constant ? schema : NULL;
	return entry->schema;
}

const EvSchema *
ev_schema_get_again(EvSchemaSite *site, const EvCompileOptions *options)
{
	EvSchemaEntry *entry;

	remove_invalid();
	entry = (EvSchemaEntry *) ev_compiled_cache_recall(&cache, &site->last);
	if (entry == NULL || entry->schema->loads || !same_options(entry, options))
		return NULL;
	ev_compiled_cache_use(&cache, &site->last, &entry->base);
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
