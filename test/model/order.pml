/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * order.pml: the position algorithm as a Promela model, checked by spin.
 *
 * The claim: a reader that goes on from its cursor to the horizon receives
 * every committed event exactly once, whatever the interleaving of writers,
 * worker, reader, WAL writer and crashes; and after the last commit it gets
 * everything although nobody polls (no wake-up is lost).  docs/order.md tells
 * the algorithm in prose and names the faults that this model must find.
 *
 * Who takes part:
 *	Writer		a backend committing transactions that publish, or aborting in
 *				the middle of PRE_COMMIT: gate, sequence, commit record,
 *				visibility, gate left, latch set - a step each, so that all
 *				else can happen in between
 *	Worker		sleeps on its latch, computes the horizon, notifies; may be
 *				killed and started anew
 *	Reader		sleeps until notified, computes the horizon, takes a snapshot,
 *				reads (cursor, horizon], moves its cursor to the horizon
 *	Walwriter	makes durable what was written so far, whenever it likes
 *	Postmaster	crashes the server: shared memory is gone, transactions whose
 *				commit record was not flushed never were, the sequence falls
 *				back to what was flushed
 *	Judge		speaks when nothing else can move any more
 *
 * What is one step here is atomic there: a load or store of shared memory, a
 * nextval (buffer lock), a transaction becoming visible (ProcArrayLock), a
 * snapshot.  Reading the slots is not: it takes a step for each slot.
 *
 * Sizes, each by -D: WRITERS, TRANSACTIONS (of each writer), EVENTS (of each
 * transaction), CRASHES, KILLS (of the worker); SYNCHRONOUS makes each commit
 * wait for its flush, else each chooses.  LOCK_GATE takes the gate of a server
 * that did not preload the library: a shared lock that the horizon waits for;
 * writers notify by themselves and there is no worker.  FAULT_... breaks one
 * rule each; spin must then find a counter-example (run-spin sees to it).
 */

#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef TRANSACTIONS
#define TRANSACTIONS 1
#endif
#ifndef EVENTS
#define EVENTS 1
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef KILLS
#define KILLS 0
#endif

#define ALL_EVENTS	(WRITERS * TRANSACTIONS * EVENTS)

/* The _pid of the reader; writers and worker come before it. */
#ifdef LOCK_GATE
#define LAST_TO_LEAVE	(WRITERS + 1)
#else
#define LAST_TO_LEAVE	(WRITERS + 2)
#endif

#define FIRST_EVENT	((me * TRANSACTIONS + done) * EVENTS)

/* More than can be drawn between two flushes of the WAL (2^20 in earnest). */
#define JUMP		(ALL_EVENTS + 1)

/* The life of an event. */
#define NONE		0
#define DRAWN		1	/* has a position, row written, transaction in progress */
#define RECORDED	2	/* commit record written, not yet visible to snapshots */
#define VISIBLE		3
#define GONE		4	/* aborted, or lost in a crash */

/* On disk. */
byte sequence;				/* the last value that nextval gave */
byte durable_sequence;		/* what crash recovery will make of it */
byte position[ALL_EVENTS];
byte life[ALL_EVENTS];
bit durable[ALL_EVENTS];	/* commit record flushed */
bit unflushed;				/* WAL was written since the last flush */

/* In shared memory: gone after a crash. */
byte slot[WRITERS];			/* 0: not in the gate; else 1 + sequence at entry */
byte known_horizon;			/* the greatest that was answered */
bit jumped = 1;				/* the model starts behind the first jump */
bit latch;
bit worker_registered;		/* the latch has an owner */

/* The reader's own, outside the server. */
byte cursor;
bit received[ALL_EVENTS];
bit notified;

/* The model's bookkeeping of a crash. */
bit down;
byte leaving;				/* the _pid whose turn it is to leave */
byte e;						/* loop variable inside one step, 0 between */

/* ---- Write-ahead log ---- */

inline flush_wal()
{
	durable_sequence = sequence;
	do
	:: e < ALL_EVENTS ->
		durable[e] = durable[e] || life[e] == RECORDED || life[e] == VISIBLE;
		e++
	:: else -> break
	od;
	e = 0;
	unflushed = 0
}

/* ---- Gate and sequence ---- */

/*
 * The first draw after shared memory was made anew.  Whoever draws a position
 * or answers a horizon passes here first; an exclusive lock makes it one step.
 */
inline jump_once()
{
	if
	:: !jumped ->
#ifndef FAULT_NO_JUMP
		sequence = sequence + JUMP;
		unflushed = 1;
#ifndef FAULT_JUMP_UNFLUSHED
		flush_wal();
#endif
#endif
		jumped = 1
	:: else
	fi
}

/* Two steps: what others draw in between only makes our slot lower. */
inline enter_gate()
{
#ifdef LOCK_GATE
	slot[me] = 1
#else
	seen = sequence;
	d_step { slot[me] = seen + 1; seen = 0 }
#endif
}

