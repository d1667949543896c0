/* SPDX-License-Identifier: PostgreSQL
 *
 * compile.c: the course of a compilation.
 *
 * The document becomes known (resource.c), a node is made for its root, and
 * then nodes are filled in, in the order of their index, until none is left:
 * filling one makes nodes, still empty, for the subschemas it names.  So nothing
 * recurses, however deep a schema is nested, references may form cycles, and
 * only what can be reached is compiled.  A schema object gets one node, however
 * many references lead to it.
 *
 * Memory: the result is built in a context of its own below the caller's
 * current one, and moves below `parent` when it is complete.  An error on the
 * way leaves both contexts to the end of the caller's.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "miscadmin.h"
#include "schema/evaluate.h"
#include "schema/keyword.h"
#include "schema/uri.h"
#include "utils/memutils.h"

/* A schema with more subschemas than this is refused. */
#define MAX_NODES 1000000

void
ev_compile_options_init(EvCompileOptions *options)
{
	StaticAssertStmt(EV_DRAFT_4 == 0 && EV_DRAFT_2020_12 == 4, "settings.c counts drafts alike");
	options->draft = ev_schema_draft;
	options->assert_format = ev_format_assertion;
	options->base_uri = "";
	options->unresolved = NULL;
}

const Jsonb *
ev_compile_copy(EvCompiler *compiler, const Jsonb *text)
{
	Jsonb *copy = MemoryContextAllocHuge(compiler->schema->context, VARSIZE(text));

	memcpy(copy, text, VARSIZE(text));
	return copy;
}

/* ---- where */

char *
ev_node_pointer(const EvNode *node)
{
	List *tokens = NIL;
	StringInfoData pointer;

	for (; node != NULL; node = node->parent)
		tokens = lappend(tokens, (void *) node->token);
	initStringInfo(&pointer);
	for (int i = list_length(tokens) - 1; i >= 0; i--)
		appendStringInfoString(&pointer, list_nth(tokens, i));
	list_free(tokens);
	return pointer.data;
}

char *
ev_compile_location(EvCompiler *compiler, const char *token)
{
	const EvNode *node = compiler->node;

	return psprintf("\"%s#%s%s%s%s\"", node->resource->uri, ev_node_pointer(node),
					compiler->keyword != NULL ? "/" : "",
					compiler->keyword != NULL ? compiler->keyword->name : "", token);
}

void
ev_compile_malformed_at(EvCompiler *compiler, const char *token, const char *complaint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("JSON Schema is malformed"),
			 errdetail("%s %s.", ev_compile_location(compiler, token), complaint),
			 errhint("It is read as %s; \"$schema\" in the schema or events.schema_draft say which "
					 "draft it is written for.",
					 ev_draft_name(compiler->node->resource->draft))));
}

void
ev_compile_malformed(EvCompiler *compiler, const char *complaint)
{
	ev_compile_malformed_at(compiler, "", complaint);
}

/* ---- nodes */

static EvNode *
make_node(EvCompiler *compiler, EvResource *resource, const EvView *source)
{
	EvSchema *schema = compiler->schema;
	EvNode *node;

	if (schema->nnodes >= MAX_NODES)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("JSON Schema is too large"),
						errdetail("It has more than %d subschemas.", MAX_NODES),
						errhint("Split it, or use references in place of copies.")));
	if (schema->nnodes == compiler->node_room)
	{
		compiler->node_room *= 2;
		schema->nodes = repalloc(schema->nodes, mul_size(sizeof(EvNode *), compiler->node_room));
	}
	node = ev_compile_alloc(compiler, EvNode, 1);
	node->index = schema->nnodes;
	schema->nodes[schema->nnodes++] = node;
	node->resource = resource;
	node->source = *source;
	node->token = "";
	node->types = EV_TYPE_ANY;
	resource->reached = true;
	return node;
}

