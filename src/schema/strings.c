/* SPDX-License-Identifier: PostgreSQL
 *
 * strings.c: SQL functions that show what the validator does with one string.
 *
 * They are private (EXECUTE is revoked): tests call them, and whoever wants to
 * know why a verdict is as it is.
 */
#include "base/compat.h"

#include "schema/format.h"
#include "schema/pattern.h"
#include "schema/uri.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_strings_resolve_uri);
PG_FUNCTION_INFO_V1(ev_strings_decode_uri);
PG_FUNCTION_INFO_V1(ev_strings_pattern_matches);
PG_FUNCTION_INFO_V1(ev_strings_format_matches);

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

/* The pattern in memory of the call site, kept from the call before if it is the same. */
static EvPattern *
get_pattern(FmgrInfo *flinfo, text *source)
{
	MemoryContext old = MemoryContextSwitchTo(flinfo->fn_mcxt);
	EvPattern *pattern = flinfo->fn_extra;
	const char *s = VARDATA_ANY(source);
	int length = VARSIZE_ANY_EXHDR(source);
	const char *message;
	int offset;

	if (!pattern || strlen(ev_pattern_source(pattern)) != length ||
		memcmp(ev_pattern_source(pattern), s, length) != 0)
		pattern = ev_pattern_compile(s, length, &message, &offset);
	MemoryContextSwitchTo(old);
	if (!pattern)
		ereport(ERROR, (errcode(ERRCODE_INVALID_REGULAR_EXPRESSION), errmsg("invalid pattern"),
						errdetail("At byte %d: %s.", offset, message)));
	flinfo->fn_extra = pattern;
	return pattern;
}

Datum
ev_strings_pattern_matches(PG_FUNCTION_ARGS)
{
	EvPattern *pattern = get_pattern(fcinfo->flinfo, PG_GETARG_TEXT_PP(0));
	text *value = PG_GETARG_TEXT_PP(1);

	PG_RETURN_BOOL(ev_pattern_matches(pattern, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)));
}

Datum
ev_strings_format_matches(PG_FUNCTION_ARGS)
{
	text *name = PG_GETARG_TEXT_PP(0);
	text *value = PG_GETARG_TEXT_PP(1);
	EvFormat format = ev_format_by_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name),
										EV_DRAFT_2020_12);

	if (format == EV_FORMAT_NONE)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(
		ev_format_matches(format, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), EV_DRAFT_2020_12));
}