/* Who could have seen an event comes after it: hence the assertion. */
inline draw_position(i)
{
	d_step
	{
		sequence++;
		unflushed = 1;
		position[i] = sequence;
		life[i] = DRAWN;
		do
		:: e < ALL_EVENTS ->
			assert(life[e] != VISIBLE || position[e] < sequence);
			e++
		:: else -> break
		od;
		e = 0
	}
}

/* Setting the latch of a worker that is not there does nothing. */
#define SET_LATCH	latch = worker_registered

inline leave_gate()
{
#ifdef LOCK_GATE
	d_step { slot[me] = 0; transaction_number[me] = done + 1 }
#else
#ifdef FAULT_LATCH_BEFORE_SLOT
	SET_LATCH;
	slot[me] = 0
#else
	slot[me] = 0;
	SET_LATCH
#endif
#endif
}

/* ---- Horizon ---- */

/* How far everything is decided, into the caller's h. */
#ifdef LOCK_GATE

/* A holder is a transaction, not a backend: the same backend's next is new. */
byte transaction_number[WRITERS];
#define HOLDER(i)	(slot[i] * (1 + transaction_number[i]))

inline list_holders()
{
	d_step
	{
		do
		:: e < WRITERS -> holder[e] = HOLDER(e); e++
		:: else -> break
		od;
		e = 0
	}
}

inline wait_for_holder(i)
{
	d_step { holder[i] == 0 || holder[i] != HOLDER(i) -> holder[i] = 0 }
}

/* Waits for the end of those that held it at that time, not for newcomers. */
inline compute_horizon()
{
#ifdef FAULT_SLOTS_BEFORE_SEQUENCE
	list_holders();
	d_step { jump_once(); h = sequence };
#else
	d_step { jump_once(); h = sequence };
	list_holders();
#endif
	wait_for_holder(0);
#if WRITERS > 1
	wait_for_holder(1);
#endif
#if WRITERS > 2
	wait_for_holder(2);
#endif
}

#else							/* gate of slots */

inline look_at_slot(i)
{
	d_step
	{
		if
		:: slot[i] && slot[i] - 1 < h -> h = slot[i] - 1
		:: else
		fi
	}
}

inline compute_horizon()
{
#ifdef FAULT_SLOTS_BEFORE_SEQUENCE
	h = 255;
#else
	d_step { jump_once(); h = sequence };
#endif
	look_at_slot(0);
#if WRITERS > 1
	look_at_slot(1);
#endif
#if WRITERS > 2
	look_at_slot(2);
#endif
	d_step
	{
#ifdef FAULT_SLOTS_BEFORE_SEQUENCE
		jump_once();
		if
		:: sequence < h -> h = sequence
		:: else
		fi;
#endif
		if
		:: h > known_horizon -> known_horizon = h
		:: else -> h = known_horizon
		fi
	}
}

#endif

/* ---- Processes ---- */

/*
 * While the server goes down, one process after the other leaves, wherever it
 * stands, with its local state; it starts anew when recovery is over.
 */
#if CRASHES > 0
#define RUNS_UNLESS_DOWN	provided (!down || leaving == _pid)
#define LEAVES_IN_CRASH(clear_locals) \
	unless { d_step { down -> leaving++; clear_locals }; goto end_again }
#else
#define RUNS_UNLESS_DOWN
#define LEAVES_IN_CRASH(clear_locals)
#endif

/* From here on new snapshots see the event: the reader must not be past it. */
inline make_visible(i)
{
	life[i] = VISIBLE;
	assert(received[i] || position[i] > cursor)
}

inline set_life(what)
{
	do
	:: k < EVENTS ->
		life[FIRST_EVENT + k] = what;
		position[FIRST_EVENT + k] = (what == GONE -> 0 : position[FIRST_EVENT + k]);
		k++
	:: else -> break
	od;
	k = 0
}

/* Recorded in the WAL, flushed or not, then seen by new snapshots. */
inline commit()
{
	d_step { set_life(RECORDED); unflushed = 1 };
#if CRASHES > 0
	if
	:: d_step { flush_wal() }
#ifndef SYNCHRONOUS
	:: true
#endif
	fi;
#endif
#ifdef FAULT_GATE_LEFT_EARLY
	leave_gate();
#endif
	d_step
	{
		do
		:: k < EVENTS -> make_visible(FIRST_EVENT + k); k++
		:: else -> break
		od;
		k = 0;
#ifdef LOCK_GATE
		notified = 1
#endif
	};
#ifndef FAULT_GATE_LEFT_EARLY
	leave_gate()
#endif
}

inline abort()
{
	d_step { set_life(GONE) };
#ifdef FAULT_SILENT_ABORT
	slot[me] = 0
#else
	leave_gate()
#endif
}

