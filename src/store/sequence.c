/* SPDX-License-Identifier: PostgreSQL
 *
 * sequence.c: our sequences, read and drawn from without a trace in the session.
 *
 * Reading: pg_sequence_last_value() needs the caller's privileges, and nextval()
 * moves the sequence, so the page is read directly.
 *
 * Drawing: nextval() makes its sequence the one that lastval() tells of, so an
 * application that has inserted a row, into a tracked table or beside an event,
 * would get our position from lastval(), or rather an error, since the sequence
 * is not its own.  And for many rows nextval() for each is a tenth of the commit.
 * So values are taken here, as many as are needed at once, by the rules of
 * nextval():
 *
 *   - the log says that some values more than were asked for are drawn, and those
 *     are then taken without another record: after a crash the sequence goes on
 *     behind what was logged, so some are skipped and none comes twice;
 *   - but the first draw after a checkpoint has begun logs again, since recovery
 *     begins there and would never see what was logged before;
 *   - who logs has a transaction id, so that his commit waits for the log.
 *
 * Our sequences count up by one; CYCLE and MAXVALUE mean nothing here.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "store/sequence.h"

#define LOG_AHEAD 32

/* The sequence's one row, on its locked page. */
typedef struct Row
{
	Buffer buffer;
	HeapTupleHeader header;
	Size length;
	FormData_pg_sequence_data *data;
} Row;

static void
lock_row(Row *row, Relation sequence, int mode)
{
	Page page;
	ItemId item;

	row->buffer = ReadBuffer(sequence, 0);
	LockBuffer(row->buffer, mode);
	page = BufferGetPage(row->buffer);
	item = PageGetItemId(page, FirstOffsetNumber);
	row->header = (HeapTupleHeader) PageGetItem(page, item);
	row->length = ItemIdGetLength(item);
	row->data = (FormData_pg_sequence_data *) ((char *) row->header + row->header->t_hoff);
}

static int64
last_of(const Row *row)
{
	return row->data->is_called ? row->data->last_value : row->data->last_value - 1;
}

int64
ev_sequence_read(Relation sequence)
{
	Row row;
	int64 last;

	lock_row(&row, sequence, BUFFER_LOCK_SHARE);
	last = last_of(&row);
	UnlockReleaseBuffer(row.buffer);
	return last;
}

/* Are there values that are logged as drawn, and will be after a crash? */
static bool
has_logged(const Row *row)
{
	return row->data->is_called && row->data->log_cnt > 0 &&
		   PageGetLSN(BufferGetPage(row->buffer)) > GetRedoRecPtr();
}

static void
set_row(Row *row, int64 last, int64 logged)
{
	row->data->last_value = last;
	row->data->is_called = true;
	row->data->log_cnt = logged;
}

/* Log the row as it is: recovery makes the page anew of it. */
static void
log_row(const Row *row, Relation sequence)
{
	xl_seq_rec record;
	XLogRecPtr lsn;

	record.EV_LOCATOR = sequence->EV_RD_LOCATOR;
	XLogBeginInsert();
	XLogRegisterBuffer(0, row->buffer, REGBUF_WILL_INIT);
	XLogRegisterData((char *) &record, sizeof(record));
	XLogRegisterData((char *) row->header, row->length);
	lsn = XLogInsert(RM_SEQ_ID, XLOG_SEQ_LOG);
	PageSetLSN(BufferGetPage(row->buffer), lsn);
}

int
ev_sequence_draw(Relation sequence, int most, int64 *first)
{
	Row row;
	int64 last;
	bool must_log;
	int n = most;

	lock_row(&row, sequence, BUFFER_LOCK_EXCLUSIVE);
	last = last_of(&row);
	must_log = !has_logged(&row);
	if (last > PG_INT64_MAX - most - LOG_AHEAD)
		ereport(ERROR,
				(errcode(ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED),
				 errmsg("sequence \"%s\" has no values left", RelationGetRelationName(sequence)),
				 errhint("Somebody has set it; set it back with setval().")));
	if (must_log)
		(void) GetTopTransactionId();
	else
		n = (int) Min(row.data->log_cnt, most);

	START_CRIT_SECTION();
	MarkBufferDirty(row.buffer);
	if (must_log && RelationNeedsWAL(sequence))
	{
		set_row(&row, last + n + LOG_AHEAD, 0);
		log_row(&row, sequence);
	}
	set_row(&row, last + n, must_log ? LOG_AHEAD : row.data->log_cnt - n);
	END_CRIT_SECTION();

	UnlockReleaseBuffer(row.buffer);
	*first = last + 1;
	return n;
}
