/* SPDX-License-Identifier: PostgreSQL
 *
 * utility.c: utility commands that concern events.
 *
 * COMMIT PREPARED   moves the events of the prepared transaction to their
 *                   positions at once, rather than with the next commit.  An
 *                   error there becomes a warning: the transaction has been
 *                   committed, and to report a failure would be wrong; the
 *                   events stay staged for the next one who looks.
 * DROP DATABASE, ALTER DATABASE ... RENAME or SET TABLESPACE,
 * CREATE DATABASE ... TEMPLATE
 *                   need a database without connections, but its worker is
 *                   one (until PostgreSQL 19 knows interruptible workers), and
 *                   so are its publishers and the processes of handlers, so
 *                   they are ended first, for whoever may do the command.
 * DROP EXTENSION events
 *                   would wait for calls of handlers, and might meet them in a
 *                   deadlock: their processes are ended first, too.
 * TRUNCATE          gets a number, by which triggers of partitions know that
 *                   they fire together (capture/truncate.h).
 */
#include "base/compat.h"

#include "access/xact.h"
#include "base/attempt.h"
#include "base/catalog.h"
#include "capture/truncate.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "publish/now_publisher.h"
#include "publish/transaction.h"
#include "store/staging.h"
#include "tcop/utility.h"
#include "worker/handler_runner.h"
#include "worker/indexer.h"
#include "worker/launcher.h"
#include "worker/utility.h"

static ProcessUtility_hook_type prev_utility_hook = NULL;

static void
flush_staged(void *arg)
{
	if (ev_catalog_is_installed() && ev_staging_is_pending())
		(void) ev_transaction_flush(true);
}

/* Move staged events, as part of the command's own transaction. */
static void
move_staged_events(void)
{
	ErrorData *error = ev_attempt(flush_staged, NULL);

	if (error == NULL)
		return;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("events of the prepared transaction have no positions yet: %s", error->message),
			 errdetail("The transaction has been committed; its events are kept in "
					   "events.prepared_event."),
			 errhint("They are published with the next commit that publishes or reads events.")));
	FreeErrorData(error);
}

/* The value of an option of CREATE or ALTER DATABASE, NULL if it is not given. */
static const char *
find_option(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, name) == 0 && option->arg != NULL)
			return defGetString(option);
	}
	return NULL;
}

/* The database that the command wants for itself, if this user owns it. */
static pg_noinline Oid
wanted_database(Node *command)
{
	const char *name = NULL;
	Oid database;

	if (IsA(command, DropdbStmt))
		name = ((DropdbStmt *) command)->dbname;
	else if (IsA(command, RenameStmt) && ((RenameStmt *) command)->renameType == OBJECT_DATABASE)
		name = ((RenameStmt *) command)->subname;
	else if (IsA(command, AlterDatabaseStmt) &&
			 find_option(((AlterDatabaseStmt *) command)->options, "tablespace") != NULL)
		name = ((AlterDatabaseStmt *) command)->dbname;
	else if (IsA(command, CreatedbStmt))
		name = find_option(((CreatedbStmt *) command)->options, "template");
	if (name == NULL)
		return InvalidOid;
	database = get_database_oid(name, true);
	if (!OidIsValid(database) || database == MyDatabaseId ||
		!ev_database_ownercheck(database, GetUserId()))
		return InvalidOid;
	return database;
}

/* Does the command drop this extension, by somebody who may? */
static bool
drops_extension(Node *command)
{
	ListCell *cell;

	if (!IsA(command, DropStmt) || ((DropStmt *) command)->removeType != OBJECT_EXTENSION)
		return false;
	foreach (cell, ((DropStmt *) command)->objects)
	{
		if (strcmp(strVal(lfirst(cell)), "events") == 0)
			return ev_catalog_is_installed() && has_privs_of_role(GetUserId(), ev_catalog_owner());
	}
	return false;
}

/* Make room in a database, and let things go on there. */
static void
suspend(Oid database, bool only_handlers)
{
	if (!only_handlers)
	{
		ev_launcher_suspend(database);
		ev_publisher_end_all(database);
	}
	ev_handler_runner_suspend(database);
	ev_indexer_end(database); /* none begins now either */
}

static void
resume(Oid database, bool only_handlers)
{
	if (!only_handlers)
		ev_launcher_resume(database);
	ev_handler_runner_resume(database);
}

static void
run(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
	ParamListInfo params, QueryEnvironment *env, DestReceiver *dest, QueryCompletion *completion)
{
	if (prev_utility_hook)
		prev_utility_hook(pstmt, query, read_only_tree, context, params, env, dest, completion);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params, env, dest,
								completion);
}

static void
utility_hook(PlannedStmt *pstmt, const char *query, bool read_only_tree,
			 ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *env,
			 DestReceiver *dest, QueryCompletion *completion)
{
	Node *command = pstmt->utilityStmt;
	bool drops = drops_extension(command);
	Oid database = drops ? MyDatabaseId : wanted_database(command);
	bool truncates = IsA(command, TruncateStmt);
	EvTruncate outer = {0};
	bool commits_prepared = IsA(command, TransactionStmt) &&
							((TransactionStmt *) command)->kind == TRANS_STMT_COMMIT_PREPARED;

	if (truncates)
		outer = ev_truncate_begin();
	if (OidIsValid(database))
		suspend(database, drops);
	PG_TRY();
	{
		run(pstmt, query, read_only_tree, context, params, env, dest, completion);
	}
	PG_CATCH();
	{
		if (OidIsValid(database))
			resume(database, drops);
		if (truncates)
			ev_truncate_end(outer);
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (truncates)
		ev_truncate_end(outer);
	if (OidIsValid(database) && !IsA(command, DropdbStmt))
		resume(database, drops);
	if (commits_prepared)
		move_staged_events();
}

void
ev_utility_init(void)
{
	prev_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = utility_hook;
}
