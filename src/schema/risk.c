/* SPDX-License-Identifier: PostgreSQL
 *
 * risk.c: what in a schema lets a hostile value cost more time than its size.
 *
 * The rules are those of json-schema-secure, the meta-schema that the npm
 * package ajv carries, where they stand for something here:
 *
 * - pattern, format: a string is checked only if it is not too long, so
 *   maxLength stands beside them.  Not asked for where `type` excludes strings,
 *   and for a format that nobody defines, which is never checked.
 * - patternProperties: the same for names, so propertyNames has a maxLength.
 * - uniqueItems: elements are compared with each other, so maxItems stands
 *   beside it, unless all elements are scalars or the list has an end anyway.
 * - backtracking: a regular expression that takes time exponential in the
 *   length of the string (backtrack.h), which no maxLength mends; also one of
 *   which that cannot be told.
 *
 * The walk is over the schema as it was written, because a schema need not
 * compile to be looked at, and because locations are meant for whoever wrote
 * it.  It visits all places where the keywords of the schema's draft hold
 * schemas, and after them places elsewhere that a $ref of this document points
 * to.  Documents that are referred to are looked at when they are registered.
 */
#include "base/compat.h"

#include "base/pointer.h"
#include "miscadmin.h"
#include "schema/backtrack.h"
#include "schema/keyword.h"
#include "schema/risk.h"
#include "schema/uri.h"
#include "utils/hsearch.h"

/* References that are followed to see what elements of a list are. */
#define MAX_REFERENCES 16

/* What a schema's place in the document says of it. */
typedef struct Scope
{
	EvDraft draft;
	EvView root; /* of the resource: what "#" means */
	const char *root_location;
} Scope;

typedef struct Walk
{
	List *risks;
	StringInfoData location;
	HTAB *seen;	   /* addresses of the schemas visited */
	List *pending; /* of Target */
} Walk;

/* Where a reference leads to. */
typedef struct Target
{
	EvView schema;
	Scope scope;
	char *location;
} Target;

static bool all_scalars(const EvView *schema, const Scope *scope, int references);

/* ---- looking at a schema object */

static bool
get_typed(const EvView *object, const char *key, EvJsonType type, EvView *value)
{
	return ev_view_get(object, key, value) && value->type == type;
}

static bool
is_string(const EvView *value, const char *s)
{
	return value->type == EV_JSON_STRING && value->length == strlen(s) &&
		   memcmp(value->data, s, value->length) == 0;
}

/* May a value be of that type, as far as the keyword `type` says? */
static bool
type_allows(const EvView *schema, const char *type)
{
	EvView types, element;
	EvCursor cursor;

	if (!ev_view_get(schema, "type", &types))
		return true;
	if (types.type != EV_JSON_ARRAY)
		return is_string(&types, type);
	ev_view_begin(&cursor, &types);
	while (ev_view_next_element(&cursor, &element))
	{
		if (is_string(&element, type))
			return true;
	}
	return false;
}

/* Drafts before 2019-09 ignore what stands beside $ref. */
static bool
is_only_reference(const EvView *schema, const Scope *scope)
{
	EvView ref;

	return scope->draft <= EV_DRAFT_7 && get_typed(schema, "$ref", EV_JSON_STRING, &ref);
}

/* A JSON Pointer into this resource: what it leads to; NULL if $ref is none. */
static char *
follow_reference(const EvView *schema, const Scope *scope, EvView *target)
{
	EvView ref;
	char *pointer;

	if (!get_typed(schema, "$ref", EV_JSON_STRING, &ref) || ref.length == 0 || ref.data[0] != '#')
		return NULL;
	pointer = ev_uri_decode(pnstrdup(ref.data + 1, ref.length - 1));
	if (pointer == NULL || !ev_pointer_follow(&scope->root, pointer, target))
		return NULL;
	return pointer;
}

/* ---- are the elements of a list scalars? */

static bool
no_containers(const EvView *values)
{
	EvCursor cursor;
	EvView value;

	ev_view_begin(&cursor, values);
	while (ev_view_next_element(&cursor, &value))
	{
		if (value.type == EV_JSON_ARRAY || value.type == EV_JSON_OBJECT)
			return false;
	}
	return true;
}

/* Of the schemas in an array: do all (or does any) allow scalars only? */
static bool
list_all_scalars(const EvView *list, const Scope *scope, int references, bool every)
{
	EvCursor cursor;
	EvView schema;

	ev_view_begin(&cursor, list);
	while (ev_view_next_element(&cursor, &schema))
	{
		if (all_scalars(&schema, scope, references) != every)
			return !every;
	}
	return every;
}

