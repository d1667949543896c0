/* SPDX-License-Identifier: PostgreSQL
 *
 * subject.h: the event that patterns and FEEL filters look at.
 *
 * It is given as jsonb (a CloudEvent, or any JSON object), or as a row of
 * events.event.  Either way its attributes are found by the names that they
 * have on the wire: topic is a path ('order/created'), time and recordedtime
 * are text of RFC 3339, extension attributes stand beside the others.
 *
 * A row is not made into JSON: an attribute is looked up when it is asked for,
 * so that a filter on the type never touches the data.  What was made for a look-up
 * is kept for the next one, in the memory context in which the subject was made.
 */
#ifndef EV_SUBJECT_H
#define EV_SUBJECT_H

#include "base/view.h"

typedef struct EvSubject EvSubject;

/* Finds an attribute of a row; false if it has none of the name. */
typedef bool (*EvSubjectGet)(EvSubject *subject, const char *name, int length, EvView *value);

struct EvSubject
{
	EvSubjectGet get; /* NULL: `view` is all */
	EvView view;	  /* EV_JSON_OBJECT, where get is NULL */
};

/* One attribute by its name on the wire; `sequence` has no value here. */
static inline bool
ev_subject_get(EvSubject *subject, const char *name, int length, EvView *value)
{
	if (subject->get != NULL)
		return subject->get(subject, name, length, value);
	return subject->view.type == EV_JSON_OBJECT &&
		   ev_view_member(&subject->view, name, length, value);
}

#endif /* EV_SUBJECT_H */
