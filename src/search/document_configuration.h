/* SPDX-License-Identifier: PostgreSQL
 *
 * document_configuration.h: with which text search configuration an event is filed.
 */
#ifndef EV_DOCUMENT_CONFIGURATION_H
#define EV_DOCUMENT_CONFIGURATION_H

#include "postgres.h"

/* The key of its name: ev_search_key(EV_KEY_CONFIGURATION, ...). */
extern int64 ev_document_configuration_key(Oid configuration);

/*
 * The configuration of a name, with its schema or of pg_catalog; InvalidOid if there is none.
 * No privileges are asked for: a search asks for what others have filed, and is to find it.
 */
extern Oid ev_document_configuration_named(const char *name);

/* pg_catalog.simple, which stands in for others. */
extern Oid ev_document_configuration_simple(void);

#endif /* EV_DOCUMENT_CONFIGURATION_H */
