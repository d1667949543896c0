/*
 * subscription_test.c - matching, and that equal wants are one want however they are said.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The second half makes random subscriptions out of a few words and compares them with a naive
 * matcher of the filters they were made of: canonical form must not change what they mean.
 */
#include "tap.h"

#include "hub/want.h"

static bool
says(const char *topics, const char *types, const char *topic, const char *type)
{
	Subscription *subscription = want(topics, types);
	bool answer = wants(subscription, topic, type);

	subscription_release(subscription);
	return answer;
}

static void
matching(void)
{
	ok(says("", "", "a/b", "t"), "no groups: everything");
	ok(says("service", "", "service/production", "t"), "a path is a prefix");
	ok(says("service/production", "", "service/production", "t"), "of the whole too");
	ok(!says("service/production", "", "service", "t"), "not the other way round");
	ok(!says("serv", "", "service", "t"), "by elements, not by bytes");
	ok(says("a,service", "", "service/x", "t"), "topics are alternatives");
	ok(says("*/production", "", "service/production/eu", "t"), "a star is any one element");
	ok(!says("*/production", "", "production", "t"), "but exactly one");
	ok(!says("a/*", "", "a", "t"), "a star wants an element to be there");
	ok(says("-", "", "x", "t"), "the empty path is everything");
	ok(says("", "order.created", "x", "order.created"), "a type");
	ok(!says("", "order.created", "x", "order.created.v2"), "exactly");
	ok(says("", "order.*", "x", "order.created"), "a prefix");
	ok(!says("", "order.*", "x", "order"), "all of the prefix");
	ok(says("", "*", "x", "anything"), "every type");
	ok(says("", "a,b", "x", "b"), "types are alternatives");
	ok(!says("a", "t", "a", "u") && !says("a", "t", "b", "t"), "both groups must match");
	ok(says("a", "t", "a/b", "t"), "and do");
}

static bool
same(const char *topics1, const char *types1, const char *topics2, const char *types2)
{
	Subscription *a = want(topics1, types1);
	Subscription *b = want(topics2, types2);
	bool answer = subscription_equal(a, b) && subscription_hash(a) == subscription_hash(b);

	subscription_release(a);
	subscription_release(b);
	return answer;
}

static void
canonical(void)
{
	Subscription *parts[3];
	Subscription *one;
	Subscription *other;

	ok(same("a,b/c", "t,u", "b/c,a", "u,t,u"), "order and repetition do not matter");
	ok(same("a,a/b,a/c/d", "", "a", ""), "covered paths do not matter");
	ok(same("*/b,a/b", "", "*/b", ""), "also when a star covers them");
	ok(same("", "order.*,order.created,order.c*", "", "order.*"), "covered types neither");
	ok(same("", "**,a,*", "", "") && !same("", "**,a", "", ""), "a star at the end is no letter");
	ok(same("-,a", "", "", ""), "the empty path is no group");
	ok(same("", "*,a", "", ""), "the type * is no group");
	ok(!same("a", "", "b", ""), "other topics are another want");
	ok(!same("a/b", "", "ab", ""), "elements are not joined");
	ok(!same("a", "t", "t", "a"), "topics are no types");

	parts[0] = want("a", "");
	parts[1] = want("b", "");
	parts[2] = want("a/x", "t");
	one = subscription_union(parts, 3);
	other = want("b,a", "");
	ok(subscription_equal(one, other), "a union of topics is one clause");
	ok(subscription_filter(one) != NULL && subscription_filter(one)->topic_count == 2 &&
		   subscription_filter(one)->types.count == 0,
	   "with an exact filter");
	subscription_release(one);
	subscription_release(other);
	for (int i = 0; i < 3; i++)
		subscription_release(parts[i]);

	parts[0] = want("a", "t");
	parts[1] = want("b", "u");
	one = subscription_union(parts, 2);
	ok(wants(one, "a", "t") && wants(one, "b", "u"), "a union of two clauses wants both");
	ok(!wants(one, "a", "u") && !wants(one, "b", "t"), "and nothing across");
	is_int(subscription_filter(one)->topic_count, 2, "its filter lets through both topics");
	is_int(subscription_filter(one)->types.count, 2, "and both types");
	is_int(subscription_size(one), 4, "its size counts all of them");
	subscription_release(one);
	subscription_release(parts[0]);
	subscription_release(parts[1]);

	one = subscription_none();
	ok(subscription_is_none(one) && !wants(one, "a", "t"), "none wants nothing");
	subscription_release(one);
	one = subscription_all();
	ok(subscription_is_all(one) && subscription_filter(one) == NULL, "all has no filter");
	parts[0] = one;
	parts[1] = want("a", "t");
	other = subscription_union(parts, 2);
	ok(subscription_equal(one, other), "all and something is all");
	subscription_release(other);
	subscription_release(parts[1]);
	subscription_release(one);
}

