/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse.c: operators and what is behind an operand, and the small
 * functions that all files of the parser use.
 *
 * Precedence follows the order of the grammar (DMN 1.5, 10.3.1.2): or, and,
 * comparisons, sums, products, powers, signs, `instance of`, and closest what
 * stands behind an operand: paths, filters, arguments.  Operators of one level go from left to
 * right, powers too.  A minus in front of a digit belongs to the number, so -5 ** 2 is 25.
 *
 * Operands joined by `and` or by `or` are one node, however many, so that a long
 * list of alternatives is no deep tree.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "match/feel_lex.h"
#include "match/feel_number.h"
#include "match/feel_parse.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

/* ---- helpers ---- */

char
ev_feel_parse_peek(EvFeelParser *parser)
{
	const char *next = ev_feel_lex_skip(parser->s);

	if (next == NULL)
		ev_feel_parse_fault(parser, ev_feel_lex_blank(parser->s), "the comment does not end");
	else
		parser->s = next;
	return *parser->s;
}

bool
ev_feel_parse_take(EvFeelParser *parser, const char *symbol)
{
	int length = strlen(symbol);

	if (ev_feel_parse_peek(parser) != *symbol || strncmp(parser->s, symbol, length) != 0)
		return false;
	parser->s += length;
	return true;
}

void
ev_feel_parse_expect(EvFeelParser *parser, const char *symbol)
{
	char quoted[16];

	if (ev_feel_parse_take(parser, symbol))
		return;
	snprintf(quoted, sizeof(quoted), "\"%s\"", symbol);
	ev_feel_parse_unexpected(parser, quoted);
}

bool
ev_feel_parse_at_word(EvFeelParser *parser, const char *word)
{
	int length = strlen(word);

	return ev_feel_parse_peek(parser) == *word && strncmp(parser->s, word, length) == 0 &&
		   ev_feel_lex_word_part(parser->s + length) == parser->s + length;
}

bool
ev_feel_parse_take_word(EvFeelParser *parser, const char *word)
{
	if (!ev_feel_parse_at_word(parser, word))
		return false;
	parser->s += strlen(word);
	return true;
}

void
ev_feel_parse_expect_word(EvFeelParser *parser, const char *word)
{
	char quoted[16];

	if (ev_feel_parse_take_word(parser, word))
		return;
	snprintf(quoted, sizeof(quoted), "\"%s\"", word);
	ev_feel_parse_peek(parser);
	ev_feel_parse_unexpected(parser, quoted);
}

EvFeelNode *
ev_feel_parse_node(EvFeelParser *parser, EvFeelKind kind, const char *at)
{
	EvFeelNode *node = palloc0(sizeof(EvFeelNode));

	node->kind = kind;
	node->location = at - parser->text;
	return node;
}

EvFeelNode *
ev_feel_parse_constant(EvFeelParser *parser, EvFeelValue value, const char *at)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_CONSTANT, at);

	node->constant = value;
	return node;
}

void
ev_feel_parse_add_node(EvFeelNodes *nodes, EvFeelNode *node)
{
	if (nodes->count == nodes->capacity)
	{
		nodes->capacity = Max(4, 2 * nodes->capacity);
		nodes->items = nodes->items == NULL
						   ? palloc(nodes->capacity * sizeof(EvFeelNode *))
						   : repalloc(nodes->items, nodes->capacity * sizeof(EvFeelNode *));
	}
	nodes->items[nodes->count++] = node;
}

EvFeelPair *
ev_feel_parse_add_pair(EvFeelPairs *pairs, EvFeelName name)
{
	EvFeelPair *pair;

	if (pairs->count == pairs->capacity)
	{
		pairs->capacity = Max(4, 2 * pairs->capacity);
		pairs->items = pairs->items == NULL
						   ? palloc(pairs->capacity * sizeof(EvFeelPair))
						   : repalloc(pairs->items, pairs->capacity * sizeof(EvFeelPair));
	}
	pair = &pairs->items[pairs->count++];
	*pair = (EvFeelPair) {.name = name};
	return pair;
}

