/* SPDX-License-Identifier: PostgreSQL
 *
 * change_event.h: events of one statement, of which only some attributes differ.
 */
#ifndef EV_CHANGE_EVENT_H
#define EV_CHANGE_EVENT_H

#include "base/jsonb_writer.h"
#include "capture/change_plan.h"
#include "publish/event.h"

typedef struct EvChangeEvents
{
	EvEvent common;	 /* all that is the same */
	Size size;		 /* of that */
	bool must_check; /* each is validated */
	char id[VARHDRSZ + 64];
} EvChangeEvents;

/* Fill what is the same; raises what is wrong with it.  Memory is the current context's. */
extern void ev_change_event_begin(EvChangeEvents *events, const EvChangePlan *plan,
								  EvOperation operation);

/* How many bytes of data fit into one event. */
extern Size ev_change_event_room(const EvChangeEvents *events);

/* Publish one; subject is NULL if it has none.  Leaves garbage in the current context. */
extern void ev_change_event_publish(EvChangeEvents *events, const text *subject,
									EvJsonbWriter *data);

#endif /* EV_CHANGE_EVENT_H */
