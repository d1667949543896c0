/* SPDX-License-Identifier: PostgreSQL
 *
 * typescript.h: a compiled schema as types of TypeScript.
 */
#ifndef EV_TYPESCRIPT_H
#define EV_TYPESCRIPT_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "schema/node.h"
#include "utils/hsearch.h"

/*
 * The text of all types that the schema needs, the schema's own first, under
 * that name (made an identifier); palloc'd.
 */
extern char *ev_typescript_of(const EvSchema *schema, const char *name);

/* The same for the data of a type of events, after that of the events themselves. */
extern char *ev_typescript_of_event(const EvSchema *schema, const char *type);

/* A name for the schema of a URI: "/order/created/1.2.0" is "created"; palloc'd. */
extern char *ev_typescript_name_of_uri(const char *uri);

/* ---- inside typescript*.c */

/* What is known about the graph before anything is written. */
typedef struct EvTypescriptGraph
{
	const EvSchema *schema;
	uint8 *contexts;	/* by node: the kinds of value that can get there */
	EvNode **targets;	/* by node: where its reference leads; NULL: nowhere that can be named */
	bool *reached;		/* by node */
	List *resources;	/* all EvResources */
	int *order, *group; /* of Tarjan's algorithm, by node */
	int *stack;
	int nstack, norder, ngroup;
} EvTypescriptGraph;

/* EV_TYPE_INTEGER folded into EV_TYPE_NUMBER: the kinds that TypeScript can tell apart. */
#define EV_TYPESCRIPT_ANY (EV_TYPE_ANY & ~EV_TYPE_INTEGER)
extern uint8 ev_typescript_kinds(const EvNode *node);

extern EvTypescriptGraph *ev_typescript_graph_make(const EvSchema *schema);

typedef struct EvTypescriptNames
{
	HTAB *used;
	char **names; /* by node; NULL: it has none yet */
} EvTypescriptNames;

extern EvTypescriptNames *ev_typescript_names_make(const EvSchema *schema);

/* A unique identifier out of any text. */
extern char *ev_typescript_names_take(EvTypescriptNames *names, const char *text);

/* That of a node; *is_new if it got it just now. */
extern const char *ev_typescript_names_of(EvTypescriptNames *names, const EvNode *node,
										  bool *is_new);

/* Line break and indentation; a comment from title, description and the like; a member's name. */
extern void ev_typescript_break(StringInfo out, int indent);
extern void ev_typescript_comment(StringInfo out, const EvNode *node, int indent);
extern void ev_typescript_member_name(StringInfo out, const char *name, int length);

/* A literal type of exactly that value. */
extern void ev_typescript_literal(StringInfo out, const EvView *value);

typedef struct EvTypescriptWriter
{
	EvTypescriptGraph *graph;
	EvTypescriptNames *names;
	List *queue; /* nodes that have a name and are to be written */
	int nesting;
} EvTypescriptWriter;

typedef enum EvTypescriptBinding
{
	EV_TYPESCRIPT_ATOM,			/* a name, a literal, { ... } */
	EV_TYPESCRIPT_INTERSECTION, /* A & B */
	EV_TYPESCRIPT_UNION			/* A | B */
} EvTypescriptBinding;

typedef struct EvTypescriptType
{
	char *text;
	EvTypescriptBinding binding;
	bool is_object; /* { ... }: can be an interface */
} EvTypescriptType;

/* Of a node, where these kinds of value can get; what it refers to is put into the queue. */
extern EvTypescriptType ev_typescript_type_of(EvTypescriptWriter *writer, EvNode *node,
											  uint8 context, int indent);

#endif /* EV_TYPESCRIPT_H */
