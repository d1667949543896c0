/*
 * counters.h - numbers that all processes of one eventsd share.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * One anonymous shared page, mapped before the processes are forked, with a slot of
 * COUNTERS_MAX 64-bit numbers for each.  A process writes only its own slot, so there are no
 * locks; any process reads all of them, so whichever serves /metrics tells of the whole program.
 * What number i means is the business of the module that uses it.  When a process dies and a new
 * one takes its place, counters (which only rise) go on from where they were, but gauges (numbers
 * that go up and down) must be set to zero by the newcomer: counters_reset_range().
 */
#ifndef EVENTSD_COUNTERS_H
#define EVENTSD_COUNTERS_H

#include <stdint.h>

#define COUNTERS_MAX 1024

/* before the fork, once; a program that never calls it gets one private slot by itself */
void counters_create(int processes);
/* after the fork: whose slot is ours */
void counters_attach(int process);
int counters_processes(void);

/* our own slot, to be written with plain arithmetic: counters_mine()[EVENTS_READ]++ */
uint64_t *counters_mine(void);
uint64_t counters_get(int process, int index);
uint64_t counters_sum(int index);
/* set [first, last] of our slot to zero */
void counters_reset_range(int first, int last);

#endif /* EVENTSD_COUNTERS_H */
