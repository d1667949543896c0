/* SPDX-License-Identifier: PostgreSQL
 *
 * request.c: what a search asks for; see request.h.
 */
#include "base/compat.h"

#include "base/attempt.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "search/document.h"
#include "search/request.h"
#include "store/event_subject.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static void
take_sources(EvRequest *request, ArrayType *sources)
{
	Datum *elements;
	bool *nulls;

	deconstruct_array(sources, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls,
					  &request->nsources);
	request->sources = palloc(sizeof(text *) * Max(request->nsources, 1));
	for (int i = 0; i < request->nsources; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("sources must not contain NULL"),
					 errhint("Name the sources, or give none: NULL for events of any source.")));
		request->sources[i] = DatumGetTextPP(elements[i]);
	}
}

static void
take_times(EvRequest *request, FunctionCallInfo fcinfo)
{
	request->from = PG_ARGISNULL(EV_REQUEST_FROM_TIME)
						? DT_NOBEGIN
						: PG_GETARG_TIMESTAMPTZ(EV_REQUEST_FROM_TIME);
	request->to = PG_ARGISNULL(EV_REQUEST_TO_TIME) ? DT_NOEND
												   : PG_GETARG_TIMESTAMPTZ(EV_REQUEST_TO_TIME);
	if (request->from >= request->to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_time must be before to_time"),
				 errdetail("From %s to %s there is no time.", timestamptz_to_str(request->from),
						   pstrdup(timestamptz_to_str(request->to))),
				 errhint("from_time is included, to_time is not.")));
}

/* Of the arguments as they were given; not of the times, so that a window may move. */
static uint64
hash_arguments(FunctionCallInfo fcinfo)
{
	uint64 hash = 0;

	for (int i = 0; i < EV_REQUEST_NARGUMENTS; i++)
	{
		struct varlena *value;

		if (i == EV_REQUEST_FROM_TIME || i == EV_REQUEST_TO_TIME || PG_ARGISNULL(i))
			continue;
		value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(i));
		hash = hash_bytes_extended((const unsigned char *) VARDATA_ANY(value),
								   VARSIZE_ANY_EXHDR(value), hash + i + 1);
	}
	return hash;
}

EvRequest *
ev_request_make(FunctionCallInfo fcinfo)
{
	EvRequest *request = palloc0(sizeof(EvRequest));
	EvFilterSource source = {
		.topics = PG_ARGISNULL(EV_REQUEST_TOPICS) ? NULL : PG_GETARG_ARRAYTYPE_P(EV_REQUEST_TOPICS),
		.types = PG_ARGISNULL(EV_REQUEST_TYPES) ? NULL : PG_GETARG_ARRAYTYPE_P(EV_REQUEST_TYPES),
		.pattern = PG_ARGISNULL(EV_REQUEST_PATTERN) ? NULL : PG_GETARG_JSONB_P(EV_REQUEST_PATTERN),
		.expression = PG_ARGISNULL(EV_REQUEST_FILTER) ? NULL : PG_GETARG_TEXT_PP(EV_REQUEST_FILTER),
	};

	request->context = CurrentMemoryContext;
	request->nsources = -1;
	if (!PG_ARGISNULL(EV_REQUEST_QUERY))
		request->text = ev_text_query_parse(PG_GETARG_TEXT_PP(EV_REQUEST_QUERY));
	request->filter = ev_filter_make(&source);
	if (!PG_ARGISNULL(EV_REQUEST_SOURCES))
		take_sources(request, PG_GETARG_ARRAYTYPE_P(EV_REQUEST_SOURCES));
	if (!PG_ARGISNULL(EV_REQUEST_SUBJECT))
		request->subject = PG_GETARG_TEXT_PP(EV_REQUEST_SUBJECT);
	if (!PG_ARGISNULL(EV_REQUEST_DATA_CONTAINS))
		request->contains = PG_GETARG_JSONB_P(EV_REQUEST_DATA_CONTAINS);
	take_times(request, fcinfo);
	request->hash = hash_arguments(fcinfo);
	return request;
}

static bool
is_text(Datum value, const char *wanted, int length)
{
	text *t = DatumGetTextPP(value);

	return VARSIZE_ANY_EXHDR(t) == length && memcmp(VARDATA_ANY(t), wanted, length) == 0;
}

static bool
is_same_text(Datum value, const text *wanted)
{
	return is_text(value, VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(wanted));
}

static bool
has_source(const EvRequest *request, Datum source)
{
	for (int i = 0; i < request->nsources; i++)
	{
		if (is_same_text(source, request->sources[i]))
			return true;
	}
	return request->nsources < 0;
}

static bool
has_data(const EvRequest *request, const Datum *values, const bool *nulls)
{
	if (request->contains == NULL)
		return true;
	return !nulls[EV_DATA] && DatumGetBool(DirectFunctionCall2(jsonb_contains, values[EV_DATA],
															   JsonbPGetDatum(request->contains)));
}

bool
ev_request_matches(const EvRequest *request, const Datum *values, const bool *nulls)
{
	EvEventSubject row;

	return ev_request_is_in_time(request, DatumGetTimestampTz(values[EV_RECORDED_AT])) &&
		   ev_filter_may_match(request->filter, DatumGetTextPP(values[EV_TYPE]),
							   DatumGetArrayTypeP(values[EV_TOPIC])) &&
		   has_source(request, values[EV_SOURCE]) &&
		   (request->subject == NULL ||
			(!nulls[EV_SUBJECT] && is_same_text(values[EV_SUBJECT], request->subject))) &&
		   has_data(request, values, nulls) &&
		   ev_filter_matches(request->filter, ev_event_subject_init(&row, values, nulls));
}

typedef struct Configuring
{
	const EvRequest *request;
	EvConfigured *made;
} Configuring;

static void
make_query(void *arg)
{
	Configuring *configuring = arg;

	configuring->made->query = ev_text_query_make(configuring->request->text,
												  configuring->made->configuration);
}

static void
narrow_query(void *arg)
{
	Configuring *configuring = arg;
	EvConfigured *made = configuring->made;
	bool is_truncated;

	made->narrowed = ev_text_query_require(
		made->query,
		ev_document_data_text(configuring->request->contains, made->configuration, &is_truncated));
}

/* A dictionary may raise: then nothing is found by this configuration, but by others. */
static void
try_to(void (*function)(void *), Configuring *configuring)
{
	ErrorData *error = ev_attempt(function, configuring);

	if (error == NULL)
		return;
	if (ev_attempt_was_interrupted(error))
		ReThrowError(error);
	ereport(WARNING, (errcode(error->sqlerrcode),
					  errmsg("text search configuration %s cannot read the query: %s",
							 ev_document_configuration_name(configuring->made->configuration),
							 error->message),
					  errdetail("Documents that were made with it are not found by these words.")));
}

const EvConfigured *
ev_request_configured(EvRequest *request, Oid configuration, int64 key)
{
	MemoryContext old;
	EvConfigured *made;
	Configuring configuring = {.request = request};
	ListCell *cell;

	foreach (cell, request->configured)
	{
		made = (EvConfigured *) lfirst(cell);
		if (made->configuration == configuration && made->key == key)
			return made;
	}
	old = MemoryContextSwitchTo(request->context);
	made = palloc0(sizeof(EvConfigured));
	made->configuration = configuration;
	made->key = key;
	configuring.made = made;
	if (request->text != NULL)
		try_to(make_query, &configuring);
	made->narrowed = made->query;
	if (request->contains != NULL)
		try_to(narrow_query, &configuring);
	request->configured = lappend(request->configured, made);
	MemoryContextSwitchTo(old);
	return made;
}
