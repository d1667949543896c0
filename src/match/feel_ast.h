/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_ast.h: a compiled FEEL expression: a tree of nodes.
 *
 * The parser makes it and nobody changes it, so that one tree serves any
 * number of evaluations.  Literals are values already.  Names are resolved: a node of a
 * name says how many frames of names to go out (feel_scope.h) and which slot to take
 * there, so that nothing is searched for that could be known beforehand.
 *
 * All of it lives in the memory context that was current while it was made.
 */
#ifndef EV_FEEL_AST_H
#define EV_FEEL_AST_H

#include "match/feel.h"
#include "match/feel_function.h"

typedef enum EvFeelKind
{
	EV_FEEL_NODE_CONSTANT,
	EV_FEEL_NODE_AT, /* @"..." that says nothing: path.name is the text */
	EV_FEEL_NODE_NAME,
	EV_FEEL_NODE_LIST,
	EV_FEEL_NODE_CONTEXT,
	EV_FEEL_NODE_RANGE,
	EV_FEEL_NODE_FUNCTION,
	EV_FEEL_NODE_ARITHMETIC,
	EV_FEEL_NODE_NEGATE,
	EV_FEEL_NODE_COMPARE,
	EV_FEEL_NODE_AND,
	EV_FEEL_NODE_OR,
	EV_FEEL_NODE_BETWEEN,
	EV_FEEL_NODE_IN,
	EV_FEEL_NODE_TEST,
	EV_FEEL_NODE_TESTS,
	EV_FEEL_NODE_INSTANCE,
	EV_FEEL_NODE_IF,
	EV_FEEL_NODE_FOR,
	EV_FEEL_NODE_QUANTIFIED,
	EV_FEEL_NODE_PATH,
	EV_FEEL_NODE_FILTER,
	EV_FEEL_NODE_CALL
} EvFeelKind;

#define EV_FEEL_NKINDS (EV_FEEL_NODE_CALL + 1)

typedef enum EvFeelOperator
{
	EV_FEEL_ADD,
	EV_FEEL_SUBTRACT,
	EV_FEEL_MULTIPLY,
	EV_FEEL_DIVIDE,
	EV_FEEL_POWER,
	EV_FEEL_EQUAL,
	EV_FEEL_NOT_EQUAL,
	EV_FEEL_LESS,
	EV_FEEL_LESS_EQUAL,
	EV_FEEL_GREATER,
	EV_FEEL_GREATER_EQUAL
} EvFeelOperator;

typedef struct EvFeelNode EvFeelNode;
typedef struct EvFeelShape EvFeelShape; /* feel_type.h */

/* A text that is a name, blanks between its words made one. */
typedef struct EvFeelName
{
	const char *text;
	int length;
} EvFeelName;

typedef struct EvFeelReference
{
	EvFeelName name;
	int hops;	  /* frames to go out to where it is bound, or to the outermost */
	int slot;	  /* -1: an entry of the outermost context */
	int nfilters; /* frames of filters on the way, whose elements may have the name */
	int *filters; /* hops to each of them */
	const EvFeelBuiltin *builtin; /* what it is where nothing has the name; or NULL */
} EvFeelReference;

/* name: value, name: type, name in value */
typedef struct EvFeelPair
{
	EvFeelName name;
	EvFeelNode *value;
	EvFeelNode *end; /* name in value..end */
	const EvFeelShape *type;
} EvFeelPair;

struct EvFeelNode
{
	EvFeelKind kind;
	int location;  /* byte in the expression */
	bool asks;	   /* a unary test in which ? occurs: it gives the answer itself */
	bool captured; /* functions made inside keep the names that it binds: its frame must last */
	union
	{
		EvFeelValue constant;
		EvFeelReference reference;

		/* LIST, AND, OR, TESTS: items alone; CALL: value(items) */
		struct
		{
			EvFeelNode *value;
			int count;
			EvFeelNode **items;
			const EvFeelName *names; /* CALL: of named arguments, or NULL */
			bool negated;			 /* TESTS: not(...) */
			bool alone;				 /* TESTS: not behind `in` */
		} list;

		/* CONTEXT: entries; FUNCTION: parameters and body; FOR, QUANTIFIED: iterators and body */
		struct
		{
			int count;
			EvFeelPair *pairs;
			EvFeelNode *body; /* NULL: an external function */
			bool every;
			bool uses_partial;
		} binding;

		/* of an operator, or IN; NEGATE and TEST: right alone */
		struct
		{
			EvFeelOperator op;
			EvFeelNode *left;
			EvFeelNode *right;
		} operation;

		/* IF: then, otherwise; BETWEEN: from, to */
		struct
		{
			EvFeelNode *value;
			EvFeelNode *first;
			EvFeelNode *second;
		} choice;

		struct
		{
			EvFeelNode *start; /* NULL: open for ever */
			EvFeelNode *end;
			bool start_included;
			bool end_included;
			bool comparison; /* = or != */
		} range;

		struct
		{
			EvFeelNode *value;
			EvFeelName name;
		} path;

		struct
		{
			EvFeelNode *value;
			EvFeelNode *test;
		} filter;

		struct
		{
			EvFeelNode *value;
			const EvFeelShape *type;
		} instance;
	};
};

struct EvFeel
{
	const char *text;
	int length;
	EvFeelNode *root;
	bool is_volatile; /* now(), today() */
};

#endif /* EV_FEEL_AST_H */
