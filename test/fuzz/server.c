/*
 * server.c - enough of a PostgreSQL backend for the extension's parsers.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * libpgcommon and libpgport have what is the same outside of a backend (StringInfo, encodings);
 * this is the rest, by the names and types of the server's headers.  What is allocated in
 * TopMemoryContext stays, as it does in a backend.
 */
#include "postgres.h"

#include <setjmp.h>

#include "base/settings.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "server.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

/* In front of each piece of memory. */
typedef struct Piece
{
	struct Piece *previous;
	struct Piece *next;
} Piece;

static Piece pieces = {&pieces, &pieces};
static MemoryContextCallback *callbacks;
static jmp_buf *catcher;

MemoryContext TopMemoryContext = (MemoryContext) "top";
MemoryContext CurrentMemoryContext = (MemoryContext) "current";
volatile sig_atomic_t InterruptPending = false;
int ev_pattern_match_limit = 1000;
const int day_tab[2][13] = {{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
							{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}};

bool
server_run(void (*call)(void *), void *argument)
{
	jmp_buf here;
	bool raised = setjmp(here) != 0;

	catcher = &here;
	if (!raised)
		call(argument);
	catcher = NULL;
	return !raised;
}

void
server_reset(void)
{
	for (; callbacks; callbacks = callbacks->next)
		callbacks->func(callbacks->arg);
	while (pieces.next != &pieces)
		pfree(pieces.next + 1);
}

void *
palloc(Size size)
{
	Piece *piece = malloc(sizeof(Piece) + size);

	*piece = (Piece) {pieces.previous, &pieces};
	piece->previous->next = piece;
	piece->next->previous = piece;
	return piece + 1;
}

void
pfree(void *pointer)
{
	Piece *piece = (Piece *) pointer - 1;

	piece->previous->next = piece->next;
	piece->next->previous = piece->previous;
	free(piece);
}

void *
repalloc(void *pointer, Size size)
{
	Piece *piece = realloc((Piece *) pointer - 1, sizeof(Piece) + size);

	piece->previous->next = piece;
	piece->next->previous = piece;
	return piece + 1;
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
palloc_extended(Size size, int flags)
{
	return flags & MCXT_ALLOC_ZERO ? palloc0(size) : palloc(size);
}

char *
pnstrdup(const char *s, Size length)
{
	char *copy = palloc(strnlen(s, length) + 1);

	copy[strnlen(s, length)] = '\0';
	return memcpy(copy, s, strnlen(s, length));
}

char *
pstrdup(const char *s)
{
	return pnstrdup(s, strlen(s));
}

/* TopMemoryContext's pieces are on a list of their own: none. */
void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	Piece *piece;

	if (context != TopMemoryContext)
		return palloc(size);
	piece = malloc(sizeof(Piece) + size);
	*piece = (Piece) {piece, piece};
	return piece + 1;
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size min, Size init, Size max)
{
	return parent;
}

void
MemoryContextDelete(MemoryContext context)
{
}

void
MemoryContextRegisterResetCallback(MemoryContext context, MemoryContextCallback *callback)
{
	callback->next = callbacks;
	callbacks = callback;
}

bool
errstart(int elevel, const char *domain)
{
	return true;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return true;
}

void
errfinish(const char *file, int line, const char *function)
{
	longjmp(*catcher, 1);
}

int
errcode(int code)
{
	return 0;
}

int
errmsg(const char *format, ...)
{
	return 0;
}

int
errmsg_internal(const char *format, ...)
{
	return 0;
}

int
errdetail(const char *format, ...)
{
	return 0;
}

int
errhint(const char *format, ...)
{
	return 0;
}

bool
stack_is_too_deep(void)
{
	return false;
}

void
ProcessInterrupts(void)
{
}

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

char *
pg_server_to_any(const char *s, int length, int encoding)
{
	return unconstify(char *, s);
}

char *
pg_any_to_server(const char *s, int length, int encoding)
{
	return unconstify(char *, s);
}

bool
pg_verify_mbstr(int encoding, const char *s, int length, bool no_error)
{
	return pg_encoding_verifymbstr(encoding, s, length) == length;
}

int
pg_mbcliplen(const char *s, int length, int limit)
{
	return Min(length, limit);
}

int
date2j(int year, int month, int day)
{
	return (year * 12 + month) * 31 + day;
}

void
j2date(int julian, int *year, int *month, int *day)
{
	*year = julian / 31 / 12;
	*month = julian / 31 % 12;
	*day = julian % 31;
}
