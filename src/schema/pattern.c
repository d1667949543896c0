/* SPDX-License-Identifier: PostgreSQL
 *
 * pattern.c: patterns of ECMA-262, compiled and matched within limits.
 *
 * ecma.c rewrites the expression, base/regex.c compiles and matches what comes of
 * it.  This file keeps what both say of a pattern in words of the one who wrote it:
 * its source, where in it an error is, and which limit a match has passed.
 */
#include "base/compat.h"

#include "base/regex.h"
#include "base/utf8.h"
#include "schema/ecma.h"
#include "schema/pattern.h"

/* What of a pattern or string an error message shows. */
#define SHOWN_LENGTH 200

struct EvPattern
{
	EvRegex *regex;
	char *source; /* in the database's encoding */
};

EvPattern *
ev_pattern_compile(const char *source, int length, const char **message, int *offset)
{
	int utf8_length = length, error_offset;
	const char *utf8 = ev_utf8_from_server(source, &utf8_length);
	StringInfoData rewritten;
	EvPattern *pattern;
	EvRegex *regex;

	initStringInfo(&rewritten);
	if (!ev_ecma_rewrite(utf8, utf8_length, &rewritten, message, offset))
	{
		pfree(rewritten.data);
		return NULL;
	}
	regex = ev_regex_compile(rewritten.data, rewritten.len, 0, message, &error_offset);
	pfree(rewritten.data);
	if (!regex)
	{
		*offset = ev_ecma_locate(utf8, utf8_length, error_offset);
		return NULL;
	}
	pattern = palloc(sizeof(EvPattern));
	pattern->regex = regex;
	pattern->source = pnstrdup(source, length);
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

bool
ev_pattern_matches(const EvPattern *pattern, const char *s, int length)
{
	const char *utf8 = ev_utf8_from_server(s, &length);
	EvRegexSearch search = {.s = utf8, .length = length};
	EvRegexResult result = ev_regex_search(pattern->regex, &search);

	if (utf8 != s)
		pfree(unconstify(char *, utf8));
	switch (result)
	{
		case EV_REGEX_TOO_MANY_STEPS:
			raise_too_complex(pattern, length, "events.pattern_match_limit");
		case EV_REGEX_TOO_LARGE:
			raise_too_complex(pattern, length, "64 MB of memory");
		default:
			return result == EV_REGEX_MATCH;
	}
}
