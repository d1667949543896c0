/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * params.h: the parameters of a GET on /v1/events, parsed and checked.
 *
 * They are read once, from the query string and from Last-Event-ID (which
 * wins over `after`, because a browser's EventSource reconnects with the URL
 * it was made with).  How a query string is read is in param_reader.h.
 *
 * Topics are paths: `topics` is a JSON array of arrays of strings; `topic` is
 * one path in the form of the `topic` attribute on the wire, elements joined
 * by '/', with '/' and '%' inside an element percent-encoded.  People write
 * that into a URL as it is (topic=a/b%2Fc), programs encode it once more
 * (topic=a%2Fb%252Fc), and both mean {"a","b/c"}: when there is a '/' in the
 * URL itself, it separates and the value is decoded once; otherwise the value
 * is decoded, split, and its elements are decoded.
 *
 * `pattern` and `filter` are texts for the database (check.h), which may have
 * line breaks and tabs; here only their size is checked.
 */
#ifndef WEB_PARAMS_H
#define WEB_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "hub/cursor.h"
#include "web/http_parse.h"
#include "web/param_reader.h"

typedef enum ParamsStart
{
	PARAMS_LATEST,	 /* from now on (the default) */
	PARAMS_EARLIEST, /* from the oldest event kept */
	PARAMS_CURSOR,	 /* after the cursor `after` */
	PARAMS_SINCE	 /* recorded at or after `since` */
} ParamsStart;

typedef struct Params
{
	ParamsStart start;
	Cursor after;		/* of PARAMS_CURSOR; whether it is still good only the hub knows */
	char *since;		/* as given; its shape is RFC 3339 */
	int wait_ms;		/* long-poll; -1 when not given */
	int limit;			/* long-poll; -1 when not given */
	EventFilter filter; /* owned by the Params; empty until params_read_filter() */
	char *pattern;		/* NULL when not given; as `filter`, until params_read_filter() */
	char *expression;	/* the parameter named filter */
	bool has_filter;	/* there are filter parameters */
	Str filter_key;		/* these, as they came: equal keys mean equal filters.  Good
						 * until the next request; empty when they are too long */
	char *client_id;	/* NULL when not given; for logs */
	char *name;
	char *version;
} Params;

/*
 * last_event_id: value of that header, or a slice of length 0.  On false,
 * fault is filled in and there is nothing to clear.
 */
extern bool params_parse(Params *params, HttpSlice query_string, HttpSlice last_event_id,
						 const ParamsLimits *limits, ParamsFault *fault);
extern void params_clear(Params *params);

/*
 * The two halves of params_parse(): first all but the filter (topics, topic,
 * types, pattern, filter), then that.  Who asks again and again with the same filter, as
 * long-polls do, is spared the second (see route.c).
 */
extern bool params_scan(Params *params, HttpSlice query_string, HttpSlice last_event_id,
						const ParamsLimits *limits, ParamsFault *fault);
extern bool params_read_filter(Params *params, HttpSlice query_string, const ParamsLimits *limits,
							   ParamsFault *fault);

#endif /* WEB_PARAMS_H */
