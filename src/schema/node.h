/* SPDX-License-Identifier: PostgreSQL
 *
 * node.h: the compiled form of a JSON Schema.
 *
 * A schema (of any of the five drafts) is compiled once into a graph of
 * EvNodes, one for each subschema that can be reached; references are pointers
 * into the same graph, which may be cyclic.  Differences between drafts end in
 * the compiler: draft 4's boolean exclusiveMinimum, `items` as an array,
 * `dependencies`, `definitions` and `$recursiveRef` all become the fields below.
 * Whoever reads a node (the evaluator, compatibility, samples, TypeScript)
 * knows no drafts.
 *
 * Everything lives in EvSchema.context and goes with it.  A node keeps a view
 * of its source in the schema's own copy of the text, for annotations (title,
 * description, default, ...) and messages.
 */
#ifndef EV_NODE_H
#define EV_NODE_H

#include "base/view.h"
#include "schema/draft.h"
#include "schema/format.h"
#include "schema/pattern.h"

typedef struct EvNode EvNode;
typedef struct EvResource EvResource;
typedef struct EvSchema EvSchema;

/* What `type` allows.  EV_TYPE_NUMBER includes integers, EV_TYPE_INTEGER is narrower. */
#define EV_TYPE_NULL 0x01
#define EV_TYPE_BOOLEAN 0x02
#define EV_TYPE_NUMBER 0x04
#define EV_TYPE_STRING 0x08
#define EV_TYPE_ARRAY 0x10
#define EV_TYPE_OBJECT 0x20
#define EV_TYPE_INTEGER 0x40
#define EV_TYPE_ANY 0x7f

#define EV_NO_LIMIT (-1)

typedef struct EvNodeList
{
	int count;
	EvNode **nodes;
} EvNodeList;

/* Values of `enum`; `lookup` (by ev_view_hash, open addressing) where they are many. */
typedef struct EvEnum
{
	int count;
	EvView *values;
	int lookup_size; /* a power of 2; 0 = none: compare one by one */
	int *lookup;	 /* index into values, or -1 */
} EvEnum;

typedef struct EvNumberRules
{
	Numeric minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of; /* or NULL */
} EvNumberRules;

typedef struct EvStringRules
{
	int64 min_length, max_length; /* code points */
	EvPattern *pattern;			  /* or NULL */
	EvFormat format;			  /* EV_FORMAT_NONE if absent or unknown */
	bool assert_format;			  /* else `format` is an annotation */
} EvStringRules;

typedef struct EvArrayRules
{
	EvNodeList prefix;				  /* prefixItems; `items` as an array */
	const char *prefix_keyword;		  /* which of the two */
	EvNode *items;					  /* those after the prefix; or NULL */
	const char *items_keyword;		  /* "items" or "additionalItems" */
	EvNode *contains;				  /* or NULL */
	int64 min_contains, max_contains; /* 1 and EV_NO_LIMIT unless given */
	bool contains_evaluates;		  /* 2020-12: what contains matched counts as evaluated */
	int64 min_items, max_items;
	bool unique;
	EvNode *unevaluated; /* unevaluatedItems; or NULL */
} EvArrayRules;

/* A name that `properties` or `required` has; sorted as the keys of jsonb are. */
typedef struct EvProperty
{
	const char *name;
	int length;
	EvNode *node; /* NULL if only required */
	bool required;
	uint64 head; /* of the name (ev_view_head); set for EvObjectRules.properties */
} EvProperty;

typedef struct EvPatternProperty
{
	EvPattern *pattern;
	EvNode *node;
} EvPatternProperty;

/* dependencies, dependentRequired, dependentSchemas */
typedef struct EvDependency
{
	const char *keyword;
	const char *name;
	int length;
	int nrequired;
	EvProperty *required; /* name and length only */
	EvNode *node;		  /* or NULL */
} EvDependency;

