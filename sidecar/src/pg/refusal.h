/*
 * refusal.h - what PostgreSQL's errors mean to us; private to pg/.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#ifndef EVENTSD_PG_REFUSAL_H
#define EVENTSD_PG_REFUSAL_H

#include "pg/conn.h"
#include "pg/query.h"

/* fills *error from an outcome without rows; its strings live as long as the outcome */
void refusal_read(QueryError *error, const ConnOutcome *outcome);
/* advice for errors that mean a missing or unusable extension; NULL for others */
const char *refusal_hint(const char *sqlstate);

#endif /* EVENTSD_PG_REFUSAL_H */