/* ---- filters ---- */

static SubscriptionMatch
answered(const Subscription *subscription, const char *topic, const int64_t *matches, int count)
{
	EventView view = {.type = STR("t"),
					  .topic = want_split(str_from(topic), '/'),
					  .matches = matches,
					  .match_count = count};

	return subscription_match(subscription, &view, NULL);
}

static bool
same_filtered(const char *topics1, const char *text1, const char *topics2, const char *text2)
{
	Subscription *a = want_filtered(topics1, "", text1);
	Subscription *b = want_filtered(topics2, "", text2);
	bool answer = subscription_equal(a, b);

	subscription_release(a);
	subscription_release(b);
	return answer;
}

/* the union of both, released */
static Subscription *
joint(Subscription *a, Subscription *b)
{
	Subscription *both = subscription_union((Subscription *[]) {a, b}, 2);

	subscription_release(a);
	subscription_release(b);
	return both;
}

static void
filtered(void)
{
	Subscription *one = want_filtered("a", "", "f");
	const EventFilter *filter = subscription_filter(one);
	Subscription *other;

	ok(answered(one, "a", (int64_t[]) {1}, 1) == SUBSCRIPTION_YES, "a filter that matches");
	ok(answered(one, "a", NULL, 0) == SUBSCRIPTION_NO, "one that does not");
	ok(answered(one, "a", (int64_t[]) {-1}, 1) == SUBSCRIPTION_UNKNOWN, "one that failed");
	ok(answered(one, "b", (int64_t[]) {1}, 1) == SUBSCRIPTION_NO &&
		   answered(one, "b", (int64_t[]) {-1}, 1) == SUBSCRIPTION_NO,
	   "topics must match too, and then nothing hangs on it");
	ok(filter->filters.count == 1 && filter->only_matching && filter->topic_count == 1,
	   "the database is asked for what matches");
	ok(!subscription_is_all(one) && subscription_size(one) == 2, "it counts");
	subscription_release(one);

	ok(same_filtered("a,a/b", "f", "a", "f"), "equal filters are one want");
	ok(!same_filtered("a", "f", "a", "g") && !same_filtered("a", "f", "a", ""), "others are not");

	one = joint(want_filtered("a", "", "f"), want_filtered("b", "", "f"));
	other = want_filtered("b,a", "", "f");
	ok(subscription_equal(one, other), "a union of topics with one filter is one clause");
	subscription_release(other);
	subscription_release(one);
	one = joint(want_filtered("a/b", "", "f"), want("a", ""));
	other = want("a", "");
	ok(subscription_equal(one, other), "without a filter covers the same with one");
	subscription_release(other);
	subscription_release(one);

	one = joint(want_filtered("a", "", "g"), want_filtered("a", "", "f"));
	ok(subscription_filters(one).count == 2 && subscription_filter(one)->only_matching,
	   "two filters are two clauses");
	ok(answered(one, "a", (int64_t[]) {-1, 2}, 2) == SUBSCRIPTION_YES &&
		   answered(one, "a", (int64_t[]) {-1}, 1) == SUBSCRIPTION_UNKNOWN &&
		   answered(one, "a", (int64_t[]) {1}, 1) == SUBSCRIPTION_YES,
	   "what one knows the other need not");
	other = joint(subscription_acquire(one), want("b", ""));
	ok(!subscription_filter(other)->only_matching && subscription_filters(other).count == 2,
	   "with a clause beside that has none, all events are wanted");
	ok(subscription_match(other,
						  &(EventView) {.type = STR("t"),
										.topic = want_split(STR("a"), '/'),
										.matches = (int64_t[]) {70, 90},
										.match_count = 2},
						  (int64_t[]) {90, 100}) == SUBSCRIPTION_YES,
	   "numbers may be others");
	subscription_release(other);
	subscription_release(one);
}

