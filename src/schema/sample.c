/* SPDX-License-Identifier: PostgreSQL
 *
 * sample.c: a small value that is valid by a schema.
 *
 * Finding one is a search.  A goal is a set of schemas that one value has to
 * fulfil; it grows by what applies in place (references, allOf), and where
 * there is a choice (anyOf, oneOf, if) each branch is tried in turn.  Then
 * values are proposed: const, default, examples and enum as the schema gives
 * them, else one made for each kind of value that is allowed, whose members and
 * elements are goals of their own.  Every value is judged by the evaluator
 * before it is taken, so that rules which are not understood here (not,
 * unevaluated...) cost tries, never correctness.
 *
 * The search is bounded by a depth, which begins at 1 and grows as long as the
 * depth is what stands in the way, so that schemas which contain themselves give
 * the shallowest value; and by a budget for each depth and for all of them: each
 * schema that is looked at, each goal and each value costs of it, and large ones
 * cost more, which bounds memory as well.  What is made at one depth is freed
 * before the next.  When nothing is found, the error names the deepest place for
 * which there was no value.
 */
#include "base/compat.h"

#include "schema/sample.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "schema/evaluate.h"
#include "utils/memutils.h"

#define MAX_DEPTH 200

/* Steps at one depth, and at all; the bytes that are as good as a step. */
#define MAX_BUDGET 100000
#define MAX_BUDGET_ALL 300000
#define BYTES_PER_STEP 256

/* To compare with a value is as good as making so many bytes. */
#define TO_COMPARE 2

/* Of a JSON Pointer in an error. */
#define MAX_SHOWN 100

PG_FUNCTION_INFO_V1(ev_sample);

/* ---- values */

void
ev_sample_to_value(const Jsonb *jsonb, JsonbValue *value)
{
	if (JB_ROOT_IS_SCALAR(jsonb))
		JsonbExtractScalar((JsonbContainer *) &jsonb->root, value);
	else
	{
		value->type = jbvBinary;
		value->val.binary.data = (JsonbContainer *) &jsonb->root;
		value->val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	}
}

Jsonb *
ev_sample_from_text(const char *s, int length)
{
	JsonbValue value = {.type = jbvString, .val.string = {.len = length, .val = (char *) s}};

	return JsonbValueToJsonb(&value);
}

static Jsonb *
make_null(void)
{
	JsonbValue value = {.type = jbvNull};

	return JsonbValueToJsonb(&value);
}

static Jsonb *
make_boolean(bool boolean)
{
	JsonbValue value = {.type = jbvBool, .val.boolean = boolean};

	return JsonbValueToJsonb(&value);
}

/* ---- judging */

bool
ev_sample_spend(EvSampler *sampler, int64 bytes)
{
	CHECK_FOR_INTERRUPTS();
	sampler->budget -= 1 + bytes / BYTES_PER_STEP;
	return sampler->budget > 0;
}

static bool
is_taken(List *taken, const EvView *view)
{
	ListCell *cell;

	foreach (cell, taken)
	{
		EvView other = ev_view_of(lfirst(cell));

		if (ev_view_equal(&other, view))
			return true;
	}
	return false;
}

bool
ev_sample_fits(EvSampleGoal *goal, Jsonb *value)
{
	EvView view = ev_view_of(value);
	EvSchema part = *goal->sampler->schema;
	ListCell *cell;

	if (!ev_sample_spend(goal->sampler, VARSIZE(value) + list_length(goal->taken) * TO_COMPARE) ||
		is_taken(goal->taken, &view))
		return false;
	foreach (cell, goal->asked)
	{
		part.root = lfirst(cell);
		if (part.root->kind == EV_NODE_TRUE)
			continue;
		if (!ev_schema_is_valid(&part, &view))
			return false;
	}
	return true;
}

static Jsonb *
propose(EvSampleGoal *goal, const EvView *view)
{
	Jsonb *value = ev_view_to_jsonb(view);

	return ev_sample_fits(goal, value) ? value : NULL;
}

/* ---- proposals */

