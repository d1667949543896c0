/* SPDX-License-Identifier: PostgreSQL
 *
 * json_lexer.h: where a text stops being JSON.
 *
 * PostgreSQL's parser, asked for the place of the error instead of raising it.
 */
#ifndef EV_JSON_LEXER_H
#define EV_JSON_LEXER_H

#include "postgres.h"

/* NULL if it is JSON; else the place, with the SQLSTATE of the error and a sentence. */
extern const char *ev_json_lexer_find_error(const char *text, int length, int *sqlstate,
											char **detail);

#endif /* EV_JSON_LEXER_H */