static bool
all_scalars(const EvView *schema, const Scope *scope, int references)
{
	EvView value;

	check_stack_depth();
	if (schema->type == EV_JSON_BOOLEAN)
		return !schema->boolean;
	if (schema->type != EV_JSON_OBJECT)
		return false;
	if (references > 0 && follow_reference(schema, scope, &value) != NULL &&
		all_scalars(&value, scope, references - 1))
		return true;
	if (is_only_reference(schema, scope))
		return false;
	if (!type_allows(schema, "object") && !type_allows(schema, "array"))
		return true;
	if (ev_view_get(schema, "const", &value) && value.type != EV_JSON_ARRAY &&
		value.type != EV_JSON_OBJECT)
		return true;
	if (get_typed(schema, "enum", EV_JSON_ARRAY, &value) && no_containers(&value))
		return true;
	if (get_typed(schema, "allOf", EV_JSON_ARRAY, &value) &&
		list_all_scalars(&value, scope, references, false))
		return true;
	return (get_typed(schema, "anyOf", EV_JSON_ARRAY, &value) ||
			get_typed(schema, "oneOf", EV_JSON_ARRAY, &value)) &&
		   list_all_scalars(&value, scope, references, true);
}

/* Comparing the elements of such a list with each other is cheap. */
static bool
is_cheap_list(const EvView *schema, const Scope *scope)
{
	bool by_prefix_items = scope->draft >= EV_DRAFT_2020_12;
	EvView prefix, rest;
	bool has_prefix, has_rest;

	has_prefix = get_typed(schema, by_prefix_items ? "prefixItems" : "items", EV_JSON_ARRAY,
						   &prefix);
	has_rest = ev_view_get(schema, by_prefix_items || !has_prefix ? "items" : "additionalItems",
						   &rest);
	if (!has_rest)
		return false;
	if (has_prefix && rest.type == EV_JSON_BOOLEAN && !rest.boolean)
		return true;
	return all_scalars(&rest, scope, MAX_REFERENCES) &&
		   (!has_prefix || list_all_scalars(&prefix, scope, MAX_REFERENCES, true));
}

/* ---- the rules */

static void
add_risk(Walk *walk, const char *rule, const char *message)
{
	EvSchemaRisk *risk = palloc(sizeof(EvSchemaRisk));

	risk->location = pstrdup(walk->location.data);
	risk->rule = rule;
	risk->message = pstrdup(message);
	walk->risks = lappend(walk->risks, risk);
}

/* `what` it is that matches `of`: a string, or a name. */
static void
check_backtracking(Walk *walk, const char *pattern, int length, const char *what, const char *of)
{
	EvBacktrack backtrack = ev_backtrack_of(pattern, length);

	if (backtrack == EV_BACKTRACK_EXPONENTIAL)
		add_risk(walk, "backtracking",
				 psprintf("%s has a loop that matches a %s in exponentially many ways", what, of));
	else if (backtrack == EV_BACKTRACK_UNKNOWN)
		add_risk(walk, "backtracking",
				 psprintf("%s may match a %s in exponentially many ways: a part that it repeats is "
						  "too large to tell",
						  what, of));
}

static void
check_strings(Walk *walk, const EvView *schema)
{
	EvView value, limit;

	if (!type_allows(schema, "string"))
		return;
	if (get_typed(schema, "pattern", EV_JSON_STRING, &value))
		check_backtracking(walk, value.data, value.length, "\"pattern\"", "string");
	if (get_typed(schema, "maxLength", EV_JSON_NUMBER, &limit))
		return;
	if (get_typed(schema, "pattern", EV_JSON_STRING, &value))
		add_risk(walk, "pattern",
				 "\"pattern\" needs \"maxLength\" beside it: long strings take long to match");
	if (get_typed(schema, "format", EV_JSON_STRING, &value) &&
		ev_format_by_name(value.data, value.length, EV_DRAFT_2020_12) != EV_FORMAT_NONE)
		add_risk(walk, "format",
				 "\"format\" needs \"maxLength\" beside it: long strings take long to check");
}

static void
check_arrays(Walk *walk, const EvView *schema, const Scope *scope)
{
	EvView value, limit;

	if (!get_typed(schema, "uniqueItems", EV_JSON_BOOLEAN, &value) || !value.boolean ||
		get_typed(schema, "maxItems", EV_JSON_NUMBER, &limit) || !type_allows(schema, "array") ||
		is_cheap_list(schema, scope))
		return;
	add_risk(
		walk, "uniqueItems",
		"\"uniqueItems\" needs \"maxItems\" beside it, or elements that are scalars: long lists "
		"of large elements take long to compare");
}

static void
check_names(Walk *walk, const EvView *schema)
{
	EvView patterns, names, limit, ignored;
	EvCursor cursor;
	const char *pattern;
	int length;

	if (!get_typed(schema, "patternProperties", EV_JSON_OBJECT, &patterns) ||
		ev_view_count(&patterns) == 0 || !type_allows(schema, "object"))
		return;
	ev_view_begin(&cursor, &patterns);
	while (ev_view_next_member(&cursor, &pattern, &length, &ignored))
		check_backtracking(walk, pattern, length,
						   psprintf("the pattern \"%s\" of \"patternProperties\"",
									pnstrdup(pattern, length)),
						   "name");
	if (!get_typed(schema, "propertyNames", EV_JSON_OBJECT, &names) ||
		!get_typed(&names, "maxLength", EV_JSON_NUMBER, &limit))
		add_risk(walk, "patternProperties",
				 "\"patternProperties\" needs \"propertyNames\" with \"maxLength\" beside it: long "
				 "names take long to match");
}

