/*
 * value.c - from text to the value of a setting, and back.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * All sources (file, variables, flags, defaults) give text, so a value is understood in one way
 * wherever it comes from.  Units are those of postgresql.conf: B kB MB GB (powers of 1024), and
 * ms s min h d; a bare number counts bytes or seconds.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/table.h"

typedef struct Unit
{
	const char *name;
	int64_t factor;
} Unit;

static const Unit byte_units[] = {{"GB", INT64_C(1) << 30},
								  {"MB", INT64_C(1) << 20},
								  {"kB", 1024},
								  {"B", 1},
								  {NULL, 0}};
static const Unit time_units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000},
								  {"s", 1000},	   {"ms", 1},	   {NULL, 0}};
static const Unit no_units[] = {{NULL, 0}};

static const Unit *
units_of(SettingKind kind)
{
	return kind == SETTING_BYTES ? byte_units : kind == SETTING_DURATION ? time_units : no_units;
}

static void *
member_of(const Conf *conf, const Setting *setting)
{
	return (char *) conf + setting->offset;
}

static bool
complain(Buf *errors, const char *where, const Setting *setting, const char *why)
{
	buf_printf(errors, "%s: %s: %s\n", where, setting->name, why);
	return false;
}

/* a number and perhaps a unit, in the unit of the member */
static bool
parse_quantity(SettingKind kind, const char *text, double *value)
{
	int64_t factor = kind == SETTING_DURATION ? 1000 : 1;
	char *end;

	/* strtod would take more: blanks, hexadecimals, exponents, inf and nan */
	if (strspn(text, "0123456789.-") == 0 || strpbrk(text, "xXeEpP"))
		return false;
	errno = 0;
	*value = strtod(text, &end);
	if (errno || end == text)
		return false;
	while (*end == ' ')
		end++;
	if (*end)
	{
		const Unit *unit = units_of(kind);

		while (unit->name && strcmp(unit->name, end) != 0)
			unit++;
		if (!unit->name)
			return false;
		factor = unit->factor;
	}
	*value *= (double) factor;
	return true;
}

static void
put_quantity(Buf *out, SettingKind kind, int64_t value)
{
	const Unit *unit = units_of(kind);

	while (unit->name && (value == 0 || value % unit->factor != 0))
		unit++;
	if (!unit->name || unit->factor == 0)
		buf_printf(out, "%lld", (long long) value);
	else
		buf_printf(out, "%lld%s", (long long) (value / unit->factor), unit->name);
}

static bool
set_quantity(Conf *conf, const Setting *setting, const char *text, const char *where, Buf *errors)
{
	double value;
	Buf range;

	if (!parse_quantity(setting->kind, text, &value) || value != floor(value))
		return complain(errors, where, setting,
						setting->kind == SETTING_BYTES
							? "a size was expected, such as 4096, 64kB or 1MB"
						: setting->kind == SETTING_DURATION
							? "a duration was expected, such as 15, 500ms, 15s or 2min"
							: "a whole number was expected");
	if (value < (double) setting->min || value > (double) setting->max)
	{
		buf_init(&range, 256);
		buf_puts(&range, "must be between ");
		put_quantity(&range, setting->kind, setting->min);
		buf_puts(&range, " and ");
		put_quantity(&range, setting->kind, setting->max);
		complain(errors, where, setting, buf_text(&range));
		buf_clear(&range);
		return false;
	}
	*(int64_t *) member_of(conf, setting) = (int64_t) value;
	return true;
}

