/*
 * process.c - fork, watch, restart, end.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The parent has no loop: it waits for signals and for moments at which a child is due to be
 * started again, with sigtimedwait.  What processes share besides the application's counters is
 * one small page: who has been ready, and whether the ready line was logged.
 *
 * A child that ends with an error before it was ever ready could not start (a taken address, say),
 * and would not the next time either: the whole program ends with its status, so that whoever
 * started it is told.  One that was ready once is started again, after 0.1 s doubling to 5 s while
 * it keeps dying within ten seconds.
 *
 * At SIGTERM children drain; one that has not ended ten seconds after drain_time is killed.
 */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counters.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/mem.h"

#define PROCESSES_MAX 64
#define BACKOFF_FIRST 100 /* ms */
#define BACKOFF_LAST 5000
#define LONG_LIFE 10000	 /* living this long makes the next restart quick again */
#define KILL_AFTER 10000 /* beyond drain_time */

typedef struct Shared
{
	atomic_bool ready[PROCESSES_MAX];
	atomic_bool announced;
} Shared;

typedef struct Child
{
	pid_t pid; /* 0: not running */
	int64_t started_at;
	int64_t start_at; /* when not running: due then */
	int64_t backoff;
} Child;

static struct
{
	ConfSource *source;
	const Conf *conf;
	Conf *reloaded; /* ours to free: the one in force, once there was a reload */
	Conf *retired;	/* the one before it */
	Shared *shared;
	ListenSet listen;
	ListenSet admin;
	Child children[PROCESSES_MAX];
	int count;
	bool ending;
	int64_t kill_at;
	int status;		  /* of the program */
	sigset_t signals; /* that the parent waits for */
	sigset_t original;
} program;

/* ---- for the application ---- */

static void
announce(void)
{
	Buf listen;
	Buf admin;

	buf_init(&listen, 4096);
	buf_init(&admin, 4096);
	listen_put(&listen, &program.listen);
	listen_put(&admin, &program.admin);
	log_ready((const LogField[]) {LOG_JSON("listen", buf_text(&listen)),
								  LOG_JSON("admin", buf_text(&admin)),
								  LOG_INT("processes", program.count),
								  LOG_STR("version", EVENTSD_VERSION)},
			  4);
	buf_clear(&listen);
	buf_clear(&admin);
}

void
process_ready(Process *self)
{
	atomic_store(&program.shared->ready[self->index], true);
	for (int i = 0; i < self->count; i++)
	{
		if (!atomic_load(&program.shared->ready[i]))
			return;
	}
	if (!atomic_exchange(&program.shared->announced, true))
		announce();
}

static Conf *
load_again(void)
{
	Buf errors;
	Conf *conf;
	const char *fixed;

	buf_init(&errors, 16 * 1024);
	conf = conf_load(program.source, &errors);
	fixed = conf ? conf_needs_restart(program.conf, conf) : NULL;
	if (!conf)
		log_error("the configuration is wrong, the old one stays in force",
				  LOG_STR("reason", buf_text(&errors)));
	else if (fixed)
	{
		log_error("this setting needs a restart, the old configuration stays in force",
				  LOG_STR("setting", fixed));
		conf_free(conf);
		conf = NULL;
	}
	buf_clear(&errors);
	return conf;
}

static const Conf *
reload(void)
{
	Conf *conf = load_again();

	if (!conf)
		return NULL;
	conf_free(program.retired);
	program.retired = program.reloaded;
	program.reloaded = conf;
	program.conf = conf;
	log_set_level(conf->log_level);
	return conf;
}

const Conf *
process_reload(Process *self)
{
	const Conf *conf = reload();

	if (conf)
	{
		self->conf = conf;
		log_info("configuration reloaded", LOG_INT("process", self->index));
	}
	return conf;
}

/* sockets, counters, and the application */
static int
serve(int index)
{
	Process process = {.conf = program.conf, .index = index, .count = program.count};
	int status = 1;

	counters_attach(index);
	process.listen_fds = listen_open(&program.listen);
	process.listen_count = program.listen.count;
	if (index == 0)
	{
		process.admin_fds = listen_open(&program.admin);
		process.admin_count = program.admin.count;
	}
	if (process.listen_fds && (process.admin_fds || index != 0))
		status = app_run(&process);
	mem_free(process.listen_fds);
	mem_free(process.admin_fds);
	return status;
}

/* ---- children ---- */

static void
run_child(int index, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_SETMASK, &program.original, NULL);
	if (getppid() != parent)
		exit(0); /* the parent died before prctl */
	exit(serve(index));
}

