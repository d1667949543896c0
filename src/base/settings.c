/* SPDX-License-Identifier: PostgreSQL
 *
 * settings.c: every setting of the extension, in tables by type.
 *
 * Names are events.<noun_phrase>; a setting with a unit has that unit as its
 * GUC unit, so that '1MB' or '10s' can be written.  docs/settings.md is made
 * from the descriptions below.
 *
 * The settings of the publishing application (events.source and the four
 * context settings) are meant for SET LOCAL: they fill the attributes that
 * publish() was not given.  They are the application's word, not a proof of
 * identity: anybody may set them.
 */
#include "base/compat.h"

#include <limits.h>

#include "base/settings.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

int ev_max_event_size;
int ev_max_pending_events;
int ev_pending_memory;
int ev_dedup_window;
int ev_partition_size;
int ev_horizon_timeout;
int ev_publish_now_timeout;
int ev_max_publishers;
int ev_max_redeliveries;
int ev_maintenance_interval;
int ev_max_handler_workers;
int ev_pattern_match_limit;
int ev_debug_wait_in_gate;
int ev_search_timeout;
int ev_retention_size;
bool ev_search_index;
char *ev_retention;
char *ev_search_configuration;
char *ev_source;
char *ev_correlation_id;
char *ev_user;
char *ev_workspace;
char *ev_traceparent;
char *ev_databases;
char *ev_schema_base_uri;
char *ev_redact_key;
int ev_validate_mode;
int ev_schema_draft;
bool ev_format_assertion;
int ev_schema_cache_size;
int ev_feel_step_limit;
int ev_filter_step_limit;
int ev_feel_depth_limit;
int ev_feel_memory_limit;
int ev_feel_cache_size;
int ev_pattern_step_limit;
int ev_pattern_cache_size;

typedef struct IntSetting
{
	const char *name;
	const char *doc;
	const char *detail;
	int *variable;
	int boot;
	int min;
	int max;
	GucContext context;
	int flags;
} IntSetting;

typedef struct BoolSetting
{
	const char *name;
	const char *doc;
	const char *detail;
	bool *variable;
	bool boot;
	GucContext context;
	int flags;
} BoolSetting;

typedef struct StringSetting
{
	const char *name;
	const char *doc;
	const char *detail;
	char **variable;
	const char *boot;
	GucContext context;
	int flags;
	GucStringCheckHook check;
} StringSetting;

typedef struct EnumSetting
{
	const char *name;
	const char *doc;
	const char *detail;
	int *variable;
	int boot;
	const struct config_enum_entry *values;
	GucContext context;
} EnumSetting;

static bool check_database_list(char **newval, void **extra, GucSource source);

