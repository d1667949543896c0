/* SPDX-License-Identifier: PostgreSQL
 *
 * draft.c: the table of keywords, and the names of drafts and vocabularies.
 *
 * This is all that tells one draft from another, but for what cannot be said
 * by the presence of a keyword: where `$ref` silences its siblings, what an
 * identifier is (resource.c), and draft 4's notion of an integer (compile.c).
 *
 * `dependencies` and `definitions` left the specification in 2019-09; later
 * drafts still honour them here, as their meta-schemas recommend.  Keywords
 * that only annotate (title, default, contentEncoding, ...) have no rows, except
 * where they hold schemas.
 */
#include "base/compat.h"

#include "schema/keyword.h"

#define D4 (1 << EV_DRAFT_4)
#define D6 (1 << EV_DRAFT_6)
#define D7 (1 << EV_DRAFT_7)
#define D19 (1 << EV_DRAFT_2019_09)
#define D20 (1 << EV_DRAFT_2020_12)
#define FROM_20 D20
#define FROM_19 (D19 | FROM_20)
#define FROM_7 (D7 | FROM_19)
#define FROM_6 (D6 | FROM_7)
#define FROM_4 (D4 | FROM_6)
#define TO_7 (D4 | D6 | D7)
#define TO_19 (TO_7 | D19)

#define ROW(name, drafts, vocabulary, holds, compile)                              \
	{                                                                              \
		name, sizeof(name) - 1, drafts, EV_VOCABULARY_##vocabulary, holds, compile \
	}

#define NOTHING 0
#define SCHEMA EV_HOLDS_SCHEMA
#define LIST EV_HOLDS_LIST
#define MEMBERS EV_HOLDS_MEMBERS

