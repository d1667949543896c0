/* SPDX-License-Identifier: PostgreSQL
 *
 * document_fallback.h: the document of an event whose text search configuration fails.
 */
#ifndef EV_DOCUMENT_FALLBACK_H
#define EV_DOCUMENT_FALLBACK_H

#include "search/document.h"

/* What went wrong, from ev_document_make_somehow to ev_document_report_failures. */
typedef struct EvDocumentFailures
{
	int64 events;	/* documents that are not what they should be */
	int64 missing;	/* of those: events without any */
	int64 position; /* of the first one */
	char *message;	/* the first error; in CurrentMemoryContext of ev_document_report_failures */
	MemoryContext context;
} EvDocumentFailures;

/* Failures of a piece of work; what is kept of them is kept in CurrentMemoryContext. */
extern void ev_document_begin_failures(EvDocumentFailures *failures);

/*
 * As ev_document_make(), but an error leads to a poorer document: with "simple", or with
 * keys only.  False if not even those can be made.  Failures may be NULL.
 */
extern bool ev_document_make_somehow(EvDocument *document, const Datum *values, const bool *nulls,
									 Oid configuration, EvDocumentFailures *failures);

/* A WARNING, if there were any. */
extern void ev_document_report_failures(const EvDocumentFailures *failures);

#endif /* EV_DOCUMENT_FALLBACK_H */
