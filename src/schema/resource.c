/* SPDX-License-Identifier: PostgreSQL
 *
 * resource.c: documents, and the identifiers in them.
 *
 * A document is one text: the schema itself, or one that a reference made us
 * load.  It is walked once, when it becomes known, over every place where the
 * keywords of its draft can hold a schema, whether anything leads there or not:
 * a reference may name an identifier that stands further down.  The walk fills
 * two tables:
 *
 *   places   the schema objects, by the address of their bytes, each with the
 *            resource that it belongs to (the nearest $id above or at it);
 *   targets  resources by their URI, and anchors by their resource and name.
 *
 * Where an identifier is given twice the first one in the text counts.
 *
 * A document that was loaded under one URI may claim another one by its $id.
 * Its own references to that one mean itself.  For all others what the loader
 * knows by that URI comes first, or else the meaning of a reference would depend
 * on which documents happen to be loaded before it.
 *
 * A reference by JSON Pointer may lead to a place that no keyword holds, say
 * "#/examples/0".  It becomes a schema by that, and is walked then.
 *
 * Identifiers: `id` in draft 4, `$id` after it; in drafts up to 7 one that is
 * only a fragment is an anchor, and one beside `$ref` is nothing, except at the
 * root of a document, where everybody writes it and means it.
 */
#include "base/compat.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "schema/keyword.h"
#include "schema/uri.h"

#define SH_PREFIX targets
#define SH_ELEMENT_TYPE EvTarget
#define SH_KEY_TYPE const char *
#define SH_KEY name
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define SH_PREFIX places
#define SH_ELEMENT_TYPE EvPlace
#define SH_KEY_TYPE const char *
#define SH_KEY address
#define SH_HASH_KEY(table, key) murmurhash32((uint32) ((uintptr_t) (key) >> 2))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

EvSchemaLoader ev_schema_loader = NULL;

void
ev_resource_init(EvCompiler *compiler)
{
	compiler->targets = targets_create(compiler->scratch, 16, NULL);
	compiler->places = places_create(compiler->scratch, 64, NULL);
}

/* URIs of resources have no '#', so the two kinds of names are never the same. */
static char *
anchor_key(const EvResource *resource, const char *name)
{
	return psprintf("%p#%s", (const void *) resource, name);
}

EvTarget *
ev_resource_anchor(EvCompiler *compiler, const EvResource *resource, const char *name)
{
	return targets_lookup(compiler->targets, anchor_key(resource, name));
}

EvPlace *
ev_resource_known_place(EvCompiler *compiler, const char *address)
{
	return places_lookup(compiler->places, address);
}

/* The first one of a name stays; NULL if there was one. */
static EvTarget *
add_target(EvCompiler *compiler, const char *name, EvResource *resource, const EvView *schema,
		   bool dynamic)
{
	bool found;
	EvTarget *target = targets_insert(compiler->targets, name, &found);

	if (found)
		return NULL;
	target->resource = resource;
	target->schema = *schema;
	target->dynamic = dynamic;
	target->claimed = false;
	return target;
}

/* Without `document` it is the root of one. */
static EvResource *
add_resource(EvCompiler *compiler, const char *uri, const EvView *source, const EvDialect *dialect,
			 EvResource *document)
{
	EvResource *resource = ev_compile_alloc(compiler, EvResource, 1);

	resource->document = document != NULL ? document : resource;
	resource->uri = MemoryContextStrdup(compiler->schema->context, uri);
	resource->source = *source;
	resource->draft = dialect->draft;
	resource->vocabularies = dialect->vocabularies;
	resource->assert_format = dialect->assert_format;
	compiler->resources = lappend(compiler->resources, resource);
	return resource;
}

/* ---- identifiers of one schema object */

static bool
get_name(const EvView *object, const char *key, char **name)
{
	EvView value;

	if (!ev_view_get(object, key, &value) || value.type != EV_JSON_STRING)
		return false;
	*name = pnstrdup(value.data, value.length);
	return true;
}

static void
add_anchor(EvCompiler *compiler, EvResource *resource, const EvView *schema, const char *name,
		   bool dynamic)
{
	add_target(compiler, anchor_key(resource, name), resource, schema, dynamic);
	if (dynamic)
	{
		EvDynamic *entry = palloc0(sizeof(EvDynamic));

		entry->resource = resource;
		entry->name = MemoryContextStrdup(compiler->schema->context, name);
		entry->schema = *schema;
		compiler->dynamics = lappend(compiler->dynamics, entry);
	}
}

static const char *
id_keyword(EvDraft draft)
{
	return draft == EV_DRAFT_4 ? "id" : "$id";
}

