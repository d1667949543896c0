/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * wanted.c: recent subscriptions by their words; see wanted.h.
 */
#include <string.h>

#include "base/mem.h"
#include "web/wanted.h"

#define PLACES 256

typedef struct Place
{
	char *key;
	size_t len;
	Subscription *subscription;
} Place;

struct Wanted
{
	Place places[PLACES];
};

Wanted *
wanted_new(void)
{
	return mem_zalloc(sizeof(Wanted));
}

static void
clear(Place *place)
{
	mem_free(place->key);
	subscription_release(place->subscription);
}

void
wanted_forget(Wanted *wanted)
{
	for (int i = 0; i < PLACES; i++)
	{
		clear(&wanted->places[i]);
		memset(&wanted->places[i], 0, sizeof(Place));
	}
}

void
wanted_free(Wanted *wanted)
{
	wanted_forget(wanted);
	mem_free(wanted);
}

static Place *
place_of(Wanted *wanted, Str key)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (unsigned char) key.data[i]) * UINT64_C(1099511628211);
	return &wanted->places[(hash >> 32) % PLACES];
}

Subscription *
wanted_find(Wanted *wanted, Str key)
{
	Place *place = place_of(wanted, key);

	if (place->key == NULL || place->len != key.len || memcmp(place->key, key.data, key.len) != 0)
		return NULL;
	return subscription_acquire(place->subscription);
}

void
wanted_keep(Wanted *wanted, Str key, Subscription *subscription)
{
	Place *place = place_of(wanted, key);

	clear(place);
	place->key = mem_strndup(key.data, key.len);
	place->len = key.len;
	place->subscription = subscription_acquire(subscription);
}