static const IntSetting int_settings[] = {
	{"events.max_event_size", "Greatest size of one event.",
	 "Data, attributes and all texts of the event are counted, and numbers as they are written.",
	 &ev_max_event_size, 1024, 1, 128 * 1024, PGC_SUSET, GUC_UNIT_KB},
	{"events.max_pending_events", "Greatest number of events that one transaction may publish.",
	 "They are written at commit, which no statement_timeout ends.", &ev_max_pending_events,
	 1000000, 1, 1000000, PGC_SUSET, 0},
	{"events.pending_memory", "Memory for the events of a transaction, up to its commit.",
	 "It is taken as they come, and freed at the end. Events past it wait in a temporary file.",
	 &ev_pending_memory, 49152, 64, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB},
	{"events.dedup_window", "How long an event is known by its source and id; 0 for not at all.",
	 "An event that is published with an id of its own, and has the source and id of one that was "
	 "published no longer ago, is a duplicate and is not published again. Set it for the server or "
	 "with ALTER DATABASE: maintenance, which forgets what is older, goes by it too.",
	 &ev_dedup_window, 600, 0, INT_MAX, PGC_SUSET, GUC_UNIT_S},
	{"events.partition_size", "Number of positions in each new partition of events.event.",
	 "A multiple of the 2^20 positions that a server start skips keeps partitions well filled.",
	 &ev_partition_size, 4194304, 2097152, INT_MAX, PGC_SUSET, 0},
	{"events.horizon_timeout", "How long a reader waits for commits in flight.",
	 "Used only where the commit gate is a lock: a server before 17 without events in "
	 "shared_preload_libraries. When it ends, the horizon stops below those that remain.",
	 &ev_horizon_timeout, 1000, 1, INT_MAX, PGC_USERSET, GUC_UNIT_MS},
	{"events.publish_now_timeout", "How long events.publish_now() waits for its commit.",
	 "When it ends, the events are withdrawn, or, if their commit is under way already, an error "
	 "says that its end is not known. The server's own value also limits how long a publisher "
	 "waits for a lock.",
	 &ev_publish_now_timeout, 5000, 1, INT_MAX, PGC_USERSET, GUC_UNIT_MS},
	{"events.max_publishers",
	 "Greatest number of processes of one database that serve events.publish_now().",
	 "Used with events in shared_preload_libraries. There is one at first, and more only while "
	 "those that are there are busy and requests wait. Each takes one of max_worker_processes.",
	 &ev_max_publishers, 4, 1, 64, PGC_SIGHUP, 0},
	{"events.max_redeliveries",
	 "Greatest number of events that one consumer may have to get again.",
	 "Failed events, and those that wait behind them because they have the same key. Past it, "
	 "members of the consumer stop where the next one would be added.",
	 &ev_max_redeliveries, 10000, 0, 1000000, PGC_SUSET, 0},
	{"events.maintenance_interval", "Time between two rounds of events.maintain() in the worker.",
	 NULL, &ev_maintenance_interval, 10, 1, 86400, PGC_SIGHUP, GUC_UNIT_S},
	{"events.max_handler_workers", "Greatest number of processes that run handlers at a time.",
	 "Of all databases together. Each takes one of max_worker_processes. When more handlers have "
	 "something to do, they take turns. 0 runs none.",
	 &ev_max_handler_workers, 4, 0, 64, PGC_SIGHUP, 0},
	{"events.pattern_match_limit",
	 "Greatest number of steps for matching a pattern of a JSON Schema.",
	 "Past it, matching is an error, since some patterns take for ever on some strings. It holds "
	 "for each place of the string where a match may begin, and grows with the string.",
	 &ev_pattern_match_limit, 1000000, 1000, INT_MAX, PGC_USERSET, 0},
	{"events.schema_cache_size", "Memory for compiled schemas in each session.",
	 "Those not used for the longest time are forgotten first. One schema is always kept, however "
	 "large.",
	 &ev_schema_cache_size, 8192, 0, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB},
	{"events.feel_step_limit", "Greatest number of steps of one evaluation of a FEEL expression.",
	 "A step is about a part of the expression, an element or a byte looked at. Past it, the "
	 "expression is an error.",
	 &ev_feel_step_limit, 10000000, 1000, INT_MAX, PGC_USERSET, 0},
	{"events.filter_step_limit", "Greatest number of steps of a FEEL filter for one event.",
	 "In the place of events.feel_step_limit where events are filtered: there, one expression "
	 "that takes long holds up all the others. A filter that passes it is an error of "
	 "events.read(), and ends the stream of the client who gave it.",
	 &ev_filter_step_limit, 50000, 1000, INT_MAX, PGC_USERSET, 0},
	{"events.feel_depth_limit", "How deeply parts of a FEEL expression, and calls, may be nested.",
	 "Each function that is under way takes several levels.", &ev_feel_depth_limit, 2000, 10,
	 1000000, PGC_USERSET, 0},
	{"events.feel_memory_limit", "Greatest memory of one evaluation of a FEEL expression.",
	 "What an evaluation has made is freed at its end, not before.", &ev_feel_memory_limit, 65536,
	 64, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB},
	{"events.feel_cache_size", "Memory for compiled FEEL expressions in each session.",
	 "Those not used for the longest time are forgotten first. One expression is always kept, "
	 "however large.",
	 &ev_feel_cache_size, 4096, 0, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB},
	{"events.pattern_step_limit",
	 "Greatest number of steps for matching one event pattern with one event.",
	 "A step is a value looked at, as often as it is. The limit grows with the event, so that only "
	 "patterns pass it that try many combinations of conditions. Past it, matching is an error, "
	 "and ends the stream of the client who gave the pattern.",
	 &ev_pattern_step_limit, 1000000, 1000, INT_MAX, PGC_USERSET, 0},
	{"events.pattern_cache_size", "Memory for compiled event patterns in each session.",
	 "Sets of patterns count too. Those not used for the longest time are forgotten first. One is "
	 "always kept, however large.",
	 &ev_pattern_cache_size, 16384, 0, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB},
	{"events.search_timeout", "How long one search may take; 0 for as long as it likes.",
	 "Facets and histograms count as searches.", &ev_search_timeout, 10000, 0, INT_MAX, PGC_USERSET,
	 GUC_UNIT_MS},
	{"events.retention_size", "Greatest size of the history; 0 for as much as there is.",
	 "Whole partitions are dropped, the oldest first, while all of them together are larger: rows, "
	 "keys and what search keeps of them. It goes before events.retention and the rules of "
	 "events.retain(), but not before a legal hold.",
	 &ev_retention_size, 0, 0, MAX_KILOBYTES, PGC_SUSET, GUC_UNIT_KB},
	{"events.debug_wait_in_gate",
	 "For tests: advisory lock key that a commit waits for in the gate.",
	 "A committing transaction takes and releases this advisory lock in share mode after it has "
	 "drawn its positions and before it commits. 0 does nothing.",
	 &ev_debug_wait_in_gate, 0, 0, INT_MAX, PGC_SUSET, GUC_NOT_IN_SAMPLE},
};

