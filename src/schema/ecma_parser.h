/* SPDX-License-Identifier: PostgreSQL
 *
 * ecma_parser.h: what the files of the ECMA-262 parser share; for ecma*.c only.
 */
#ifndef EV_ECMA_PARSER_H
#define EV_ECMA_PARSER_H

#include "lib/stringinfo.h"

typedef struct EcmaName
{
	char *text; /* escapes decoded */
	int group;
} EcmaName;

/* A group that is open. */
typedef struct EcmaGroup
{
	const char *source; /* its "(" */
	int out;			/* where it begins in the rewriting */
	int number;			/* 0 if it does not capture */
	bool assertion;		/* a look-around: no quantifier may follow */
	bool behind;		/* a look-behind */
} EcmaGroup;

typedef struct EcmaParser
{
	const char *begin;
	const char *p;
	const char *end;
	StringInfo out;

	/* of the whole expression, known beforehand */
	int ngroups; /* that capture */
	bool has_references;
	int nnames;
	EcmaName *names;

	int nopened; /* groups that capture, so far */
	int nopen;	 /* innermost last */
	int room;
	EcmaGroup *open;
	int nbehind;  /* look-behinds around this place */
	bool *closed; /* by number; NULL without references */

	const char *message; /* the first error, and where */
	const char *where;
} EcmaParser;

/* What one escape or character of a class stands for. */
typedef enum EcmaKind
{
	ECMA_CHARACTER, /* a code point, which may be a surrogate */
	ECMA_CLASS		/* one of d D s S w W p P */
} EcmaKind;

typedef struct EcmaAtom
{
	EcmaKind kind;
	int c;				  /* code point, or the letter of the class */
	const char *property; /* p, P: as PCRE2 names it */
	bool negated;		  /* p, P: the complement of it */
} EcmaAtom;

/* Any character at all, with PCRE2_DOTALL, and none. */
#define ECMA_ANY "."
#define ECMA_NONE "[^\\x{0}-\\x{10ffff}]"

#define ECMA_IS_SURROGATE(c) ((c) >= 0xD800 && (c) <= 0xDFFF)

/* No string is that long: as good as no limit. */
#define ECMA_ENDLESS (1 << 30)

/* Remembers the first error; always false. */
extern bool ev_ecma_fail(EcmaParser *parser, const char *where, const char *message);

/* Over `prefix`, if it stands at parser->p. */
extern bool ev_ecma_skip(EcmaParser *parser, const char *prefix);

/* Digits as a number, at most ECMA_ENDLESS; -1 if there are none. */
extern int ev_ecma_number(EcmaParser *parser);

/* Groups may be referred to before they are opened, so they are counted first. */
extern bool ev_ecma_count_groups(EcmaParser *parser);

/* The "(", the ")" and the end of the expression; *out is where the group was written. */
extern bool ev_ecma_open_group(EcmaParser *parser);
extern bool ev_ecma_close_group(EcmaParser *parser, int *out, bool *assertion);
extern bool ev_ecma_end_groups(EcmaParser *parser);

/* By number or name, behind the backslash. */
extern bool ev_ecma_back_reference(EcmaParser *parser);

/* The escape at parser->p, which is behind a backslash; no assertion, no back reference. */
extern bool ev_ecma_escape(EcmaParser *parser, bool in_class, EcmaAtom *atom);

/* "\uXXXX" or "\u{X}" behind the u; pairs of surrogates are one character. */
extern bool ev_ecma_unicode_escape(EcmaParser *parser, int *c);

/* The class at parser->p, which is behind its "[". */
extern bool ev_ecma_class(EcmaParser *parser);

extern void ev_ecma_put_character(StringInfo out, int c);
extern void ev_ecma_put_atom(StringInfo out, const EcmaAtom *atom);

/*
 * The property of \p{name} or \p{name=value} as PCRE2 knows it, NULL if ECMA-262
 * has none; *negated if it is the complement of what is returned.
 */
extern const char *ev_ecma_property(const char *text, int length, bool *negated);

#endif /* EV_ECMA_PARSER_H */
