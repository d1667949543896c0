/* SPDX-License-Identifier: PostgreSQL
 *
 * registry.c: registered schemas and types, found and compiled.
 *
 * The tables events.schema and events.type are the truth.  Each backend keeps
 * what it has read of them: two hash tables, of URIs (as somebody wrote them,
 * with what they led to, nothing perhaps) and of names of types.  To validate
 * an event of a type that was met before takes two probes.
 *
 * No stale verdict: every change of a row fires a trigger that sends a relcache
 * invalidation of its table, with the commit to all backends, and within the
 * transaction, and when it is rolled back, to this one.  Our callback sets a
 * flag, since nothing may be freed at that moment, and the next
 * ev_registry_refresh() lets go of everything.  It also asks for invalidations
 * first: a statement that opens no table would otherwise miss a change that was
 * committed before it began.  Changes of other sessions therefore count at
 * once, at every isolation level, as changes of the catalogs do.
 *
 * Compiled schemas lie in the cache of schema/compile.h, bounded there.  Here
 * is a pointer into it, good while that cache's generation stands still, and
 * the body to ask with when it does not.  Bodies are bounded by the same
 * setting; past it, or past MAX_ENTRIES (names come from publishers), the
 * tables are begun anew.
 *
 * References between schemas are answered from the tables (registry_find.c), not
 * from here: the loader runs while somebody holds entries of ours.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "common/hashfn.h"
#include "store/registry.h"
#include "store/registry_find.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#define MAX_ENTRIES 10000

struct EvRegisteredSchema
{
	EvSchemaRow row;
	const char *base_uri; /* of its references */
	/* Compiled with format as an annotation [0] and as an assertion [1]. */
	struct
	{
		const EvSchema *schema;
		uint64 generation;
		EvDraft draft;
	} compiled[2];
};

/* A text with its length; not necessarily with a NUL at its end. */
typedef struct Key
{
	const char *s;
	int length;
} Key;

typedef struct Entry
{
	Key key;
	void *value; /* EvRegisteredSchema or EvRegisteredType; NULL: not registered */
	uint32 hash;
	char status;
} Entry;

#define SH_PREFIX entries
#define SH_ELEMENT_TYPE Entry
#define SH_KEY_TYPE Key
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).s, (k).length)
#define SH_EQUAL(tb, a, b) ((a).length == (b).length && memcmp((a).s, (b).s, (a).length) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, e) (e)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static MemoryContext context = NULL; /* of all that follows */
static entries_hash *uris = NULL;
static entries_hash *types = NULL;
static bool no_types = false; /* events.type is known to be empty */
static char *base_uri = NULL; /* the setting by which URIs were found */
static bool stale = true;

static void
invalidate(Datum arg, Oid relid)
{
	if (OidIsValid(relid) && relid != ev_registry_table_relids[EV_TABLE_SCHEMA] &&
		relid != ev_registry_table_relids[EV_TABLE_TYPE])
		return;
	stale = true;
	ev_schema_cache_invalidate();
}

static void
begin_anew(void)
{
	if (context == NULL)
		context = AllocSetContextCreate(CacheMemoryContext, "events registry",
										ALLOCSET_DEFAULT_SIZES);
	uris = types = NULL;
	no_types = false;
	MemoryContextReset(context);
	base_uri = MemoryContextStrdup(context, ev_schema_base_uri);
	uris = entries_create(context, 16, NULL);
	types = entries_create(context, 16, NULL);
	stale = false;
}

void
ev_registry_refresh(void)
{
	AcceptInvalidationMessages();
	if (stale || types == NULL || uris->members + types->members > MAX_ENTRIES ||
		MemoryContextMemAllocated(context, false) > (Size) ev_schema_cache_size * 1024)
		begin_anew();
	else if (strcmp(base_uri, ev_schema_base_uri) != 0)
	{
		ev_schema_cache_invalidate();
		begin_anew();
	}
}

/* Remember an answer.  `value` is in our context already. */
static void
put(entries_hash *table, const char *s, int length, void *value)
{
	char *copy = MemoryContextAlloc(context, Max(length, 1));
	Key key = {copy, length};
	bool found;

	memcpy(copy, s, length);
	entries_insert(table, key, &found)->value = value;
	if (found)
		pfree(copy);
}

/* ---- schemas */

