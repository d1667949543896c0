/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_value.c: the names of types, as FEEL calls them.
 */
#include "base/compat.h"

#include "match/feel_value.h"

const char *
ev_feel_type_name(EvFeelType type)
{
	static const char *const names[EV_FEEL_NTYPES] = {
		[EV_FEEL_NULL] = "null",
		[EV_FEEL_BOOLEAN] = "boolean",
		[EV_FEEL_NUMBER] = "number",
		[EV_FEEL_STRING] = "string",
		[EV_FEEL_DATE] = "date",
		[EV_FEEL_TIME] = "time",
		[EV_FEEL_DATE_TIME] = "date and time",
		[EV_FEEL_YEARS_MONTHS] = "years and months duration",
		[EV_FEEL_DAYS_TIME] = "days and time duration",
		[EV_FEEL_LIST] = "list",
		[EV_FEEL_CONTEXT] = "context",
		[EV_FEEL_RANGE] = "range",
		[EV_FEEL_FUNCTION] = "function",
	};

	return names[type];
}