proctype Writer(byte me) RUNS_UNLESS_DOWN
{
	byte done, k, seen;
	bit busy;

end_again:
	{
end_work:
		do
		:: d_step { done < TRANSACTIONS -> busy = 1; jump_once() };
#if !defined(FAULT_GATE_AFTER_SEQUENCE) && !defined(FAULT_NO_GATE)
			enter_gate();
#endif
			draw_position(FIRST_EVENT);
#if EVENTS > 1
			draw_position(FIRST_EVENT + 1);
#endif
#ifdef FAULT_GATE_AFTER_SEQUENCE
			enter_gate();
#endif
			if
			:: commit()
			:: abort()
			fi;
			d_step { busy = 0; done++ }
		od
	}
	LEAVES_IN_CRASH(k = 0; seen = 0; done = done + busy; busy = 0)
}

#ifndef LOCK_GATE
proctype Worker() RUNS_UNLESS_DOWN
{
	byte h, sent, kills;

end_again:
	{
		/* Registered first, then a round: what came before is not missed. */
		worker_registered = 1;
		do
		:: true ->
#ifndef FAULT_RESET_AFTER_HORIZON
			latch = 0;
#endif
			compute_horizon();
#ifdef FAULT_RESET_AFTER_HORIZON
			latch = 0;
#endif
			d_step
			{
				if
				:: h > sent -> notified = 1; sent = h
				:: else
				fi;
				h = 0
			};
end_sleep:	if
			:: latch
#if KILLS > 0
			:: d_step	/* killed; the next one starts with nothing */
				{
					kills < KILLS ->
					kills++;
					worker_registered = 0;
					latch = 0;
					sent = 0
				};
				worker_registered = 1
#endif
			fi
		od
	}
	LEAVES_IN_CRASH(h = 0; sent = 0)
}
#endif

proctype Reader() RUNS_UNLESS_DOWN
{
	byte h;
#ifdef LOCK_GATE
	byte holder[WRITERS];
#endif
#ifdef FAULT_SNAPSHOT_BEFORE_HORIZON
	bit snapshot[ALL_EVENTS];
#define IN_SNAPSHOT(i)	snapshot[i]
#else
#define IN_SNAPSHOT(i)	(life[i] == VISIBLE)
#endif

end_again:
	{
		do
		:: notified = 0;
#ifdef FAULT_SNAPSHOT_BEFORE_HORIZON
			d_step
			{
				do
				:: e < ALL_EVENTS -> snapshot[e] = (life[e] == VISIBLE); e++
				:: else -> break
				od;
				e = 0
			};
#endif
			compute_horizon();
			d_step
			{
				do
				:: e < ALL_EVENTS ->
					if
					:: IN_SNAPSHOT(e) && position[e] > cursor && position[e] <= h ->
						assert(!received[e]);
						received[e] = 1
					:: else
					fi;
					e++
				:: else -> break
				od;
				e = 0;
				assert(h >= cursor);
				cursor = h;
				h = 0
			};
end_sleep:	notified
		od
	}
	LEAVES_IN_CRASH(h = 0)	/* the connection is lost, the cursor is not */
}

#if CRASHES > 0
proctype Walwriter()
{
end_sleep:
	do
	:: d_step { unflushed && !down -> flush_wal() }
	od
}

/* What crash recovery makes of disk and shared memory. */
inline recover()
{
	do
	:: e < ALL_EVENTS ->
		if
		:: life[e] == NONE || life[e] == GONE
		:: else ->
			if
			:: durable[e] && life[e] == RECORDED -> make_visible(e)
			:: durable[e] && life[e] == VISIBLE
			:: else -> life[e] = GONE; position[e] = 0; received[e] = 0
			fi
		fi;
		e++
	:: else -> break
	od;
	e = 0;
	sequence = durable_sequence;
	unflushed = 0;
	known_horizon = 0;
	jumped = 0;
	latch = 0;
	worker_registered = 0;
	notified = 0;
	do
	:: e < WRITERS -> slot[e] = 0; e++
	:: else -> break
	od;
	e = 0
}

proctype Postmaster()
{
	byte crashes;

	do
	:: crashes < CRASHES ->
		d_step { down = 1; leaving = 1; crashes++ };
		d_step { leaving > LAST_TO_LEAVE -> recover(); down = 0; leaving = 0 }
	:: break
	od
}
#endif

/* Nothing can move any more: all that is committed must have arrived. */
proctype Judge()
{
	timeout;
	d_step
	{
		do
		:: e < ALL_EVENTS ->
			assert(life[e] != DRAWN && life[e] != RECORDED);
			assert(life[e] != VISIBLE || received[e]);
			e++
		:: else -> break
		od;
		e = 0
	}
}

init
{
	atomic
	{
		do
		:: e < WRITERS -> run Writer(e); e++
		:: else -> break
		od;
		e = 0;
#ifndef LOCK_GATE
		run Worker();
#endif
		run Reader();
#if CRASHES > 0
		run Walwriter();
		run Postmaster();
#endif
		run Judge()
	}
}