char *
ev_resource_claim(const EvView *document, EvDraft draft, const char *uri)
{
	const char *fragment;
	char *id, *claim;

	if (document->type != EV_JSON_OBJECT || !get_name(document, id_keyword(draft), &id))
		return NULL;
	claim = ev_uri_split_fragment(ev_uri_resolve(uri, id), &fragment);
	return strcmp(claim, uri) == 0 ? NULL : claim;
}

/* The root's $id names another URI than the document was found by, if it was found by one. */
static void
claim_uri(EvCompiler *compiler, EvResource *root, const char *uri)
{
	bool was_found = root->uri[0] != '\0';
	EvTarget *target;

	root->uri = MemoryContextStrdup(compiler->schema->context, uri);
	target = add_target(compiler, root->uri, root, &root->source, false);
	if (target != NULL)
		target->claimed = was_found;
}

/* $id: the resource that the schema belongs to, a new one if it opens one. */
static EvResource *
read_id(EvCompiler *compiler, const EvView *schema, EvResource *resource)
{
	bool is_root = schema->data == resource->source.data;
	bool old = resource->draft < EV_DRAFT_2019_09;
	const char *fragment;
	EvView reference;
	char *id, *uri;

	if (!get_name(schema, id_keyword(resource->draft), &id))
		return resource;
	if (old && !is_root && ev_view_get(schema, "$ref", &reference))
		return resource;
	uri = ev_uri_split_fragment(ev_uri_resolve(resource->uri, id), &fragment);
	if (id[0] != '#' && strcmp(uri, resource->uri) != 0)
	{
		if (is_root)
			claim_uri(compiler, resource, uri);
		else
		{
			EvDialect dialect = {resource->draft, resource->vocabularies, resource->assert_format};

			dialect = ev_dialect_of(compiler, schema, &dialect);
			resource = add_resource(compiler, uri, schema, &dialect, resource->document);
			add_target(compiler, resource->uri, resource, schema, false);
		}
	}
	if (old && fragment != NULL && fragment[0] != '\0')
		add_anchor(compiler, resource, schema, fragment, false);
	return resource;
}

static EvResource *
read_identifiers(EvCompiler *compiler, const EvView *schema, EvResource *resource)
{
	EvView flag;
	char *name;

	resource = read_id(compiler, schema, resource);
	if (resource->draft >= EV_DRAFT_2019_09 && get_name(schema, "$anchor", &name))
		add_anchor(compiler, resource, schema, name, false);
	if (resource->draft == EV_DRAFT_2020_12 && get_name(schema, "$dynamicAnchor", &name))
		add_anchor(compiler, resource, schema, name, true);
	if (resource->draft == EV_DRAFT_2019_09 && schema->data == resource->source.data &&
		ev_view_get(schema, "$recursiveAnchor", &flag) && flag.type == EV_JSON_BOOLEAN)
		resource->recursive_anchor = flag.boolean;
	return resource;
}

/* ---- the walk */

typedef struct Visit
{
	EvView schema;
	EvResource *resource;
} Visit;

typedef struct Stack
{
	Visit *visits;
	int count;
	int room;
} Stack;

static void
push(Stack *stack, const EvView *schema, EvResource *resource)
{
	if (schema->type != EV_JSON_OBJECT)
		return;
	if (stack->count == stack->room)
	{
		stack->room *= 2;
		stack->visits = repalloc_huge(stack->visits, mul_size(sizeof(Visit), stack->room));
	}
	stack->visits[stack->count].schema = *schema;
	stack->visits[stack->count++].resource = resource;
}

/* The schemas of one keyword's value, pushed so that the first comes off first. */
static void
push_held(Stack *stack, const EvKeywordCursor *keyword, EvResource *resource)
{
	int first = stack->count;
	EvCursor cursor;
	EvView child;
	const char *key;
	int length;

	if ((keyword->keyword->holds & EV_HOLDS_SCHEMA) != 0)
		push(stack, &keyword->value, resource);
	if ((keyword->keyword->holds & EV_HOLDS_LIST) != 0 && keyword->value.type == EV_JSON_ARRAY)
	{
		ev_view_begin(&cursor, &keyword->value);
		while (ev_view_next_element(&cursor, &child))
			push(stack, &child, resource);
	}
	if ((keyword->keyword->holds & EV_HOLDS_MEMBERS) != 0 && keyword->value.type == EV_JSON_OBJECT)
	{
		ev_view_begin(&cursor, &keyword->value);
		while (ev_view_next_member(&cursor, &key, &length, &child))
			push(stack, &child, resource);
	}
	for (int low = first, high = stack->count - 1; low < high; low++, high--)
	{
		Visit visit = stack->visits[low];

		stack->visits[low] = stack->visits[high];
		stack->visits[high] = visit;
	}
}