/* Sorted by (length, bytes), as the keys of jsonb are. */
/* clang-format off */
static const EvKeyword keywords[] = {
	ROW("id", D4, CORE, NOTHING, ev_compile_identifier),
	ROW("if", FROM_7, APPLICATOR, SCHEMA, ev_compile_if),
	ROW("$id", FROM_6, CORE, NOTHING, ev_compile_identifier),
	ROW("not", FROM_4, APPLICATOR, SCHEMA, ev_compile_not),
	ROW("$ref", FROM_4, CORE, NOTHING, ev_compile_ref),
	ROW("else", FROM_7, APPLICATOR, SCHEMA, ev_compile_else),
	ROW("enum", FROM_4, VALIDATION, NOTHING, ev_compile_enum),
	ROW("then", FROM_7, APPLICATOR, SCHEMA, ev_compile_then),
	ROW("type", FROM_4, VALIDATION, NOTHING, ev_compile_type),
	ROW("$defs", FROM_19, CORE, MEMBERS, NULL),
	ROW("allOf", FROM_4, APPLICATOR, LIST, ev_compile_all_of),
	ROW("anyOf", FROM_4, APPLICATOR, LIST, ev_compile_any_of),
	ROW("const", FROM_6, VALIDATION, NOTHING, ev_compile_const),
	ROW("items", TO_19, APPLICATOR, SCHEMA | LIST, ev_compile_items_or_prefix),
	ROW("items", FROM_20, APPLICATOR, SCHEMA, ev_compile_items),
	ROW("oneOf", FROM_4, APPLICATOR, LIST, ev_compile_one_of),
	ROW("format", FROM_4, FORMAT, NOTHING, ev_compile_format),
	ROW("$anchor", FROM_19, CORE, NOTHING, ev_compile_identifier),
	ROW("maximum", FROM_4, VALIDATION, NOTHING, ev_compile_maximum),
	ROW("minimum", FROM_4, VALIDATION, NOTHING, ev_compile_minimum),
	ROW("pattern", FROM_4, VALIDATION, NOTHING, ev_compile_pattern_keyword),
	ROW("contains", FROM_6, APPLICATOR, SCHEMA, ev_compile_contains),
	ROW("maxItems", FROM_4, VALIDATION, NOTHING, ev_compile_max_items),
	ROW("minItems", FROM_4, VALIDATION, NOTHING, ev_compile_min_items),
	ROW("required", FROM_4, VALIDATION, NOTHING, ev_compile_required),
	ROW("maxLength", FROM_4, VALIDATION, NOTHING, ev_compile_max_length),
	ROW("minLength", FROM_4, VALIDATION, NOTHING, ev_compile_min_length),
	ROW("multipleOf", FROM_4, VALIDATION, NOTHING, ev_compile_multiple_of),
	ROW("properties", FROM_4, APPLICATOR, MEMBERS, ev_compile_properties),
	ROW("$dynamicRef", FROM_20, CORE, NOTHING, ev_compile_dynamic_ref),
	ROW("definitions", FROM_4, CORE, MEMBERS, NULL),
	ROW("maxContains", FROM_19, VALIDATION, NOTHING, ev_compile_max_contains),
	ROW("minContains", FROM_19, VALIDATION, NOTHING, ev_compile_min_contains),
	ROW("prefixItems", FROM_20, APPLICATOR, LIST, ev_compile_prefix_items),
	ROW("uniqueItems", FROM_4, VALIDATION, NOTHING, ev_compile_unique_items),
	ROW("dependencies", FROM_4, APPLICATOR, MEMBERS, ev_compile_dependencies),
	ROW("$recursiveRef", D19, CORE, NOTHING, ev_compile_recursive_ref),
	ROW("contentSchema", FROM_19, CORE, SCHEMA, NULL),
	ROW("maxProperties", FROM_4, VALIDATION, NOTHING, ev_compile_max_properties),
	ROW("minProperties", FROM_4, VALIDATION, NOTHING, ev_compile_min_properties),
	ROW("propertyNames", FROM_6, APPLICATOR, SCHEMA, ev_compile_property_names),
	ROW("$dynamicAnchor", FROM_20, CORE, NOTHING, ev_compile_identifier),
	ROW("additionalItems", TO_19, APPLICATOR, SCHEMA, ev_compile_additional_items),
	ROW("$recursiveAnchor", D19, CORE, NOTHING, ev_compile_flag),
	ROW("dependentSchemas", FROM_19, APPLICATOR, MEMBERS, ev_compile_dependent_schemas),
	ROW("exclusiveMaximum", D4, VALIDATION, NOTHING, ev_compile_maximum_excluded),
	ROW("exclusiveMaximum", FROM_6, VALIDATION, NOTHING, ev_compile_exclusive_maximum),
	ROW("exclusiveMinimum", D4, VALIDATION, NOTHING, ev_compile_minimum_excluded),
	ROW("exclusiveMinimum", FROM_6, VALIDATION, NOTHING, ev_compile_exclusive_minimum),
	ROW("unevaluatedItems", FROM_19, UNEVALUATED, SCHEMA, ev_compile_unevaluated_items),
	ROW("dependentRequired", FROM_19, VALIDATION, NOTHING, ev_compile_dependent_required),
	ROW("patternProperties", FROM_4, APPLICATOR, MEMBERS, ev_compile_pattern_properties),
	ROW("additionalProperties", FROM_4, APPLICATOR, SCHEMA, ev_compile_additional_properties),
	ROW("unevaluatedProperties", FROM_19, UNEVALUATED, SCHEMA, ev_compile_unevaluated_properties),
};
/* clang-format on */

#define VOCABULARY_2019 "https://json-schema.org/draft/2019-09/vocab/"
#define VOCABULARY_2020 "https://json-schema.org/draft/2020-12/vocab/"

static const EvVocabulary vocabularies[] = {
	{VOCABULARY_2019 "core", EV_VOCABULARY_CORE},
	{VOCABULARY_2019 "applicator", EV_VOCABULARY_APPLICATOR | EV_VOCABULARY_UNEVALUATED},
	{VOCABULARY_2019 "validation", EV_VOCABULARY_VALIDATION},
	{VOCABULARY_2019 "meta-data", 0},
	{VOCABULARY_2019 "format", EV_VOCABULARY_FORMAT, false, true},
	{VOCABULARY_2019 "content", 0},
	{VOCABULARY_2020 "core", EV_VOCABULARY_CORE},
	{VOCABULARY_2020 "applicator", EV_VOCABULARY_APPLICATOR},
	{VOCABULARY_2020 "unevaluated", EV_VOCABULARY_UNEVALUATED},
	{VOCABULARY_2020 "validation", EV_VOCABULARY_VALIDATION},
	{VOCABULARY_2020 "meta-data", 0},
	{VOCABULARY_2020 "format-annotation", EV_VOCABULARY_FORMAT},
	{VOCABULARY_2020 "format-assertion", EV_VOCABULARY_FORMAT, true, true},
	{VOCABULARY_2020 "content", 0},
};

