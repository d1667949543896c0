/* SPDX-License-Identifier: PostgreSQL
 *
 * containment_object.c: objects.
 *
 * There are endlessly many names.  Those that either side mentions are compared
 * one by one; names like a pattern of either side, by the pattern; all others
 * at once.
 *
 * A name that the outer side mentions and the inner side does not, being open to
 * any name: was it used before?  By the rules of JSON Schema it may have been,
 * with any value, and then no property could ever be added to an open schema.
 * Producers do not send what their schema does not know, so unless `strict` such
 * a name counts as unused.
 */
#include "base/compat.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "schema/containment.h"

static char *
show_name(const EvInnerMember *member)
{
	EvView view = {.type = EV_JSON_STRING, .data = member->name, .length = member->length};

	return ev_containment_show(&view);
}

/* The inner side's schema of exactly that name. */
static const EvNode *
find_property_node(const EvConjunction *inner, const char *name, int length)
{
	for (int i = 0; i < inner->count; i++)
	{
		const EvProperty *property = ev_property_find(inner->nodes[i]->object, name, length);

		if (property != NULL && property->node != NULL)
			return property->node;
	}
	return NULL;
}

EvInnerMember
ev_containment_member_of(EvContainment *c, EvConjunction *inner, const char *name, int length)
{
	EvInnerMember member = {.name = name, .length = length};

	member.inner = ev_conjunction_member(c->graphs, inner, name, length, &member.named);
	member.possible = !ev_conjunction_is_empty(c->graphs, member.inner);
	member.where = find_property_node(inner, name, length);
	return member;
}

List *
ev_containment_names(const EvConjunction *inner, const EvObjectRules *rules)
{
	List *names = NIL;

	for (int j = 0; j < rules->nproperties; j++)
		names = lappend(names, &rules->properties[j]);
	for (int i = 0; i < inner->count; i++)
	{
		if (inner->nodes[i]->object != rules)
			names = ev_conjunction_mentioned(inner->nodes[i], rules, names);
	}
	return names;
}

/* ---- names one by one */

bool
ev_containment_member(EvContainment *c, const EvInnerMember *member, const EvNode *node,
					  const EvNode *outer)
{
	char *name;

	if (node->kind != EV_NODE_FALSE)
		return ev_containment_holds(c, member->inner, node);
	if (c->quiet > 0)
		return false;
	name = show_name(member);
	return ev_containment_report(c, member->where != NULL ? member->where : outer,
								 psprintf("no longer allowed: property %s", name),
								 psprintf("newly allowed: property %s", name));
}

static bool
contains_member(EvContainment *c, const EvInnerMember *member, const EvNode *outer)
{
	const EvObjectRules *rules = outer->object;
	const EvProperty *property = ev_property_find(rules, member->name, member->length);
	bool known = property != NULL && property->node != NULL;
	bool contained = true;

	if (known && (member->named || c->strict))
		contained = ev_containment_member(c, member, property->node, outer);
	for (int i = 0; i < rules->npatterns; i++)
	{
		if (!ev_pattern_matches(rules->patterns[i].pattern, member->name, member->length))
			continue;
		known = true;
		contained &= ev_containment_member(c, member, rules->patterns[i].node, outer);
	}
	if (!known && rules->additional != NULL)
		contained &= ev_containment_member(c, member, rules->additional, outer);
	return contained;
}

static bool
contains_required(EvContainment *c, EvConjunction *inner, const EvNode *outer,
				  const EvProperty *property)
{
	const EvNode *where = property->node;
	EvView name = {.type = EV_JSON_STRING, .data = property->name, .length = property->length};
	char *text;

	if (ev_conjunction_requires(inner, property->name, property->length))
		return true;
	if (c->quiet > 0)
		return false;
	text = ev_containment_show(&name);
	if (where == NULL || where->resource != outer->resource)
		where = outer;
	return ev_containment_report(c, where, psprintf("required now: property %s", text),
								 psprintf("no longer required: property %s", text));
}

static bool
contains_names(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	List *names = ev_containment_names(inner, outer->object);
	bool contained = true;
	ListCell *lc;

	foreach (lc, names)
	{
		const EvProperty *property = lfirst(lc);
		const EvProperty *own = ev_property_find(outer->object, property->name, property->length);
		EvInnerMember member = ev_containment_member_of(c, inner, property->name, property->length);

		CHECK_FOR_INTERRUPTS();
		if (own != NULL && own->required)
			contained &= contains_required(c, inner, outer, own);
		if (member.possible)
			contained &= contains_member(c, &member, outer);
		if (!contained && c->quiet > 0)
			break;
	}
	list_free(names);
	return contained;
}