/* One node per schema object; a boolean has no address of its own, and gets a new one each time. */
static EvNode *
find_node(EvCompiler *compiler, EvResource *resource, const EvView *source, bool *found)
{
	EvPlace *place;

	if (source->type != EV_JSON_OBJECT)
	{
		*found = false;
		return make_node(compiler, resource, source);
	}
	place = ev_resource_place(compiler, source, resource);
	*found = place->node != NULL;
	if (place->node == NULL)
	{
		place->node = make_node(compiler, place->resource, source);
		if (source->data == place->resource->source.data)
			place->resource->root = place->node;
	}
	return place->node;
}

static EvNode *
make_child(EvCompiler *compiler, EvNode *node, const EvView *value, const char *token)
{
	bool found;
	EvNode *child;

	if (value->type != EV_JSON_OBJECT && value->type != EV_JSON_BOOLEAN)
		ev_compile_malformed_at(compiler, token,
								"must be a schema, which is an object or a boolean");
	child = find_node(compiler, node->resource, value, &found);
	if (!found && child->resource == node->resource && child != child->resource->root)
	{
		child->parent = node;
		child->token = MemoryContextStrdup(compiler->schema->context,
										   psprintf("/%s%s", compiler->keyword->name, token));
	}
	return child;
}

EvNode *
ev_compile_child(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	return make_child(compiler, node, value, "");
}

EvNode *
ev_compile_element(EvCompiler *compiler, EvNode *node, const EvView *value, int index)
{
	char token[16];

	snprintf(token, sizeof(token), "/%d", index);
	return make_child(compiler, node, value, token);
}

EvNode *
ev_compile_member(EvCompiler *compiler, EvNode *node, const EvView *value, const char *name,
				  int length)
{
	StringInfoData token;
	EvNode *child;

	initStringInfo(&token);
	ev_pointer_append(&token, name, length);
	child = make_child(compiler, node, value, token.data);
	pfree(token.data);
	return child;
}

EvNode *
ev_compile_target(EvCompiler *compiler, EvResource *resource, const EvView *value,
				  const char *pointer)
{
	bool found;
	EvNode *node;

	if (value->type != EV_JSON_OBJECT && value->type != EV_JSON_BOOLEAN)
		ev_compile_malformed(compiler, "must lead to a schema, which is an object or a boolean");
	node = find_node(compiler, resource, value, &found);
	if (found || node == node->resource->root)
		return node;
	if (pointer == NULL)
		pointer = ev_resource_path(&node->resource->source, value->data);
	node->token = MemoryContextStrdup(compiler->schema->context, pointer);
	return node;
}

EvNode *
ev_compile_root(EvCompiler *compiler, EvResource *resource)
{
	if (resource->root == NULL)
		resource->root = ev_compile_target(compiler, resource, &resource->source, "");
	return resource->root;
}

void
ev_compile_list(EvCompiler *compiler, EvNode *node, const EvView *value, EvNodeList *list)
{
	EvCursor cursor;
	EvView element;

	if (value->type != EV_JSON_ARRAY)
		ev_compile_malformed(compiler, "must be an array of schemas");
	list->nodes = ev_compile_alloc(compiler, EvNode *, ev_view_count(value));
	ev_view_begin(&cursor, value);
	while (ev_view_next_element(&cursor, &element))
	{
		list->nodes[list->count] = ev_compile_element(compiler, node, &element, list->count);
		list->count++;
	}
}

/* ---- filling them in */

static bool
decides_nothing(const EvNode *node)
{
	return node->types == EV_TYPE_ANY && node->constant == NULL && node->enumeration == NULL &&
		   node->number == NULL && node->string == NULL && node->array == NULL &&
		   node->object == NULL && node->ref == NULL && node->second_ref == NULL &&
		   node->all_of.count == 0 && node->any_of.nodes == NULL && node->one_of.nodes == NULL &&
		   node->not_node == NULL && node->if_node == NULL;
}