/* ---- random ones against a naive matcher ---- */

/* a filter is a digit: it matches the events of that number, and of all above */
static const char *const filters_of[] = {"", "", "1", "2", "3"};

static const char *const topics[] = {
	"", "a", "b", "a/b", "*/b", "a,b", "a/b,a", "b/*", "*/*,b", "a/b/c", "*/b/c,a", "b/a,b/b",
};
static const char *const types[] = {
	"", "t", "u", "t,u", "t*", "tt,t", "u*,t", "tu*,tt",
};
static const char *const event_topics[] = {"a", "b", "c", "a/b", "b/b", "c/b", "a/b/c", "b/a/a"};
static const char *const event_types[] = {"t", "u", "tt", "tu", "tuv", "v"};

#define COUNT(array) (int) (sizeof(array) / sizeof((array)[0]))

/* the event of that number, as it looks to a subscription */
static bool
matches_number(const Subscription *subscription, Str type, StrList topic, int number)
{
	StrList texts = subscription_filters(subscription);
	int64_t matches[8];
	EventView view = {.type = type, .topic = topic, .matches = matches};

	for (int i = 0; i < texts.count; i++)
	{
		if (texts.items[i].data[0] - '0' <= number)
			matches[view.match_count++] = i + 1;
	}
	return subscription_match(subscription, &view, NULL) == SUBSCRIPTION_YES;
}

static bool
naive_number(const EventFilter *filter, Str type, StrList topic, int number)
{
	return naive_matches(filter, type, topic) &&
		   (filter->filters.count == 0 || filter->filters.items[0].data[0] - '0' <= number);
}

static void
compare_events(const Subscription *joined, const EventFilter *filters, int count, int number)
{
	for (int i = 0; i < COUNT(event_topics); i++)
	{
		StrList topic = want_split(str_from(event_topics[i]), '/');

		for (int j = 0; j < COUNT(event_types); j++)
		{
			Str type = str_from(event_types[j]);
			bool expected = false;

			for (int k = 0; k < count; k++)
				expected = expected || naive_number(&filters[k], type, topic, number);
			check(matches_number(joined, type, topic, number) == expected);
			/* the database's filter may let through more, never less */
			if (expected && subscription_filter(joined) != NULL)
				check(naive_matches(subscription_filter(joined), type, topic));
		}
	}
}

static void
compare(const EventFilter *filters, int count)
{
	Subscription *parts[8];
	Subscription *forward;
	Subscription *backward;

	for (int i = 0; i < count; i++)
		parts[i] = subscription_new(&filters[i]);
	forward = subscription_union(parts, count);
	for (int i = 0; i < count / 2; i++)
	{
		Subscription *swap = parts[i];

		parts[i] = parts[count - 1 - i];
		parts[count - 1 - i] = swap;
	}
	backward = subscription_union(parts, count);
	check(subscription_equal(forward, backward));

	for (int number = 0; number < 4; number++)
		compare_events(forward, filters, count, number);
	subscription_release(forward);
	subscription_release(backward);
	for (int i = 0; i < count; i++)
		subscription_release(parts[i]);
}

static void
random_unions(unsigned seed)
{
	printf("# seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < 3000; round++)
	{
		EventFilter filters[8];
		int count = 1 + rand() % 8;

		want_reset();
		for (int i = 0; i < count; i++)
			filters[i] = want_filter_with(topics[rand() % COUNT(topics)],
										  types[rand() % COUNT(types)],
										  filters_of[rand() % COUNT(filters_of)]);
		compare(filters, count);
	}
	checks_held("random unions mean what their parts mean, in any order");
}

int
main(int argc, char **argv)
{
	matching();
	canonical();
	filtered();
	random_unions(argc > 1 ? (unsigned) atoi(argv[1]) : 1);
	return tap_done();
}
