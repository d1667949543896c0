/* SPDX-License-Identifier: PostgreSQL
 *
 * typescript.c: a compiled schema as types of TypeScript.
 *
 * The promise: every value that is valid by the schema can be assigned to the
 * type, under `tsc --strict`, as a literal, too.  The type is as narrow as
 * TypeScript can say; what it cannot say (patterns, bounds, `not`, how many of
 * oneOf) makes the type wider, never wrong.  From that follow
 *
 * - `[key: string]: unknown` in objects that are open, which they are unless
 *   additionalProperties is false: a literal with a member that its type does
 *   not know is an error otherwise;
 * - index signatures that take in the named members, as TypeScript demands;
 * - a schema without `type` takes every kind of value, so its type does, unless
 *   all schemas above it rule the other kinds out.
 *
 * What references lead to becomes a type with a name, all else is written where
 * it stands (typescript_type.c); this file writes the types with names, and the
 * event around the data of a registered type.
 */
#include "postgres.h"

#include "schema/typescript.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "schema/compile.h"
#include "utils/builtins.h"
#include "utils/json.h"

PG_FUNCTION_INFO_V1(ev_typescript);

static void
write_named(EvTypescriptWriter *writer, StringInfo out, EvNode *node, const char *name)
{
	EvTypescriptType type = ev_typescript_type_of(writer, node,
												  writer->graph->contexts[node->index], 0);
	StringInfoData comment;

	initStringInfo(&comment);
	ev_typescript_comment(&comment, node, 0);
	if (out->len > 0)
		appendStringInfoChar(out, '\n');
	if (comment.len > 0)
		appendStringInfo(out, "%s\n", comment.data + 1);
	if (type.is_object)
		appendStringInfo(out, "export interface %s %s\n", name, type.text);
	else
		appendStringInfo(out, "export type %s = %s;\n", name, type.text);
}

/* The schema itself, or what it leads to if it is nothing but a reference. */
static EvNode *
find_root(const EvTypescriptGraph *graph)
{
	EvNode *node = graph->schema->root;

	while (node->kind == EV_NODE_RULES && node->types == EV_TYPE_ANY && node->constant == NULL &&
		   node->enumeration == NULL && node->object == NULL && node->array == NULL &&
		   node->all_of.count + node->any_of.count + node->one_of.count == 0 &&
		   node->if_node == NULL && graph->targets[node->index] != NULL)
		node = graph->targets[node->index];
	return node;
}

static void
write_schema(EvTypescriptWriter *writer, StringInfo out, const char *name)
{
	const EvSchema *schema = writer->graph->schema;
	EvNode *root = find_root(writer->graph);

	writer->names->names[schema->root->index] = pstrdup(name);
	writer->names->names[root->index] = pstrdup(name);
	write_named(writer, out, root, name);
	while (writer->queue != NIL)
	{
		EvNode *node = linitial(writer->queue);

		CHECK_FOR_INTERRUPTS();
		writer->queue = list_delete_first(writer->queue);
		write_named(writer, out, node, writer->names->names[node->index]);
	}
}

static EvTypescriptWriter
make_writer(const EvSchema *schema)
{
	EvTypescriptWriter writer = {0};

	writer.graph = ev_typescript_graph_make(schema);
	writer.names = ev_typescript_names_make(schema);
	return writer;
}

char *
ev_typescript_of(const EvSchema *schema, const char *name)
{
	EvTypescriptWriter writer = make_writer(schema);
	StringInfoData out;

	initStringInfo(&out);
	write_schema(&writer, &out, ev_typescript_names_take(writer.names, name));
	return out.data;
}

/* What eventsd sends; attributes that CloudEvents does not know are extensions. */
static const char envelope[] = "/** CloudEvents 1.0 */\n"
							   "export interface CloudEvent<Type extends string, Data> {\n"
							   "    specversion: \"1.0\";\n"
							   "    id: string;\n"
							   "    source: string;\n"
							   "    type: Type;\n"
							   "    subject?: string;\n"
							   "    /** @format date-time */\n"
							   "    time?: string;\n"
							   "    datacontenttype?: string;\n"
							   "    dataschema?: string;\n"
							   "    data: Data;\n"
							   "    topic?: string;\n"
							   "    /** @format date-time */\n"
							   "    recordedtime?: string;\n"
							   "    /** where to go on reading after this event */\n"
							   "    sequence?: string;\n"
							   "    [attribute: string]: unknown;\n"
							   "}\n\n";

char *
ev_typescript_of_event(const EvSchema *schema, const char *type)
{
	EvTypescriptWriter writer = make_writer(schema);
	StringInfoData out, types;
	char *name, *data;

	initStringInfo(&out);
	initStringInfo(&types);
	(void) ev_typescript_names_take(writer.names, "CloudEvent");
	name = ev_typescript_names_take(writer.names, type);
	data = ev_typescript_names_take(writer.names, psprintf("%s.data", type));
	appendStringInfoString(&out, envelope);
	appendStringInfo(&out, "export type %s = CloudEvent<", name);
	escape_json(&out, type);
	appendStringInfo(&out, ", %s>;\n\n", data);
	write_schema(&writer, &types, data);
	appendStringInfoString(&out, types.data);
	return out.data;
}

Datum
ev_typescript(PG_FUNCTION_ARGS)
{
	Jsonb *jsonb = PG_GETARG_JSONB_P(0);
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	EvCompileOptions options;

	ev_compile_options_init(&options);
	PG_RETURN_TEXT_P(
		cstring_to_text(ev_typescript_of(ev_schema_get(fcinfo->flinfo, jsonb, &options), name)));
}
