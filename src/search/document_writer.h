/* SPDX-License-Identifier: PostgreSQL
 *
 * document_writer.h: writing documents into a partition of events.search_document.
 */
#ifndef EV_DOCUMENT_WRITER_H
#define EV_DOCUMENT_WRITER_H

#include "datatype/timestamp.h"
#include "search/document.h"

typedef struct EvDocumentWriter EvDocumentWriter;

extern EvDocumentWriter *ev_document_writer_open(Oid partition);

/* The context for the next document, which has to live until that is written. */
extern MemoryContext ev_document_writer_context(const EvDocumentWriter *writer);

extern void ev_document_writer_add(EvDocumentWriter *writer, int64 position,
								   TimestampTz recorded_at, const EvDocument *document);

/* Memory held by entries of the index that wait for ev_document_writer_close. */
extern Size ev_document_writer_memory(const EvDocumentWriter *writer);

/* Writes what is left. */
extern void ev_document_writer_close(EvDocumentWriter *writer);

#endif /* EV_DOCUMENT_WRITER_H */
