/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * static.h: the console and the browser client, served from memory.
 */
#ifndef WEB_STATIC_H
#define WEB_STATIC_H

#include "web/http_conn.h"

/* Answers a GET or HEAD for a file that we have; false when there is none. */
extern bool static_serve(HttpConn *conn, const HttpRequest *request);

#endif /* WEB_STATIC_H */
