/* SPDX-License-Identifier: PostgreSQL
 *
 * event.h: making a row of events.event out of what an application gives.
 */
#ifndef EV_EVENT_H
#define EV_EVENT_H

#include "base/problem.h"
#include "datatype/timestamp.h"
#include "store/columns.h"
#include "store/registry.h"
#include "utils/array.h"
#include "utils/jsonb.h"

/* position and recorded_at stay NULL: they are given at commit. */
typedef struct EvEvent
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	JsonbParseState *attributes; /* being built; NULL while there is none */
	List *attribute_names;		 /* of char *, what was given */
	bool has_base64;
	bool has_own_id;					/* once finished: the id was given, not made here */
	const EvRegisteredType *registered; /* its type, once finished; NULL if it is not */
} EvEvent;

extern void ev_event_init(EvEvent *event);

/* Does it have a text by RFC 3339? */
extern bool ev_event_has_text_of_time(TimestampTz time);

/* One core attribute; the name is a column's. */
extern void ev_event_set_text(EvEvent *event, EvProblems *problems, EvColumn column, const char *s,
							  int n);
extern void ev_event_set_time(EvEvent *event, EvProblems *problems, TimestampTz time);
extern void ev_event_set_topic(EvEvent *event, EvProblems *problems, ArrayType *topic);
extern void ev_event_set_data(EvEvent *event, Jsonb *data);

/* Extension attributes, and datacontenttype, from a JSON object. */
extern void ev_event_set_attributes(EvEvent *event, EvProblems *problems, Jsonb *attributes);

/* One of them that is a string, unless it is empty or the event has one of the name. */
extern void ev_event_fill_attribute(EvEvent *event, EvProblems *problems, const char *name,
									const char *s, int n);

/* A whole CloudEvent in JSON format. */
extern void ev_event_set_cloudevent(EvEvent *event, EvProblems *problems, JsonbContainer *json);

/*
 * Fill what is missing: attributes from `context` (a JSON object, or NULL) and
 * then from the settings; id, time, source and topic.  Check what is required
 * and the size.  The event is complete then, unless there are problems.
 */
extern void ev_event_finish(EvEvent *event, EvProblems *problems, Jsonb *context);

/*
 * The same for an event that comes out of a history: id, source and type must be there,
 * nothing is taken from the settings, and it may be as large as it is.
 */
extern void ev_event_finish_imported(EvEvent *event, EvProblems *problems);

/*
 * For who fills a finished event again with other data: look up its type, and
 * check its size and encoding.  In a portable database nothing can be wrong with
 * the encoding.
 */
extern void ev_event_find_type(EvEvent *event);
extern void ev_event_check(EvEvent *event, EvProblems *problems);
extern bool ev_event_is_portable(void);

#endif /* EV_EVENT_H */
