/* SPDX-License-Identifier: PostgreSQL
 *
 * event_set_verify.c: does a candidate match?
 *
 * Each condition is answered once for an event, out of the scalars that the
 * walk has kept.  Where a conjunct of several conditions has some whose scalars
 * are below elements of arrays, all of them must hold somewhere, and then the
 * conjunct is asked of the event itself, which looks after array consistency.
 * A condition that takes absence may then hold although there is something,
 * below other elements, so its answer counts only if it is yes.
 */
#include "base/compat.h"

#include "match/event_set_parts.h"
#include "miscadmin.h"

static bool
answer_condition(EvEventSet *set, EvSetCondition *condition)
{
	EvSetNode *node = condition->node;
	const EvCondition *c = condition->condition;
	int first;

	if (condition->answered_for == set->event)
		return condition->answer;
	ev_event_set_open(set, node);
	first = node->event == set->event ? node->first : -1;
	condition->answered_for = set->event;
	condition->answer = first < 0 && c->absent;
	for (int i = first; i >= 0 && !condition->answer; i = set->pool[i].next)
		condition->answer = ev_event_pattern_any_test(&c->tests, &set->pool[i].view);
	return condition->answer;
}

static bool
verify_conjunct(EvEventSet *set, const EvSetBranch *branch)
{
	bool below_elements = false;

	if (set->overflow)
		return ev_event_pattern_conjunct_matches(branch->conjunct, set->subject, &set->walk);
	for (int i = 0; i < branch->count; i++)
	{
		EvSetCondition *condition = branch->conditions[i];
		bool holds = answer_condition(set, condition);
		bool is_below = condition->node->event == set->event && condition->node->below_elements;

		/* opening a node may have found too much */
		if (set->overflow)
			return ev_event_pattern_conjunct_matches(branch->conjunct, set->subject, &set->walk);
		if (!holds && !(is_below && condition->condition->absent && branch->count > 1))
			return false;
		below_elements |= is_below;
	}
	if (!below_elements || branch->count == 1)
		return true;
	return ev_event_pattern_conjunct_matches(branch->conjunct, set->subject, &set->walk);
}

bool
ev_event_set_verify(EvEventSet *set, const EvSetBranch *branch)
{
	switch (branch->kind)
	{
		case EV_BRANCH_CONJUNCT:
			return verify_conjunct(set, branch);
		case EV_BRANCH_NOT:
			check_stack_depth();
			return !ev_event_set_verify(set, branch->parts[0]);
		default:
			break;
	}
	check_stack_depth();
	for (int i = 0; i < branch->count; i++)
	{
		if (ev_event_set_verify(set, branch->parts[i]) == (branch->kind == EV_BRANCH_ANY))
			return branch->kind == EV_BRANCH_ANY;
	}
	return branch->kind == EV_BRANCH_ALL;
}
