/* SPDX-License-Identifier: PostgreSQL
 *
 * cloudevent_function.c: events._cloudevent(), a row as the text that goes over the wire.
 *
 * For those who read rows in SQL and give them to clients of HTTP.  The epoch is
 * looked up once for each call site, which does not outlive its statement.
 */
#include "base/compat.h"

#include "store/cloudevent.h"
#include "store/epoch.h"
#include "store/event_row.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_cloudevent);

typedef struct CallSite
{
	EvEventRow row;
	char epoch[EV_EPOCH_LENGTH + 1];
} CallSite;

/* events._cloudevent(event events.event) → text */
Datum
ev_cloudevent(PG_FUNCTION_ARGS)
{
	CallSite *site = fcinfo->flinfo->fn_extra;
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	StringInfoData text;

	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
		ev_epoch_current(site->epoch);
		fcinfo->flinfo->fn_extra = site;
	}
	ev_event_row_read(&site->row, PG_GETARG_HEAPTUPLEHEADER(0), fcinfo->flinfo->fn_mcxt, values,
					  nulls);
	ev_event_row_require(nulls);
	initStringInfo(&text);
	ev_cloudevent_append(&text, values, nulls, site->epoch);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text.data, text.len));
}
