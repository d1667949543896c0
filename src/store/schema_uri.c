/* SPDX-License-Identifier: PostgreSQL
 *
 * schema_uri.c: names of registered schemas and the versions in them.
 *
 * A schema with versions is registered under a URI whose last segment is a
 * version of Semantic Versioning 2.0.0: /order/created/1.2.0.  What stands
 * before is its name.  Whoever asks may leave the end of the version open (1,
 * 1.2), write `latest`, or leave it out; such a question is answered by the
 * greatest version that fits, and by a pre-release never: that is only got by
 * its own version.  A URI of another form (a file name, a URN, a segment v2)
 * has no version, and names one schema.
 *
 * Numbers of versions have any length, so they are compared as digits.
 */
#include "base/compat.h"

#include "schema/uri.h"
#include "store/schema_uri.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_identifier_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

/* A number without leading zeros; length 0 if there is none. */
static EvVersionPart
take_number(const char *p)
{
	EvVersionPart part = {p, 0};

	while (is_digit(p[part.length]))
		part.length++;
	if (part.length > 1 && p[0] == '0')
		part.length = 0;
	return part;
}

/* Identifiers joined by dots; length 0 if they are malformed.  Numbers have no leading zeros. */
static EvVersionPart
take_identifiers(const char *p, bool numbers_are_numbers)
{
	EvVersionPart part = {p, 0};
	int start = 0;
	int i = 0;

	for (;;)
	{
		bool numeric = true;

		while (is_identifier_char(p[i]))
			numeric &= is_digit(p[i++]);
		if (i == start || (numbers_are_numbers && numeric && i - start > 1 && p[start] == '0'))
			return part;
		if (p[i] != '.')
			break;
		start = ++i;
	}
	part.length = i;
	return part;
}

/* The version that the segment is; EV_VERSION_NONE if it is none. */
static EvVersionKind
parse_version(const char *p, EvSchemaUri *result)
{
	int n = 0;

	if (strcmp(p, "latest") == 0)
		return EV_VERSION_LATEST;
	for (;;)
	{
		result->numbers[n] = take_number(p);
		if (result->numbers[n].length == 0)
			return EV_VERSION_NONE;
		p += result->numbers[n++].length;
		if (n == 3 || *p != '.')
			break;
		p++;
	}
	if (n < 3)
		return *p == '\0' ? EV_VERSION_PREFIX : EV_VERSION_NONE;
	if (*p == '-')
	{
		result->prerelease = take_identifiers(++p, true);
		if (result->prerelease.length == 0)
			return EV_VERSION_NONE;
		p += result->prerelease.length;
	}
	if (*p == '+')
	{
		int length = take_identifiers(++p, false).length;

		if (length == 0)
			return EV_VERSION_NONE;
		p += length;
	}
	return *p == '\0' ? EV_VERSION_EXACT : EV_VERSION_NONE;
}

void
ev_schema_uri_parse(const char *uri, EvSchemaUri *result)
{
	const char *slash = strrchr(uri, '/');

	memset(result, 0, sizeof(EvSchemaUri));
	result->uri = uri;
	result->name_length = strlen(uri);
	if (slash == NULL || slash == uri || slash[-1] == '/')
		return;
	result->kind = parse_version(slash + 1, result);
	if (result->kind == EV_VERSION_NONE)
	{
		memset(result->numbers, 0, sizeof(result->numbers));
		memset(&result->prerelease, 0, sizeof(result->prerelease));
	}
	else
		result->name_length = slash - uri;
}

static int
compare_numbers(EvVersionPart a, EvVersionPart b)
{
	if (a.length != b.length)
		return a.length - b.length;
	return memcmp(a.s, b.s, a.length);
}

/* The next identifier of a pre-release, taken off its front. */
static EvVersionPart
next_identifier(EvVersionPart *rest)
{
	EvVersionPart part = {rest->s, 0};

	while (part.length < rest->length && rest->s[part.length] != '.')
		part.length++;
	rest->s += part.length + 1;
	rest->length -= part.length + 1;
	return part;
}

static bool
is_numeric(EvVersionPart part)
{
	for (int i = 0; i < part.length; i++)
	{
		if (!is_digit(part.s[i]))
			return false;
	}
	return true;
}

static int
compare_identifiers(EvVersionPart a, EvVersionPart b)
{
	bool a_numeric = is_numeric(a);
	int order;

	if (a_numeric != is_numeric(b))
		return a_numeric ? -1 : 1;
	if (a_numeric)
		return compare_numbers(a, b);
	order = memcmp(a.s, b.s, Min(a.length, b.length));
	return order != 0 ? order : a.length - b.length;
}

static int
compare_prereleases(EvVersionPart a, EvVersionPart b)
{
	if (a.length == 0 || b.length == 0)
		return (b.length > 0) - (a.length > 0);
	while (a.length > 0 && b.length > 0)
	{
		int order = compare_identifiers(next_identifier(&a), next_identifier(&b));

		if (order != 0)
			return order;
	}
	return (a.length > 0) - (b.length > 0);
}

int
ev_schema_uri_compare(const EvSchemaUri *a, const EvSchemaUri *b)
{
	for (int i = 0; i < lengthof(a->numbers); i++)
	{
		int order = compare_numbers(a->numbers[i], b->numbers[i]);

		if (order != 0)
			return order;
	}
	return compare_prereleases(a->prerelease, b->prerelease);
}

bool
ev_schema_uri_satisfies(const EvSchemaUri *candidate, const EvSchemaUri *wanted)
{
	if (candidate->prerelease.length > 0)
		return false;
	for (int i = 0; i < lengthof(wanted->numbers) && wanted->numbers[i].length > 0; i++)
	{
		if (compare_numbers(candidate->numbers[i], wanted->numbers[i]) != 0)
			return false;
	}
	return true;
}

bool
ev_schema_uri_same_name(const EvSchemaUri *a, const EvSchemaUri *b)
{
	return a->name_length == b->name_length && memcmp(a->uri, b->uri, a->name_length) == 0;
}

bool
ev_schema_uri_same_major(const EvSchemaUri *a, const EvSchemaUri *b)
{
	return compare_numbers(a->numbers[0], b->numbers[0]) == 0;
}

char *
ev_schema_uri_normalize(const char *uri)
{
	char *normal = ev_uri_resolve("", uri);
	int length = strlen(normal);

	if (length > 0 && normal[length - 1] == '#')
		normal[length - 1] = '\0';
	if (normal[0] == '\0' || normal[0] == '/' || normal[0] == '#' ||
		normal[strcspn(normal, ":/?#")] == ':')
		return normal;
	return psprintf("/%s", strncmp(normal, "./", 2) == 0 ? normal + 2 : normal);
}
