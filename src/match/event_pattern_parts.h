/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_parts.h: the compiled form of event patterns.
 *
 * A test looks at one scalar.  A condition is what a pattern says of one path:
 * some of its tests must hold for some scalar at that path, or there must be
 * none there ({"exists": false}).  A conjunct is a set of conditions that must
 * hold together, array consistency included; a pattern with $or is several of
 * them, each with one choice of branches.  Around conjuncts stand all, any and
 * not: a pattern is an `any` of its conjuncts, a filter of the CloudEvents
 * Subscriptions API is made of single conditions.
 *
 * Paths are sequences of names.  A dot in a name separates names too, in
 * patterns and in events, since rules are written as {"detail.state": [...]}
 * as well as nested.
 *
 * Everything lives in one memory context and points into a copy of the pattern.
 */
#ifndef EV_EVENT_PATTERN_PARTS_H
#define EV_EVENT_PATTERN_PARTS_H

#include "base/number.h"
#include "base/view.h"
#include "match/event_pattern.h"

/* More alternatives than EventBridge takes are refused, as there. */
#define EV_PATTERN_MAX_CONJUNCTS 1000
/* Paths in all conjuncts of a pattern with alternatives. */
#define EV_PATTERN_MAX_PATHS 100000
/* Names in one path. */
#define EV_PATTERN_MAX_DEPTH 1000

typedef enum EvTestKind
{
	EV_TEST_VALUE, /* equal to a scalar; numbers by value */
	EV_TEST_FOLDED,
	EV_TEST_PREFIX,
	EV_TEST_PREFIX_FOLDED,
	EV_TEST_SUFFIX,
	EV_TEST_SUFFIX_FOLDED,
	EV_TEST_WILDCARD,
	EV_TEST_RANGE,
	EV_TEST_ADDRESS,
	EV_TEST_ANY, /* any scalar */
	EV_TEST_BUT	 /* any scalar for which none of some tests holds */
} EvTestKind;

/*
 * Literal pieces with a star between each two of them; the first and the last
 * are empty where the pattern begins or ends with one.
 */
typedef struct EvWildcard
{
	int npieces; /* 1: no star */
	EvView pieces[FLEXIBLE_ARRAY_MEMBER];
} EvWildcard;

typedef struct EvRange
{
	bool has_low;
	bool has_high;
	bool low_included;
	bool high_included;
	EvNumber low;
	EvNumber high;
} EvRange;

/* An IP address; those of version 4 have 4 bytes, also when written as ::ffff:0:0/96. */
typedef struct EvAddress
{
	int length; /* 4 or 16; 0: none */
	uint8 bytes[16];
} EvAddress;

typedef struct EvNetwork
{
	EvAddress address; /* bits behind the prefix are 0 */
	int bits;
} EvNetwork;

typedef struct EvTests EvTests;

/* Texts of folded tests are UTF-8. */
typedef struct EvTest
{
	EvTestKind kind;
	union
	{
		EvView value; /* VALUE to SUFFIX_FOLDED */
		const EvWildcard *wildcard;
		const EvRange *range;
		const EvNetwork *network;
		const EvTests *but;
	};
} EvTest;

/* Any of them may hold.  Those of kind VALUE come first, and are hashed when they are many. */
struct EvTests
{
	int count;
	int nvalues;
	EvTest *tests;
	uint32 *slots; /* 1 + number of a value test, 0: free; NULL: search */
	uint32 mask;
};

typedef struct EvCondition
{
	EvTests tests; /* for some scalar at the path; none: never so */
	bool absent;   /* or no scalar there */
	int number;	   /* among the conditions of the pattern, from 0, in its order */
	int depth;	   /* how many $or it stands in */
	char *pointer; /* to what it was made of, in the pattern */
	EvView source; /* the same */
} EvCondition;

/* A node of a tree of paths. */
typedef struct EvPath
{
	struct EvPath *parent; /* NULL: the whole event */
	struct EvPath *first;  /* children */
	struct EvPath *last;
	struct EvPath *next; /* sibling */
	int depth;			 /* names from the whole event to here */
	const char *name;
	int length;
	const char *alias;			  /* where the event has no member `name`; top level only */
	const EvCondition *condition; /* of this very path, or NULL */
	int nconditions;			  /* here and below */
	int nrequired;				  /* those of them that do not hold for absence */
	const EvCondition *rival;	  /* of the same rank; a fault */
	struct EvPath *copy;		  /* while conjuncts are made */
	int copied_for;
} EvPath;

/* A condition in the tree of the pattern's paths. */
typedef struct EvField
{
	EvPath *path;
	const EvCondition *condition;
} EvField;

typedef struct EvConjunct
{
	EvPath *root;
	int nfields;
	EvField *fields; /* conditions with their nodes below root */
} EvConjunct;

typedef enum EvBranchKind
{
	EV_BRANCH_CONJUNCT,
	EV_BRANCH_ALL,
	EV_BRANCH_ANY,
	EV_BRANCH_NOT
} EvBranchKind;

typedef struct EvBranch
{
	EvBranchKind kind;
	EvConjunct conjunct;
	int count;
	struct EvBranch **parts;
} EvBranch;

struct EvEventPattern
{
	const Jsonb *source; /* our copy */
	EvBranch *root;
	int nconditions;
	EvCondition **conditions;
};

/* ---- values (event_pattern_test.c) ---- */

extern bool ev_event_pattern_test(const EvTest *test, const EvView *scalar);
extern bool ev_event_pattern_any_test(const EvTests *tests, const EvView *scalar);

/* Hashes the value tests, if they are many. */
extern void ev_event_pattern_seal_tests(EvTests *tests);

/* ---- wildcards and addresses ---- */

/* NULL if it is malformed, and *message says why. */
extern EvWildcard *ev_event_pattern_wildcard(const EvView *text, const char **message);
extern bool ev_event_pattern_wildcard_matches(const EvWildcard *wildcard, const char *s,
											  int length);

/* length is 0 if the text is no address. */
extern EvAddress ev_event_pattern_address(const char *s, int length);

/* NULL if it is none. */
extern EvNetwork *ev_event_pattern_network(const char *s, int length);
extern bool ev_event_pattern_in_network(const EvNetwork *network, const EvAddress *address);

/* ---- limits (event_pattern_limit.c) ---- */

/* What one event and one pattern have used up. */
typedef struct EvPatternWalk
{
	int64 steps_left;
	EvPatternLimit exceeded;
} EvPatternWalk;

extern void ev_event_pattern_begin_walk(EvPatternWalk *walk);

/* Counts a value that is looked at; false past a limit, where nothing is to be done any more. */
extern bool ev_event_pattern_take_step(EvPatternWalk *walk);

/* And one that is looked into. */
extern bool ev_event_pattern_take_level(EvPatternWalk *walk);

/* ---- events (event_pattern_match.c) ---- */

/* Nothing is said where walk->exceeded is set. */
extern bool ev_event_pattern_conjunct_matches(const EvConjunct *conjunct, EvSubject *subject,
											  EvPatternWalk *walk);

/* Does the object have a member with a dot in its name? */
extern bool ev_event_pattern_has_dots(const EvView *object);

#endif /* EV_EVENT_PATTERN_PARTS_H */
