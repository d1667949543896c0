/* SPDX-License-Identifier: PostgreSQL
 *
 * draft.h: the drafts of JSON Schema that are understood.
 */
#ifndef EV_DRAFT_H
#define EV_DRAFT_H

typedef enum EvDraft
{
	EV_DRAFT_4,
	EV_DRAFT_6,
	EV_DRAFT_7,
	EV_DRAFT_2019_09,
	EV_DRAFT_2020_12
} EvDraft;

/* 'draft-07' and the like, the values of events.schema_draft. */
extern const char *ev_draft_name(EvDraft draft);

extern bool ev_draft_by_name(const char *name, EvDraft *draft);

/* By the URI of its meta-schema (a trailing '#' does not matter); false if unknown. */
extern bool ev_draft_by_uri(const char *uri, int length, EvDraft *draft);
extern const char *ev_draft_uri(EvDraft draft);

#endif /* EV_DRAFT_H */
