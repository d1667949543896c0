/*
 * listen.h - the addresses a program serves on, shared by its processes.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * One process takes the addresses: names are resolved, port 0 becomes a number, and a bound socket
 * that never listens (so it gets no connections) holds each port for the life of the program.
 * Then every process opens its own listening sockets on them.
 */
#ifndef EVENTSD_LISTEN_H
#define EVENTSD_LISTEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/net.h"

#define LISTEN_MAX 16

typedef struct ListenSet
{
	NetAddress items[LISTEN_MAX];
	int count;
} ListenSet;

/* false, with the reason logged, when one of them cannot be had */
bool listen_take(ListenSet *set, char *const *addresses, int count);
/* a listening socket for each (free the array with mem_free), or NULL with the reason logged */
int *listen_open(const ListenSet *set);
/* as a JSON array of strings */
void listen_put(Buf *out, const ListenSet *set);

#endif /* EVENTSD_LISTEN_H */
