/* SPDX-License-Identifier: PostgreSQL
 *
 * tracking.h: what events.track() and the event triggers need of C.
 */
#ifndef EV_TRACKING_H
#define EV_TRACKING_H

/* events.publish_change(); InvalidOid if the extension is being made, or is gone. */
extern Oid ev_tracking_function(void);

/* Run a SELECT as the owner of the extension, for whoever was allowed to ask for it. */
extern void ev_tracking_call(const char *query, int nargs, Oid *types, Datum *values,
							 const char *nulls);

#endif /* EV_TRACKING_H */
