/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_parse.c: reading a pattern.
 *
 * An object leads to the names in it, an array is a condition.  "$or" with an
 * array of two or more objects is a choice between them; where its value can
 * only be a condition (of strings, or of operators) it is a name like others,
 * as in event-ruler.
 *
 * All paths of a pattern stand in one tree, where a name is found by a hash of
 * its parent and itself, so that a pattern with many names takes no longer than
 * it is.
 */
#include "base/compat.h"

#include "base/pointer.h"
#include "common/hashfn.h"
#include "match/event_pattern_parse.h"
#include "miscadmin.h"

typedef struct PathSlot
{
	EvPath *path; /* the key: parent, name and whether it has an alias */
	uint32 hash;
	char status;
} PathSlot;

static uint32
hash_path(const EvPath *path)
{
	uint32 hash = hash_bytes((const unsigned char *) path->name, path->length);

	return hash_combine(hash, (uint32) ((uintptr_t) path->parent >> 4));
}

static bool
same_path(const EvPath *a, const EvPath *b)
{
	return a->parent == b->parent && a->length == b->length &&
		   (a->alias == NULL) == (b->alias == NULL) && memcmp(a->name, b->name, a->length) == 0;
}

#define SH_PREFIX paths
#define SH_ELEMENT_TYPE PathSlot
#define SH_KEY_TYPE EvPath *
#define SH_KEY path
#define SH_HASH_KEY(table, key) hash_path(key)
#define SH_EQUAL(table, a, b) same_path(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, slot) (slot)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

bool
ev_event_pattern_fault(EvPatternParser *parser, const char *format, ...)
{
	StringInfoData message;
	int needed = 1;

	initStringInfo(&message);
	while (needed > 0)
	{
		va_list args;

		enlargeStringInfo(&message, needed);
		va_start(args, format);
		needed = appendStringInfoVA(&message, format, args);
		va_end(args);
	}
	parser->fault->pointer = pstrdup(parser->pointer.data);
	parser->fault->message = message.data;
	return false;
}

int
ev_event_pattern_enter(EvPatternParser *parser, const char *name, int length)
{
	int mark = parser->pointer.len;

	ev_pointer_append(&parser->pointer, name, length);
	return mark;
}

int
ev_event_pattern_enter_index(EvPatternParser *parser, int index)
{
	int mark = parser->pointer.len;

	ev_pointer_append_index(&parser->pointer, index);
	return mark;
}

void
ev_event_pattern_leave(EvPatternParser *parser, int mark)
{
	parser->pointer.len = mark;
	parser->pointer.data[mark] = '\0';
}

EvCondition *
ev_event_pattern_new_condition(EvPatternParser *parser, const EvView *source, int ntests)
{
	EvEventPattern *pattern = parser->pattern;
	EvCondition *condition = palloc0(sizeof(EvCondition));

	if (pattern->nconditions == parser->capacity)
	{
		parser->capacity = parser->capacity == 0 ? 8 : parser->capacity * 2;
		if (pattern->conditions == NULL)
			pattern->conditions = palloc(parser->capacity * sizeof(EvCondition *));
		else
			pattern->conditions = repalloc_huge(pattern->conditions,
												parser->capacity * sizeof(EvCondition *));
	}
	pattern->conditions[pattern->nconditions] = condition;
	condition->number = pattern->nconditions++;
	condition->depth = parser->depth;
	condition->pointer = pstrdup(parser->pointer.data);
	condition->source = *source;
	condition->tests.tests = MemoryContextAllocHuge(CurrentMemoryContext,
													Max(ntests, 1) * sizeof(EvTest));
	return condition;
}

void
ev_event_pattern_add_test(EvTests *tests, EvTest test)
{
	tests->tests[tests->count++] = test;
}

/* The names of EventBridge's envelope, and what they are in a CloudEvent. */
static const char *
alias_of(const char *name, int length)
{
	if (length == strlen("detail") && memcmp(name, "detail", length) == 0)
		return "data";
	if (length == strlen("detail-type") && memcmp(name, "detail-type", length) == 0)
		return "type";
	return NULL;
}

