/*
 * publish.c - eventsd publish: CloudEvents from the command line or standard input.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The ids of what was published go to standard output, a line each, in the order of the input,
 * and only once they are committed.  What was refused goes to standard error as a line of JSON
 * with the number of the event in the input and the reasons, and makes the status 1.
 *
 * Standard input is read as it comes, so events can be piped in for hours: whatever is there is
 * sent as one batch (at most BATCH_EVENTS or BATCH_SIZE), the next batch is collected while
 * the first is on its way, and then reading stops until there is room.  Each batch is a
 * transaction of its own.
 *
 * A database that is away is waited for as long as connect_timeout.  When the connection breaks
 * after a batch was sent, nobody knows whether it was committed; publishing it again could double
 * it, so that is the end, and said.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/split.h"
#include "loop/loop.h"
#include "pg/query.h"

#define BATCH_EVENTS 500
#define BATCH_SIZE (1024 * 1024)
#define VALUE_LIMIT (256 * 1024 * 1024)
#define READ_SIZE (64 * 1024)
#define RETRY_INTERVAL 100 /* ms */

typedef struct Publish
{
	Loop *loop;
	Queries *queries;
	char *context;
	int64_t patience; /* ms to wait for the database */
	int64_t give_up_at;
	LoopTimer retry;
	LoopIo stdin_io;
	bool reading; /* there may be more input */
	Splitter input;
	Buf batch; /* collected, JSON array without its end */
	int batch_values;
	Buf sent; /* under way */
	bool busy;
	int64_t numbered; /* events of batches that were answered */
	int64_t values;	  /* top-level values read */
	int status;
} Publish;

static void go_on(Publish *publish);

/* ---- batches ---- */

static void
end_with(Publish *publish, int status)
{
	publish->status = status;
	loop_stop(publish->loop);
}

static bool
batch_is_full(const Publish *publish)
{
	return publish->batch_values >= BATCH_EVENTS || publish->batch.len >= BATCH_SIZE;
}

/* an array adds its elements, anything else itself */
static void
collect(Publish *publish, Str value)
{
	JsonError why;
	Json *root;

	publish->values++;
	root = json_parse(value.data, value.len, &why);
	if (!root)
	{
		fprintf(stderr, "eventsd: value %lld of the input is not JSON: %s (line %d, column %d)\n",
				(long long) publish->values, why.message, why.line, why.column);
		publish->status = CMD_FAILED;
		return;
	}
	if (json_kind(root) == JSON_KIND_ARRAY)
	{
		const char *open = memchr(value.data, '[', value.len);
		size_t start = (size_t) (open - value.data) + 1;
		size_t end = value.len;

		while (value.data[end - 1] != ']')
			end--;
		value = json_count(root) > 0 ? (Str) {value.data + start, end - 1 - start} : (Str) {"", 0};
		publish->batch_values += (int) json_count(root);
	}
	else
		publish->batch_values++;
	json_release(root);
	if (value.len == 0)
		return;
	buf_putc(&publish->batch, publish->batch.len ? ',' : '[');
	buf_append(&publish->batch, value.data, value.len);
}

static void
print_refused(const IntakeRow *row, int64_t number)
{
	Buf line;

	buf_init(&line, 1024 * 1024);
	buf_putc(&line, '{');
	json_put_member_int(&line, "event", number);
	if (row->id.len)
	{
		json_put_key(&line, "id");
		json_put_string(&line, row->id.data, row->id.len);
	}
	json_put_key(&line, "errors");
	if (row->errors.len)
		buf_append(&line, row->errors.data, row->errors.len);
	else
		buf_puts(&line, "[]");
	fprintf(stderr, "%s}\n", buf_text(&line));
	buf_clear(&line);
}