/* ---- names by pattern, and all others */

/* What a pattern that is anchored begins with, as far as it is plain. */
static int
plain_beginning(const char *source, const char **beginning)
{
	int length;

	if (source[0] != '^' || strchr(source, '|') != NULL)
		return 0;
	*beginning = source + 1;
	length = strcspn(source + 1, "\\^$.*+?()[]{}");
	/* A quantifier is about the character before it. */
	if (length > 0 && source[1 + length] != '\0' && strchr("*?{", source[1 + length]) != NULL)
		length = pg_mbcliplen(source + 1, length, length - 1);
	return length;
}

/* Surely no name is like both. */
static bool
patterns_exclude(const EvPattern *a, const EvPattern *b)
{
	const char *x = NULL, *y = NULL;
	int xlen = plain_beginning(ev_pattern_source(a), &x);
	int ylen = plain_beginning(ev_pattern_source(b), &y);

	return xlen > 0 && ylen > 0 && memcmp(x, y, Min(xlen, ylen)) != 0;
}

bool
ev_containment_like(EvContainment *c, EvConjunction *like, const EvPattern *pattern,
					const EvNode *node, const EvNode *outer)
{
	if (node->kind != EV_NODE_FALSE || ev_conjunction_is_empty(c->graphs, like))
		return ev_containment_holds(c, like, node);
	if (c->quiet > 0)
		return false;
	return ev_containment_report(
		c, outer, psprintf("no longer allowed: properties like %s", ev_pattern_source(pattern)),
		psprintf("newly allowed: properties like %s", ev_pattern_source(pattern)));
}

/* Names like a pattern of the inner side, which may be like patterns of the outer one too. */
static bool
contains_like(EvContainment *c, EvConjunction *inner, const EvNode *outer, const EvPattern *pattern)
{
	const EvObjectRules *rules = outer->object;
	EvConjunction *like = ev_conjunction_like(c->graphs, inner, pattern);
	bool contained = true;

	for (int i = 0; i < rules->npatterns; i++)
	{
		if (!patterns_exclude(rules->patterns[i].pattern, pattern))
			contained &= ev_containment_like(c, like, pattern, rules->patterns[i].node, outer);
	}
	if (rules->additional != NULL && !ev_pattern_is_in(rules, pattern))
		contained &= ev_containment_like(c, like, pattern, rules->additional, outer);
	return contained;
}

static bool
contains_patterns(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	bool contained = true;

	for (int i = 0; i < inner->count && (contained || c->quiet == 0); i++)
	{
		const EvObjectRules *other = inner->nodes[i]->object;

		for (int j = 0; other != NULL && j < other->npatterns; j++)
			contained &= contains_like(c, inner, outer, other->patterns[j].pattern);
	}
	return contained;
}

bool
ev_containment_unnamed(EvContainment *c, EvConjunction *unnamed, const EvNode *node,
					   const EvNode *outer)
{
	if (node->kind != EV_NODE_FALSE)
		return ev_containment_holds(c, unnamed, node);
	return ev_containment_report(c, outer,
								 "no longer allowed: properties that the schema does not name",
								 "newly allowed: properties that the schema does not name");
}

static bool
contains_unnamed(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvObjectRules *rules = outer->object;
	EvConjunction *unnamed = ev_conjunction_unnamed(c->graphs, inner);
	bool contained = true;

	if (ev_conjunction_is_empty(c->graphs, unnamed))
		return true;
	for (int i = 0; i < rules->npatterns; i++)
	{
		if (!ev_conjunction_has_pattern(inner, rules->patterns[i].pattern))
			contained &= ev_containment_holds(c, unnamed, rules->patterns[i].node);
	}
	if (rules->additional == NULL)
		return contained;
	return ev_containment_unnamed(c, unnamed, rules->additional, outer) && contained;
}

/* ---- propertyNames */

