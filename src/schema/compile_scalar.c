/* SPDX-License-Identifier: PostgreSQL
 *
 * compile_scalar.c: keywords about any value, numbers and strings.
 */
#include "base/compat.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "schema/keyword.h"
#include "utils/fmgrprotos.h"

/* An enum of more values than this is looked up by hash. */
#define FEW_VALUES 8

/* ---- any value */

static uint8
type_bit(EvCompiler *compiler, const EvView *name)
{
	static const struct
	{
		const char *name;
		uint8 bit;
	} types[] = {
		{"null", EV_TYPE_NULL},		  {"boolean", EV_TYPE_BOOLEAN}, {"number", EV_TYPE_NUMBER},
		{"string", EV_TYPE_STRING},	  {"array", EV_TYPE_ARRAY},		{"object", EV_TYPE_OBJECT},
		{"integer", EV_TYPE_INTEGER},
	};

	for (int i = 0; name->type == EV_JSON_STRING && i < lengthof(types); i++)
		if (strlen(types[i].name) == name->length &&
			memcmp(types[i].name, name->data, name->length) == 0)
			return types[i].bit;
	ev_compile_malformed(compiler, "must be \"null\", \"boolean\", \"number\", \"string\", "
								   "\"array\", \"object\" or \"integer\", or an array of these");
}

void
ev_compile_type(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	uint8 types = 0;
	EvCursor cursor;
	EvView name;

	if (value->type == EV_JSON_ARRAY)
	{
		ev_view_begin(&cursor, value);
		while (ev_view_next_element(&cursor, &name))
			types |= type_bit(compiler, &name);
		if (types == 0)
			ev_compile_malformed(compiler, "must not be empty");
	}
	else
		types = type_bit(compiler, value);
	if ((types | EV_TYPE_INTEGER) == EV_TYPE_ANY && (types & EV_TYPE_NUMBER) != 0)
		types = EV_TYPE_ANY;
	node->types = types;
}

static void
make_lookup(EvCompiler *compiler, EvEnum *enumeration)
{
	int size = 16;

	while (size < enumeration->count * 2)
		size *= 2;
	enumeration->lookup = MemoryContextAllocHuge(compiler->schema->context,
												 mul_size(sizeof(int), size));
	memset(enumeration->lookup, -1, mul_size(sizeof(int), size));
	for (int i = 0; i < enumeration->count; i++)
	{
		uint32 slot = ev_view_hash(&enumeration->values[i]) & (size - 1);

		CHECK_FOR_INTERRUPTS();
		while (enumeration->lookup[slot] >= 0)
			slot = (slot + 1) & (size - 1);
		enumeration->lookup[slot] = i;
	}
	enumeration->lookup_size = size;
}

void
ev_compile_enum(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvEnum *enumeration = ev_compile_alloc(compiler, EvEnum, 1);
	EvCursor cursor;

	if (value->type != EV_JSON_ARRAY)
		ev_compile_malformed(compiler, "must be an array");
	enumeration->values = MemoryContextAllocHuge(
		compiler->schema->context, mul_size(sizeof(EvView), Max(ev_view_count(value), 1)));
	ev_view_begin(&cursor, value);
	while (ev_view_next_element(&cursor, &enumeration->values[enumeration->count]))
	{
		if (++enumeration->count == ev_view_count(value))
			break;
	}
	if (enumeration->count > FEW_VALUES)
		make_lookup(compiler, enumeration);
	node->enumeration = enumeration;
}

void
ev_compile_const(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	node->constant = ev_compile_alloc(compiler, EvView, 1);
	*node->constant = *value;
}

/* ---- numbers */

static bool
is_zero_or_less(Numeric number)
{
	Datum zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));

	return DatumGetBool(DirectFunctionCall2(numeric_le, NumericGetDatum(number), zero));
}

static EvNumberRules *
number_rules(EvCompiler *compiler, EvNode *node)
{
	if (node->number == NULL)
		node->number = ev_compile_alloc(compiler, EvNumberRules, 1);
	return node->number;
}

static Numeric
get_number(EvCompiler *compiler, const EvView *value)
{
	if (value->type != EV_JSON_NUMBER)
		ev_compile_malformed(compiler, "must be a number");
	return ev_view_numeric(value);
}

void
ev_compile_minimum(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	number_rules(compiler, node)->minimum = get_number(compiler, value);
}

void
ev_compile_maximum(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	number_rules(compiler, node)->maximum = get_number(compiler, value);
}

void
ev_compile_exclusive_minimum(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	number_rules(compiler, node)->exclusive_minimum = get_number(compiler, value);
}

