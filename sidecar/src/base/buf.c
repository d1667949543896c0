/*
 * buf.c - the bounded byte buffer.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Capacity doubles from 256 bytes; the limit is on len, so capacity may pass it by the NUL.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_CAPACITY 256
#define KEPT_CAPACITY (64 * 1024)

void
buf_init(Buf *buf, size_t limit)
{
	memset(buf, 0, sizeof(*buf));
	buf->limit = limit < SIZE_MAX / 4 ? limit : SIZE_MAX / 4;
}

void
buf_clear(Buf *buf)
{
	mem_free(buf->data);
	buf_init(buf, buf->limit);
}

void
buf_reset(Buf *buf)
{
	if (buf->capacity > KEPT_CAPACITY)
	{
		buf_clear(buf);
		return;
	}
	buf->len = 0;
	buf->overflowed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

char *
buf_reserve(Buf *buf, size_t len)
{
	size_t needed;
	size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;

	if (buf->overflowed || len > buf->limit || buf->len > buf->limit - len)
	{
		buf->overflowed = true;
		return NULL;
	}
	needed = buf->len + len + 1;
	if (needed > buf->capacity)
	{
		while (capacity < needed)
			capacity *= 2;
		buf->data = mem_realloc(buf->data, capacity);
		buf->capacity = capacity;
	}
	return buf->data + buf->len;
}

void
buf_grow_by(Buf *buf, size_t len)
{
	buf->len += len;
	buf->data[buf->len] = '\0';
}

bool
buf_append(Buf *buf, const void *data, size_t len)
{
	char *room = buf_reserve(buf, len);

	if (!room)
		return false;
	if (len)
		memcpy(room, data, len);
	buf_grow_by(buf, len);
	return true;
}

bool
buf_puts(Buf *buf, const char *text)
{
	return buf_append(buf, text, strlen(text));
}

bool
buf_putc(Buf *buf, char c)
{
	return buf_append(buf, &c, 1);
}

bool
buf_printf(Buf *buf, const char *format, ...)
{
	va_list args;
	int len;
	char *room;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || !(room = buf_reserve(buf, (size_t) len)))
	{
		buf->overflowed = true;
		return false;
	}
	va_start(args, format);
	vsnprintf(room, (size_t) len + 1, format, args);
	va_end(args);
	buf_grow_by(buf, (size_t) len);
	return true;
}

void
buf_consume(Buf *buf, size_t len)
{
	if (!len)
		return;
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
	buf->data[buf->len] = '\0';
}

const char *
buf_text(const Buf *buf)
{
	return buf->data ? buf->data : "";
}

void
buf_give_memory(Buf *from, Buf *to)
{
	to->data = from->data;
	to->capacity = from->capacity;
	from->data = NULL;
	from->capacity = 0;
}

char *
buf_detach(Buf *buf, size_t *len)
{
	char *data = buf->data ? buf->data : mem_strdup("");

	if (len)
		*len = buf->len;
	buf_init(buf, buf->limit);
	return data;
}
