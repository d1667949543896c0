/*
 * net.c - addresses and listening sockets.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Only numeric addresses are understood (getaddrinfo with AI_NUMERICHOST), so nothing here waits
 * for a name server.  SO_REUSEPORT is set on every socket, also those of a single process: it must
 * be there on the first one for later ones to join.
 */
#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_BACKLOG 4096

/* host and port of text into the buffers; false when it has not that shape */
static bool
split(const char *text, char *host, size_t host_size, char *port, size_t port_size)
{
	const char *colon = strrchr(text, ':');
	const char *start = text;
	const char *end = colon;

	if (!colon || !colon[1] || strlen(colon + 1) >= port_size)
		return false;
	if (*start == '[')
	{
		start++;
		end--;
		if (end < start || *end != ']')
			return false;
	}
	else if (memchr(start, ':', (size_t) (end - start)))
		return false; /* an IPv6 address needs its brackets */
	if ((size_t) (end - start) >= host_size)
		return false;
	memcpy(host, start, (size_t) (end - start));
	host[end - start] = '\0';
	snprintf(port, port_size, "%s", colon + 1);
	return port[strspn(port, "0123456789")] == '\0' && strtol(port, NULL, 10) <= 65535;
}

bool
net_parse(const char *text, NetAddress *address, const char **error)
{
	char host[64];
	char port[8];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
							 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	struct addrinfo *found = NULL;

	memset(address, 0, sizeof(*address));
	if (!split(text, host, sizeof(host), port, sizeof(port)))
	{
		*error = "an address is written host:port, [v6]:port or :port";
		return false;
	}
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof(host), "127.0.0.1");
	else if (strcmp(host, "*") == 0 || !host[0])
		snprintf(host, sizeof(host), "0.0.0.0");
	if (getaddrinfo(host, port, &hints, &found) != 0)
	{
		*error = "the host must be a numeric address, localhost, or empty for all interfaces";
		return false;
	}
	memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
	address->len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

bool
net_is_loopback(const NetAddress *address)
{
	if (address->storage.ss_family == AF_INET)
	{
		const struct sockaddr_in *in = (const void *) &address->storage;

		return (ntohl(in->sin_addr.s_addr) >> 24) == 127;
	}
	if (address->storage.ss_family == AF_INET6)
	{
		const struct sockaddr_in6 *in6 = (const void *) &address->storage;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			return in6->sin6_addr.s6_addr[12] == 127;
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	}
	return false;
}

int
net_port(const NetAddress *address)
{
	if (address->storage.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *) &address->storage)->sin6_port);
	return ntohs(((const struct sockaddr_in *) &address->storage)->sin_port);
}

char *
net_format_host(const NetAddress *address, char text[NET_TEXT_SIZE])
{
	if (getnameinfo((const struct sockaddr *) &address->storage, address->len, text, NET_TEXT_SIZE,
					NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(text, NET_TEXT_SIZE, "unknown");
	return text;
}

char *
net_format(const NetAddress *address, char text[NET_TEXT_SIZE])
{
	char host[NET_TEXT_SIZE];
	int port = net_port(address);

	net_format_host(address, host);
	if (snprintf(text, NET_TEXT_SIZE, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port) < 0)
		text[0] = '\0';
	return text;
}

int
net_bind(NetAddress *address)
{
	int on = 1;
	int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
		(address->storage.ss_family != AF_INET6 ||
		 setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
		bind(fd, (struct sockaddr *) &address->storage, address->len) == 0)
	{
		address->len = sizeof(address->storage);
		if (getsockname(fd, (struct sockaddr *) &address->storage, &address->len) == 0)
			return fd;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool
net_is_taken(const NetAddress *address)
{
	int on = 1;
	int fd;
	bool taken;

	if (net_port(address) == 0)
		return false;
	fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false; /* net_bind will say why */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	taken = bind(fd, (const struct sockaddr *) &address->storage, address->len) < 0 &&
			errno == EADDRINUSE;
	close(fd);
	return taken;
}

int
net_listen(NetAddress *address)
{
	int fd = net_bind(address);

	if (fd >= 0 && listen(fd, LISTEN_BACKLOG) < 0)
	{
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}
