/* SPDX-License-Identifier: PostgreSQL
 *
 * validate.h: is the data of an event what its type and its dataschema promise?
 */
#ifndef EV_VALIDATE_H
#define EV_VALIDATE_H

#include "publish/event.h"

/*
 * Report into `problems` what breaks the schema of a finished event, as
 * events.validate_mode asks; nothing if there are problems already.  `contain`
 * also reports what would be raised: a schema that cannot be compiled, a value
 * that takes too long.
 */
extern void ev_event_validate(EvEvent *event, EvProblems *problems, bool contain);

#endif /* EV_VALIDATE_H */
