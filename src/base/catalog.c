/* SPDX-License-Identifier: PostgreSQL
 *
 * catalog.c: finding the extension's own objects, and acting as their owner.
 *
 * The schema is always called events (the extension is not relocatable and
 * owns the schema), so a name is enough to find a table of it.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "base/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* What of a user's settings must not steer what the owner does. */
static const char *const owner_settings[][2] = {
	{"search_path", "pg_catalog, pg_temp"},
	{"default_tablespace", ""},
	{"default_table_access_method", "heap"},
};

Oid
ev_catalog_relid_if_exists(const char *name)
{
	Oid schema = get_namespace_oid("events", true);

	return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
}

Oid
ev_catalog_relid(const char *name)
{
	Oid relid = ev_catalog_relid_if_exists(name);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation \"events.%s\" does not exist", name),
				 errdetail("It belongs to the extension \"events\"."),
				 errhint("The extension was dropped or its script is incomplete: CREATE EXTENSION "
						 "events.")));
	return relid;
}

bool
ev_catalog_is_installed(void)
{
	return OidIsValid(ev_catalog_relid_if_exists("event")) &&
		   OidIsValid(ev_catalog_relid_if_exists("position"));
}

/*
 * DROP EXTENSION locks the extension before anything that belongs to it, so
 * whoever has this lock cannot meet it halfway.
 */
EvHold
ev_catalog_hold(void)
{
	Oid extension = get_extension_oid("events", true);
	LOCKTAG tag;

	if (!OidIsValid(extension))
		return EV_HOLD_GONE;
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, extension, 0);
	if (LockAcquire(&tag, AccessShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return EV_HOLD_BUSY;
	AcceptInvalidationMessages();
	return get_extension_oid("events", true) == extension && ev_catalog_is_installed()
			   ? EV_HOLD_KEPT
			   : EV_HOLD_GONE;
}

static Oid
relation_owner(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

Oid
ev_catalog_owner(void)
{
	return relation_owner(ev_catalog_relid("event"));
}

void
ev_catalog_become_owner(EvOwnerContext *context)
{
	Oid owner = ev_catalog_owner();

	GetUserIdAndSecContext(&context->saved_user, &context->saved_security);
	context->saved_read_only = XactReadOnly;
	context->guc_level = NewGUCNestLevel();
	for (int i = 0; i < lengthof(owner_settings); i++)
		(void) set_config_option(owner_settings[i][0], owner_settings[i][1], PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SetUserIdAndSecContext(owner, context->saved_security | SECURITY_LOCAL_USERID_CHANGE);
	XactReadOnly = false;
}

void
ev_catalog_restore_user(const EvOwnerContext *context)
{
	XactReadOnly = context->saved_read_only;
	SetUserIdAndSecContext(context->saved_user, context->saved_security);
	AtEOXact_GUC(false, context->guc_level);
}
