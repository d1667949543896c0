/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_explain.c: events.explain_match(), why an event matches a pattern or not.
 *
 * Each condition of the pattern is a row: where it stands in the pattern, what
 * it is, the scalars that the event has at its path (one as it is, several as
 * an array), and whether it holds, taken alone.  Conditions of branches that
 * were not needed have rows too.
 *
 * What holds alone may not hold together: a pattern wants its conditions to be
 * met below the same elements of arrays.  Where that, or a condition that another
 * one replaces, makes the answer differ from what the rows say, a last row with
 * the location "" and the whole pattern says what the answer is.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "match/event_set_parts.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_explain_match);

enum
{
	LOCATION,
	CONDITION,
	FOUND,
	MATCHES,
	NCOLUMNS
};

typedef struct Explanation
{
	const EvEventPattern *pattern;
	EvEventSet *set;
	EvSetNode **nodes; /* by condition */
	bool *answers;	   /* the same */
} Explanation;

static EvSetNode *
find_node(const EvEventSet *set, const EvPath *path)
{
	const EvSetNode *parent;
	int first, n;

	if (path->parent == NULL)
		return set->root;
	check_stack_depth();
	parent = find_node(set, path->parent);
	n = ev_event_set_find(parent, path->name, path->length, &first);
	for (int i = first; i < first + n; i++)
	{
		EvSetNode *node = parent->children.items[i];

		if ((node->alias == NULL) == (path->alias == NULL))
			return node;
	}
	elog(ERROR, "path of an event pattern has no node");
}

static void
find_nodes(Explanation *explanation, const EvBranch *branch)
{
	check_stack_depth();
	for (int i = 0; branch->kind == EV_BRANCH_CONJUNCT && i < branch->conjunct.nfields; i++)
	{
		const EvField *field = &branch->conjunct.fields[i];

		if (explanation->nodes[field->condition->number] == NULL)
			explanation->nodes[field->condition->number] = find_node(explanation->set, field->path);
	}
	for (int i = 0; i < branch->count; i++)
		find_nodes(explanation, branch->parts[i]);
}

/* The scalars at a node: NULL if there are none. */
static Jsonb *
found_at(const EvEventSet *set, const EvSetNode *node)
{
	int n = 0, first = node->event == set->event ? node->first : -1;
	EvView *values;
	EvView array;

	for (int i = first; i >= 0; i = set->pool[i].next)
		n++;
	if (n == 0)
		return NULL;
	if (n == 1)
		return ev_view_to_jsonb(&set->pool[first].view);
	values = palloc(n * sizeof(EvView));
	for (int i = first; i >= 0; i = set->pool[i].next)
		values[--n] = set->pool[i].view;
	for (int i = first; i >= 0; i = set->pool[i].next)
		n++;
	array = ev_view_make_array(values, n);
	return ev_view_to_jsonb(&array);
}

static bool
holds_at(const EvEventSet *set, const EvSetNode *node, const EvCondition *condition)
{
	int first = node->event == set->event ? node->first : -1;

	for (int i = first; i >= 0; i = set->pool[i].next)
	{
		if (ev_event_pattern_any_test(&condition->tests, &set->pool[i].view))
			return true;
	}
	return first < 0 && condition->absent;
}

/* What the answers of the conditions, taken alone, come to. */
static bool
combine_answers(const Explanation *explanation, const EvBranch *branch)
{
	check_stack_depth();
	if (branch->kind == EV_BRANCH_CONJUNCT)
	{
		for (int i = 0; i < branch->conjunct.nfields; i++)
		{
			if (!explanation->answers[branch->conjunct.fields[i].condition->number])
				return false;
		}
		return true;
	}
	if (branch->kind == EV_BRANCH_NOT)
		return !combine_answers(explanation, branch->parts[0]);
	for (int i = 0; i < branch->count; i++)
	{
		if (combine_answers(explanation, branch->parts[i]) == (branch->kind == EV_BRANCH_ANY))
			return branch->kind == EV_BRANCH_ANY;
	}
	return branch->kind == EV_BRANCH_ALL;
}

static void
put_row(ReturnSetInfo *result, const char *location, const Jsonb *condition, const Jsonb *found,
		bool matches)
{
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS] = {0};

	values[LOCATION] = CStringGetTextDatum(location);
	values[CONDITION] = JsonbPGetDatum(condition);
	values[FOUND] = JsonbPGetDatum(found);
	nulls[FOUND] = found == NULL;
	values[MATCHES] = BoolGetDatum(matches);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_condition(Explanation *explanation, ReturnSetInfo *result, const EvCondition *condition)
{
	EvSetNode *node = explanation->nodes[condition->number];
	Jsonb *found = NULL;

	/* one that others replace in all their conjuncts has no node */
	if (node != NULL)
	{
		ev_event_set_open(explanation->set, node);
		found = found_at(explanation->set, node);
		explanation->answers[condition->number] = holds_at(explanation->set, node, condition);
	}
	put_row(result, condition->pointer, ev_view_to_jsonb(&condition->source), found,
			explanation->answers[condition->number]);
}

Datum
ev_explain_match(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EvSubject subject = {.view = ev_view_of(PG_GETARG_JSONB_P(0))};
	EvEventPattern *pattern = ev_event_pattern_make(PG_GETARG_JSONB_P(1));
	bool matches = ev_event_pattern_matches(pattern, &subject);
	Explanation explanation = {.pattern = pattern};
	const int *indexes;

	InitMaterializedSRF(fcinfo, 0);
	explanation.set = ev_event_set_compile(&pattern, 1);
	explanation.nodes = palloc0((pattern->nconditions + 1) * sizeof(EvSetNode *));
	explanation.answers = palloc0((pattern->nconditions + 1) * sizeof(bool));
	ev_event_set_match(explanation.set, &subject, &indexes);
	find_nodes(&explanation, pattern->root);
	for (int i = 0; i < pattern->nconditions; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_condition(&explanation, result, pattern->conditions[i]);
	}
	if (explanation.set->overflow)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("event has too many values to explain a match"),
						errhint("events.matches() has no such limit.")));
	if (combine_answers(&explanation, pattern->root) != matches)
		put_row(result, "", pattern->source, NULL, matches);
	return (Datum) 0;
}
