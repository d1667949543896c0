/* SPDX-License-Identifier: PostgreSQL
 *
 * filter_functions.c: patterns and filters in WHERE clauses, and as eventsd tries them.
 *
 * events.matches_event(event, pattern, filter) asks of one row of events.event
 * what events.read() asks of each.  Where both are constants the planner is told (by
 * a support function) which exact values they require of type, source, subject and topic:
 *
 *	  WHERE events.matches_event(event, '{"type": ["order.paid"], "data": ...}')
 *
 * becomes  type = 'order.paid' AND events._matches_event(event, ...),  so that
 * indexes and partitions of the user's own can be used, and EXPLAIN shows it.
 * The private function is the same one without the support function, or the
 * planner would go on like this for ever.
 */
#include "base/compat.h"

#include "base/catalog.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "match/filter.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "parser/parse_func.h"
#include "store/event_row.h"
#include "store/event_subject.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(ev_matches_event);
PG_FUNCTION_INFO_V1(ev_matches_event_support);
PG_FUNCTION_INFO_V1(ev_test_filter);

/* Arguments of the functions in here: the event, then these. */
enum
{
	ARG_EVENT,
	ARG_PATTERN,
	ARG_FILTER,
	NARGS
};

/* What a call site keeps; `filter` only if pattern and filter are the same at each call. */
typedef struct CallSite
{
	EvFilter *filter;
	EvEventRow row;
} CallSite;

static CallSite *
get_site(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
	return flinfo->fn_extra;
}

static EvFilter *
make_filter(FunctionCallInfo fcinfo)
{
	EvFilterSource source = {
		.pattern = PG_ARGISNULL(ARG_PATTERN) ? NULL : PG_GETARG_JSONB_P(ARG_PATTERN),
		.expression = PG_ARGISNULL(ARG_FILTER) ? NULL : PG_GETARG_TEXT_PP(ARG_FILTER),
	};

	return ev_filter_make(&source);
}

static EvFilter *
get_filter(FunctionCallInfo fcinfo, CallSite *site)
{
	MemoryContext old;

	if (site->filter != NULL)
		return site->filter;
	if (!get_fn_expr_arg_stable(fcinfo->flinfo, ARG_PATTERN) ||
		!get_fn_expr_arg_stable(fcinfo->flinfo, ARG_FILTER))
		return make_filter(fcinfo);
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	site->filter = make_filter(fcinfo);
	MemoryContextSwitchTo(old);
	return site->filter;
}

/* ---- a row ---- */

/* events.matches_event(event events.event, pattern jsonb, filter text) → boolean */
Datum
ev_matches_event(PG_FUNCTION_ARGS)
{
	CallSite *site = get_site(fcinfo);
	EvFilter *filter = get_filter(fcinfo, site);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	EvEventSubject row;

	if (PG_ARGISNULL(ARG_EVENT))
		PG_RETURN_NULL();
	ev_event_row_read(&site->row, PG_GETARG_HEAPTUPLEHEADER(ARG_EVENT), fcinfo->flinfo->fn_mcxt,
					  values, nulls);
	PG_RETURN_BOOL(ev_filter_matches(filter, ev_event_subject_init(&row, values, nulls)));
}

/* ---- a CloudEvent as JSON ---- */

/*
 * events._test_filter(event jsonb, pattern jsonb, filter text) → boolean; NULL if
 * it cannot be known, because the filter passed a limit.
 */
Datum
ev_test_filter(PG_FUNCTION_ARGS)
{
	EvFilter *filter = get_filter(fcinfo, get_site(fcinfo));
	EvSubject subject = {NULL};
	bool matches;

	if (PG_ARGISNULL(ARG_EVENT))
		PG_RETURN_NULL();
	subject.view = ev_view_of(PG_GETARG_JSONB_P(ARG_EVENT));
	if (!ev_filter_try(filter, &subject, &matches))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(matches);
}

/* ---- what the planner is told ---- */

static Node *
column_of(const Var *event, const char *name, Oid type, Oid collation)
{
	AttrNumber number = get_attnum(get_typ_typrelid(event->vartype), name);
	Var *column;

	if (number == InvalidAttrNumber)
		return NULL;
	/* a copy: which outer joins may make it NULL, and such, is the same as of the row */
	column = copyObject(unconstify(Var *, event));
	column->varattno = number;
	column->vartype = type;
	column->vartypmod = -1;
	column->varcollid = collation;
	column->varattnosyn = event->varnosyn > 0 ? number : 0;
	return (Node *) column;
}

static Datum
text_of(const EvView *view)
{
	return PointerGetDatum(cstring_to_text_with_len(view->data, view->length));
}

