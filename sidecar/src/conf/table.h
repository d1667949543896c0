/*
 * table.h - one row for each setting; private to conf/.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A row says everything there is to know about a setting, and everything else (file, variables,
 * flags, help, documentation, check-config, reload) is driven by the rows.  To add a setting: a
 * member in Conf and a row in table.c.
 */
#ifndef EVENTSD_CONF_TABLE_H
#define EVENTSD_CONF_TABLE_H

#include <stddef.h>

#include "conf/conf.h"

typedef enum SettingKind
{
	SETTING_STRING,
	SETTING_SECRET, /* a string whose password is hidden when shown */
	SETTING_LIST,
	SETTING_BOOLEAN,
	SETTING_INTEGER,
	SETTING_BYTES,
	SETTING_DURATION,
	SETTING_LEVEL
} SettingKind;

typedef struct Setting
{
	const char *name; /* snake_case; NULL ends the table */
	SettingKind kind;
	size_t offset;		 /* of the member in Conf */
	const char *initial; /* the default, written as a user would */
	int64_t min;		 /* in the member's own unit */
	int64_t max;
	bool reloads;		 /* SIGHUP may change it */
	const char *section; /* set where a new section of the documentation begins */
	const char *doc;
} Setting;

extern const Setting conf_settings[];

const Setting *conf_find_setting(const char *name, size_t len);
/* set from text; false with the reason appended to *errors (prefixed with where) */
bool conf_set(Conf *conf, const Setting *setting, const char *text, const char *where, Buf *errors);
/* the value as it would be written in the file, JSON */
void conf_put_value(Buf *out, const Conf *conf, const Setting *setting);
bool conf_same_value(const Conf *a, const Conf *b, const Setting *setting);
/* what no single row can know: addresses, relations between settings */
bool conf_check(const Conf *conf, Buf *errors);

#endif /* EVENTSD_CONF_TABLE_H */
