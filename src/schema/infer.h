/* SPDX-License-Identifier: PostgreSQL
 *
 * infer.h: a schema out of samples.
 *
 * A *place* is where values stand in the samples: the whole value is one, a
 * property of it is one, and so are all elements of an array together.  A place
 * remembers what has been seen there; schemas are made from places.  The tree of
 * places lives in EvInfer.context.
 */
#ifndef EV_INFER_H
#define EV_INFER_H

#include "base/view.h"
#include "schema/format.h"

/* Distinct strings kept at a place; with more of them it is no enumeration. */
#define EV_INFER_MAX_VALUES 16
#define EV_INFER_MAX_VALUE_LENGTH 64

/* Property names at one place; with more of them its object is a map. */
#define EV_INFER_MAX_MEMBERS 1000

/* Places of one state, and how deep they go; beyond, a place takes anything. */
#define EV_INFER_MAX_PLACES 20000
#define EV_INFER_MAX_DEPTH 100

/* All property names of one state, together. */
#define EV_INFER_MAX_NAME_BYTES (16 * 1024 * 1024)

typedef struct EvPlace EvPlace;

typedef struct EvPlaceString
{
	int length;
	int64 count;
	char *bytes;
} EvPlaceString;

typedef struct EvPlaceStrings
{
	int64 count;
	uint32 formats; /* bit 1 << EvFormat: all of them are of that format */
	int longest;	/* code points */
	int nvalues;	/* distinct ones, in the order of keys; -1: too many */
	EvPlaceString values[EV_INFER_MAX_VALUES];
} EvPlaceStrings;

typedef struct EvPlaceArrays
{
	int64 count;
	EvPlace *items; /* NULL: all were empty */
} EvPlaceArrays;

typedef struct EvPlaceMember
{
	int length;
	char *name;
	EvPlace *place;
} EvPlaceMember;

typedef struct EvPlaceObjects
{
	int64 count;
	int longest_name; /* code points */
	int nmembers, room;
	EvPlaceMember *members; /* sorted as keys of jsonb are */
	EvPlace *any_member;	/* of a map: all its members; else NULL */
} EvPlaceObjects;

struct EvPlace
{
	bool anything; /* it would not fit in the bounds: nothing is known about it */
	int64 values;
	int64 samples;	   /* in how many samples it occurred, ... */
	int64 last_sample; /* ... the latest of which was this one */
	int64 nulls, booleans, integers, fractions;
	EvPlaceStrings *strings; /* each NULL if there were none */
	EvPlaceArrays *arrays;
	EvPlaceObjects *objects;
};

typedef struct EvInfer
{
	MemoryContext context;
	int64 samples;
	int places;
	int64 name_bytes; /* of property names that are kept */
	bool full;		  /* there was no room for some place */
	EvPlace *root;
} EvInfer;

extern EvInfer *ev_infer_make(MemoryContext context);
extern void ev_infer_add(EvInfer *infer, const EvView *sample);

/* `from` stays as it is, and nothing of it is kept. */
extern void ev_infer_merge(EvInfer *infer, const EvInfer *from);

/* As ev_infer_merge, for single places; `depth` is that of `to`. */
extern void ev_infer_merge_place(EvInfer *infer, EvPlace *to, const EvPlace *from, int depth);
extern EvPlace *ev_infer_make_place(EvInfer *infer, int depth);
extern void ev_infer_free_place(EvInfer *infer, EvPlace *place);

/* As bytes for another process, and back. */
extern bytea *ev_infer_serialize(const EvInfer *infer);
extern EvInfer *ev_infer_deserialize(MemoryContext context, bytea *bytes);

/* The schema; all samples so far are valid by it. */
extern Jsonb *ev_infer_schema_of(const EvInfer *infer);

/* The formats that are looked for, the most telling first; EV_FORMAT_NONE ends them. */
extern const EvFormat ev_infer_formats[];

#endif /* EV_INFER_H */
