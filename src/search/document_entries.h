/* SPDX-License-Identifier: PostgreSQL
 *
 * document_entries.h: entries on their way into the GIN index over keys and text.
 */
#ifndef EV_DOCUMENT_ENTRIES_H
#define EV_DOCUMENT_ENTRIES_H

#include "access/gin_private.h"
#include "search/document.h"

typedef struct EvDocumentEntries EvDocumentEntries;

/* Is it a GIN index over just these two columns (numbers of attributes)? */
extern bool ev_document_entries_fit(Relation index, AttrNumber keys, AttrNumber text);

extern EvDocumentEntries *ev_document_entries_begin(Relation index);

/* The entries of a row.  `text` is not compressed. */
extern void ev_document_entries_add(EvDocumentEntries *entries, const ArrayType *keys,
									TSVector text, ItemPointer tid);

extern Size ev_document_entries_memory(const EvDocumentEntries *entries);

/* Enter all of them into the index. */
extern void ev_document_entries_end(EvDocumentEntries *entries);

#endif /* EV_DOCUMENT_ENTRIES_H */
