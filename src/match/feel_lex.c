/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_lex.c: the characters of FEEL; feel_lex.h says how it is used.
 *
 * Sets of characters are those of DMN 1.5, 10.3.1.2 (rules 22 to 31, 61, 62).
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "match/feel_lex.h"
#include "match/feel_string.h"

/* One character at s, and where it ends; bytes that are no UTF-8 are letters. */
static int
next_character(const char *s, const char **end)
{
	int c;

	*end = s;
	if (*s == '\0')
		return 0;
	if (!IS_HIGHBIT_SET(*s) || GetDatabaseEncoding() != PG_UTF8)
	{
		*end = s + pg_mblen(s);
		return IS_HIGHBIT_SET(*s) ? 0xC0 : *s;
	}
	c = ev_utf8_next(end, s + strnlen(s, 4));
	if (c >= 0)
		return c;
	*end = s + 1;
	return 0xC0;
}

static bool
is_blank(int c)
{
	return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
		   c == 0x180E || (c >= 0x2000 && c <= 0x200B) || c == 0x2028 || c == 0x2029 ||
		   c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

static bool
is_name_start(int c)
{
	if (c < 0x80)
		return c == '?' || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return (c >= 0xC0 && c <= 0x2FF && c != 0xD7 && c != 0xF7) ||
		   (c >= 0x370 && c <= 0x1FFF && c != 0x37E && !is_blank(c)) || c == 0x200C ||
		   c == 0x200D || (c >= 0x2070 && c <= 0x218F) || (c >= 0x2C00 && c <= 0x2FEF) ||
		   (c >= 0x3001 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
		   (c >= 0xFDF0 && c <= 0xFFFD && c != 0xFEFF) || (c >= 0x10000 && c <= 0xEFFFF);
}

static bool
is_name_part(int c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == 0xB7 || (c >= 0x300 && c <= 0x36F) ||
		   c == 0x203F || c == 0x2040;
}

const char *
ev_feel_lex_blank(const char *s)
{
	const char *end;

	while (is_blank(next_character(s, &end)))
		s = end;
	return s;
}

const char *
ev_feel_lex_skip(const char *s)
{
	for (;;)
	{
		s = ev_feel_lex_blank(s);
		if (s[0] != '/' || (s[1] != '/' && s[1] != '*'))
			return s;
		if (s[1] == '/')
			s += strcspn(s, "\n\r");
		else
		{
			s = strstr(s + 2, "*/");
			if (s == NULL)
				return NULL;
			s += 2;
		}
	}
}

const char *
ev_feel_lex_word_part(const char *s)
{
	const char *end;

	while (is_name_part(next_character(s, &end)))
		s = end;
	return s;
}

const char *
ev_feel_lex_word(const char *s)
{
	const char *end;

	return is_name_start(next_character(s, &end)) ? ev_feel_lex_word_part(end) : s;
}

bool
ev_feel_lex_is_symbol(char c)
{
	return c == '.' || c == '/' || c == '-' || c == '\'' || c == '+' || c == '*';
}

bool
ev_feel_lex_ends_name(const char *word, int length)
{
	static const char *const words[] = {"in",	  "or",		 "and",		 "then",	  "else",
										"return", "between", "instance", "satisfies", "external"};

	for (int i = 0; i < lengthof(words); i++)
	{
		if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
			return true;
	}
	return false;
}

const char *
ev_feel_lex_number(const char *s)
{
	const char *p = s;

	while (ev_ascii_is_digit(*p))
		p++;
	if (*p == '.' && ev_ascii_is_digit(p[1]))
	{
		p++;
		while (ev_ascii_is_digit(*p))
			p++;
	}
	if (p > s && (*p == 'e' || *p == 'E'))
	{
		const char *e = p + 1;

		if (*e == '+' || *e == '-')
			e++;
		if (ev_ascii_is_digit(*e))
		{
			while (ev_ascii_is_digit(*e))
				e++;
			p = e;
		}
	}
	return p;
}

/* So many hexadecimal digits; -1 if there are fewer. */
static int
read_hex(const char *s, int digits)
{
	int c = 0;

	for (int i = 0; i < digits; i++)
	{
		int digit = ev_ascii_hex_value(s[i]);

		if (digit < 0)
			return -1;
		c = c << 4 | digit;
	}
	return c;
}

/* \uXXXX, two of them for one character, or \UXXXXXX; *s is behind the letter. */
static int
read_code_point(const char **s, bool is_long)
{
	int c = read_hex(*s, is_long ? 6 : 4);

	if (c < 0)
		return -1;
	*s += is_long ? 6 : 4;
	if (c >= 0xD800 && c <= 0xDBFF && (*s)[0] == '\\' && (*s)[1] == 'u')
	{
		int low = read_hex(*s + 2, 4);

		if (low < 0xDC00 || low > 0xDFFF)
			return -1;
		*s += 6;
		return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
	}
	return c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? -1 : c;
}

/* The escape whose letter is at *s; what FEEL does not know stays as it is. */
static bool
read_escape(const char **s, StringInfo out, const char **message)
{
	static const char letters[] = "nrt\"'\\", meanings[] = "\n\r\t\"'\\";
	const char *letter = **s == '\0' ? NULL : strchr(letters, **s);
	int c;

	if (letter != NULL)
	{
		appendStringInfoChar(out, meanings[letter - letters]);
		(*s)++;
		return true;
	}
	if (**s != 'u' && **s != 'U')
	{
		/* regular expressions are written so: "\d+" */
		appendStringInfoChar(out, '\\');
		return true;
	}
	(*s)++;
	c = read_code_point(s, (*s)[-1] == 'U');
	if (c < 0)
	{
		*message = "the escape is no character";
		return false;
	}
	if (!ev_feel_append_code_point(out, c))
	{
		*message = "the escape is a character that the database's encoding does not have";
		return false;
	}
	return true;
}

const char *
ev_feel_lex_string(const char *s, StringInfo out, const char **fault, const char **message)
{
	const char *start = s++;

	for (;;)
	{
		const char *stop = s + strcspn(s, "\"\\");

		appendBinaryStringInfo(out, s, stop - s);
		s = stop;
		if (*s == '"')
			return s + 1;
		if (*s == '\0')
		{
			*fault = start;
			*message = "the string does not end";
			return NULL;
		}
		*fault = s++;
		if (!read_escape(&s, out, message))
			return NULL;
	}
}

const char *
ev_feel_lex_free_name(const char *s, bool stops_at_in, StringInfo out)
{
	const char *end = ev_feel_lex_word(s);

	while (end > s || ev_feel_lex_is_symbol(*s))
	{
		const char *next;

		if (end == s)
			end++;
		appendBinaryStringInfo(out, s, end - s);
		next = ev_feel_lex_blank(end);
		if (next[0] == '/' && (next[1] == '/' || next[1] == '*'))
			return end;
		s = next;
		next = ev_feel_lex_word_part(s);
		if (stops_at_in && next - s == 2 && memcmp(s, "in", 2) == 0)
			return end;
		if (s > end && (next > s || ev_feel_lex_is_symbol(*s)))
			appendStringInfoChar(out, ' ');
		if (next == s && !ev_feel_lex_is_symbol(*s))
			return end;
		end = next;
	}
	return s;
}

const char *
ev_feel_lex_match_name(const char *s, const char *name, int length)
{
	const char *name_end = name + length;
	const char *end;

	while (name < name_end)
	{
		if (*name == ' ')
		{
			const char *next = ev_feel_lex_blank(s);

			if (next == s)
				return NULL;
			s = next;
			name++;
		}
		else if (*s++ != *name++)
			return NULL;
	}
	/* a name does not end in the middle of a word */
	if (!ev_feel_lex_is_symbol(name_end[-1]) && is_name_part(next_character(s, &end)))
		return NULL;
	return s;
}

bool
ev_feel_lex_is_special(const char *name, int length)
{
	const char *end = name + length;
	bool plain = true;

	for (const char *s = name; s < end; s++)
	{
		if (IS_HIGHBIT_SET(*s) || ev_ascii_is_alphanumeric(*s) || *s == '_' || *s == '?')
			continue;
		if (s == name || (*s != ' ' && !ev_feel_lex_is_symbol(*s)))
			return false;
		if (*s == ' ' && (s + 1 == end || s[1] == ' '))
			return false;
		plain = false;
	}
	return !plain && !ev_ascii_is_digit(*name);
}
