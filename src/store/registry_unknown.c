/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_unknown.c: what to say of a URI under which there is no schema.
 *
 * Most such URIs are nearly right: a version that does not exist, a slip of a
 * letter.  So the versions of that name are listed, greatest first, or the URI
 * that takes the fewest edits to get to, among the first few thousand.
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "store/registry_table.h"
#include "store/registry_unknown.h"
#include "utils/varlena.h"

#define SHOWN_VERSIONS 5
#define COMPARED_URIS 2000
#define COMPARED_LENGTH 255 /* the most that varstr_levenshtein takes */

static void
collect(const EvSchemaUri *found, void *arg)
{
	List **versions = arg;
	EvSchemaUri *copy = palloc(sizeof(EvSchemaUri));

	*copy = *found;
	*versions = lappend(*versions, copy);
}

static int
compare_descending(const ListCell *a, const ListCell *b)
{
	return ev_schema_uri_compare(lfirst(b), lfirst(a));
}

/* "1.2.0, 1.1.0, ..."; NULL if there is none of that name. */
static char *
versions_like(const char *uri)
{
	EvSchemaUri wanted;
	List *versions = NIL;
	ListCell *cell;
	StringInfoData text;

	ev_schema_uri_parse(uri, &wanted);
	ev_registry_table_versions(&wanted, collect, &versions);
	if (versions == NIL)
		return NULL;
	list_sort(versions, compare_descending);
	initStringInfo(&text);
	foreach (cell, versions)
	{
		const EvSchemaUri *version = lfirst(cell);

		if (foreach_current_index(cell) == SHOWN_VERSIONS)
		{
			appendStringInfo(&text, " and %d more", list_length(versions) - SHOWN_VERSIONS);
			break;
		}
		appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "",
						 version->uri + version->name_length + 1);
	}
	return text.data;
}

typedef struct Nearest
{
	const char *wanted;
	int wanted_length;
	char *uri;
	int distance; /* below this one it counts */
} Nearest;

static void
keep_nearest(const char *uri, void *arg)
{
	Nearest *nearest = arg;
	int length = strlen(uri);
	int distance;

	if (length > COMPARED_LENGTH || nearest->distance == 0)
		return;
	distance = varstr_levenshtein_less_equal(nearest->wanted, nearest->wanted_length, uri, length,
											 1, 1, 1, nearest->distance - 1, true);
	if (distance < nearest->distance)
	{
		nearest->distance = distance;
		nearest->uri = pstrdup(uri);
	}
}

static char *
uri_like(const char *uri)
{
	Nearest nearest = {uri, strlen(uri)};

	if (nearest.wanted_length > COMPARED_LENGTH)
		return NULL;
	nearest.distance = nearest.wanted_length / 5 + 1;
	ev_registry_table_uris(COMPARED_URIS, keep_nearest, &nearest);
	return nearest.uri;
}

void
ev_registry_unknown_raise(const char *uri)
{
	char *normal = ev_schema_uri_normalize(uri);
	char *versions = versions_like(normal);
	char *near = versions == NULL ? uri_like(normal) : NULL;

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("schema \"%s\" is not registered", uri),
			 versions != NULL ? errhint("Registered versions: %s.", versions)
			 : near != NULL
				 ? errhint("Perhaps you meant \"%s\".", near)
				 : errhint("events.register_schema() registers schemas. A schema itself, "
						   "rather than its URI, is passed as jsonb.")));
}
