/* SPDX-License-Identifier: PostgreSQL
 *
 * document.h: what of an event is searched: its text, as a tsvector, and its keys.
 *
 * The same functions make the documents that are stored and, for events that are not
 * filed yet, the ones that a search looks at and throws away: so an event is found by
 * the same queries before and after.
 */
#ifndef EV_SEARCH_DOCUMENT_H
#define EV_SEARCH_DOCUMENT_H

#include "search/key.h"
#include "store/columns.h"
#include "tsearch/ts_type.h"
#include "utils/array.h"
#include "utils/jsonb.h"

/* Bytes of text of an event that are filed; the rest is not found by text. */
#define EV_DOCUMENT_MAX_TEXT (64 * 1024) /* of data */
#define EV_DOCUMENT_MAX_NAME (4 * 1024)	 /* of each of type, subject, topic, source */

typedef struct EvDocument
{
	TSVector text;
	Oid configuration;
	bool is_truncated;
	int nkeys;
	int64 *keys;
	int64 type; /* keys of the whole values, for facets */
	int64 source;
	int64 topic;
	int64 user;
	bool has_user;
} EvDocument;

/*
 * The document of an event (columns as in store/columns.h), made in CurrentMemoryContext
 * with a text search configuration.  Never raises for what an event may hold.
 */
extern void ev_document_make(EvDocument *document, const Datum *values, const bool *nulls,
							 Oid configuration);

/*
 * Only keys and facet values, not the text (NULL), which takes much longer; so it does
 * not know is_truncated.
 */
extern void ev_document_make_keys(EvDocument *document, const Datum *values, const bool *nulls,
								  Oid configuration);

/* Without text, as one whose text is not complete. */
extern void ev_document_make_textless(EvDocument *document, const Datum *values, const bool *nulls,
									  Oid configuration);

/* The keys as they are stored, bigint[]. */
extern ArrayType *ev_document_keys_array(const EvDocument *document);

/* The text of a jsonb value as ev_document_make files data: for data_contains. */
extern TSVector ev_document_data_text(const Jsonb *data, Oid configuration, bool *is_truncated);

/*
 * The configuration of events of a type: the registered one, else
 * events.search_configuration; one that does not exist counts as "simple", with a WARNING.
 */
extern Oid ev_document_configuration(const text *type);

/* Its name as in events.search_configuration_used and in keys: schema-qualified, quoted. */
extern char *ev_document_configuration_name(Oid configuration);

#endif /* EV_SEARCH_DOCUMENT_H */
