/* SPDX-License-Identifier: PostgreSQL
 *
 * histogram.c: how many of the events found were recorded when.
 *
 * Buckets are of one length and begin at multiples of it since Monday, 3 January 2000,
 * 00:00 UTC, so that those of another search of the same length are the same.  Without a
 * length one is chosen for about 60 buckets.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/catalog.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "funcapi.h"
#include "search/summary.h"
#include "store/reader.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_histogram);

#define ARGUMENT_BUCKET EV_REQUEST_NARGUMENTS

#define MAX_BUCKETS 10000

/* A length is chosen that gives no more than these. */
#define CHOSEN_BUCKETS 90

/* 3 January 2000: a Monday. */
#define ORIGIN (2 * USECS_PER_DAY)

/* 1970 in timestamps. */
#define UNIX_EPOCH ((UNIX_EPOCH_JDATE - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY)

typedef struct Bucket
{
	int64 number;
	int64 events;
	char status;
} Bucket;

#define SH_PREFIX buckets
#define SH_ELEMENT_TYPE Bucket
#define SH_KEY_TYPE int64
#define SH_KEY number
#define SH_HASH_KEY(tb, key) murmurhash32((uint32) (key) ^ (uint32) ((uint64) (key) >> 32))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Histogram
{
	EvWalk *walk;
	int64 length; /* of a bucket, in microseconds */
	buckets_hash *buckets;
	int64 first; /* numbers of the first and the last bucket that have events */
	int64 last;
} Histogram;

/* ---- the length of buckets */

static pg_noreturn void
raise_too_many(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("the histogram would have more than %d buckets", MAX_BUCKETS),
					errhint("Ask for longer buckets or a shorter range of times.")));
}

static int64
get_length(const Interval *interval)
{
	int64 days;
	int64 length;

	if (interval->month != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a bucket must not be of months or years"),
						errdetail("They are not all of one length."),
						errhint("Say how many days it has.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, interval->time, &length) || length <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a bucket must be longer than nothing"),
						errhint("For example interval '1 hour', or NULL for a length that fits.")));
	return length;
}

static int64
bucket_of(const Histogram *histogram, TimestampTz t)
{
	int64 number = (t - ORIGIN) / histogram->length;

	return (t - ORIGIN) % histogram->length < 0 ? number - 1 : number;
}

/* From when to when events were recorded at all, as far as it is easily known. */
static bool
extent_of(EvWalk *walk, TimestampTz *from, TimestampTz *to)
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	bool found = false;

	for (int backward = 0; backward <= 1; backward++)
	{
		EvScan *scan = ev_scan_open_beside(walk->events, 0, walk->tally.horizon, backward != 0);

		if (ev_scan_next(scan, values, nulls))
		{
			TimestampTz t = DatumGetTimestampTz(values[EV_RECORDED_AT]);

			*from = found ? Min(*from, t) : t;
			*to = found ? Max(*to, t) : t;
			found = true;
		}
		ev_scan_close(scan);
	}
	return found;
}

static int64
choose_length(EvWalk *walk)
{
	static const int64 seconds[] = {1,		 5,		   15,		  60,		 300,	 900,
									3600,	 10800,	   43200,	  86400,	 604800, 2592000,
									7776000, 31536000, 315360000, 3153600000};
	const EvRequest *request = walk->request;
	TimestampTz from = 0;
	TimestampTz to = 0;
	int i = 0;

	(void) extent_of(walk, &from, &to);
	if (!TIMESTAMP_NOT_FINITE(request->from))
		from = request->from;
	if (!TIMESTAMP_NOT_FINITE(request->to))
		to = request->to;
	while (i < lengthof(seconds) - 1 &&
		   (double) to - from > (double) CHOSEN_BUCKETS * seconds[i] * USECS_PER_SEC)
		i++;
	return seconds[i] * USECS_PER_SEC;
}

/* ---- counting */

static void
add(Histogram *histogram, int64 number, int64 events)
{
	bool found;
	Bucket *bucket = buckets_insert(histogram->buckets, number, &found);

	if (!found)
		bucket->events = 0;
	bucket->events += events;
	if (!found && histogram->buckets->members > MAX_BUCKETS)
		raise_too_many();
	histogram->first = Min(histogram->first, number);
	histogram->last = Max(histogram->last, number);
}

