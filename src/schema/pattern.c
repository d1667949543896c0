/* SPDX-License-Identifier: PostgreSQL
 *
 * pattern.c: patterns of ECMA-262, compiled and matched by PCRE2.
 *
 * ecma.c rewrites the expression; this file owns what PCRE2 makes of it.
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

#include "base/settings.h"
#include "base/utf8.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "schema/ecma.h"
#include "schema/pattern.h"
#include "utils/memutils.h"

/* The match that a pattern gets machine code for, unless a long string comes first. */
#define JIT_AT 3

/* Bytes of its stack: the one that stays, and the one for a match that needs more. */
#define JIT_STACK_MIN (32 * 1024)
#define JIT_STACK_MAX (256 * 1024)
#define JIT_LONG_STACK_MAX (64 * 1024 * 1024)

/* kB that the interpreter may take for backtracking. */
#define HEAP_LIMIT (64 * 1024)

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

/* What of a pattern or string an error message shows. */
#define SHOWN_LENGTH 200

struct EvPattern
{
	pcre2_code *code;
	char *source; /* in the database's encoding */
	bool anchored;
	bool has_jit;
	int nmatches; /* until machine code is made, or could not be */
	size_t size;  /* bytes of the code, not less than steps of machine code for one interpreted */
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
free_code(void *pattern)
{
	pcre2_code_free(((EvPattern *) pattern)->code);
}

static int
guard_stack(uint32_t depth, void *unused)
{
	return stack_is_too_deep();
}

/* PCRE2's own compilation; NULL and its error where it refuses. */
static pcre2_code *
compile(StringInfo rewritten, int *error, PCRE2_SIZE *offset)
{
	pcre2_general_context *general = general_context(CurrentMemoryContext);
	pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
	pcre2_code *code;

	if (!context)
		raise_out_of_memory();
	pcre2_set_parens_nest_limit(context, MAX_PARENS);
	pcre2_set_compile_recursion_guard(context, guard_stack, NULL);
	code = pcre2_compile((PCRE2_SPTR) rewritten->data, rewritten->len,
						 PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOTALL | PCRE2_MATCH_UNSET_BACKREF |
							 PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C,
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

EvPattern *
ev_pattern_compile(const char *source, int length, const char **message, int *offset)
{
	int utf8_length = length, error;
	const char *utf8 = ev_utf8_from_server(source, &utf8_length);
	StringInfoData rewritten;
	PCRE2_SIZE error_offset;
	EvPattern *pattern;
	uint32_t options;

	initStringInfo(&rewritten);
	if (!ev_ecma_rewrite(utf8, utf8_length, &rewritten, message, offset))
	{
		pfree(rewritten.data);
		return NULL;
	}
	pattern = palloc0(sizeof(EvPattern));
	pattern->code = compile(&rewritten, &error, &error_offset);
	if (!pattern->code)
	{
		*message = error_message(error);
		*offset = ev_ecma_locate(utf8, utf8_length, (int) error_offset);
		pfree(pattern);
		return NULL;
	}
	pattern->callback = (MemoryContextCallback) {.func = free_code, .arg = pattern};
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &pattern->callback);
	pattern->source = pnstrdup(source, length);
	pcre2_pattern_info(pattern->code, PCRE2_INFO_ALLOPTIONS, &options);
	pattern->anchored = (options & PCRE2_ANCHORED) != 0;
	pcre2_pattern_info(pattern->code, PCRE2_INFO_SIZE, &pattern->size);
	pfree(rewritten.data);
	return pattern;
}

const char *
ev_pattern_source(const EvPattern *pattern)
{
	return pattern->source;
}

bool
ev_pattern_is_valid(const char *source, int length)
{
	const char *utf8 = ev_utf8_from_server(source, &length);
	StringInfoData rewritten;
	const char *message;
	int offset;
	bool valid;

	initStringInfo(&rewritten);
	valid = ev_ecma_rewrite(utf8, length, &rewritten, &message, &offset);
	pfree(rewritten.data);
	return valid;
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
	pcre2_set_heap_limit(context, HEAP_LIMIT);
	match_context = context;
}

static pg_noreturn void
raise_too_complex(const EvPattern *pattern, int length, const char *limit)
{
	int shown = pg_mbcliplen(pattern->source, strlen(pattern->source), SHOWN_LENGTH);

	ereport(
		ERROR,
		(errcode(ERRCODE_STATEMENT_TOO_COMPLEX), errmsg("pattern is too complex for the string"),
		 errdetail("Matching \"%.*s\"%s against a string of %d bytes was given up at %s.", shown,
				   pattern->source, pattern->source[shown] ? "..." : "", length, limit),
		 errhint("Write the pattern without repetitions inside of repetitions, bound the string "
				 "by maxLength, or raise events.pattern_match_limit.")));
}

/* With the interpreter, whose working memory is gone afterwards. */
static int
interpret(const EvPattern *pattern, const char *s, int length, int from)
{
	pcre2_general_context *general = general_context(CurrentMemoryContext);
	pcre2_match_data *data = general ? pcre2_match_data_create(1, general) : NULL;
	int rc;

	if (!data)
		raise_out_of_memory();
	rc = pcre2_match(pattern->code, (PCRE2_SPTR) s, length, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
					 data, match_context);
	pcre2_match_data_free(data);
	pcre2_general_context_free(general);
	return rc;
}

static int
run(const EvPattern *pattern, const char *s, int length, int from)
{
	return pcre2_jit_match(pattern->code, (PCRE2_SPTR) s, length, from, 0, match_data,
						   match_context);
}

/* By machine code with a large stack, which is unmapped afterwards. */
static int
run_with_long_stack(const EvPattern *pattern, const char *s, int length, int from)
{
	pcre2_jit_stack *stack = pcre2_jit_stack_create(JIT_STACK_MAX, JIT_LONG_STACK_MAX, NULL);
	int rc;

	if (!stack)
		return PCRE2_ERROR_JIT_STACKLIMIT;
	pcre2_jit_stack_assign(match_context, NULL, stack);
	rc = run(pattern, s, length, from);
	pcre2_jit_stack_assign(match_context, NULL, jit_stack);
	pcre2_jit_stack_free(stack);
	return rc;
}

/* Where there is no machine code, has_jit stays false. */
static void
make_machine_code(EvPattern *pattern)
{
	pattern->nmatches = JIT_AT;
	use_malloc = true;
	pattern->has_jit = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
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
try_interpreter(EvPattern *pattern, const char *s, int length, int *rc)
{
	if (pattern->nmatches + 1 < JIT_AT && length <= FIRST_SLICE)
	{
		pattern->nmatches++;
		set_limit(steps_allowed(length) / (int64) pattern->size);
		*rc = interpret(pattern, s, length, 0);
		if (*rc >= 0 || *rc == PCRE2_ERROR_NOMATCH)
			return true;
	}
	make_machine_code(pattern);
	return false;
}

/* Starting points of a slice, from how long the one before took. */
static int64
next_slice(int64 slice, int length, instr_time begin)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, begin);
	if (INSTR_TIME_GET_MICROSEC(now) < SLICE_MIN_US)
		return Min(slice * 4, SLICE_BYTES / length + 1);
	if (INSTR_TIME_GET_MICROSEC(now) > SLICE_MAX_US)
		return Max(slice / 4, 1);
	return slice;
}

/* Does it match from `from` on, or from one of the next characters up to `to`? */
static bool
match_slice(EvPattern *pattern, const char *s, int length, int from, int64 to)
{
	int rc = PCRE2_ERROR_JIT_STACKLIMIT;

	pcre2_set_offset_limit(match_context, to >= length ? PCRE2_UNSET : to);
	if (pattern->nmatches < JIT_AT && try_interpreter(pattern, s, length, &rc))
		return rc >= 0;
	set_limit(steps_allowed(length));
	rc = PCRE2_ERROR_JIT_STACKLIMIT;
	if (pattern->has_jit)
	{
		rc = run(pattern, s, length, from);
		if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
			rc = run_with_long_stack(pattern, s, length, from);
	}
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = interpret(pattern, s, length, from);
	if (rc >= 0)
		return true;
	if (rc == PCRE2_ERROR_NOMATCH)
		return false;
	if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT)
		raise_too_complex(pattern, length, "events.pattern_match_limit");
	if (rc == PCRE2_ERROR_HEAPLIMIT)
		raise_too_complex(pattern, length, "64 MB of memory");
	if (rc == PCRE2_ERROR_NOMEMORY)
		raise_out_of_memory();
	ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("pattern could not be matched"),
					errdetail("PCRE2: %s.", error_message(rc))));
}

static bool
match_in_slices(EvPattern *pattern, const char *s, int length)
{
	int64 slice = Min(FIRST_SLICE, FIRST_SLICE_BYTES / length + 1);

	for (int64 from = 0; from <= length;)
	{
		instr_time begin;
		int64 to = from + slice - 1;

		INSTR_TIME_SET_CURRENT(begin);
		if (match_slice(pattern, s, length, (int) from, to))
			return true;
		from = to + 1;
		while (from < length && (s[from] & 0xC0) == 0x80)
			from++;
		slice = next_slice(slice, length, begin);
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

bool
ev_pattern_matches(const EvPattern *pattern, const char *s, int length)
{
	EvPattern *mutable = unconstify(EvPattern *, pattern);
	const char *utf8;
	bool matches;

	CHECK_FOR_INTERRUPTS();
	if (!match_context)
		init_matching();
	utf8 = ev_utf8_from_server(s, &length);
	if (length <= FIRST_SLICE || pattern->anchored)
		matches = match_slice(mutable, utf8, length, 0, length);
	else
		matches = match_in_slices(mutable, utf8, length);
	if (utf8 != s)
		pfree(unconstify(char *, utf8));
	return matches;
}