typedef struct EvObjectRules
{
	int nproperties;
	EvProperty *properties;
	int nrequired; /* how many of them are required */
	int npatterns;
	EvPatternProperty *patterns;
	EvNode *additional; /* additionalProperties; or NULL */
	EvNode *names;		/* propertyNames; or NULL */
	int64 min_properties, max_properties;
	int ndependencies;
	EvDependency *dependencies;
	EvNode *unevaluated; /* unevaluatedProperties; or NULL */
} EvObjectRules;

/* References whose target the evaluator must look for in the dynamic scope. */
typedef enum EvRefKind
{
	EV_REF_NONE,
	EV_REF_STATIC,	  /* go to `ref` */
	EV_REF_RECURSIVE, /* $recursiveRef whose first target has $recursiveAnchor */
	EV_REF_DYNAMIC	  /* $dynamicRef whose first target is a $dynamicAnchor */
} EvRefKind;

typedef enum EvNodeKind
{
	EV_NODE_TRUE, /* true, {} */
	EV_NODE_FALSE,
	EV_NODE_RULES
} EvNodeKind;

struct EvNode
{
	EvNodeKind kind;
	int index; /* 0 ... nnodes - 1, for tables beside the graph */
	EvResource *resource;
	const EvNode *parent; /* for ev_node_pointer: the node in the same resource it was found from */
	const char *token;	  /* and the piece of the JSON Pointer that leads from there to here */
	EvView source;		  /* the subschema as it was written */

	uint8 types;		 /* EV_TYPE_ANY without `type` */
	bool strict_integer; /* draft 4: 1.0 is no integer */
	EvView *constant;	 /* const; or NULL */
	EvEnum *enumeration;
	EvNumberRules *number; /* each NULL if there is no such keyword */
	EvStringRules *string;
	EvArrayRules *array;
	EvObjectRules *object;

	EvRefKind ref_kind; /* $ref beside others; drafts 4 to 7 ignore what stands beside it */
	EvNode *ref;
	const char *ref_keyword;	/* "$ref", "$dynamicRef", "$recursiveRef" */
	const char *dynamic_anchor; /* the name looked for, for EV_REF_DYNAMIC */
	EvRefKind second_kind;		/* a $dynamicRef or $recursiveRef beside $ref */
	EvNode *second_ref;

	EvNodeList all_of, any_of, one_of;
	EvNode *not_node, *if_node, *then_node, *else_node; /* or NULL */

	/* An unevaluated... here, or of a node that applies this one in place, asks what this one has
	 * evaluated. */
	bool tracks_evaluated;

	/* By the type of the value, what there is to check; the evaluator's own. */
	uint8 work[EV_JSON_OBJECT + 1];
};

/* A part of a schema with a URI of its own ($id), or the whole. */
struct EvResource
{
	const char *uri; /* absolute where the schema gave such a base; may be "" */
	EvDraft draft;
	uint8 vocabularies;	  /* which keywords count (keyword.h) */
	bool assert_format;	  /* its dialect or the caller wants `format` checked */
	bool reached;		  /* something in it was compiled */
	EvResource *document; /* the root of the text that it stands in */
	EvView source;		  /* its text */
	EvNode *root;		  /* NULL unless something refers to it */
	bool recursive_anchor;
	int ndynamic; /* dynamic anchors: name and node */
	const char **dynamic_names;
	EvNode **dynamic_nodes;
};

struct EvSchema
{
	MemoryContext context;
	EvNode *root;
	int nnodes;
	EvNode **nodes; /* by index */
	bool tracks_evaluated;
	bool loads;		   /* ev_schema_loader was asked, so it ages with the registry */
	const Jsonb *text; /* what was compiled; a copy */
};

/* JSON Pointer of the node inside its resource, "" for the resource's root; palloc'd. */
extern char *ev_node_pointer(const EvNode *node);

/* The entry of `properties` or `required`; NULL if there is none, or no rules. */
extern const EvProperty *ev_property_find(const EvObjectRules *rules, const char *name, int length);

#endif /* EV_NODE_H */
