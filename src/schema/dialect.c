/* SPDX-License-Identifier: PostgreSQL
 *
 * dialect.c: what `$schema` says about the keywords of a schema.
 *
 * `$schema` names a meta-schema.  Those of the five drafts are known by name
 * and never looked at.  Any other is loaded as text: its own `$schema` says
 * which draft it extends, and its `$vocabulary` which keywords count; without
 * `$vocabulary` all of that draft do.  It is not compiled: what it asks of
 * schemas is checked where schemas are registered, not where they are used.
 *
 * A vocabulary that is required (true) and not one of the specification's is an
 * error, since its keywords would be ignored silently; an optional one is not.
 */
#include "base/compat.h"

#include "schema/keyword.h"
#include "schema/uri.h"

/* A chain of meta-schemas that is longer is taken for a loop. */
#define LONGEST_CHAIN 8

static pg_noreturn void
unknown_dialect(const char *uri)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("JSON Schema is of a dialect that is not known"),
					errdetail("\"$schema\" is \"%s\".", uri),
					errhint("Use the URI of draft-04, draft-06, draft-07, 2019-09 or 2020-12, or "
							"register the meta-schema under its own.")));
}

static bool
get_string(const EvView *object, const char *key, char **value)
{
	EvView view;

	if (object->type != EV_JSON_OBJECT || !ev_view_get(object, key, &view) ||
		view.type != EV_JSON_STRING)
		return false;
	*value = pnstrdup(view.data, view.length);
	return true;
}

/* The draft that the meta-schema of this URI extends; its text in *meta. */
static EvDraft
extended_draft(EvCompiler *compiler, const char *uri, EvView *meta)
{
	char *next = NULL;
	EvDraft draft;

	for (int i = 0; i < LONGEST_CHAIN; i++)
	{
		const char *fragment;
		char *bare = ev_uri_split_fragment(next != NULL ? next : uri, &fragment);
		Jsonb *text = ev_resource_load(compiler, bare);
		EvView view;

		if (text == NULL)
			unknown_dialect(next != NULL ? next : uri);
		view = ev_view_of(text);
		if (i == 0)
			*meta = view;
		if (!get_string(&view, "$schema", &next))
			return compiler->dialect.draft;
		if (ev_draft_by_uri(next, strlen(next), &draft))
			return draft;
	}
	unknown_dialect(uri);
}

static void
add_vocabulary(EvDialect *dialect, const char *uri, int length, bool required)
{
	const EvVocabulary *vocabulary = ev_vocabulary_by_uri(uri, length);

	if (vocabulary != NULL)
	{
		dialect->vocabularies |= vocabulary->bit;
		if (required ? vocabulary->asserts_if_it_must : vocabulary->asserts)
			dialect->assert_format = true;
	}
	else if (required)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("JSON Schema needs a vocabulary that is not known"),
						errdetail("The meta-schema requires \"%.*s\".", length, uri),
						errhint("Only the vocabularies of 2019-09 and 2020-12 are known; a "
								"meta-schema may name others as optional (false).")));
}

static EvDialect
load_dialect(EvCompiler *compiler, const char *uri)
{
	EvDialect dialect = compiler->dialect;
	EvView meta, listed, value;
	EvCursor members;
	const char *key;
	int length;

	dialect.draft = extended_draft(compiler, uri, &meta);
	dialect.vocabularies = EV_VOCABULARY_ALL;
	if (dialect.draft < EV_DRAFT_2019_09 || meta.type != EV_JSON_OBJECT ||
		!ev_view_get(&meta, "$vocabulary", &listed) || listed.type != EV_JSON_OBJECT)
		return dialect;
	dialect.vocabularies = EV_VOCABULARY_CORE;
	ev_view_begin(&members, &listed);
	while (ev_view_next_member(&members, &key, &length, &value))
		add_vocabulary(&dialect, key, length, value.type == EV_JSON_BOOLEAN && value.boolean);
	return dialect;
}

typedef struct KnownDialect
{
	char *uri;
	EvDialect dialect;
} KnownDialect;

EvDialect
ev_dialect_of(EvCompiler *compiler, const EvView *schema, const EvDialect *inherited)
{
	EvDialect dialect = *inherited;
	KnownDialect *known;
	char *uri;
	ListCell *cell;

	if (!get_string(schema, "$schema", &uri))
		return dialect;
	if (ev_draft_by_uri(uri, strlen(uri), &dialect.draft))
	{
		dialect.vocabularies = EV_VOCABULARY_ALL;
		dialect.assert_format = compiler->dialect.assert_format;
		return dialect;
	}
	foreach (cell, compiler->dialects)
	{
		known = lfirst(cell);
		if (strcmp(known->uri, uri) == 0)
			return known->dialect;
	}
	known = palloc(sizeof(KnownDialect));
	known->uri = uri;
	known->dialect = load_dialect(compiler, uri);
	compiler->dialects = lappend(compiler->dialects, known);
	return known->dialect;
}
