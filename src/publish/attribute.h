/* SPDX-License-Identifier: PostgreSQL
 *
 * attribute.h: the rules of the CloudEvents type system (1.0.2, section 2.2).
 *
 * Each check reports into `problems` under the attribute's name and answers
 * whether all is well.
 */
#ifndef EV_ATTRIBUTE_H
#define EV_ATTRIBUTE_H

#include "base/problem.h"

/*
 * A String: not empty, no control characters, no noncharacters.  Raises what
 * cannot be converted to UTF-8, where the database's encoding is another.
 */
extern bool ev_attribute_check_string(EvProblems *problems, const char *name, const char *s, int n);

/* A URI-reference (RFC 3986, section 4.1): its characters and percent-encoding. */
extern bool ev_attribute_check_uri(EvProblems *problems, const char *name, const char *s, int n);

/* A media type (RFC 2046): type "/" subtype, parameters. */
extern bool ev_attribute_check_media_type(EvProblems *problems, const char *name, const char *s,
										  int n);

/* Base64 (RFC 4648, section 4) with padding. */
extern bool ev_attribute_check_base64(EvProblems *problems, const char *name, const char *s, int n);

/* The name of an extension attribute: a-z and 0-9. */
extern bool ev_attribute_check_name(EvProblems *problems, const char *name);

/* Is the value a String, Boolean or Integer (32 bit, section 2.2)? */
extern bool ev_attribute_check_value(EvProblems *problems, const char *name,
									 const JsonbValue *value);

#endif /* EV_ATTRIBUTE_H */
