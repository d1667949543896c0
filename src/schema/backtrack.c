/* SPDX-License-Identifier: PostgreSQL
 *
 * backtrack.c: loops of a regular expression that match one string in
 * exponentially many ways.
 *
 * A backtracking matcher tries all ways of matching before it says no.  If some
 * string takes a loop from a place back to that place in two ways, n copies of
 * it can be matched in 2^n ways, and what follows the loop only has to fail.
 * So each outermost loop is made into an automaton of positions (Glushkov's:
 * a state for each character set, an edge where one may follow the other),
 * which is strongly connected because it is a loop, and there are two ways if
 *
 * - an edge comes about twice: (a+)+, where the inner loop and the outer one
 *   both lead from a to a; or
 * - two walks that read the same string leave one state, part, and meet again:
 *   (a|a)*, (.*,)*.  They are looked for in the graph of pairs of states.
 *
 * This is exact but for assertions, taken for a character of their own, and for
 * counts: x{2,50} is looked at as x{2,}.  A loop after which nothing can fail
 * never has to try a second way; only the loops inside it are looked at.
 * Nested loops that separate their rounds, ([a-z]+-)*, are no risk and are not
 * reported; polynomial time is left to maxLength.
 *
 * The work grows faster than the square of a loop's states, and has a limit.  Of
 * a loop that has too many of them only the loops inside it are looked at; if
 * these are harmless, it is not known what the whole one is.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "schema/backtrack.h"
#include "utils/memutils.h"

/* States of one loop: the pairs are its square. */
#define MAX_STATES 1024

/* States that are looked at in all pairs of a loop. */
#define MAX_WORK (64 * 1024 * 1024)

/* A count from which on it is as good as unbounded. */
#define MANY 10

typedef struct Automaton
{
	int nstates;
	int words;		  /* of 64 bits, for a set of states */
	EvCharSet **sets; /* by state */
	uint64 *follow;	  /* by state */
	uint64 *overlap;  /* by state: those that share a character with it */
	int largest_count;
	bool edge_twice;
} Automaton;

typedef struct Fragment
{
	bool nullable;
	uint64 *first, *last;
} Fragment;

static Fragment build(Automaton *automaton, const EvExpr *expr);
static bool is_nullable(const EvExpr *expr);

/* ---- expressions */

static bool
is_loop(const EvExpr *repeat)
{
	return repeat->max == EV_REPEAT_UNBOUNDED || (repeat->max >= MANY && repeat->max > repeat->min);
}

static bool
children_nullable(const EvExpr *expr, bool all)
{
	ListCell *lc;

	foreach (lc, expr->children)
	{
		if (is_nullable(lfirst(lc)) != all)
			return !all;
	}
	return all;
}

static bool
is_nullable(const EvExpr *expr)
{
	check_stack_depth();
	switch (expr->kind)
	{
		case EV_EXPR_EMPTY:
			return true;
		case EV_EXPR_SET:
			return false;
		case EV_EXPR_SEQUENCE:
			return children_nullable(expr, true);
		case EV_EXPR_ALTERNATIVES:
			return children_nullable(expr, false);
		case EV_EXPR_REPEAT:
			return expr->min == 0 || is_nullable(expr->body);
	}
	return false;
}

/* The copies that are made of a repeat's body; the last of them loops if *loops. */
static int
copies(const EvExpr *repeat, int largest, bool *loops)
{
	*loops = is_loop(repeat);
	return *loops ? Max(Min(repeat->min, largest / 4), 1) : Min(repeat->max, largest);
}

/* Those beyond MAX_STATES are not counted. */
static int
count_states(const EvExpr *expr, int largest)
{
	int64 n = 0;
	ListCell *lc;
	bool loops;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (expr->kind)
	{
		case EV_EXPR_EMPTY:
			break;
		case EV_EXPR_SET:
			n = 1;
			break;
		case EV_EXPR_SEQUENCE:
		case EV_EXPR_ALTERNATIVES:
			foreach (lc, expr->children)
			{
				n += count_states(lfirst(lc), largest);
				if (n > MAX_STATES)
					break;
			}
			break;
		case EV_EXPR_REPEAT:
			n = (int64) count_states(expr->body, largest) * copies(expr, largest, &loops);
			break;
	}
	return Min(n, MAX_STATES + 1);
}

/* ---- the automaton */

static uint64 *
make_states(const Automaton *automaton)
{
	return palloc0(sizeof(uint64) * automaton->words);
}

static void
add_states(const Automaton *automaton, uint64 *to, const uint64 *from)
{
	for (int w = 0; w < automaton->words; w++)
		to[w] |= from[w];
}

#define has_state(states, s) (((states)[(s) / 64] >> ((s) % 64)) & 1)
#define follow_of(automaton, s) ((automaton)->follow + (s) * (automaton)->words)
#define overlap_of(automaton, s) ((automaton)->overlap + (s) * (automaton)->words)

