/* SPDX-License-Identifier: PostgreSQL
 *
 * event_subject.h: a row of events.event as patterns and FEEL filters see it.
 */
#ifndef EV_EVENT_SUBJECT_H
#define EV_EVENT_SUBJECT_H

#include "base/rfc3339.h"
#include "match/subject.h"
#include "store/columns.h"

/* What stands for a row while it is looked at. */
typedef struct EvEventSubject
{
	EvSubject subject; /* first: the functions get a pointer to it */
	const Datum *values;
	const bool *nulls;
	MemoryContext context; /* of what look-ups make */
	bool has[EV_NCOLUMNS]; /* the view was made */
	EvView views[EV_NCOLUMNS];
	char time[EV_RFC3339_LENGTH];
	char recorded_time[EV_RFC3339_LENGTH];
} EvEventSubject;

/* The row's values must stay as long as the subject, whose memory is the present context's. */
extern EvSubject *ev_event_subject_init(EvEventSubject *row, const Datum *values,
										const bool *nulls);

#endif /* EV_EVENT_SUBJECT_H */
