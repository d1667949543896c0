/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_regex.c: compiled expressions of FEEL, kept by the session, and matching within a run.
 *
 * Expressions are strings that an evaluation makes, so they are not compiled with
 * the filter.  The session keeps those of at most 2 kB in a table of 64 sets of 4: the set
 * is said by a hash, and in a full one the place that was filled first is filled
 * anew.  Longer ones are compiled for the run alone.
 *
 * A match that takes long counts as steps of the run, by processor time.  One that passes
 * events.pattern_match_limit ends the run.
 */
#include "base/compat.h"

#include <time.h>

#include "match/feel_regex.h"

#include "base/utf8.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "match/feel_regex_parser.h"
#include "utils/memutils.h"

#define SETS 64
#define PLACES 4
#define LONGEST_KEPT 2048

/* A step of a run takes about a tenth of a microsecond. */
#define STEPS_PER_US 10

/* Bytes looked at in one step, and those of a compiled expression for each of its source. */
#define BYTES_PER_STEP 16
#define BYTES_PER_BYTE 32

typedef struct Kept
{
	MemoryContext memory; /* NULL while nothing is here */
	char *source;
	int length;
	int flags;
	EvFeelRegex regex;
} Kept;

typedef struct KeptSet
{
	int next; /* place to fill */
	Kept places[PLACES];
} KeptSet;

static KeptSet sets[SETS];

static bool
read_flags(EvFeelRun *run, EvFeelValue value, int *flags)
{
	static const char letters[] = "smixq";

	*flags = 0;
	for (int i = 0; !ev_feel_is_null(value) && i < value.length; i++)
	{
		const char *letter = value.string[i] ? strchr(letters, value.string[i]) : NULL;

		if (letter == NULL)
		{
			ev_feel_problem(run, "the flags of a regular expression are s, m, i, x and q");
			return false;
		}
		*flags |= 1 << (letter - letters);
	}
	return true;
}

/* In CurrentMemoryContext; false if it is no expression, and *message says why. */
static bool
compile(EvFeelValue pattern, int flags, EvFeelRegex *regex, const char **message)
{
	EvRegexSearch empty = {.s = "", .length = 0};
	StringInfoData rewritten;
	int offset;

	initStringInfo(&rewritten);
	regex->regex = NULL;
	if (ev_feel_regex_rewrite(pattern.string, pattern.length, flags, &rewritten, message))
		regex->regex = ev_regex_compile(rewritten.data, rewritten.len,
										flags & EV_FEEL_REGEX_CASELESS ? EV_REGEX_CASELESS : 0,
										message, &offset);
	if (regex->regex == NULL)
		return false;
	regex->quoted = (flags & EV_FEEL_REGEX_QUOTED) != 0;
	regex->matches_empty = ev_regex_search(regex->regex, &empty) == EV_REGEX_MATCH;
	return true;
}

static Kept *
find(KeptSet *set, EvFeelValue pattern, int flags)
{
	for (int i = 0; i < PLACES; i++)
	{
		Kept *kept = &set->places[i];

		if (kept->memory != NULL && kept->flags == flags && kept->length == pattern.length &&
			memcmp(kept->source, pattern.string, pattern.length) == 0)
			return kept;
	}
	return NULL;
}

static void
no_expression(EvFeelRun *run, const char *message)
{
	ev_feel_problem(run, "this is not a regular expression: %s", message);
}

