/* SPDX-License-Identifier: PostgreSQL
 *
 * facets.c: how many of the events found have which type, source, topic, user.
 *
 * Counted are hashes, as documents hold them; what a hash stands for is read from one
 * event that has it, for those values only that are shown.
 */
#include "base/compat.h"

#include "base/view.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "match/topic.h"
#include "search/summary.h"
#include "store/reader.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_facets);

/* Arguments after those of the request. */
enum
{
	ARGUMENT_FIELDS = EV_REQUEST_NARGUMENTS,
	ARGUMENT_MAX_VALUES
};

#define DEFAULT_MAX_VALUES 20
#define GREATEST_MAX_VALUES 10000

/* More different values of a field are not counted. */
#define MAX_DIFFERENT 200000

static const struct
{
	const char *name;
	char counted; /* in events.search_count */
} fields[EV_NFIELDS] = {{"type", EV_COUNT_TYPE},
						{"source", EV_COUNT_SOURCE},
						{"topic", EV_COUNT_TOPIC},
						{"user", EV_COUNT_USER}};

typedef struct Value
{
	int64 value;
	int64 events;
	int64 sample; /* the newest known */
	char status;
} Value;

#define SH_PREFIX values
#define SH_ELEMENT_TYPE Value
#define SH_KEY_TYPE int64
#define SH_KEY value
#define SH_HASH_KEY(tb, key) murmurhash32((uint32) (key) ^ (uint32) ((uint64) (key) >> 32))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Facets
{
	EvWalk *walk;
	int nfields;
	EvField fields[EV_NFIELDS]; /* that are asked for, in this order */
	values_hash *values[EV_NFIELDS];
	int max_values;
	bool is_overfull;
} Facets;

static EvField
find_field(const char *name)
{
	for (int i = 0; i < EV_NFIELDS; i++)
	{
		if (strcmp(fields[i].name, name) == 0)
			return (EvField) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no facet \"%s\"", name),
			 errhint("Facets are type, source, topic and user.")));
}

static void
take_fields(Facets *facets, ArrayType *names)
{
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		EvField field;
		bool is_known = false;

		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("fields must not contain NULL"),
							errhint("Facets are type, source, topic and user.")));
		field = find_field(TextDatumGetCString(elements[i]));
		for (int j = 0; j < facets->nfields; j++)
			is_known |= facets->fields[j] == field;
		if (!is_known)
			facets->fields[facets->nfields++] = field;
	}
}

static void
take_arguments(Facets *facets, FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARGUMENT_FIELDS))
	{
		for (int i = 0; i < EV_NFIELDS; i++)
			facets->fields[facets->nfields++] = (EvField) i;
	}
	else
		take_fields(facets, PG_GETARG_ARRAYTYPE_P(ARGUMENT_FIELDS));
	facets->max_values = PG_ARGISNULL(ARGUMENT_MAX_VALUES) ? DEFAULT_MAX_VALUES
														   : PG_GETARG_INT32(ARGUMENT_MAX_VALUES);
	if (facets->max_values < 1 || facets->max_values > GREATEST_MAX_VALUES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_values must be from 1 to %d: %d", GREATEST_MAX_VALUES,
							   facets->max_values),
						errhint("Facets are for the values that most events have.")));
}

/* ---- counting */

static void
add(Facets *facets, EvField field, int64 value, int64 events, int64 sample)
{
	values_hash *values = facets->values[field];
	Value *entry;
	bool found;

	if (values->members >= MAX_DIFFERENT)
	{
		entry = values_lookup(values, value);
		found = entry != NULL;
		facets->is_overfull |= !found;
		if (!found)
			return;
	}
	else
		entry = values_insert(values, value, &found);
	if (!found)
		entry->events = entry->sample = 0;
	entry->events += events;
	entry->sample = Max(entry->sample, sample);
}

static bool
add_hit(void *arg, const EvHit *hit)
{
	Facets *facets = (Facets *) arg;

	if (!ev_walk_confirm(facets->walk, hit))
		return true;
	for (int i = 0; i < facets->nfields; i++)
	{
		EvField field = facets->fields[i];

		if (field != EV_FIELD_USER || hit->has_user)
			add(facets, field, hit->fields[field], 1, hit->position);
	}
	return true;
}

static void
add_count(void *arg, char counted, int64 value, int64 events, int64 sample)
{
	Facets *facets = (Facets *) arg;

	for (int i = 0; i < facets->nfields; i++)
	{
		if (fields[facets->fields[i]].counted == counted)
			add(facets, facets->fields[i], value, events, sample);
	}
}

