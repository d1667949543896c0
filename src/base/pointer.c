/* SPDX-License-Identifier: PostgreSQL
 *
 * pointer.c: JSON Pointers (RFC 6901), written and followed.
 *
 * Elements of arrays are followed by number without leading zeros; "-", which
 * names the element after the last one, leads to nothing.
 */
#include "base/compat.h"

#include "base/pointer.h"

void
ev_pointer_append(StringInfo pointer, const char *name, int length)
{
	appendStringInfoChar(pointer, '/');
	for (const char *p = name; p < name + length; p++)
	{
		if (*p == '~')
			appendStringInfoString(pointer, "~0");
		else if (*p == '/')
			appendStringInfoString(pointer, "~1");
		else
			appendStringInfoChar(pointer, *p);
	}
}

void
ev_pointer_append_index(StringInfo pointer, int index)
{
	appendStringInfo(pointer, "/%d", index);
}

/* One token, unescaped; NULL if it is malformed. */
static char *
unescape_token(const char *token, int length, int *unescaped_length)
{
	char *name = palloc(length + 1);
	int n = 0;

	for (int i = 0; i < length; i++)
	{
		if (token[i] != '~')
			name[n++] = token[i];
		else if (i + 1 < length && (token[i + 1] == '0' || token[i + 1] == '1'))
			name[n++] = token[++i] == '0' ? '~' : '/';
		else
			return NULL;
	}
	name[n] = '\0';
	*unescaped_length = n;
	return name;
}

static bool
follow_index(const EvView *array, const char *name, int length, EvView *element)
{
	EvCursor cursor;
	int index = 0;

	if (length == 0 || length > 9 || (length > 1 && name[0] == '0'))
		return false;
	for (int i = 0; i < length; i++)
	{
		if (name[i] < '0' || name[i] > '9')
			return false;
		index = index * 10 + (name[i] - '0');
	}
	if (index >= ev_view_count(array))
		return false;
	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, element) && index > 0)
		index--;
	return true;
}

bool
ev_pointer_follow(const EvView *root, const char *pointer, EvView *value)
{
	EvView at = *root;

	while (*pointer != '\0')
	{
		EvView next;
		char *name;
		int length;
		bool found;

		if (*pointer++ != '/')
			return false;
		length = strcspn(pointer, "/");
		name = unescape_token(pointer, length, &length);
		pointer += strcspn(pointer, "/");
		if (name == NULL)
			return false;
		if (at.type == EV_JSON_OBJECT)
			found = ev_view_member(&at, name, length, &next);
		else
			found = at.type == EV_JSON_ARRAY && follow_index(&at, name, length, &next);
		pfree(name);
		if (!found)
			return false;
		at = next;
	}
	*value = at;
	return true;
}
