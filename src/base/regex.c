/* SPDX-License-Identifier: PostgreSQL
 *
 * regex.c: regular expressions compiled and matched by PCRE2.
 *
 * Memory.  PCRE2 allocates through a general context that palloc's in a memory
 * context without raising: PCRE2 is no code to jump out of.  So a compiled
 * pattern is counted with its context and goes with it; its machine code, for
 * which PCRE2 mallocs and maps, goes with the context's reset callback.  What
 * every match needs (ovector, stack of the JIT, limits) is made once per backend.
 *
 * Time.  PCRE2 gives up after so many steps from one starting point:
 * events.pattern_match_limit, and more for a long string, since `^(ab)*$` needs
 * a step for each round.  It looks for no signals, so interrupts are taken before
 * each match, and a long string is tried in slices of starting points, made longer
 * or shorter by the clock, with interrupts between them.
 *
 * A pattern is translated to machine code at its third match, or for the first
 * long string: many schemas are used once.  Where that is not possible (no
 * executable memory), and where 64 MB of stack do not do, PCRE2 interprets.
 *
 * Interpreter and machine code count different things as steps, yet the first use
 * of a pattern is to end as the thousandth.  So the interpreter that comes first
 * only decides what machine code decides, too: between two steps that it counts,
 * it goes through the pattern once at most, so a step of it is no more steps of
 * machine code than the compiled pattern has bytes, and it gets that part of the
 * limit.  What takes more is for machine code at once.
 */
#include "base/compat.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/regex.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/memutils.h"

/* The match that a pattern gets machine code for, unless a long string comes first. */
#define JIT_AT 3

/* Bytes of its stack: the one that stays, and the one for a match that needs more. */
#define JIT_STACK_MIN (32 * 1024)
#define JIT_STACK_MAX (256 * 1024)
#define JIT_LONG_STACK_MAX (64 * 1024 * 1024)

/* Steps allowed on top of the setting for each byte of the string. */
#define STEPS_PER_BYTE 16

/*
 * Starting points of the first slice, and bytes that these and a larger one may
 * look at where each starting point looks at the whole string; how long a slice
 * should take at least and at most.
 */
#define FIRST_SLICE 256
#define FIRST_SLICE_BYTES (1024 * 1024)
#define SLICE_BYTES (1024 * 1024 * 1024)
#define SLICE_MIN_US 1000
#define SLICE_MAX_US 50000

#define MAX_PARENS 1000

struct EvRegex
{
	pcre2_code *code;
	bool anchored;
	bool has_jit;
	int nmatches; /* until machine code is made, or could not be */
	int ngroups;  /* the whole match included */
	size_t size;  /* bytes of the code, not less than steps of machine code for one interpreted */
	pcre2_match_data *data; /* for all groups; made at the first match that asks for them */
	MemoryContext memory;
	MemoryContextCallback callback;
};

/* Of this backend; made at the first match. */
static pcre2_match_context *match_context;
static pcre2_match_data *match_data;
static pcre2_jit_stack *jit_stack;

/* In front of each piece of memory that PCRE2 has. */
typedef union Piece
{
	bool malloced;
	max_align_t alignment;
} Piece;

/* While machine code is made: its working memory would leave holes in the context. */
static bool use_malloc;

static void *
allocate(PCRE2_SIZE size, void *context)
{
	Piece *piece;

	if (!AllocSizeIsValid(size + sizeof(Piece)))
		return NULL;
	if (use_malloc)
		piece = malloc(size + sizeof(Piece));
	else
		piece = MemoryContextAllocExtended((MemoryContext) context, size + sizeof(Piece),
										   MCXT_ALLOC_NO_OOM);
	if (!piece)
		return NULL;
	piece->malloced = use_malloc;
	return piece + 1;
}

static void
release(void *pointer, void *context)
{
	Piece *piece;

	if (!pointer)
		return;
	piece = (Piece *) pointer - 1;
	if (piece->malloced)
		free(piece);
	else
		pfree(piece);
}

static pcre2_general_context *
general_context(MemoryContext context)
{
	return pcre2_general_context_create(allocate, release, context);
}

static void
raise_out_of_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
					errdetail("PCRE2 could not get what a pattern needs.")));
}

/* Nothing of this can be freed by PCRE2 after the context is gone. */
static void
free_code(void *regex)
{
	pcre2_code_free(((EvRegex *) regex)->code);
}

static int
guard_stack(uint32_t depth, void *unused)
{
	return stack_is_too_deep();
}

/* PCRE2's own compilation; NULL and its error where it refuses. */
static pcre2_code *
compile(const char *expression, int length, uint32_t options, int *error, PCRE2_SIZE *offset)
{
	pcre2_general_context *general = general_context(CurrentMemoryContext);
	pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
	pcre2_code *code;

	if (!context)
		raise_out_of_memory();
	pcre2_set_parens_nest_limit(context, MAX_PARENS);
	pcre2_set_compile_recursion_guard(context, guard_stack, NULL);
	code = pcre2_compile((PCRE2_SPTR) expression, length,
						 options | PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOTALL |
							 PCRE2_MATCH_UNSET_BACKREF | PCRE2_USE_OFFSET_LIMIT |
							 PCRE2_NEVER_BACKSLASH_C,
						 error, offset, context);
	pcre2_compile_context_free(context);
	pcre2_general_context_free(general);
	return code;
}

