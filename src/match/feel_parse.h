/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse.h: from text to a tree: what the files of the parser share.
 *
 * It is a parser by recursive descent, with a table of precedence for the operators.
 * Each function begins at `s`, looks past blanks and comments, and moves
 * `s` behind what it has read.
 *
 * Nobody has to ask whether the callee failed.  The first fault is noted and `s` goes to the end
 * of the text; there every further question is answered with no, so all
 * loops end, and the faults that follow are not noted.  The functions always return a node.
 *
 * Names are resolved at once, by the chain of scopes; feel_scope.h is what
 * becomes of it at run time.  A scope that a function is made in is marked as captured.
 *
 *	  feel_parse.c			operators, helpers
 *	  feel_parse_primary.c	literals, lists, contexts, ranges, parentheses
 *	  feel_parse_name.c		names, what they mean, paths
 *	  feel_parse_binding.c	for, some, every, if, function
 *	  feel_parse_call.c		arguments
 *	  feel_parse_test.c		unary tests, in
 *	  feel_parse_type.c		types
 */
#ifndef EV_FEEL_PARSE_H
#define EV_FEEL_PARSE_H

#include "match/feel_ast.h"
#include "match/feel_type.h"

typedef enum EvFeelScopeKind
{
	EV_FEEL_SCOPE_NAMES,
	EV_FEEL_SCOPE_FUNCTION, /* parameters */
	EV_FEEL_SCOPE_FILTER,	/* the element, and the names that it has */
	EV_FEEL_SCOPE_ROOT
} EvFeelScopeKind;

typedef struct EvFeelScope
{
	struct EvFeelScope *parent;
	EvFeelScopeKind kind;
	bool captured;
	int count;
	int capacity;
	int pending; /* slot whose value is being parsed: seen by functions in it only; or -1 */
	EvFeelName *names;
	bool *used;
} EvFeelScope;

/* Names of more than one word, which the text may mean. */
typedef struct EvFeelNames
{
	int count;
	int capacity;
	EvFeelName *names;
} EvFeelNames;

typedef struct EvFeelParser
{
	const char *text;
	const char *s;
	bool failed;
	EvFeelFault fault;
	int depth_left;
	bool in_range;	  /* in the second endpoint of a range, where [ may close it */
	bool is_volatile; /* now() and today() are used */
	bool for_event;	  /* a filter: names that it does not bind are of an event */
	EvFeelScope *scope;
	EvFeelNames known;
	EvFeelRun *run; /* in which literals are made */
} EvFeelParser;

/*
 * Compile in CurrentMemoryContext.  With `unary`, the text is a list of unary tests
 * and ? is in scope.  NULL if it is wrong: *fault.
 */
extern EvFeel *ev_feel_parse(const char *text, int length, bool unary, const EvFeelNames *known,
							 EvFeelFault *fault);

/* ---- feel_parse.c ---- */
extern EvFeelNode *ev_feel_parse_expression(EvFeelParser *parser);
extern EvFeelNode *ev_feel_parse_sum(EvFeelParser *parser); /* what binds closer than = */
extern EvFeelNode *ev_feel_parse_rest(EvFeelParser *parser, EvFeelNode *left, int precedence);
extern EvFeelNode *ev_feel_parse_postfix(EvFeelParser *parser, EvFeelNode *node);
extern bool ev_feel_parse_enter(EvFeelParser *parser);
extern void ev_feel_parse_leave(EvFeelParser *parser);
extern EvFeelNode *ev_feel_parse_node(EvFeelParser *parser, EvFeelKind kind, const char *at);
extern EvFeelNode *ev_feel_parse_constant(EvFeelParser *parser, EvFeelValue value, const char *at);
extern void ev_feel_parse_fault(EvFeelParser *parser, const char *at, const char *format, ...)
	pg_attribute_printf(3, 4);
