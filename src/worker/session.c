/* SPDX-License-Identifier: PostgreSQL
 *
 * session.c: settings of our background processes; see session.h.
 */
#include "base/compat.h"

#include "utils/guc.h"
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
