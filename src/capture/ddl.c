/* SPDX-License-Identifier: PostgreSQL
 *
 * ddl.c: keeping tracked tables in step with DDL.
 *
 * The event triggers events_ddl (at the end of a command) and events_drop (when
 * something was dropped) call one function, ev_capture_ddl.  It looks at the
 * command's parse tree and at the tables that this names, and where no tracked
 * table is concerned that is all: a few look-ups in caches, no query.  What
 * remains is done in SQL (events._follow_ddl), as the owner of the extension,
 * since whoever alters a table needs no right on schema events.
 *
 * A command is one of these to us:
 *   moved    a table has got another parent, or has lost one: its triggers, and
 *            those of all below it, follow from what is above
 *   altered  columns of a table, and so of the tables below it, are different
 *   type     an enum, domain or composite type is different, which tables may
 *            have columns of
 *   dropped  columns may have gone away with their type
 *
 * The names in the parse tree still mean the same tables: a command that gives a
 * table another name or schema does nothing else.  Commands inside others (of a
 * function, of an extension's script) come here one by one.
 *
 * While pg_upgrade restores a database, tables come piece by piece and nothing
 * is looked at.  A dump brings triggers after everything else.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "base/catalog.h"
#include "capture/tracking.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(ev_capture_ddl);

/* ---- is a table tracked? */

/* Is there an object of the class, other than that exception, that depends on this one? */
static bool
has_dependent(Oid class, Oid object, Oid dependent_class, Oid exception)
{
	Relation depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;
	bool found = false;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(class));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend entry = (Form_pg_depend) GETSTRUCT(tuple);

		found = entry->classid == dependent_class && entry->objid != exception;
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return found;
}

static bool
has_our_trigger(Oid relid, Oid function)
{
	Relation relation = try_relation_open(relid, AccessShareLock);
	bool found = false;

	if (relation == NULL)
		return false;
	for (int i = 0; relation->trigdesc != NULL && i < relation->trigdesc->numtriggers; i++)
		found |= relation->trigdesc->triggers[i].tgfoid == function;
	relation_close(relation, AccessShareLock);
	return found;
}

static bool
is_tracked(const RangeVar *name, Oid function)
{
	Oid relid = RangeVarGetRelid(name, NoLock, true);

	return OidIsValid(relid) && has_our_trigger(relid, function);
}

/* The table or one below it. */
static bool
is_family_tracked(Oid relid, Oid function)
{
	List *family;
	ListCell *cell;

	if (has_our_trigger(relid, function))
		return true;
	if (!has_subclass(relid))
		return false;
	family = find_all_inheritors(relid, NoLock, NULL);
	foreach (cell, family)
	{
		if (has_our_trigger(lfirst_oid(cell), function))
			return true;
	}
	return false;
}

/* ---- going on in SQL, as the extension's owner */

