/*
 * load.c - defaults, file, variables, flags, in this order.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * All mistakes are collected and told at once, so that a configuration is mended in one go.
 * A variable whose name starts with EVENTSD_ and is no setting is a mistake too (it may be a
 * misspelt limit), but for those that Kubernetes gives every container when a service is called
 * `eventsd`: EVENTSD_PORT…, EVENTSD_SERVICE_….
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "conf/table.h"

#define FILE_LIMIT (1024 * 1024)
#define VALUE_LIMIT (64 * 1024)
#define NAME_SIZE 64
#define PREFIX "EVENTSD_"

extern char **environ;

static void
note_set(Conf *conf, const Setting *setting)
{
	if (setting->offset == offsetof(Conf, anonymous))
		conf->anonymous_set = true;
}

static bool
apply(Conf *conf, const Setting *setting, const char *text, const char *where, Buf *errors)
{
	note_set(conf, setting);
	return conf_set(conf, setting, text, where, errors);
}

Conf *
conf_defaults(void)
{
	Conf *conf = mem_zalloc(sizeof(Conf));
	Buf errors;

	buf_init(&errors, 1024);
	for (const Setting *setting = conf_settings; setting->name; setting++)
	{
		if (!conf_set(conf, setting, setting->initial, "default", &errors))
		{
			fputs(buf_text(&errors), stderr);
			abort(); /* the table contradicts itself */
		}
	}
	buf_clear(&errors);
	return conf;
}

/* ---- the file ---- */

typedef struct FileReading
{
	Conf *conf;
	const char *path;
	Buf *errors;
	bool good;
} FileReading;

/* scalars as they are written, arrays of strings with commas */
static bool
value_as_text(const Json *value, Buf *text)
{
	Str string;

	if (json_kind(value) != JSON_KIND_ARRAY)
	{
		string = json_text(value);
		if (string.data)
			return buf_append(text, string.data, string.len);
		if (json_kind(value) == JSON_KIND_OBJECT || json_kind(value) == JSON_KIND_NULL)
			return false;
		return json_write(text, value);
	}
	for (size_t i = 0; i < json_count(value); i++)
	{
		string = json_text(json_element(value, i));
		if (!string.data)
			return false;
		if (i > 0)
			buf_putc(text, ',');
		buf_append(text, string.data, string.len);
	}
	return !text->overflowed;
}

static void
read_member(void *arg, const char *key, const Json *value)
{
	FileReading *reading = arg;
	const Setting *setting = conf_find_setting(key, strlen(key));
	Buf text;

	if (!setting)
	{
		buf_printf(reading->errors, "%s: there is no setting called \"%s\"\n", reading->path, key);
		reading->good = false;
		return;
	}
	buf_init(&text, VALUE_LIMIT);
	if (json_kind(value) == JSON_KIND_ARRAY && setting->kind != SETTING_LIST)
		text.overflowed = true;
	else if (!value_as_text(value, &text))
		text.overflowed = true;
	if (text.overflowed)
	{
		buf_printf(reading->errors, "%s: %s: a value of another kind was expected\n", reading->path,
				   key);
		reading->good = false;
	}
	else if (!apply(reading->conf, setting, buf_text(&text), reading->path, reading->errors))
		reading->good = false;
	buf_clear(&text);
}

static bool
read_whole(const char *path, Buf *content, Buf *errors)
{
	FILE *file = fopen(path, "re");
	char *room;
	size_t got;

	if (!file)
	{
		buf_printf(errors, "%s: %s\n", path, strerror(errno));
		return false;
	}
	while ((room = buf_reserve(content, 4096)))
	{
		got = fread(room, 1, 4096, file);
		buf_grow_by(content, got);
		if (got == 0)
			break;
	}
	if (ferror(file) || content->overflowed)
	{
		buf_printf(errors, "%s: %s\n", path,
				   content->overflowed ? "larger than 1 MB" : "cannot be read");
		fclose(file);
		return false;
	}
	fclose(file);
	return true;
}

static bool
load_file(Conf *conf, const char *path, Buf *errors)
{
	FileReading reading = {conf, path, errors, true};
	Buf content;
	JsonError why;
	Json *root;

	buf_init(&content, FILE_LIMIT);
	if (!read_whole(path, &content, errors))
	{
		buf_clear(&content);
		return false;
	}
	root = json_parse(buf_text(&content), content.len, &why);
	if (!root)
	{
		buf_printf(errors, "%s:%d:%d: %s\n", path, why.line, why.column, why.message);
		reading.good = false;
	}
	else if (json_kind(root) != JSON_KIND_OBJECT)
	{
		buf_printf(errors, "%s: a JSON object was expected\n", path);
		reading.good = false;
	}
	else
		json_each_member(root, read_member, &reading);
	json_release(root);
	buf_clear(&content);
	return reading.good;
}

/* ---- variables ---- */

static bool
is_from_kubernetes(const char *name)
{
	return strncmp(name, "PORT", 4) == 0 || strncmp(name, "SERVICE_", 8) == 0;
}