/* PCRE2's words for what it refused, palloc'd. */
static const char *
error_message(int error)
{
	PCRE2_UCHAR text[256];

	switch (error)
	{
		case PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH:
			return "a look-behind must have a fixed length (or be a choice of such)";
		case PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP:
		case PCRE2_ERROR_PARENTHESES_STACK_CHECK:
		case PCRE2_ERROR_QUERY_BARJX_NEST_TOO_DEEP:
			return "groups are too deeply nested";
	}
	if (pcre2_get_error_message(error, text, sizeof(text)) < 0)
		return "invalid pattern";
	return pstrdup((char *) text);
}

EvRegex *
ev_regex_compile(const char *expression, int length, int options, const char **message, int *offset)
{
	uint32_t all_options, ngroups;
	int error;
	PCRE2_SIZE error_offset;
	EvRegex *regex = palloc0(sizeof(EvRegex));

	regex->code = compile(expression, length, options & EV_REGEX_CASELESS ? PCRE2_CASELESS : 0,
						  &error, &error_offset);
	if (!regex->code)
	{
		*message = error_message(error);
		*offset = (int) error_offset;
		pfree(regex);
		return NULL;
	}
	regex->callback = (MemoryContextCallback) {.func = free_code, .arg = regex};
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &regex->callback);
	regex->memory = CurrentMemoryContext;
	pcre2_pattern_info(regex->code, PCRE2_INFO_ALLOPTIONS, &all_options);
	regex->anchored = (all_options & PCRE2_ANCHORED) != 0;
	pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &ngroups);
	regex->ngroups = (int) ngroups + 1;
	pcre2_pattern_info(regex->code, PCRE2_INFO_SIZE, &regex->size);
	return regex;
}

int
ev_regex_count_groups(const EvRegex *regex)
{
	return regex->ngroups;
}

static void
init_matching(void)
{
	pcre2_general_context *general = general_context(TopMemoryContext);
	pcre2_match_context *context = general ? pcre2_match_context_create(general) : NULL;

	match_data = context ? pcre2_match_data_create(1, general) : NULL;
	if (!match_data)
		raise_out_of_memory();
	jit_stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, general);
	pcre2_jit_stack_assign(context, NULL, jit_stack);
	pcre2_general_context_free(general);
	pcre2_set_heap_limit(context, EV_REGEX_MEMORY);
	match_context = context;
}

/* Room for what the caller asks for: nothing but "it matches", or all groups. */
static pcre2_match_data *
data_for(EvRegex *regex, const EvRegexSearch *search)
{
	pcre2_general_context *general;

	if (!search->groups)
		return match_data;
	if (regex->data)
		return regex->data;
	general = general_context(regex->memory);
	if (general)
		regex->data = pcre2_match_data_create_from_pattern(regex->code, general);
	if (!regex->data)
		raise_out_of_memory();
	pcre2_general_context_free(general);
	return regex->data;
}

static void
copy_groups(const EvRegexSearch *search, pcre2_match_data *data, int rc)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);

	for (int i = 0; i < search->ngroups; i++)
	{
		bool matched = i < rc && ends[2 * i] != PCRE2_UNSET;

		search->groups[i].from = matched ? (int) ends[2 * i] : -1;
		search->groups[i].to = matched ? (int) ends[2 * i + 1] : -1;
	}
}

/* With the interpreter, whose working memory is gone afterwards. */
static int
interpret(EvRegex *regex, const EvRegexSearch *search, int from)
{
	pcre2_general_context *general = general_context(CurrentMemoryContext);
	pcre2_match_data *data = general ? pcre2_match_data_create(search->groups ? regex->ngroups : 1,
															   general)
									 : NULL;
	int rc;

	if (!data)
		raise_out_of_memory();
	rc = pcre2_match(regex->code, (PCRE2_SPTR) search->s, search->length, from,
					 PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, match_context);
	if (rc > 0 && search->groups)
		copy_groups(search, data, rc);
	pcre2_match_data_free(data);
	pcre2_general_context_free(general);
	return rc;
}

static int
run(EvRegex *regex, const EvRegexSearch *search, int from)
{
	pcre2_match_data *data = data_for(regex, search);
	int rc = pcre2_jit_match(regex->code, (PCRE2_SPTR) search->s, search->length, from, 0, data,
							 match_context);

	if (rc > 0 && search->groups)
		copy_groups(search, data, rc);
	return rc;
}

