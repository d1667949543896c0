/* SPDX-License-Identifier: PostgreSQL
 *
 * topic.c: topics, and does an event belong to a subscription?
 *
 * Texts are compared byte by byte: topics and types are names, not prose, and
 * must mean the same under every collation.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "match/topic.h"
#include "utils/builtins.h"

static bool
text_is(const text *t, const char *s, int length)
{
	return VARSIZE_ANY_EXHDR(t) == length && memcmp(VARDATA_ANY(t), s, length) == 0;
}

static bool
same_text(const text *a, const text *b)
{
	return text_is(a, VARDATA_ANY(b), VARSIZE_ANY_EXHDR(b));
}

/* One row of the array of paths: elements up to the first NULL. */
static void
make_path(EvTopicPath *path, Datum *elements, bool *nulls, int n)
{
	path->count = 0;
	path->elements = palloc(sizeof(text *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			continue;
		if (path->count != i)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("topic path has a NULL before its end"),
							errhint("Shorter paths are padded with NULLs at their end.")));
		path->elements[path->count++] = DatumGetTextPP(elements[i]);
	}
}

static void
make_paths(EvTopicFilter *filter, ArrayType *topics)
{
	Datum *elements;
	bool *nulls;
	int n, width;

	if (ARR_NDIM(topics) > 2)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("topics must be an array of paths"),
						errdetail("The array has %d dimensions.", ARR_NDIM(topics)),
						errhint("One path: ARRAY['order','created']. Several: "
								"ARRAY[['order',NULL],['service','production']].")));
	deconstruct_array(topics, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	filter->npaths = ARR_NDIM(topics) == 2 ? ARR_DIMS(topics)[0] : (n > 0 ? 1 : 0);
	width = filter->npaths > 0 ? n / filter->npaths : 0;
	filter->paths = palloc(sizeof(EvTopicPath) * Max(filter->npaths, 1));
	for (int i = 0; i < filter->npaths; i++)
		make_path(&filter->paths[i], elements + i * width, nulls + i * width, width);
}

static void
make_types(EvTopicFilter *filter, ArrayType *types)
{
	Datum *elements;
	bool *nulls;

	deconstruct_array(types, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &filter->ntypes);
	filter->types = palloc(sizeof(text *) * Max(filter->ntypes, 1));
	for (int i = 0; i < filter->ntypes; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("types must not contain NULL")));
		filter->types[i] = DatumGetTextPP(elements[i]);
	}
}

EvTopicFilter *
ev_topic_filter_make(ArrayType *topics, ArrayType *types)
{
	EvTopicFilter *filter = palloc0(sizeof(EvTopicFilter));

	filter->npaths = -1;
	filter->ntypes = -1;
	if (topics != NULL)
		make_paths(filter, topics);
	if (types != NULL)
		make_types(filter, types);
	return filter;
}

static bool
path_matches(const EvTopicPath *path, Datum *topic, int n)
{
	if (path->count > n)
		return false;
	for (int i = 0; i < path->count; i++)
	{
		if (!text_is(path->elements[i], "*", 1) &&
			!same_text(path->elements[i], DatumGetTextPP(topic[i])))
			return false;
	}
	return true;
}

static bool
type_matches(const text *pattern, const text *type)
{
	int length = VARSIZE_ANY_EXHDR(pattern);

	if (length > 0 && VARDATA_ANY(pattern)[length - 1] == '*')
		return VARSIZE_ANY_EXHDR(type) >= length - 1 &&
			   memcmp(VARDATA_ANY(pattern), VARDATA_ANY(type), length - 1) == 0;
	return same_text(pattern, type);
}

bool
ev_topic_filter_matches(const EvTopicFilter *filter, const text *type, ArrayType *topic)
{
	bool matches = filter->ntypes < 0;
	Datum *elements;
	int n;

	for (int i = 0; i < filter->ntypes && !matches; i++)
		matches = type_matches(filter->types[i], type);
	if (!matches || filter->npaths < 0)
		return matches;

	matches = false;
	deconstruct_array(topic, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < filter->npaths && !matches; i++)
		matches = path_matches(&filter->paths[i], elements, n);
	pfree(elements);
	return matches;
}

void
ev_topic_check(ArrayType *topic)
{
	Datum *elements;
	bool *nulls;
	int n;

	if (ARR_NDIM(topic) != 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("topic must be a path of at least one element"),
						errdetail("The array has %d dimensions.", ARR_NDIM(topic)),
						errhint("For example ARRAY['order','created'].")));
	deconstruct_array(topic, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i] || VARSIZE_ANY_EXHDR(DatumGetPointer(elements[i])) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("topic has an empty element"),
					 errdetail("Element %d is %s.", i + 1, nulls[i] ? "NULL" : "an empty string")));
	}
}

ArrayType *
ev_topic_from_type(const char *type, int length)
{
	Datum *elements = palloc(sizeof(Datum) * (length + 1));
	int n = 0;
	const char *end = type + length;

	for (const char *p = type; p <= end;)
	{
		const char *dot = memchr(p, '.', end - p);
		int piece = (dot ? dot : end) - p;

		if (piece > 0)
			elements[n++] = PointerGetDatum(cstring_to_text_with_len(p, piece));
		p += piece + 1;
	}
	if (n == 0) /* nothing but dots */
		elements[n++] = PointerGetDatum(cstring_to_text_with_len(type, length));
	return construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
}

char *
ev_topic_to_path(ArrayType *topic, int *length)
{
	StringInfoData path;
	Datum *elements;
	int n;

	initStringInfo(&path);
	deconstruct_array(topic, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		text *element = DatumGetTextPP(elements[i]);
		const char *s = VARDATA_ANY(element);

		if (i > 0)
			appendStringInfoChar(&path, '/');
		for (int j = 0; j < VARSIZE_ANY_EXHDR(element); j++)
		{
			if (s[j] == '/')
				appendStringInfoString(&path, "%2F");
			else if (s[j] == '%')
				appendStringInfoString(&path, "%25");
			else
				appendStringInfoChar(&path, s[j]);
		}
	}
	pfree(elements);
	*length = path.len;
	return path.data;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One element between slashes; NULL if it is empty or not percent-encoding. */
static text *
decode_element(const char *s, int length)
{
	char *out = palloc(length + 1);
	int n = 0;

	for (int i = 0; i < length; i++)
	{
		if (s[i] != '%')
			out[n++] = s[i];
		else
		{
			int high = i + 2 < length ? hex_value(s[i + 1]) : -1;
			int low = i + 2 < length ? hex_value(s[i + 2]) : -1;

			/* Only what the hub itself encodes, so that no byte is invented. */
			if (high < 0 || low < 0 || (high * 16 + low != '/' && high * 16 + low != '%'))
				return NULL;
			out[n++] = (char) (high * 16 + low);
			i += 2;
		}
	}
	return n > 0 ? cstring_to_text_with_len(out, n) : NULL;
}

ArrayType *
ev_topic_from_path(const char *path, int length)
{
	Datum *elements = palloc(sizeof(Datum) * (length + 1));
	int n = 0;
	const char *end = path + length;

	for (const char *p = path; p <= end;)
	{
		const char *slash = memchr(p, '/', end - p);
		int piece = (slash ? slash : end) - p;
		text *element = decode_element(p, piece);

		if (element == NULL)
			return NULL;
		elements[n++] = PointerGetDatum(element);
		p += piece + 1;
	}
	return construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
}
