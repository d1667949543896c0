/* SPDX-License-Identifier: PostgreSQL
 *
 * format_scan.h: the formats that have a file of their own; for format*.c only.
 */
#ifndef EV_FORMAT_SCAN_H
#define EV_FORMAT_SCAN_H

#include "postgres.h"

/* What names a host may have. */
#define EV_HOST_ASCII 0			/* letters, digits, hyphens: RFC 1123 */
#define EV_HOST_A_LABELS 1		/* and "xn--" labels are checked: RFC 5890 */
#define EV_HOST_INTERNATIONAL 2 /* and U-labels */
#define EV_HOST_ANY_FORM 4		/* U-labels are brought to their normal form first */

/* In UTF-8. */
extern bool ev_format_is_host(const char *s, int length, int flags);

/* An A-label or a U-label (UTF-8), alone; its length as an A-label, -1 if it is none. */
extern int ev_format_check_idn(const char *label, int length, int flags, bool *right_to_left);

/* RFC 5321; `international` takes RFC 6531's, in the database's encoding. */
extern bool ev_format_is_email(const char *s, int length, bool international);

/* RFC 6570, in the database's encoding. */
extern bool ev_format_is_template(const char *s, int length);

#endif /* EV_FORMAT_SCAN_H */