static void
start_child(int index)
{
	Child *child = &program.children[index];
	pid_t parent = getpid();
	pid_t pid = fork();

	child->started_at = clock_monotonic_ms();
	if (pid == 0)
		run_child(index, parent);
	if (pid < 0)
	{
		log_error("cannot start a process", LOG_INT("process", index),
				  LOG_STR("reason", strerror(errno)));
		child->pid = 0;
		child->start_at = child->started_at + BACKOFF_LAST;
		return;
	}
	child->pid = pid;
	log_debug("process started", LOG_INT("process", index), LOG_INT("child", pid));
}

static void
signal_children(int signum)
{
	for (int i = 0; i < program.count; i++)
	{
		if (program.children[i].pid)
			kill(program.children[i].pid, signum);
	}
}

static void
start_ending(int signum)
{
	if (!program.ending)
	{
		program.ending = true;
		program.kill_at = clock_monotonic_ms() + program.conf->drain_time + KILL_AFTER;
	}
	signal_children(signum);
}

static void
child_ended(int index, int wait_status)
{
	Child *child = &program.children[index];
	int64_t now = clock_monotonic_ms();
	bool exited = WIFEXITED(wait_status);
	int code = exited ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status);

	child->pid = 0;
	if (program.ending)
	{
		if (!exited || code)
			program.status = 1;
		return;
	}
	log_error("a process ended unexpectedly", LOG_INT("process", index),
			  LOG_INT(exited ? "status" : "signal", code));
	if (exited && code && !atomic_load(&program.shared->ready[index]))
	{
		program.status = code;
		start_ending(SIGTERM);
		return;
	}
	if (child->backoff == 0 || now - child->started_at >= LONG_LIFE)
		child->backoff = BACKOFF_FIRST;
	child->start_at = now + child->backoff;
	child->backoff = child->backoff * 2 < BACKOFF_LAST ? child->backoff * 2 : BACKOFF_LAST;
}

static void
reap(void)
{
	int wait_status;
	pid_t pid;

	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
	{
		for (int i = 0; i < program.count; i++)
		{
			if (program.children[i].pid == pid)
				child_ended(i, wait_status);
		}
	}
}

/* ---- the parent ---- */

/* start who is due; how long until the next is, in ms */
static int64_t
start_due(void)
{
	int64_t now = clock_monotonic_ms();
	int64_t wait = 60000;

	if (program.ending)
		return program.kill_at > now ? program.kill_at - now : 0;
	for (int i = 0; i < program.count; i++)
	{
		if (program.children[i].pid)
			continue;
		if (program.children[i].start_at <= now)
			start_child(i);
		else if (program.children[i].start_at - now < wait)
			wait = program.children[i].start_at - now;
	}
	return wait;
}

static bool
is_anybody_alive(void)
{
	for (int i = 0; i < program.count; i++)
	{
		if (program.children[i].pid)
			return true;
	}
	return false;
}

static void
handle_signal(int signum)
{
	switch (signum)
	{
		case SIGCHLD:
			reap();
			break;
		case SIGHUP:
			reload(); /* for children that will be started later */
			signal_children(SIGHUP);
			break;
		case SIGTERM:
		case SIGINT:
			start_ending(signum);
			break;
	}
}

static int
watch_children(void)
{
	while (!program.ending || is_anybody_alive())
	{
		int64_t wait = start_due();
		struct timespec timeout = {wait / 1000, wait % 1000 * 1000000};
		int signum = sigtimedwait(&program.signals, NULL, &timeout);

		if (signum > 0)
			handle_signal(signum);
		else if (program.ending && clock_monotonic_ms() >= program.kill_at)
		{
			log_error("processes did not end in time and are killed");
			signal_children(SIGKILL);
			program.kill_at += KILL_AFTER;
		}
	}
	return program.status;
}

static void
block_signals(void)
{
	sigemptyset(&program.signals);
	sigaddset(&program.signals, SIGCHLD);
	sigaddset(&program.signals, SIGHUP);
	sigaddset(&program.signals, SIGTERM);
	sigaddset(&program.signals, SIGINT);
	sigprocmask(SIG_BLOCK, &program.signals, &program.original);
}

/* as many descriptors as we may have: each client is one */
static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max)
	{
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			log_warning("cannot raise the limit of open files", LOG_STR("reason", strerror(errno)));
	}
}

int
process_run(ConfSource *source, const Conf *conf)
{
	program.source = source;
	program.conf = conf;
	program.count = (int) conf->processes;
	program.shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
						  -1, 0);
	if (program.shared == MAP_FAILED)
	{
		log_error("cannot map shared memory", LOG_STR("reason", strerror(errno)));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();
	log_set_main_pid(getpid());
	if (!listen_take(&program.listen, conf->listen.items, conf->listen.count) ||
		!listen_take(&program.admin, conf->admin_listen.items, conf->admin_listen.count))
		return 1;
	counters_create(program.count);
	if (program.count == 1)
		return serve(0);
	block_signals();
	return watch_children();
}
