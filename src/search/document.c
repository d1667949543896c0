/* SPDX-License-Identifier: PostgreSQL
 *
 * document.c: what of an event is searched: its text, as a tsvector, and its keys.
 *
 * Type, topic, source and subject are names: they are filed whole as well as in parts,
 * so that `created` finds order.created and "order.created" does too.
 *
 * Keys stand in no order and each once.  Of what begins a type or a topic no more
 * than EV_KEY_MAX_PREFIXES are made: an event with a topic of a thousand elements is
 * found by the first ones.
 */
#include "base/compat.h"

#include "base/view.h"
#include "catalog/pg_type.h"
#include "match/topic.h"
#include "mb/pg_wchar.h"
#include "search/document.h"
#include "search/document_configuration.h"
#include "search/document_data.h"
#include "search/vector.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* Besides prefixes: type, source, user, subject, id, correlation, configuration, truncated. */
#define OTHER_KEYS (8 + EV_CHUNK_LEVELS)

/* ---- keys */

static int64
add_key(EvDocument *document, EvSearchKeyKind kind, const char *text, int length)
{
	int64 key = ev_search_key(kind, text, length);

	document->keys[document->nkeys++] = key;
	return key;
}

static int64
add_text_key(EvDocument *document, EvSearchKeyKind kind, Datum value)
{
	text *t = DatumGetTextPP(value);

	return add_key(document, kind, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
}

/* "a.", "a.b." of a.b.c */
static void
add_type_keys(EvDocument *document, const text *type)
{
	const char *s = VARDATA_ANY(type);
	int length = VARSIZE_ANY_EXHDR(type);
	int n = 0;

	document->type = add_key(document, EV_KEY_TYPE, s, length);
	for (int i = 0; i < length && n < EV_KEY_MAX_PREFIXES; i++)
	{
		if (s[i] == '.')
		{
			add_key(document, EV_KEY_TYPE_PREFIX, s, i + 1);
			n++;
		}
	}
}

/* "order", "order/created" of order/created; slashes stand between elements only. */
static void
add_topic_keys(EvDocument *document, const char *path, int length)
{
	int n = 0;

	document->topic = ev_search_key(EV_KEY_TOPIC, path, length);
	for (int i = 1; i <= length && n < EV_KEY_MAX_PREFIXES; i++)
	{
		if (i == length || path[i] == '/')
		{
			add_key(document, EV_KEY_TOPIC_PREFIX, path, i);
			n++;
		}
	}
}

/* The key of an attribute, if the event has it and it is no container. */
static bool
add_attribute_key(EvDocument *document, EvSearchKeyKind kind, const Jsonb *attributes,
				  const char *name, int64 *key)
{
	EvView object = ev_view_of(attributes);
	EvView value;
	char *text;

	if (object.type != EV_JSON_OBJECT || !ev_view_get(&object, name, &value))
		return false;
	switch (value.type)
	{
		case EV_JSON_STRING:
			*key = add_key(document, kind, value.data, value.length);
			return true;
		case EV_JSON_NUMBER:
			text = numeric_normalize(ev_view_numeric(&value));
			*key = add_key(document, kind, text, strlen(text));
			return true;
		case EV_JSON_BOOLEAN:
			text = value.boolean ? "true" : "false";
			*key = add_key(document, kind, text, strlen(text));
			return true;
		case EV_JSON_NULL:
		case EV_JSON_ARRAY:
		case EV_JSON_OBJECT:
			break;
	}
	return false;
}

static void
add_chunk_keys(EvDocument *document, int64 position)
{
	for (int level = 0; level < EV_CHUNK_LEVELS; level++)
		document->keys[document->nkeys++] = ev_search_chunk_key(level,
																position >> ev_chunk_shifts[level]);
}

static void
add_keys(EvDocument *document, const Datum *values, const bool *nulls, const char *topic,
		 int topic_length)
{
	document->keys = palloc(sizeof(int64) * (OTHER_KEYS + 2 * EV_KEY_MAX_PREFIXES));
	add_type_keys(document, DatumGetTextPP(values[EV_TYPE]));
	document->source = add_text_key(document, EV_KEY_SOURCE, values[EV_SOURCE]);
	add_topic_keys(document, topic, topic_length);
	add_text_key(document, EV_KEY_ID, values[EV_ID]);
	if (!nulls[EV_SUBJECT])
		add_text_key(document, EV_KEY_SUBJECT, values[EV_SUBJECT]);
	if (!nulls[EV_ATTRIBUTES])
	{
		Jsonb *attributes = DatumGetJsonbP(values[EV_ATTRIBUTES]);
		int64 correlation;

		document->has_user = add_attribute_key(document, EV_KEY_USER, attributes, "user",
											   &document->user);
		(void) add_attribute_key(document, EV_KEY_CORRELATION, attributes, "correlationid",
								 &correlation);
	}
	document->keys[document->nkeys++] = ev_document_configuration_key(document->configuration);
	if (document->is_truncated)
		add_key(document, EV_KEY_TRUNCATED, "", 0);
	add_chunk_keys(document, DatumGetInt64(values[EV_POSITION]));
}

/* ---- text */

/* As much of a name as there is room for. */
static void
add_name(EvDocument *document, EvVector *vector, const char *name, int length, int weight,
		 bool remember)
{
	if (length > EV_DOCUMENT_MAX_NAME)
	{
		document->is_truncated = true;
		length = pg_mbcliplen(name, length, EV_DOCUMENT_MAX_NAME);
	}
	ev_vector_add_name(vector, name, length, weight, remember);
}

static void
add_text_name(EvDocument *document, EvVector *vector, Datum value, int weight, bool remember)
{
	text *t = DatumGetTextPP(value);

	add_name(document, vector, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t), weight, remember);
}

