/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_host.h: is a request meant for this server?
 *
 * A server that only this machine can reach, and that asks nobody for
 * credentials, is open to every page that a browser on this machine shows, if
 * the page's own name can be made to point to 127.0.0.1 (DNS rebinding): then
 * page and server are of one origin, and CORS has nothing to say.  What gives
 * the page away is its name, in Host.  A page from elsewhere has a name with a
 * dot in it, so such names have to be listed; addresses, and names of this
 * machine or network (localhost, x.localhost, a bare word) need not be.
 * Programs that are no browsers may call it by any name.
 */
#ifndef WEB_HTTP_HOST_H
#define WEB_HTTP_HOST_H

#include <stdbool.h>

#include "conf/conf.h"
#include "web/http_parse.h"

/* Host with or without port; `allowed` lists names, "*" for all. */
extern bool http_host_is_known(HttpSlice host, const ConfList *allowed);

#endif /* WEB_HTTP_HOST_H */
