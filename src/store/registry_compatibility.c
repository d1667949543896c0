/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_compatibility.c: does a new version keep what the others promise?
 *
 * Within a major version, data that was valid stays valid: whoever publishes by
 * 1.2.0 may be judged by 1.3.0 tomorrow.  So a schema is compared with the
 * greatest version before it and, if it comes late, with the least one after
 * it.  Pre-releases promise nothing, so none is compared with; they are held to
 * the version before them all the same.
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "schema/compatibility.h"
#include "schema/compile.h"
#include "store/registry_check.h"
#include "store/registry_table.h"

typedef struct Neighbours
{
	EvSchemaUri self, before, after; /* uri is NULL where there is none */
} Neighbours;

static void
keep_neighbours(const EvSchemaUri *found, void *arg)
{
	Neighbours *n = arg;
	int order = ev_schema_uri_compare(found, &n->self);

	if (found->prerelease.length > 0 || !ev_schema_uri_same_major(found, &n->self))
		return;
	if (order < 0 && (n->before.uri == NULL || ev_schema_uri_compare(found, &n->before) > 0))
		n->before = *found;
	else if (order > 0 && (n->after.uri == NULL || ev_schema_uri_compare(found, &n->after) < 0))
		n->after = *found;
}

static EvSchema *
compile_registered(const char *uri)
{
	EvSchemaRow *row = ev_registry_table_schema(uri);
	EvCompileOptions options;
	List *unresolved = NIL;

	ev_compile_options_init(&options);
	if (row->has_draft)
		options.draft = row->draft;
	options.assert_format = false;
	options.base_uri = row->uri;
	options.unresolved = &unresolved;
	return ev_schema_compile(row->body, &options, CurrentMemoryContext);
}

/* Raises unless data that is valid under the first one stays valid under the second. */
static void
check_pair(const EvSchema *older, const char *older_uri, const EvSchema *newer,
		   const char *newer_uri)
{
	StringInfoData detail;
	int count = 0;
	ListCell *cell;

	if (ev_schema_is_backward_compatible(older, newer, NULL))
		return;
	initStringInfo(&detail);
	foreach (cell, ev_schema_compatibility(older, newer, false))
	{
		const EvSchemaChange *change = lfirst(cell);

		if (change->kind == EV_BREAKS_BACKWARD &&
			!ev_registry_append_line(&detail, count++, change->location, change->change))
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("schema \"%s\" is not backward compatible with \"%s\"", newer_uri, older_uri),
			 errdetail_internal("%s", detail.data),
			 errhint("What breaks readers or publishers is a new major version. "
					 "force => true registers it all the same.")));
}

void
ev_registry_check_compatibility(const char *uri, const EvSchema *schema)
{
	Neighbours n;

	memset(&n, 0, sizeof(n));
	ev_schema_uri_parse(uri, &n.self);
	if (n.self.kind != EV_VERSION_EXACT)
		return;
	ev_registry_table_versions(&n.self, keep_neighbours, &n);
	if (n.before.uri != NULL)
		check_pair(compile_registered(n.before.uri), n.before.uri, schema, uri);
	if (n.after.uri != NULL && n.self.prerelease.length == 0)
		check_pair(schema, uri, compile_registered(n.after.uri), n.after.uri);
}
