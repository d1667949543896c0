/*
 * subscriber.h - one connection's place in the stream.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A Subscriber is embedded in its connection and must not move.  It is a channel and a place in
 * the channel's log while it keeps up (it is *joined*), and a position in the stream while
 * it does not (it *catches up*, from the ring or, further back, from the table).  Either way it
 * has a Pending: bytes that were taken out of log, ring or table and did not fit into the socket
 * yet, never more than one frame of the log or one page of the catching up.
 *
 * The invariant all else hangs on: every matching event at or below `position` has been given to
 * send() or is in `pending`, and none above it has been.  (While joined, `position` may lag behind;
 * subscriber_position() says the exact one.)
 *
 * States, each with the list it sits on:
 *	  OUT       on none; not subscribed, or ended
 *	  READY     hub->ready: has something to do at the end of the turn
 *	  IDLE      channel->idle: joined, has got everything, waits for events; moved to
 *				hub->ready with all others of its channel when one comes
 *	  BLOCKED   on none: waits for subscriber_writable()
 *	  AHEAD     hub->ahead: its position is beyond what we have read (it comes from another
 *				eventsd that was faster); waits for the feed to get there
 *	  AWAITING  channel->awaiting: has got everything up to the head, or up to what was the head
 *				a moment ago, and waits until all filters of its channel are live
 *	  QUEUED    hub->queued: waits for its turn to read from the table
 *	  READING   on none: a read from the table is under way
 *	  RETRY     hub->retry: the table could not be read; tried again in a second
 *
 * Rules for callers
 *	- No callback comes from inside hub_subscribe(), subscriber_change() or subscriber_leave().
 *	- send() must not call subscriber_leave(), nor free the Subscriber; when the connection is
 *	  broken it returns -1 and the hub lets go of the subscriber by itself (no ended()).
 *	- ready() may leave, and free the Subscriber, when it returns false.
 *	- batch() and ended() may do anything, also free, or subscribe anew.
 */
#ifndef EVENTSD_SUBSCRIBER_H
#define EVENTSD_SUBSCRIBER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/dlist.h"
#include "hub/cursor.h"
#include "hub/framing.h"
#include "hub/history.h"
#include "hub/segment.h"
#include "hub/subscription.h"

typedef struct Subscriber Subscriber;
typedef struct Hub Hub;

typedef enum SubscriberEnd
{
	END_RESET_EPOCH,   /* the cursor is of another epoch, or the epoch changed */
	END_RESET_TOO_OLD, /* events after the cursor are no longer kept */
	END_RESET_FUTURE,  /* the cursor is beyond the horizon */
	END_UNAVAILABLE,   /* never became ready: the table cannot be read now */
	END_FILTER_FAILED  /* a filter passed a limit on an event that may be wanted or not */
} SubscriberEnd;

typedef struct SubscriberEnded
{
	SubscriberEnd reason;
	bool was_ready; /* ready() had been called: the stream has begun */
	bool is_clean;	/* no frame was left half sent */
	/*
	 * The cursor to go on from.  Too old: just before the oldest kept; a filter failed: at the
	 * event on which it did, which is left out then; else the newest.
	 */
	char cursor[CURSOR_SIZE];
	/* the oldest cursor that is good */
	char oldest[CURSOR_SIZE];
} SubscriberEnded;

/* "epoch", "too_old", "future", "unavailable", "filter_failed": words of the wire */
const char *subscriber_end_name(SubscriberEnd reason);

/*
 * What a one-shot subscriber gets: frames of `count` events, one after the other, and the cursor
 * to go on from.  count is 0 only for those who wait no longer (no_wait, subscriber_finish()).
 * share points to a place of the channel's where an answer may be kept for others who get the
 * very same batch (equal share_key; NULL when there is nobody to share with); the framing's
 * share_free() gets it in the end.
 */
typedef struct Batch
{
	const Str *pieces;
	int piece_count;
	size_t length;	  /* of all pieces */
	int count;		  /* events */
	int64_t position; /* go on after this one */
	const char *epoch;
	void **share;
	uint64_t share_key[2]; /* which frames of the channel's log: from, to */
} Batch;

