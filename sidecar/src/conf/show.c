/*
 * show.c - the settings as people see them: help, documentation, effective values.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Passwords are never shown.  They can stand in a connection string as password=… (quoted or
 * not), in a URI between the user's colon and the @, and in a URI's query.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/mem.h"
#include "conf/table.h"

static void
put_flag_name(Buf *out, const char *name)
{
	buf_puts(out, "--");
	for (; *name; name++)
		buf_putc(out, *name == '_' ? '-' : *name);
}

static const char *
metavar(const Setting *setting)
{
	switch (setting->kind)
	{
		case SETTING_LIST:
			return "A,B,…";
		case SETTING_INTEGER:
			return "NUMBER";
		case SETTING_BYTES:
			return "SIZE";
		case SETTING_DURATION:
			return "TIME";
		case SETTING_LEVEL:
			return "LEVEL";
		case SETTING_BOOLEAN:
			return "true|false";
		default:
			return "TEXT";
	}
}

/* doc in lines of at most 76 characters, each indented by 8 */
static void
put_wrapped(Buf *out, const char *text)
{
	while (*text)
	{
		size_t len = strlen(text);

		if (len > 76)
		{
			len = 76;
			while (len > 0 && text[len] != ' ')
				len--;
		}
		buf_printf(out, "        %.*s\n", (int) len, text);
		text += len;
		text += strspn(text, " ");
	}
}

void
conf_print_flags(Buf *out)
{
	for (const Setting *setting = conf_settings; setting->name; setting++)
	{
		if (setting->section)
			buf_printf(out, "\n%s:\n", setting->section);
		buf_puts(out, "    ");
		put_flag_name(out, setting->name);
		buf_printf(out, " %s", metavar(setting));
		if (setting->initial[0])
			buf_printf(out, "  (%s)", setting->initial);
		buf_putc(out, '\n');
		put_wrapped(out, setting->doc);
	}
}

void
conf_print_markdown(Buf *out)
{
	for (const Setting *setting = conf_settings; setting->name; setting++)
	{
		if (setting->section)
			buf_printf(out,
					   "%s### %s\n\n| setting | default | reload | meaning |\n"
					   "|---|---|---|---|\n",
					   setting == conf_settings ? "" : "\n", setting->section);
		buf_printf(out, "| `%s` | ", setting->name);
		if (setting->initial[0])
			buf_printf(out, "`%s`", setting->initial);
		else
			buf_puts(out, "empty");
		buf_printf(out, " | %s | %s |\n", setting->reloads ? "yes" : "restart", setting->doc);
	}
}

void
conf_print_values(const Conf *conf, Buf *out)
{
	buf_puts(out, "{");
	for (const Setting *setting = conf_settings; setting->name; setting++)
	{
		buf_printf(out, "%s\n  \"%s\": ", setting == conf_settings ? "" : ",", setting->name);
		conf_put_value(out, conf, setting);
	}
	buf_puts(out, "\n}\n");
}

/* the rest of text after a password that starts here */
static const char *
skip_password(const char *text, bool in_uri)
{
	if (in_uri)
		return text + strcspn(text, "&");
	if (*text != '\'')
		return text + strcspn(text, " \t\r\n");
	for (text++; *text && *text != '\''; text++)
	{
		if (*text == '\\' && text[1])
			text++;
	}
	return *text ? text + 1 : text;
}

/* in_uri: from the end of its authority; hides every …password=value */
static void
put_without_passwords(Buf *out, const char *text, bool in_uri)
{
	while (*text)
	{
		if (strncasecmp(text, "password", 8) == 0)
		{
			const char *value = text + 8;

			value += strspn(value, " \t");
			if (*value == '=')
			{
				value++;
				value += strspn(value, " \t");
				buf_puts(out, "password=***");
				text = skip_password(value, in_uri);
				continue;
			}
		}
		buf_putc(out, *text++);
	}
}

char *
conf_hide_password(const char *conninfo)
{
	const char *scheme = strstr(conninfo, "://");
	bool is_uri = scheme && strncmp(conninfo, "postgres", 8) == 0;
	Buf out;

	buf_init(&out, strlen(conninfo) * 2 + 64);
	if (is_uri)
	{
		const char *authority = scheme + 3;
		size_t len = strcspn(authority, "/?");
		const char *at = NULL;
		const char *colon;

		for (size_t i = 0; i < len; i++)
		{
			if (authority[i] == '@')
				at = authority + i;
		}
		colon = at ? memchr(authority, ':', (size_t) (at - authority)) : NULL;
		if (colon)
		{
			buf_append(&out, conninfo, (size_t) (colon - conninfo));
			buf_puts(&out, ":***");
			conninfo = at;
		}
	}
	put_without_passwords(&out, conninfo, is_uri);
	return buf_detach(&out, NULL);
}
