/* SPDX-License-Identifier: PostgreSQL
 *
 * compile.h: from the jsonb of a schema to its compiled form (node.h), and the
 * cache of compiled forms of this backend.
 */
#ifndef EV_COMPILE_H
#define EV_COMPILE_H

#include "base/compiled_cache.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "schema/node.h"

/*
 * Who finds a schema that another one refers to: by absolute URI without
 * fragment; NULL if it is not known.  The layer knows no tables, so the
 * registry puts itself here when the library is loaded.  The meta-schemas of
 * the five drafts are known without it.
 */
typedef Jsonb *(*EvSchemaLoader)(const char *uri);
extern EvSchemaLoader ev_schema_loader;

typedef struct EvCompileOptions
{
	EvDraft draft;		  /* for schemas without $schema */
	bool assert_format;	  /* `format` is checked */
	const char *base_uri; /* "" if none; what relative references are seen from */

	/*
	 * NULL: a reference to a document that nobody knows is an error.  Else it
	 * allows everything, and its URI (char *, palloc'd) is added here.
	 */
	List **unresolved;
} EvCompileOptions;

/* From the settings events.schema_draft and events.format_assertion. */
extern void ev_compile_options_init(EvCompileOptions *options);

/*
 * Compile, as a child of `parent`.  Errors: 22023 with DETAIL (location in the
 * schema) for a malformed schema or an unresolvable reference.
 */
extern EvSchema *ev_schema_compile(const Jsonb *schema, const EvCompileOptions *options,
								   MemoryContext parent);

/*
 * What a call site remembers between its calls, so that validating many values
 * against one schema costs a comparison of bytes each; zeroed at first.
 */
typedef struct EvSchemaSite
{
	EvCompiledSite last;
	const Jsonb *constant; /* a datum that does not change, and is this entry's schema */
} EvSchemaSite;

/*
 * The compiled form out of the cache, compiled if need be.  Valid until the
 * next call of these functions or the next catalog access (do not keep it).
 * With `constant` the bytes of a datum are the same whenever its address is.
 */
extern const EvSchema *ev_schema_get_at(EvSchemaSite *site, const Jsonb *schema, bool constant,
										const EvCompileOptions *options);

/*
 * What the site got last, for a caller who knows that the schema is the same;
 * NULL if it has to be asked for with its text.
 */
extern const EvSchema *ev_schema_get_again(EvSchemaSite *site, const EvCompileOptions *options);

/*
 * As ev_schema_get_at, with a site in flinfo->fn_extra: the first member of what
 * is there already, else a new one.  flinfo may be NULL.
 */
extern const EvSchema *ev_schema_get(FmgrInfo *flinfo, const Jsonb *schema,
									 const EvCompileOptions *options);

/* Forget all (the registry changed). Frees at the next ev_schema_get, not now. */
extern void ev_schema_cache_invalidate(void);

/* Grows with each invalidation or eviction: a kept pointer is good while it stands still. */
extern uint64 ev_schema_cache_generation(void);

/* The URI that $id gives to a document found under `uri`; NULL if it gives no other. palloc'd. */
extern char *ev_resource_claim(const EvView *document, EvDraft draft, const char *uri);

/* The text of a meta-schema or vocabulary that the extension carries; NULL if it has none. */
extern Jsonb *ev_metaschema_get(const char *uri);

#endif /* EV_COMPILE_H */
