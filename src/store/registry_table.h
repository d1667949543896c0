/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_table.h: reading events.schema and events.type.
 */
#ifndef EV_REGISTRY_TABLE_H
#define EV_REGISTRY_TABLE_H

#include "schema/draft.h"
#include "store/schema_uri.h"
#include "utils/array.h"
#include "utils/jsonb.h"

/* Columns of the two tables. */
enum
{
	EV_SCHEMA_URI = 1,
	EV_SCHEMA_BODY,
	EV_SCHEMA_DRAFT
};
enum
{
	EV_TYPE_NAME = 1,
	EV_TYPE_SCHEMA_URI,
	EV_TYPE_SAMPLE,
	EV_TYPE_DESCRIPTION,
	EV_TYPE_TOPIC,
	EV_TYPE_SEARCH_CONFIGURATION
};

typedef struct EvSchemaRow
{
	char *uri;
	Jsonb *body;
	bool has_draft;
	EvDraft draft; /* what a body without $schema is judged by */
} EvSchemaRow;

typedef struct EvTypeRow
{
	char *schema_uri;
	ArrayType *topic;			/* or NULL */
	char *search_configuration; /* or NULL */
} EvTypeRow;

/* Which of the two tables; also an index into ev_registry_table_relids. */
typedef enum EvRegistryTable
{
	EV_TABLE_SCHEMA,
	EV_TABLE_TYPE
} EvRegistryTable;

/* OIDs that were read from, for who watches invalidations; InvalidOid before. */
extern Oid ev_registry_table_relids[2];

/* One row by its key; palloc'd, or NULL. */
extern EvSchemaRow *ev_registry_table_schema(const char *uri);
extern EvTypeRow *ev_registry_table_type(const char *name);

/* Calls `visit` for each registered schema with that name that has a version. */
typedef void (*EvVersionVisitor)(const EvSchemaUri *found, void *arg);
extern void ev_registry_table_versions(const EvSchemaUri *of, EvVersionVisitor visit, void *arg);

/* For the first `limit` registered URIs, in no order. */
extern void ev_registry_table_uris(int limit, void (*visit)(const char *uri, void *arg), void *arg);

/* For all registered types. */
typedef void (*EvTypeVisitor)(const char *name, const char *schema_uri, void *arg);
extern void ev_registry_table_types(EvTypeVisitor visit, void *arg);

/* Is it there and has no rows? */
extern bool ev_registry_table_is_empty(EvRegistryTable table);

#endif /* EV_REGISTRY_TABLE_H */
