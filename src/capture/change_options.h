/* SPDX-License-Identifier: PostgreSQL
 *
 * change_options.h: the argument of a trigger that publishes changes.
 */
#ifndef EV_CHANGE_OPTIONS_H
#define EV_CHANGE_OPTIONS_H

#include "nodes/pg_list.h"

typedef enum EvOperation
{
	EV_INSERTED,
	EV_UPDATED,
	EV_DELETED,
	EV_TRUNCATED,
	EV_NOPERATIONS
} EvOperation;

/* inserted, updated, deleted, truncated */
extern const char *const ev_operation_names[EV_NOPERATIONS];

/* Lists are of char *; what is not given is NULL, NIL or false. */
typedef struct EvChangeOptions
{
	const char *type;
	List *topic;
	List *columns;
	List *omitted; /* columns that `redact` omits */
	List *hashed;  /* columns that it hashes */
	const char *when;
	const char *search_path; /* by which `when` is understood */
	List *key;
	bool has_key; /* it is given, perhaps empty */
	bool per_statement;
	bool only_changed;
	const char *source;
	const char *schema;
	bool inherited;
} EvChangeOptions;

/* All is palloc'd.  Raises 22023 for what is not right. */
extern void ev_change_options_parse(EvChangeOptions *options, const char *argument);

/* A text with {schema}, {table} and {operation} filled in; palloc'd. */
extern char *ev_change_options_expand(const char *text, const char *schema, const char *table,
									  EvOperation operation);

#endif /* EV_CHANGE_OPTIONS_H */
