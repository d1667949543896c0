/*
 * recovery.c - the connection of a long command.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * It is there again when it answers a question: poolers take clients before they have a server, and
 * a standby is no use before it was promoted.  So what is refused there counts as not yet there,
 * and only what is lost later counts as a loss.
 */
#include "cmd/recovery.h"

#include <stdio.h>

#include "base/clock.h"
#include "cmd/stop.h"

#define RETRY_FIRST 200 /* ms */
#define RETRY_LAST 5000
#define WAIT_FOR_SERVER (5 * 60) /* s */
#define LOSSES_MOST 5
#define LOSS_PAUSE 500 /* ms, doubled with each */

/* why not; a signal needs no words */
static bool
tell(const Archive *archive)
{
	if (!stop_asked)
		fprintf(stderr, "eventsd: %s\n", archive_error(archive));
	return false;
}

static bool
is_there(Archive *archive, ArchiveState *state)
{
	return archive_connect(archive) && archive_state(archive, state);
}

bool
recovery_begin(Archive *archive, const Conf *conf, ArchiveState *state)
{
	int64_t give_up_at = clock_monotonic_ms() + conf->connect_timeout;

	while (!is_there(archive, state))
	{
		int64_t now = clock_monotonic_ms();

		if (stop_asked)
			fputs("eventsd: interrupted while it connected; not finished: nothing was done\n",
				  stderr);
		if (stop_asked || now >= give_up_at || !archive_is_lost(archive))
			return tell(archive);
		stop_sleep_until(now + RETRY_FIRST);
	}
	return true;
}

static bool
wait_for_server(Archive *archive, ArchiveState *state)
{
	int64_t give_up_at = clock_monotonic_ms() + WAIT_FOR_SERVER * INT64_C(1000);
	int64_t pause = RETRY_FIRST;

	while (!is_there(archive, state))
	{
		int64_t now = clock_monotonic_ms();

		if (stop_asked || now >= give_up_at)
			return tell(archive);
		if (pause == RETRY_FIRST)
			fprintf(stderr, "eventsd: the connection was lost, and is tried for %d s: %s\n",
					WAIT_FOR_SERVER, archive_error(archive));
		stop_sleep_until(now + pause);
		pause = pause * 2 < RETRY_LAST ? pause * 2 : RETRY_LAST;
	}
	return true;
}

bool
recovery_again(Recovery *recovery, Archive *archive, int64_t place, ArchiveState *state)
{
	if (recovery->losses == 0 || recovery->place != place)
		*recovery = (Recovery) {.place = place};
	recovery->losses++;
	if (recovery->losses == LOSSES_MOST)
	{
		fprintf(stderr, "eventsd: the connection was lost %d times at the same place: %s\n",
				LOSSES_MOST, archive_error(archive));
		return false;
	}
	if (recovery->losses > 1)
		stop_sleep_until(clock_monotonic_ms() + (LOSS_PAUSE << (recovery->losses - 2)));
	return !stop_asked && wait_for_server(archive, state);
}