/* By machine code with a large stack, which is unmapped afterwards. */
static int
run_with_long_stack(EvRegex *regex, const EvRegexSearch *search, int from)
{
	pcre2_jit_stack *stack = pcre2_jit_stack_create(JIT_STACK_MAX, JIT_LONG_STACK_MAX, NULL);
	int rc;

	if (!stack)
		return PCRE2_ERROR_JIT_STACKLIMIT;
	pcre2_jit_stack_assign(match_context, NULL, stack);
	rc = run(regex, search, from);
	pcre2_jit_stack_assign(match_context, NULL, jit_stack);
	pcre2_jit_stack_free(stack);
	return rc;
}

/* Where there is no machine code, has_jit stays false. */
static void
make_machine_code(EvRegex *regex)
{
	regex->nmatches = JIT_AT;
	use_malloc = true;
	regex->has_jit = pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE) == 0;
	use_malloc = false;
}

static void
set_limit(int64 limit)
{
	static int64 limit_set = -1;

	if (limit == limit_set)
		return;
	pcre2_set_match_limit(match_context, (uint32_t) Min(limit, PG_UINT32_MAX));
	pcre2_set_depth_limit(match_context, (uint32_t) Min(limit, PG_UINT32_MAX));
	limit_set = limit;
}

static int64
steps_allowed(int length)
{
	return (int64) ev_pattern_match_limit + (int64) length * STEPS_PER_BYTE;
}

/* By the interpreter, if it gets through in few steps; false: that says nothing. */
static bool
try_interpreter(EvRegex *regex, const EvRegexSearch *search, int from, int *rc)
{
	if (regex->nmatches + 1 < JIT_AT && search->length <= FIRST_SLICE)
	{
		regex->nmatches++;
		set_limit(steps_allowed(search->length) / (int64) regex->size);
		*rc = interpret(regex, search, from);
		if (*rc >= 0 || *rc == PCRE2_ERROR_NOMATCH)
			return true;
	}
	make_machine_code(regex);
	return false;
}

/* Does it match from `from` on, or from one of the next characters up to `to`? */
static EvRegexResult
search_slice(EvRegex *regex, const EvRegexSearch *search, int from, int64 to)
{
	int rc = PCRE2_ERROR_JIT_STACKLIMIT;

	pcre2_set_offset_limit(match_context, to >= search->length ? PCRE2_UNSET : to);
	if (regex->nmatches < JIT_AT && try_interpreter(regex, search, from, &rc))
		return rc >= 0 ? EV_REGEX_MATCH : EV_REGEX_NO_MATCH;
	set_limit(steps_allowed(search->length));
	rc = PCRE2_ERROR_JIT_STACKLIMIT;
	if (regex->has_jit)
	{
		rc = run(regex, search, from);
		if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
			rc = run_with_long_stack(regex, search, from);
	}
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = interpret(regex, search, from);
	if (rc >= 0)
		return EV_REGEX_MATCH;
	if (rc == PCRE2_ERROR_NOMATCH)
		return EV_REGEX_NO_MATCH;
	if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT)
		return EV_REGEX_TOO_MANY_STEPS;
	if (rc == PCRE2_ERROR_HEAPLIMIT)
		return EV_REGEX_TOO_LARGE;
	if (rc == PCRE2_ERROR_NOMEMORY)
		raise_out_of_memory();
	ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("pattern could not be matched"),
					errdetail("PCRE2: %s.", error_message(rc))));
}

/* Starting points of a slice, from how long the one before took. */
static int64
next_slice(int64 slice, int length, int64 us)
{
	if (us < SLICE_MIN_US)
		return Min(slice * 4, SLICE_BYTES / length + 1);
	if (us > SLICE_MAX_US)
		return Max(slice / 4, 1);
	return slice;
}

static EvRegexResult
search_in_slices(EvRegex *regex, const EvRegexSearch *search)
{
	const char *s = search->s;
	int length = search->length;
	int64 slice = Min(FIRST_SLICE, FIRST_SLICE_BYTES / length + 1);

	for (int64 from = search->from; from <= length;)
	{
		instr_time begin, now;
		int64 to = from + slice - 1;
		EvRegexResult result;

		INSTR_TIME_SET_CURRENT(begin);
		result = search_slice(regex, search, (int) from, to);
		if (result != EV_REGEX_NO_MATCH)
			return result;
		from = to + 1;
		while (from < length && (s[from] & 0xC0) == 0x80)
			from++;
		INSTR_TIME_SET_CURRENT(now);
		INSTR_TIME_SUBTRACT(now, begin);
		slice = next_slice(slice, length, INSTR_TIME_GET_MICROSEC(now));
		CHECK_FOR_INTERRUPTS();
		if (search->go_on && !search->go_on(search->arg))
			return EV_REGEX_STOPPED;
	}
	return EV_REGEX_NO_MATCH;
}

EvRegexResult
ev_regex_search(EvRegex *regex, const EvRegexSearch *search)
{
	CHECK_FOR_INTERRUPTS();
	if (!match_context)
		init_matching();
	if (search->length <= FIRST_SLICE || regex->anchored)
		return search_slice(regex, search, search->from, search->length);
	return search_in_slices(regex, search);
}
