/* SPDX-License-Identifier: PostgreSQL
 *
 * ecma.h: regular expressions of ECMA-262, rewritten for PCRE2.
 */
#ifndef EV_ECMA_H
#define EV_ECMA_H

#include "lib/stringinfo.h"

/*
 * Parse an expression (UTF-8) and append one of PCRE2 (for PCRE2_UTF and
 * PCRE2_DOTALL without PCRE2_UCP) that means the same.  On a syntax error returns false, *message
 * and *offset (bytes) say what and where; what is in `out` then is useless.
 */
extern bool ev_ecma_rewrite(const char *source, int length, StringInfo out, const char **message,
							int *offset);

/* Where in the source stands what was written at `out_offset` of its rewriting? */
extern int ev_ecma_locate(const char *source, int length, int out_offset);

#endif /* EV_ECMA_H */
