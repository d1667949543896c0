/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluate.c: one schema on one value.
 *
 * The keywords of each type of value are in evaluate_scalar.c,
 * evaluate_array.c and evaluate_object.c, the schemas applied to the same value
 * in evaluate_applied.c; evaluation.h says how they play together.  What a node
 * asks of a value depends on the value's type only, so it is worked out ahead
 * (EvNode.work): a node that is just {"type": "string"} costs one load and no
 * call.
 *
 * The walk goes as deep as the value and the schema do; it looks after the
 * stack, and can be interrupted, wherever it can get deep or long.
 */
#include "schema/evaluation.h"

#include "miscadmin.h"

static uint8
type_bit(EvJsonType type)
{
	switch (type)
	{
		case EV_JSON_NULL:
			return EV_TYPE_NULL;
		case EV_JSON_BOOLEAN:
			return EV_TYPE_BOOLEAN;
		case EV_JSON_NUMBER:
			return EV_TYPE_NUMBER;
		case EV_JSON_STRING:
			return EV_TYPE_STRING;
		case EV_JSON_ARRAY:
			return EV_TYPE_ARRAY;
		case EV_JSON_OBJECT:
			break;
	}
	return EV_TYPE_OBJECT;
}

static bool
has_string_rules(const EvStringRules *rules)
{
	return rules != NULL &&
		   (rules->min_length > 0 || rules->max_length != EV_NO_LIMIT || rules->pattern != NULL ||
			(rules->assert_format && rules->format != EV_FORMAT_NONE));
}

static bool
has_applied(const EvNode *node)
{
	return node->all_of.count > 0 || node->any_of.count > 0 || node->one_of.count > 0 ||
		   node->not_node != NULL || node->if_node != NULL;
}

static uint8
work_for_type(const EvNode *node, EvJsonType type)
{
	uint8 work = 0;

	if ((node->types & type_bit(type)) == 0)
		work |= type == EV_JSON_NUMBER && (node->types & EV_TYPE_INTEGER) ? EV_WORK_INTEGER
																		  : EV_WORK_TYPE;
	if (node->constant != NULL || node->enumeration != NULL)
		work |= EV_WORK_VALUES;
	if ((type == EV_JSON_NUMBER && node->number != NULL) ||
		(type == EV_JSON_STRING && has_string_rules(node->string)) ||
		(type == EV_JSON_ARRAY && node->array != NULL) ||
		(type == EV_JSON_OBJECT && node->object != NULL))
		work |= EV_WORK_RULES;
	if (node->ref_kind != EV_REF_NONE || node->second_kind != EV_REF_NONE)
		work |= EV_WORK_REFERENCE;
	if (has_applied(node))
		work |= EV_WORK_APPLY;
	if ((type == EV_JSON_ARRAY && node->array != NULL && node->array->unevaluated != NULL) ||
		(type == EV_JSON_OBJECT && node->object != NULL && node->object->unevaluated != NULL))
		work |= EV_WORK_UNEVALUATED;
	return work;
}

static void
prepare_properties(EvObjectRules *rules)
{
	for (int i = 0; i < rules->nproperties; i++)
		rules->properties[i].head = ev_view_head(rules->properties[i].name,
												 rules->properties[i].length);
}

void
ev_schema_prepare(EvSchema *schema)
{
	for (int i = 0; i < schema->nnodes; i++)
	{
		EvNode *node = schema->nodes[i];

		for (EvJsonType type = EV_JSON_NULL; type <= EV_JSON_OBJECT; type++)
		{
			if (node->kind == EV_NODE_RULES)
				node->work[type] = work_for_type(node, type);
			else
				node->work[type] = node->kind == EV_NODE_FALSE ? EV_WORK_FALSE : 0;
		}
		if (node->object != NULL)
			prepare_properties(node->object);
	}
}

static bool
is_integer(const EvNode *node, const EvView *value)
{
	EvNumber number = ev_number_read(ev_view_numeric(value));

	return node->strict_integer ? number.scale == 0 : ev_number_is_integer(&number);
}

/* Most values of enums are strings, and most are none of the first ones. */
static inline bool
is_value(const EvView *constant, const EvView *value)
{
	if (constant->type != value->type)
		return false;
	if (value->type == EV_JSON_STRING)
		return constant->length == value->length &&
			   memcmp(constant->data, value->data, value->length) == 0;
	return ev_view_equal(constant, value);
}

