/* SPDX-License-Identifier: PostgreSQL
 *
 * json_text.c: writing JSON text, fast.
 *
 * Each event is made text once for each time that it is read, and most of that text is
 * strings.  PostgreSQL's escape_json() appends them byte by byte, and wants a NUL at their
 * ends, so a copy first; here what needs no escape is appended in one go.  The
 * result is the same, byte by byte.
 */
#include "base/compat.h"

#include "base/json_text.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* How many bytes from s on stand for themselves. */
static int
plain_length(const char *s, int length)
{
	int n = 0;

	while (n < length && (unsigned char) s[n] >= ' ' && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void
append_escape(StringInfo out, char c)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (int i = 0; named[i] != '\0'; i += 2)
	{
		if (c == named[i])
		{
			appendStringInfoChar(out, '\\');
			appendStringInfoChar(out, named[i + 1]);
			return;
		}
	}
	appendStringInfo(out, "\\u%04x", (unsigned char) c);
}

void
ev_json_append_string(StringInfo out, const char *s, int length)
{
	appendStringInfoCharMacro(out, '"');
	while (length > 0)
	{
		int n = plain_length(s, length);

		appendBinaryStringInfo(out, s, n);
		if (n < length)
			append_escape(out, s[n++]);
		s += n;
		length -= n;
	}
	appendStringInfoCharMacro(out, '"');
}

static void
append_scalar(StringInfo out, const JsonbValue *v)
{
	char *number;

	switch (v->type)
	{
		case jbvNull:
			appendBinaryStringInfo(out, "null", 4);
			break;
		case jbvString:
			ev_json_append_string(out, v->val.string.val, v->val.string.len);
			break;
		case jbvBool:
			appendStringInfoString(out, v->val.boolean ? "true" : "false");
			break;
		case jbvNumeric:
			number = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(v->val.numeric)));
			appendStringInfoString(out, number);
			pfree(number);
			break;
		default:
			elog(ERROR, "a jsonb value has scalars of type %d", v->type);
	}
}

void
ev_json_append_jsonb(StringInfo out, Jsonb *json)
{
	JsonbIterator *it = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue v;
	bool is_scalar = JB_ROOT_IS_SCALAR(json);
	bool is_next = false; /* a comma comes before what follows */

	while ((token = JsonbIteratorNext(&it, &v, false)) != WJB_DONE)
	{
		bool opens = token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT;

		if (is_next && (opens || token == WJB_KEY || token == WJB_ELEM))
			appendBinaryStringInfo(out, ", ", 2);
		is_next = !opens && token != WJB_KEY;
		if (token == WJB_BEGIN_OBJECT)
			appendStringInfoCharMacro(out, '{');
		else if (token == WJB_END_OBJECT)
			appendStringInfoCharMacro(out, '}');
		else if (token == WJB_BEGIN_ARRAY && !is_scalar)
			appendStringInfoCharMacro(out, '[');
		else if (token == WJB_END_ARRAY && !is_scalar)
			appendStringInfoCharMacro(out, ']');
		else if (token == WJB_KEY)
		{
			ev_json_append_string(out, v.val.string.val, v.val.string.len);
			appendBinaryStringInfo(out, ": ", 2);
		}
		else if (token == WJB_VALUE || token == WJB_ELEM)
			append_scalar(out, &v);
	}
}
