/* SPDX-License-Identifier: PostgreSQL
 *
 * start.c: where a consumer begins, as its user says it.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "consume/start.h"
#include "store/epoch.h"
#include "store/read.h"
#include "store/reader.h"
#include "store/retention_mark.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

void
ev_start_check_future(int64 position, int64 horizon)
{
	if (position <= horizon)
		return;
	ereport(ERROR,
			(errcode(MAKE_SQLSTATE('E', 'V', '0', '0', '2')),
			 errmsg("position " INT64_FORMAT " is in the future", position),
			 errdetail("Positions up to " INT64_FORMAT " are decided.", horizon),
			 errhint("The position is of another database, or this one was restored to an "
					 "earlier point: events.seek() sets a consumer to where it should go on.")));
}

static int64
check_position(int64 position, int64 horizon)
{
	int64 oldest = ev_reader_oldest();

	ev_start_check_future(position, horizon);
	if (position < oldest - 1 && ev_retention_mark_passed(position, oldest))
		ereport(ERROR,
				(errcode(MAKE_SQLSTATE('E', 'V', '0', '0', '1')),
				 errmsg("position " INT64_FORMAT " is older than the oldest event kept", position),
				 errdetail("Events up to position " INT64_FORMAT " were removed by retention.",
						   oldest - 1),
				 errhint("'earliest' begins with the oldest event that is kept.")));
	return position;
}

static bool
parse_digits(const char *text, int64 *position)
{
	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 19)
		return false;
	*position = strtoll(text, NULL, 10);
	return true;
}

/* '<epoch>-<position>' */
static bool
parse_cursor(const char *text, int64 *position)
{
	char epoch[EV_EPOCH_LENGTH + 1];

	if (strlen(text) <= EV_EPOCH_LENGTH + 1 || text[EV_EPOCH_LENGTH] != '-' ||
		strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz") != EV_EPOCH_LENGTH ||
		!parse_digits(text + EV_EPOCH_LENGTH + 1, position))
		return false;
	ev_epoch_current(epoch);
	if (strncmp(epoch, text, EV_EPOCH_LENGTH) != 0)
		ereport(ERROR, (errcode(MAKE_SQLSTATE('E', 'V', '0', '0', '2')),
						errmsg("cursor \"%s\" is of another epoch", text),
						errdetail("The current epoch is %s.", epoch),
						errhint("Its position means another event here; begin at a time, or at "
								"'earliest'.")));
	return true;
}

/* Is it meant as a time?  What timestamptz does not take, it says itself. */
static bool
looks_like_time(const char *text)
{
	static const char *const words[] = {"now", "today", "yesterday", "epoch"};

	for (int i = 0; i < lengthof(words); i++)
	{
		if (pg_strcasecmp(text, words[i]) == 0)
			return true;
	}
	return text[0] != '\0' &&
		   (strchr("0123456789+-", text[0]) != NULL || strchr(text, ':') != NULL);
}

int64
ev_start_position(const char *start)
{
	int64 horizon = ev_reader_horizon();
	int64 position;
	Datum time;

	if (strcmp(start, "latest") == 0)
		return horizon;
	if (strcmp(start, "earliest") == 0)
		return ev_reader_oldest() - 1;
	if (parse_digits(start, &position) || parse_cursor(start, &position))
		return check_position(position, horizon);
	if (!looks_like_time(start))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("start must say where to begin: \"%s\"", start),
						errhint("'latest', 'earliest', a position, a cursor, or a time like "
								"'2026-01-31 12:00+00'.")));
	time = DirectFunctionCall3(timestamptz_in, CStringGetDatum(start), ObjectIdGetDatum(InvalidOid),
							   Int32GetDatum(-1));
	return ev_read_position_at(DatumGetTimestampTz(time));
}
