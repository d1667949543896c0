/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_lex.h: the characters of FEEL: blanks, comments, words, strings, numbers.
 *
 * FEEL has no tokens that can be told apart without knowing the names in
 * scope: `a - b` and `date and time` may each be one name or several.  So
 * there is no list of tokens; the parser asks at a place of the text for what
 * it expects there.  These functions look and never move.
 *
 * Text ends with a NUL, which is no character of any token.  Bytes
 * above 127 are decoded where the database is in UTF-8 and are letters elsewhere.
 */
#ifndef EV_FEEL_LEX_H
#define EV_FEEL_LEX_H

#include "base/compat.h"

#include "lib/stringinfo.h"

/* Where blanks and comments that begin here end; NULL if a comment does not end. */
extern const char *ev_feel_lex_skip(const char *s);

/* Where blanks that begin here end. */
extern const char *ev_feel_lex_blank(const char *s);

/* Where the word ends that begins here: letters, digits, _ and ?.  Itself if none does. */
extern const char *ev_feel_lex_word(const char *s);

/* As above, but it may begin with a digit: words behind the first of a name. */
extern const char *ev_feel_lex_word_part(const char *s);

/* A character that may stand between words of a name: . / - ' + * */
extern bool ev_feel_lex_is_symbol(char c);

/* Words with a meaning of their own between two operands, which therefore end a name. */
extern bool ev_feel_lex_ends_name(const char *word, int length);

/* Where the number ends that begins here (no sign); itself if none does. */
extern const char *ev_feel_lex_number(const char *s);

/*
 * The string whose opening quotation mark is here: appends what it says, and
 * returns where it ends.  NULL if it is wrong: *fault says where and *message why.
 */
extern const char *ev_feel_lex_string(const char *s, StringInfo out, const char **fault,
									  const char **message);

/*
 * A name that nobody has to know, up to where it cannot go on: words, symbols and blanks, the
 * blanks made one.  Returns where it ends; itself if no word begins here.
 */
extern const char *ev_feel_lex_free_name(const char *s, bool stops_at_in, StringInfo out);

/* Does the known name stand here?  Where it ends, or NULL. */
extern const char *ev_feel_lex_match_name(const char *s, const char *name, int length);

/* Can this be written as a name, and does it take more than one word? */
extern bool ev_feel_lex_is_special(const char *name, int length);

#endif /* EV_FEEL_LEX_H */
