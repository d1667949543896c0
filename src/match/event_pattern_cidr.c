/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_cidr.c: {"cidr": "10.0.0.0/24"}, and addresses in values.
 *
 * An address is what inet_pton() takes: four decimal numbers without leading
 * zeros, or the forms of RFC 4291.  An address of version 4 that is written as
 * one of version 6 (::ffff:10.0.0.1) is the one of version 4.  Bits of a
 * network behind its prefix do not count.
 *
 * A string in a pattern that is an address matches all ways to write it, as it
 * does in EventBridge: "::a" matches "0:0::A".
 */
#include "base/compat.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "match/event_pattern_parts.h"

static const uint8 mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

EvAddress
ev_event_pattern_address(const char *s, int length)
{
	EvAddress address = {0};
	char text[INET6_ADDRSTRLEN];

	/* what most strings are: no address */
	if (length < 2 || length >= (int) sizeof(text) || !(ev_ascii_is_hex(s[0]) || s[0] == ':'))
		return address;
	memcpy(text, s, length);
	text[length] = '\0';
	if (memchr(text, '\0', length) != NULL)
		return address;
	if (memchr(text, ':', length) == NULL)
	{
		if (inet_pton(AF_INET, text, address.bytes) == 1)
			address.length = 4;
		return address;
	}
	if (inet_pton(AF_INET6, text, address.bytes) != 1)
		return address;
	address.length = 16;
	if (memcmp(address.bytes, mapped_prefix, sizeof(mapped_prefix)) == 0)
	{
		memmove(address.bytes, address.bytes + sizeof(mapped_prefix), 4);
		memset(address.bytes + 4, 0, 12);
		address.length = 4;
	}
	return address;
}

static void
clear_bits(EvAddress *address, int from)
{
	for (int bit = from; bit < address->length * 8; bit++)
		address->bytes[bit / 8] &= ~(0x80 >> (bit % 8));
}

EvNetwork *
ev_event_pattern_network(const char *s, int length)
{
	const char *slash = memchr(s, '/', length);
	EvNetwork *network;
	bool is_long;
	int bits = 0;

	if (slash == NULL || slash + 1 == s + length || s + length - slash > 4)
		return NULL;
	for (const char *p = slash + 1; p < s + length; p++)
	{
		if (!ev_ascii_is_digit(*p))
			return NULL;
		bits = bits * 10 + (*p - '0');
	}
	network = palloc(sizeof(EvNetwork));
	network->address = ev_event_pattern_address(s, slash - s);
	/* ::ffff:a.b.c.d counts its prefix from the beginning of the long form */
	is_long = memchr(s, ':', slash - s) != NULL;
	if (is_long && network->address.length == 4)
		bits -= 96;
	if (network->address.length == 0 || bits < 0 || bits > network->address.length * 8)
		return NULL;
	network->bits = bits;
	clear_bits(&network->address, bits);
	return network;
}

bool
ev_event_pattern_in_network(const EvNetwork *network, const EvAddress *address)
{
	int whole = network->bits / 8;
	int rest = network->bits % 8;

	if (address->length != network->address.length ||
		memcmp(address->bytes, network->address.bytes, whole) != 0)
		return false;
	return rest == 0 ||
		   ((address->bytes[whole] ^ network->address.bytes[whole]) >> (8 - rest)) == 0;
}