static void
too_deep(EvFeelParser *parser)
{
	if (!parser->failed)
		parser->fault.too_deep = true;
	ev_feel_parse_fault(parser, parser->s, "the expression is nested too deeply");
}

/* One level deeper; false (and a fault) if that is too deep. */
bool
ev_feel_parse_enter(EvFeelParser *parser)
{
	CHECK_FOR_INTERRUPTS();
	parser->depth_left--;
	if (parser->depth_left >= 0 && !stack_is_too_deep())
		return true;
	too_deep(parser);
	return false;
}

/* The n-th operator, or step of a path, of one chain: each has the one before within it. */
static void
check_chain(EvFeelParser *parser, int n)
{
	if (n > ev_feel_depth_limit)
		too_deep(parser);
}

void
ev_feel_parse_leave(EvFeelParser *parser)
{
	parser->depth_left++;
}

/* ---- operators ---- */

typedef struct Symbol
{
	const char *text;
	EvFeelOperator op;
	int precedence;
} Symbol;

/* longer ones first */
static const Symbol symbols[] = {
	{"**", EV_FEEL_POWER, EV_FEEL_PRECEDENCE_POWER},
	{"*", EV_FEEL_MULTIPLY, EV_FEEL_PRECEDENCE_PRODUCT},
	{"/", EV_FEEL_DIVIDE, EV_FEEL_PRECEDENCE_PRODUCT},
	{"+", EV_FEEL_ADD, EV_FEEL_PRECEDENCE_SUM},
	{"-", EV_FEEL_SUBTRACT, EV_FEEL_PRECEDENCE_SUM},
	{"!=", EV_FEEL_NOT_EQUAL, EV_FEEL_PRECEDENCE_COMPARISON},
	{"=", EV_FEEL_EQUAL, EV_FEEL_PRECEDENCE_COMPARISON},
	{"<=", EV_FEEL_LESS_EQUAL, EV_FEEL_PRECEDENCE_COMPARISON},
	{"<", EV_FEEL_LESS, EV_FEEL_PRECEDENCE_COMPARISON},
	{">=", EV_FEEL_GREATER_EQUAL, EV_FEEL_PRECEDENCE_COMPARISON},
	{">", EV_FEEL_GREATER, EV_FEEL_PRECEDENCE_COMPARISON},
};

/* The operator that is next, which is not read. */
static const Symbol *
next_symbol(EvFeelParser *parser)
{
	char c = ev_feel_parse_peek(parser);

	for (int i = 0; i < lengthof(symbols); i++)
	{
		if (symbols[i].text[0] == c &&
			strncmp(parser->s, symbols[i].text, strlen(symbols[i].text)) == 0)
			return &symbols[i];
	}
	return NULL;
}

/* One of the six comparisons, which is read. */
bool
ev_feel_parse_comparison(EvFeelParser *parser, EvFeelOperator *op)
{
	const Symbol *symbol = next_symbol(parser);

	if (symbol == NULL || symbol->precedence != EV_FEEL_PRECEDENCE_COMPARISON)
		return false;
	parser->s += strlen(symbol->text);
	*op = symbol->op;
	return true;
}

static EvFeelNode *parse_operand(EvFeelParser *parser);

/* Operators that bind at least as closely, and their right operands. */
static EvFeelNode *
parse_level(EvFeelParser *parser, int precedence)
{
	EvFeelNode *node;

	if (!ev_feel_parse_enter(parser))
		node = ev_feel_parse_constant(parser, ev_feel_null(), parser->s);
	else
		node = ev_feel_parse_rest(parser, parse_operand(parser), precedence);
	ev_feel_parse_leave(parser);
	return node;
}

