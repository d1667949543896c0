/* SPDX-License-Identifier: PostgreSQL
 *
 * compat.h: every difference between PostgreSQL 15 and 18 that this extension
 * meets, in one place.
 *
 * The rest of the code is written for the newest spelling; this file gives the
 * older servers that spelling.  A difference in behaviour, as opposed to in
 * spelling, is named here by a macro EV_HAVE_... so that `grep EV_HAVE` lists
 * all code that acts differently on some server.
 */
#ifndef EV_COMPAT_H
#define EV_COMPAT_H

#include "postgres.h"

#include "fmgr.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "events needs PostgreSQL 15, 16, 17 or 18"
#endif

/* 16: the macros of variable-length values have a header of their own. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16: where a relation lies is its locator; before, its file node. */
#if PG_VERSION_NUM >= 160000
#define EV_LOCATOR locator
#define EV_RD_LOCATOR rd_locator
#else
#define EV_LOCATOR node
#define EV_RD_LOCATOR rd_node
#endif

/* 18: the module magic carries a name and a version. */
#if PG_VERSION_NUM >= 180000
#define EV_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "events", .version = EV_VERSION)
#else
#define EV_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 17: named segments of shared memory without shared_preload_libraries. */
#if PG_VERSION_NUM >= 170000
#define EV_HAVE_DSM_REGISTRY 1
#endif

/* 17: a time-out for whole transactions, which would end the worker. */
#if PG_VERSION_NUM >= 170000
#define EV_HAVE_TRANSACTION_TIMEOUT 1
#endif

/* 17: backends are numbered by MyProcNumber; before, by the PGPROC's index. */
#if PG_VERSION_NUM >= 170000
#define EV_MY_PROC_NUMBER ((int) MyProcNumber)
#else
#define EV_MY_PROC_NUMBER (MyProc->pgprocno)
#endif

/* 16: one ownercheck and one aclcheck for all kinds of objects. */
#if PG_VERSION_NUM >= 160000
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_proc.h"
#define ev_relation_ownercheck(rel, role) object_ownercheck(RelationRelationId, (rel), (role))
#define ev_database_ownercheck(db, role) object_ownercheck(DatabaseRelationId, (db), (role))
#define ev_function_aclcheck(function, role) \
	object_aclcheck(ProcedureRelationId, (function), (role), ACL_EXECUTE)
#else
#define ev_relation_ownercheck(rel, role) pg_class_ownercheck((rel), (role))
#define ev_database_ownercheck(db, role) pg_database_ownercheck((db), (role))
#define ev_function_aclcheck(function, role) pg_proc_aclcheck((function), (role), ACL_EXECUTE)
#endif

/* 17: a background worker may act for a role that may not log in. */
#if PG_VERSION_NUM >= 170000
#define EV_HAVE_LOGIN_BYPASS 1
#define EV_BYPASS_LOGIN_CHECK BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define EV_BYPASS_LOGIN_CHECK 0
#endif

/* 18: the primary key may be deferrable, and the caller says if he minds. */
#if PG_VERSION_NUM >= 180000
#define ev_primary_key_index(rel) RelationGetPrimaryKeyIndex((rel), false)
#else
#define ev_primary_key_index(rel) RelationGetPrimaryKeyIndex(rel)
#endif

/* 16: BRIN-only updates; an insert never is one. */
#if PG_VERSION_NUM >= 160000
#define ev_insert_index_tuples(rri, slot, estate) \
	ExecInsertIndexTuples((rri), (slot), (estate), false, false, NULL, NIL, false)
#define ev_insert_index_tuples_speculative(rri, slot, estate, conflict) \
	ExecInsertIndexTuples((rri), (slot), (estate), false, true, (conflict), NIL, false)
#else
#define ev_insert_index_tuples(rri, slot, estate) \
	ExecInsertIndexTuples((rri), (slot), (estate), false, false, NULL, NIL)
#define ev_insert_index_tuples_speculative(rri, slot, estate, conflict) \
	ExecInsertIndexTuples((rri), (slot), (estate), false, true, (conflict), NIL)
#endif

/* 17: the first argument of the JSON lexer's constructor is the lexer, if there is one. */
#if PG_VERSION_NUM >= 170000
#define ev_make_json_lexer(text, length, encoding) \
	makeJsonLexContextCstringLen(NULL, (text), (length), (encoding), true)
#else
#define ev_make_json_lexer(text, length, encoding) \
	makeJsonLexContextCstringLen((text), (length), (encoding), true)
#endif

/* 16: an escape without an equivalent in the database's encoding has an error of its own. */
#if PG_VERSION_NUM >= 160000
#define ev_json_is_untranslatable(error) \
	((error) == JSON_UNICODE_CODE_POINT_ZERO || (error) == JSON_UNICODE_UNTRANSLATABLE)
#else
#define ev_json_is_untranslatable(error) ((error) == JSON_UNICODE_CODE_POINT_ZERO)
#endif

/* 18: a minimal tuple may have room in front of it. */
#if PG_VERSION_NUM >= 180000
#define ev_form_minimal_tuple(descriptor, values, nulls) \
	heap_form_minimal_tuple((descriptor), (values), (nulls), 0)
#else
#define ev_form_minimal_tuple(descriptor, values, nulls) \
	heap_form_minimal_tuple((descriptor), (Datum *) (values), (bool *) (nulls))
#endif

/* 18: what does not return says so before its type. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* 18: generated columns that no row holds. */
#if PG_VERSION_NUM >= 180000
#define EV_HAVE_VIRTUAL_GENERATED_COLUMNS 1
#endif

/* 18: a bitmap of one process has its own kind of iterator, whose results lie with the caller. */
#if PG_VERSION_NUM >= 180000
#define EvBitmapIterator TBMPrivateIterator
#define ev_bitmap_begin(bitmap) tbm_begin_private_iterate(bitmap)
#define ev_bitmap_next(iterator, room) (tbm_private_iterate((iterator), (room)) ? (room) : NULL)
#define ev_bitmap_end(iterator) tbm_end_private_iterate(iterator)
#define ev_bitmap_is_lossy(page) ((page)->lossy)
#define ev_bitmap_offsets(page, offsets) \
	tbm_extract_page_tuple((page), (offsets), MaxHeapTuplesPerPage)
#else
#define EvBitmapIterator TBMIterator
#define ev_bitmap_begin(bitmap) tbm_begin_iterate(bitmap)
#define ev_bitmap_next(iterator, room) ((void) (room), tbm_iterate(iterator))
#define ev_bitmap_end(iterator) tbm_end_iterate(iterator)
#define ev_bitmap_is_lossy(page) ((page)->ntuples < 0)
#define ev_bitmap_offsets(page, out) \
	(memcpy((out), (page)->offsets, (page)->ntuples * sizeof(OffsetNumber)), (page)->ntuples)
#endif

/* 18: the scan of an index counts what it does, if asked to. */
#if PG_VERSION_NUM >= 180000
#define ev_index_beginscan_bitmap(index, snapshot, nkeys) \
	index_beginscan_bitmap((index), (snapshot), NULL, (nkeys))
#else
#define ev_index_beginscan_bitmap(index, snapshot, nkeys) \
	index_beginscan_bitmap((index), (snapshot), (nkeys))
#endif

#endif /* EV_COMPAT_H */
