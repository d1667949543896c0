/* SPDX-License-Identifier: PostgreSQL
 *
 * partition.h: the partitions of events.event by position.
 */
#ifndef EV_PARTITION_H
#define EV_PARTITION_H

#include "utils/relcache.h"

typedef struct EvPartition
{
	Oid relid;
	int64 lower; /* inclusive */
	int64 upper; /* exclusive */
} EvPartition;

/* Raises 55000 unless this relation can hold events: an ordinary table with a primary key. */
extern void ev_partition_check(Relation partition);

/* So many positions beyond the last one are always covered by maintenance. */
#define EV_PARTITION_AHEAD (INT64CONST(2) << 20)

/* The partitions in order of position; *count of them. */
extern EvPartition *ev_partition_list(Relation event, int *count);

/* The end of the last partition, exclusive; 0 if there is none. */
extern int64 ev_partition_end(Relation event);

/* The lowest position that is still kept, at least 1. */
extern int64 ev_partition_oldest(Relation event);

/*
 * Make partitions until `upto` is covered, as the extension's owner.  Where
 * another transaction is at it: waits for it, or (wait = false) does nothing.
 */
extern void ev_partition_ensure(Oid event, int64 upto, bool wait);

/*
 * At commit, before the gate: are there partitions for `count` positions after
 * `last`, and some more for others who commit meanwhile?  If not, make them;
 * the caller must not have the table open then.
 */
extern bool ev_partition_has_room(Relation event, int64 last, int64 count);
extern void ev_partition_make_room(Oid event, int64 last, int64 count);

/* For those who make partitions, within SPI: run a command, or raise. */
extern void ev_partition_execute(const char *command);

#endif /* EV_PARTITION_H */