static void
print_result(Publish *publish, const IntakeResult *result)
{
	for (int i = 0; i < result->count; i++)
	{
		const IntakeRow *row = &result->rows[i];

		if (row->accepted)
			printf("%.*s\n", (int) row->id.len, row->id.data);
		else
		{
			print_refused(row, publish->numbered + row->ordinal);
			publish->status = CMD_FAILED;
		}
	}
	publish->numbered += result->count;
	if (fflush(stdout) != 0)
	{
		fprintf(stderr, "eventsd: standard output: %s\n", strerror(errno));
		end_with(publish, CMD_FAILED);
	}
}

static void
print_error(const QueryError *error)
{
	fprintf(stderr, "eventsd: %s\n", error->message);
	if (error->detail)
		fprintf(stderr, "detail: %s\n", error->detail);
	if (error->hint)
		fprintf(stderr, "hint: %s\n", error->hint);
	if (error->unknown_outcome)
		fputs("eventsd: the connection broke after the events were sent: they may have been "
			  "published, or not\n",
			  stderr);
}

static void
answered(void *arg, const IntakeResult *result, const QueryError *error)
{
	Publish *publish = arg;

	publish->busy = false;
	if (error && error->unavailable && !error->unknown_outcome &&
		loop_now_ms(publish->loop) < publish->give_up_at)
	{
		loop_timer_start(&publish->retry, RETRY_INTERVAL, 0);
		return;
	}
	if (error)
	{
		print_error(error);
		end_with(publish, CMD_FAILED);
		return;
	}
	print_result(publish, result);
	buf_reset(&publish->sent);
	publish->give_up_at = 0;
	go_on(publish);
}

static void
send_batch(Publish *publish)
{
	if (publish->give_up_at == 0)
		publish->give_up_at = loop_now_ms(publish->loop) + publish->patience;
	publish->busy = true;
	query_intake(publish->queries, (Str) {publish->sent.data, publish->sent.len}, publish->context,
				 answered, publish);
}

static void
try_again(LoopTimer *timer, void *arg)
{
	(void) timer;
	send_batch(arg);
}

/* ---- input ---- */

static void
collect_from_input(Publish *publish)
{
	Str value;

	while (!batch_is_full(publish) && split_next(&publish->input, !publish->reading, &value))
		collect(publish, value);
}

/* send what is there, read what comes, or end */
static void
go_on(Publish *publish)
{
	collect_from_input(publish);
	if (!publish->busy && publish->sent.len == 0 && publish->batch.len > 0)
	{
		Buf empty = publish->sent;

		buf_putc(&publish->batch, ']');
		publish->sent = publish->batch;
		publish->batch = empty;
		publish->batch_values = 0;
		send_batch(publish);
		collect_from_input(publish);
	}
	if (publish->reading)
		loop_io_set(&publish->stdin_io, batch_is_full(publish) ? 0 : LOOP_READ);
	else if (publish->batch.len == 0 && publish->sent.len == 0)
		loop_stop(publish->loop);
}

static void
input_ready(LoopIo *io, int events, void *arg)
{
	Publish *publish = arg;
	char bytes[READ_SIZE];
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));

	(void) events;
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0)
	{
		if (got < 0)
		{
			fprintf(stderr, "eventsd: standard input: %s\n", strerror(errno));
			publish->status = CMD_FAILED;
		}
		loop_io_set(io, 0);
		publish->reading = false;
	}
	else if (!split_feed(&publish->input, bytes, (size_t) got))
	{
		fprintf(stderr, "eventsd: a value of the input is larger than %d MB\n", VALUE_LIMIT >> 20);
		end_with(publish, CMD_FAILED);
		return;
	}
	go_on(publish);
}

/* ---- options ---- */

typedef struct EventOptions
{
	const char *type;
	const char *data;
	const char *topic;
	const char *subject;
	const char *id;
} EventOptions;