static bool
set_boolean(Conf *conf, const Setting *setting, const char *text, const char *where, Buf *errors)
{
	static const char *const words[][2] = {
		{"false", "true"}, {"off", "on"}, {"no", "yes"}, {"0", "1"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		for (int value = 0; value <= 1; value++)
		{
			if (strcmp(text, words[i][value]) == 0)
			{
				*(bool *) member_of(conf, setting) = value;
				return true;
			}
		}
	}
	return complain(errors, where, setting, "true or false was expected");
}

static void
clear_list(ConfList *list)
{
	for (int i = 0; i < list->count; i++)
		mem_free(list->items[i]);
	mem_free(list->items);
	list->items = NULL;
	list->count = 0;
}

/* items are separated by commas; blanks around them do not count; "off" is no item */
static void
set_list(ConfList *list, const char *text)
{
	clear_list(list);
	while (*text)
	{
		size_t len;
		const char *next;

		text += strspn(text, " ,");
		len = strcspn(text, ",");
		next = text + len;
		while (len > 0 && text[len - 1] == ' ')
			len--;
		if (len > 0 && !(len == 3 && memcmp(text, "off", 3) == 0))
		{
			list->items = mem_realloc(list->items, sizeof(char *) * (size_t) (list->count + 1));
			list->items[list->count++] = mem_strndup(text, len);
		}
		text = next;
	}
}

bool
conf_set(Conf *conf, const Setting *setting, const char *text, const char *where, Buf *errors)
{
	char **string = member_of(conf, setting);

	if (!str_is_utf8(text, strlen(text)))
		return complain(errors, where, setting, "is not valid UTF-8");
	switch (setting->kind)
	{
		case SETTING_STRING:
		case SETTING_SECRET:
			mem_free(*string);
			*string = mem_strdup(text);
			return true;
		case SETTING_LIST:
			set_list(member_of(conf, setting), text);
			return true;
		case SETTING_BOOLEAN:
			return set_boolean(conf, setting, text, where, errors);
		case SETTING_LEVEL:
			if (log_parse_level(text, member_of(conf, setting)))
				return true;
			return complain(errors, where, setting, "error, warning, info or debug was expected");
		default:
			return set_quantity(conf, setting, text, where, errors);
	}
}

static void
put_list(Buf *out, const ConfList *list)
{
	buf_putc(out, '[');
	for (int i = 0; i < list->count; i++)
	{
		if (i > 0)
			buf_puts(out, ", ");
		json_put_string(out, list->items[i], strlen(list->items[i]));
	}
	buf_putc(out, ']');
}

void
conf_put_value(Buf *out, const Conf *conf, const Setting *setting)
{
	const void *member = member_of(conf, setting);
	int64_t number;
	char *shown;

	switch (setting->kind)
	{
		case SETTING_STRING:
			json_put_string(out, *(char *const *) member, strlen(*(char *const *) member));
			break;
		case SETTING_SECRET:
			shown = conf_hide_password(*(char *const *) member);
			json_put_string(out, shown, strlen(shown));
			mem_free(shown);
			break;
		case SETTING_LIST:
			put_list(out, member);
			break;
		case SETTING_BOOLEAN:
			buf_puts(out, *(const bool *) member ? "true" : "false");
			break;
		case SETTING_LEVEL:
			buf_printf(out, "\"%s\"", log_level_name(*(const LogLevel *) member));
			break;
		default:
			number = *(const int64_t *) member;
			if (setting->kind != SETTING_INTEGER && number != 0)
				buf_putc(out, '"');
			put_quantity(out, setting->kind, number);
			if (setting->kind != SETTING_INTEGER && number != 0)
				buf_putc(out, '"');
	}
}

bool
conf_same_value(const Conf *a, const Conf *b, const Setting *setting)
{
	const void *x = member_of(a, setting);
	const void *y = member_of(b, setting);
	const ConfList *list = x;
	const ConfList *other = y;

	switch (setting->kind)
	{
		case SETTING_STRING:
		case SETTING_SECRET:
			return strcmp(*(char *const *) x, *(char *const *) y) == 0;
		case SETTING_BOOLEAN:
			return *(const bool *) x == *(const bool *) y;
		case SETTING_LEVEL:
			return *(const LogLevel *) x == *(const LogLevel *) y;
		case SETTING_LIST:
			for (int i = 0; i < list->count && i < other->count; i++)
			{
				if (strcmp(list->items[i], other->items[i]) != 0)
					return false;
			}
			return list->count == other->count;
		default:
			return *(const int64_t *) x == *(const int64_t *) y;
	}
}

void
conf_free(Conf *conf)
{
	if (!conf)
		return;
	for (const Setting *setting = conf_settings; setting->name; setting++)
	{
		if (setting->kind == SETTING_STRING || setting->kind == SETTING_SECRET)
			mem_free(*(char **) member_of(conf, setting));
		else if (setting->kind == SETTING_LIST)
			clear_list(member_of(conf, setting));
	}
	mem_free(conf);
}
