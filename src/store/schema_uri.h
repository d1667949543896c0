/* SPDX-License-Identifier: PostgreSQL
 *
 * schema_uri.h: names of registered schemas and the versions in them.
 */
#ifndef EV_SCHEMA_URI_H
#define EV_SCHEMA_URI_H

#include "postgres.h"

typedef enum EvVersionKind
{
	EV_VERSION_NONE,   /* /order/created */
	EV_VERSION_EXACT,  /* /order/created/1.2.0, /order/created/2.0.0-rc.1+linux */
	EV_VERSION_PREFIX, /* /order/created/1, /order/created/1.2 */
	EV_VERSION_LATEST  /* /order/created/latest */
} EvVersionKind;

/* A run of characters inside the URI. */
typedef struct EvVersionPart
{
	const char *s; /* NULL if absent */
	int length;
} EvVersionPart;

typedef struct EvSchemaUri
{
	const char *uri;
	int name_length; /* of what stands before the version's slash, or all */
	EvVersionKind kind;
	EvVersionPart numbers[3];
	EvVersionPart prerelease;
} EvSchemaUri;

/* The result points into `uri`. */
extern void ev_schema_uri_parse(const char *uri, EvSchemaUri *result);

/* Semantic Versioning 2.0.0, section 11; both are exact.  Less than 0, 0, greater than 0. */
extern int ev_schema_uri_compare(const EvSchemaUri *a, const EvSchemaUri *b);

/* Is `candidate`, an exact one, what `wanted` asks for?  Names are not compared. */
extern bool ev_schema_uri_satisfies(const EvSchemaUri *candidate, const EvSchemaUri *wanted);

extern bool ev_schema_uri_same_name(const EvSchemaUri *a, const EvSchemaUri *b);
extern bool ev_schema_uri_same_major(const EvSchemaUri *a, const EvSchemaUri *b);

/*
 * As the registry writes it: without dot segments and empty fragment, and with
 * a slash before a relative path.  palloc'd.
 */
extern char *ev_schema_uri_normalize(const char *uri);

#endif /* EV_SCHEMA_URI_H */
