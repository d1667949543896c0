/* SPDX-License-Identifier: PostgreSQL
 *
 * address.h: IP addresses as URIs, e-mail addresses and formats write them.
 */
#ifndef EV_ADDRESS_H
#define EV_ADDRESS_H

#include "postgres.h"

/* Four decimal numbers without leading zeros (RFC 3986, 3.2.2; RFC 2673, 3.2). */
extern bool ev_address_is_ipv4(const char *s, int length);

/* RFC 4291, 2.2, any of the three forms; without zone or prefix length. */
extern bool ev_address_is_ipv6(const char *s, int length);

#endif /* EV_ADDRESS_H */
