/* SPDX-License-Identifier: PostgreSQL
 *
 * document_fallback.c: the document of an event whose text search configuration fails.
 *
 * Dictionaries are code and files that others have put there.  One that raises, for every
 * word or for one in a million, must not keep an event from being filed, and all events
 * behind it.  So each document is made in a subtransaction, and if that fails it is made
 * with "simple"; if that fails too (data that cannot be read), of keys only, as one whose
 * text is not complete; and if not even those can be made, there is none.
 *
 * Whoever files says so once for each piece, not for each event.
 *
 * Errors that say nothing about the event are passed on: cancelled, shut down, a lock not
 * got, a deadlock.
 */
#include "base/compat.h"

#include "base/attempt.h"
#include "search/document_configuration.h"
#include "search/document_fallback.h"
#include "utils/memutils.h"

typedef enum Way
{
	AS_CONFIGURED,
	SIMPLE,
	KEYS_ONLY
} Way;

typedef struct Making
{
	EvDocument *document;
	const Datum *values;
	const bool *nulls;
	Oid configuration;
	Way way;
} Making;

static void
make(void *arg)
{
	Making *making = arg;

	switch (making->way)
	{
		case AS_CONFIGURED:
			ev_document_make(making->document, making->values, making->nulls,
							 making->configuration);
			break;
		case SIMPLE:
			ev_document_make(making->document, making->values, making->nulls,
							 ev_document_configuration_simple());
			break;
		case KEYS_ONLY:
			ev_document_make_textless(making->document, making->values, making->nulls,
									  ev_document_configuration_simple());
			break;
	}
}

static bool
says_nothing(const ErrorData *error)
{
	return ev_attempt_was_interrupted(error) ||
		   ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_TRANSACTION_ROLLBACK ||
		   error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

void
ev_document_begin_failures(EvDocumentFailures *failures)
{
	memset(failures, 0, sizeof(EvDocumentFailures));
	failures->context = CurrentMemoryContext;
}

static void
note(EvDocumentFailures *failures, const Making *making, const ErrorData *error)
{
	if (failures->events++ > 0)
		return;
	failures->position = DatumGetInt64(making->values[EV_POSITION]);
	failures->message = MemoryContextStrdup(failures->context, error->message);
}

bool
ev_document_make_somehow(EvDocument *document, const Datum *values, const bool *nulls,
						 Oid configuration, EvDocumentFailures *failures)
{
	Making making = {document, values, nulls, configuration, AS_CONFIGURED};

	for (; making.way <= KEYS_ONLY; making.way++)
	{
		ErrorData *error = ev_attempt(make, &making);

		if (error == NULL)
			return true;
		if (says_nothing(error))
			ReThrowError(error);
		if (making.way == AS_CONFIGURED && failures != NULL)
			note(failures, &making, error);
		FreeErrorData(error);
	}
	if (failures != NULL)
		failures->missing++;
	return false;
}

void
ev_document_report_failures(const EvDocumentFailures *failures)
{
	if (failures->events == 0)
		return;
	ereport(WARNING,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg_plural("the text of " INT64_FORMAT " event could not be filed for search as "
						   "configured",
						   "the text of " INT64_FORMAT " events could not be filed for search as "
						   "configured",
						   (unsigned long) failures->events, failures->events),
			 errdetail("First one: position " INT64_FORMAT ", error: %s.  They are filed with "
					   "\"simple\"; " INT64_FORMAT " are not filed at all.",
					   failures->position, failures->message, failures->missing),
			 errhint("Mend the text search configuration or its dictionaries, then call "
					 "events.reindex_search().")));
}
