/* SPDX-License-Identifier: PostgreSQL
 *
 * catalog.h: finding the extension's own objects, and acting as their owner.
 *
 * Look-ups go through the system caches each time (a hash probe), so DROP and
 * CREATE EXTENSION in a living session need no invalidation logic.
 */
#ifndef EV_CATALOG_H
#define EV_CATALOG_H

#include "utils/relcache.h"

typedef struct EvOwnerContext
{
	Oid saved_user;
	int saved_security;
	int guc_level;
	bool saved_read_only;
} EvOwnerContext;

/* OID of a relation of schema events; raises 55000 if the extension is gone. */
extern Oid ev_catalog_relid(const char *name);

/* The same, but InvalidOid if it is gone. */
extern Oid ev_catalog_relid_if_exists(const char *name);

/* Is the extension there (so that its tables can be opened)? */
extern bool ev_catalog_is_installed(void);

/*
 * Keep the extension from being dropped until the transaction ends, without
 * waiting for anybody.
 */
typedef enum EvHold
{
	EV_HOLD_GONE, /* there is none */
	EV_HOLD_BUSY, /* somebody is dropping it, or about to */
	EV_HOLD_KEPT
} EvHold;

extern EvHold ev_catalog_hold(void);

/* The role that owns the extension's tables. */
extern Oid ev_catalog_owner(void);

/*
 * Act as the owner of the extension's tables with settings of our own where
 * the user's would steer it, also in a READ ONLY transaction.  After an error
 * the (sub)transaction's abort restores everything.
 */
extern void ev_catalog_become_owner(EvOwnerContext *context);
extern void ev_catalog_restore_user(const EvOwnerContext *context);

#endif /* EV_CATALOG_H */
