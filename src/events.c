/* SPDX-License-Identifier: PostgreSQL
 *
 * events.c: the module's entry, wiring only.
 *
 * Loaded by shared_preload_libraries it gets fixed shared memory and a
 * launcher for workers; loaded by the first call of one of its functions it
 * gets neither, and does without (base/shared.h).  src/README.md is the map.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "base/shared.h"
#include "capture/change_plan.h"
#include "capture/merge.h"
#include "miscadmin.h"
#include "publish/transaction.h"
#include "store/registry.h"
#include "worker/launcher.h"
#include "worker/utility.h"

EV_MODULE_MAGIC;

void _PG_init(void);

void
_PG_init(void)
{
	ev_settings_define();
	if (process_shared_preload_libraries_in_progress)
	{
		ev_shared_request();
		ev_launcher_register();
	}
	ev_registry_init();
	ev_transaction_init();
	ev_change_plan_init();
	ev_merge_init();
	ev_utility_init();
}
