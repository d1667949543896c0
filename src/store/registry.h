/* SPDX-License-Identifier: PostgreSQL
 *
 * registry.h: registered schemas and types, found and compiled.
 *
 * Whoever looks something up calls ev_registry_refresh() first; what the other
 * functions hand out is good until its next call.
 */
#ifndef EV_REGISTRY_H
#define EV_REGISTRY_H

#include "schema/compile.h"
#include "utils/array.h"

typedef struct EvRegisteredSchema EvRegisteredSchema;

typedef struct EvRegisteredType
{
	const char *name;
	const char *schema_uri;			  /* as registered: its version may be left open */
	ArrayType *topic;				  /* or NULL */
	const char *search_configuration; /* or NULL */
} EvRegisteredType;

/* `assert_format` of those who have no wish of their own: as the setting says. */
#define EV_ASSERT_DEFAULT (-1)

/* Sets the loader of referenced schemas, watches for changes; from _PG_init. */
extern void ev_registry_init(void);

/* Forget what has changed since the last call. */
extern void ev_registry_refresh(void);

/* NULL if it is not registered. */
extern const EvRegisteredType *ev_registry_type(const char *name, int length);

/*
 * By URI: the version may be left open, meta-schemas of the five drafts are
 * known, and a fragment leads to a part of the schema.  NULL if it is not
 * registered.
 */
extern EvRegisteredSchema *ev_registry_schema(const char *uri, int length);

/* The URI that it is registered under, and what stands there. */
extern const char *ev_registry_schema_uri(const EvRegisteredSchema *schema);
extern const Jsonb *ev_registry_schema_body(const EvRegisteredSchema *schema);

/* Does ev_registry_compile() have it at hand, so that it raises nothing? */
extern bool ev_registry_is_compiled(const EvRegisteredSchema *schema, int assert_format);

/* As ev_schema_get; raises what that raises. */
extern const EvSchema *ev_registry_compile(EvRegisteredSchema *schema, int assert_format);

/* Is the text a schema itself, and no URI? */
extern bool ev_registry_is_body(const text *t);

#endif /* EV_REGISTRY_H */