/* column = 'x', or column = ANY ('{x,y}') */
static Node *
text_condition(const Var *event, const char *name, const EvView *values, int n)
{
	Node *column = column_of(event, name, TEXTOID, DEFAULT_COLLATION_OID);
	ScalarArrayOpExpr *any;
	Datum *elements;

	if (column == NULL || n < 1)
		return NULL;
	if (n == 1)
		return (Node *) make_opclause(TextEqualOperator, BOOLOID, false, (Expr *) column,
									  (Expr *) makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
														 text_of(values), false, false),
									  InvalidOid, DEFAULT_COLLATION_OID);
	elements = palloc(sizeof(Datum) * n);
	for (int i = 0; i < n; i++)
		elements[i] = text_of(&values[i]);
	any = makeNode(ScalarArrayOpExpr);
	any->opno = TextEqualOperator;
	any->opfuncid = F_TEXTEQ;
	any->useOr = true;
	any->inputcollid = DEFAULT_COLLATION_OID;
	any->args = list_make2(
		column,
		makeConst(TEXTARRAYOID, -1, DEFAULT_COLLATION_OID, -1,
				  PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT)),
				  false, false));
	any->location = -1;
	return (Node *) any;
}

static Node *
topic_condition(const Var *event, const EvView *values, int n)
{
	Node *column = column_of(event, "topic", TEXTARRAYOID, DEFAULT_COLLATION_OID);
	ArrayType *topic = n == 1 ? ev_topic_from_path(values->data, values->length) : NULL;

	if (column == NULL || topic == NULL)
		return NULL;
	return (Node *) make_opclause(ARRAY_EQ_OP, BOOLOID, false, (Expr *) column,
								  (Expr *) makeConst(TEXTARRAYOID, -1, DEFAULT_COLLATION_OID, -1,
													 PointerGetDatum(topic), false, false),
								  InvalidOid, DEFAULT_COLLATION_OID);
}

/* What pattern, or else expression, requires of an attribute, as a condition on its column. */
static Node *
required_condition(const EvFilter *filter, const Var *event, const char *attribute)
{
	const EvView *values = NULL;
	int n = 0;

	if (filter->pattern != NULL)
		values = ev_event_pattern_required(filter->pattern, attribute, &n);
	if (values == NULL && filter->expression != NULL)
		values = ev_feel_required(filter->expression, attribute, &n);
	if (values == NULL)
		return NULL;
	if (strcmp(attribute, "topic") == 0)
		return topic_condition(event, values, n);
	return text_condition(event, attribute, values, n);
}

static List *
required_conditions(const EvFilter *filter, const Var *event)
{
	static const char *const names[] = {"type", "source", "subject", "topic"};
	List *conditions = NIL;

	for (int i = 0; i < lengthof(names); i++)
	{
		Node *condition = required_condition(filter, event, names[i]);

		if (condition != NULL)
			conditions = lappend(conditions, condition);
	}
	return conditions;
}

/* Is it the whole row of events.event itself? */
static bool
is_event_row(const Node *node)
{
	const Var *var = (const Var *) node;

	return IsA(node, Var) && var->varattno == InvalidAttrNumber &&
		   get_typ_typrelid(var->vartype) == ev_catalog_relid_if_exists("event");
}

/* NULL where the arguments are not what this is for. */
static Node *
simplify(const FuncExpr *call)
{
	Const *pattern = lsecond_node(Const, call->args);
	Const *expression = lthird_node(Const, call->args);
	Oid types[NARGS] = {exprType(linitial(call->args)), JSONBOID, TEXTOID};
	EvFilterSource source = {NULL};
	List *conditions;
	Oid function;

	if (!pattern->constisnull)
		source.pattern = DatumGetJsonbP(pattern->constvalue);
	if (!expression->constisnull)
		source.expression = DatumGetTextPP(expression->constvalue);
	conditions = required_conditions(ev_filter_make(&source), linitial(call->args));
	function = LookupFuncName(list_make2(makeString("events"), makeString("_matches_event")), NARGS,
							  types, true);
	if (conditions == NIL || !OidIsValid(function))
		return NULL;
	conditions = lappend(conditions, makeFuncExpr(function, BOOLOID, call->args, InvalidOid,
												  call->inputcollid, COERCE_EXPLICIT_CALL));
	return (Node *) makeBoolExpr(AND_EXPR, conditions, -1);
}

Datum
ev_matches_event_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	FuncExpr *call;

	if (!IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(NULL);
	call = request->fcall;
	if (list_length(call->args) != NARGS || !is_event_row(linitial(call->args)) ||
		!IsA(lsecond(call->args), Const) || !IsA(lthird(call->args), Const))
		PG_RETURN_POINTER(NULL);
	PG_RETURN_POINTER(simplify(call));
}
