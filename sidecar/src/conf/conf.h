/*
 * conf.h - every setting of eventsd.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * One table (conf_table.c) describes each setting once: its name, kind, default, bounds, unit,
 * whether a reload may change it, and its documentation.  The name is the key in the JSON file,
 * with dashes the flag (--listen-database) and in capitals the variable
 * (EVENTSD_LISTEN_DATABASE).  Flags win over variables, variables over the file, the file over
 * defaults.  An unknown key, flag or EVENTSD_ variable is an error, as is a value out of bounds.
 *
 * Kinds: string; list (JSON array of strings, or one string with commas); boolean; integer; bytes
 * (a number, or text with a unit: 64kB, 1MB, 1GB, powers of 1024); duration (kept in
 * milliseconds: a number of seconds, or text with a unit: 500ms, 15s, 2min, 1h).
 *
 * A Conf never changes once loaded.  SIGHUP loads a new one (conf_load again, with the same
 * arguments); who keeps a value that may change takes it from the new Conf then.
 */
#ifndef EVENTSD_CONF_H
#define EVENTSD_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"

typedef struct ConfList
{
	char **items;
	int count;
} ConfList;

typedef struct Conf
{
	/* PostgreSQL */
	char *database;				 /* libpq conninfo or URI; may be a pooler */
	char *listen_database;		 /* direct one for LISTEN; empty: as database */
	int64_t read_connections;	 /* history, per process */
	int64_t publish_connections; /* intake, per process */
	int64_t search_connections;	 /* searches, per process */
	int64_t search_answers_size; /* bytes that clients have still to take: no search beyond */
	int64_t handler_connections; /* SQL handlers run at once where there is no worker; 0: never */
	int64_t query_queue;		 /* requests waiting for a connection, per pool */
	int64_t connect_timeout;	 /* ms */
	int64_t statement_timeout;	 /* ms */
	int64_t feed_page_events;	 /* most events in one read of the feed */
	int64_t feed_page_size;		 /* bytes, ditto */

	/* addresses and processes */
	ConfList listen;
	ConfList admin_listen; /* empty when "off" */
	int64_t processes;
	LogLevel log_level;
	char *source;		/* CloudEvents source of events that come without one */
	int64_t drain_time; /* ms; SIGTERM: streams are ended spread over this long */

	/* who may come */
	bool anonymous;
	bool anonymous_set;		/* said explicitly, by file, variable or flag */
	char *jwt_keys;			/* reserved: refused when not empty */
	ConfList allowed_hosts; /* names with dots that a server on loopback answers for; "*" for all */
	ConfList cors_origins;	/* "*" or exact origins; empty: same origin only */

	/* limits */
	int64_t max_head_size; /* bytes of a request's head */
	int64_t max_url_size;
	int64_t max_body_size;
	int64_t max_frame_size;				 /* bytes of a WebSocket message from a client */
	int64_t max_connections;			 /* per process */
	int64_t max_connections_per_address; /* per process; 0: no limit */
	int64_t max_subscriptions;			 /* topics and types of one connection */
	int64_t max_filters;				 /* distinct ones, per process */
	int64_t max_filter_size;			 /* bytes of a pattern and filter */
	int64_t max_wait;					 /* ms a long-poll may ask for */
	int64_t max_limit;					 /* events one long-poll or search may ask for */

	/* memory */
	int64_t connection_queue_size; /* bytes queued for one slow connection */
	int64_t ring_size;			   /* bytes of recent events kept, per process */
	int64_t log_size;			   /* bytes of framed events kept per channel */

	/* times, all in ms */
	int64_t head_timeout;		/* first byte of a request to the end of its head */
	int64_t body_timeout;		/* longest wait for the next piece of a body */
	int64_t idle_timeout;		/* keep-alive connection without a request */
	int64_t send_timeout;		/* connection that takes none of the bytes queued for it */
	int64_t keepalive_interval; /* comment on SSE, blank line on NDJSON */
	int64_t ping_interval;		/* WebSocket ping; no answer until the next: closed */
} Conf;

/*
 * The command line after the command word.  Flags are --name value, --name=value, --flag (a
 * boolean), --no-flag.  --config FILE (or EVENTSD_CONFIG) names the file.  Arguments that are no
 * settings stop nothing: they are left in `rest` for the command.
 */
typedef struct ConfSource
{
	int argc;
	char **argv;
	char **rest; /* NULL-terminated, allocated by conf_load; may be NULL before */
	int rest_count;
	bool allow_rest; /* false: an argument that is no setting is an error */
} ConfSource;

/* NULL, with one line for each mistake in *errors (not JSON, for people), when it cannot be used */
Conf *conf_load(ConfSource *source, Buf *errors);
/* the defaults alone, for tests */
Conf *conf_defaults(void);
void conf_free(Conf *conf);

/* the settings as flags, for --help; as Markdown, for the docs; effective values, secrets hidden */
void conf_print_flags(Buf *out);
void conf_print_markdown(Buf *out);
void conf_print_values(const Conf *conf, Buf *out);

/* a conninfo or URI with its password replaced by ***, for logs (free with mem_free) */
char *conf_hide_password(const char *conninfo);

/* name of the first setting that differs and cannot be changed by a reload, or NULL */
const char *conf_needs_restart(const Conf *old, const Conf *new);

#endif /* EVENTSD_CONF_H */