static bool
contains_property_names(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvNode *names = outer->object->names;
	List *known = list_make1(&c->graphs->types[3]);
	EvConjunction *unnamed = ev_conjunction_unnamed(c->graphs, inner);
	bool has_patterns = false, contained = true;

	if (names == NULL)
		return true;
	for (int i = 0; i < inner->count; i++)
	{
		const EvObjectRules *other = inner->nodes[i]->object;

		if (other != NULL && other->names != NULL)
			known = lappend(known, other->names);
		has_patterns |= other != NULL && other->npatterns > 0;
	}
	if (has_patterns || !ev_conjunction_is_empty(c->graphs, unnamed))
		return ev_containment_holds(c, ev_conjunction_make(c->graphs, NULL, known), names);

	/* The inner side is closed: its names are known one by one. */
	for (int i = 0; i < inner->count; i++)
	{
		const EvObjectRules *other = inner->nodes[i]->object;

		for (int j = 0; other != NULL && j < other->nproperties; j++)
		{
			EvView name = {.type = EV_JSON_STRING,
						   .data = other->properties[j].name,
						   .length = other->properties[j].length};
			EvInnerMember member = ev_containment_member_of(c, inner, name.data, name.length);

			if (member.possible && !ev_graphs_accepts(c->graphs, names, &name, false))
				contained = ev_containment_report(
					c, outer, psprintf("no longer allowed: property %s", show_name(&member)),
					psprintf("newly allowed: property %s", show_name(&member)));
		}
	}
	return contained;
}

/* ---- dependencies */

static bool
depends_on(const EvDependency *dependency, const EvProperty *wanted)
{
	for (int i = 0; i < dependency->nrequired; i++)
	{
		if (ev_view_compare_keys(dependency->required[i].name, dependency->required[i].length,
								 wanted->name, wanted->length) == 0)
			return true;
	}
	return false;
}

/* The inner side, given that the member is there. */
static EvConjunction *
with_dependencies(EvContainment *c, EvConjunction *inner, const EvDependency *dependency)
{
	List *nodes = NIL;

	for (int i = 0; i < inner->count; i++)
	{
		const EvObjectRules *other = inner->nodes[i]->object;

		for (int j = 0; other != NULL && j < other->ndependencies; j++)
		{
			const EvDependency *own = &other->dependencies[j];

			if (own->node != NULL && ev_view_compare_keys(own->name, own->length, dependency->name,
														  dependency->length) == 0)
				nodes = lappend(nodes, own->node);
		}
	}
	return ev_conjunction_make(c->graphs, inner, nodes);
}

static bool
is_dependency(const EvConjunction *inner, const EvDependency *dependency, const EvProperty *wanted)
{
	for (int i = 0; i < inner->count; i++)
	{
		const EvObjectRules *other = inner->nodes[i]->object;

		for (int j = 0; other != NULL && j < other->ndependencies; j++)
		{
			const EvDependency *own = &other->dependencies[j];

			if (ev_view_compare_keys(own->name, own->length, dependency->name,
									 dependency->length) == 0 &&
				depends_on(own, wanted))
				return true;
		}
	}
	return false;
}

static bool
contains_dependency(EvContainment *c, EvConjunction *inner, const EvNode *outer,
					const EvDependency *dependency)
{
	EvInnerMember member = ev_containment_member_of(c, inner, dependency->name, dependency->length);
	EvConjunction *present;
	bool contained = true;

	if (!member.possible || (!member.named && !c->strict))
		return true;
	present = with_dependencies(c, inner, dependency);
	for (int i = 0; i < dependency->nrequired; i++)
	{
		const EvProperty *wanted = &dependency->required[i];
		EvInnerMember other = {.name = wanted->name, .length = wanted->length};

		if (ev_conjunction_requires(present, wanted->name, wanted->length) ||
			is_dependency(inner, dependency, wanted))
			continue;
		if (c->quiet > 0)
			return false;
		contained = ev_containment_report(c, outer,
										  psprintf("required now beside %s: property %s",
												   show_name(&member), show_name(&other)),
										  psprintf("no longer required beside %s: property %s",
												   show_name(&member), show_name(&other)));
	}
	if (dependency->node != NULL)
		contained &= ev_containment_holds(c, present, dependency->node);
	return contained;
}

/* ---- all of it */

static bool
contains_counts(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	bool contained = ev_containment_least(c, outer, "minProperties", inner->min_properties,
										  outer->object->min_properties);

	return ev_containment_most(c, outer, "maxProperties", inner->max_properties,
							   outer->object->max_properties) &&
		   contained;
}

bool
ev_containment_objects(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvObjectRules *rules = outer->object;
	bool contained;

	if (rules == NULL || !(inner->types & outer->types & EV_TYPE_OBJECT))
		return true;
	contained = contains_counts(c, inner, outer);
	contained &= contains_names(c, inner, outer);
	contained &= contains_patterns(c, inner, outer);
	contained &= contains_unnamed(c, inner, outer);
	contained &= contains_property_names(c, inner, outer);
	for (int i = 0; i < rules->ndependencies; i++)
		contained &= contains_dependency(c, inner, outer, &rules->dependencies[i]);
	return ev_containment_unevaluated_properties(c, inner, outer) && contained;
}
