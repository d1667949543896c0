/*
 * check.c - what a single setting cannot say: does the whole make sense, is it safe?
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The rule of safety: without authentication only this machine is served, unless the operator
 * has written `anonymous` = true himself.
 */
#include "base/net.h"
#include "conf/table.h"

static bool
check_addresses(const Conf *conf, const char *name, const ConfList *list, Buf *errors)
{
	bool good = true;

	for (int i = 0; i < list->count; i++)
	{
		NetAddress address;
		const char *error;

		if (!net_parse(list->items[i], &address, &error))
		{
			buf_printf(errors, "%s: \"%s\": %s\n", name, list->items[i], error);
			good = false;
		}
		else if (!net_is_loopback(&address) && !(conf->anonymous && conf->anonymous_set))
		{
			buf_printf(errors,
					   "%s: \"%s\" can be reached from other machines, and clients need "
					   "no credentials; set anonymous to true if that is what you want\n",
					   name, list->items[i]);
			good = false;
		}
	}
	return good;
}

static bool
refuse(Buf *errors, const char *why)
{
	buf_printf(errors, "%s\n", why);
	return false;
}

bool
conf_check(const Conf *conf, Buf *errors)
{
	bool good = true;

	good &= check_addresses(conf, "listen", &conf->listen, errors);
	good &= check_addresses(conf, "admin_listen", &conf->admin_listen, errors);
	if (conf->listen.count == 0)
		good = refuse(errors, "listen: at least one address is needed");
	if (conf->jwt_keys[0])
		good = refuse(errors, "jwt_keys: JSON Web Tokens are not supported by this version");
	if (!conf->anonymous)
		good = refuse(errors, "anonymous: false would let nobody in, as this version knows no "
							  "way to authenticate clients");
	if (conf->max_url_size > conf->max_head_size)
		good = refuse(errors, "max_url_size: must not be greater than max_head_size");
	if (!conf->source[0])
		good = refuse(errors, "source: must not be empty");
	return good;
}