static Jsonb *
propose_from_examples(EvSampleGoal *goal, const EvView *source)
{
	EvView value, element;
	EvCursor cursor;
	Jsonb *found = NULL;

	if (source->type != EV_JSON_OBJECT)
		return NULL;
	if (ev_view_get(source, "default", &value))
		found = propose(goal, &value);
	if (found == NULL && ev_view_get(source, "examples", &value) && value.type == EV_JSON_ARRAY)
	{
		ev_view_begin(&cursor, &value);
		while (found == NULL && ev_view_next_element(&cursor, &element))
			found = propose(goal, &element);
	}
	if (found == NULL && ev_view_get(source, "example", &value))
		found = propose(goal, &value);
	return found;
}

/* What schemas say themselves; *closed if no other value can do. */
static Jsonb *
propose_given(EvSampleGoal *goal, bool *closed)
{
	ListCell *cell;
	Jsonb *found = NULL;

	foreach (cell, goal->nodes)
	{
		const EvNode *node = lfirst(cell);

		if (node->constant != NULL)
		{
			*closed = true;
			return propose(goal, node->constant);
		}
	}
	foreach (cell, goal->nodes)
	{
		found = propose_from_examples(goal, &((const EvNode *) lfirst(cell))->source);
		if (found != NULL)
			return found;
	}
	foreach (cell, goal->nodes)
	{
		const EvNode *node = lfirst(cell);

		if (node->enumeration == NULL)
			continue;
		*closed = true;
		for (int i = 0; i < node->enumeration->count && found == NULL; i++)
			found = propose(goal, &node->enumeration->values[i]);
		return found;
	}
	return NULL;
}

static Jsonb *
propose_of_kind(EvSampleGoal *goal, uint8 kind, uint8 kinds)
{
	Jsonb *value = NULL;

	switch (kind)
	{
		case EV_TYPE_OBJECT:
			return ev_sample_object(goal);
		case EV_TYPE_ARRAY:
			return ev_sample_array(goal);
		case EV_TYPE_STRING:
			return ev_sample_string(goal);
		case EV_TYPE_NUMBER:
		case EV_TYPE_INTEGER:
			return ev_sample_number(goal, (kinds & EV_TYPE_NUMBER) == 0);
		case EV_TYPE_BOOLEAN:
			value = make_boolean(false);
			if (!ev_sample_fits(goal, value))
				value = make_boolean(true);
			break;
		default:
			value = make_null();
			break;
	}
	return ev_sample_fits(goal, value) ? value : NULL;
}

/* Kinds that the schemas have rules for come first: {"minLength": 1} is meant
 * for strings. */
static Jsonb *
propose_any_kind(EvSampleGoal *goal)
{
	static const uint8 order[] = {EV_TYPE_OBJECT,  EV_TYPE_ARRAY,	EV_TYPE_STRING,
								  EV_TYPE_INTEGER, EV_TYPE_BOOLEAN, EV_TYPE_NULL};
	uint8 kinds = EV_TYPE_ANY, ruled = 0;
	bool was_too_deep = goal->sampler->too_deep;
	Jsonb *value = NULL;
	ListCell *cell;

	foreach (cell, goal->nodes)
	{
		const EvNode *node = lfirst(cell);
		uint8 types = node->types | (node->types & EV_TYPE_NUMBER ? EV_TYPE_INTEGER : 0);

		if (node->kind != EV_NODE_RULES)
			continue;
		kinds &= types;
		ruled |= (node->object != NULL ? EV_TYPE_OBJECT : 0) |
				 (node->array != NULL ? EV_TYPE_ARRAY : 0) |
				 (node->string != NULL ? EV_TYPE_STRING : 0) |
				 (node->number != NULL ? EV_TYPE_INTEGER : 0);
	}
	if (kinds == EV_TYPE_ANY && ruled == 0)
		ruled = EV_TYPE_NULL;
	goal->sampler->too_deep = false;
	for (int pass = 0; pass < 2 && value == NULL; pass++)
	{
		/* {"required": ["a"]} is meant for objects: look deeper before null is
     * taken */
		if (pass == 1 && kinds == EV_TYPE_ANY && goal->sampler->too_deep)
			break;
		for (int i = 0; i < lengthof(order) && value == NULL; i++)
		{
			if ((kinds & order[i]) != 0 && ((ruled & order[i]) != 0) == (pass == 0))
				value = propose_of_kind(goal, order[i], kinds);
		}
	}
	goal->sampler->too_deep |= was_too_deep;
	return value;
}

