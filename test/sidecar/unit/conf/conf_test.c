/*
 * conf_test.c - settings from everywhere: precedence, units, bounds, secrets.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "conf/conf.h"

#include <unistd.h>

#include "base/mem.h"
#include "tap.h"

#define WORDS(...)        \
	(const char *[])      \
	{                     \
		__VA_ARGS__, NULL \
	}

typedef struct Loading
{
	ConfSource source;
	Conf *conf;
	Buf errors;
} Loading;

static void
load(Loading *loading, const char **words, bool allow_rest)
{
	memset(loading, 0, sizeof(*loading));
	buf_init(&loading->errors, 64 * 1024);
	while (words[loading->source.argc])
		loading->source.argc++;
	loading->source.argv = (char **) words;
	loading->source.allow_rest = allow_rest;
	loading->conf = conf_load(&loading->source, &loading->errors);
}

static void
done(Loading *loading)
{
	conf_free(loading->conf);
	mem_free(loading->source.rest);
	buf_clear(&loading->errors);
}

static void
is_refused(const char **words, const char *mention)
{
	Loading loading;

	load(&loading, words, false);
	if (!ok(!loading.conf && strstr(buf_text(&loading.errors), mention), mention))
		printf("# %s: %s", words[0], buf_text(&loading.errors));
	done(&loading);
}

static void
test_values(void)
{
	Loading loading;

	load(&loading,
		 WORDS("--max-body-size", "2MB", "--head_timeout=500ms", "--idle-timeout", "1.5",
			   "--listen", " 127.0.0.1:1 ,[::1]:2,", "--admin-listen=off", "--no-anonymous",
			   "--anonymous", "--processes", "3"),
		 false);
	if (!ok(loading.conf != NULL, "a good command line is taken"))
		printf("# %s", buf_text(&loading.errors));
	else
	{
		is_int(loading.conf->max_body_size, 2 << 20, "megabytes");
		is_int(loading.conf->head_timeout, 500, "milliseconds");
		is_int(loading.conf->idle_timeout, 1500, "seconds are the default unit");
		is_int(loading.conf->listen.count, 2, "a list");
		is_str(loading.conf->listen.items[1], "[::1]:2", "its items");
		is_int(loading.conf->admin_listen.count, 0, "off is no item");
		ok(loading.conf->anonymous && loading.conf->anonymous_set, "the last flag wins");
	}
	done(&loading);
}

static void
test_refusals(void)
{
	is_refused(WORDS("--databse=x"), "databse");
	is_refused(WORDS("--processes=0"), "processes");
	is_refused(WORDS("--processes=1e30"), "processes");
	is_refused(WORDS("--processes=nan"), "processes");
	is_refused(WORDS("--processes=0x10"), "processes");
	is_refused(WORDS("--processes=1.5"), "processes");
	is_refused(WORDS("--ring-size=1kB"), "64kB and 64GB");
	is_refused(WORDS("--ring-size=1 mb"), "ring_size");
	is_refused(WORDS("--log-level=loud"), "log_level");
	is_refused(WORDS("--anonymous=perhaps"), "anonymous");
	is_refused(WORDS("--listen=0.0.0.0:80"), "anonymous");
	is_refused(WORDS("--listen="), "at least one address");
	is_refused(WORDS("--jwt-keys=x"), "jwt_keys");
	is_refused(WORDS("--source=\xff"), "UTF-8");
	is_refused(WORDS("--listen"), "needs a value");
	is_refused(WORDS("stray"), "stray");
	is_refused(WORDS("--config=/nonexistent/x.json"), "/nonexistent/x.json");
}

static void
test_sources(void)
{
	char path[] = "/tmp/conf_test.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	Loading loading;

	fputs("{\"log_level\":\"error\",\"max_limit\":5,\"source\":\"file\",\"anonymous\":true,"
		  "\"listen\":[\"0.0.0.0:0\"]}",
		  file);
	fclose(file);
	setenv("EVENTSD_CONFIG", path, 1);
	setenv("EVENTSD_SOURCE", "variable", 1);
	setenv("EVENTSD_MAX_LIMIT", "6", 1);
	setenv("EVENTSD_SERVICE_HOST", "from Kubernetes", 1);
	load(&loading, WORDS("--max-limit=7", "--type", "x", "y"), true);
	if (!ok(loading.conf != NULL, "file, variables and flags together"))
		printf("# %s", buf_text(&loading.errors));
	else
	{
		is_int(loading.conf->log_level, LOG_ERROR, "the file wins over the default");
		is_str(loading.conf->source, "variable", "the variable over the file");
		is_int(loading.conf->max_limit, 7, "the flag over the variable");
		is_int(loading.source.rest_count, 3, "other words are left");
		is_str(loading.source.rest[2], "y", "in their order");
	}
	done(&loading);

	setenv("EVENTSD_BOGUS", "1", 1);
	is_refused(WORDS("--max-limit=7"), "EVENTSD_BOGUS");
	unsetenv("EVENTSD_BOGUS");
	unsetenv("EVENTSD_CONFIG");
	unlink(path);
}

static void
is_hidden(const char *conninfo, const char *expected)
{
	char *shown = conf_hide_password(conninfo);

	is_str(shown, expected, "a password is hidden");
	mem_free(shown);
}

static void
test_secrets(void)
{
	is_hidden("host=h password=abc dbname=d", "host=h password=*** dbname=d");
	is_hidden("password = 'a b\\'c' host=h", "password=*** host=h");
	is_hidden("host=h sslpassword=x", "host=h sslpassword=***");
	is_hidden("postgresql://u:p@h:5432/d", "postgresql://u:***@h:5432/d");
	is_hidden("postgres://u:p:q@a@h/d?password=z&x=1", "postgres://u:***@h/d?password=***&x=1");
	is_hidden("postgresql://u@h/d", "postgresql://u@h/d");
	is_hidden("postgresql:///d?host=/tmp", "postgresql:///d?host=/tmp");
	is_hidden("", "");
}

static void
test_reload(void)
{
	Loading a;
	Loading b;

	load(&a, WORDS("--ring-size=1MB"), false);
	load(&b, WORDS("--ring-size=1MB", "--log-level=debug"), false);
	ok(conf_needs_restart(a.conf, b.conf) == NULL, "the log level can be reloaded");
	done(&b);
	load(&b, WORDS("--ring-size=2MB"), false);
	is_str(conf_needs_restart(a.conf, b.conf), "ring_size", "the size of the ring cannot");
	done(&b);
	load(&b, WORDS("--ring-size=1MB", "--listen=127.0.0.1:8080,127.0.0.1:8081"), false);
	is_str(conf_needs_restart(a.conf, b.conf), "listen", "nor can addresses");
	done(&b);
	done(&a);
}

/* what check-config prints is a file that means the same */
static void
test_round_trip(void)
{
	char path[] = "/tmp/conf_test.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	Loading first;
	Loading second;
	Buf text;
	Buf again;

	buf_init(&text, 1 << 20);
	buf_init(&again, 1 << 20);
	load(&first, WORDS("--max-body-size=3MB", "--drain-time=0", "--cors-origins=https://a,*"),
		 false);
	conf_print_values(first.conf, &text);
	fputs(buf_text(&text), file);
	fclose(file);
	load(&second, WORDS("--config", path), false);
	if (ok(second.conf != NULL, "printed values can be loaded"))
	{
		conf_print_values(second.conf, &again);
		is_str(buf_text(&again), buf_text(&text), "and mean the same");
	}
	else
		printf("# %s", buf_text(&second.errors));
	done(&first);
	done(&second);
	buf_clear(&text);
	buf_clear(&again);
	unlink(path);
}

int
main(void)
{
	test_values();
	test_refusals();
	test_sources();
	test_secrets();
	test_reload();
	test_round_trip();
	return tap_done();
}
