/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_text.h: values as text, as string() gives it (DMN 1.5, 10.3.4.1), and JSON as text.
 */
#ifndef EV_FEEL_TEXT_H
#define EV_FEEL_TEXT_H

#include "lib/stringinfo.h"
#include "match/feel_run.h"

/*
 * Strings as they are at the top, as literals in quotation marks inside lists
 * and contexts: [1, "a"], {a: 1}.  Counts what it writes; false past the limit.
 */
extern bool ev_feel_append_text(EvFeelRun *run, StringInfo out, EvFeelValue value, bool is_top);

/*
 * As JSON without spaces, names in their order; what JSON has no form for is a
 * string, a function is null.  false past the limit.
 */
extern bool ev_feel_append_json(EvFeelRun *run, StringInfo out, EvFeelValue value);

/* JSON text as a value (feel_json_text.c); null if it is none. */
extern EvFeelValue ev_feel_from_json_text(EvFeelRun *run, const char *text, int length);

#endif /* EV_FEEL_TEXT_H */
