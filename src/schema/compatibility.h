/* SPDX-License-Identifier: PostgreSQL
 *
 * compatibility.h: does data that was valid under one schema stay valid under
 * another?
 */
#ifndef EV_COMPATIBILITY_H
#define EV_COMPATIBILITY_H

#include "nodes/pg_list.h"
#include "schema/node.h"

/* The promise that a change breaks. */
typedef enum EvSchemaChangeKind
{
	EV_BREAKS_BACKWARD, /* valid under the older, perhaps invalid under the newer */
	EV_BREAKS_FORWARD	/* valid under the newer, perhaps invalid under the older */
} EvSchemaChangeKind;

typedef struct EvSchemaChange
{
	EvSchemaChangeKind kind;
	char *location; /* JSON Pointer into the schema that is narrower there */
	char *change;	/* a sentence without its full stop */
} EvSchemaChange;

/*
 * All changes that break one of the two promises, backward first; NIL if both
 * hold.  What cannot be decided counts as broken.  palloc'd in
 * CurrentMemoryContext.
 *
 * A property that one schema names and the other, open to any, does not: data of
 * the other is taken not to have it, so that adding an optional property breaks
 * nothing; if `strict`, it may have it with any value.
 */
extern List *ev_schema_compatibility(const EvSchema *older, const EvSchema *newer, bool strict);

/*
 * Does all data that is valid under `older` stay valid under `newer` (not
 * strict)?  *first, if not NULL, is a change that says no.
 */
extern bool ev_schema_is_backward_compatible(const EvSchema *older, const EvSchema *newer,
											 EvSchemaChange **first);

/* 'backward' or 'forward'. */
extern const char *ev_schema_change_kind_name(EvSchemaChangeKind kind);

#endif /* EV_COMPATIBILITY_H */
