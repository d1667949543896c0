/* SPDX-License-Identifier: PostgreSQL
 *
 * keyword.h: keywords as rows of a table, and what their compile functions
 * work with.
 *
 * A keyword is a row: its name, the drafts that have it, the vocabulary it
 * belongs to, where schemas stand in its value, and the function that puts it
 * into a node.  A draft is the set of rows that name it.  The table is sorted
 * as jsonb sorts keys (by length, then bytes), so a schema object and the table
 * are merged in one pass, and a function can rely on shorter names having been
 * seen before: `required` before `properties`, `minimum` before
 * `exclusiveMinimum`, `items` before `additionalItems`, `$ref` before
 * `$dynamicRef`.
 *
 * Two walks use the rows.  resource.c visits every place that can hold a schema
 * to find identifiers, and needs only `holds`; compile.c visits what can be
 * reached and calls `compile`.  So an $id inside `const`, `enum` or a keyword
 * that nobody knows is never taken for an identifier.
 *
 * EvCompiler is the state of one compilation.  It and all that only the
 * compilation needs live in `scratch`, the result in schema->context.
 */
#ifndef EV_KEYWORD_H
#define EV_KEYWORD_H

#include "base/pointer.h"
#include "base/view.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "schema/compile.h"
#include "schema/node.h"

typedef struct EvCompiler EvCompiler;

/* vocabularies; a dialect is a set of them */
#define EV_VOCABULARY_CORE 0x01
#define EV_VOCABULARY_APPLICATOR 0x02
#define EV_VOCABULARY_UNEVALUATED 0x04
#define EV_VOCABULARY_VALIDATION 0x08
#define EV_VOCABULARY_FORMAT 0x10
#define EV_VOCABULARY_ALL 0x1f

typedef struct EvDialect
{
	EvDraft draft;
	uint8 vocabularies;
	bool assert_format;
} EvDialect;

/* Where schemas stand in the value of a keyword; a mask, since some take several forms. */
#define EV_HOLDS_SCHEMA 0x01  /* the value itself */
#define EV_HOLDS_LIST 0x02	  /* the elements of an array */
#define EV_HOLDS_MEMBERS 0x04 /* the members of an object */

typedef void EvCompileKeyword(EvCompiler *compiler, EvNode *node, const EvView *value);

typedef struct EvKeyword
{
	const char *name;
	int length;
	uint8 drafts; /* bit 1 << EvDraft */
	uint8 vocabulary;
	uint8 holds;
	EvCompileKeyword *compile; /* NULL: only a place for schemas */
} EvKeyword;

/* The keywords of a schema object that count, with their values. */
typedef struct EvKeywordCursor
{
	EvCursor members;
	uint8 draft_bit;
	uint8 vocabularies;
	int row;
	const EvKeyword *keyword;
	EvView value;
} EvKeywordCursor;

extern void ev_keyword_begin(EvKeywordCursor *cursor, const EvView *schema, EvDraft draft,
							 uint8 vocabularies);
extern bool ev_keyword_next(EvKeywordCursor *cursor);

/* A vocabulary that `$vocabulary` may name. */
typedef struct EvVocabulary
{
	const char *uri;
	uint8 bit;				 /* 0 if it has no keywords that decide anything */
	bool asserts;			 /* `format` is checked in a dialect that has it */
	bool asserts_if_it_must; /* ... only where its value is true */
} EvVocabulary;

/* NULL if it is none of those of the specification. */
extern const EvVocabulary *ev_vocabulary_by_uri(const char *uri, int length);

/* An identifier: the URI of a resource, or an anchor of one. */
typedef struct EvTarget
{
	const char *name; /* the key */
	EvResource *resource;
	EvView schema;
	bool dynamic; /* a $dynamicAnchor */
	bool claimed; /* a loaded document says by $id that this is its URI */
	char status;
} EvTarget;

/* A place that holds a schema: found by the address of its object. */
typedef struct EvPlace
{
	const char *address; /* the key */
	EvResource *resource;
	EvNode *node; /* NULL until it is reached */
	char status;
} EvPlace;

/* A $dynamicAnchor, compiled as soon as its resource is reached. */
typedef struct EvDynamic
{
	EvResource *resource;
	const char *name;
	EvView schema;
	EvNode *node;
} EvDynamic;

struct EvCompiler
{
	EvSchema *schema;
	EvDialect dialect; /* of documents that do not say */
	MemoryContext scratch;
	int node_room; /* of schema->nodes */

	const EvKeyword *keyword; /* being compiled */
	EvNode *node;			  /* and where */

	struct targets_hash *targets;
	struct places_hash *places;
	struct patterns_hash *patterns;
	List *resources;   /* of EvResource */
	List *dynamics;	   /* of EvDynamic */
	List **unresolved; /* of EvCompileOptions */
	List *dialects;	   /* those of custom meta-schemas, by URI */
};

/* ---- compile.c: nodes */

/* The node of a schema inside the keyword being compiled: its value, or a part of that. */
extern EvNode *ev_compile_child(EvCompiler *compiler, EvNode *node, const EvView *value);
extern EvNode *ev_compile_element(EvCompiler *compiler, EvNode *node, const EvView *value,
								  int index);
extern EvNode *ev_compile_member(EvCompiler *compiler, EvNode *node, const EvView *value,
								 const char *name, int length);

/* Of a schema found by reference; `pointer` leads to it from its resource's root, NULL: find it. */
extern EvNode *ev_compile_target(EvCompiler *compiler, EvResource *resource, const EvView *value,
								 const char *pointer);

