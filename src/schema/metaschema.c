/* SPDX-License-Identifier: PostgreSQL
 *
 * metaschema.c: finding a meta-schema that the library carries.
 *
 * Their texts are kept as text, and parsed when one is asked for: a compiled
 * schema that refers to them has its own copy, and few do.
 */
#include "base/compat.h"

#include "schema/compile.h"
#include "schema/metaschema.h"
#include "utils/fmgrprotos.h"

/* Old drafts are named with http, and sought with https as well; '#' at the end is nothing. */
static const char *
bare_uri(const char *uri, int *length)
{
	const char *start = strncmp(uri, "https:", 6) == 0	? uri + 6
						: strncmp(uri, "http:", 5) == 0 ? uri + 5
														: uri;

	*length = strlen(start);
	if (*length > 0 && start[*length - 1] == '#')
		(*length)--;
	return start;
}

Jsonb *
ev_metaschema_get(const char *uri)
{
	int length;
	const char *wanted = bare_uri(uri, &length);

	for (const EvMetaschema *schema = ev_metaschemas; schema->uri != NULL; schema++)
	{
		int own_length;
		const char *own = bare_uri(schema->uri, &own_length);

		if (own_length == length && memcmp(own, wanted, length) == 0)
			return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(schema->text)));
	}
	return NULL;
}
