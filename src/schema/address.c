/* SPDX-License-Identifier: PostgreSQL
 *
 * address.c: the syntax of IP addresses.
 *
 * PostgreSQL's inet takes more (prefix lengths, shortened IPv4, a zone) and
 * raises on the rest; the rules here are those of RFC 3986, which are also
 * the ones that the formats ipv4 and ipv6 mean.  An IPv6 address is eight
 * groups, of which the last two may be written as IPv4; "::" may stand once,
 * for at least one group.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "schema/address.h"

#define IPV6_GROUPS 8

bool
ev_address_is_ipv4(const char *s, int length)
{
	const char *end = s + length;

	for (int part = 0; part < 4; part++)
	{
		const char *begin = s;
		int value = 0;

		if (part > 0 && (s == end || *s++ != '.'))
			return false;
		begin = s;
		while (s < end && ev_ascii_is_digit(*s) && s - begin < 3)
			value = value * 10 + (*s++ - '0');
		if (s == begin || value > 255 || (*begin == '0' && s - begin > 1))
			return false;
	}
	return s == end;
}

bool
ev_address_is_ipv6(const char *s, int length)
{
	const char *end = s + length;
	int groups = 0;
	bool compressed = false;

	if (length >= 2 && s[0] == ':' && s[1] == ':')
	{
		compressed = true;
		s += 2;
	}
	while (s < end)
	{
		const char *group = s;

		while (s < end && ev_ascii_is_hex(*s) && s - group < 5)
			s++;
		if (s < end && *s == '.')
		{
			groups += 2;
			return ev_address_is_ipv4(group, end - group) &&
				   (compressed ? groups < IPV6_GROUPS : groups == IPV6_GROUPS);
		}
		if (s == group || s - group > 4 || ++groups > IPV6_GROUPS)
			return false;
		if (s == end)
			break;
		/* A colon, and then another group or the second colon of "::". */
		if (*s++ != ':' || s == end)
			return false;
		if (*s == ':')
		{
			if (compressed)
				return false;
			compressed = true;
			s++;
		}
	}
	return compressed ? groups < IPV6_GROUPS : groups == IPV6_GROUPS;
}