/* Compiles in a context of its own, which stays if all went well. */
static Kept *
keep(EvFeelRun *run, KeptSet *set, EvFeelValue pattern, int flags)
{
	MemoryContext memory = AllocSetContextCreate(run->memory, "events feel regex",
												 ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(memory);
	Kept made = {.memory = memory, .length = pattern.length, .flags = flags};
	Kept *kept = NULL;
	const char *message;

	if (compile(pattern, flags, &made.regex, &message))
	{
		made.source = palloc(pattern.length + 1);
		memcpy(made.source, pattern.string, pattern.length);
		kept = &set->places[set->next];
		set->next = (set->next + 1) % PLACES;
		if (kept->memory != NULL)
			MemoryContextDelete(kept->memory);
		MemoryContextSetParent(memory, TopMemoryContext);
		*kept = made;
	}
	MemoryContextSwitchTo(old);
	if (kept == NULL)
	{
		no_expression(run, message);
		MemoryContextDelete(memory);
	}
	return kept;
}

const EvFeelRegex *
ev_feel_regex_get(EvFeelRun *run, EvFeelValue pattern, EvFeelValue flag_letters)
{
	const char *message;
	EvFeelRegex *regex;
	KeptSet *set;
	Kept *kept;
	int flags;

	if (!ev_feel_step(run, pattern.length / BYTES_PER_STEP + 1) ||
		!read_flags(run, flag_letters, &flags) || !ev_feel_regex_to_utf8(run, &pattern))
		return NULL;
	if (pattern.length <= LONGEST_KEPT)
	{
		set = &sets[hash_bytes((const unsigned char *) pattern.string, pattern.length) % SETS];
		kept = find(set, pattern, flags);
		if (kept == NULL)
		{
			if (!ev_feel_step(run, pattern.length * STEPS_PER_US))
				return NULL;
			kept = keep(run, set, pattern, flags);
		}
		return kept != NULL ? &kept->regex : NULL;
	}
	if (!ev_feel_step(run, pattern.length * (int64) STEPS_PER_US) ||
		!ev_feel_take(run, pattern.length * (int64) BYTES_PER_BYTE))
		return NULL;
	regex = palloc(sizeof(EvFeelRegex));
	if (compile(pattern, flags, regex, &message))
		return regex;
	no_expression(run, message);
	return NULL;
}

/* What a search asks for now and then: time that it took counts as steps. */
typedef struct Clock
{
	EvFeelRun *run;
	int64 last; /* microseconds */
} Clock;

/* Of this process on a processor, so that others who are busy do not count. */
static int64
time_taken(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool
go_on(void *arg)
{
	Clock *clock = arg;
	int64 now = time_taken();
	int64 passed = now - clock->last;

	clock->last = now;
	return ev_feel_step(clock->run, passed * STEPS_PER_US);
}

bool
ev_feel_regex_search(EvFeelRun *run, const EvFeelRegex *regex, EvRegexSearch *search, bool *found)
{
	Clock clock = {.run = run, .last = time_taken()};
	EvRegexResult result;

	search->go_on = go_on;
	search->arg = &clock;
	result = ev_regex_search(regex->regex, search);
	*found = result == EV_REGEX_MATCH;
	if (result == EV_REGEX_TOO_MANY_STEPS || result == EV_REGEX_TOO_LARGE)
	{
		ev_feel_problem(run, "a regular expression is too complex for its string: it passed %s",
						result == EV_REGEX_TOO_LARGE ? "64 MB of memory"
													 : "events.pattern_match_limit");
		run->exceeded = EV_FEEL_PATTERN_LIMIT;
	}
	return go_on(&clock) && run->exceeded == EV_FEEL_WITHIN_LIMITS;
}

/* From one encoding to another; false if a character has no equivalent. */
static bool
convert(EvFeelRun *run, int from, int to, EvFeelValue *string)
{
	Oid proc = FindDefaultConversionProc(from, to);
	int64 room = (int64) string->length * MAX_CONVERSION_GROWTH + 1;
	char *converted = ev_feel_alloc(run, room);

	if (converted == NULL)
		return false;
	if (!OidIsValid(proc) || room > PG_INT32_MAX ||
		pg_do_encoding_conversion_buf(proc, from, to, (unsigned char *) string->string,
									  string->length, (unsigned char *) converted, (int) room,
									  true) != string->length)
	{
		ev_feel_problem(run, "a string has characters without an equivalent in another encoding");
		return false;
	}
	*string = ev_feel_string(converted, strlen(converted));
	return true;
}

/* Is the string its own conversion? */
static bool
is_same(EvFeelValue string)
{
	int encoding = GetDatabaseEncoding();

	return encoding == PG_UTF8 || ev_utf8_is_ascii(string.string, string.length) ||
		   (encoding == PG_SQL_ASCII &&
			pg_verify_mbstr(PG_UTF8, string.string, string.length, true));
}

bool
ev_feel_regex_to_utf8(EvFeelRun *run, EvFeelValue *string)
{
	return is_same(*string) || convert(run, GetDatabaseEncoding(), PG_UTF8, string);
}

EvFeelValue
ev_feel_regex_from_utf8(EvFeelRun *run, const char *s, int length)
{
	EvFeelValue string = ev_feel_string(s, length);

	if (GetDatabaseEncoding() == PG_SQL_ASCII || is_same(string) ||
		convert(run, PG_UTF8, GetDatabaseEncoding(), &string))
		return string;
	return ev_feel_null();
}
