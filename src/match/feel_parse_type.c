/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse_type.c: types as they are written.
 *
 *	  number   days and time duration   list<T>   range<T>
 *	  context<name: T, ...>   function<T, ...> -> T   Any
 *
 * A name that is no type is a type of its own that no value has: types of a
 * DMN model are not known here.
 */
#include "base/compat.h"

#include "match/feel_lex.h"
#include "match/feel_parse.h"

typedef struct ShapeName
{
	const char *name;
	EvFeelShapeKind kind;
	EvFeelType type;
} ShapeName;

static const ShapeName type_names[] = {
	{"Any", EV_FEEL_SHAPE_ANY, EV_FEEL_NULL},
	{"Null", EV_FEEL_SHAPE_NULL, EV_FEEL_NULL},
	{"null", EV_FEEL_SHAPE_NULL, EV_FEEL_NULL},
	{"number", EV_FEEL_SHAPE_TYPE, EV_FEEL_NUMBER},
	{"string", EV_FEEL_SHAPE_TYPE, EV_FEEL_STRING},
	{"boolean", EV_FEEL_SHAPE_TYPE, EV_FEEL_BOOLEAN},
	{"date and time", EV_FEEL_SHAPE_TYPE, EV_FEEL_DATE_TIME},
	{"date", EV_FEEL_SHAPE_TYPE, EV_FEEL_DATE},
	{"time", EV_FEEL_SHAPE_TYPE, EV_FEEL_TIME},
	{"days and time duration", EV_FEEL_SHAPE_TYPE, EV_FEEL_DAYS_TIME},
	{"years and months duration", EV_FEEL_SHAPE_TYPE, EV_FEEL_YEARS_MONTHS},
	{"list", EV_FEEL_SHAPE_TYPE, EV_FEEL_LIST},
	{"context", EV_FEEL_SHAPE_TYPE, EV_FEEL_CONTEXT},
	{"range", EV_FEEL_SHAPE_TYPE, EV_FEEL_RANGE},
	{"function", EV_FEEL_SHAPE_TYPE, EV_FEEL_FUNCTION},
};

/* The name of a type, and what is in angle brackets is still to come. */
static void
parse_type_name(EvFeelParser *parser, EvFeelShape *shape)
{
	const char *end;

	ev_feel_parse_peek(parser);
	for (int i = 0; i < lengthof(type_names); i++)
	{
		end = ev_feel_lex_match_name(parser->s, type_names[i].name, strlen(type_names[i].name));
		if (end != NULL)
		{
			shape->kind = type_names[i].kind;
			shape->type = type_names[i].type;
			parser->s = end;
			return;
		}
	}
	shape->kind = EV_FEEL_SHAPE_UNKNOWN;
	end = ev_feel_lex_word(parser->s);
	if (end == parser->s)
		ev_feel_parse_unexpected(parser, "a type");
	while (end > parser->s)
	{
		/* namespace.name */
		parser->s = end;
		if (*end == '.' && ev_feel_lex_word(end + 1) > end + 1)
			end = ev_feel_lex_word(end + 1);
	}
}

static void
parse_members(EvFeelParser *parser, EvFeelShape *shape)
{
	EvFeelPairs members = {0};

	if (ev_feel_parse_peek(parser) != '>')
	{
		do
		{
			EvFeelName name = {"", 0};
			EvFeelPair *member;

			if (shape->type == EV_FEEL_CONTEXT)
			{
				name = ev_feel_parse_new_name(parser, false);
				ev_feel_parse_expect(parser, ":");
			}
			member = ev_feel_parse_add_pair(&members, name);
			member->type = ev_feel_parse_type(parser);
		} while (ev_feel_parse_take(parser, ","));
	}
	shape->count = members.count;
	shape->members = members.items;
}

const EvFeelShape *
ev_feel_parse_type(EvFeelParser *parser)
{
	EvFeelShape *shape = palloc0(sizeof(EvFeelShape));

	shape->count = -1;
	if (!ev_feel_parse_enter(parser))
	{
		ev_feel_parse_leave(parser);
		return shape;
	}
	parse_type_name(parser, shape);
	if (shape->kind == EV_FEEL_SHAPE_TYPE && shape->type >= EV_FEEL_LIST &&
		ev_feel_parse_take(parser, "<"))
	{
		if (shape->type == EV_FEEL_LIST || shape->type == EV_FEEL_RANGE)
			shape->element = ev_feel_parse_type(parser);
		else
			parse_members(parser, shape);
		ev_feel_parse_expect(parser, ">");
	}
	if (shape->kind == EV_FEEL_SHAPE_TYPE && shape->type == EV_FEEL_FUNCTION &&
		ev_feel_parse_take(parser, "->"))
		shape->element = ev_feel_parse_type(parser);
	ev_feel_parse_leave(parser);
	return shape;
}
