/* SPDX-License-Identifier: PostgreSQL
 *
 * document_partition.h: the partitions of events.search_document.
 */
#ifndef EV_DOCUMENT_PARTITION_H
#define EV_DOCUMENT_PARTITION_H

#include "store/partition.h"

/*
 * The partition that holds the document of the event at a position; it is made, with the
 * bounds of that of events.event, if there is none.  To be called as the extension's
 * owner, with events.search_document not open.
 */
extern EvPartition ev_document_partition_of(int64 position);

#endif /* EV_DOCUMENT_PARTITION_H */
