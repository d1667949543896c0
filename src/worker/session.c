/* SPDX-License-Identifier: PostgreSQL
 *
 * session.c: settings of our background processes; see session.h.
 */
#include "base/compat.h"

#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "worker/session.h"

void
ev_session_fix(const char *name, const char *value)
{
	SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
}

void
ev_session_fix_settings(void)
{
	ev_session_fix("search_path", "pg_catalog, pg_temp");
	ev_session_fix("role", "none");
	ev_session_fix("statement_timeout", "0");
	ev_session_fix("idle_in_transaction_session_timeout", "0");
	ev_session_fix("default_transaction_isolation", "read committed");
	ev_session_fix("default_transaction_read_only", "off");
#ifdef EV_HAVE_TRANSACTION_TIMEOUT
	ev_session_fix("transaction_timeout", "0");
#endif
}

bool
ev_session_has_new_settings(void)
{
	static char *first = NULL;
	char *query = psprintf("SELECT coalesce(pg_catalog.string_agg("
						   "setconfig::pg_catalog.text, ' ' ORDER BY setdatabase, setrole), '')"
						   " FROM pg_catalog.pg_db_role_setting"
						   " WHERE setdatabase IN (0, %u) AND setrole IN (0, %u)",
						   MyDatabaseId, BOOTSTRAP_SUPERUSERID);
	char *now;

	/* Not read-only: it sees what was committed until now. */
	(void) SPI_execute(query, false, 1);
	now = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (first == NULL)
		first = MemoryContextStrdup(TopMemoryContext, now);
	return strcmp(first, now) != 0;
}
