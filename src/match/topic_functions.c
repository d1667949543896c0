/* SPDX-License-Identifier: PostgreSQL
 *
 * topic_functions.c: does an event belong to topics and types, asked in SQL.
 *
 * Retention asks this of each row of a partition, with the topics and types of
 * its rules as constants: the filter is made once for a call site and kept.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "match/topic.h"

PG_FUNCTION_INFO_V1(ev_covers);

enum
{
	ARG_TOPICS,
	ARG_TYPES,
	ARG_TYPE,
	ARG_TOPIC
};

/* Made in the current context, with copies of the arrays. */
static EvTopicFilter *
make_filter(FunctionCallInfo fcinfo)
{
	return ev_topic_filter_make(
		PG_ARGISNULL(ARG_TOPICS) ? NULL : PG_GETARG_ARRAYTYPE_P_COPY(ARG_TOPICS),
		PG_ARGISNULL(ARG_TYPES) ? NULL : PG_GETARG_ARRAYTYPE_P_COPY(ARG_TYPES));
}

static const EvTopicFilter *
get_filter(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;
	MemoryContext old;

	if (flinfo->fn_extra != NULL)
		return flinfo->fn_extra;
	if (!get_fn_expr_arg_stable(flinfo, ARG_TOPICS) || !get_fn_expr_arg_stable(flinfo, ARG_TYPES))
		return make_filter(fcinfo);
	old = MemoryContextSwitchTo(flinfo->fn_mcxt);
	flinfo->fn_extra = make_filter(fcinfo);
	MemoryContextSwitchTo(old);
	return flinfo->fn_extra;
}

/* events._covers(topics text[], types text[], type text, topic text[]) → boolean */
Datum
ev_covers(PG_FUNCTION_ARGS)
{
	const EvTopicFilter *filter = get_filter(fcinfo);

	if (PG_ARGISNULL(ARG_TYPE) || PG_ARGISNULL(ARG_TOPIC))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(ev_topic_filter_matches(filter, PG_GETARG_TEXT_PP(ARG_TYPE),
										   PG_GETARG_ARRAYTYPE_P(ARG_TOPIC)));
}