static bool
load_variables(Conf *conf, Buf *errors)
{
	bool good = true;

	for (char **entry = environ; *entry; entry++)
	{
		const char *name = *entry + strlen(PREFIX);
		const char *equals = strchr(*entry, '=');
		char lower[NAME_SIZE];
		size_t len;
		const Setting *setting = NULL;

		if (!equals || strncmp(*entry, PREFIX, strlen(PREFIX)) != 0)
			continue;
		len = (size_t) (equals - name);
		if (len < sizeof(lower))
		{
			for (size_t i = 0; i < len; i++)
				lower[i] = (char) tolower((unsigned char) name[i]);
			setting = conf_find_setting(lower, len);
		}
		if (setting)
			good &= apply(conf, setting, equals + 1, "environment", errors);
		else if (strncmp(name, "CONFIG=", 7) != 0 && !is_from_kubernetes(name))
		{
			buf_printf(errors, "environment: there is no setting for %.*s\n",
					   (int) (equals - *entry), *entry);
			good = false;
		}
	}
	return good;
}

/* ---- flags ---- */

typedef struct Flag
{
	char name[NAME_SIZE]; /* with underscores */
	size_t len;
	const char *value; /* after the =, or NULL */
} Flag;

/* --some-name or --some-name=value */
static bool
split_flag(const char *argument, Flag *flag)
{
	const char *equals;

	if (strncmp(argument, "--", 2) != 0 || !argument[2])
		return false;
	argument += 2;
	equals = strchr(argument, '=');
	flag->len = equals ? (size_t) (equals - argument) : strlen(argument);
	flag->value = equals ? equals + 1 : NULL;
	if (flag->len >= sizeof(flag->name))
		return false;
	for (size_t i = 0; i < flag->len; i++)
		flag->name[i] = argument[i] == '-' ? '_' : argument[i];
	flag->name[flag->len] = '\0';
	return true;
}

/*
 * The setting of a flag; --no-x is x = false, a lone --x of a boolean is true, unless the next
 * word says true or false.
 */
static const Setting *
setting_of_flag(Flag *flag, const char *next)
{
	const Setting *setting = conf_find_setting(flag->name, flag->len);

	if (setting && setting->kind == SETTING_BOOLEAN && !flag->value &&
		!(next && (strcmp(next, "true") == 0 || strcmp(next, "false") == 0)))
		flag->value = "true";
	if (!setting && strncmp(flag->name, "no_", 3) == 0 && !flag->value)
	{
		setting = conf_find_setting(flag->name + 3, flag->len - 3);
		if (setting && setting->kind == SETTING_BOOLEAN)
			flag->value = "false";
		else
			setting = NULL;
	}
	return setting;
}

static void
keep_rest(ConfSource *source, char *argument)
{
	source->rest[source->rest_count++] = argument;
	source->rest[source->rest_count] = NULL;
}

/* conf NULL: only look for --config and collect the rest */
static bool
load_flags(Conf *conf, ConfSource *source, const char **path, Buf *errors)
{
	bool good = true;

	for (int i = 0; i < source->argc; i++)
	{
		Flag flag = {.len = 0};
		const Setting *setting = NULL;
		bool is_config = false;

		if (split_flag(source->argv[i], &flag))
		{
			setting = setting_of_flag(&flag, i + 1 < source->argc ? source->argv[i + 1] : NULL);
			is_config = strcmp(flag.name, "config") == 0;
		}
		if (!setting && !is_config)
		{
			if (!conf && source->allow_rest)
				keep_rest(source, source->argv[i]);
			else if (!conf)
			{
				buf_printf(errors, "command line: there is no setting for \"%s\"\n",
						   source->argv[i]);
				good = false;
			}
			continue;
		}
		if (!flag.value && i + 1 < source->argc)
			flag.value = source->argv[++i];
		if (!flag.value)
		{
			if (!conf)
				buf_printf(errors, "command line: %s needs a value\n", source->argv[i]);
			good = false;
		}
		else if (is_config)
			*path = flag.value;
		else if (conf)
			good &= apply(conf, setting, flag.value, "command line", errors);
	}
	return good;
}

Conf *
conf_load(ConfSource *source, Buf *errors)
{
	Conf *conf = conf_defaults();
	const char *path = getenv(PREFIX "CONFIG");
	bool good;

	mem_free(source->rest);
	source->rest = mem_array((size_t) source->argc + 1, sizeof(char *));
	source->rest_count = 0;
	good = load_flags(NULL, source, &path, errors);
	if (path && path[0])
		good &= load_file(conf, path, errors);
	good &= load_variables(conf, errors);
	good &= load_flags(conf, source, &path, errors);
	if (good)
		good = conf_check(conf, errors);
	if (!good)
	{
		conf_free(conf);
		return NULL;
	}
	return conf;
}

const char *
conf_needs_restart(const Conf *old, const Conf *new)
{
	for (const Setting *setting = conf_settings; setting->name; setting++)
	{
		if (!setting->reloads && !conf_same_value(old, new, setting))
			return setting->name;
	}
	return NULL;
}
