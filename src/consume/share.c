/* SPDX-License-Identifier: PostgreSQL
 *
 * share.c: to which share of a consumer does an event belong?
 *
 * Nearly always the key is a column, and what is not a member's own is passed over
 * without looking at anything else of it.
 */
#include "base/compat.h"

#include "consume/share.h"
#include "match/feel_hash.h"

static uint64
hash_column(const EvEventSubject *event, EvColumn column)
{
	text *value = DatumGetTextPP(event->values[column]);

	return ev_feel_hash_string(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

bool
ev_share_hash(const EvConsumer *consumer, EvEventSubject *event, uint64 *hash)
{
	EvFeelLimit exceeded = EV_FEEL_WITHIN_LIMITS;

	switch (consumer->key_kind)
	{
		case EV_KEY_NONE:
			*hash = 0;
			return true;
		case EV_KEY_COLUMN:
			*hash = hash_column(event,
								event->nulls[consumer->key_column] ? EV_ID : consumer->key_column);
			return true;
		case EV_KEY_FEEL:
			if (ev_feel_hash(consumer->key, &event->subject, hash, &exceeded))
				return true;
			break;
	}
	*hash = hash_column(event, EV_ID);
	return exceeded == EV_FEEL_WITHIN_LIMITS;
}
