/* SPDX-License-Identifier: PostgreSQL
 *
 * document_data.h: the text of the data of an event.
 */
#ifndef EV_DOCUMENT_DATA_H
#define EV_DOCUMENT_DATA_H

#include "search/vector.h"
#include "utils/jsonb.h"

/*
 * Add values and keys of a jsonb value, no more than *left bytes of text, which is
 * counted down.  False if something was left out.
 */
extern bool ev_document_data_add(EvVector *vector, const Jsonb *data, int *left);

#endif /* EV_DOCUMENT_DATA_H */