static bool
share_state(const Automaton *automaton, const uint64 *a, const uint64 *b)
{
	for (int w = 0; w < automaton->words; w++)
	{
		if (a[w] & b[w])
			return true;
	}
	return false;
}

/* All of `first` may follow all of `last`. */
static void
connect(Automaton *automaton, const uint64 *last, const uint64 *first)
{
	for (int s = 0; s < automaton->nstates; s++)
	{
		if (!has_state(last, s))
			continue;
		if (share_state(automaton, follow_of(automaton, s), first))
			automaton->edge_twice = true;
		add_states(automaton, follow_of(automaton, s), first);
	}
}

static Fragment
make_empty(const Automaton *automaton)
{
	return (Fragment) {true, make_states(automaton), make_states(automaton)};
}

static Fragment
build_set(Automaton *automaton, EvCharSet *set)
{
	Fragment fragment = make_empty(automaton);
	int s = automaton->nstates++;

	automaton->sets[s] = set;
	fragment.nullable = false;
	fragment.first[s / 64] |= UINT64CONST(1) << (s % 64);
	fragment.last[s / 64] |= UINT64CONST(1) << (s % 64);
	return fragment;
}

/* a then b */
static Fragment
join(Automaton *automaton, Fragment a, Fragment b)
{
	connect(automaton, a.last, b.first);
	if (a.nullable)
		add_states(automaton, a.first, b.first);
	if (b.nullable)
		add_states(automaton, b.last, a.last);
	return (Fragment) {a.nullable && b.nullable, a.first, b.last};
}

/* Copies from the last one to the first, each optional one inside the one before it. */
static Fragment
build_repeat(Automaton *automaton, const EvExpr *repeat)
{
	Fragment whole = make_empty(automaton);
	bool loops;
	int n = copies(repeat, automaton->largest_count, &loops);

	for (int i = n; i > 0; i--)
	{
		Fragment copy = build(automaton, repeat->body);

		if (loops && i == n)
			connect(automaton, copy.last, copy.first);
		whole = join(automaton, copy, whole);
		if (i > repeat->min)
			whole.nullable = true;
	}
	return whole;
}

static Fragment
build(Automaton *automaton, const EvExpr *expr)
{
	Fragment whole = make_empty(automaton);
	ListCell *lc;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (expr->kind)
	{
		case EV_EXPR_EMPTY:
			break;
		case EV_EXPR_SET:
			return build_set(automaton, expr->set);
		case EV_EXPR_REPEAT:
			return build_repeat(automaton, expr);
		case EV_EXPR_SEQUENCE:
			foreach (lc, expr->children)
				whole = join(automaton, whole, build(automaton, lfirst(lc)));
			break;
		case EV_EXPR_ALTERNATIVES:
			whole.nullable = false;
			foreach (lc, expr->children)
			{
				Fragment branch = build(automaton, lfirst(lc));

				whole.nullable |= branch.nullable;
				add_states(automaton, whole.first, branch.first);
				add_states(automaton, whole.last, branch.last);
			}
			break;
	}
	return whole;
}

static bool
sets_overlap(const EvCharSet *a, const EvCharSet *b)
{
	for (int i = 0, j = 0; i < a->count && j < b->count;)
	{
		if (a->ranges[i].high < b->ranges[j].low)
			i++;
		else if (b->ranges[j].high < a->ranges[i].low)
			j++;
		else
			return true;
	}
	return false;
}

static void
compute_overlaps(Automaton *automaton)
{
	automaton->overlap = palloc0(sizeof(uint64) * automaton->words * automaton->nstates);
	for (int a = 0; a < automaton->nstates; a++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int b = 0; b < automaton->nstates; b++)
		{
			if (sets_overlap(automaton->sets[a], automaton->sets[b]))
				overlap_of(automaton, a)[b / 64] |= UINT64CONST(1) << (b % 64);
		}
	}
}

/* ---- two walks */

typedef struct Pairs
{
	uint64 *seen; /* by state: those it was paired with */
	uint16 *stack;
	int depth;
	int64 work;
} Pairs;

/* The pairs of different states that one character leads to from (p, q). */
static void
push_successors(const Automaton *automaton, Pairs *pairs, int p, int q)
{
	pairs->work += automaton->nstates;
	for (int s = 0; s < automaton->nstates; s++)
	{
		if (!has_state(follow_of(automaton, p), s))
			continue;
		pairs->work += automaton->words;
		for (int w = 0; w < automaton->words; w++)
		{
			uint64 *seen = pairs->seen + s * automaton->words + w;
			uint64 fresh = follow_of(automaton, q)[w] & overlap_of(automaton, s)[w] & ~*seen;

			*seen |= fresh;
			for (int t = w * 64; fresh != 0; t++, fresh >>= 1)
			{
				if ((fresh & 1) && t != s)
				{
					pairs->stack[pairs->depth++] = s;
					pairs->stack[pairs->depth++] = t;
				}
			}
		}
	}
}