static TSVector
make_text(EvDocument *document, const Datum *values, const bool *nulls, const char *topic,
		  int topic_length)
{
	EvVector vector;
	int left = EV_DOCUMENT_MAX_TEXT;

	ev_vector_begin(&vector, document->configuration);
	add_text_name(document, &vector, values[EV_TYPE], EV_WEIGHT_A, true);
	if (!nulls[EV_SUBJECT])
		add_text_name(document, &vector, values[EV_SUBJECT], EV_WEIGHT_A, false);
	add_name(document, &vector, topic, topic_length, EV_WEIGHT_B, true);
	add_text_name(document, &vector, values[EV_SOURCE], EV_WEIGHT_B, true);
	if (!nulls[EV_DATA] && !ev_document_data_add(&vector, DatumGetJsonbP(values[EV_DATA]), &left))
		document->is_truncated = true;
	document->is_truncated |= vector.is_full;
	return ev_vector_finish(&vector);
}

static void
make(EvDocument *document, const Datum *values, const bool *nulls, Oid configuration,
	 bool with_text)
{
	int length;
	char *topic = ev_topic_to_path(DatumGetArrayTypeP(values[EV_TOPIC]), &length);

	memset(document, 0, sizeof(EvDocument));
	document->configuration = configuration;
	if (with_text)
		document->text = make_text(document, values, nulls, topic, length);
	add_keys(document, values, nulls, topic, length);
}

void
ev_document_make(EvDocument *document, const Datum *values, const bool *nulls, Oid configuration)
{
	make(document, values, nulls, configuration, true);
}

void
ev_document_make_keys(EvDocument *document, const Datum *values, const bool *nulls,
					  Oid configuration)
{
	make(document, values, nulls, configuration, false);
}

void
ev_document_make_textless(EvDocument *document, const Datum *values, const bool *nulls,
						  Oid configuration)
{
	int length;
	char *topic = ev_topic_to_path(DatumGetArrayTypeP(values[EV_TOPIC]), &length);

	memset(document, 0, sizeof(EvDocument));
	document->configuration = configuration;
	document->text = palloc0(CALCDATASIZE(0, 0));
	SET_VARSIZE(document->text, CALCDATASIZE(0, 0));
	document->is_truncated = true;
	add_keys(document, values, nulls, topic, length);
}

ArrayType *
ev_document_keys_array(const EvDocument *document)
{
	Datum *keys = palloc(sizeof(Datum) * document->nkeys);

	for (int i = 0; i < document->nkeys; i++)
		keys[i] = Int64GetDatum(document->keys[i]);
	return construct_array(keys, document->nkeys, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
						   TYPALIGN_DOUBLE);
}
