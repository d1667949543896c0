/*
 * subscription_fuzz.c - canonical form never changes what is wanted.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Input is lines: topics and types of one filter, topics and types of another, an event's topic
 * and type.  The real matcher is held against the naive one of the unit tests.
 */
#include "fuzz.h"

#include "../sidecar/unit/hub/want.h"

#define LINES 6

static void
split_lines(char *text, size_t size, const char **lines)
{
	for (int i = 0; i < LINES; i++)
		lines[i] = "";
	for (size_t i = 0; i < size; i++)
	{
		if (text[i] == '\0')
			text[i] = '*';
	}
	text[size] = '\0';
	for (int i = 0; i < LINES && text != NULL; i++)
	{
		char *end = strchr(text, '\n');

		lines[i] = text;
		if (end != NULL)
			*end++ = '\0';
		text = end;
	}
}

static void
check_union(const EventFilter *a, const EventFilter *b, Str type, StrList topic)
{
	Subscription *parts[3] = {subscription_new(a), subscription_new(b), NULL};
	Subscription *swapped[2] = {parts[1], parts[0]};
	Subscription *forward = subscription_union(parts, 2);
	Subscription *backward = subscription_union(swapped, 2);
	Subscription *again;
	const EventFilter *filter = subscription_filter(forward);
	bool expected = naive_matches(a, type, topic) || naive_matches(b, type, topic);

	must(subscription_matches(parts[0], type, topic) == naive_matches(a, type, topic));
	must(subscription_matches(forward, type, topic) == expected);
	must(subscription_equal(forward, backward));
	must(!expected || filter == NULL || naive_matches(filter, type, topic));

	parts[2] = forward;
	again = subscription_union(parts, 3);
	must(subscription_equal(forward, again));
	subscription_release(again);
	subscription_release(forward);
	subscription_release(backward);
	subscription_release(parts[0]);
	subscription_release(parts[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *lines[LINES];
	char *text;
	EventFilter a;
	EventFilter b;

	if (size > 512)
		return 0;
	text = malloc(size + 1);
	memcpy(text, data, size);
	split_lines(text, size, lines);
	want_reset();
	a = want_filter(lines[0], lines[1]);
	b = want_filter(lines[2], lines[3]);
	check_union(&a, &b, str_from(lines[5]), want_split(str_from(lines[4]), '/'));
	free(text);
	return 0;
}
