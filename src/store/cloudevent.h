/* SPDX-License-Identifier: PostgreSQL
 *
 * cloudevent.h: an event as CloudEvents JSON text.
 */
#ifndef EV_CLOUDEVENT_H
#define EV_CLOUDEVENT_H

#include "lib/stringinfo.h"

/*
 * Append the event (columns as in store/columns.h) in the CloudEvents JSON
 * format 1.0.2, with the hub's extension attributes: topic (elements joined by
 * '/', percent-encoded), recordedtime, and sequence, the cursor in `epoch`.
 */
extern void ev_cloudevent_append(StringInfo out, const Datum *values, const bool *nulls,
								 const char *epoch);

#endif /* EV_CLOUDEVENT_H */
