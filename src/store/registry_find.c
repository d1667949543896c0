/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_find.c: which registered schema a URI means.
 *
 * First the one that is registered under that very URI; then, when the URI
 * leaves its version open, the greatest that fits (schema_uri.c); then the same
 * for the URI seen from events.schema_base_uri.  The meta-schemas of the five
 * drafts come last.  Nothing is kept here: registry.c remembers answers.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "schema/compile.h"
#include "schema/uri.h"
#include "store/registry_find.h"

typedef struct Greatest
{
	const EvSchemaUri *wanted;
	EvSchemaUri found;
} Greatest;

static void
keep_greatest(const EvSchemaUri *found, void *arg)
{
	Greatest *greatest = arg;

	if (ev_schema_uri_satisfies(found, greatest->wanted) &&
		(greatest->found.uri == NULL || ev_schema_uri_compare(found, &greatest->found) > 0))
		greatest->found = *found;
}

static EvSchemaRow *
find_version(const char *uri)
{
	EvSchemaRow *row = ev_registry_table_schema(uri);
	EvSchemaUri wanted;
	Greatest greatest = {&wanted};

	if (row != NULL)
		return row;
	ev_schema_uri_parse(uri, &wanted);
	if (wanted.kind == EV_VERSION_EXACT)
		return NULL;
	ev_registry_table_versions(&wanted, keep_greatest, &greatest);
	return greatest.found.uri == NULL ? NULL : ev_registry_table_schema(greatest.found.uri);
}

/* How many characters scheme and authority take; 0 without them. */
static int
origin_length(const char *uri)
{
	const char *authority = strstr(uri, "://");

	return authority == NULL ? 0 : authority - uri + 3 + strcspn(authority + 3, "/");
}

/*
 * With events.schema_base_uri = https://host/base, schemas registered under
 * relative URIs have absolute ones too: /a/1.0.0 is https://host/base/a/1.0.0.
 * A reference /b/1.0.0 from there means https://host/b/1.0.0, and still /b/1.0.0.
 */
static EvSchemaRow *
find_by_base(const char *uri)
{
	const char *base = ev_schema_base_uri;
	int length = strlen(base);
	int origin = origin_length(base);
	EvSchemaRow *row = NULL;

	while (length > 0 && base[length - 1] == '/')
		length--;
	if (length == 0)
		return NULL;
	if (uri[0] == '/')
		return find_version(psprintf("%.*s%s", length, base, uri));
	if (strncmp(uri, base, length) == 0 && uri[length] == '/')
		row = find_version(uri + length);
	if (row == NULL && origin > 0 && strncmp(uri, base, origin) == 0 && uri[origin] == '/')
		row = find_version(uri + origin);
	return row;
}

EvSchemaRow *
ev_registry_find(const char *uri)
{
	char *normal = ev_schema_uri_normalize(uri);
	EvSchemaRow *row = find_version(normal);

	return row != NULL ? row : find_by_base(normal);
}

Jsonb *
ev_registry_load(const char *uri)
{
	EvSchemaRow *row = ev_registry_find(uri);

	return row == NULL ? NULL : row->body;
}

static EvSchemaRow *
find_metaschema(const char *uri)
{
	Jsonb *body = ev_metaschema_get(uri);
	EvSchemaRow *row;

	if (body == NULL)
		return NULL;
	row = palloc0(sizeof(EvSchemaRow));
	row->uri = pstrdup(uri);
	row->body = body;
	return row;
}

/* Instead of a whole schema {"$ref": "its URI#fragment"}. */
static void
narrow_to_fragment(EvSchemaRow *row, const char *fragment)
{
	JsonbParseState *state = NULL;
	JsonbValue key, value;

	row->uri = psprintf("%s#%s", row->uri, fragment);
	key.type = value.type = jbvString;
	key.val.string.val = "$ref";
	key.val.string.len = strlen("$ref");
	value.val.string.val = row->uri;
	value.val.string.len = strlen(row->uri);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	pushJsonbValue(&state, WJB_KEY, &key);
	pushJsonbValue(&state, WJB_VALUE, &value);
	row->body = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

EvSchemaRow *
ev_registry_find_part(const char *uri)
{
	const char *fragment;
	char *document = ev_uri_split_fragment(uri, &fragment);
	EvSchemaRow *row = ev_registry_find(document);

	if (row == NULL)
		row = find_metaschema(document);
	if (row != NULL && fragment != NULL && fragment[0] != '\0')
		narrow_to_fragment(row, fragment);
	return row;
}
