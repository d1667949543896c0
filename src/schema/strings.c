/* SPDX-License-Identifier: PostgreSQL
 *
 * strings.c: SQL functions that show what the validator does with one string.
 *
 * They are private (EXECUTE is revoked): tests call them, and whoever wants to
 * know why a verdict is as it is.
 */
#include "base/compat.h"

#include "schema/uri.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_strings_resolve_uri);
PG_FUNCTION_INFO_V1(ev_strings_decode_uri);

Datum
ev_strings_resolve_uri(PG_FUNCTION_ARGS)
{
	char *base = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *reference = text_to_cstring(PG_GETARG_TEXT_PP(1));

	PG_RETURN_TEXT_P(cstring_to_text(ev_uri_resolve(base, reference)));
}

Datum
ev_strings_decode_uri(PG_FUNCTION_ARGS)
{
	char *decoded = ev_uri_decode(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	if (!decoded)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(decoded));
}
