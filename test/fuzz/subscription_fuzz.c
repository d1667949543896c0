/*
 * subscription_fuzz.c - canonical form never changes what is wanted.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Input is lines: topics and types of one filter, topics and types of another, an event's topic
 * and type, and the texts that both must have matched beside.  An event matches such a text when it
 * ends in a letter before `n`, and fails on it when that is `!`.  The real matcher is held against
 * the naive one of the unit tests.
 */
#include "fuzz.h"

#include "../sidecar/unit/hub/want.h"

#define LINES 8

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

static int
judge(Str text)
{
	char last = text.data[text.len - 1];

	return last == '!' ? -1 : last >= 'a' && last < 'n';
}

static SubscriptionMatch
match(const Subscription *subscription, Str type, StrList topic)
{
	StrList texts = subscription_filters(subscription);
	int64_t matches[4];
	EventView view = {.type = type, .topic = topic, .matches = matches};

	for (int i = 0; i < texts.count; i++)
	{
		if (judge(texts.items[i]) != 0)
			matches[view.match_count++] = judge(texts.items[i]) * (i + 1);
	}
	return subscription_match(subscription, &view, NULL);
}

static SubscriptionMatch
naive_match(const EventFilter *filter, Str type, StrList topic)
{
	if (!naive_matches(filter, type, topic))
		return SUBSCRIPTION_NO;
	if (filter->filters.count == 0)
		return SUBSCRIPTION_YES;
	switch (judge(filter->filters.items[0]))
	{
		case 0:
			return SUBSCRIPTION_NO;
		case 1:
			return SUBSCRIPTION_YES;
		default:
			return SUBSCRIPTION_UNKNOWN;
	}
}

static SubscriptionMatch
either(SubscriptionMatch a, SubscriptionMatch b)
{
	if (a == SUBSCRIPTION_YES || b == SUBSCRIPTION_YES)
		return SUBSCRIPTION_YES;
	return a == SUBSCRIPTION_UNKNOWN ? a : b;
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
	SubscriptionMatch expected = either(naive_match(a, type, topic), naive_match(b, type, topic));

	must(match(parts[0], type, topic) == naive_match(a, type, topic));
	must(match(forward, type, topic) == expected);
	must(subscription_equal(forward, backward));
	must(expected == SUBSCRIPTION_NO || filter == NULL || naive_matches(filter, type, topic));

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
	a = want_filter_with(lines[0], lines[1], lines[6]);
	b = want_filter_with(lines[2], lines[3], lines[7]);
	check_union(&a, &b, str_from(lines[5]), want_split(str_from(lines[4]), '/'));
	free(text);
	return 0;
}