static Jsonb *
propose_all(EvSampleGoal *goal)
{
	bool closed = false;
	Jsonb *value = propose_given(goal, &closed);

	return value != NULL || closed ? value : propose_any_kind(goal);
}

/* ---- what applies in place */

/* Schemas to look at yet, and the choices among some that are open. */
typedef struct Pending
{
	List *nodes;
	List *choices; /* of Lists of EvNodes; NULL stands for none */
} Pending;

static void
add_list(List **nodes, const EvNodeList *list)
{
	for (int i = 0; i < list->count; i++)
		*nodes = lappend(*nodes, list->nodes[i]);
}

static void
add_in_place(Pending *pending, const EvNode *node)
{
	List *choice = NIL;

	if (node->ref != NULL)
		pending->nodes = lappend(pending->nodes, node->ref);
	if (node->second_ref != NULL)
		pending->nodes = lappend(pending->nodes, node->second_ref);
	add_list(&pending->nodes, &node->all_of);
	add_list(&choice, &node->any_of);
	if (choice != NIL)
		pending->choices = lappend(pending->choices, choice);
	choice = NIL;
	add_list(&choice, &node->one_of);
	if (choice != NIL)
		pending->choices = lappend(pending->choices, choice);
	if (node->if_node != NULL && (node->then_node != NULL || node->else_node != NULL))
		pending->choices = lappend(pending->choices, list_make2(node->else_node, node->then_node));
}

static Jsonb *make_in_place(EvSampleGoal *goal, Pending pending);

static Jsonb *
make_by_choice(EvSampleGoal *goal, Pending pending)
{
	List *choice = linitial(pending.choices);
	ListCell *cell;

	pending.choices = list_copy_tail(pending.choices, 1);
	foreach (cell, choice)
	{
		EvSampleGoal attempt = *goal;
		Pending rest = pending;
		Jsonb *value;

		if (!ev_sample_spend(goal->sampler, sizeof(ListCell) * (list_length(goal->nodes) +
																list_length(pending.choices))))
			return NULL;
		attempt.nodes = list_copy(goal->nodes);
		rest.nodes = lfirst(cell) != NULL ? list_make1(lfirst(cell)) : NIL;
		rest.choices = list_copy(pending.choices);
		value = make_in_place(&attempt, rest);
		if (value != NULL)
			return value;
	}
	return NULL;
}

static Jsonb *
make_in_place(EvSampleGoal *goal, Pending pending)
{
	check_stack_depth();
	while (pending.nodes != NIL)
	{
		EvNode *node = linitial(pending.nodes);

		if (!ev_sample_spend(goal->sampler, 0))
			return NULL;
		pending.nodes = list_delete_first(pending.nodes);
		if (node->kind == EV_NODE_FALSE)
			return NULL;
		if (list_member_ptr(goal->nodes, node))
			continue;
		goal->nodes = lappend(goal->nodes, node);
		add_in_place(&pending, node);
	}
	return pending.choices != NIL ? make_by_choice(goal, pending) : propose_all(goal);
}

Jsonb *
ev_sample_make_with(EvSampleGoal *goal, EvNode *node)
{
	EvSampleGoal more = *goal;
	Pending pending = {.nodes = list_make1(node)};

	if (!ev_sample_spend(goal->sampler, sizeof(ListCell) * list_length(goal->nodes)))
		return NULL;
	more.nodes = list_copy(goal->nodes);
	return make_in_place(&more, pending);
}

static void
remember_failure(EvSampler *sampler, List *nodes)
{
	if (sampler->depth <= sampler->failed_depth)
		return;
	sampler->failed_depth = sampler->depth;
	sampler->failed_path = MemoryContextStrdup(GetMemoryChunkContext(sampler->path.data),
											   sampler->path.data);
	sampler->failed_node = nodes != NIL ? llast(nodes) : NULL;
}

