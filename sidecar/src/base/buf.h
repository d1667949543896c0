/*
 * buf.h - a byte buffer that grows, up to a limit.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A Buf is the caller's storage: buf_init, append, buf_clear.  Every Buf has a limit; an append
 * that would pass it changes nothing, returns false and sets `overflowed`, which stays set until
 * the Buf is emptied.  So a writer of many small pieces may ignore the single answers and look at
 * `overflowed` once, at the end.
 *
 * data[len] is always a NUL once anything was appended (the NUL is not counted in len), and
 * buf_text() gives "" for a Buf that was never written to.
 */
#ifndef EVENTSD_BUF_H
#define EVENTSD_BUF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Buf
{
	char *data;
	size_t len;
	size_t capacity; /* bytes allocated, the NUL included */
	size_t limit;	 /* greatest len ever allowed */
	bool overflowed;
} Buf;

void buf_init(Buf *buf, size_t limit);
/* frees the memory; the Buf can be used again, with the same limit */
void buf_clear(Buf *buf);
/* len = 0, memory kept (given back when it is above 64 KiB) */
void buf_reset(Buf *buf);

bool buf_append(Buf *buf, const void *data, size_t len);
bool buf_puts(Buf *buf, const char *text);
bool buf_putc(Buf *buf, char c);
bool buf_printf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Room for at least len more bytes, to be written by the caller at data + len (a read() target);
 * then buf_grow_by() says how many were.  NULL when that would pass the limit.
 */
char *buf_reserve(Buf *buf, size_t len);
void buf_grow_by(Buf *buf, size_t len);

/* drop the first len bytes, moving the rest to the front */
void buf_consume(Buf *buf, size_t len);

/* NUL-terminated view */
const char *buf_text(const Buf *buf);
/* hands the memory over to the caller (free with mem_free); the Buf is empty afterwards */
char *buf_detach(Buf *buf, size_t *len);
/* `from` is empty and gives its memory to `to`, which has none */
void buf_give_memory(Buf *from, Buf *to);

#endif /* EVENTSD_BUF_H */
