/* SPDX-License-Identifier: PostgreSQL
 *
 * attribute.c: the rules of the CloudEvents type system.
 *
 * Texts arrive in the database's encoding and have passed its check, so they
 * are walked as bytes; the ranges beyond ASCII are looked for in UTF-8 only.
 */
#include "base/compat.h"

#include <ctype.h>

#include "mb/pg_wchar.h"
#include "publish/attribute.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* U+0080 – U+009F, U+FDD0 – U+FDEF and the last two of each plane, in UTF-8. */
static bool
is_forbidden_utf8(const unsigned char *s, int n)
{
	if (n >= 2 && s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F)
		return true;
	if (n >= 3 && s[0] == 0xEF && s[1] == 0xB7 && s[2] >= 0x90 && s[2] <= 0xAF)
		return true;
	if (n >= 3 && s[0] == 0xEF && s[1] == 0xBF && s[2] >= 0xBE)
		return true;
	return n >= 4 && s[0] >= 0xF0 && (s[1] & 0x0F) == 0x0F && s[2] == 0xBF && s[3] >= 0xBE;
}

bool
ev_attribute_check_string(EvProblems *problems, const char *name, const char *s, int n)
{
	bool utf8 = GetDatabaseEncoding() == PG_UTF8;

	if (n == 0)
	{
		ev_problem_add(problems, name, "must not be empty");
		return false;
	}
	for (int i = 0; i < n; i++)
	{
		unsigned char c = (unsigned char) s[i];

		if (c >= 0x20 && c < 0x7F)
			continue;
		if (c < 0x20 || c == 0x7F ||
			(utf8 && is_forbidden_utf8((const unsigned char *) s + i, n - i)))
		{
			ev_problem_add(problems, name,
						   "must not contain control characters or noncharacters (byte %d)", i + 1);
			return false;
		}
	}

	/* It goes out as UTF-8: what cannot be converted raises 22021 or 22P05 here. */
	if (!utf8)
		(void) pg_server_to_any(s, n, PG_UTF8);
	return true;
}

bool
ev_attribute_check_uri(EvProblems *problems, const char *name, const char *s, int n)
{
	static const char allowed[] = "-._~:/?#[]@!$&'()*+,;=";

	if (!ev_attribute_check_string(problems, name, s, n))
		return false;
	for (int i = 0; i < n; i++)
	{
		bool ok;

		if (s[i] == '%')
			ok = i + 2 < n && isxdigit((unsigned char) s[i + 1]) &&
				 isxdigit((unsigned char) s[i + 2]);
		else
			ok = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
				 (s[i] >= '0' && s[i] <= '9') || strchr(allowed, s[i]) != NULL;
		if (!ok)
		{
			ev_problem_add(problems, name, "must be a URI-reference (byte %d is not allowed)",
						   i + 1);
			return false;
		}
	}
	return true;
}

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		   (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool
ev_attribute_check_media_type(EvProblems *problems, const char *name, const char *s, int n)
{
	int i = 0;
	int start;
	bool ok;

	if (!ev_attribute_check_string(problems, name, s, n))
		return false;
	while (i < n && is_token_char(s[i]))
		i++;
	ok = i > 0 && i < n && s[i] == '/';
	start = ++i;
	while (i < n && is_token_char(s[i]))
		i++;
	ok = ok && i > start;
	while (i < n && s[i] == ' ')
		i++;
	if (!ok || (i < n && s[i] != ';'))
	{
		ev_problem_add(problems, name, "must be a media type such as application/json");
		return false;
	}
	return true;
}

bool
ev_attribute_check_base64(EvProblems *problems, const char *name, const char *s, int n)
{
	int padding = 0;

	for (int i = 0; i < n; i++)
	{
		bool ok = padding == 0 && ((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
								   (s[i] >= '0' && s[i] <= '9') || s[i] == '+' || s[i] == '/');

		if (s[i] == '=' && padding < 2 && i >= n - 2)
		{
			padding++;
			ok = true;
		}
		if (!ok)
		{
			ev_problem_add(problems, name, "must be base64 (byte %d is not allowed)", i + 1);
			return false;
		}
	}
	if (n % 4 != 0)
	{
		ev_problem_add(problems, name, "must be base64 with padding (its length is %d)", n);
		return false;
	}
	return true;
}

bool
ev_attribute_check_name(EvProblems *problems, const char *name)
{
	bool ok = name[0] != '\0';

	for (const char *p = name; *p && ok; p++)
		ok = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9');
	if (!ok)
		ev_problem_add(problems, name,
					   "names of extension attributes consist of lower-case letters and digits");
	return ok;
}

static bool
is_integer_of_32_bits(Numeric number)
{
	Datum n = NumericGetDatum(number);
	Datum low = NumericGetDatum(int64_to_numeric(PG_INT32_MIN));
	Datum high = NumericGetDatum(int64_to_numeric(PG_INT32_MAX));

	return DatumGetBool(DirectFunctionCall2(numeric_ge, n, low)) &&
		   DatumGetBool(DirectFunctionCall2(numeric_le, n, high)) &&
		   DatumGetBool(DirectFunctionCall2(
			   numeric_eq, n, DirectFunctionCall2(numeric_trunc, n, Int32GetDatum(0))));
}

bool
ev_attribute_check_value(EvProblems *problems, const char *name, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
		{
			/* An extension attribute may be the empty string. */
			return value->val.string.len == 0 ||
				   ev_attribute_check_string(problems, name, value->val.string.val,
											 value->val.string.len);
		}
		case jbvBool:
			return true;
		case jbvNumeric:
			if (is_integer_of_32_bits(value->val.numeric))
				return true;
			ev_problem_add(problems, name, "numbers must be integers of 32 bits");
			return false;
		default:
			ev_problem_add(problems, name, "must be a string, a boolean or an integer");
			return false;
	}
}