extern void ev_feel_parse_unexpected(EvFeelParser *parser, const char *expected);
extern char ev_feel_parse_peek(EvFeelParser *parser); /* the next character */
extern bool ev_feel_parse_take(EvFeelParser *parser, const char *symbol);
extern void ev_feel_parse_expect(EvFeelParser *parser, const char *symbol);
extern bool ev_feel_parse_at_word(EvFeelParser *parser, const char *word);
extern bool ev_feel_parse_take_word(EvFeelParser *parser, const char *word);
extern void ev_feel_parse_expect_word(EvFeelParser *parser, const char *word);
extern bool ev_feel_parse_comparison(EvFeelParser *parser, EvFeelOperator *op);

#define EV_FEEL_PRECEDENCE_OR 1
#define EV_FEEL_PRECEDENCE_AND 2
#define EV_FEEL_PRECEDENCE_COMPARISON 3
#define EV_FEEL_PRECEDENCE_SUM 4
#define EV_FEEL_PRECEDENCE_PRODUCT 5
#define EV_FEEL_PRECEDENCE_POWER 6
#define EV_FEEL_PRECEDENCE_SIGN 7

/* Nodes one after the other. */
typedef struct EvFeelNodes
{
	EvFeelNode **items;
	int count;
	int capacity;
} EvFeelNodes;

extern void ev_feel_parse_add_node(EvFeelNodes *nodes, EvFeelNode *node);

typedef struct EvFeelPairs
{
	EvFeelPair *items;
	int count;
	int capacity;
} EvFeelPairs;

extern EvFeelPair *ev_feel_parse_add_pair(EvFeelPairs *pairs, EvFeelName name);

/* ---- the other files ---- */
extern EvFeelNode *ev_feel_parse_primary(EvFeelParser *parser);
extern EvFeelNode *ev_feel_parse_parenthesis(EvFeelParser *parser, bool tests);
extern EvFeelNode *ev_feel_parse_binding(EvFeelParser *parser);
extern EvFeelNode *ev_feel_parse_call(EvFeelParser *parser, EvFeelNode *function);
extern EvFeelNode *ev_feel_parse_in(EvFeelParser *parser, EvFeelNode *value, const char *at);
extern EvFeelNode *ev_feel_parse_tests(EvFeelParser *parser);
extern EvFeelNode *ev_feel_parse_test(EvFeelParser *parser);
extern EvFeelNode *ev_feel_parse_positive_test(EvFeelParser *parser);
extern const EvFeelShape *ev_feel_parse_type(EvFeelParser *parser);

/* The node, or a constant where it is one (feel_fold.c). */
extern EvFeelNode *ev_feel_parse_fold(EvFeelParser *parser, EvFeelNode *node);

/* ---- feel_parse_fault.c ---- */
extern void ev_feel_parse_check_name(EvFeelParser *parser, const char *s, const char *end);
extern void ev_feel_parse_check_function(EvFeelParser *parser, const EvFeelNode *function);

/* ---- feel_parse_name.c ---- */
extern EvFeelNode *ev_feel_parse_reference(EvFeelParser *parser);
extern EvFeelName ev_feel_parse_member(EvFeelParser *parser); /* behind a point */
extern bool ev_feel_parse_at_known(EvFeelParser *parser);	  /* a name of several words */

/* A name that is being bound: in front of : or `in`. */
extern EvFeelName ev_feel_parse_new_name(EvFeelParser *parser, bool stops_at_in);
extern void ev_feel_parse_open_scope(EvFeelParser *parser, EvFeelScope *scope,
									 EvFeelScopeKind kind);
extern void ev_feel_parse_close_scope(EvFeelParser *parser);
extern void ev_feel_parse_capture(EvFeelParser *parser);
extern int ev_feel_parse_bind(EvFeelParser *parser, EvFeelName name);
extern void ev_feel_parse_know(EvFeelNames *known, EvFeelName name);

#endif /* EV_FEEL_PARSE_H */