static Datum
text_or_null(const char *text, char *null)
{
	*null = text != NULL ? ' ' : 'n';
	return text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
follow(const char *change, Oid object, const char *old_name, const char *new_name)
{
	Oid types[] = {TEXTOID, OIDOID, TEXTOID, TEXTOID};
	Datum values[4];
	char nulls[] = {' ', ' ', ' ', ' '};

	values[0] = CStringGetTextDatum(change);
	values[1] = ObjectIdGetDatum(object);
	values[2] = text_or_null(old_name, &nulls[2]);
	values[3] = text_or_null(new_name, &nulls[3]);
	ev_tracking_call("SELECT events._follow_ddl($1, $2, $3, $4)", lengthof(types), types, values,
					 nulls);
}

/* Are there columns of the type, or other types made of it? */
static bool
is_type_used(Oid type)
{
	Oid array = get_array_type(type);

	if (has_dependent(TypeRelationId, type, RelationRelationId, InvalidOid) ||
		has_dependent(TypeRelationId, type, TypeRelationId, array))
		return true;
	return OidIsValid(array) && is_type_used(array);
}

/* A table with other columns, and tables that have its rows in columns. */
static void
follow_table(const RangeVar *name, Oid function, const char *old_name, const char *new_name)
{
	Oid relid = RangeVarGetRelid(name, NoLock, true);
	Oid type = OidIsValid(relid) ? get_rel_type_id(relid) : InvalidOid;

	if (OidIsValid(relid) && is_family_tracked(relid, function))
		follow("altered", relid, old_name, new_name);
	if (OidIsValid(type) && is_type_used(type))
		follow("type", type, NULL, NULL);
}

/* A table that has, or had, a tracked one above it. */
static void
follow_move(const RangeVar *name)
{
	Oid relid = RangeVarGetRelid(name, NoLock, true);

	if (OidIsValid(relid))
		follow("moved", relid, NULL, NULL);
}

/* ---- commands */

static void
table_created(const CreateStmt *command, Oid function)
{
	ListCell *cell;

	foreach (cell, command->inhRelations)
	{
		if (is_tracked(lfirst_node(RangeVar, cell), function))
		{
			follow_move(command->relation);
			return;
		}
	}
}

/* May rows look different afterwards? */
static bool
changes_columns(const AlterTableCmd *command)
{
	switch (command->subtype)
	{
		case AT_AddColumn:
		case AT_DropColumn:
		case AT_AlterColumnType:
		case AT_SetNotNull:
		case AT_DropNotNull:
		case AT_DropExpression:
		case AT_DropConstraint: /* from 18, NOT NULL is one */
		case AT_ValidateConstraint:
			return true;
		case AT_AddConstraint:
			return castNode(Constraint, command->def)->contype == CONSTR_PRIMARY ||
				   castNode(Constraint, command->def)->contype == CONSTR_NOTNULL;
		default:
			return false;
	}
}

static void
table_altered(const AlterTableStmt *command, Oid function)
{
	bool columns = false;
	ListCell *cell;

	foreach (cell, command->cmds)
	{
		const AlterTableCmd *part = lfirst_node(AlterTableCmd, cell);

		columns |= changes_columns(part);
		switch (part->subtype)
		{
			case AT_AttachPartition:
			case AT_DetachPartition:
			case AT_DetachPartitionFinalize:
				if (is_tracked(command->relation, function))
					follow_move(castNode(PartitionCmd, part->def)->name);
				break;
			case AT_AddInherit:
				if (is_tracked(castNode(RangeVar, part->def), function))
					follow_move(command->relation);
				break;
			case AT_DropInherit:
				if (is_tracked(command->relation, function))
					follow_move(command->relation);
				break;
			default:
				break;
		}
	}
	if (columns)
		follow_table(command->relation, function, NULL, NULL);
}

/* The type of the table's rows, which columns of other tables may have. */
static void
composite_altered(const RangeVar *name, const char *old_name, const char *new_name)
{
	Oid relid = RangeVarGetRelid(name, NoLock, true);
	Oid type = OidIsValid(relid) ? get_rel_type_id(relid) : InvalidOid;

	if (OidIsValid(type))
		follow("type", type, old_name, new_name);
}

static void
type_altered(List *names)
{
	Oid type = LookupTypeNameOid(NULL, makeTypeNameFromNameList(names), true);

	if (OidIsValid(type))
		follow("type", type, NULL, NULL);
}

static void
column_renamed(const RenameStmt *command, Oid function)
{
	if (command->renameType == OBJECT_COLUMN)
		follow_table(command->relation, function, command->subname, command->newname);
	else if (command->renameType == OBJECT_ATTRIBUTE)
		composite_altered(command->relation, command->subname, command->newname);
}

/* ---- */

static void
look_at(Node *command, Oid function)
{
	ListCell *cell;

	switch (nodeTag(command))
	{
		case T_CreateStmt:
			table_created((CreateStmt *) command, function);
			break;
		case T_CreateSchemaStmt:
			foreach (cell, ((CreateSchemaStmt *) command)->schemaElts)
			{
				if (IsA(lfirst(cell), CreateStmt))
					table_created(lfirst(cell), function);
			}
			break;
		case T_AlterTableStmt:
			if (((AlterTableStmt *) command)->objtype == OBJECT_TYPE)
				composite_altered(((AlterTableStmt *) command)->relation, NULL, NULL);
			else
				table_altered((AlterTableStmt *) command, function);
			break;
		case T_RenameStmt:
			column_renamed((RenameStmt *) command, function);
			break;
		case T_AlterEnumStmt:
			type_altered(((AlterEnumStmt *) command)->typeName);
			break;
		case T_AlterDomainStmt:
			type_altered(((AlterDomainStmt *) command)->typeName);
			break;
		default:
			break;
	}
}

/* events._ddl() → event_trigger */
Datum
ev_capture_ddl(PG_FUNCTION_ARGS)
{
	EventTriggerData *data = (EventTriggerData *) fcinfo->context;
	Oid function;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("events._ddl() must be called as an event trigger")));
	if (IsBinaryUpgrade || !ev_catalog_is_installed())
		PG_RETURN_NULL();
	function = ev_tracking_function();
	if (!OidIsValid(function) ||
		!has_dependent(ProcedureRelationId, function, TriggerRelationId, InvalidOid))
		PG_RETURN_NULL();
	if (strcmp(data->event, "sql_drop") == 0)
		follow("dropped", InvalidOid, NULL, NULL);
	else
		look_at(data->parsetree, function);
	PG_RETURN_NULL();
}
