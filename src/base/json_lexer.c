/* SPDX-License-Identifier: PostgreSQL
 *
 * json_lexer.c: where a text stops being JSON.
 */
#include "base/compat.h"

#include "base/json_lexer.h"
#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

const char *
ev_json_lexer_find_error(const char *text, int length, int *sqlstate, char **detail)
{
	/* strings are decoded, since some escapes are errors */
	JsonLexContext *lexer = ev_make_json_lexer(unconstify(char *, text), length,
											   GetDatabaseEncoding());
	JsonSemAction nothing = {0};
	JsonParseErrorType error = pg_parse_json(lexer, &nothing);

	if (error == JSON_SUCCESS)
		return NULL;
	*sqlstate = ev_json_is_untranslatable(error) ? ERRCODE_UNTRANSLATABLE_CHARACTER
												 : ERRCODE_INVALID_TEXT_REPRESENTATION;
	*detail = json_errdetail(error, lexer);
	return lexer->token_start != NULL ? lexer->token_start : text + length;
}
