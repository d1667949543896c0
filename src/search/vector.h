/* SPDX-License-Identifier: PostgreSQL
 *
 * vector.h: a tsvector out of many pieces of text, each with its weight.
 *
 * The server's own make_tsvector() knows one text and one weight; joining the
 * vectors of thirty values by setweight() and || would copy each of them thirty
 * times.  Here the words of all pieces are collected and sorted once.
 */
#ifndef EV_VECTOR_H
#define EV_VECTOR_H

#include "postgres.h"

#include "tsearch/ts_type.h"
#include "tsearch/ts_utils.h"

/* Weights as tsvector stores them. */
#define EV_WEIGHT_A 3
#define EV_WEIGHT_B 2
#define EV_WEIGHT_C 1
#define EV_WEIGHT_D 0

typedef struct EvVectorWord
{
	const char *text; /* no NUL at its end */
	uint64 head;	  /* its first bytes, in the order of texts */
	uint16 length;
	uint16 entry; /* position and weight, a WordEntryPos */
} EvVectorWord;

typedef struct EvVector
{
	Oid configuration;
	int position; /* of the last word */
	int nwords;
	int room;
	EvVectorWord *words;
	ParsedText parsed; /* the piece that was parsed last */
	Size size;		   /* bytes of all words */
	bool is_full;	   /* a word was left out because a tsvector holds no more */
} EvVector;

/* Begins; all that it allocates is in CurrentMemoryContext.  One vector is made at a time. */
extern void ev_vector_begin(EvVector *vector, Oid configuration);

/* A piece of text, parsed.  `remember`: it is likely to come again in other events. */
extern void ev_vector_add(EvVector *vector, const char *text, int length, int weight,
						  bool remember);

/*
 * A name such as order.created or https://a.example/b: as any text, whole in lower case,
 * and what lies between characters that are neither letters nor digits.
 */
extern void ev_vector_add_name(EvVector *vector, const char *text, int length, int weight,
							   bool remember);

extern TSVector ev_vector_finish(EvVector *vector);

#endif /* EV_VECTOR_H */
