/* SPDX-License-Identifier: PostgreSQL
 *
 * output.c: taking broken rules down, with the three locations of each.
 *
 * An EvOutput keeps the way from the root of the value, and from the root of
 * the schema through all references, as two JSON Pointers, which grow by a step
 * on the way down and are cut on the way up.  Every failure gets a copy.
 *
 * The list is bounded.  When it is full, evaluation stops: everything that gets
 * here is a real failure (branches that may fail are only tried, evaluation.h),
 * so nothing that is in the list can turn out to be none.
 */
#include "schema/evaluation.h"

#include "base/pointer.h"
#include "lib/stringinfo.h"
#include "schema/uri.h"

struct EvOutput
{
	List *errors;
	int64 count;
	int limit;
	StringInfoData instance; /* JSON Pointer of the value */
	StringInfoData path;	 /* JSON Pointer along the path of evaluation */
	const EvStep *step;		 /* the last one, or NULL */
};

bool
ev_output_is_full(const EvOutput *output)
{
	return output->count >= output->limit;
}

int64
ev_output_count(const EvOutput *output)
{
	return output->count;
}

bool
ev_output_apply(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen,
				const EvStep *step)
{
	EvOutput *output = e->output;
	const EvStep *outer = output->step;
	int instance_length = output->instance.len;
	int path_length = output->path.len;
	bool valid;

	ev_pointer_append(&output->path, step->keyword, strlen(step->keyword));
	if (step->token != NULL)
		ev_pointer_append(&output->path, step->token, step->token_length);
	if (step->branch > 0)
		ev_pointer_append_index(&output->path, step->branch - 1);
	if (step->key != NULL)
		ev_pointer_append(&output->instance, step->key, step->key_length);
	if (step->element > 0)
		ev_pointer_append_index(&output->instance, step->element - 1);

	output->step = step;
	valid = ev_evaluate(e, node, value, seen);
	output->step = outer;

	output->instance.len = instance_length;
	output->instance.data[instance_length] = '\0';
	output->path.len = path_length;
	output->path.data[path_length] = '\0';
	return valid;
}

/* The pointer as the fragment of a URI: what may not stand there is percent-encoded. */
static void
append_fragment(StringInfo uri, const char *pointer)
{
	for (const char *c = pointer; *c != '\0'; c++)
	{
		if (isalnum((unsigned char) *c) ? !IS_HIGHBIT_SET(*c)
										: strchr("-._~!$&'()*+,;=:@/?", *c) != NULL)
			appendStringInfoChar(uri, *c);
		else
			appendStringInfo(uri, "%%%02X", (unsigned char) *c);
	}
}

static char *
absolute_location(const EvNode *node, const char *keyword)
{
	const char *uri = node->resource->uri;
	StringInfoData location;

	if (!ev_uri_is_valid(uri, strlen(uri), true, true))
		return NULL;
	initStringInfo(&location);
	appendStringInfo(&location, "%s#", uri);
	append_fragment(&location, ev_node_pointer(node));
	if (keyword[0] != '\0')
	{
		appendStringInfoChar(&location, '/');
		append_fragment(&location, keyword);
	}
	return location.data;
}

static void append_message(StringInfo message, const EvStep *step, const char *format, va_list args)
	pg_attribute_printf(3, 0);

static void
append_message(StringInfo message, const EvStep *step, const char *format, va_list args)
{
	int needed;

	if (step != NULL && step->name != NULL)
		appendStringInfo(message, "property name %s ", ev_output_value(step->name));
	for (;;)
	{
		va_list copy;

		va_copy(copy, args);
		needed = appendStringInfoVA(message, format, copy);
		va_end(copy);
		if (needed == 0)
			break;
		enlargeStringInfo(message, needed);
	}
}

/* `keyword` belongs to the node if `own`, else the node is what it applied. */
static bool
add(EvOutput *output, const EvNode *node, const char *keyword, bool own, const char *message)
{
	EvSchemaError *error = palloc(sizeof(EvSchemaError));

	if (own)
		error->keyword_location = psprintf("%s/%s", output->path.data, keyword);
	else
		error->keyword_location = pstrdup(output->path.data);
	error->instance_location = pstrdup(output->instance.data);
	error->absolute_keyword_location = absolute_location(node, own ? keyword : "");
	error->keyword = keyword;
	error->message = pstrdup(message);
	output->errors = lappend(output->errors, error);
	output->count++;
	return ev_output_is_full(output);
}

bool
ev_output_add(EvOutput *output, const EvNode *node, const char *keyword, const char *format, ...)
{
	StringInfoData message;
	va_list args;

	initStringInfo(&message);
	va_start(args, format);
	append_message(&message, output->step, format, args);
	va_end(args);
	return add(output, node, keyword, true, message.data);
}

bool
ev_output_add_false(EvOutput *output, const EvNode *node)
{
	const EvStep *step = output->step;
	const char *message;

	if (step == NULL)
		message = "is not allowed: the schema is false";
	else if (step->name != NULL)
		message = psprintf("property name %s is not allowed", ev_output_value(step->name));
	else if (step->key != NULL)
	{
		EvView key = {.type = EV_JSON_STRING, .data = step->key, .length = step->key_length};

		message = psprintf("property %s is not allowed", ev_output_value(&key));
	}
	else if (step->element > 0)
		message = psprintf("item " INT64_FORMAT " is not allowed", step->element - 1);
	else
		message = psprintf("is not allowed by %s", step->keyword);
	return add(output, node, step == NULL ? "" : step->keyword, false, message);
}

List *
ev_schema_errors(const EvSchema *schema, const EvView *data, int limit)
{
	EvOutput output = {.limit = limit};
	EvScope scope = {.resource = schema->root->resource};
	EvEvaluation e = {.schema = schema, .scope = &scope, .output = &output};

	/* most values are valid, and that is found out faster without an output */
	if (ev_schema_is_valid(schema, data))
		return NIL;
	initStringInfo(&output.instance);
	initStringInfo(&output.path);
	ev_evaluate(&e, schema->root, data, NULL);
	return output.errors;
}
