/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_regex_parser.h: what the files of the parser of XPath's regular
 * expressions share; for feel_regex*.c only.
 */
#ifndef EV_FEEL_REGEX_PARSER_H
#define EV_FEEL_REGEX_PARSER_H

#include "lib/stringinfo.h"

/* The flags of XPath, as bits. */
#define EV_FEEL_REGEX_DOT_ALL 1	  /* s */
#define EV_FEEL_REGEX_MULTILINE 2 /* m */
#define EV_FEEL_REGEX_CASELESS 4  /* i */
#define EV_FEEL_REGEX_EXTENDED 8  /* x */
#define EV_FEEL_REGEX_QUOTED 16	  /* q */

typedef struct RegexParser
{
	const char *p;
	const char *end;
	StringInfo out;
	int flags;
	int depth;			 /* of groups and classes around this place */
	int ngroups;		 /* that capture, opened so far */
	bool *closed;		 /* by their numbers */
	const char *message; /* the first error */
} RegexParser;

/* Groups and classes inside of each other. */
#define EV_FEEL_REGEX_MAX_DEPTH 500

/* One escape: a character, or a set of them. */
typedef struct RegexEscape
{
	int c;				/* code point; -1 for a set */
	StringInfoData set; /* as it stands inside of brackets */
	bool any_case;		/* the set is the same with flag i */
} RegexEscape;

/* Any character at all (PCRE2_DOTALL). */
#define EV_FEEL_REGEX_ANY "."

/* Remembers the first error; always false. */
extern bool ev_feel_regex_fail(RegexParser *parser, const char *message);

/*
 * Parse an expression (UTF-8) and append one of PCRE2 (for base/regex.h) that means
 * the same.  On a syntax error false, and *message says what.
 */
extern bool ev_feel_regex_rewrite(const char *source, int length, int flags, StringInfo out,
								  const char **message);

/* The escape at parser->p, which is behind its backslash; no back reference. */
extern bool ev_feel_regex_escape(RegexParser *parser, RegexEscape *escape);

/* The class at parser->p, which is behind its "[". */
extern bool ev_feel_regex_class(RegexParser *parser, StringInfo out);

extern void ev_feel_regex_put_character(StringInfo out, int c);

/* A set outside of a class. */
extern void ev_feel_regex_put_set(RegexParser *parser, StringInfo out, const RegexEscape *escape);

/* The block of a name (without Is). */
extern bool ev_feel_regex_block(const char *name, int length, int *first, int *last);

#endif /* EV_FEEL_REGEX_PARSER_H */
