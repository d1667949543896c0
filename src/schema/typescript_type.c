/* SPDX-License-Identifier: PostgreSQL
 *
 * typescript_type.c: what a node says, as a type of TypeScript.
 *
 * A type is built as text, together with how loosely it binds, for parentheses.
 * A node is the intersection of all that it says; what says nothing is left out,
 * and types that would be the same stand there once.  What references lead to is
 * written by its name.  Members are in the order of their bytes, so the same
 * schema always gives the same text.
 */
#include "postgres.h"

#include "schema/typescript.h"

#include "miscadmin.h"

/* Beyond, what is exact is of no use to anybody. */
#define MAX_LITERALS 1000
#define MAX_TUPLE 256
#define MAX_INDEX_TYPES 6

/* Of nested types that stand in one another; what lies deeper gets a name. */
#define MAX_NESTING 40

typedef EvTypescriptType Type;
typedef EvTypescriptWriter Writer;

/* ---- putting types together */

static Type
make_atom(const char *text)
{
	Type type = {.text = pstrdup(text)};

	return type;
}

static bool
type_is(const Type *type, const char *text)
{
	return strcmp(type->text, text) == 0;
}

static const char *
in_parentheses(const Type *type, EvTypescriptBinding at_most)
{
	return type->binding > at_most ? psprintf("(%s)", type->text) : type->text;
}

/* A list of types, each once. */
typedef struct TypeList
{
	int count;
	int room;
	Type *types;
} TypeList;

static void
add_type(TypeList *list, Type type)
{
	for (int i = 0; i < Min(list->count, MAX_LITERALS); i++)
	{
		if (type_is(&list->types[i], type.text))
			return;
	}
	if (list->count == list->room)
	{
		list->room = Max(8, list->room * 2);
		list->types = list->types == NULL ? palloc(sizeof(Type) * list->room)
										  : repalloc(list->types, sizeof(Type) * list->room);
	}
	list->types[list->count++] = type;
}

/* `whole` swallows the others, `nothing` adds nothing. */
static Type
join_types(const TypeList *list, EvTypescriptBinding binding, const char *whole,
		   const char *nothing)
{
	StringInfoData out;
	Type type = {.binding = binding};
	int n = 0;

	initStringInfo(&out);
	for (int i = 0; i < list->count; i++)
	{
		const Type *one = &list->types[i];

		if (type_is(one, whole))
			return make_atom(whole);
		if (type_is(one, nothing))
			continue;
		if (n++ == 0)
			type = *one;
		else
			appendStringInfoString(&out, binding == EV_TYPESCRIPT_UNION ? " | " : " & ");
		appendStringInfoString(&out, in_parentheses(one, binding));
	}
	if (n == 0)
		return make_atom(nothing);
	if (n == 1)
		return type;
	type.text = out.data;
	type.binding = binding;
	type.is_object = false;
	return type;
}

static Type
make_union(const TypeList *list)
{
	return join_types(list, EV_TYPESCRIPT_UNION, "unknown", "never");
}

static Type
make_intersection(const TypeList *list)
{
	return join_types(list, EV_TYPESCRIPT_INTERSECTION, "never", "unknown");
}

/* ---- literals */

static const uint8 kind_of[] = {
	[EV_JSON_NULL] = EV_TYPE_NULL,	   [EV_JSON_BOOLEAN] = EV_TYPE_BOOLEAN,
	[EV_JSON_NUMBER] = EV_TYPE_NUMBER, [EV_JSON_STRING] = EV_TYPE_STRING,
	[EV_JSON_ARRAY] = EV_TYPE_ARRAY,   [EV_JSON_OBJECT] = EV_TYPE_OBJECT};

static Type
type_of_values(const EvView *values, int count, uint8 kinds)
{
	StringInfoData out;
	int n = 0;
	Type type = {.binding = EV_TYPESCRIPT_ATOM};

	initStringInfo(&out);
	for (int i = 0; i < count; i++)
	{
		if ((kind_of[values[i].type] & kinds) == 0)
			continue;
		appendStringInfoString(&out, n++ > 0 ? " | " : "");
		ev_typescript_literal(&out, &values[i]);
	}
	type.text = n > 0 ? out.data : pstrdup("never");
	type.binding = n > 1 ? EV_TYPESCRIPT_UNION : EV_TYPESCRIPT_ATOM;
	return type;
}

/* ---- arrays */

static void
append_rest(Writer *writer, StringInfo out, EvNode *items, int indent)
{
	Type rest = items != NULL ? ev_typescript_type_of(writer, items, EV_TYPESCRIPT_ANY, indent)
							  : make_atom("unknown");

	if (!type_is(&rest, "never"))
		appendStringInfo(out, "%s...%s[]", out->len > 1 ? ", " : "",
						 in_parentheses(&rest, EV_TYPESCRIPT_ATOM));
}