/* --type and its company, as a CloudEvent; false when --data is no JSON */
static bool
make_event(Publish *publish, const EventOptions *options)
{
	Buf event;
	Json *data = options->data ? json_parse(options->data, strlen(options->data), NULL) : NULL;
	bool good = data || !options->data;

	json_release(data);
	if (!good)
		return false;
	buf_init(&event, VALUE_LIMIT);
	buf_putc(&event, '{');
	json_put_member(&event, "specversion", "1.0");
	json_put_member(&event, "type", options->type);
	json_put_member(&event, "topic", options->topic);
	json_put_member(&event, "subject", options->subject);
	json_put_member(&event, "id", options->id);
	if (options->data)
	{
		json_put_key(&event, "data");
		buf_puts(&event, options->data);
	}
	buf_putc(&event, '}');
	collect(publish, (Str) {event.data, event.len});
	buf_clear(&event);
	return true;
}

/* one word: an option of the event, or an event; 0 or a status */
static int
take_word(Publish *publish, EventOptions *options, char **words, int *at)
{
	const char *word = words[*at];
	const char *none = "";
	const char **value = &none;
	bool known = true;

	if (word[0] != '-')
	{
		collect(publish, str_from(word));
		return 0;
	}
	if (cmd_option(words, at, "--type", &options->type))
		value = &options->type;
	else if (cmd_option(words, at, "--data", &options->data))
		value = &options->data;
	else if (cmd_option(words, at, "--topic", &options->topic))
		value = &options->topic;
	else if (cmd_option(words, at, "--subject", &options->subject))
		value = &options->subject;
	else if (cmd_option(words, at, "--id", &options->id))
		value = &options->id;
	else
		known = false;
	if (!known)
		return cmd_complain("publish does not know \"%s\"", word);
	return *value ? 0 : cmd_complain("%s needs a value", word);
}

static int
take_words(Publish *publish, ConfSource *source)
{
	EventOptions options = {0};
	int status = 0;

	for (int i = 0; i < source->rest_count && !status; i++)
		status = take_word(publish, &options, source->rest, &i);
	if (status)
		return status;
	if (options.type)
		return make_event(publish, &options) ? 0 : cmd_complain("--data: JSON was expected");
	if (options.data || options.topic || options.subject || options.id)
		return cmd_complain("an event made of options needs --type");
	publish->reading = source->rest_count == 0;
	return 0;
}

/* ---- running ---- */

static char *
make_context(const Conf *conf)
{
	Buf context;

	buf_init(&context, 1024 * 1024);
	buf_putc(&context, '{');
	json_put_member(&context, "source", conf->source);
	buf_putc(&context, '}');
	return buf_detach(&context, NULL);
}

static int
run(Publish *publish, const Conf *conf)
{
	publish->loop = loop_new();
	if (!publish->loop)
		return cmd_complain("cannot make an event loop");
	publish->context = make_context(conf);
	publish->patience = conf->connect_timeout;
	publish->queries = queries_new(publish->loop, conf);
	loop_timer_init(&publish->retry, publish->loop, try_again, publish);
	loop_io_init(&publish->stdin_io, publish->loop, STDIN_FILENO, input_ready, publish);
	go_on(publish);
	if (publish->reading || publish->busy)
		loop_run(publish->loop);
	loop_io_clear(&publish->stdin_io);
	loop_timer_clear(&publish->retry);
	queries_free(publish->queries);
	loop_free(publish->loop);
	mem_free(publish->context);
	return publish->status;
}

int
cmd_publish(int argc, char **argv)
{
	ConfSource source = {.argc = argc, .argv = argv, .allow_rest = true};
	Publish publish = {.status = 0};
	Conf *conf = cmd_load(&source, false);
	int status = CMD_UNUSABLE;

	split_init(&publish.input, VALUE_LIMIT);
	buf_init(&publish.batch, VALUE_LIMIT + BATCH_SIZE);
	buf_init(&publish.sent, VALUE_LIMIT + BATCH_SIZE);
	if (conf)
	{
		/* connecting is no news, failing to is */
		if (conf->log_level != LOG_DEBUG)
			log_set_level(LOG_WARNING);
		status = take_words(&publish, &source);
		if (!status)
			status = run(&publish, conf);
	}
	split_clear(&publish.input);
	buf_clear(&publish.batch);
	buf_clear(&publish.sent);
	conf_free(conf);
	mem_free(source.rest);
	return status;
}
