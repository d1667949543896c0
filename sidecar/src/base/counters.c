/*
 * counters.c - the shared page of numbers.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * 64-bit loads and stores of aligned words are whole on every machine that PostgreSQL still
 * supports in practice, and the reader of a counter needs no more than that.
 */
#include "base/counters.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

static uint64_t private_slot[COUNTERS_MAX];
static uint64_t *page = private_slot;
static uint64_t *mine = private_slot;
static int process_count = 1;

void
counters_create(int processes)
{
	void *memory = mmap(NULL, sizeof(uint64_t) * COUNTERS_MAX * (size_t) processes,
						PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
	{
		log_error("cannot map shared memory");
		exit(1);
	}
	page = mine = memory;
	process_count = processes;
}

void
counters_attach(int process)
{
	mine = page + (size_t) process * COUNTERS_MAX;
}

int
counters_processes(void)
{
	return process_count;
}

uint64_t *
counters_mine(void)
{
	return mine;
}

uint64_t
counters_get(int process, int index)
{
	return __atomic_load_n(&page[(size_t) process * COUNTERS_MAX + (size_t) index],
						   __ATOMIC_RELAXED);
}

uint64_t
counters_sum(int index)
{
	uint64_t sum = 0;

	for (int process = 0; process < process_count; process++)
		sum += counters_get(process, index);
	return sum;
}

void
counters_reset_range(int first, int last)
{
	memset(&mine[first], 0, sizeof(uint64_t) * (size_t) (last - first + 1));
}
