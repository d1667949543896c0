/* SPDX-License-Identifier: PostgreSQL
 *
 * filed.h: documents that are filed, found by their index or by position.
 */
#ifndef EV_SEARCH_FILED_H
#define EV_SEARCH_FILED_H

#include "search/key_condition.h"
#include "search/tally.h"
#include "storage/itemptr.h"
#include "utils/snapshot.h"

/* What facets count, as in events.search_document. */
typedef enum EvField
{
	EV_FIELD_TYPE,
	EV_FIELD_SOURCE,
	EV_FIELD_TOPIC,
	EV_FIELD_USER,
	EV_NFIELDS
} EvField;

/* An event that may belong to the answer. */
typedef struct EvHit
{
	int64 position;
	TimestampTz recorded_at;
	int64 fields[EV_NFIELDS]; /* hashes */
	bool has_user;
	ItemPointerData tid;			/* its row among the documents; invalid: it has none */
	bool is_named;					/* found by its id or correlation id; with documents only */
	Datum document;					/* tsvector, where documents are asked for */
	const EvConfigured *configured; /* the same */
	const Datum *values;			/* the event, if it was read; else NULL */
	const bool *nulls;
} EvHit;

/* false: no more are wanted */
typedef bool (*EvVisitor)(void *arg, const EvHit *hit);

typedef struct EvFiled EvFiled;

/* Reads with the snapshot; the configurations in use are known from then on. */
extern EvFiled *ev_filed_open(EvRequest *request, const EvKeyConditions *conditions,
							  Snapshot snapshot, EvTally *tally);
extern void ev_filed_close(EvFiled *filed);

/* Hits are to carry their documents and what these were made with: for ranks. */
extern void ev_filed_want_documents(EvFiled *filed);

/* May the index be asked at all?  Are words asked for that begin so? */
extern bool ev_filed_has_index_conditions(const EvFiled *filed);
extern bool ev_filed_has_prefix(const EvFiled *filed);

/* Has the open partition an index? */
extern bool ev_filed_is_indexed(const EvFiled *filed);

/* How many positions are filed in it, holes and all? */
extern int64 ev_filed_extent(const EvFiled *filed);

/*
 * The document nearest to a position, at or below it (backward) or at or above it, within
 * low..high; its partition is open then and *end is where that ends in this direction.
 */
extern bool ev_filed_seek(EvFiled *filed, int64 low, int64 high, bool backward, int64 *found,
						  int64 *end);

/*
 * Documents of low..high, in the open partition, that the conditions and the text let
 * through: by the index, in no order.  level: of the chunk in which low..high lies;
 * EV_CHUNK_LEVELS: any part of the partition.  false if the visitor wanted no more.
 */
extern bool ev_filed_visit_index(EvFiled *filed, int level, int64 low, int64 high,
								 EvVisitor visitor, void *arg);

/* The same by position, one after the other. */
extern bool ev_filed_visit_rows(EvFiled *filed, int64 low, int64 high, bool backward,
								EvVisitor visitor, void *arg);

/* The one of a position that was found, in whatever partition it is; false if there is none.
 * tid: where it was seen with the same snapshot; if invalid it is looked up. */
extern bool ev_filed_visit_one(EvFiled *filed, int64 position, const ItemPointerData *tid,
							   EvVisitor visitor, void *arg);

/* How many the index names there; more than there are, where it cannot be sure. */
extern int64 ev_filed_count_index(EvFiled *filed, int level, int64 low, int64 high);

/* What the index is asked, for people. */
extern void ev_filed_describe(const EvFiled *filed, StringInfo out);

#endif /* EV_SEARCH_FILED_H */