/* a and b and c: one node */
static EvFeelNode *
parse_joined(EvFeelParser *parser, EvFeelNode *left, const char *word, EvFeelKind kind)
{
	int precedence = kind == EV_FEEL_NODE_AND ? EV_FEEL_PRECEDENCE_AND : EV_FEEL_PRECEDENCE_OR;
	EvFeelNode *node = ev_feel_parse_node(parser, kind, parser->s);
	EvFeelNodes operands = {0};

	ev_feel_parse_add_node(&operands, left);
	while (ev_feel_parse_take_word(parser, word))
		ev_feel_parse_add_node(&operands, parse_level(parser, precedence + 1));
	node->list.items = operands.items;
	node->list.count = operands.count;
	return node;
}

static EvFeelNode *
parse_between(EvFeelParser *parser, EvFeelNode *value, const char *at)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_BETWEEN, at);

	node->choice.value = value;
	node->choice.first = ev_feel_parse_sum(parser);
	ev_feel_parse_expect_word(parser, "and");
	node->choice.second = ev_feel_parse_sum(parser);
	return node;
}

/* An operator that is a word and binds at least as closely; NULL if none is next. */
static EvFeelNode *
parse_word_operator(EvFeelParser *parser, EvFeelNode *left, int precedence)
{
	const char *at = parser->s;

	if (precedence <= EV_FEEL_PRECEDENCE_OR && ev_feel_parse_at_word(parser, "or"))
		return parse_joined(parser, left, "or", EV_FEEL_NODE_OR);
	if (precedence <= EV_FEEL_PRECEDENCE_AND && ev_feel_parse_at_word(parser, "and"))
		return parse_joined(parser, left, "and", EV_FEEL_NODE_AND);
	if (precedence <= EV_FEEL_PRECEDENCE_COMPARISON)
	{
		if (ev_feel_parse_take_word(parser, "between"))
			return parse_between(parser, left, at);
		if (ev_feel_parse_take_word(parser, "in"))
			return ev_feel_parse_in(parser, left, at);
	}
	return NULL;
}

EvFeelNode *
ev_feel_parse_rest(EvFeelParser *parser, EvFeelNode *left, int precedence)
{
	for (int n = 0;; n++)
	{
		const Symbol *symbol = next_symbol(parser);
		EvFeelNode *node;

		check_chain(parser, n);
		if (symbol != NULL && symbol->precedence >= precedence)
		{
			node = ev_feel_parse_node(parser,
									  symbol->op <= EV_FEEL_POWER ? EV_FEEL_NODE_ARITHMETIC
																  : EV_FEEL_NODE_COMPARE,
									  parser->s);
			parser->s += strlen(symbol->text);
			node->operation.op = symbol->op;
			node->operation.left = left;
			node->operation.right = parse_level(parser, symbol->precedence + 1);
		}
		else
		{
			node = parse_word_operator(parser, left, precedence);
			if (node == NULL)
				return left;
		}
		left = node;
	}
}

EvFeelNode *
ev_feel_parse_expression(EvFeelParser *parser)
{
	return parse_level(parser, EV_FEEL_PRECEDENCE_OR);
}

EvFeelNode *
ev_feel_parse_sum(EvFeelParser *parser)
{
	return parse_level(parser, EV_FEEL_PRECEDENCE_SUM);
}

/* ---- operands ---- */

/* A sign, or an operand with what stands behind it. */
static EvFeelNode *
parse_operand(EvFeelParser *parser)
{
	char c = ev_feel_parse_peek(parser);
	const char *at = parser->s;
	EvFeelNode *node;

	if (c != '-')
		return ev_feel_parse_postfix(parser, ev_feel_parse_primary(parser));
	parser->s++;
	node = ev_feel_parse_node(parser, EV_FEEL_NODE_NEGATE, at);
	if (ev_feel_lex_number(parser->s) > parser->s)
	{
		EvFeelNode *number = ev_feel_parse_primary(parser);

		number->location = at - parser->text;
		if (number->constant.type == EV_FEEL_NUMBER)
			number->constant = ev_feel_number_negate(parser->run, number->constant);
		return ev_feel_parse_postfix(parser, number);
	}
	node->operation.right = parse_level(parser, EV_FEEL_PRECEDENCE_SIGN);
	return node;
}