Jsonb *
ev_sample_make(EvSampler *sampler, List *nodes, List *taken)
{
	EvSampleGoal goal = {.sampler = sampler, .asked = nodes, .taken = taken};
	Pending pending = {.nodes = list_copy(nodes)};
	Jsonb *value = NULL;

	check_stack_depth();
	if (!ev_sample_spend(sampler, sizeof(ListCell) * list_length(nodes)))
		return NULL;
	if (sampler->depth >= sampler->max_depth)
	{
		sampler->too_deep = true;
		return NULL;
	}
	sampler->depth++;
	value = make_in_place(&goal, pending);
	if (value == NULL)
		remember_failure(sampler, nodes);
	sampler->depth--;
	return value;
}

/* ---- the whole */

static pg_noreturn void
raise_not_found(const EvSampler *sampler)
{
	const char *why = "no value tried was valid";
	const char *path = sampler->failed_path != NULL ? sampler->failed_path : "";
	int shown = pg_mbcliplen(path, strlen(path), MAX_SHOWN);

	if (sampler->budget <= 0)
		why = "the search was given up";
	else if (sampler->too_deep)
		why = "its values would be too deep";
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no sample was found for the schema"),
			 errdetail("Value at \"%.*s%s\", schema at \"%s\": %s.", shown, path,
					   path[shown] != '\0' ? "..." : "",
					   sampler->failed_node != NULL ? ev_node_pointer(sampler->failed_node) : "",
					   why),
			 errhint("Give the schema at that place a default or examples, or see if any value "
					 "can be valid there.")));
}

/* A little deeper each time. */
static Jsonb *
search(EvSampler *sampler, MemoryContext scratch)
{
	MemoryContext old = MemoryContextSwitchTo(scratch);
	int64 left = MAX_BUDGET_ALL;
	Jsonb *value = NULL;

	for (int depth = 1; value == NULL && depth <= MAX_DEPTH && left > 0; depth += 1 + depth / 3)
	{
		MemoryContextReset(scratch);
		sampler->max_depth = depth;
		sampler->depth = sampler->failed_depth = 0;
		sampler->budget = Min(MAX_BUDGET, left);
		left -= sampler->budget;
		sampler->too_deep = false;
		value = ev_sample_make(sampler, list_make1(sampler->schema->root), NIL);
		left += Max(sampler->budget, 0);
		if (value == NULL && !sampler->too_deep)
			break;
	}
	MemoryContextSwitchTo(old);
	return value;
}

/* NULL if none is found, unless that is to be an error. */
static Jsonb *
find_sample(const EvSchema *schema, bool raise)
{
	EvSampler sampler = {.schema = schema};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "events sample",
												  ALLOCSET_DEFAULT_SIZES);
	Jsonb *value;

	initStringInfo(&sampler.path);
	value = search(&sampler, scratch);
	if (value == NULL && raise)
		raise_not_found(&sampler);
	if (value != NULL)
		value = (Jsonb *) memcpy(palloc(VARSIZE(value)), value, VARSIZE(value));
	MemoryContextDelete(scratch);
	return value;
}

/* With all formats right, if such a value is valid without them too (`not` may
 * forbid what has the format); else one that is valid. */
Jsonb *
ev_sample_of(const Jsonb *schema, EvCompileOptions options)
{
	EvCompileOptions strict = options;
	const EvSchema *own;
	Jsonb *value;

	strict.assert_format = true;
	value = find_sample(ev_schema_get(NULL, schema, &strict), options.assert_format);
	if (options.assert_format)
		return value;
	own = ev_schema_get(NULL, schema, &options);
	if (value != NULL)
	{
		EvView view = ev_view_of(value);

		if (ev_schema_is_valid(own, &view))
			return value;
	}
	return find_sample(own, true);
}

Datum
ev_sample(PG_FUNCTION_ARGS)
{
	EvCompileOptions options;

	ev_compile_options_init(&options);
	PG_RETURN_JSONB_P(ev_sample_of(PG_GETARG_JSONB_P(0), options));
}