static bool
is_in_enum(const EvEnum *enumeration, const EvView *value)
{
	if (enumeration->lookup_size > 0)
	{
		int mask = enumeration->lookup_size - 1;
		int i;

		for (int slot = ev_view_hash(value) & mask; (i = enumeration->lookup[slot]) >= 0;
			 slot = (slot + 1) & mask)
		{
			if (is_value(&enumeration->values[i], value))
				return true;
		}
		return false;
	}
	for (int i = 0; i < enumeration->count; i++)
	{
		if (is_value(&enumeration->values[i], value))
			return true;
	}
	return false;
}

static bool
check_values(EvEvaluation *e, const EvNode *node, const EvView *value)
{
	if (node->enumeration != NULL && !is_in_enum(node->enumeration, value) &&
		(e->output == NULL || ev_output_add_enum(e->output, node)))
		return false;
	return node->constant == NULL || is_value(node->constant, value) ||
		   !ev_broken(e, node, "const", "must be %s", ev_output_value(node->constant));
}

static bool
check_rules(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	switch (value->type)
	{
		case EV_JSON_NUMBER:
			return ev_evaluate_number(e, node, value);
		case EV_JSON_STRING:
			return ev_evaluate_string(e, node, value);
		case EV_JSON_ARRAY:
			return ev_evaluate_array(e, node, value, seen);
		case EV_JSON_OBJECT:
			return ev_evaluate_object(e, node, value, seen);
		default:
			return true;
	}
}

static pg_attribute_always_inline bool
check_work(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	uint8 work = node->work[value->type];

	if (unlikely(work & EV_WORK_FALSE))
		return e->output != NULL && !ev_output_add_false(e->output, node);
	if (((work & EV_WORK_TYPE) || ((work & EV_WORK_INTEGER) && !is_integer(node, value))) &&
		(e->output == NULL || ev_output_add_type(e->output, node, value)))
		return false;
	if ((work & EV_WORK_VALUES) && !check_values(e, node, value))
		return false;
	if ((work & EV_WORK_RULES) && !check_rules(e, node, value, seen))
		return false;
	if ((work & EV_WORK_REFERENCE) && !ev_evaluate_references(e, node, value, seen))
		return false;
	return !(work & EV_WORK_APPLY) || ev_evaluate_applied(e, node, value, seen);
}

/*
 * A node with an unevaluated... keyword: all else first.  If that fails, what
 * was left unevaluated says nothing, and it is not looked at.
 */
static pg_noinline bool
check_unevaluated(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *outer)
{
	EvSeen seen;
	int64 before = e->output != NULL ? ev_output_count(e->output) : 0;
	bool goes_on;

	ev_seen_init(&seen, ev_view_count(value));
	goes_on = check_work(e, node, value, &seen);
	if (goes_on && (e->output == NULL || ev_output_count(e->output) == before))
		goes_on = value->type == EV_JSON_ARRAY
					  ? ev_evaluate_unevaluated_items(e, node, value, &seen)
					  : ev_evaluate_unevaluated_properties(e, node, value, &seen);
	if (outer != NULL)
		ev_seen_merge(outer, &seen);
	ev_seen_clear(&seen);
	return goes_on;
}

/* A node of another resource than the one before it: one more in the scope. */
static pg_noinline bool
evaluate_in_resource(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	EvScope scope = {.resource = node->resource, .outer = e->scope};
	bool valid;

	e->scope = &scope;
	valid = ev_evaluate(e, node, value, seen);
	e->scope = scope.outer;
	return valid;
}

bool
ev_evaluate(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	int64 before = 0;
	bool goes_on;

	CHECK_FOR_INTERRUPTS();
	if (unlikely(node->resource != e->scope->resource))
		return evaluate_in_resource(e, node, value, seen);
	if (unlikely(e->output != NULL))
		before = ev_output_count(e->output);
	if (unlikely(node->work[value->type] & EV_WORK_UNEVALUATED))
		goes_on = check_unevaluated(e, node, value, seen);
	else
		goes_on = check_work(e, node, value, seen);
	if (unlikely(e->output != NULL))
		return goes_on && ev_output_count(e->output) == before;
	return goes_on;
}

bool
ev_evaluate_quietly(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	EvOutput *output = e->output;
	bool valid;

	if (ev_is_settled(node, value))
		return true;
	e->output = NULL;
	valid = ev_evaluate(e, node, value, seen);
	e->output = output;
	return valid;
}

bool
ev_schema_is_valid(const EvSchema *schema, const EvView *data)
{
	EvScope scope = {.resource = schema->root->resource};
	EvEvaluation e = {.schema = schema, .scope = &scope};

	return ev_evaluate(&e, schema->root, data, NULL);
}
