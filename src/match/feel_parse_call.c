/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse_call.c: arguments of a call, by position or by name.
 *
 * Arguments are by name if the first one is: what stands before a colon is the name,
 * which may have several words.  All of them are by name then.
 */
#include "base/compat.h"

#include "match/feel_lex.h"
#include "match/feel_parse.h"

/* Does a name and a colon stand here?  The name is read then, and the colon. */
static bool
take_argument_name(EvFeelParser *parser, EvFeelName *name)
{
	StringInfoData out;
	const char *end;
	const char *colon;

	ev_feel_parse_peek(parser);
	initStringInfo(&out);
	end = ev_feel_lex_free_name(parser->s, false, &out);
	colon = ev_feel_lex_skip(end);
	if (end == parser->s || colon == NULL || *colon != ':')
	{
		pfree(out.data);
		return false;
	}
	*name = (EvFeelName) {out.data, out.len};
	parser->s = colon + 1;
	return true;
}

EvFeelNode *
ev_feel_parse_call(EvFeelParser *parser, EvFeelNode *function)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_CALL,
										  parser->text + function->location);
	bool in_range = parser->in_range;
	EvFeelPairs pairs = {0};
	EvFeelNodes items = {0};
	EvFeelName name = {0};
	bool named;

	ev_feel_parse_check_function(parser, function);
	parser->s++;
	parser->in_range = false;
	node->list.value = function;
	if (!ev_feel_parse_take(parser, ")"))
	{
		named = take_argument_name(parser, &name);
		do
		{
			if (named)
			{
				if (items.count > 0 && !take_argument_name(parser, &name))
					ev_feel_parse_fault(parser, parser->s, "a name and a colon expected");
				ev_feel_parse_add_pair(&pairs, name);
			}
			ev_feel_parse_add_node(&items, ev_feel_parse_test(parser));
		} while (ev_feel_parse_take(parser, ","));
		ev_feel_parse_expect(parser, ")");
	}
	node->list.items = items.items;
	node->list.count = items.count;
	if (pairs.count > 0)
	{
		EvFeelName *names = palloc(pairs.count * sizeof(EvFeelName));

		for (int i = 0; i < pairs.count; i++)
			names[i] = pairs.items[i].name;
		node->list.names = names;
	}
	parser->in_range = in_range;
	return ev_feel_parse_fold(parser, node);
}
