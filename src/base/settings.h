/* SPDX-License-Identifier: PostgreSQL
 *
 * settings.h: the extension's settings (GUCs) as C variables; settings.c says
 * what each means.
 */
#ifndef EV_SETTINGS_H
#define EV_SETTINGS_H

/* limits */
extern int ev_max_event_size; /* kB */
extern int ev_max_pending_events;
extern int ev_pending_memory;  /* kB */
extern int ev_dedup_window;	   /* s */
extern int ev_partition_size;  /* positions */
extern int ev_horizon_timeout; /* ms */
extern int ev_max_redeliveries;

/* publishing at once */
extern int ev_publish_now_timeout; /* ms */
extern int ev_max_publishers;	   /* of one database */

/* retention; text, because an interval has no GUC type of its own */
extern char *ev_retention;
extern int ev_retention_size; /* kB; 0: any */

extern int ev_search_timeout; /* ms; 0: none */
extern bool ev_search_index;
extern char *ev_search_configuration;

/* context of the publishing application, filled into events */
extern char *ev_source;
extern char *ev_correlation_id;
extern char *ev_user;
extern char *ev_workspace;
extern char *ev_traceparent;

/* what publishing does with types and schemas */
typedef enum EvValidateMode
{
	EV_VALIDATE_OFF,
	EV_VALIDATE_REGISTERED,
	EV_VALIDATE_STRICT
} EvValidateMode;

extern int ev_validate_mode; /* EvValidateMode */
extern char *ev_schema_base_uri;

/* capture */
extern char *ev_redact_key;

/* worker */
extern char *ev_databases;
extern int ev_maintenance_interval; /* s */
extern int ev_pattern_match_limit;
extern int ev_max_handler_workers;

/* JSON Schema */
extern int ev_schema_draft; /* as EvDraft of schema/draft.h counts */
extern bool ev_format_assertion;
extern int ev_schema_cache_size; /* kB */

/* FEEL */
extern int ev_feel_step_limit;
extern int ev_filter_step_limit;
extern int ev_feel_depth_limit;
extern int ev_feel_memory_limit; /* kB */
extern int ev_feel_cache_size;	 /* kB */

/* event patterns */
extern int ev_pattern_step_limit;
extern int ev_pattern_cache_size; /* kB */

/* for tests */
extern int ev_debug_wait_in_gate;

extern void ev_settings_define(void);

#endif /* EV_SETTINGS_H */
