/*
 * refusal.c - what PostgreSQL's errors mean to us.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Three kinds: the connection broke (unavailable); the server is there but cannot serve us now,
 * because it shuts down, starts up, is full, is read-only or has no extension (unavailable too: a
 * client should come again, and it is nothing the client did); and everything else, which is the
 * answer to what was asked.
 */
#include "pg/refusal.h"

#include <stdio.h>
#include <string.h>

typedef struct Meaning
{
	const char *prefix; /* of the SQLSTATE */
	const char *hint;
} Meaning;

#define NO_EXTENSION                                                                           \
	"Run CREATE EXTENSION events in this database (or ALTER EXTENSION events UPDATE, when it " \
	"is older than eventsd)."

/* states in which nobody is served */
static const Meaning meanings[] = {
	{"3F000", NO_EXTENSION}, /* no schema events */
	{"42883", NO_EXTENSION}, /* no such function */
	{"42P01", NO_EXTENSION}, /* no such table */
	{"42703", NO_EXTENSION}, /* no such column */
	{"42501", "Run SELECT events.grant_role('<role>', 'relay') for the role of eventsd."},
	{"25006", "This server is read-only; eventsd has to connect to the primary."},
	{"08", NULL},  /* connection exceptions */
	{"53", NULL},  /* out of memory, disk full, too many connections */
	{"57P", NULL}, /* shutting down, starting up */
	{NULL, NULL}};

static const Meaning *
find_meaning(const char *sqlstate)
{
	for (const Meaning *meaning = meanings; meaning->prefix; meaning++)
	{
		if (strncmp(sqlstate, meaning->prefix, strlen(meaning->prefix)) == 0)
			return meaning;
	}
	return NULL;
}

const char *
refusal_hint(const char *sqlstate)
{
	const Meaning *meaning = find_meaning(sqlstate);

	return meaning ? meaning->hint : NULL;
}

void
refusal_read(QueryError *error, const ConnOutcome *outcome)
{
	const char *state;

	memset(error, 0, sizeof(*error));
	if (!outcome->refusal)
	{
		error->unavailable = true;
		error->retry_after = 1;
		error->message = outcome->lost ? outcome->lost : "an answer of unknown form";
		return;
	}
	state = conn_error_field(outcome->refusal, PG_DIAG_SQLSTATE);
	snprintf(error->sqlstate, sizeof(error->sqlstate), "%s", state ? state : "XX000");
	error->message = conn_error_field(outcome->refusal, PG_DIAG_MESSAGE_PRIMARY);
	if (!error->message)
		error->message = PQresultErrorMessage(outcome->refusal);
	error->detail = conn_error_field(outcome->refusal, PG_DIAG_MESSAGE_DETAIL);
	error->hint = conn_error_field(outcome->refusal, PG_DIAG_MESSAGE_HINT);
	if (find_meaning(error->sqlstate))
	{
		error->unavailable = true;
		error->retry_after = 5;
		/* the server's own hint for a missing function is about casts */
		if (refusal_hint(error->sqlstate))
			error->hint = refusal_hint(error->sqlstate);
	}
}

bool
query_is_client_fault(const QueryError *error)
{
	return !error->unavailable &&
		   (strncmp(error->sqlstate, "22", 2) == 0 || strncmp(error->sqlstate, "54", 2) == 0 ||
			strcmp(error->sqlstate, "42601") == 0);
}

bool
query_took_too_long(const QueryError *error)
{
	return strcmp(error->sqlstate, QUERY_CANCELED) == 0;
}