static void
walk(EvCompiler *compiler, const EvView *schema, EvResource *resource)
{
	Stack stack = {palloc(sizeof(Visit) * 64), 0, 64};

	push(&stack, schema, resource);
	while (stack.count > 0)
	{
		Visit visit = stack.visits[--stack.count];
		EvKeywordCursor keyword;
		EvPlace *place;
		bool found;

		CHECK_FOR_INTERRUPTS();
		place = places_insert(compiler->places, visit.schema.data, &found);
		if (found)
			continue;
		place->node = NULL;
		place->resource = visit.resource;
		visit.resource = read_identifiers(compiler, &visit.schema, visit.resource);
		/* reading them loads nothing into `places`, so the pointer still stands */
		place->resource = visit.resource;
		ev_keyword_begin(&keyword, &visit.schema, visit.resource->draft,
						 visit.resource->vocabularies);
		while (ev_keyword_next(&keyword))
			push_held(&stack, &keyword, visit.resource);
	}
	pfree(stack.visits);
}

EvPlace *
ev_resource_place(EvCompiler *compiler, const EvView *schema, EvResource *resource)
{
	EvPlace *place = places_lookup(compiler->places, schema->data);

	if (place != NULL)
		return place;
	walk(compiler, schema, resource);
	return places_lookup(compiler->places, schema->data);
}

/* ---- documents */

EvResource *
ev_resource_add_document(EvCompiler *compiler, const Jsonb *text, const char *uri,
						 const EvDialect *dialect)
{
	EvDialect own;
	EvResource *resource;
	EvView source;

	source = ev_view_of(text);
	own = ev_dialect_of(compiler, &source, dialect);
	resource = add_resource(compiler, uri, &source, &own, NULL);
	add_target(compiler, resource->uri, resource, &source, false);
	walk(compiler, &source, resource);
	return resource;
}

Jsonb *
ev_resource_load(EvCompiler *compiler, const char *uri)
{
	Jsonb *text = ev_metaschema_get(uri);

	if (text != NULL || ev_schema_loader == NULL || uri[0] == '\0')
		return text;
	compiler->schema->loads = true;
	return ev_schema_loader(uri);
}

static bool
is_text_of(const Jsonb *text, const EvResource *resource)
{
	EvView view = ev_view_of(text);

	return view.type == resource->source.type && view.length == resource->source.length &&
		   memcmp(view.data, resource->source.data, view.length) == 0;
}

EvResource *
ev_resource_by_uri(EvCompiler *compiler, const char *uri, const EvDialect *dialect)
{
	EvTarget *target = targets_lookup(compiler->targets, uri);
	const Jsonb *text;

	if (target != NULL && !target->claimed)
		return target->resource;
	text = ev_resource_load(compiler, uri);
	if (target != NULL && (text == NULL || is_text_of(text, target->resource)))
	{
		target->claimed = false;
		return target->resource;
	}
	if (text == NULL)
		return NULL;
	if (target != NULL)
		targets_delete(compiler->targets, uri);
	text = ev_compile_copy(compiler, text);
	return ev_resource_add_document(compiler, text, uri, dialect);
}

/* ---- where something is */

static bool
contains_address(const EvView *view, const char *address)
{
	return (view->type == EV_JSON_OBJECT || view->type == EV_JSON_ARRAY) && address >= view->data &&
		   address < view->data + view->length;
}

/* The bytes of a container enclose those of its elements, so the way down can be found. */
char *
ev_resource_path(const EvView *root, const char *address)
{
	StringInfoData path;
	EvView view = *root;

	initStringInfo(&path);
	while (view.data != address)
	{
		EvView child;
		EvCursor cursor;
		const char *key = NULL;
		int length = 0;
		int index = 0;
		bool found = false;

		CHECK_FOR_INTERRUPTS();
		ev_view_begin(&cursor, &view);
		while (!found &&
			   (view.type == EV_JSON_OBJECT ? ev_view_next_member(&cursor, &key, &length, &child)
											: ev_view_next_element(&cursor, &child)))
		{
			found = contains_address(&child, address);
			index++;
		}
		if (!found)
			break;
		if (view.type == EV_JSON_OBJECT)
			ev_pointer_append(&path, key, length);
		else
			appendStringInfo(&path, "/%d", index - 1);
		view = child;
	}
	return path.data;
}
