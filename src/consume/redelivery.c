/* SPDX-License-Identifier: PostgreSQL
 *
 * redelivery.c: events that a consumer gets again.
 */
#include "base/compat.h"

#include "base/catalog.h"
#include "catalog/pg_type.h"
#include "consume/redelivery.h"
#include "executor/spi.h"
#include "utils/builtins.h"

/* Run a statement whose parameters begin with the consumer's name; how many rows it touched. */
static uint64
execute(const char *command, int nargs, Oid *types, Datum *values, const char *nulls)
{
	int result = SPI_execute_with_args(command, nargs, types, values, nulls, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s: %s", SPI_result_code_string(result),
			 command);
	return SPI_processed;
}

void
ev_redelivery_forget(const EvConsumer *consumer, bool dropped)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {CStringGetTextDatum(consumer->name)};
	EvOwnerContext owner;

	ev_catalog_become_owner(&owner);
	SPI_connect();
	execute("DELETE FROM events.redelivery WHERE consumer = $1", 1, types, values, NULL);
	if (dropped)
		execute("DELETE FROM events.dead_letter WHERE consumer = $1", 1, types, values, NULL);
	SPI_finish();
	ev_catalog_restore_user(&owner);
}