static void
fill_node(EvCompiler *compiler, EvNode *node)
{
	EvResource *resource = node->resource;
	EvKeywordCursor cursor;
	EvView reference;
	bool only_reference;

	compiler->node = node;
	compiler->keyword = NULL;
	if (node->source.type == EV_JSON_BOOLEAN)
	{
		node->kind = node->source.boolean ? EV_NODE_TRUE : EV_NODE_FALSE;
		return;
	}
	node->strict_integer = resource->draft == EV_DRAFT_4;
	only_reference = resource->draft < EV_DRAFT_2019_09 &&
					 ev_view_get(&node->source, "$ref", &reference) &&
					 reference.type == EV_JSON_STRING;
	ev_keyword_begin(&cursor, &node->source, resource->draft, resource->vocabularies);
	while (ev_keyword_next(&cursor))
	{
		compiler->keyword = cursor.keyword;
		if (cursor.keyword->compile != NULL &&
			(!only_reference || cursor.keyword->compile == ev_compile_ref))
			cursor.keyword->compile(compiler, node, &cursor.value);
	}
	node->kind = decides_nothing(node) ? EV_NODE_TRUE : EV_NODE_RULES;
}

static void
fill_nodes(EvCompiler *compiler, int from)
{
	for (int i = from; i < compiler->schema->nnodes; i++)
	{
		CHECK_FOR_INTERRUPTS();
		fill_node(compiler, compiler->schema->nodes[i]);
	}
}

/* ---- the whole */

static void
compile(EvCompiler *compiler, const Jsonb *text, const char *base_uri)
{
	EvSchema *schema = compiler->schema;
	EvResource *resource;
	EvNode outside = {0};
	EvResource nowhere = {.uri = "", .draft = compiler->dialect.draft};
	int filled;

	/* errors about the root itself */
	outside.resource = &nowhere;
	outside.token = "";
	compiler->node = &outside;

	compiler->node_room = 16;
	schema->nodes = MemoryContextAlloc(schema->context, sizeof(EvNode *) * compiler->node_room);
	schema->text = ev_compile_copy(compiler, text);
	resource = ev_resource_add_document(compiler, schema->text, base_uri, &compiler->dialect);
	if (resource->source.type != EV_JSON_OBJECT && resource->source.type != EV_JSON_BOOLEAN)
		ev_compile_malformed(compiler, "must be an object or a boolean");
	schema->root = ev_compile_root(compiler, resource);
	for (filled = 0; filled < schema->nnodes; ev_compile_dynamic_reach(compiler))
	{
		fill_nodes(compiler, filled);
		filled = schema->nnodes;
	}
	ev_compile_dynamic_collect(compiler);
	ev_compile_track(compiler);
	ev_schema_prepare(compiler->schema);
}

EvSchema *
ev_schema_compile(const Jsonb *text, const EvCompileOptions *options, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events schema", 0, 2048,
												  ALLOCSET_DEFAULT_MAXSIZE);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "events schema compiler",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	EvCompiler compiler = {0};
	List *unresolved = NIL;
	ListCell *cell;

	compiler.schema = MemoryContextAllocZero(context, sizeof(EvSchema));
	compiler.schema->context = context;
	compiler.scratch = scratch;
	compiler.dialect.draft = options->draft;
	compiler.dialect.vocabularies = EV_VOCABULARY_ALL;
	compiler.dialect.assert_format = options->assert_format;
	compiler.unresolved = options->unresolved != NULL ? &unresolved : NULL;
	ev_resource_init(&compiler);
	compile(&compiler, text,
			options->base_uri[0] == '\0' ? "" : ev_uri_resolve("", options->base_uri));
	MemoryContextSwitchTo(caller);
	if (options->unresolved != NULL)
		foreach (cell, unresolved)
			*options->unresolved = lappend(*options->unresolved, pstrdup(lfirst(cell)));
	MemoryContextDelete(scratch);
	MemoryContextSetParent(context, parent);
	return compiler.schema;
}
