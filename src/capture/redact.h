/* SPDX-License-Identifier: PostgreSQL
 *
 * redact.h: a value that can be recognised, but not read.
 */
#ifndef EV_REDACT_H
#define EV_REDACT_H

/* "sha256:" and 64 hexadecimal digits; palloc'd. */
extern char *ev_redact_hash(const char *text, int length);

#endif /* EV_REDACT_H */
