/*
 * walk.c - a stretch of the history.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The events come in pieces, each a statement of its own, of so many events or so many positions,
 * whichever ends first: where filters leave most events out it is known all the same how far all
 * was looked at.  Where the next piece begins is read from the events themselves: the member
 * "sequence" comes before "data" and after nothing but scalars, in which no quote stands without a
 * backslash, so the first one found is the event's own.
 */
#define _GNU_SOURCE

#include "cmd/walk.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cmd/cmd.h"
#include "cmd/recovery.h"
#include "pg/query.h"
#include "web/filter.h"

#define FILTER_MAX 1000
#define SPAN 1000000				 /* positions looked at in one piece */
#define KEPT_MOST ((size_t) 3 << 30) /* `keep`, and one event of any size */
#define SEQUENCE ",\"sequence\":\""

/* ---- options ---- */

static int
set_from(Walk *walk, const char *value)
{
	walk->from = value;
	if (strcmp(value, "earliest") == 0 || cursor_parse(value, strlen(value), &walk->cursor))
		return 0;
	return cmd_complain("--after: \"%s\" is no cursor, nor earliest", value);
}

static int
set_filter(Walk *walk, const char *option, bool is_topic, const char *value)
{
	char why[FILTER_DETAIL_SIZE] = "";
	HttpSlice slice = {value, strlen(value)};
	bool good = is_topic ? filter_add_topic(&walk->filter, slice, FILTER_MAX, why)
						 : filter_add_types(&walk->filter, value, strlen(value), FILTER_MAX, why);

	return good ? 0 : cmd_complain("%s \"%s\" %s", option, value, why);
}

int
walk_option(Walk *walk, char **words, int *at)
{
	const char *word = words[*at];
	const char *value = "";
	int status = 0;

	if (cmd_option(words, at, "--since", &value))
		walk->since = value;
	else if (cmd_option(words, at, "--until", &value))
		walk->until = value;
	else if (cmd_option(words, at, "--after", &value))
		status = value ? set_from(walk, value) : 0;
	else if (cmd_option(words, at, "--types", &value) || cmd_option(words, at, "--type", &value))
		status = value ? set_filter(walk, "--types", false, value) : 0;
	else if (cmd_option(words, at, "--topic", &value))
		status = value ? set_filter(walk, "--topic", true, value) : 0;
	else
		return -1;
	if (!value)
		return cmd_complain("%s needs a value", word);
	if (!status && walk->since && walk->from)
		return cmd_complain("--since and --after both say where to begin");
	return status;
}

/* ---- opening ---- */

static bool
tell(const Walk *walk, const char *what)
{
	fprintf(stderr, "eventsd: %s%s%s\n", what, *what ? ": " : "", archive_error(walk->archive));
	return false;
}

/* the position of a time; a time that is none is the caller's mistake */
static bool
find_time(Walk *walk, const char *option, const char *time, int64_t *position, int *status)
{
	if (archive_position_at(walk->archive, time, position))
	{
		/* it was asked for later */
		if (*position > walk->state.horizon)
			walk->state.horizon = *position;
		return true;
	}
	if (strncmp(archive_sqlstate(walk->archive), "22", 2) == 0)
		*status = CMD_UNUSABLE;
	return tell(walk, option);
}

/* has the history come so far?  What is asked for beyond would be missed without a word */
static bool
is_decided(const ArchiveState *state, int64_t position)
{
	if (position <= state->horizon)
		return true;
	fprintf(stderr,
			"eventsd: position %lld is in the future\n"
			"detail: Positions up to %lld are decided.\n"
			"hint: it is of another database, or this one was restored to an earlier point\n",
			(long long) position, (long long) state->horizon);
	return false;
}

/* a cursor is good in its own epoch only */
static bool
find_cursor(Walk *walk, int *status)
{
	if (walk->cursor.epoch[0] && strcmp(walk->cursor.epoch, walk->state.epoch) != 0)
	{
		fprintf(stderr,
				"eventsd: the cursor is of epoch %s, and the database's is %s\n"
				"hint: positions of another epoch or database mean nothing here\n",
				walk->cursor.epoch, walk->state.epoch);
		*status = CMD_UNUSABLE;
		return false;
	}
	walk->after = walk->cursor.position;
	if (is_decided(&walk->state, walk->cursor.position))
		return true;
	*status = CMD_UNUSABLE;
	return false;
}

static bool
find_ends(Walk *walk, int *status)
{
	walk->upto = walk->state.horizon;
	walk->after = walk->state.oldest - 1 < walk->upto ? walk->state.oldest - 1 : walk->upto;
	if (walk->since && !find_time(walk, "--since", walk->since, &walk->after, status))
		return false;
	if (walk->until && !find_time(walk, "--until", walk->until, &walk->upto, status))
		return false;
	if (walk->from && strcmp(walk->from, "earliest") != 0 && !find_cursor(walk, status))
		return false;
	walk->first = walk->after;
	return true;
}

