/*
 * table.c - the settings of eventsd.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The order of the rows is the order of `eventsd --help` and of the settings page.  Limits are
 * chosen so that a fresh install serves ten thousand clients in some hundred megabytes and no
 * client can make it take much more.
 */
#include "conf/table.h"

#include <string.h>

#define KB INT64_C(1024)
#define MB (1024 * KB)
#define GB (1024 * MB)
#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)

#define AT(member) offsetof(Conf, member)

const Setting conf_settings[] = {
	{"database", SETTING_SECRET, AT(database), "", 0, 0, false, "PostgreSQL",
	 "Where the extension is installed: a libpq connection string or URI. Empty: libpq's "
	 "environment variables and defaults. May lead through a pooler in transaction mode."},
	{"listen_database", SETTING_SECRET, AT(listen_database), "", 0, 0, false, NULL,
	 "A direct connection to the same database, for LISTEN, which needs a session of its own. "
	 "Empty: the same as database."},
	{"read_connections", SETTING_INTEGER, AT(read_connections), "1", 1, 64, false, NULL,
	 "Connections of each process for reading history, beside the two of the feed."},
	{"publish_connections", SETTING_INTEGER, AT(publish_connections), "2", 1, 64, false, NULL,
	 "Connections of each process for publishing what clients send."},
	{"search_connections", SETTING_INTEGER, AT(search_connections), "2", 1, 64, false, NULL,
	 "Connections of each process for searches: so many may run at one time, and 32 more wait."},
	{"handler_connections", SETTING_INTEGER, AT(handler_connections), "4", 0, 64, false, NULL,
	 "SQL handlers (events.create_handler) that the first process runs at one time, each on a "
	 "direct connection of its own (listen_database), while the database has no worker that runs "
	 "them; 0 for never."},
	{"query_queue", SETTING_INTEGER, AT(query_queue), "1000", 1, 1000000, false, NULL,
	 "Requests that may wait for one of these connections; more are answered 503."},
	{"connect_timeout", SETTING_DURATION, AT(connect_timeout), "5s", 100, HOUR, false, NULL,
	 "Longest wait for a connection to PostgreSQL, before trying again."},
	{"statement_timeout", SETTING_DURATION, AT(statement_timeout), "30s", 100, HOUR, false, NULL,
	 "Longest wait for PostgreSQL's answer; then the connection is given up and made anew."},
	{"feed_page_events", SETTING_INTEGER, AT(feed_page_events), "1000", 1, 100000, false, NULL,
	 "Most events in one read of the feed."},
	{"feed_page_size", SETTING_BYTES, AT(feed_page_size), "1MB", 1 * KB, 256 * MB, false, NULL,
	 "Most bytes in one read of the feed (the event that passes it is still included)."},

	{"listen", SETTING_LIST, AT(listen), "127.0.0.1:8080", 0, 0, false, "Addresses and processes",
	 "Addresses to serve clients on: host:port, [v6]:port or :port; port 0 takes a free one. "
	 "Other than loopback addresses need anonymous to be set to true explicitly."},
	{"admin_listen", SETTING_LIST, AT(admin_listen), "127.0.0.1:9180", 0, 0, false, NULL,
	 "Address for health check, metrics and log level; off for none. Served by the first "
	 "process, for all of them."},
	{"processes", SETTING_INTEGER, AT(processes), "1", 1, 64, false, NULL,
	 "Processes that serve, each with its own listeners, feed and memory. One for each core "
	 "to be used."},
	{"log_level", SETTING_LEVEL, AT(log_level), "info", 0, 0, true, NULL,
	 "error, warning, info or debug."},
	{"source", SETTING_STRING, AT(source), "eventsd", 0, 0, true, NULL,
	 "The CloudEvents source of published events that come without one."},
	{"drain_time", SETTING_DURATION, AT(drain_time), "5s", 0, HOUR, true, NULL,
	 "After SIGTERM clients are sent away spread over this long, so that they do not all "
	 "come back at one moment."},

	{"anonymous", SETTING_BOOLEAN, AT(anonymous), "true", 0, 0, false, "Who may come",
	 "Clients need no credentials. The default serves loopback addresses only; to serve "
	 "others it must be set to true explicitly."},
	{"jwt_keys", SETTING_STRING, AT(jwt_keys), "", 0, 0, false, NULL,
	 "Reserved for keys of JSON Web Tokens; not supported yet, so it must be empty."},
	{"allowed_hosts", SETTING_LIST, AT(allowed_hosts), "", 0, 0, true, NULL,
	 "Host names that browsers may use while eventsd listens on loopback addresses only: those "
	 "that a proxy in front passes on; * for any. Addresses, localhost and names without a dot "
	 "are always good; others are answered 421, which keeps out pages whose name was made to "
	 "point to this machine."},
	{"cors_origins", SETTING_LIST, AT(cors_origins), "", 0, 0, true, NULL,
	 "Origins (scheme://host:port) whose pages may use this server from a browser; * for any. "
	 "Empty: only pages that eventsd serves itself."},

	{"max_head_size", SETTING_BYTES, AT(max_head_size), "16kB", 1 * KB, 1 * MB, true, "Limits",
	 "Request line and headers of a request; more is answered 431."},
	{"max_url_size", SETTING_BYTES, AT(max_url_size), "8kB", 256, 1 * MB, true, NULL,
	 "Path and query of a request; more is answered 414."},
	{"max_body_size", SETTING_BYTES, AT(max_body_size), "8MB", 1 * KB, 1 * GB, true, NULL,
	 "Body of a request; more is answered 413. (The size of one event is limited by the "
	 "database.)"},
	{"max_frame_size", SETTING_BYTES, AT(max_frame_size), "1MB", 1 * KB, 256 * MB, true, NULL,
	 "A message from a WebSocket client; more ends the connection with code 1009."},
	{"max_connections", SETTING_INTEGER, AT(max_connections), "16384", 1, 1000000, true, NULL,
	 "Client connections of each process; more are answered 503. The limit of open files "
	 "counts as well."},
	{"max_connections_per_address", SETTING_INTEGER, AT(max_connections_per_address), "0", 0,
	 1000000, true, NULL,
	 "Client connections of each process from one address; 0 for no limit, as is right "
	 "behind a proxy."},
	{"max_subscriptions", SETTING_INTEGER, AT(max_subscriptions), "100", 1, 10000, true, NULL,
	 "Topics, types and filters that one connection may subscribe to."},
	{"max_filters", SETTING_INTEGER, AT(max_filters), "1000", 1, 100000, true, NULL,
	 "Different filters (pattern, filter) that the clients of each process may use at one time; "
	 "more are answered 503. So is what makes them longer than 4 kB on the average, where they "
	 "have 4 MB together. The database evaluates each of them for each event."},
	{"max_filter_size", SETTING_BYTES, AT(max_filter_size), "16kB", 64, 1 * MB, true, NULL,
	 "Pattern and filter of a subscription together; more is answered 400. (In a URL "
	 "max_url_size counts as well.)"},
	{"max_wait", SETTING_DURATION, AT(max_wait), "60s", 0, HOUR, true, NULL,
	 "Longest wait that a long-poll may ask for; longer ones are shortened to it."},
	{"max_limit", SETTING_INTEGER, AT(max_limit), "1000", 1, 100000, true, NULL,
	 "Most events that one long-poll, or one page of a search, may ask for; more are shortened to "
	 "it."},

	{"connection_queue_size", SETTING_BYTES, AT(connection_queue_size), "256kB", 4 * KB, 256 * MB,
	 true, "Memory",
	 "Bytes that may wait for one slow client; past that it is served from the ring or the "
	 "table, at its own pace."},
	{"search_answers_size", SETTING_BYTES, AT(search_answers_size), "64MB", 64 * KB, 64 * GB, true,
	 NULL,
	 "Bytes that all clients of a process together have still to take of what was written to them; "
	 "while there are more, searches are answered 503. One page of a search has 4 MB at most."},
	{"ring_size", SETTING_BYTES, AT(ring_size), "32MB", 64 * KB, 64 * GB, false, NULL,
	 "Recent events that each process keeps, for clients that come back."},
	{"log_size", SETTING_BYTES, AT(log_size), "1MB", 16 * KB, 1 * GB, false, NULL,
	 "Framed events kept for each distinct subscription and transport."},

	{"head_timeout", SETTING_DURATION, AT(head_timeout), "10s", 100, HOUR, false, "Times",
	 "From the first byte of a request to the end of its headers."},
	{"body_timeout", SETTING_DURATION, AT(body_timeout), "30s", 100, HOUR, false, NULL,
	 "Longest pause inside the body of a request."},
	{"idle_timeout", SETTING_DURATION, AT(idle_timeout), "60s", 100, HOUR, false, NULL,
	 "A connection without a request is closed after this long."},
	{"send_timeout", SETTING_DURATION, AT(send_timeout), "30s", 100, HOUR, false, NULL,
	 "A connection that takes none of the bytes waiting for it is closed after this long."},
	{"keepalive_interval", SETTING_DURATION, AT(keepalive_interval), "15s", 100, HOUR, false, NULL,
	 "A quiet SSE stream gets a comment line, and an NDJSON stream an empty line, this often."},
	{"ping_interval", SETTING_DURATION, AT(ping_interval), "30s", 100, HOUR, false, NULL,
	 "A quiet WebSocket gets a ping this often; one that has not answered the last is closed."},
	{.name = NULL},
};

const Setting *
conf_find_setting(const char *name, size_t len)
{
	for (const Setting *setting = conf_settings; setting->name; setting++)
	{
		if (strlen(setting->name) == len && memcmp(setting->name, name, len) == 0)
			return setting;
	}
	return NULL;
}