static const struct
{
	const char *name;
	const char *uri;
} drafts[] = {
	[EV_DRAFT_4] = {"draft-04", "http://json-schema.org/draft-04/schema#"},
	[EV_DRAFT_6] = {"draft-06", "http://json-schema.org/draft-06/schema#"},
	[EV_DRAFT_7] = {"draft-07", "http://json-schema.org/draft-07/schema#"},
	[EV_DRAFT_2019_09] = {"2019-09", "https://json-schema.org/draft/2019-09/schema"},
	[EV_DRAFT_2020_12] = {"2020-12", "https://json-schema.org/draft/2020-12/schema"},
};

const char *
ev_draft_name(EvDraft draft)
{
	return drafts[draft].name;
}

const char *
ev_draft_uri(EvDraft draft)
{
	return drafts[draft].uri;
}

/* What remains of a URI to compare: without http:// or https://, and without '#' at its end. */
static const char *
bare_uri(const char *uri, int *length)
{
	int scheme = 0;

	if (*length >= 7 && memcmp(uri, "http://", 7) == 0)
		scheme = 7;
	else if (*length >= 8 && memcmp(uri, "https://", 8) == 0)
		scheme = 8;
	*length -= scheme;
	if (*length > 0 && uri[scheme + *length - 1] == '#')
		(*length)--;
	return uri + scheme;
}

/* Both schemes are taken: schemas in the field write either. */
bool
ev_draft_by_name(const char *name, EvDraft *draft)
{
	for (int i = EV_DRAFT_4; i <= EV_DRAFT_2020_12; i++)
	{
		if (strcmp(name, ev_draft_name(i)) == 0)
		{
			*draft = i;
			return true;
		}
	}
	return false;
}

bool
ev_draft_by_uri(const char *uri, int length, EvDraft *draft)
{
	uri = bare_uri(uri, &length);
	for (int i = 0; i < lengthof(drafts); i++)
	{
		int known_length = strlen(drafts[i].uri);
		const char *known = bare_uri(drafts[i].uri, &known_length);

		if (known_length == length && memcmp(known, uri, length) == 0)
		{
			*draft = i;
			return true;
		}
	}
	return false;
}

const EvVocabulary *
ev_vocabulary_by_uri(const char *uri, int length)
{
	for (int i = 0; i < lengthof(vocabularies); i++)
		if (strlen(vocabularies[i].uri) == length && memcmp(vocabularies[i].uri, uri, length) == 0)
			return &vocabularies[i];
	return NULL;
}

void
ev_keyword_begin(EvKeywordCursor *cursor, const EvView *schema, EvDraft draft, uint8 vocabularies)
{
#ifdef USE_ASSERT_CHECKING
	for (int i = 1; i < lengthof(keywords); i++)
		Assert(ev_view_compare_keys(keywords[i - 1].name, keywords[i - 1].length, keywords[i].name,
									keywords[i].length) <= 0);
#endif
	ev_view_begin(&cursor->members, schema);
	cursor->draft_bit = 1 << draft;
	cursor->vocabularies = vocabularies | EV_VOCABULARY_CORE;
	cursor->row = 0;
}

/* Members and rows are in the same order, so each is looked at once. */
bool
ev_keyword_next(EvKeywordCursor *cursor)
{
	const char *key;
	int length;

	while (ev_view_next_member(&cursor->members, &key, &length, &cursor->value))
	{
		for (; cursor->row < lengthof(keywords); cursor->row++)
		{
			const EvKeyword *row = &keywords[cursor->row];
			int order = ev_view_compare_keys(row->name, row->length, key, length);

			if (order > 0)
				break;
			if (order == 0 && (row->drafts & cursor->draft_bit) != 0 &&
				(row->vocabulary & cursor->vocabularies) != 0)
			{
				cursor->keyword = row;
				return true;
			}
		}
	}
	return false;
}
