/*
 * deliver_history.h - the table as a HistorySource, and the feed as what drives a hub.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The hub knows no database and pg/ knows no hub; here they meet.
 */
#ifndef WEB_DELIVER_HISTORY_H
#define WEB_DELIVER_HISTORY_H

#include "hub/history.h"
#include "pg/feed.h"

struct Queries;

/* deliver_new(loop, conf, &deliver_history, queries) */
extern const HistorySource deliver_history;

/*
 * Feed callbacks for a hub: call them from the FeedHandler's functions (or use the table as it
 * is, with the Hub as its arg, when on_state is of no interest).
 */
extern const FeedHandler deliver_feed_handler;

#endif /* WEB_DELIVER_HISTORY_H */