/* ---- the walk */

static void visit(Walk *walk, const EvView *schema, const Scope *outer);

/* The schemas in the value of one keyword. */
static void
visit_keyword(Walk *walk, const EvKeyword *keyword, const EvView *value, const Scope *scope)
{
	int before = walk->location.len;
	int keyword_end;
	EvCursor cursor;
	EvView child;

	ev_pointer_append(&walk->location, keyword->name, strlen(keyword->name));
	keyword_end = walk->location.len;
	if (value->type == EV_JSON_OBJECT && (keyword->holds & EV_HOLDS_MEMBERS))
	{
		const char *name;
		int length;

		ev_view_begin(&cursor, value);
		while (ev_view_next_member(&cursor, &name, &length, &child))
		{
			ev_pointer_append(&walk->location, name, length);
			visit(walk, &child, scope);
			walk->location.len = keyword_end;
		}
	}
	else if (value->type == EV_JSON_ARRAY && (keyword->holds & EV_HOLDS_LIST))
	{
		ev_view_begin(&cursor, value);
		for (int i = 0; ev_view_next_element(&cursor, &child); i++)
		{
			ev_pointer_append_index(&walk->location, i);
			visit(walk, &child, scope);
			walk->location.len = keyword_end;
		}
	}
	else if (keyword->holds & EV_HOLDS_SCHEMA)
		visit(walk, value, scope);
	walk->location.len = before;
	walk->location.data[before] = '\0';
}

static void
defer_reference(Walk *walk, const EvView *schema, const Scope *scope)
{
	EvView view;
	char *pointer = follow_reference(schema, scope, &view);
	Target *target;

	if (pointer == NULL || view.type != EV_JSON_OBJECT ||
		hash_search(walk->seen, &view.data, HASH_FIND, NULL) != NULL)
		return;
	target = palloc(sizeof(Target));
	target->schema = view;
	target->scope = *scope;
	target->location = psprintf("%s%s", scope->root_location, pointer);
	walk->pending = lappend(walk->pending, target);
}

/* Inside of a schema with an identifier or a dialect of its own, the scope is another. */
static Scope
enter_scope(Walk *walk, const EvView *schema, const Scope *outer)
{
	Scope scope = *outer;
	EvView value;

	if (get_typed(schema, "$schema", EV_JSON_STRING, &value))
		(void) ev_draft_by_uri(value.data, value.length, &scope.draft);
	if (get_typed(schema, scope.draft == EV_DRAFT_4 ? "id" : "$id", EV_JSON_STRING, &value) &&
		value.length > 0 && value.data[0] != '#')
	{
		scope.root = *schema;
		scope.root_location = pstrdup(walk->location.data);
	}
	return scope;
}

static void
visit(Walk *walk, const EvView *schema, const Scope *outer)
{
	EvKeywordCursor cursor;
	Scope scope;
	bool found;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (schema->type != EV_JSON_OBJECT)
		return;
	(void) hash_search(walk->seen, &schema->data, HASH_ENTER, &found);
	if (found)
		return;
	scope = enter_scope(walk, schema, outer);
	if (!is_only_reference(schema, &scope))
	{
		check_strings(walk, schema);
		check_arrays(walk, schema, &scope);
		check_names(walk, schema);
	}
	defer_reference(walk, schema, &scope);
	ev_keyword_begin(&cursor, schema, scope.draft, EV_VOCABULARY_ALL);
	while (ev_keyword_next(&cursor))
	{
		if (cursor.keyword->holds != 0)
			visit_keyword(walk, cursor.keyword, &cursor.value, &scope);
	}
}

List *
ev_schema_risks(const Jsonb *schema, const EvCompileOptions *options)
{
	HASHCTL control = {.keysize = sizeof(char *),
					   .entrysize = sizeof(char *),
					   .hcxt = CurrentMemoryContext};
	Scope scope = {.draft = options->draft, .root = ev_view_of(schema), .root_location = ""};
	Walk walk = {0};

	initStringInfo(&walk.location);
	walk.seen = hash_create("events risks", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	visit(&walk, &scope.root, &scope);
	/* The list grows while it is walked. */
	for (int i = 0; i < list_length(walk.pending); i++)
	{
		const Target *target = list_nth(walk.pending, i);

		resetStringInfo(&walk.location);
		appendStringInfoString(&walk.location, target->location);
		visit(&walk, &target->schema, &target->scope);
	}
	hash_destroy(walk.seen);
	return walk.risks;
}
