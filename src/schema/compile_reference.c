/* SPDX-License-Identifier: PostgreSQL
 *
 * compile_reference.c: where a reference leads.
 *
 * The reference is resolved against the URI of the resource it stands in.  What
 * comes before '#' names a resource: this one, another one of a known document,
 * or a document to load.  The fragment is nothing (the resource's root), a JSON
 * Pointer, or the name of an anchor.
 *
 * A JSON Pointer is followed from the resource's root through whatever is
 * there.  Where it enters a schema with an $id of its own it goes on in that
 * resource: references found behind it are seen from there.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "schema/keyword.h"
#include "schema/uri.h"

static pg_noreturn void
unresolvable(EvCompiler *compiler, const char *reference, const char *why)
{
	const char *where = ev_compile_location(compiler, "");

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("JSON Schema refers to something that cannot be found"),
			 errdetail("\"%s\" at %s: %s", reference, where, why),
			 errhint("Schemas of other URIs must be registered; inside a schema, \"#/$defs/x\" "
					 "is a JSON Pointer and \"#x\" an anchor.")));
}

/* ---- JSON Pointers */

/* ~1 and ~0 undone; false if there is another '~'. */
static bool
unescape(StringInfo token, const char *start, const char *end)
{
	resetStringInfo(token);
	for (const char *p = start; p < end; p++)
	{
		if (*p != '~')
			appendStringInfoChar(token, *p);
		else if (p + 1 < end && (p[1] == '0' || p[1] == '1'))
			appendStringInfoChar(token, *++p == '0' ? '~' : '/');
		else
			return false;
	}
	return true;
}

static bool
find_element(const EvView *array, const char *token, EvView *element)
{
	EvCursor cursor;
	int64 index = 0;

	if (token[0] == '\0' || (token[0] == '0' && token[1] != '\0'))
		return false;
	for (const char *p = token; *p != '\0'; p++)
	{
		if (*p < '0' || *p > '9' || index > INT_MAX)
			return false;
		index = index * 10 + (*p - '0');
	}
	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, element))
		if (index-- == 0)
			return true;
	return false;
}

static bool
step(const EvView *from, StringInfo token, EvView *to)
{
	if (from->type == EV_JSON_OBJECT)
		return ev_view_member(from, token->data, token->len, to);
	return from->type == EV_JSON_ARRAY && find_element(from, token->data, to);
}

/*
 * Follow the pointer from the root of *resource.  On return *resource is where
 * it ended, and the answer is the pointer from that one's root; NULL if there is
 * nothing.
 */
static char *
follow(EvCompiler *compiler, EvResource **resource, const char *pointer, EvView *target)
{
	StringInfoData path, token;
	EvView view = (*resource)->source;

	initStringInfo(&path);
	initStringInfo(&token);
	while (*pointer == '/')
	{
		const char *start = ++pointer;
		EvPlace *place;

		CHECK_FOR_INTERRUPTS();
		while (*pointer != '\0' && *pointer != '/')
			pointer++;
		if (!unescape(&token, start, pointer) || !step(&view, &token, target))
			return NULL;
		view = *target;
		ev_pointer_append(&path, token.data, token.len);
		place = view.type == EV_JSON_OBJECT ? ev_resource_known_place(compiler, view.data) : NULL;
		if (place != NULL && place->resource != *resource)
		{
			*resource = place->resource;
			resetStringInfo(&path);
		}
	}
	return path.data;
}

/* ---- references */

/* Was it sought before, and may remain unresolved? */
static bool
is_unresolved(EvCompiler *compiler, const char *uri)
{
	ListCell *cell;

	if (compiler->unresolved == NULL)
		return false;
	foreach (cell, *compiler->unresolved)
		if (strcmp(lfirst(cell), uri) == 0)
			return true;
	return false;
}

/* Where the reference points to by its part before '#'; NULL if that may be unresolved. */
static EvResource *
find_resource(EvCompiler *compiler, EvResource *from, const char *reference, const char **fragment)
{
	EvDialect dialect = {from->draft, from->vocabularies, from->assert_format};
	EvResource *resource;
	char *uri;

	if (reference[0] == '#')
	{
		*fragment = reference + 1;
		return from;
	}
	uri = ev_uri_split_fragment(ev_uri_resolve(from->uri, reference), fragment);
	if (strcmp(uri, from->document->uri) == 0)
		return from->document;
	if (is_unresolved(compiler, uri))
		return NULL;
	resource = ev_resource_by_uri(compiler, uri, &dialect);
	if (resource != NULL)
		return resource;
	if (compiler->unresolved == NULL)
		unresolvable(compiler, reference, psprintf("no schema \"%s\" is known.", uri));
	*compiler->unresolved = lappend(*compiler->unresolved, uri);
	return NULL;
}

EvNode *
ev_compile_reference(EvCompiler *compiler, EvNode *node, const EvView *value, const char **anchor)
{
	static const EvView anything = {.type = EV_JSON_BOOLEAN, .boolean = true};
	EvResource *resource;
	const char *fragment;
	char *reference, *name, *pointer;
	EvTarget *target;
	EvView schema;

	*anchor = NULL;
	if (value->type != EV_JSON_STRING)
		ev_compile_malformed(compiler, "must be a string");
	reference = pnstrdup(value->data, value->length);
	resource = find_resource(compiler, node->resource, reference, &fragment);
	if (resource == NULL)
		return ev_compile_child(compiler, node, &anything);
	if (fragment == NULL || fragment[0] == '\0')
		return ev_compile_root(compiler, resource);
	name = ev_uri_decode(fragment);
	if (name == NULL)
		unresolvable(compiler, reference, "its percent-encoding is malformed.");
	if (name[0] == '/')
	{
		pointer = follow(compiler, &resource, name, &schema);
		if (pointer == NULL)
			unresolvable(compiler, reference, "nothing is at this JSON Pointer.");
		return ev_compile_target(compiler, resource, &schema, pointer);
	}
	target = ev_resource_anchor(compiler, resource, name);
	if (target == NULL)
		unresolvable(compiler, reference, "there is no such anchor.");
	if (target->dynamic)
		*anchor = MemoryContextStrdup(compiler->schema->context, name);
	return ev_compile_target(compiler, target->resource, &target->schema, NULL);
}