void
ev_compile_exclusive_maximum(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	number_rules(compiler, node)->exclusive_maximum = get_number(compiler, value);
}

/* Draft 4: a boolean that turns the limit beside it, compiled before, into an exclusive one. */
static bool
excludes(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (value->type != EV_JSON_BOOLEAN)
		ev_compile_malformed(compiler, "must be a boolean");
	return value->boolean && node->number != NULL;
}

void
ev_compile_minimum_excluded(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (!excludes(compiler, node, value))
		return;
	node->number->exclusive_minimum = node->number->minimum;
	node->number->minimum = NULL;
}

void
ev_compile_maximum_excluded(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (!excludes(compiler, node, value))
		return;
	node->number->exclusive_maximum = node->number->maximum;
	node->number->maximum = NULL;
}

void
ev_compile_multiple_of(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	Numeric number = get_number(compiler, value);

	if (is_zero_or_less(number))
		ev_compile_malformed(compiler, "must be greater than 0");
	number_rules(compiler, node)->multiple_of = number;
}

int64
ev_compile_count(EvCompiler *compiler, const EvView *value)
{
	Datum number = NumericGetDatum(get_number(compiler, value));
	Datum zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	Datum greatest = DirectFunctionCall1(int8_numeric, Int64GetDatum(PG_INT64_MAX));

	if (DatumGetBool(DirectFunctionCall2(numeric_lt, number, zero)) ||
		DatumGetBool(
			DirectFunctionCall2(numeric_ne, number, DirectFunctionCall1(numeric_floor, number))))
		ev_compile_malformed(compiler, "must be an integer of 0 or more");
	if (DatumGetBool(DirectFunctionCall2(numeric_ge, number, greatest)))
		return PG_INT64_MAX;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
}

/* ---- strings */

static EvStringRules *
string_rules(EvCompiler *compiler, EvNode *node)
{
	if (node->string == NULL)
	{
		node->string = ev_compile_alloc(compiler, EvStringRules, 1);
		node->string->min_length = node->string->max_length = EV_NO_LIMIT;
	}
	return node->string;
}

void
ev_compile_min_length(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	string_rules(compiler, node)->min_length = ev_compile_count(compiler, value);
}

void
ev_compile_max_length(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	string_rules(compiler, node)->max_length = ev_compile_count(compiler, value);
}

void
ev_compile_pattern_keyword(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (value->type != EV_JSON_STRING)
		ev_compile_malformed(compiler, "must be a string");
	string_rules(compiler, node)->pattern = ev_compile_pattern(compiler, value->data, value->length,
															   false);
}

void
ev_compile_format(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvResource *resource = node->resource;
	EvFormat format;

	if (value->type != EV_JSON_STRING)
		ev_compile_malformed(compiler, "must be a string");
	format = ev_format_by_name(value->data, value->length, resource->draft);
	if (format == EV_FORMAT_NONE)
		return;
	string_rules(compiler, node)->format = format;
	node->string->assert_format = resource->assert_format;
}

/* ---- regular expressions: one that stands in many places is compiled once */

typedef struct Pattern
{
	char *source; /* the key */
	EvPattern *pattern;
	char status;
} Pattern;

#define SH_PREFIX patterns
#define SH_ELEMENT_TYPE Pattern
#define SH_KEY_TYPE char *
#define SH_KEY source
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static pg_noreturn void
not_a_pattern(EvCompiler *compiler, const char *source, bool is_key, const char *message,
			  int offset)
{
	StringInfoData token;

	initStringInfo(&token);
	if (is_key)
		ev_pointer_append(&token, source, strlen(source));
	ev_compile_malformed_at(compiler, token.data,
							psprintf("is not a regular expression of ECMA-262: %s at byte %d",
									 message, offset));
}

EvPattern *
ev_compile_pattern(EvCompiler *compiler, const char *source, int length, bool is_key)
{
	char *key = pnstrdup(source, length);
	const char *message = NULL;
	int offset = 0;
	MemoryContext caller;
	Pattern *entry;
	EvPattern *pattern;
	bool found;

	if (compiler->patterns == NULL)
		compiler->patterns = patterns_create(compiler->scratch, 16, NULL);
	entry = patterns_lookup(compiler->patterns, key);
	if (entry != NULL)
		return entry->pattern;
	caller = MemoryContextSwitchTo(compiler->schema->context);
	pattern = ev_pattern_compile(source, length, &message, &offset);
	MemoryContextSwitchTo(caller);
	if (pattern == NULL)
		not_a_pattern(compiler, key, is_key, message, offset);
	entry = patterns_insert(compiler->patterns, key, &found);
	entry->pattern = pattern;
	return pattern;
}