static Type
type_of_tuple(Writer *writer, const EvArrayRules *rules, int indent)
{
	StringInfoData out;
	int n = rules->prefix.count;
	bool full = rules->max_items != EV_NO_LIMIT && rules->max_items <= n;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	if (full)
		n = (int) rules->max_items;
	for (int i = 0; i < n; i++)
	{
		Type type = ev_typescript_type_of(writer, rules->prefix.nodes[i], EV_TYPESCRIPT_ANY,
										  indent);

		if (i >= rules->min_items)
			appendStringInfo(&out, "%s%s?", i > 0 ? ", " : "",
							 in_parentheses(&type, EV_TYPESCRIPT_ATOM));
		else
			appendStringInfo(&out, "%s%s", i > 0 ? ", " : "", type.text);
	}
	if (!full)
		append_rest(writer, &out, rules->items, indent);
	appendStringInfoChar(&out, ']');
	return make_atom(out.data);
}

static Type
type_of_array(Writer *writer, const EvArrayRules *rules, int indent)
{
	Type items;

	if (rules == NULL || rules->prefix.count > MAX_TUPLE)
		return make_atom("unknown[]");
	if (rules->max_items == 0)
		return make_atom("[]");
	if (rules->prefix.count > 0)
		return type_of_tuple(writer, rules, indent);
	if (rules->items == NULL)
		return make_atom("unknown[]");
	items = ev_typescript_type_of(writer, rules->items, EV_TYPESCRIPT_ANY, indent);
	if (type_is(&items, "never"))
		return make_atom("[]");
	return make_atom(psprintf("%s[]", in_parentheses(&items, EV_TYPESCRIPT_ATOM)));
}

/* ---- objects */

/* Of members that nobody names; NULL text: there can be none. */
static Type
type_of_others(Writer *writer, const EvObjectRules *rules, int indent)
{
	TypeList list = {0};

	if (rules == NULL || rules->additional == NULL)
		return make_atom("unknown");
	for (int i = 0; i < rules->npatterns; i++)
		add_type(&list,
				 ev_typescript_type_of(writer, rules->patterns[i].node, EV_TYPESCRIPT_ANY, indent));
	add_type(&list, ev_typescript_type_of(writer, rules->additional, EV_TYPESCRIPT_ANY, indent));
	return make_union(&list);
}

/* Every object has these by its prototype, so "absent" is no value of another type. */
static bool
is_inherited(const EvProperty *property)
{
	static const char *const names[] = {"constructor",	  "hasOwnProperty",
										"isPrototypeOf",  "propertyIsEnumerable",
										"toLocaleString", "toString",
										"valueOf"};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (strlen(names[i]) == property->length &&
			memcmp(names[i], property->name, property->length) == 0)
			return true;
	}
	return false;
}

static void
add_member(StringInfo out, const EvProperty *property, const Type *type, int indent)
{
	if (property->node != NULL)
		ev_typescript_comment(out, property->node, indent);
	ev_typescript_break(out, indent);
	ev_typescript_member_name(out, property->name, property->length);
	appendStringInfo(out, "%s: %s;", property->required ? "" : "?", type->text);
}

/* TypeScript wants the index signature to hold for the named members as well. */
static Type
widen_others(Type others, const TypeList *members, bool optional)
{
	TypeList list = {0};

	if (type_is(&others, "unknown"))
		return others;
	add_type(&list, others);
	for (int i = 0; i < members->count; i++)
		add_type(&list, members->types[i]);
	if (optional)
		add_type(&list, make_atom("undefined"));
	for (int i = 1; i < list.count; i++)
	{
		if (strchr(list.types[i].text, '\n') != NULL || list.count > MAX_INDEX_TYPES)
			return make_atom("unknown");
	}
	return make_union(&list);
}

static int
compare_properties(const void *a, const void *b)
{
	const EvProperty *x = a, *y = b;
	int order = memcmp(x->name, y->name, Min(x->length, y->length));

	return order != 0 ? order : x->length - y->length;
}

static EvProperty *
sort_properties(const EvObjectRules *rules)
{
	EvProperty *sorted = palloc(sizeof(EvProperty) * Max(rules->nproperties, 1));

	memcpy(sorted, rules->properties, sizeof(EvProperty) * rules->nproperties);
	qsort(sorted, rules->nproperties, sizeof(EvProperty), compare_properties);
	return sorted;
}

