/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_table.c: reading events.schema and events.type.
 *
 * They are read as PostgreSQL reads its catalogs: with a catalog snapshot,
 * which is new each time, so that what is committed counts whatever the
 * transaction's isolation level, and with a lock that is let go at once.  The
 * caller's privileges do not matter: what comes of it is a verdict.  That works
 * in parallel workers and on a hot standby too.
 *
 * Keys have the collation "C", so that all versions of a name lie in one range
 * of the index: from "/order/created/" to before "/order/created0", since '0'
 * comes after '/'.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "base/catalog.h"
#include "miscadmin.h"
#include "store/registry_table.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

Oid ev_registry_table_relids[2];

static const char *const names[] = {"schema", "type"};

typedef struct TableScan
{
	Relation rel;
	SysScanDesc scan;
} TableScan;

/* False if the extension's table is not there. */
static bool
begin(TableScan *s, EvRegistryTable table, int nkeys, ScanKey keys)
{
	Oid relid = ev_catalog_relid_if_exists(names[table]);
	Oid index;

	if (!OidIsValid(relid))
		return false;
	ev_registry_table_relids[table] = relid;
	s->rel = table_open(relid, AccessShareLock);
	index = nkeys > 0 ? ev_primary_key_index(s->rel) : InvalidOid;
	s->scan = systable_beginscan(s->rel, index, OidIsValid(index), NULL, nkeys, keys);
	return true;
}

static void
end(TableScan *s)
{
	systable_endscan(s->scan);
	table_close(s->rel, AccessShareLock);
}

static Datum
get(TableScan *s, HeapTuple tuple, int column, bool *isnull)
{
	return heap_getattr(tuple, column, RelationGetDescr(s->rel), isnull);
}

static char *
get_text(TableScan *s, HeapTuple tuple, int column)
{
	bool isnull;
	Datum value = get(s, tuple, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static HeapTuple
begin_by_key(TableScan *s, EvRegistryTable table, const char *key)
{
	ScanKeyData scan_key;

	/* Both tables have their key in the first column. */
	ScanKeyInit(&scan_key, 1, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(key));
	return begin(s, table, 1, &scan_key) ? systable_getnext(s->scan) : NULL;
}

EvSchemaRow *
ev_registry_table_schema(const char *uri)
{
	TableScan s = {0};
	HeapTuple tuple = begin_by_key(&s, EV_TABLE_SCHEMA, uri);
	EvSchemaRow *row = NULL;

	if (tuple != NULL)
	{
		bool isnull;
		char *draft;

		row = palloc0(sizeof(EvSchemaRow));
		row->uri = pstrdup(uri);
		row->body = DatumGetJsonbPCopy(get(&s, tuple, EV_SCHEMA_BODY, &isnull));
		draft = get_text(&s, tuple, EV_SCHEMA_DRAFT);
		row->has_draft = draft != NULL && ev_draft_by_name(draft, &row->draft);
	}
	if (s.rel != NULL)
		end(&s);
	return row;
}

EvTypeRow *
ev_registry_table_type(const char *name)
{
	TableScan s = {0};
	HeapTuple tuple = begin_by_key(&s, EV_TABLE_TYPE, name);
	EvTypeRow *row = NULL;

	if (tuple != NULL)
	{
		Datum topic;
		bool isnull;

		row = palloc0(sizeof(EvTypeRow));
		row->schema_uri = get_text(&s, tuple, EV_TYPE_SCHEMA_URI);
		topic = get(&s, tuple, EV_TYPE_TOPIC, &isnull);
		row->topic = isnull ? NULL : DatumGetArrayTypePCopy(topic);
		row->search_configuration = get_text(&s, tuple, EV_TYPE_SEARCH_CONFIGURATION);
	}
	if (s.rel != NULL)
		end(&s);
	return row;
}

void
ev_registry_table_versions(const EvSchemaUri *of, EvVersionVisitor visit, void *arg)
{
	TableScan s;
	ScanKeyData keys[2];
	char *low = psprintf("%.*s/", of->name_length, of->uri);
	char *high = psprintf("%.*s0", of->name_length, of->uri);
	HeapTuple tuple;

	ScanKeyInit(&keys[0], EV_SCHEMA_URI, BTGreaterEqualStrategyNumber, F_TEXT_GE,
				CStringGetTextDatum(low));
	ScanKeyInit(&keys[1], EV_SCHEMA_URI, BTLessStrategyNumber, F_TEXT_LT,
				CStringGetTextDatum(high));
	if (!begin(&s, EV_TABLE_SCHEMA, 2, keys))
		return;
	while ((tuple = systable_getnext(s.scan)) != NULL)
	{
		EvSchemaUri found;

		CHECK_FOR_INTERRUPTS();
		ev_schema_uri_parse(get_text(&s, tuple, EV_SCHEMA_URI), &found);
		if (found.kind == EV_VERSION_EXACT && ev_schema_uri_same_name(&found, of))
			visit(&found, arg);
	}
	end(&s);
}

void
ev_registry_table_uris(int limit, void (*visit)(const char *uri, void *arg), void *arg)
{
	TableScan s;
	HeapTuple tuple;

	if (!begin(&s, EV_TABLE_SCHEMA, 0, NULL))
		return;
	while (limit-- > 0 && (tuple = systable_getnext(s.scan)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		visit(get_text(&s, tuple, EV_SCHEMA_URI), arg);
	}
	end(&s);
}

void
ev_registry_table_types(EvTypeVisitor visit, void *arg)
{
	TableScan s;
	HeapTuple tuple;

	if (!begin(&s, EV_TABLE_TYPE, 0, NULL))
		return;
	while ((tuple = systable_getnext(s.scan)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		visit(get_text(&s, tuple, EV_TYPE_NAME), get_text(&s, tuple, EV_TYPE_SCHEMA_URI), arg);
	}
	end(&s);
}

bool
ev_registry_table_is_empty(EvRegistryTable table)
{
	TableScan s;
	bool empty;

	if (!begin(&s, table, 0, NULL))
		return false;
	empty = systable_getnext(s.scan) == NULL;
	end(&s);
	return empty;
}