/* Walks leave each state together; do two that have parted meet again? */
static EvBacktrack
walks_meet(const Automaton *automaton)
{
	Pairs pairs = {
		.seen = palloc0(sizeof(uint64) * automaton->words * automaton->nstates),
		.stack = palloc(sizeof(uint16) * 2 * automaton->nstates * automaton->nstates),
	};

	for (int s = 0; s < automaton->nstates; s++)
		push_successors(automaton, &pairs, s, s);
	while (pairs.depth > 0)
	{
		int q = pairs.stack[--pairs.depth];
		int p = pairs.stack[--pairs.depth];

		CHECK_FOR_INTERRUPTS();
		/* The state where they meet is one that both may go to. */
		if (share_state(automaton, follow_of(automaton, p), follow_of(automaton, q)))
			return EV_BACKTRACK_EXPONENTIAL;
		if (pairs.work > MAX_WORK)
			return EV_BACKTRACK_UNKNOWN;
		push_successors(automaton, &pairs, p, q);
	}
	return EV_BACKTRACK_BOUNDED;
}

static EvBacktrack
judge_loop(const EvExpr *body, int nstates, int largest_count)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events backtrack",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Automaton automaton = {.words = (nstates + 63) / 64, .largest_count = largest_count};
	Fragment whole;
	EvBacktrack result = EV_BACKTRACK_EXPONENTIAL;

	automaton.sets = palloc0(sizeof(EvCharSet *) * nstates);
	automaton.follow = palloc0(sizeof(uint64) * automaton.words * nstates);
	whole = build(&automaton, body);
	connect(&automaton, whole.last, whole.first);
	if (!automaton.edge_twice)
	{
		compute_overlaps(&automaton);
		result = walks_meet(&automaton);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

/* ---- the outermost loops */

static EvBacktrack look_into(const EvExpr *expr, bool can_fail);

/* A function: Max() would look into the second one twice. */
static EvBacktrack
worse_of(EvBacktrack a, EvBacktrack b)
{
	return a > b ? a : b;
}

/* The loop itself; what is inside it is looked at only if it is too large. */
static EvBacktrack
look_into_loop(const EvExpr *loop)
{
	/* Counts are cut short where a loop would be too large otherwise. */
	static const int largest_counts[] = {64, 4};

	for (int i = 0; i < lengthof(largest_counts); i++)
	{
		int n = count_states(loop->body, largest_counts[i]);

		if (n == 0)
			return EV_BACKTRACK_BOUNDED;
		if (n <= MAX_STATES)
			return judge_loop(loop->body, n, largest_counts[i]);
	}
	return worse_of(EV_BACKTRACK_UNKNOWN, look_into(loop->body, true));
}

static EvBacktrack
look_into_repeat(const EvExpr *repeat, bool can_fail)
{
	bool loops = is_loop(repeat);
	bool once_more = loops ? repeat->min > 1 : repeat->max > 1;

	if (repeat->max == 0)
		return EV_BACKTRACK_BOUNDED;
	if (loops && can_fail)
		return look_into_loop(repeat);
	return look_into(repeat->body, can_fail || (once_more && !is_nullable(repeat->body)));
}

/*
 * Does a loop in here backtrack without end?  `can_fail`: something stands
 * behind the expression that a string may lack.
 */
static EvBacktrack
look_into(const EvExpr *expr, bool can_fail)
{
	EvBacktrack worst = EV_BACKTRACK_BOUNDED;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (expr->kind == EV_EXPR_REPEAT)
		return look_into_repeat(expr, can_fail);
	if (expr->kind != EV_EXPR_SEQUENCE && expr->kind != EV_EXPR_ALTERNATIVES)
		return EV_BACKTRACK_BOUNDED;
	for (int i = list_length(expr->children) - 1; i >= 0 && worst < EV_BACKTRACK_EXPONENTIAL; i--)
	{
		const EvExpr *child = list_nth(expr->children, i);

		worst = worse_of(worst, look_into(child, can_fail));
		if (expr->kind == EV_EXPR_SEQUENCE)
			can_fail = can_fail || !is_nullable(child);
	}
	return worst;
}

EvBacktrack
ev_backtrack_of(const char *source, int length)
{
	EvBacktrack worst = EV_BACKTRACK_BOUNDED;
	ListCell *lc;

	foreach (lc, ev_backtrack_parse(source, length))
	{
		worst = worse_of(worst, look_into(lfirst(lc), false));
		if (worst == EV_BACKTRACK_EXPONENTIAL)
			break;
	}
	return worst;
}