static EvRegisteredSchema *
keep_schema(const EvSchemaRow *row)
{
	EvRegisteredSchema *schema = MemoryContextAllocZero(context, sizeof(EvRegisteredSchema));

	schema->row = *row;
	schema->row.uri = MemoryContextStrdup(context, row->uri);
	/* A mere reference into a schema must not be taken for that schema. */
	schema->base_uri = strchr(row->uri, '#') == NULL ? schema->row.uri : "";
	schema->row.body = MemoryContextAllocHuge(context, VARSIZE(row->body));
	memcpy(schema->row.body, row->body, VARSIZE(row->body));
	put(uris, schema->row.uri, strlen(schema->row.uri), schema);
	return schema;
}

EvRegisteredSchema *
ev_registry_schema(const char *uri, int length)
{
	Key key = {uri, length};
	Entry *entry = entries_lookup(uris, key);
	EvRegisteredSchema *schema = NULL;
	EvSchemaRow *row;

	if (entry != NULL)
		return entry->value;
	row = ev_registry_find_part(pnstrdup(uri, length));
	if (row != NULL)
	{
		Key found = {row->uri, strlen(row->uri)};

		entry = entries_lookup(uris, found);
		schema = entry != NULL && entry->value != NULL ? entry->value : keep_schema(row);
	}
	put(uris, uri, length, schema);
	return schema;
}

const char *
ev_registry_schema_uri(const EvRegisteredSchema *schema)
{
	return schema->row.uri;
}

const Jsonb *
ev_registry_schema_body(const EvRegisteredSchema *schema)
{
	return schema->row.body;
}

static void
options_of(const EvRegisteredSchema *schema, int assert_format, EvCompileOptions *options)
{
	ev_compile_options_init(options);
	if (assert_format != EV_ASSERT_DEFAULT)
		options->assert_format = assert_format != 0;
	if (schema->row.has_draft)
		options->draft = schema->row.draft;
	options->base_uri = schema->base_uri;
}

bool
ev_registry_is_compiled(const EvRegisteredSchema *schema, int assert_format)
{
	EvCompileOptions options;

	options_of(schema, assert_format, &options);
	return schema->compiled[options.assert_format].schema != NULL &&
		   schema->compiled[options.assert_format].draft == options.draft &&
		   schema->compiled[options.assert_format].generation == ev_schema_cache_generation();
}

const EvSchema *
ev_registry_compile(EvRegisteredSchema *schema, int assert_format)
{
	EvCompileOptions options;
	const EvSchema *compiled;

	options_of(schema, assert_format, &options);
	if (ev_registry_is_compiled(schema, options.assert_format))
		return schema->compiled[options.assert_format].schema;
	compiled = ev_schema_get(NULL, schema->row.body, &options);
	schema->compiled[options.assert_format].schema = compiled;
	schema->compiled[options.assert_format].draft = options.draft;
	schema->compiled[options.assert_format].generation = ev_schema_cache_generation();
	return compiled;
}

/* ---- types */

static EvRegisteredType *
keep_type(const char *name, const EvTypeRow *row)
{
	EvRegisteredType *type = MemoryContextAllocZero(context, sizeof(EvRegisteredType));

	type->name = MemoryContextStrdup(context, name);
	type->schema_uri = MemoryContextStrdup(context, row->schema_uri);
	if (row->topic != NULL)
	{
		type->topic = MemoryContextAlloc(context, VARSIZE(row->topic));
		memcpy(type->topic, row->topic, VARSIZE(row->topic));
	}
	if (row->search_configuration != NULL)
		type->search_configuration = MemoryContextStrdup(context, row->search_configuration);
	return type;
}

const EvRegisteredType *
ev_registry_type(const char *name, int length)
{
	Key key = {name, length};
	Entry *entry;
	EvTypeRow *row;
	EvRegisteredType *type = NULL;
	char *copy;

	if (no_types)
		return NULL;
	entry = entries_lookup(types, key);
	if (entry != NULL)
		return entry->value;
	no_types = ev_registry_table_is_empty(EV_TABLE_TYPE);
	if (no_types)
		return NULL;
	copy = pnstrdup(name, length);
	row = ev_registry_table_type(copy);
	if (row != NULL)
		type = keep_type(copy, row);
	put(types, name, length, type);
	return type;
}

void
ev_registry_init(void)
{
	CacheRegisterRelcacheCallback(invalidate, (Datum) 0);
	ev_schema_loader = ev_registry_load;
}
