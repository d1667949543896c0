/*
 * split.h - cutting a stream of JSON text into its values.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * NDJSON, one pretty-printed document, several documents one after the other: all are top-level
 * values with white space between them.  The Splitter finds where each ends, by brackets and
 * quotes, without understanding more; whether it is JSON at all the database will say.  What does
 * not begin with { or [ is cut at the end of its line.
 */
#ifndef EVENTSD_CMD_SPLIT_H
#define EVENTSD_CMD_SPLIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

typedef struct Splitter
{
	Buf text;
	size_t start;	/* of the value that is being looked for */
	size_t scanned; /* up to here */
	int depth;
	bool in_string;
	bool escaped;
} Splitter;

void split_init(Splitter *splitter, size_t limit);
void split_clear(Splitter *splitter);
/* false when a value is longer than the limit */
bool split_feed(Splitter *splitter, const char *bytes, size_t len);
/*
 * The next whole value, good until more is fed; false when there is none yet.
 * at_end: no more bytes will come, so what is left is a value too, however it looks.
 */
bool split_next(Splitter *splitter, bool at_end, Str *value);

#endif /* EVENTSD_CMD_SPLIT_H */