static const BoolSetting bool_settings[] = {
	{"events.format_assertion", "The keyword format of a schema is checked, not only noted.",
	 "A value that is not of the format makes the whole invalid. Functions that validate can be "
	 "told for one call, and a 2020-12 meta-schema can ask for it by its vocabulary. Publishing "
	 "goes by it, so publishers cannot change it.",
	 &ev_format_assertion, false, PGC_SUSET, 0},
	{"events.search_index", "Events are filed for search behind the horizon.",
	 "Without it nothing is filed any more, and searches look at each event since.",
	 &ev_search_index, true, PGC_SUSET, 0},
};

/* Counted as EvDraft in schema/draft.h does. */
static const struct config_enum_entry schema_drafts[] = {
	{"draft-04", 0, false}, {"draft-06", 1, false}, {"draft-07", 2, false},
	{"2019-09", 3, false},	{"2020-12", 4, false},	{NULL, 0, false},
};

static const StringSetting string_settings[] = {
	{"events.retention", "How long events are kept, as an interval; empty keeps them for ever.",
	 "Whole partitions are dropped when their newest event is older. Of events that a rule of "
	 "events.retain() covers, the rule decides. ALTER DATABASE ... SET gives each database its "
	 "own.",
	 &ev_retention, "", PGC_SUSET, 0, NULL},
	{"events.search_configuration", "Text search configuration of events.",
	 "That of a registered type goes before it. What is filed already keeps the one it was "
	 "filed with; events.reindex_search() files it anew. Set it for the server or with ALTER "
	 "DATABASE: the process that files goes by it.",
	 &ev_search_configuration, "simple", PGC_SUSET, 0, NULL},
	{"events.source", "CloudEvents source of events that are published without one.",
	 "When empty, it is '/' and the name of the database.", &ev_source, "", PGC_USERSET, 0, NULL},
	{"events.correlation_id", "Fills the attribute correlationid of published events.", NULL,
	 &ev_correlation_id, "", PGC_USERSET, 0, NULL},
	{"events.user", "Fills the attribute user of published events.",
	 "The application's user; it is not checked against the database role.", &ev_user, "",
	 PGC_USERSET, 0, NULL},
	{"events.workspace", "Fills the attribute workspace of published events.", NULL, &ev_workspace,
	 "", PGC_USERSET, 0, NULL},
	{"events.traceparent",
	 "Fills the attribute traceparent (W3C Trace Context) of published events.", NULL,
	 &ev_traceparent, "", PGC_USERSET, 0, NULL},
	{"events.schema_base_uri", "Base of the URIs of registered schemas that are relative.",
	 "With https://example.org/schemas, the schema registered as /order/created/1.0.0 is also "
	 "found as https://example.org/schemas/order/created/1.0.0.",
	 &ev_schema_base_uri, "", PGC_SUSET, 0, NULL},
	{"events.redact_key", "Secret key of the hashes that stand for redacted columns.",
	 "With a key they are HMAC-SHA-256, so that nobody without it can find a value by trying. "
	 "Another key makes other hashes of the same values.",
	 &ev_redact_key, "", PGC_SUSET, GUC_SUPERUSER_ONLY, NULL},
	{"events.databases", "Databases that get a background worker; '*' means all that use events.",
	 "A list of names. Needs events in shared_preload_libraries; each worker takes one of "
	 "max_worker_processes.",
	 &ev_databases, "*", PGC_SIGHUP, GUC_LIST_INPUT, check_database_list},
};

