/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_host.c: names that a server answers for; see http_host.h.
 */
#define _GNU_SOURCE
#include <string.h>
#include <strings.h>

#include "web/http_host.h"

static HttpSlice
without_port(HttpSlice host)
{
	const char *colon = memrchr(host.at, ':', host.len);

	if (colon != NULL && host.at[0] != '[')
		host.len = (size_t) (colon - host.at);
	return host;
}

/* No name ends in a number. */
static bool
is_address(HttpSlice host)
{
	for (size_t i = 0; i < host.len; i++)
		if (host.at[i] != '.' && (host.at[i] < '0' || host.at[i] > '9'))
			return host.at[0] == '[';
	return true;
}

static bool
is_local_name(HttpSlice host)
{
	static const char suffix[] = ".localhost";
	size_t len = sizeof(suffix) - 1;

	return memchr(host.at, '.', host.len) == NULL ||
		   (host.len > len && strncasecmp(host.at + host.len - len, suffix, len) == 0);
}

bool
http_host_is_known(HttpSlice host, const ConfList *allowed)
{
	if (host.len == 0)
		return true;
	host = without_port(host);
	if (is_address(host) || is_local_name(host))
		return true;
	for (int i = 0; i < allowed->count; i++)
	{
		const char *name = allowed->items[i];

		if (strcmp(name, "*") == 0 ||
			(strlen(name) == host.len && strncasecmp(name, host.at, host.len) == 0))
			return true;
	}
	return false;
}