/* Does [ close the range whose second endpoint was just read? */
static bool
closes_range(EvFeelParser *parser)
{
	static const char operand[] = "\"@([{`-]";
	const char *next = ev_feel_lex_skip(parser->s + 1);
	const char *end;

	if (!parser->in_range)
		return false;
	if (next == NULL || *next == '\0')
		return true;
	end = ev_feel_lex_word(next);
	if (end > next)
		return ev_feel_lex_ends_name(next, end - next);
	return strchr(operand, *next) == NULL && ev_feel_lex_number(next) == next;
}

static EvFeelNode *
parse_filter(EvFeelParser *parser, EvFeelNode *value)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_FILTER, parser->s);
	bool in_range = parser->in_range;
	EvFeelScope scope;

	parser->s++;
	parser->in_range = false;
	ev_feel_parse_open_scope(parser, &scope, EV_FEEL_SCOPE_FILTER);
	node->filter.value = value;
	node->filter.test = ev_feel_parse_test(parser);
	ev_feel_parse_close_scope(parser);
	node->captured = scope.captured;
	ev_feel_parse_expect(parser, "]");
	parser->in_range = in_range;
	return node;
}

EvFeelNode *
ev_feel_parse_postfix(EvFeelParser *parser, EvFeelNode *value)
{
	for (int n = 0;; n++)
	{
		char c = ev_feel_parse_peek(parser);
		const char *at = parser->s;

		check_chain(parser, n);
		if (c == '.' && at[1] != '.')
		{
			EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_PATH, at);

			parser->s++;
			node->path.value = value;
			node->path.name = ev_feel_parse_member(parser);
			value = node;
		}
		else if (c == '[' && !closes_range(parser))
			value = parse_filter(parser, value);
		else if (c == '(')
			value = ev_feel_parse_call(parser, value);
		else if (c == 'i' && ev_feel_parse_take_word(parser, "instance"))
		{
			EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_INSTANCE, at);

			ev_feel_parse_expect_word(parser, "of");
			node->instance.value = value;
			node->instance.type = ev_feel_parse_type(parser);
			value = node;
		}
		else
			return value;
	}
}

/* ---- the whole ---- */

static void
locate(const char *text, EvFeelFault *fault)
{
	const char *line = text;

	fault->line = 1;
	for (const char *s = text; s < text + fault->offset; s++)
	{
		if (*s == '\n')
		{
			fault->line++;
			line = s + 1;
		}
	}
	fault->column = pg_mbstrlen_with_len(line, text + fault->offset - line) + 1;
}

EvFeel *
ev_feel_parse(const char *text, int length, bool unary, const EvFeelNames *known,
			  EvFeelFault *fault)
{
	EvFeel *feel = palloc0(sizeof(EvFeel));
	EvFeelRun run = {.memory = CurrentMemoryContext,
					 .steps_left = PG_INT64_MAX,
					 .bytes_left = PG_INT64_MAX,
					 .depth_left = ev_feel_depth_limit};
	EvFeelParser parser = {.run = &run,
						   .depth_left = ev_feel_depth_limit,
						   .for_event = known == NULL};
	EvFeelScope root;
	EvFeelScope input;

	feel->text = parser.text = parser.s = pnstrdup(text, length);
	feel->length = length;
	for (int i = 0; known != NULL && i < known->count; i++)
		ev_feel_parse_know(&parser.known, known->names[i]);
	ev_feel_parse_open_scope(&parser, &root, EV_FEEL_SCOPE_ROOT);
	if (unary)
	{
		ev_feel_parse_open_scope(&parser, &input, EV_FEEL_SCOPE_NAMES);
		ev_feel_parse_bind(&parser, (EvFeelName) {"?", 1});
		feel->root = ev_feel_parse_tests(&parser);
	}
	else
		feel->root = ev_feel_parse_expression(&parser);
	if (ev_feel_parse_peek(&parser) != '\0')
		ev_feel_parse_unexpected(&parser, "an operator or the end");
	if (parser.failed)
	{
		*fault = parser.fault;
		locate(parser.text, fault);
		return NULL;
	}
	feel->is_volatile = parser.is_volatile;
	return feel;
}
