/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function.c: the built-in functions by name, and calling functions.
 *
 * The rows of all families go into a hash table when the first expression is
 * compiled, and names of more than one word into a list beside it, since the parser has
 * to find them in text.
 *
 * Which row a call means is decided by trying them in order; feel_function.h
 * has the rules.
 */
#include "base/compat.h"

#include "common/hashfn.h"
#include "match/feel_builtin.h"
#include "match/feel_evaluate.h"
#include "match/feel_lex.h"
#include "utils/memutils.h"

static const EvFeelBuiltin *const families[] = {
	ev_feel_boolean_functions, ev_feel_number_functions,   ev_feel_string_functions,
	ev_feel_convert_functions, ev_feel_list_functions,	   ev_feel_context_functions,
	ev_feel_range_functions,   ev_feel_temporal_functions,
};

/* ---- by name ---- */

typedef struct Slot
{
	const char *name; /* the key */
	const EvFeelBuiltin *rows;
	char status;
} Slot;

#define SH_PREFIX names
#define SH_ELEMENT_TYPE Slot
#define SH_KEY_TYPE const char *
#define SH_KEY name
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp((a), (b)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static names_hash *names; /* NULL before the first use */
static EvFeelName *special;
static int nspecial;

static void
add_family(const EvFeelBuiltin *row)
{
	for (; row->name != NULL; row++)
	{
		bool found;
		Slot *slot = names_insert(names, row->name, &found);
		int length = strlen(row->name);

		if (found)
			continue;
		slot->rows = row;
		if (ev_feel_lex_is_special(row->name, length))
			special[nspecial++] = (EvFeelName) {row->name, length};
	}
}

static void
init_names(void)
{
	int nrows = 0;

	if (names != NULL)
		return;
	for (int i = 0; i < lengthof(families); i++)
	{
		for (const EvFeelBuiltin *row = families[i]; row->name != NULL; row++)
			nrows++;
	}
	nspecial = 0;
	special = MemoryContextAlloc(TopMemoryContext, nrows * sizeof(EvFeelName));
	names = names_create(TopMemoryContext, nrows, NULL);
	for (int i = 0; i < lengthof(families); i++)
		add_family(families[i]);
}

const EvFeelBuiltin *
ev_feel_function_find(const char *name, int length)
{
	char key[64];
	Slot *slot;

	init_names();
	if (length >= sizeof(key))
		return NULL;
	memcpy(key, name, length);
	key[length] = '\0';
	slot = names_lookup(names, key);
	return slot == NULL ? NULL : slot->rows;
}

static bool
is_similar(const char *builtin, const char *name, const char *end)
{
	for (; *builtin != '\0' || name < end; builtin++, name++)
	{
		while (*builtin == ' ')
			builtin++;
		while (name < end && *name == '_')
			name++;
		if (name == end || *builtin != pg_tolower((unsigned char) *name))
			return false;
	}
	return true;
}

const char *
ev_feel_function_similar(const char *name, int length)
{
	for (int i = 0; i < lengthof(families); i++)
	{
		for (const EvFeelBuiltin *row = families[i]; row->name != NULL; row++)
		{
			if (is_similar(row->name, name, name + length))
				return row->name;
		}
	}
	return NULL;
}

EvFeelName
ev_feel_function_longest(const char *s, const char **end)
{
	EvFeelName longest = {"", 0};

	init_names();
	for (int i = 0; i < nspecial; i++)
	{
		const char *name_end;

		if (special[i].text[0] != *s || special[i].length <= longest.length)
			continue;
		name_end = ev_feel_lex_match_name(s, special[i].text, special[i].length);
		if (name_end != NULL)
		{
			longest = special[i];
			*end = name_end;
		}
	}
	return longest;
}

/* ---- does a row fit? ---- */

static EvFeelValue
to_date_time(EvFeelRun *run, EvFeelValue date)
{
	EvFeelTemporal *temporal = ev_feel_alloc(run, sizeof(EvFeelTemporal));

	if (temporal == NULL)
		return ev_feel_null();
	*temporal = *date.temporal;
	temporal->hour = temporal->minute = temporal->second = temporal->nanosecond = 0;
	temporal->zone = (EvFeelZone) {.kind = EV_FEEL_ZONE_OFFSET};
	return (EvFeelValue) {.type = EV_FEEL_DATE_TIME, .temporal = temporal};
}

bool
ev_feel_function_convert(EvFeelRun *run, int types, EvFeelValue *value)
{
	EvFeelValue converted = *value;

	if (types & EV_FEEL_BIT(value->type))
		return true;
	if (value->type == EV_FEEL_LIST && value->list->count == 1)
	{
		const EvFeelValue *items = ev_feel_items(run, *value);

		if (items == NULL || !(types & EV_FEEL_BIT(items[0].type)))
			return false;
		converted = items[0];
	}
	else if (value->type == EV_FEEL_DATE && (types & EV_FEEL_BIT(EV_FEEL_DATE_TIME)))
		converted = to_date_time(run, *value);
	else if (value->type != EV_FEEL_NULL && (types & EV_FEEL_BIT(EV_FEEL_LIST)))
	{
		EvFeelValue *item = ev_feel_alloc_items(run, 1);

		if (item == NULL)
			return false;
		*item = *value;
		converted = ev_feel_make_list(run, item, 1);
	}
	else
		return false;
	*value = converted;
	return !ev_feel_is_null(converted);
}

static int
count_parameters(const EvFeelBuiltin *row)
{
	int n = 0;

	while (n < EV_FEEL_MAX_PARAMETERS && row->parameters[n].name != NULL)
		n++;
	return n;
}

/* Which parameter has the name; -1 if none does. */
static int
find_parameter(const EvFeelBuiltin *row, int nparameters, EvFeelName name)
{
	for (int i = 0; i < nparameters; i++)
	{
		if (strlen(row->parameters[i].name) == name.length &&
			memcmp(row->parameters[i].name, name.text, name.length) == 0)
			return i;
	}
	return -1;
}

/* Arguments in the order of the parameters; *given says which there are. */
static bool
arrange(const EvFeelBuiltin *row, int nparameters, const EvFeelValue *args, int nargs,
		const EvFeelName *arg_names, EvFeelValue *arranged, uint32 *given)
{
	*given = 0;
	for (int i = 0; i < nargs; i++)
	{
		int parameter = arg_names == NULL ? i : find_parameter(row, nparameters, arg_names[i]);

		if (parameter < 0 || (*given & (1U << parameter)))
			return false;
		arranged[parameter] = args[i];
		*given |= 1U << parameter;
	}
	return true;
}

static bool
fits(EvFeelRun *run, const EvFeelBuiltin *row, int nparameters, uint32 given, EvFeelValue *arranged)
{
	for (int i = 0; i < nparameters; i++)
	{
		const EvFeelParameter *parameter = &row->parameters[i];

		if (!(given & (1U << i)))
		{
			if (!parameter->optional)
				return false;
			arranged[i] = ev_feel_null();
		}
		else if (!ev_feel_function_convert(run, parameter->types, &arranged[i]))
			return false;
	}
	return true;
}

/* All arguments as one list; false if the row does not take them. */
static bool
gather(EvFeelRun *run, const EvFeelBuiltin *row, const EvFeelValue *args, int nargs,
	   const EvFeelName *arg_names, EvFeelValue *list)
{
	EvFeelValue *items;

	if (nargs == 0 ||
		(arg_names != NULL && (nargs > 1 || find_parameter(row, 1, arg_names[0]) != 0)))
		return false;
	if (nargs == 1 && args[0].type == EV_FEEL_LIST)
	{
		*list = args[0];
		return true;
	}
	items = ev_feel_alloc_items(run, nargs);
	if (items == NULL)
		return false;
	memcpy(items, args, nargs * sizeof(EvFeelValue));
	*list = ev_feel_make_list(run, items, nargs);
	return !ev_feel_is_null(*list);
}

/* ---- calling ---- */

/* Say why no row fits. */
static EvFeelValue
no_row(EvFeelRun *run, const EvFeelBuiltin *row, const EvFeelValue *args, int nargs)
{
	char types[200] = "";

	for (int i = 0; run->wants_reasons && i < nargs; i++)
	{
		if (i > 0)
			strlcat(types, ", ", sizeof(types));
		strlcat(types, ev_feel_type_name(args[i].type), sizeof(types));
	}
	return ev_feel_problem(run, "%s() does not take (%s)", row->name, types);
}

EvFeelValue
ev_feel_function_call(EvFeelRun *run, const EvFeelBuiltin *rows, const EvFeelValue *args, int nargs,
					  const EvFeelName *arg_names)
{
	for (const EvFeelBuiltin *row = rows; row->name != NULL && strcmp(row->name, rows->name) == 0;
		 row++)
	{
		int nparameters = count_parameters(row);
		EvFeelValue arranged[EV_FEEL_MAX_PARAMETERS] = {0};
		uint32 given;

		if (row->variadic)
		{
			if (gather(run, row, args, nargs, arg_names, arranged))
				return row->code(run, arranged, 1);
		}
		else if (nargs <= nparameters &&
				 arrange(row, nparameters, args, nargs, arg_names, arranged, &given) &&
				 fits(run, row, nparameters, given, arranged))
			return row->code(run, arranged, nparameters);
	}
	return no_row(run, rows, args, nargs);
}

EvFeelValue
ev_feel_invoke(EvFeelRun *run, EvFeelValue function, const EvFeelValue *args, int nargs)
{
	const EvFeelClosure *closure = function.function;
	EvFeelValue value;

	if (!ev_feel_step(run, 1) || !ev_feel_enter(run))
		return ev_feel_null();
	if (closure->builtin != NULL)
		value = ev_feel_function_call(run, closure->builtin, args, nargs, NULL);
	else if (closure->node->binding.count != nargs)
		value = ev_feel_problem(run, "the function takes %d arguments, not %d",
								closure->node->binding.count, nargs);
	else
		value = ev_feel_evaluate_lambda(run, closure, args);
	ev_feel_leave(run);
	return value;
}

int
ev_feel_arity(EvFeelValue function)
{
	const EvFeelBuiltin *row = function.function->builtin;
	int n;

	if (row == NULL)
		return function.function->node->binding.count;
	n = count_parameters(row);
	if (row->variadic || (row[1].name != NULL && strcmp(row[1].name, row->name) == 0) ||
		(n > 0 && row->parameters[n - 1].optional))
		return -1;
	return n;
}
