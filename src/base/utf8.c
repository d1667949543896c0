/* SPDX-License-Identifier: PostgreSQL
 *
 * utf8.c: text of the database's encoding as UTF-8.
 *
 * A database of encoding SQL_ASCII does not say what its bytes mean: they are
 * taken for UTF-8, and what is none raises 22021, as for a client that asks for
 * UTF-8.
 */
#include "base/compat.h"

#include "base/utf8.h"

const char *
ev_utf8_from_server(const char *s, int *length)
{
	char *converted;

	if (GetDatabaseEncoding() == PG_UTF8 || ev_utf8_is_ascii(s, *length))
		return s;
	converted = pg_server_to_any(s, *length, PG_UTF8);
	if (converted != s)
		*length = strlen(converted);
	return converted;
}
