/*
 * conninfo.h - is this a connection string, and does it lead anywhere?
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#ifndef EVENTSD_PG_CONNINFO_H
#define EVENTSD_PG_CONNINFO_H

#include <stdbool.h>

#include "base/buf.h"
#include "conf/conf.h"

/* both strings can be parsed; else the reason is appended to *errors */
bool conninfo_check(const Conf *conf, Buf *errors);
/*
 * Connect (blocking: for check-config only) to both, ask for the relay's state, and append what
 * was found, or what is wrong and what to do about it, to *report.
 */
bool conninfo_try(const Conf *conf, Buf *report);

#endif /* EVENTSD_PG_CONNINFO_H */
