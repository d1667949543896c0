/* SPDX-License-Identifier: PostgreSQL
 *
 * jsonb_writer.h: writing a jsonb datum from front to back.
 *
 * PostgreSQL builds jsonb as a tree of JsonbValues, sorts the keys of each
 * object and then converts the tree.  Whoever knows before how many members
 * an object has, and their order (ev_view_compare_keys), can write the datum
 * itself: a container opens with its count, its keys and values follow, and
 * closing it tells the container around it how long it has become.
 *
 * Offsets count from the datum's first byte, so what is written without a
 * header of its own (ev_jsonb_writer_clear) may be copied to any place that
 * is aligned to 4 bytes.
 */
#ifndef EV_JSONB_WRITER_H
#define EV_JSONB_WRITER_H

#include "base/view.h"

typedef struct EvJsonbWriter
{
	char *data; /* aligned */
	int length;
	int allocated;
	Size digits; /* numbers take at most so many characters when they are written as text */
	MemoryContext context;
} EvJsonbWriter;

/* An open container. */
typedef struct EvJsonbFrame
{
	int start;	  /* where its entry begins, padding included */
	int children; /* its JEntries */
	int base;	  /* where its data begin */
	int next;	  /* number of the entry that is written next */
} EvJsonbFrame;

extern void ev_jsonb_writer_init(EvJsonbWriter *writer);

/* Begin anew: a datum with its header, or a container on its own. */
extern void ev_jsonb_writer_reset(EvJsonbWriter *writer);
extern void ev_jsonb_writer_clear(EvJsonbWriter *writer);

/* The datum; it lies in the writer. */
extern Jsonb *ev_jsonb_writer_finish(EvJsonbWriter *writer);

/* Room for so many more bytes; raises 54000 where jsonb has none. */
extern void ev_jsonb_reserve_more(EvJsonbWriter *writer, Size bytes);

static inline void
ev_jsonb_reserve(EvJsonbWriter *writer, Size bytes)
{
	if (bytes > (Size) (writer->allocated - writer->length))
		ev_jsonb_reserve_more(writer, bytes);
}

static inline void
ev_jsonb_append(EvJsonbWriter *writer, const void *bytes, int n)
{
	ev_jsonb_reserve(writer, n);
	memcpy(writer->data + writer->length, bytes, n);
	writer->length += n;
}

static inline void
ev_jsonb_align(EvJsonbWriter *writer)
{
	ev_jsonb_reserve(writer, sizeof(uint32));
	while (writer->length % sizeof(uint32) != 0)
		writer->data[writer->length++] = '\0';
}

/* What was written since `start` is the next entry of `frame`. */
static inline void
ev_jsonb_entry(EvJsonbWriter *writer, EvJsonbFrame *frame, uint32 type, int start)
{
	JEntry *entry = (JEntry *) (writer->data + frame->children) + frame->next;

	if (frame->next % JB_OFFSET_STRIDE == 0)
		*entry = type | JENTRY_HAS_OFF | (uint32) (writer->length - frame->base);
	else
		*entry = type | (uint32) (writer->length - start);
	frame->next++;
}

/* An object: all keys with put_key, in their order, then as many values.  Or an array. */
extern void ev_jsonb_open_object(EvJsonbWriter *writer, EvJsonbFrame *frame, int count);
extern void ev_jsonb_open_array(EvJsonbWriter *writer, EvJsonbFrame *frame, int count);

/* An object whose header, entries and keys lie ready: `n` bytes, `count` keys. */
extern void ev_jsonb_open_copy(EvJsonbWriter *writer, EvJsonbFrame *frame, const char *bytes, int n,
							   int count);

/* It is the next entry of `parent`, unless that is NULL. */
extern void ev_jsonb_close(EvJsonbWriter *writer, EvJsonbFrame *frame, EvJsonbFrame *parent);

static inline void
ev_jsonb_put_string(EvJsonbWriter *writer, EvJsonbFrame *frame, const char *s, int n)
{
	int start = writer->length;

	ev_jsonb_append(writer, s, n);
	ev_jsonb_entry(writer, frame, JENTRY_ISSTRING, start);
}
#define ev_jsonb_put_key ev_jsonb_put_string

static inline void
ev_jsonb_put_null(EvJsonbWriter *writer, EvJsonbFrame *frame)
{
	ev_jsonb_entry(writer, frame, JENTRY_ISNULL, writer->length);
}

static inline void
ev_jsonb_put_bool(EvJsonbWriter *writer, EvJsonbFrame *frame, bool value)
{
	ev_jsonb_entry(writer, frame, value ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE, writer->length);
}

extern void ev_jsonb_put_int(EvJsonbWriter *writer, EvJsonbFrame *frame, int64 value);

/* Any Numeric but NaN and the infinities; its header may be a short one. */
extern void ev_jsonb_put_numeric(EvJsonbWriter *writer, EvJsonbFrame *frame,
								 const struct NumericData *value);

/* A copy of a whole datum. */
extern void ev_jsonb_put_jsonb(EvJsonbWriter *writer, EvJsonbFrame *frame, const Jsonb *value);

/* A container that was written on its own. */
extern void ev_jsonb_put_container(EvJsonbWriter *writer, EvJsonbFrame *frame, const char *bytes,
								   int n);

#endif /* EV_JSONB_WRITER_H */
