/* SPDX-License-Identifier: PostgreSQL
 *
 * filter.c: what a reader asks for; see filter.h.
 */
#include "base/compat.h"

#include "match/filter.h"

EvFilter *
ev_filter_make(const EvFilterSource *source)
{
	EvFilter *filter = palloc0(sizeof(EvFilter));

	filter->topics = ev_topic_filter_make(source->topics, source->types);
	if (source->pattern != NULL)
		filter->pattern = ev_event_pattern_make(source->pattern);
	if (source->expression != NULL)
		filter->expression = ev_feel_make_filter(VARDATA_ANY(source->expression),
												 VARSIZE_ANY_EXHDR(source->expression));
	return filter;
}

bool
ev_filter_may_match(const EvFilter *filter, const text *type, ArrayType *topic)
{
	return ev_topic_filter_matches(filter->topics, type, topic);
}

bool
ev_filter_matches(const EvFilter *filter, EvSubject *subject)
{
	EvFeelLimit exceeded = EV_FEEL_WITHIN_LIMITS;
	bool matches;

	if (filter->pattern != NULL && !ev_event_pattern_matches(filter->pattern, subject))
		return false;
	if (filter->expression == NULL)
		return true;
	matches = ev_feel_filter_matches(filter->expression, subject, &exceeded);
	if (exceeded != EV_FEEL_WITHIN_LIMITS)
		ev_feel_raise_exceeded(exceeded);
	return matches;
}

bool
ev_filter_try(const EvFilter *filter, EvSubject *subject, bool *matches)
{
	EvFeelLimit exceeded = EV_FEEL_WITHIN_LIMITS;

	*matches = true;
	if (filter->pattern != NULL &&
		ev_event_pattern_try(filter->pattern, subject, matches) != EV_PATTERN_WITHIN_LIMITS)
		return false;
	if (*matches && filter->expression != NULL)
		*matches = ev_feel_filter_matches(filter->expression, subject, &exceeded);
	return exceeded == EV_FEEL_WITHIN_LIMITS;
}