extern EvNode *ev_compile_root(EvCompiler *compiler, EvResource *resource);

/* All elements of the array. */
extern void ev_compile_list(EvCompiler *compiler, EvNode *node, const EvView *value,
							EvNodeList *list);

/* Where the keyword being compiled stands (or a part of it): a JSON Pointer behind a URI. */
extern char *ev_compile_location(EvCompiler *compiler, const char *token);

/* Error 22023: "<that location> <complaint>", as in "must be a number". */
extern pg_noreturn void ev_compile_malformed(EvCompiler *compiler, const char *complaint);

/* Of a part of the keyword's value: `token` is the JSON Pointer to it from there. */
extern pg_noreturn void ev_compile_malformed_at(EvCompiler *compiler, const char *token,
												const char *complaint);

/* Zeroed memory that lives as long as the schema. */
#define ev_compile_alloc(compiler, type, count)                   \
	((type *) MemoryContextAllocZero((compiler)->schema->context, \
									 mul_size(sizeof(type), Max((count), 1))))

/* A copy of a document that lives as long. */
extern const Jsonb *ev_compile_copy(EvCompiler *compiler, const Jsonb *text);

extern EvArrayRules *ev_compile_array_rules(EvCompiler *compiler, EvNode *node);
extern EvObjectRules *ev_compile_object_rules(EvCompiler *compiler, EvNode *node);

/* A length or count: clamped to what int64 holds. */
extern int64 ev_compile_count(EvCompiler *compiler, const EvView *value);

/* A regular expression; `is_key`: it is the name of a member of the keyword's value. */
extern EvPattern *ev_compile_pattern(EvCompiler *compiler, const char *source, int length,
									 bool is_key);

/* ---- resource.c: documents, resources and identifiers */

extern void ev_resource_init(EvCompiler *compiler);

/* A document (that stays): its resources and anchors become known; answers its root's. */
extern EvResource *ev_resource_add_document(EvCompiler *compiler, const Jsonb *text,
											const char *uri, const EvDialect *dialect);

/* A resource by its URI without fragment, loaded if need be; NULL if nobody knows it. */
extern EvResource *ev_resource_by_uri(EvCompiler *compiler, const char *uri,
									  const EvDialect *dialect);

/* The text of a document: a meta-schema of ours, or what the loader knows; NULL if neither. */
extern Jsonb *ev_resource_load(EvCompiler *compiler, const char *uri);

/* The place of a schema, found or now taken for one that belongs to `resource`. */
extern EvPlace *ev_resource_place(EvCompiler *compiler, const EvView *schema, EvResource *resource);
extern EvPlace *ev_resource_known_place(EvCompiler *compiler, const char *address);
extern EvTarget *ev_resource_anchor(EvCompiler *compiler, const EvResource *resource,
									const char *name);

/* JSON Pointer from a container to the object at that address inside of it. */
extern char *ev_resource_path(const EvView *root, const char *address);

/* ---- dialect.c */

/* What `$schema` says, else `inherited`. */
extern EvDialect ev_dialect_of(EvCompiler *compiler, const EvView *schema,
							   const EvDialect *inherited);

/* ---- compile_reference.c */

/* The node a reference leads to; `anchor` gets the name if that is a dynamic anchor, else NULL. */
extern EvNode *ev_compile_reference(EvCompiler *compiler, EvNode *node, const EvView *value,
									const char **anchor);

/* ---- compile_dynamic.c */

/* Nodes for all that the dynamic scope of what was reached may hold. */
extern void ev_compile_dynamic_reach(EvCompiler *compiler);

/* At the end: into the resources, by name. */
extern void ev_compile_dynamic_collect(EvCompiler *compiler);

/* ---- compile_track.c */

extern void ev_compile_track(EvCompiler *compiler);

/* ---- the rows' functions, by the file that has them */

/* compile_scalar.c */
extern EvCompileKeyword ev_compile_type, ev_compile_enum, ev_compile_const, ev_compile_minimum,
	ev_compile_maximum, ev_compile_exclusive_minimum, ev_compile_exclusive_maximum,
	ev_compile_minimum_excluded, ev_compile_maximum_excluded, ev_compile_multiple_of,
	ev_compile_min_length, ev_compile_max_length, ev_compile_pattern_keyword, ev_compile_format;

/* compile_array.c */
extern EvCompileKeyword ev_compile_prefix_items, ev_compile_items, ev_compile_items_or_prefix,
	ev_compile_additional_items, ev_compile_contains, ev_compile_min_contains,
	ev_compile_max_contains, ev_compile_min_items, ev_compile_max_items, ev_compile_unique_items,
	ev_compile_unevaluated_items;

/* compile_object.c */
extern EvCompileKeyword ev_compile_properties, ev_compile_required, ev_compile_pattern_properties,
	ev_compile_additional_properties, ev_compile_property_names, ev_compile_min_properties,
	ev_compile_max_properties, ev_compile_dependencies, ev_compile_dependent_required,
	ev_compile_dependent_schemas, ev_compile_unevaluated_properties;

/* compile_logic.c */
extern EvCompileKeyword ev_compile_all_of, ev_compile_any_of, ev_compile_one_of, ev_compile_not,
	ev_compile_if, ev_compile_then, ev_compile_else, ev_compile_ref, ev_compile_dynamic_ref,
	ev_compile_recursive_ref, ev_compile_identifier, ev_compile_flag;

#endif /* EV_KEYWORD_H */
