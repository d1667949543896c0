/* SPDX-License-Identifier: PostgreSQL
 *
 * document_configuration.c: with which text search configuration an event is filed.
 *
 * A name without a schema is one of pg_catalog, whatever the search_path: those who
 * file and those who search have different ones, and must mean the same.
 *
 * Names are looked up for every event, so a few answers are kept, until an
 * invalidation of configurations or schemas comes.
 */
#include "base/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_ts_config.h"
#include "base/settings.h"
#include "search/document.h"
#include "search/document_configuration.h"
#include "store/registry.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#define KEPT 16

typedef struct Found
{
	char *name; /* as it was asked for */
	Oid oid;
} Found;

typedef struct Named
{
	Oid oid;
	char *name;
	int64 key;
} Named;

static MemoryContext context = NULL;
static Found found[KEPT];
static int nfound = 0;
static Named named[KEPT];
static int nnamed = 0;
static bool is_stale = true;

static void
forget(Datum arg, int cache, uint32 hash)
{
	is_stale = true;
}

static void
refresh(void)
{
	if (context == NULL)
	{
		static const int caches[] = {TSCONFIGNAMENSP, TSCONFIGOID, NAMESPACEOID};

		context = AllocSetContextCreate(TopMemoryContext, "events search configurations",
										ALLOCSET_SMALL_SIZES);
		for (int i = 0; i < lengthof(caches); i++)
			CacheRegisterSyscacheCallback(caches[i], forget, (Datum) 0);
	}
	if (!is_stale && nfound < KEPT && nnamed < KEPT)
		return;
	MemoryContextReset(context);
	nfound = nnamed = 0;
	is_stale = false;
}

/* As get_ts_config_oid() does it, which raises where the user has no USAGE on the schema. */
Oid
ev_document_configuration_named(const char *name)
{
	List *names = NIL;
	Oid schema = PG_CATALOG_NAMESPACE;

	if (!SplitIdentifierString(pstrdup(name), '.', &names) || list_length(names) < 1 ||
		list_length(names) > 2)
		return InvalidOid;
	if (list_length(names) == 2)
		schema = get_namespace_oid(linitial(names), true);
	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid2(TSCONFIGNAMENSP, Anum_pg_ts_config_oid, CStringGetDatum(llast(names)),
						   ObjectIdGetDatum(schema));
}

Oid
ev_document_configuration_simple(void)
{
	return get_ts_config_oid(list_make2(makeString("pg_catalog"), makeString("simple")), false);
}

static Oid
configuration_of(const char *name)
{
	Oid oid;

	refresh();
	for (int i = 0; i < nfound; i++)
	{
		if (strcmp(found[i].name, name) == 0)
			return found[i].oid;
	}
	oid = ev_document_configuration_named(name);
	if (!OidIsValid(oid))
	{
		ereport(WARNING, (errcode(ERRCODE_UNDEFINED_OBJECT),
						  errmsg("text search configuration \"%s\" does not exist", name),
						  errdetail("Events are filed with \"simple\" instead."),
						  errhint("Name it with its schema, in events.search_configuration or "
								  "events.register_type(); then events.reindex_search().")));
		oid = ev_document_configuration_simple();
	}
	if (!is_stale && nfound < KEPT)
	{
		found[nfound].name = MemoryContextStrdup(context, name);
		found[nfound++].oid = oid;
	}
	return oid;
}

Oid
ev_document_configuration(const text *type)
{
	const EvRegisteredType *registered;

	ev_registry_refresh();
	registered = ev_registry_type(VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type));
	return configuration_of(registered != NULL && registered->search_configuration != NULL
								? registered->search_configuration
								: ev_search_configuration);
}

/* The entry of a configuration; NULL if it does not exist. */
static const Named *
name_of(Oid configuration)
{
	HeapTuple tuple;
	Form_pg_ts_config form;
	Named *entry;

	refresh();
	for (int i = 0; i < nnamed; i++)
	{
		if (named[i].oid == configuration)
			return &named[i];
	}
	tuple = SearchSysCache1(TSCONFIGOID, ObjectIdGetDatum(configuration));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for text search configuration %u", configuration);
	form = (Form_pg_ts_config) GETSTRUCT(tuple);
	entry = &named[Min(nnamed, KEPT - 1)];
	entry->oid = configuration;
	entry->name = MemoryContextStrdup(
		context,
		quote_qualified_identifier(get_namespace_name(form->cfgnamespace), NameStr(form->cfgname)));
	entry->key = ev_search_key(EV_KEY_CONFIGURATION, entry->name, strlen(entry->name));
	nnamed = Min(nnamed + 1, KEPT);
	ReleaseSysCache(tuple);
	return entry;
}

char *
ev_document_configuration_name(Oid configuration)
{
	return pstrdup(name_of(configuration)->name);
}

int64
ev_document_configuration_key(Oid configuration)
{
	return name_of(configuration)->key;
}
