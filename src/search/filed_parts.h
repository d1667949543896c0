/* SPDX-License-Identifier: PostgreSQL
 *
 * filed_parts.h: what filed.c and filed_index.c have in common.
 */
#ifndef EV_FILED_PARTS_H
#define EV_FILED_PARTS_H

#include "search/filed.h"
#include "store/partition.h"
#include "utils/relcache.h"

/* Columns of events.search_document. */
enum
{
	DOCUMENT_POSITION,
	DOCUMENT_RECORDED_AT,
	DOCUMENT_TYPE,
	DOCUMENT_SOURCE,
	DOCUMENT_TOPIC,
	DOCUMENT_USER,
	DOCUMENT_KEYS,
	DOCUMENT_DOCUMENT,
	NDOCUMENT
};

struct EvFiled
{
	EvRequest *request;
	const EvKeyConditions *conditions;
	Snapshot snapshot;
	EvTally *tally;
	EvPartition *partitions;
	int npartitions;
	List *configured; /* EvConfigured: of the configurations that are in use */
	bool wants_documents;
	bool is_unsure;			   /* the index is not asked for all of the text */
	MemoryContext context;	   /* that of the search */
	MemoryContext row_context; /* of one document */
	int64 id_key;			   /* of the whole query; if there is text */
	int64 correlation_key;

	/* the open partition, if rel is set */
	EvPartition *open;
	Relation rel;
	Relation primary;
	Relation gin;	   /* NULL: it has none */
	bool asked_named;  /* it is known if some event there has the query as its id */
	bool may_be_named; /* the answer */
};

/* Put a row into a hit; false if it is not asked for. `certain`: the index is sure of it. */
extern bool ev_filed_take(EvFiled *filed, HeapTuple tuple, int64 low, int64 high, bool certain,
						  EvHit *hit);

/* The row of a position in the open partition, by its place; false if it is not found there. */
extern bool ev_filed_visit_row(EvFiled *filed, int64 position, const ItemPointerData *tid,
							   EvVisitor visitor, void *arg);

#endif /* EV_FILED_PARTS_H */
