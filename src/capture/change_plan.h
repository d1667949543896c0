/* SPDX-License-Identifier: PostgreSQL
 *
 * change_plan.h: what a session keeps of a trigger that publishes changes.
 */
#ifndef EV_CHANGE_PLAN_H
#define EV_CHANGE_PLAN_H

#include "capture/change_options.h"
#include "capture/row_json.h"
#include "commands/trigger.h"

typedef struct EvChangePlan
{
	Oid trigger;
	Oid relid;
	MemoryContext context; /* of all of it */
	char *argument;		   /* that it was made from */
	bool is_valid;
	bool is_listed; /* it can be found by its trigger */
	int users;		/* statements that are using it */
	EvChangeOptions options;
	const char *schema_name;
	const char *table_name;
	EvRowShape *row;	   /* the columns that are published */
	EvRowShape *key;	   /* NULL if there is none */
	EvRowColumn **subject; /* the key's columns in their order as a key */
	Node *condition;	   /* or NULL */
	List *generated;	   /* columns that no row holds, see generated.h */
} EvChangePlan;

/* Watch for changes of tables and of what conditions use; from _PG_init. */
extern void ev_change_plan_init(void);

/*
 * The plan of a trigger.  It stays until the current memory context is reset,
 * whatever happens to the table's definition.
 */
extern EvChangePlan *ev_change_plan_get(Relation relation, const Trigger *trigger);

#endif /* EV_CHANGE_PLAN_H */
