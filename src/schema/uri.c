/* SPDX-License-Identifier: PostgreSQL
 *
 * uri.c: references between schemas, as RFC 3986 resolves them.
 *
 * A URI is cut into its five components (section 5.3's, each of which may be
 * undefined, which is not the same as empty), and put together again.  Nothing
 * here checks characters, so that an IRI or a slightly wrong URI still
 * resolves; uri_syntax.c checks.
 *
 * A base need not be absolute: schemas registered as "/order/created/1.2.0"
 * refer to each other by "../paid/1.0.0", and a schema without any name has the
 * base "".  The algorithm of 5.2.2 does not mind.  Two additions keep such
 * results from being read as something else: "./" goes before a relative path
 * whose first segment has a colon, and "/." before a path that begins with "//"
 * where there is no authority.
 *
 * Only dot segments are normalised.  Case and percent-encoding stay as written:
 * two URIs that differ in them name two schemas.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "schema/uri.h"

/* A component; s is NULL if it is undefined. */
typedef struct Part
{
	const char *s;
	int length;
} Part;

typedef struct Parts
{
	Part scheme, authority, path, query, fragment;
} Parts;

/* Takes what stands before one of the characters of `stop`, or all. */
static Part
take_until(const char **p, const char *stop)
{
	Part part = {*p, strcspn(*p, stop)};

	*p += part.length;
	return part;
}

static bool
is_scheme(const char *s, int length)
{
	if (length == 0)
		return false;
	for (int i = 0; i < length; i++)
	{
		if (!ev_ascii_is_letter(s[i]) && (i == 0 || !strchr("0123456789+-.", s[i])))
			return false;
	}
	return true;
}

static void
split(const char *uri, Parts *parts)
{
	Part first;
	const char *p = uri;

	memset(parts, 0, sizeof(*parts));
	first = take_until(&p, ":/?#");
	if (*p == ':' && is_scheme(first.s, first.length))
	{
		parts->scheme = first;
		p++;
	}
	else
		p = uri;
	if (p[0] == '/' && p[1] == '/')
	{
		p += 2;
		parts->authority = take_until(&p, "/?#");
	}
	parts->path = take_until(&p, "?#");
	if (*p == '?')
	{
		p++;
		parts->query = take_until(&p, "#");
	}
	if (*p == '#')
		parts->fragment = (Part) {p + 1, strlen(p + 1)};
}

/* 5.2.3: the base's path up to its last slash, then the reference's. */
static Part
merge_paths(const Parts *base, Part path)
{
	StringInfoData merged;
	int keep = base->path.length;

	initStringInfo(&merged);
	if (base->authority.s && base->path.length == 0)
		appendStringInfoChar(&merged, '/');
	while (keep > 0 && base->path.s[keep - 1] != '/')
		keep--;
	appendBinaryStringInfo(&merged, base->path.s, keep);
	appendBinaryStringInfo(&merged, path.s, path.length);
	return (Part) {merged.data, merged.len};
}

/* Does `p` begin with `prefix` and end there, or go on with a slash? */
static bool
is_segment(const char *p, const char *end, const char *prefix)
{
	int length = strlen(prefix);

	return end - p >= length && memcmp(p, prefix, length) == 0 &&
		   (p + length == end || p[length] == '/');
}

/*
 * 5.2.4, into memory of its own.  The algorithm makes "/c" of "a/../c", which
 * is right below a scheme; without one (`relative`) it stays "c".
 */
static Part
remove_dot_segments(Part path, bool relative)
{
	char *out = palloc(path.length + 2);
	int n = 0;
	const char *p = path.s;
	const char *end = p + path.length;

	relative = relative && (p == end || *p != '/');
	while (p < end)
	{
		if (n == 0 && (is_segment(p, end, ".") || is_segment(p, end, "..")))
		{
			while (p < end && *p == '.')
				p++;
			p += p < end;
			continue;
		}
		if (is_segment(p, end, "/."))
			p += 2;
		else if (is_segment(p, end, "/.."))
		{
			p += 3;
			while (n > 0 && out[--n] != '/')
				;
			if (n == 0 && relative)
			{
				p += p < end;
				continue;
			}
		}
		else
		{
			do
				out[n++] = *p++;
			while (p < end && *p != '/');
			continue;
		}
		if (p == end)
			out[n++] = '/';
	}
	return (Part) {out, n};
}

/* 5.3 */
static char *
compose(const Parts *parts)
{
	StringInfoData out;
	Part path = parts->path;

	initStringInfo(&out);
	if (parts->scheme.s)
	{
		appendBinaryStringInfo(&out, parts->scheme.s, parts->scheme.length);
		appendStringInfoChar(&out, ':');
	}
	if (parts->authority.s)
	{
		appendStringInfoString(&out, "//");
		appendBinaryStringInfo(&out, parts->authority.s, parts->authority.length);
	}
	else if (path.length >= 2 && path.s[0] == '/' && path.s[1] == '/')
		appendStringInfoString(&out, "/.");
	else if (!parts->scheme.s)
	{
		const char *colon = memchr(path.s, ':', path.length);

		if (colon && !memchr(path.s, '/', colon - path.s))
			appendStringInfoString(&out, "./");
	}
	appendBinaryStringInfo(&out, path.s, path.length);
	if (parts->query.s)
	{
		appendStringInfoChar(&out, '?');
		appendBinaryStringInfo(&out, parts->query.s, parts->query.length);
	}
	if (parts->fragment.s)
	{
		appendStringInfoChar(&out, '#');
		appendBinaryStringInfo(&out, parts->fragment.s, parts->fragment.length);
	}
	return out.data;
}

char *
ev_uri_resolve(const char *base, const char *reference)
{
	Parts b, r;

	split(base, &b);
	split(reference, &r);
	if (r.scheme.s || r.authority.s)
	{
		if (!r.scheme.s)
			r.scheme = b.scheme;
		r.path = remove_dot_segments(r.path, !r.scheme.s);
		return compose(&r);
	}
	r.scheme = b.scheme;
	r.authority = b.authority;
	if (r.path.length == 0)
	{
		r.path = b.path;
		if (!r.query.s)
			r.query = b.query;
	}
	else if (r.path.s[0] == '/')
		r.path = remove_dot_segments(r.path, !r.scheme.s);
	else
		r.path = remove_dot_segments(merge_paths(&b, r.path), !r.scheme.s);
	return compose(&r);
}

char *
ev_uri_split_fragment(const char *uri, const char **fragment)
{
	const char *hash = strchr(uri, '#');

	*fragment = hash ? hash + 1 : NULL;
	return hash ? pnstrdup(uri, hash - uri) : pstrdup(uri);
}

/* Percent-encoded bytes are UTF-8 (RFC 3986, 2.5), whatever the database's encoding is. */
char *
ev_uri_decode(const char *s)
{
	char *out = palloc(strlen(s) + 1);
	char *converted;
	int n = 0;
	bool high = false;

	for (; *s; s++)
	{
		if (*s == '%')
		{
			int byte = ev_ascii_hex_value(s[1]) < 0 || ev_ascii_hex_value(s[2]) < 0
						   ? 0
						   : ev_ascii_hex_value(s[1]) << 4 | ev_ascii_hex_value(s[2]);

			if (byte == 0)
				return NULL;
			high = high || byte >= 0x80;
			out[n++] = (char) byte;
			s += 2;
		}
		else
			out[n++] = *s;
	}
	out[n] = '\0';
	if (!high)
		return out;
	if (!pg_verify_mbstr(PG_UTF8, out, n, true))
		return NULL;
	converted = pg_any_to_server(out, n, PG_UTF8);
	return converted;
}