bool
walk_open(Walk *walk, const Conf *conf, const char *purpose, const volatile int *stop, int *status)
{
	*status = CMD_FAILED;
	walk->archive = archive_new(conf, purpose, stop);
	return recovery_begin(walk->archive, conf, &walk->state) && find_ends(walk, status);
}

void
walk_close(Walk *walk)
{
	archive_free(walk->archive);
	filter_free(&walk->filter);
}

/* ---- walking ---- */

bool
walk_find_cursor(Str line, Cursor *cursor)
{
	const char *found = memmem(line.data, line.len, SEQUENCE, strlen(SEQUENCE));
	size_t at = found ? (size_t) (found - line.data) + strlen(SEQUENCE) : line.len;

	return at + CURSOR_LENGTH < line.len && line.data[at + CURSOR_LENGTH] == '"' &&
		   cursor_parse(line.data + at, CURSOR_LENGTH, cursor) && cursor->epoch[0];
}

typedef struct Step
{
	Walk *walk;
	const volatile int *stop;
	WalkFn fn;
	void *arg;
	bool ended;	   /* by fn, or by the signal */
	bool mistaken; /* an event without a cursor */
	Buf kept;	   /* lengths, each with its line behind it */
	int kept_count;
	bool kept_enough; /* so the statement was left */
	int piece_most;
	Recovery recovery;
} Step;

static bool
take_line(void *arg, Str line)
{
	Step *step = arg;
	Cursor cursor;

	if (*step->stop)
		step->ended = true;
	else if (!walk_find_cursor(line, &cursor))
		step->mistaken = step->ended = true;
	else if (!step->fn(step->arg, line, cursor.position))
		step->ended = true;
	else
	{
		step->walk->after = cursor.position;
		step->walk->count++;
	}
	return !step->ended;
}

static bool
keep_line(void *arg, Str line)
{
	Step *step = arg;

	buf_append(&step->kept, &line.len, sizeof(line.len));
	buf_append(&step->kept, line.data, line.len);
	step->kept_count++;
	step->kept_enough = step->kept.len >= step->walk->keep && step->kept_count < step->walk->piece;
	return !step->kept_enough && !*step->stop;
}

/* to leave a statement costs the connection: the next ones ask for less, and then for more again */
static void
size_piece(Step *step)
{
	Walk *walk = step->walk;

	if (step->kept_enough)
		walk->piece = step->kept_count;
	else if (step->kept.len < walk->keep / 4 && walk->piece < step->piece_most)
		walk->piece = walk->piece * 2 < step->piece_most ? walk->piece * 2 : step->piece_most;
}

/* what was kept, whole lines all of them, however the statement ended */
static void
take_kept(Step *step)
{
	const char *data = step->kept.data;
	size_t len;

	for (int i = 0; i < step->kept_count && !step->ended; i++)
	{
		memcpy(&len, data, sizeof(len));
		take_line(step, (Str) {data + sizeof(len), len});
		data += sizeof(len) + len;
	}
	size_piece(step);
	step->kept_count = 0;
	step->kept_enough = false;
	buf_reset(&step->kept);
}

/* the connection again, and the same history behind it */
static bool
return_to(Step *step)
{
	Walk *walk = step->walk;
	ArchiveState state;

	if (!recovery_again(&step->recovery, walk->archive, walk->after, &state))
		return false;
	if (strcmp(state.epoch, walk->state.epoch) == 0)
		return is_decided(&state, walk->after) && is_decided(&state, walk->upto);
	fprintf(stderr, "eventsd: the database has another epoch now\n"
					"hint: it was restored to an earlier point; begin anew\n");
	return false;
}

/* false after it was told why it could not go on */
static bool
walk_piece(Step *step)
{
	Walk *walk = step->walk;
	int64_t upto = walk->upto - walk->after > SPAN ? walk->after + SPAN : walk->upto;
	const ArchivePiece piece = {
		.after = walk->after, .upto = upto, .max_count = walk->piece, .filter = &walk->filter};
	int64_t count;
	bool good = archive_read(walk->archive, &piece, walk->keep ? keep_line : take_line, step,
							 &count);
	bool whole = good && count < piece.max_count && !step->kept_enough;

	take_kept(step);
	if (step->ended || *step->stop)
		return true;
	if (whole)
		walk->after = upto;
	if (!good && !archive_is_lost(walk->archive))
		return tell(walk, "");
	return good || return_to(step);
}

bool
walk_run(Walk *walk, const volatile int *stop, WalkFn fn, void *arg)
{
	Step step = {.walk = walk, .stop = stop, .fn = fn, .arg = arg, .piece_most = walk->piece};
	bool good = is_decided(&walk->state, walk->after);

	buf_init(&step.kept, KEPT_MOST);
	while (good && walk->after < walk->upto && !step.ended && !*stop)
		good = walk_piece(&step);
	buf_clear(&step.kept);
	if (step.mistaken)
		fprintf(stderr, "eventsd: the database gave an event without its sequence\n");
	return good && !step.mistaken;
}

const char *
walk_cursor(const Walk *walk, char text[CURSOR_SIZE])
{
	return cursor_format(text, walk->state.epoch, walk->after);
}