static void
count(Facets *facets)
{
	EvWalk *walk = facets->walk;
	EvStretch stretch;

	walk->wants_fields = true;
	for (int i = 0; i < facets->nfields; i++)
		facets->values[facets->fields[i]] = values_create(CurrentMemoryContext, 256, NULL);
	if (ev_summary_suffices(walk))
	{
		char counted[EV_NFIELDS + 1] = {0};
		const char *alternative = counted;
		EvRange *left;
		int nleft;

		for (int i = 0; i < facets->nfields; i++)
			counted[i] = fields[facets->fields[i]].counted;
		left = ev_summary_visit(walk, &alternative, 1, add_count, facets, &nleft);
		ev_walk_begin_ranges(walk, left, nleft);
	}
	else
		ev_walk_begin(walk, 1, walk->tally.horizon, false);
	while (ev_walk_next(walk, add_hit, facets, &stretch))
		;
}

/* ---- the result */

typedef struct Row
{
	char *name;
	int64 events;
	int64 sample;
} Row;

static char *
user_of(const Jsonb *attributes)
{
	EvView object = ev_view_of(attributes);
	EvView value;

	if (object.type != EV_JSON_OBJECT || !ev_view_get(&object, "user", &value))
		return NULL;
	if (value.type == EV_JSON_STRING)
		return pnstrdup(value.data, value.length);
	/* as it is filed: 1.0 is 1 */
	if (value.type == EV_JSON_NUMBER)
		return numeric_normalize(ev_view_numeric(&value));
	return ev_view_to_cstring(&value);
}

/* The value of a field of an event; NULL if the event is gone. */
static char *
name_of(EvWalk *walk, EvField field, int64 sample)
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	int length;

	if (!ev_scan_fetch(walk->events, sample, values, nulls))
		return NULL;
	switch (field)
	{
		case EV_FIELD_TYPE:
			return TextDatumGetCString(values[EV_TYPE]);
		case EV_FIELD_SOURCE:
			return TextDatumGetCString(values[EV_SOURCE]);
		case EV_FIELD_TOPIC:
			return ev_topic_to_path(DatumGetArrayTypeP(values[EV_TOPIC]), &length);
		case EV_FIELD_USER:
			return nulls[EV_ATTRIBUTES] ? NULL : user_of(DatumGetJsonbP(values[EV_ATTRIBUTES]));
		case EV_NFIELDS:
			break;
	}
	return NULL;
}

/* Most events first; then in the order of names, or of samples where names are not known. */
static int
compare_rows(const void *a, const void *b)
{
	const Row *left = (const Row *) a;
	const Row *right = (const Row *) b;

	if (left->events != right->events)
		return left->events > right->events ? -1 : 1;
	if (left->name != NULL && right->name != NULL)
		return strcmp(left->name, right->name);
	return left->sample > right->sample ? -1 : left->sample < right->sample;
}

static void
put_field(Facets *facets, EvField field, ReturnSetInfo *result)
{
	values_hash *values = facets->values[field];
	Row *rows = palloc(sizeof(Row) * Max(values->members, 1));
	values_iterator iterator;
	Value *entry;
	int n = 0;
	int named = 0;

	values_start_iterate(values, &iterator);
	while ((entry = values_iterate(values, &iterator)) != NULL)
		rows[n++] = (Row) {NULL, entry->events, entry->sample};
	qsort(rows, n, sizeof(Row), compare_rows);
	for (int i = 0; i < n && named < facets->max_values; i++)
	{
		ev_tally_check(&facets->walk->tally, rows[i].sample);
		rows[i].name = name_of(facets->walk, field, rows[i].sample);
		if (rows[i].name != NULL)
			rows[named++] = rows[i];
	}
	qsort(rows, named, sizeof(Row), compare_rows);
	for (int i = 0; i < named; i++)
	{
		Datum row[] = {CStringGetTextDatum(fields[field].name), CStringGetTextDatum(rows[i].name),
					   Int64GetDatum(rows[i].events)};
		bool nulls[] = {false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
}

/* events.facets(<request>, fields, max_values) → field, value, events */
Datum
ev_facets(PG_FUNCTION_ARGS)
{
	Facets facets = {0};
	EvRequest *request;

	ev_reader_refuse_old_snapshots("events.facets()");
	request = ev_request_make(fcinfo);
	take_arguments(&facets, fcinfo);
	InitMaterializedSRF(fcinfo, 0);
	facets.walk = ev_walk_open(request, ev_reader_horizon(), true);
	count(&facets);
	for (int i = 0; i < facets.nfields; i++)
		put_field(&facets, facets.fields[i], (ReturnSetInfo *) fcinfo->resultinfo);
	ev_walk_close(facets.walk);
	if (facets.is_overfull)
		ereport(NOTICE, (errmsg("not all values were counted"),
						 errdetail("A facet counts %d different values at most.", MAX_DIFFERENT),
						 errhint("Ask for a narrower range of times, or a type.")));
	return (Datum) 0;
}
