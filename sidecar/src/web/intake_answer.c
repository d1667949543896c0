/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * intake_answer.c: what the database said about events, for clients.
 */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/intake.h"
#include "web/json_scan.h"
#include "web/metrics.h"

void
intake_write_context(Buf *out, const char *source, const char *peer, const char *correlation_id,
					 const char *traceparent)
{
	buf_putc(out, '{');
	if (source != NULL && source[0] != '\0')
		json_put_member(out, "source", source);
	json_put_member(out, "ip", peer);
	json_put_member(out, "correlationid", correlation_id);
	if (traceparent != NULL && traceparent[0] != '\0')
		json_put_member(out, "traceparent", traceparent);
	buf_putc(out, '}');
}

/* ---- the events, as they were sent ---- */

typedef struct Sent
{
	Str *events;
	int count;
	int max;
} Sent;

static void
note_event(void *arg, Str key, Str value)
{
	Sent *sent = arg;

	(void) key;
	if (sent->count < sent->max)
		sent->events[sent->count++] = value;
}

/* One object is an array of one. */
static void
find_events(Sent *sent, Str events, int max)
{
	JsonFault fault;
	char kind = '\0';

	*sent = (Sent) {.events = mem_array((size_t) max + 1, sizeof(Str)), .max = max};
	json_scan(events, &kind, note_event, sent, &fault);
	if (kind == '{')
	{
		sent->events[0] = events;
		sent->count = 1;
	}
}

static void
write_row(Buf *out, const IntakeRow *row, const Sent *sent)
{
	const char *status = row->duplicate ? "duplicate" : row->accepted ? "success" : "invalid";

	buf_puts(out, "{\"status\":\"");
	buf_puts(out, status);
	buf_putc(out, '"');
	if (row->id.len > 0)
	{
		json_put_key(out, "id");
		json_put_string(out, row->id.data, row->id.len);
	}
	if (row->ordinal >= 1 && row->ordinal <= sent->count)
	{
		json_put_key(out, "event");
		buf_append(out, sent->events[row->ordinal - 1].data, sent->events[row->ordinal - 1].len);
	}
	if (!row->accepted)
	{
		buf_puts(out, ",\"context\":{\"errors\":");
		if (row->errors.len > 0)
			buf_append(out, row->errors.data, row->errors.len);
		else
			buf_puts(out, "[]");
		buf_putc(out, '}');
	}
	buf_putc(out, '}');
}

static void
write_group(Buf *out, const IntakeResult *result, bool accepted, const Sent *sent)
{
	bool first = true;

	for (int i = 0; i < result->count; i++)
	{
		if (result->rows[i].accepted != accepted)
			continue;
		if (!first)
			buf_putc(out, ',');
		first = false;
		write_row(out, &result->rows[i], sent);
	}
}

void
intake_write_result(Buf *out, const IntakeResult *result, Str events)
{
	Sent sent = {0};

	find_events(&sent, events, result->count);
	buf_puts(out, "{\"success\":[");
	write_group(out, result, true, &sent);
	buf_puts(out, "],\"invalid\":[");
	write_group(out, result, false, &sent);
	buf_puts(out, "],\"error\":[]}");
	mem_free(sent.events);
	METRIC_ADD(published_total, result->accepted - result->duplicates);
	METRIC_ADD(invalid_total, result->count - result->accepted);
}

/* ---- failures ---- */

static bool
in_class(const QueryError *error, const char *class)
{
	return strncmp(error->sqlstate, class, strlen(class)) == 0;
}

IntakeFailure
intake_explain(const QueryError *error, const char *correlation_id)
{
	if (error->unavailable)
		return (IntakeFailure) {503, "database-unavailable",
								"The database cannot be reached now; nothing was published."};
	if (error->unknown_outcome)
		return (IntakeFailure) {
			503, "outcome-unknown",
			"The connection to the database broke: the events may or may not have been "
			"published.  Events with an id of their own can be sent again: they are published "
			"once."};
	if (in_class(error, "22"))
		return (IntakeFailure) {400, "invalid-event", error->message};
	if (in_class(error, "54"))
		return (IntakeFailure) {413, "event-too-large", error->message};
	log_error("publishing failed", LOG_STR("sqlstate", error->sqlstate),
			  LOG_STR("error", error->message), LOG_STR("detail", error->detail),
			  LOG_STR("hint", error->hint), LOG_CORRELATION(correlation_id));
	/* 40: two batches with the same ids in another order, for one */
	if (in_class(error, "25006") || in_class(error, "40") || in_class(error, "53") ||
		in_class(error, "57") || in_class(error, "08"))
		return (IntakeFailure) {503, "database-unavailable",
								"The database takes no events now; nothing was published."};
	return (IntakeFailure) {500, "internal", "Internal Error"};
}
