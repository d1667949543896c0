/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_hash.c: a hash of the value of an expression over an event.
 *
 * Hashes are stored (events.redelivery) and divide events among members, so they
 * have to stay the same: they are those of PostgreSQL's hash partitioning.  A string
 * is hashed as its bytes, anything else as JSON.
 */
#include "base/compat.h"

#include "common/hashfn.h"
#include "match/feel_cache.h"
#include "match/feel_evaluate.h"
#include "match/feel_filter.h"
#include "match/feel_hash.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

uint64
ev_feel_hash_string(const char *string, int length)
{
	return hash_bytes_extended((const unsigned char *) string, length, 0);
}

static bool
hash_value(EvFeelRun *run, EvFeelValue value, uint64 *hash)
{
	Jsonb *json;

	if (value.type == EV_FEEL_STRING)
	{
		*hash = ev_feel_hash_string(value.string, value.length);
		return true;
	}
	if (ev_feel_is_null(value) || (json = ev_feel_to_jsonb(run, value)) == NULL)
		return false;
	*hash = DatumGetUInt64(
		DirectFunctionCall2(jsonb_hash_extended, JsonbPGetDatum(json), UInt64GetDatum(0)));
	return true;
}

bool
ev_feel_hash(const EvFeel *expression, EvSubject *subject, uint64 *hash, EvFeelLimit *exceeded)
{
	MemoryContext old = MemoryContextSwitchTo(ev_feel_run_context());
	EvFeelRoot root = {.subject = subject};
	EvFeelRun run;
	bool found;

	ev_feel_run_begin_filter(&run);
	found = hash_value(&run, ev_feel_evaluate(&run, &root.frame, expression->root), hash);
	*exceeded = run.exceeded == EV_FEEL_TOO_MANY_STEPS ? EV_FEEL_FILTER_STEPS : run.exceeded;
	MemoryContextSwitchTo(old);
	(void) ev_feel_run_context();
	return found && !run.exceeded;
}
