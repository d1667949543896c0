/* SPDX-License-Identifier: PostgreSQL
 *
 * typescript_names.c: names for the types that references lead to.
 *
 * A name comes from the key under $defs (or wherever the target stands), from
 * the last telling part of its $id, or from its title, and is written as
 * TypeScript's own types are: Order, BillingAddress.  It begins with a capital
 * letter, so it is none of the language's words.  Two that would be the same are
 * told apart by a number.
 */
#include "postgres.h"

#include "schema/typescript.h"

#include "utils/memutils.h"

#define MAX_NAME 100

typedef struct UsedName
{
	char name[NAMEDATALEN * 2];
	int next; /* the number for the next one of that name */
} UsedName;

EvTypescriptNames *
ev_typescript_names_make(const EvSchema *schema)
{
	EvTypescriptNames *names = palloc0(sizeof(EvTypescriptNames));
	HASHCTL control = {.keysize = sizeof(((UsedName *) NULL)->name),
					   .entrysize = sizeof(UsedName),
					   .hcxt = CurrentMemoryContext};

	names->used = hash_create("events typescript names", 64, &control,
							  HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	names->names = palloc0(sizeof(char *) * Max(schema->nnodes, 1));
	return names;
}

/* "billing-address" is BillingAddress, "2nd" is Type2nd. */
static void
make_identifier(StringInfo out, const char *text)
{
	bool capital = true;

	for (const char *p = text; *p != '\0' && out->len < MAX_NAME; p++)
	{
		unsigned char c = *p;

		if (c >= 0x80 || !isalnum(c))
			capital = true;
		else
		{
			if (out->len == 0 && isdigit(c))
				appendStringInfoString(out, "Type");
			appendStringInfoChar(out, capital ? pg_ascii_toupper(c) : c);
			capital = false;
		}
	}
	if (out->len == 0)
		appendStringInfoString(out, "Type");
}

char *
ev_typescript_names_take(EvTypescriptNames *names, const char *text)
{
	StringInfoData name;
	UsedName *used;
	bool found;
	int base;

	initStringInfo(&name);
	make_identifier(&name, text);
	base = name.len;
	used = hash_search(names->used, name.data, HASH_ENTER, &found);
	if (!found)
		used->next = 2;
	while (found)
	{
		name.len = base;
		appendStringInfo(&name, "%d", used->next++);
		/* entries do not move, so `used` stays good */
		((UsedName *) hash_search(names->used, name.data, HASH_ENTER, &found))->next = 2;
	}
	return name.data;
}

/* The last part of a path that is no version; NULL if there is none. */
char *
ev_typescript_name_of_uri(const char *uri)
{
	char *copy = pstrdup(uri);
	char *rest = copy, *best = NULL;

	copy[strcspn(copy, "?#")] = '\0';
	if (strstr(copy, "://") != NULL)
	{
		rest = strstr(copy, "://") + 3;
		rest += strcspn(rest, "/");
	}
	for (char *part = strsep(&rest, "/:"); part != NULL; part = strsep(&rest, "/:"))
	{
		bool version = isdigit((unsigned char) part[0]) ||
					   (part[0] == 'v' && isdigit((unsigned char) part[1]));
		char *suffix = strrchr(part, '.');

		if (part[0] == '\0' || version || strcmp(part, "latest") == 0)
			continue;
		if (suffix != NULL && suffix != part)
			*suffix = '\0';
		best = part;
	}
	return best;
}

static char *
title_of(const EvNode *node)
{
	EvView title;

	if (node->source.type == EV_JSON_OBJECT && ev_view_get(&node->source, "title", &title) &&
		title.type == EV_JSON_STRING && title.length > 0)
		return pnstrdup(title.data, title.length);
	return NULL;
}

/* The last token of its pointer; where that is a number (anyOf/0), with the one before. */
static char *
key_of(const EvNode *node)
{
	char *pointer = ev_node_pointer(node);
	char *slash = strrchr(pointer, '/');

	if (slash == NULL)
		return NULL;
	if (strspn(slash + 1, "0123456789") == strlen(slash + 1))
	{
		while (slash > pointer && slash[-1] != '/')
			slash--;
		return slash;
	}
	for (char *p = slash; (p = strchr(p, '~')) != NULL; p++)
		p[0] = p[1] = '_'; /* what ~0 and ~1 stand for is no letter either */
	return slash + 1;
}

const char *
ev_typescript_names_of(EvTypescriptNames *names, const EvNode *node, bool *is_new)
{
	char *text;

	*is_new = names->names[node->index] == NULL;
	if (!*is_new)
		return names->names[node->index];
	text = key_of(node);
	if (text == NULL)
		text = ev_typescript_name_of_uri(node->resource->uri);
	if (text == NULL)
		text = title_of(node);
	names->names[node->index] = ev_typescript_names_take(names, text != NULL ? text : "Type");
	return names->names[node->index];
}
