/*
 * listen.c - taking addresses, and listening on them.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * All sockets have SO_REUSEPORT, which lets the processes share a port, and would let a second
 * program share it as well; so before a port is taken it is asked whether somebody has it.
 */
#include "base/listen.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

static void
log_refusal(const NetAddress *address, int error)
{
	char text[NET_TEXT_SIZE];

	log_error("cannot listen", LOG_STR("address", net_format(address, text)),
			  LOG_STR("reason", strerror(error)));
}

static bool
take_one(NetAddress *address, const char *text)
{
	const char *error;

	if (!net_parse(text, address, &error))
	{
		log_error("cannot listen", LOG_STR("address", text), LOG_STR("reason", error));
		return false;
	}
	if (net_is_taken(address))
	{
		log_refusal(address, EADDRINUSE);
		return false;
	}
	if (net_bind(address) < 0)
	{
		log_refusal(address, errno);
		return false;
	}
	return true;
}

bool
listen_take(ListenSet *set, char *const *addresses, int count)
{
	if (count > LISTEN_MAX)
	{
		log_error("too many addresses to listen on", LOG_INT("most", LISTEN_MAX));
		return false;
	}
	for (int i = 0; i < count; i++)
	{
		if (!take_one(&set->items[i], addresses[i]))
			return false;
		set->count++;
	}
	return true;
}

int *
listen_open(const ListenSet *set)
{
	int *fds = mem_array((size_t) set->count, sizeof(int));

	for (int i = 0; i < set->count; i++)
	{
		NetAddress address = set->items[i];

		fds[i] = net_listen(&address);
		if (fds[i] < 0)
		{
			log_refusal(&address, errno);
			while (i > 0)
				close(fds[--i]);
			mem_free(fds);
			return NULL;
		}
	}
	return fds;
}

void
listen_put(Buf *out, const ListenSet *set)
{
	char text[NET_TEXT_SIZE];

	buf_putc(out, '[');
	for (int i = 0; i < set->count; i++)
	{
		net_format(&set->items[i], text);
		if (i > 0)
			buf_putc(out, ',');
		json_put_string(out, text, strlen(text));
	}
	buf_putc(out, ']');
}