static EvPath *
find_child(EvPatternParser *parser, EvPath *parent, const char *name, int length)
{
	EvPath key = {.parent = parent, .name = name, .length = length};
	PathSlot *slot;
	EvPath *child;
	bool found;

	if (parent->parent == NULL && parser->aliases)
		key.alias = alias_of(name, length);
	slot = paths_insert(parser->paths, &key, &found);
	if (found)
		return slot->path;
	child = palloc(sizeof(EvPath));
	*child = key;
	child->depth = parent->depth + 1;
	slot->path = child;
	if (parent->last != NULL)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	return child;
}

EvPath *
ev_event_pattern_extend(EvPatternParser *parser, EvPath *path, const char *name, int length)
{
	const char *end = name + length;

	for (;;)
	{
		const char *dot = memchr(name, '.', end - name);

		if (path->depth == EV_PATTERN_MAX_DEPTH)
		{
			ev_event_pattern_fault(parser, "a path has more than %d names", EV_PATTERN_MAX_DEPTH);
			return NULL;
		}
		path = find_child(parser, path, name, (dot != NULL ? dot : end) - name);
		if (dot == NULL)
			return path;
		name = dot + 1;
	}
}

static EvPart *
new_part(EvPartKind kind, int room)
{
	EvPart *part = palloc0(sizeof(EvPart));

	part->kind = kind;
	if (room > 0)
		part->parts = palloc(room * sizeof(EvPart *));
	return part;
}

/* What the value of "$or" is. */
typedef enum OrKind
{
	OR_CHOICE, /* objects to choose from */
	OR_NAME,   /* what any name may have */
	OR_MALFORMED
} OrKind;

/* Does the object have a name that is no operator? */
static bool
has_own_name(const EvView *object, bool *has_reserved)
{
	EvCursor cursor;
	EvView value;
	const char *name;
	int length;
	bool found = false;

	ev_view_begin(&cursor, object);
	while (ev_view_next_member(&cursor, &name, &length, &value))
	{
		if (ev_event_pattern_is_reserved(name, length))
			*has_reserved = true;
		else
			found = true;
	}
	return found;
}

static OrKind
kind_of_or(const EvView *value)
{
	EvCursor cursor;
	EvView element;
	int nobjects = 0;
	bool has_own = false, has_reserved = false;

	if (value->type != EV_JSON_ARRAY)
		return OR_NAME;
	ev_view_begin(&cursor, value);
	while (ev_view_next_element(&cursor, &element))
	{
		if (element.type != EV_JSON_OBJECT)
			continue;
		nobjects++;
		has_own |= has_own_name(&element, &has_reserved);
	}
	if (!has_own)
		return OR_NAME;
	return nobjects == ev_view_count(value) && nobjects >= 2 && !has_reserved ? OR_CHOICE
																			  : OR_MALFORMED;
}

static bool read_members(EvPatternParser *parser, const EvView *object, EvPath *path,
						 EvPart **part);

static bool
read_or(EvPatternParser *parser, const EvView *array, EvPath *path, EvPart **part)
{
	EvCursor cursor;
	EvView element;
	int index = 0;

	/* each level has two objects or more, which makes another combination */
	if (parser->depth == EV_PATTERN_MAX_CONJUNCTS)
		return ev_event_pattern_fault(parser, "$or makes more than %d combinations",
									  EV_PATTERN_MAX_CONJUNCTS);
	*part = new_part(EV_PART_ANY, ev_view_count(array));
	parser->depth++;
	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, &element))
	{
		int mark = ev_event_pattern_enter_index(parser, index++);

		if (!read_members(parser, &element, path, &(*part)->parts[(*part)->count]))
			return false;
		(*part)->count++;
		ev_event_pattern_leave(parser, mark);
	}
	parser->depth--;
	return true;
}