typedef struct SubscriberOps
{
	const Framing *framing;

	/*
	 * Streams: the starting point is good and events may follow: write the head.  Called once,
	 * before anything else but ended().  False: the subscriber has left.  May be NULL.
	 */
	bool (*ready)(Subscriber *subscriber);

	/*
	 * Streams: take bytes, say how many; fewer than len means that subscriber_writable() will be
	 * called when there is room.  -1: broken, forget this subscriber.
	 */
	ssize_t (*send)(Subscriber *subscriber, const char *bytes, size_t len);

	/* one-shots: here is the answer; the subscriber is OUT already */
	void (*batch)(Subscriber *subscriber, const Batch *batch);

	/* it is over; the subscriber is OUT already */
	void (*ended)(Subscriber *subscriber, const SubscriberEnded *ended);
} SubscriberOps;

typedef enum SubscriberState
{
	SUBSCRIBER_OUT,
	SUBSCRIBER_READY,
	SUBSCRIBER_IDLE,
	SUBSCRIBER_BLOCKED,
	SUBSCRIBER_AHEAD,
	SUBSCRIBER_AWAITING,
	SUBSCRIBER_QUEUED,
	SUBSCRIBER_READING,
	SUBSCRIBER_RETRY
} SubscriberState;

/* All members are the hub's. */
struct Subscriber
{
	DlistNode node;	  /* the list of its state */
	DlistNode member; /* hub->members */
	const SubscriberOps *ops;
	Hub *hub;
	struct Channel *channel;
	int64_t position;
	uint64_t frame; /* joined: number of the next one in the channel's log */
	Pending pending;
	HistoryRead *read;
	int32_t limit; /* one-shot: at most so many events; 0: no limit */
	uint8_t state; /* SubscriberState */
	uint8_t end;   /* SubscriberEnd + 1: to be ended with at the end of the turn */
	bool joined;
	bool checked;  /* the starting position is known to be good */
	bool is_ready; /* ready() was called */
	bool from_earliest;
	bool no_wait; /* one-shot: answer even with nothing */
};

typedef enum StartFrom
{
	START_LATEST,	/* what comes from now on */
	START_EARLIEST, /* all that is kept */
	START_CURSOR
} StartFrom;

typedef struct Start
{
	StartFrom from;
	Cursor cursor; /* START_CURSOR */
} Start;

typedef struct SubscribeOptions
{
	Start start;
	int limit;	  /* one-shots: at most so many events; 0: no limit */
	bool no_wait; /* one-shots: answer with nothing when there is nothing */
} SubscribeOptions;

/*
 * Subscribes.  The caller keeps its reference of the subscription (the channel takes its own).
 * False: the hub is not open yet (the database was never reached); nothing was done and nothing
 * will be called.
 */
bool hub_subscribe(Hub *hub, Subscriber *subscriber, const SubscriberOps *ops,
				   Subscription *subscription, const SubscribeOptions *options);

/* Has no effect on one that is OUT.  Pending bytes are dropped. */
void subscriber_leave(Subscriber *subscriber);

/* There is room in the socket (also when nobody waited for it). */
void subscriber_writable(Subscriber *subscriber);

/*
 * Another subscription from here on, without gap: events after subscriber_position() come by the
 * new one.
 */
void subscriber_change(Subscriber *subscriber, Subscription *subscription);

/*
 * Bytes between two frames (keep-alive, last words): sent now, or behind what is pending.  False:
 * refused, because connection_queue_size bytes are pending already, or broken.
 */
bool subscriber_insert(Subscriber *subscriber, const char *bytes, size_t len);

/*
 * One-shot: wait no longer.  It gets its batch at the end of this turn, empty when there is
 * nothing; one that is still reading from the table gets it when that is done.
 */
void subscriber_finish(Subscriber *subscriber);

/* Everything up to here has been sent or is pending. */
int64_t subscriber_position(const Subscriber *subscriber);
/* the same as text, for the client: from then on it never goes back behind this */
char *subscriber_cursor(Subscriber *subscriber, char text[CURSOR_SIZE]);

static inline bool
subscriber_is_out(const Subscriber *subscriber)
{
	return subscriber->state == SUBSCRIBER_OUT;
}

/* before first use */
void subscriber_init(Subscriber *subscriber);

#endif /* EVENTSD_SUBSCRIBER_H */
