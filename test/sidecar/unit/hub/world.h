/*
 * world.h - a database and clients made of arrays, for tests of the hub.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A World (world.c) is the truth: all events ever committed, what of them is still kept (from
 * `oldest` on) and up to where they are decided (`horizon`).  It is a HistorySource too; reads
 * are answered when the test says so, from what the table holds at that moment.
 *
 * Its language of filters is "3:1", which matches positions that leave 1 when divided by 3, and
 * "3:1!7:0", which fails where the position leaves 0 when divided by 7.
 *
 * A Client (client.c) is a subscriber with a socket that has room for so many bytes.  It knows
 * nothing of the hub: it parses what it receives, and client_expect() holds that against the truth:
 * the next event received must be the next one in the world that it wants.
 *
 * A frame is "position;json\n", words between frames are "#cursor\n".
 */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/hub.h"

typedef struct WorldEvent
{
	EventView view;
	char json[128];
} WorldEvent;

typedef struct World
{
	WorldEvent *events;
	int count;
	int capacity;
	int64_t oldest;
	int64_t horizon;
	char epoch[CURSOR_EPOCH_LENGTH + 1];
	bool is_away; /* reads are refused */
	Dlist reads;
	int read_count;
	int look_limit; /* events looked at in one read; 0: no limit */
} World;

extern const HistorySource world_history;

void world_init(World *world, const char *epoch);
void world_clear(World *world);
/* topic is a path written with '/'; both texts must live on; json_len bytes of JSON or so */
void world_commit(World *world, int64_t position, const char *topic, const char *type,
				  int json_len);
/* answers the oldest read; false when there is none */
bool world_answer(World *world);
bool world_fail(World *world, HistoryOutcome outcome);
/* 1: the filter matches there, 0: it does not, -1: it fails */
int world_judge(Str filter, int64_t position);
#define WORLD_MAX_FILTERS 64
/* the event with its answers, which are put into matches */
EventView world_answered(const EventView *view, StrList filters,
						 int64_t matches[WORLD_MAX_FILTERS]);
/*
 * Gives the hub all events of (head, until] and says that it is there, as a page that was asked for
 * with that list.
 */
void world_feed_page(World *world, Hub *hub, const FilterList *list, int64_t until);
/* the same, asked for now */
void world_feed(World *world, Hub *hub, int64_t until);
/* index of the first event after a position */
int world_find(const World *world, int64_t position);

#define CLIENT_MAX_WANTS 32

typedef enum ClientKind
{
	CLIENT_BYTES,  /* a socket that takes any number of bytes */
	CLIENT_FRAMES, /* one that takes whole frames only */
	CLIENT_POLL
} ClientKind;

typedef struct Client
{
	Subscriber subscriber;
	World *world;
	ClientKind kind;
	size_t room;
	bool breaks; /* the next send finds a broken connection */
	bool refuses_ready;
	bool from_earliest;
	char input[4096]; /* received, not yet a whole frame */
	size_t input_len;

	/* what it wants, and from which position on */
	struct
	{
		int64_t from;
		Subscription *subscription;
	} wants[CLIENT_MAX_WANTS];
	int want_count;

	int64_t seen; /* everything wanted up to here was received */
	int received; /* events */
	int words;	  /* "#cursor" lines */
	int batches;
	int last_count; /* of the last batch */
	bool was_ready;
	bool has_ended;
	SubscriberEnded ended;
	int64_t ended_horizon; /* the world's when it ended */
	int64_t ended_failure; /* client_failure() then */
} Client;

void client_init(Client *client, World *world, ClientKind kind);
void client_clear(Client *client);
const SubscriberOps *client_ops(ClientKind kind);
/* leaves if need be, and subscribes; takes the reference of the subscription */
bool client_subscribe(Client *client, Hub *hub, Subscription *subscription, StartFrom from,
					  int64_t position, int limit, bool no_wait);
void client_change(Client *client, Subscription *subscription);
/* the socket is emptied by the other side */
void client_make_room(Client *client, size_t room);
/* puts "#cursor\n" between frames */
bool client_insert(Client *client);
/* it claims to have had everything up to here: so nothing wanted may lie in (seen, position] */
void client_claims(Client *client, int64_t position);
/* where a filter of its fails after `seen`, with nothing wanted before; or 0 */
int64_t client_failure(const Client *client);
/* nothing wanted is left up to that position */
bool client_is_complete(const Client *client, int64_t until);

#endif /* TEST_WORLD_H */
