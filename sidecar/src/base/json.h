/*
 * json.h - reading and writing JSON; the only home of jansson.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Reading gives an immutable tree of Json values.  json_parse() returns its root, which
 * json_release() frees with everything below it; what the other functions return is borrowed from
 * the tree.  Accessors answer "nothing" (NULL, 0, false) for a value of another kind and for NULL,
 * so that a chain of them needs one check at its end.
 *
 * The parser is strict: UTF-8 only, no NUL inside strings, no trailing bytes, no repeated keys,
 * at most JSON_MAX_DEPTH levels (checked before jansson sees the text, so a hostile "[[[[…" costs
 * nothing).  Numbers are doubles here: one that is whole and below 2^53 counts as an integer.
 *
 * Text that is only passed on (events for the database) must not go through a tree, which would
 * round its numbers: json_raw_member() cuts a member's own bytes out of the text.
 *
 * Writing is done straight into a Buf, without a tree: json_put_string() and friends write one
 * value, commas and braces are the caller's.
 */
#ifndef EVENTSD_JSON_H
#define EVENTSD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define JSON_MAX_DEPTH 64

typedef struct json_t Json;

typedef enum JsonKind
{
	JSON_KIND_NONE, /* of NULL: no such member */
	JSON_KIND_NULL,
	JSON_KIND_BOOLEAN,
	JSON_KIND_INTEGER,
	JSON_KIND_REAL,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT
} JsonKind;

typedef struct JsonError
{
	char message[160]; /* in words, without the text itself */
	int line;		   /* from 1 */
	int column;		   /* from 1 */
	size_t offset;	   /* bytes from the start */
} JsonError;

/* NULL when the text is not JSON; then *error (may be NULL) says why */
Json *json_parse(const char *text, size_t len, JsonError *error);
void json_release(Json *root);

JsonKind json_kind(const Json *value);
/* member of an object */
const Json *json_member(const Json *object, const char *key);
/* element of an array, or NULL */
const Json *json_element(const Json *array, size_t index);
/* elements of an array, members of an object, else 0 */
size_t json_count(const Json *value);
/* a string's bytes (NUL-terminated in fact); data is NULL for anything else */
Str json_text(const Json *value);
int64_t json_whole(const Json *value);
bool json_truth(const Json *value);

/* all members of an object, in the order of the text */
typedef void (*JsonMemberFn)(void *arg, const char *key, const Json *value);
void json_each_member(const Json *object, JsonMemberFn fn, void *arg);

/*
 * The bytes of a member's value in the text of an object that json_parse() has accepted; data is
 * NULL when there is no such member.  Keys are compared as written, so only for plain ASCII keys.
 */
Str json_raw_member(const char *text, size_t len, const char *key);

/* the value again as compact text; false when the Buf overflowed */
bool json_write(Buf *out, const Json *value);

/* a quoted, escaped string; bytes that are not UTF-8 become U+FFFD */
bool json_put_string(Buf *out, const char *text, size_t len);
/* "key": of an object's next member, preceded by a comma unless the last byte is { or [ */
bool json_put_key(Buf *out, const char *key);
/* key and string value, or nothing when text is NULL */
bool json_put_member(Buf *out, const char *key, const char *text);
bool json_put_member_int(Buf *out, const char *key, int64_t value);
bool json_put_member_bool(Buf *out, const char *key, bool value);

#endif /* EVENTSD_JSON_H */
