/*
 * net.h - addresses and listening sockets.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * An address is written `host:port`, `[v6]:port` or `:port` (all interfaces); the host is a
 * numeric address or `localhost` (which is 127.0.0.1: names are never looked up, so a start does
 * not depend on DNS).  All sockets are non-blocking and close-on-exec.
 */
#ifndef EVENTSD_NET_H
#define EVENTSD_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

typedef struct NetAddress
{
	struct sockaddr_storage storage;
	socklen_t len;
} NetAddress;

#define NET_TEXT_SIZE 64

/* false with a reason in *error (static text) */
bool net_parse(const char *text, NetAddress *address, const char **error);
bool net_is_loopback(const NetAddress *address);
int net_port(const NetAddress *address);
/* `127.0.0.1:8080`, `[::1]:8080`; returns text */
char *net_format(const NetAddress *address, char text[NET_TEXT_SIZE]);
/* only the host, without brackets: what per-address limits count and logs say */
char *net_format_host(const NetAddress *address, char text[NET_TEXT_SIZE]);

/*
 * Bind, with SO_REUSEADDR and SO_REUSEPORT; *address gets the port that was taken when it was 0.
 * Returns the descriptor, or -1 with errno.
 */
int net_bind(NetAddress *address);
/*
 * Does somebody listen there already?  Asked once, at the start: with SO_REUSEPORT a second
 * program would silently share the port.
 */
bool net_is_taken(const NetAddress *address);
/* bind and listen */
int net_listen(NetAddress *address);

#endif /* EVENTSD_NET_H */
