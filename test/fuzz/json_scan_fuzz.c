/*
 * json_scan_fuzz.c - messages and events: the checker against the parser.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * What the parser takes the checker must take too (the other way round it need not be: the parser
 * reads numbers and refuses those that it cannot hold, and repeated keys).  Parts lie in the text,
 * one behind the other, and each value is JSON by itself.
 */
#include "fuzz.h"

#include "base/json.h"
#include "web/json_scan.h"

typedef struct Parts
{
	const char *at; /* behind the last one */
	const char *end;
	char kind;
	int count;
} Parts;

static void
note_part(void *arg, Str key, Str value)
{
	Parts *parts = arg;
	JsonFault fault;
	char kind;

	parts->count++;
	must(value.data >= parts->at && value.data + value.len <= parts->end && value.len > 0);
	must(key.len == 0 || (key.data >= parts->at && key.data + key.len < value.data));
	must(key.len == 0 || (key.data[0] == '"' && key.data[key.len - 1] == '"'));
	must(json_scan(value, &kind, NULL, NULL, &fault));
	parts->at = value.data + value.len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size);
	Parts parts = {text, text + size, '\0', 0};
	JsonFault fault = {NULL, 0};
	JsonError error;
	bool good = json_scan((Str) {text, size}, &parts.kind, note_part, &parts, &fault);
	Json *root = json_parse(text, size, &error);

	must(good || (fault.message != NULL && fault.offset <= size));
	must(good || root == NULL);
	if (root != NULL)
		json_release(root);
	free(text);
	return 0;
}
