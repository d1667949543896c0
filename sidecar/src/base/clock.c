/*
 * clock.c - reading the clocks.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int64_t
read_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_monotonic_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_real_us(void)
{
	return read_us(CLOCK_REALTIME);
}

char *
clock_format(int64_t real_us, char text[CLOCK_TEXT_SIZE])
{
	int64_t micros = real_us % 1000000;
	time_t seconds;
	struct tm parts;

	if (micros < 0)
		micros += 1000000;
	seconds = (time_t) ((real_us - micros) / 1000000);
	gmtime_r(&seconds, &parts);
	snprintf(text, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
			 (parts.tm_year + 1900) % 10000, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
			 parts.tm_min, parts.tm_sec, (int) micros);
	return text;
}

/* xorshift64*, seeded once a process from time and pid: siblings must not retry in step */
uint32_t
clock_jitter(uint32_t bound)
{
	static uint64_t state;
	static pid_t seeded_by;

	if (seeded_by != getpid())
	{
		seeded_by = getpid();
		state = (uint64_t) clock_real_us() * UINT64_C(0x9E3779B97F4A7C15) ^
				((uint64_t) seeded_by << 32 | 1);
		if (!state)
			state = 1;
	}
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return bound ? (uint32_t) (((state * UINT64_C(0x2545F4914F6CDD1D)) >> 32) % bound) : 0;
}

/* not before a second is over: a successor has to start */
int
clock_return_ms(int64_t spread_ms)
{
	return 1000 + (int) clock_jitter((uint32_t) spread_ms + 1);
}
