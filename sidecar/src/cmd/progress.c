/*
 * progress.c - how far a long command has come.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define INTERVAL 200 /* ms */
#define BAR 20
#define CLEAR "\r\033[K"

void
progress_begin(Progress *progress, const char *verb, int64_t whole)
{
	*progress = (Progress) {.verb = verb,
							.shown = isatty(STDERR_FILENO) == 1,
							.started_at = clock_monotonic_ms(),
							.whole = whole};
}

static double
rate_of(const Progress *progress, int64_t events, int64_t now)
{
	int64_t taken = now - progress->started_at;

	return (double) events * 1000.0 / (double) (taken > 0 ? taken : 1);
}

static void
draw_share(const Progress *progress, int64_t done, int64_t now)
{
	double share = (double) done / (double) progress->whole;
	int64_t left;
	char bar[BAR + 1];

	if (share > 1)
		share = 1;
	for (int i = 0; i < BAR; i++)
		bar[i] = i < (int) (share * BAR) ? '#' : '.';
	bar[BAR] = '\0';
	fprintf(stderr, "  [%s] %d %%", bar, (int) (share * 100));
	if (share <= 0)
		return;
	left = (int64_t) ((double) (now - progress->started_at) * (1 - share) / share) / 1000;
	fprintf(stderr, "  %lld:%02d:%02d left", (long long) (left / 3600), (int) (left / 60 % 60),
			(int) (left % 60));
}

void
progress_show(Progress *progress, int64_t events, int64_t done)
{
	int64_t now;

	if (!progress->shown)
		return;
	now = clock_monotonic_ms();
	if (now < progress->next_at)
		return;
	progress->next_at = now + INTERVAL;
	progress->drawn = true;
	fprintf(stderr, CLEAR "%s %lld events  %.0f/s", progress->verb, (long long) events,
			rate_of(progress, events, now));
	if (progress->whole > 0)
		draw_share(progress, done, now);
	fflush(stderr);
}

void
progress_end(Progress *progress, int64_t events)
{
	int64_t now = clock_monotonic_ms();

	fprintf(stderr, "%seventsd: %s %lld events in %.1f s (%.0f a second)",
			progress->drawn ? CLEAR : "", progress->verb, (long long) events,
			(double) (now - progress->started_at) / 1000.0, rate_of(progress, events, now));
}
