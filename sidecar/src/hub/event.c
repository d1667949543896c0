/*
 * event.c - see event.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Memory of an event: the struct, the topic's Strs, numbers of filters, then the bytes.
 */
#include "hub/event.h"

#include <string.h>

#include "base/mem.h"

static Str
copy_bytes(char **at, Str from)
{
	Str copy = {*at, from.len};

	if (from.len > 0)
		memcpy(*at, from.data, from.len);
	*at += from.len;
	return copy;
}

/* a raw line break in JSON can only be white space */
static void
make_one_line(char *text, size_t len)
{
	static const char breaks[] = {'\n', '\r'};

	for (size_t i = 0; i < sizeof(breaks); i++)
	{
		char *at = text;

		while ((at = memchr(at, breaks[i], len - (size_t) (at - text))) != NULL)
			*at = ' ';
	}
}

Event *
event_new(const EventView *view)
{
	size_t bytes = view->type.len + view->json.len;
	size_t matches_size = (size_t) view->match_count * sizeof(int64_t);
	size_t size;
	Event *event;
	Str *topic;
	char *at;

	for (int i = 0; i < view->topic.count; i++)
		bytes += view->topic.items[i].len;
	size = sizeof(Event) + (size_t) view->topic.count * sizeof(Str) + matches_size + bytes;

	event = mem_alloc(size);
	event->references = 1;
	event->size = size;
	event->view.position = view->position;
	event->view.recorded_at = view->recorded_at;
	topic = (Str *) (event + 1);
	at = (char *) (topic + view->topic.count);
	event->view.matches = (int64_t *) at;
	event->view.match_count = view->match_count;
	if (matches_size > 0)
		memcpy(at, view->matches, matches_size);
	at += matches_size;
	for (int i = 0; i < view->topic.count; i++)
		topic[i] = copy_bytes(&at, view->topic.items[i]);
	event->view.topic = (StrList) {topic, view->topic.count};
	event->view.type = copy_bytes(&at, view->type);
	event->view.json = copy_bytes(&at, view->json);
	make_one_line((char *) event->view.json.data, event->view.json.len);
	return event;
}

Event *
event_acquire(Event *event)
{
	event->references++;
	return event;
}

void
event_release(Event *event)
{
	if (--event->references == 0)
		mem_free(event);
}