static bool
read_member(EvPatternParser *parser, const char *name, int length, const EvView *value,
			EvPath *path, EvPart **part)
{
	if (length == strlen("$or") && memcmp(name, "$or", length) == 0)
	{
		OrKind kind = kind_of_or(value);

		if (kind == OR_CHOICE)
			return read_or(parser, value, path, part);
		if (kind == OR_MALFORMED)
			return ev_event_pattern_fault(parser, "$or takes an array of two or more objects, in "
												  "which no name is that of an operator");
	}
	if (parser->depth > 0 && ev_event_pattern_is_reserved(name, length))
		return ev_event_pattern_fault(parser, "inside $or no name may be that of an operator");
	path = ev_event_pattern_extend(parser, path, name, length);
	if (path == NULL)
		return false;
	if (value->type == EV_JSON_OBJECT)
		return read_members(parser, value, path, part);
	if (value->type == EV_JSON_ARRAY)
	{
		EvCondition *condition;

		if (!ev_event_pattern_read_condition(parser, value, &condition))
			return false;
		*part = new_part(EV_PART_FIELD, 0);
		(*part)->field = (EvField) {.path = path, .condition = condition};
		return true;
	}
	return ev_event_pattern_fault(
		parser, "a name leads to an array of values and conditions, or to an object of names");
}

static bool
read_members(EvPatternParser *parser, const EvView *object, EvPath *path, EvPart **part)
{
	EvCursor cursor;
	EvView value;
	const char *name;
	int length;

	check_stack_depth();
	if (ev_view_count(object) == 0)
		return ev_event_pattern_fault(parser, "an object of a pattern cannot be empty");
	*part = new_part(EV_PART_ALL, ev_view_count(object));
	ev_view_begin(&cursor, object);
	while (ev_view_next_member(&cursor, &name, &length, &value))
	{
		int mark = ev_event_pattern_enter(parser, name, length);

		CHECK_FOR_INTERRUPTS();
		if (!read_member(parser, name, length, &value, path, &(*part)->parts[(*part)->count]))
			return false;
		(*part)->count++;
		ev_event_pattern_leave(parser, mark);
	}
	return true;
}

bool
ev_event_pattern_read_object(EvPatternParser *parser, const EvView *object, EvBranch **branch)
{
	EvPart *part;

	parser->aliases = true;
	return read_members(parser, object, parser->root, &part) &&
		   ev_event_pattern_expand(parser, part, branch);
}

static bool
read_whole(EvPatternParser *parser, const EvView *view, EvBranch **branch)
{
	if (view->type == EV_JSON_ARRAY)
		return ev_event_pattern_read_filters(parser, view, branch);
	if (view->type != EV_JSON_OBJECT)
		return ev_event_pattern_fault(parser, "a pattern is an object, or an array of filters");
	if (ev_event_pattern_is_filter(view))
		return ev_event_pattern_read_filter(parser, view, branch);
	return ev_event_pattern_read_object(parser, view, branch);
}

EvEventPattern *
ev_event_pattern_compile(const Jsonb *source, EvPatternFault *fault)
{
	EvEventPattern *pattern = palloc0(sizeof(EvEventPattern));
	EvPatternParser parser = {.pattern = pattern, .fault = fault};
	Jsonb *copy = palloc(VARSIZE(source));
	EvView view;
	bool ok;

	memcpy(copy, source, VARSIZE(source));
	pattern->source = copy;
	view = ev_view_of(copy);
	initStringInfo(&parser.pointer);
	parser.root = palloc0(sizeof(EvPath));
	parser.root->name = "";
	parser.paths = paths_create(CurrentMemoryContext, 16, NULL);
	ok = read_whole(&parser, &view, &pattern->root);
	paths_destroy(parser.paths);
	pfree(parser.pointer.data);
	return ok ? pattern : NULL;
}

EvEventPattern *
ev_event_pattern_make(const Jsonb *source)
{
	EvPatternFault fault;
	EvEventPattern *pattern = ev_event_pattern_compile(source, &fault);

	if (pattern == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid event pattern"),
						errdetail("At \"%s\": %s.", fault.pointer, fault.message),
						errhint("events.check_pattern() says in which line and column that is; "
								"docs/filters.md has the language.")));
	return pattern;
}