static Type
type_of_object(Writer *writer, const EvObjectRules *rules, int indent)
{
	StringInfoData out;
	Type others = type_of_others(writer, rules, indent + 1);
	TypeList members = {0};
	bool optional = false;
	int n = rules != NULL ? rules->nproperties : 0;
	EvProperty *sorted = rules != NULL ? sort_properties(rules) : NULL;
	Type object = {.is_object = true};

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	for (int i = 0; i < n; i++)
	{
		Type type = sorted[i].node != NULL ? ev_typescript_type_of(writer, sorted[i].node,
																   EV_TYPESCRIPT_ANY, indent + 1)
										   : others;

		CHECK_FOR_INTERRUPTS();
		if (!sorted[i].required && is_inherited(&sorted[i]))
			type = make_atom("unknown");
		if (!type_is(&others, "unknown"))
			add_type(&members, type);
		optional = optional || !sorted[i].required;
		add_member(&out, &sorted[i], &type, indent + 1);
	}
	if (!type_is(&others, "never") || n == 0)
	{
		others = widen_others(others, &members, optional);
		ev_typescript_break(&out, indent + 1);
		appendStringInfo(&out, "[key: string]: %s;", others.text);
	}
	ev_typescript_break(&out, indent);
	appendStringInfoChar(&out, '}');
	object.text = out.data;
	return object;
}

/* ---- a node */

/* By `type`, const, enum and the rules of each kind. */
static Type
type_of_rules(Writer *writer, EvNode *node, uint8 context, int indent)
{
	uint8 kinds = ev_typescript_kinds(node) & context;
	TypeList list = {0};

	if (node->constant != NULL)
		return type_of_values(node->constant, 1, kinds);
	if (node->enumeration != NULL && node->enumeration->count <= MAX_LITERALS)
		return type_of_values(node->enumeration->values, node->enumeration->count, kinds);
	if (kinds == context && (node->object == NULL || (kinds & EV_TYPE_OBJECT) == 0) &&
		(node->array == NULL || (kinds & EV_TYPE_ARRAY) == 0) &&
		(context != ev_typescript_kinds(node) || context == EV_TYPESCRIPT_ANY))
		return make_atom("unknown");
	if (kinds & EV_TYPE_OBJECT)
		add_type(&list, type_of_object(writer, node->object, indent));
	if (kinds & EV_TYPE_ARRAY)
		add_type(&list, type_of_array(writer, node->array, indent));
	if (kinds & EV_TYPE_STRING)
		add_type(&list, make_atom("string"));
	if (kinds & EV_TYPE_NUMBER)
		add_type(&list, make_atom("number"));
	if (kinds & EV_TYPE_BOOLEAN)
		add_type(&list, make_atom("boolean"));
	if (kinds & EV_TYPE_NULL)
		add_type(&list, make_atom("null"));
	return make_union(&list);
}

/* The name of what the reference leads to. */
static Type
type_of_reference(Writer *writer, EvNode *target)
{
	bool is_new;
	const char *name;

	if (target->kind == EV_NODE_TRUE)
		return make_atom("unknown");
	if (target->kind == EV_NODE_FALSE)
		return make_atom("never");
	name = ev_typescript_names_of(writer->names, target, &is_new);
	if (is_new)
		writer->queue = lappend(writer->queue, target);
	return make_atom(name);
}

static Type
type_of_one(Writer *writer, const EvNodeList *branches, uint8 context, int indent)
{
	TypeList list = {0};

	for (int i = 0; i < branches->count; i++)
		add_type(&list, ev_typescript_type_of(writer, branches->nodes[i], context, indent));
	return make_union(&list);
}

/* All that a node says. */
static Type
type_of_parts(Writer *writer, EvNode *node, uint8 context, int indent)
{
	uint8 kinds = ev_typescript_kinds(node) & context;
	EvNode *target = writer->graph->targets[node->index];
	TypeList parts = {0};

	add_type(&parts, type_of_rules(writer, node, context, indent));
	if (target != NULL)
		add_type(&parts, type_of_reference(writer, target));
	for (int i = 0; i < node->all_of.count; i++)
		add_type(&parts, ev_typescript_type_of(writer, node->all_of.nodes[i], kinds, indent));
	if (node->any_of.count > 0)
		add_type(&parts, type_of_one(writer, &node->any_of, kinds, indent));
	if (node->one_of.count > 0)
		add_type(&parts, type_of_one(writer, &node->one_of, kinds, indent));
	if (node->if_node != NULL && node->then_node != NULL && node->else_node != NULL)
	{
		EvNode *nodes[2] = {node->then_node, node->else_node};
		EvNodeList branches = {.count = 2, .nodes = nodes};

		add_type(&parts, type_of_one(writer, &branches, kinds, indent));
	}
	return make_intersection(&parts);
}

Type
ev_typescript_type_of(Writer *writer, EvNode *node, uint8 context, int indent)
{
	Type type;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if ((ev_typescript_kinds(node) & context) == 0)
		return make_atom("never");
	if (node->kind == EV_NODE_TRUE)
		return make_atom("unknown");
	if (writer->nesting >= MAX_NESTING)
		return type_of_reference(writer, node);
	writer->nesting++;
	type = type_of_parts(writer, node, context, indent);
	writer->nesting--;
	return type;
}
