/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * param_reader.h: what query strings have in common, those of subscriptions
 * (params.h) and those of searches (search_params.h).
 *
 * Who reads one has a table of names.  Each has a function that takes the value
 * from the ParamReader: decoded, clean UTF-8 and not empty, unless the table
 * says that it may be; `topic` takes the raw one.  Nothing is guessed: an unknown
 * name, one that comes twice and may not, a broken percent escape, invalid UTF-8
 * or a control character is refused with a sentence that names the parameter.
 */
#ifndef WEB_PARAM_READER_H
#define WEB_PARAM_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "web/filter.h"
#include "web/http_parse.h"

typedef struct ParamsLimits
{
	int max_wait_ms;		/* longer waits are cut to this */
	int max_limit;			/* larger limits are cut to this */
	int max_subscriptions;	/* topics + types + filters; more is refused */
	size_t max_filter_size; /* pattern + filter; more is refused */
} ParamsLimits;

/* A refusal, status 400: a sentence. */
typedef struct ParamsFault
{
	char detail[256];
} ParamsFault;

typedef struct ParamReader ParamReader;

typedef struct Parameter
{
	const char *name;
	size_t name_len;
	bool (*read)(ParamReader *r);
	bool repeatable;
	bool may_be_empty;
	bool has_lines; /* line breaks and tabs are good */
	bool filters;	/* for skip() */
} Parameter;

/* One of a table; behind the function .repeatable = true and so on. */
#define PARAMETER(label, function, ...)                                             \
	{                                                                               \
		.name = label, .name_len = sizeof(label) - 1, .read = function, __VA_ARGS__ \
	}

/* The caller's are those above `raw`. */
struct ParamReader
{
	const Parameter *known; /* at most 32 */
	int known_count;
	void *params;		 /* what is read into, for the table's functions */
	EventFilter *filter; /* of these, for param_types(), param_topic() and param_topics() */
	int room;			 /* for topics and types, in filter */
	const ParamsLimits *limits;
	ParamsFault *fault;
	/* Whether a parameter, "name=value", is not to be read now; NULL: all are read. */
	bool (*skip)(ParamReader *r, const Parameter *parameter, HttpSlice pair);
	HttpSlice raw; /* the value, escaped */
	char *value;   /* decoded */
	size_t len;
	unsigned seen; /* bits of the names that came already */
};

/* All parameters, until one is refused. */
extern bool param_read_all(ParamReader *r, HttpSlice query_string);

/* Always false: what a function returns that refuses. */
extern bool param_refuse(ParamsFault *fault, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- kinds of values ---- */

extern bool param_keep(const ParamReader *r, char **text);
extern bool param_time(ParamReader *r, const char *name, char **time);
extern bool param_limit(const ParamReader *r, int least, int *limit);

/* For tables: into filter. */
extern bool param_types(ParamReader *r);
extern bool param_topic(ParamReader *r);
extern bool param_topics(ParamReader *r);

#endif /* WEB_PARAM_READER_H */