static const struct config_enum_entry validate_modes[] = {
	{"strict", EV_VALIDATE_STRICT, false},
	{"registered", EV_VALIDATE_REGISTERED, false},
	{"off", EV_VALIDATE_OFF, false},
	{NULL, 0, false},
};

static const EnumSetting enum_settings[] = {
	{"events.validate_mode", "Which events are checked by schemas when they are published.",
	 "registered: data by the schema of the event's type, if the type is registered, and by its "
	 "dataschema, if that is. strict: types and dataschemas that are not registered are refused. "
	 "off: none.",
	 &ev_validate_mode, EV_VALIDATE_REGISTERED, validate_modes, PGC_SUSET},
	{"events.schema_draft", "Draft of JSON Schema of schemas that do not say.",
	 "Used for schemas without $schema.", &ev_schema_draft, 4, schema_drafts, PGC_USERSET},
};

static bool
check_database_list(char **newval, void **extra, GucSource source)
{
	char *copy = pstrdup(*newval);
	List *names = NIL;
	bool ok = SplitGUCList(copy, ',', &names);

	if (!ok)
		GUC_check_errdetail("List syntax is invalid.");
	list_free(names);
	pfree(copy);
	return ok;
}

void
ev_settings_define(void)
{
	for (int i = 0; i < lengthof(int_settings); i++)
	{
		const IntSetting *s = &int_settings[i];

		DefineCustomIntVariable(s->name, s->doc, s->detail, s->variable, s->boot, s->min, s->max,
								s->context, s->flags, NULL, NULL, NULL);
	}
	for (int i = 0; i < lengthof(bool_settings); i++)
	{
		const BoolSetting *s = &bool_settings[i];

		DefineCustomBoolVariable(s->name, s->doc, s->detail, s->variable, s->boot, s->context,
								 s->flags, NULL, NULL, NULL);
	}
	for (int i = 0; i < lengthof(string_settings); i++)
	{
		const StringSetting *s = &string_settings[i];

		DefineCustomStringVariable(s->name, s->doc, s->detail, s->variable, s->boot, s->context,
								   s->flags, s->check, NULL, NULL);
	}
	for (int i = 0; i < lengthof(enum_settings); i++)
	{
		const EnumSetting *s = &enum_settings[i];

		DefineCustomEnumVariable(s->name, s->doc, s->detail, s->variable, s->boot, s->values,
								 s->context, 0, NULL, NULL, NULL);
	}
	MarkGUCPrefixReserved("events");
}