static bool
add_hit(void *arg, const EvHit *hit)
{
	Histogram *histogram = (Histogram *) arg;

	if (ev_walk_confirm(histogram->walk, hit))
		add(histogram, bucket_of(histogram, hit->recorded_at), 1);
	return true;
}

static void
add_count(void *arg, char counted, int64 value, int64 events, int64 sample)
{
	Histogram *histogram = (Histogram *) arg;
	int64 unit = counted == EV_COUNT_MINUTE ? USECS_PER_MINUTE : USECS_PER_HOUR;

	add(histogram, bucket_of(histogram, UNIX_EPOCH + value * unit), events);
}

static void
count(Histogram *histogram)
{
	static const char *const alternatives[] = {"m", "h"};
	EvWalk *walk = histogram->walk;
	EvStretch stretch;

	if (ev_summary_suffices(walk) && histogram->length % USECS_PER_MINUTE == 0)
	{
		int nalternatives = histogram->length % USECS_PER_HOUR == 0 ? 2 : 1;
		int nleft;
		EvRange *left = ev_summary_visit(walk, alternatives, nalternatives, add_count, histogram,
										 &nleft);

		ev_walk_begin_ranges(walk, left, nleft);
	}
	else
		ev_walk_begin(walk, 1, walk->tally.horizon, false);
	while (ev_walk_next(walk, add_hit, histogram, &stretch))
		;
}

/* ---- the result */

/* From the bucket of from_time to that before to_time, or from the first to the last event. */
static bool
bounds_of(const Histogram *histogram, int64 *first, int64 *last)
{
	const EvRequest *request = histogram->walk->request;
	bool has_from = !TIMESTAMP_NOT_FINITE(request->from);
	bool has_to = !TIMESTAMP_NOT_FINITE(request->to);

	*first = has_from ? bucket_of(histogram, request->from) : histogram->first;
	*last = has_to ? bucket_of(histogram, request->to - 1) : histogram->last;
	return histogram->buckets->members > 0 || (has_from && has_to);
}

static void
check_buckets(const Histogram *histogram)
{
	const EvRequest *request = histogram->walk->request;

	if (!TIMESTAMP_NOT_FINITE(request->from) && !TIMESTAMP_NOT_FINITE(request->to) &&
		bucket_of(histogram, request->to - 1) - bucket_of(histogram, request->from) >= MAX_BUCKETS)
		raise_too_many();
}

static void
put_buckets(Histogram *histogram, ReturnSetInfo *result)
{
	int64 first, last;

	if (!bounds_of(histogram, &first, &last))
		return;
	if (last - first >= MAX_BUCKETS)
		raise_too_many();
	for (int64 number = first; number <= last; number++)
	{
		Bucket *bucket = buckets_lookup(histogram->buckets, number);
		Datum row[] = {TimestampTzGetDatum(ORIGIN + number * histogram->length),
					   Int64GetDatum(bucket == NULL ? 0 : bucket->events),
					   Int64GetDatum(histogram->length / USECS_PER_SEC)};
		bool nulls[] = {false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
}

/*
 * events.histogram(<request>, bucket) → bucket, events
 * events._histogram(<request>, bucket) → bucket, events, seconds
 */
Datum
ev_histogram(PG_FUNCTION_ARGS)
{
	Histogram histogram = {.first = PG_INT64_MAX, .last = PG_INT64_MIN};
	EvRequest *request;

	ev_reader_refuse_old_snapshots("events.histogram()");
	request = ev_request_make(fcinfo);
	if (!PG_ARGISNULL(ARGUMENT_BUCKET))
		histogram.length = get_length(PG_GETARG_INTERVAL_P(ARGUMENT_BUCKET));
	InitMaterializedSRF(fcinfo, 0);
	histogram.walk = ev_walk_open(request, ev_reader_horizon(), true);
	histogram.buckets = buckets_create(CurrentMemoryContext, 256, NULL);
	if (PG_ARGISNULL(ARGUMENT_BUCKET))
		histogram.length = choose_length(histogram.walk);
	check_buckets(&histogram);
	count(&histogram);
	put_buckets(&histogram, (ReturnSetInfo *) fcinfo->resultinfo);
	ev_walk_close(histogram.walk);
	return (Datum) 0;
}
