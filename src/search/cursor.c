/* SPDX-License-Identifier: PostgreSQL
 *
 * cursor.c: where the next page of a search begins; see cursor.h.
 *
 * The form: version, order, epoch, hash of the search, position, upper bound, number of
 * hits so far, rank, and a hash of all that.  No secret is in it: who makes one up sees
 * what he may see anyway.  The times of a search are not part of the hash, so that "the
 * last hour" may move between one page and the next.
 */
#include "base/compat.h"

#include "common/base64.h"
#include "common/hashfn.h"
#include "search/cursor.h"
#include "store/epoch.h"
#include "utils/builtins.h"

#define VERSION 1

typedef struct Form
{
	int64 position;
	int64 upto;
	int64 seen;
	uint64 search;
	char epoch[EV_EPOCH_LENGTH];
	float4 rank;
	uint16 order;
	uint16 version;
	uint64 check;
} Form;

#define CHECKED offsetof(Form, check)

static uint64
check_of(const Form *form)
{
	return hash_bytes_extended((const unsigned char *) form, CHECKED, VERSION);
}

static void
fill_epoch(Form *form)
{
	char epoch[EV_EPOCH_LENGTH + 1] = {0};

	ev_epoch_current(epoch);
	memcpy(form->epoch, epoch, EV_EPOCH_LENGTH);
}

text *
ev_cursor_write(const EvSearchCursor *cursor)
{
	char encoded[2 * sizeof(Form)];
	Form form;
	int length;

	memset(&form, 0, sizeof(form));
	form.version = VERSION;
	form.order = cursor->order;
	form.search = cursor->search;
	form.position = cursor->position;
	form.upto = cursor->upto;
	form.seen = cursor->seen;
	form.rank = cursor->rank;
	fill_epoch(&form);
	form.check = check_of(&form);
	length = pg_b64_encode((const void *) &form, sizeof(form), encoded, sizeof(encoded));
	while (length > 0 && encoded[length - 1] == '=')
		length--;
	for (int i = 0; i < length; i++)
	{
		if (encoded[i] == '+')
			encoded[i] = '-';
		else if (encoded[i] == '/')
			encoded[i] = '_';
	}
	return cstring_to_text_with_len(encoded, length);
}

/* false if it is nothing that ev_cursor_write() has made */
static bool
decode(const text *written, Form *form)
{
	char encoded[2 * sizeof(Form)];
	int length = VARSIZE_ANY_EXHDR(written);

	if (length != (int) (sizeof(Form) * 8 + 5) / 6)
		return false;
	for (int i = 0; i < length; i++)
	{
		char c = VARDATA_ANY(written)[i];

		encoded[i] = c == '-' ? '+' : c == '_' ? '/' : c;
	}
	while (length % 4 != 0)
		encoded[length++] = '=';
	return pg_b64_decode(encoded, length, (void *) form, sizeof(Form)) == sizeof(Form) &&
		   form->version == VERSION && form->check == check_of(form);
}

void
ev_cursor_read(EvSearchCursor *cursor, const text *written, EvOrder order, uint64 search)
{
	Form form;
	Form now;

	if (!decode(written, &form))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("this is no cursor of a search"),
				 errhint("Give the column cursor of the last row of a page, as it is.")));
	if (form.search != search || form.order != order)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the cursor is of another search"),
			 errdetail("A cursor goes with the filters and the order of the search that gave it; "
					   "only its times may change."),
			 errhint("Begin without a cursor, or repeat the filters and the order.")));
	fill_epoch(&now);
	if (memcmp(form.epoch, now.epoch, EV_EPOCH_LENGTH) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the cursor is of another epoch"),
				 errdetail("The database was restored to an earlier point since."),
				 errhint("Begin without a cursor.")));
	cursor->order = order;
	cursor->search = search;
	cursor->position = form.position;
	cursor->upto = form.upto;
	cursor->seen = form.seen;
	cursor->rank = form.rank;
}
