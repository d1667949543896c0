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
#include "base/log.h"
#include "base/mem.h"
#include "web/app.h"

#define PROCESSES_MAX	64
#define BACKOFF_FIRST	100		/* ms */
#define BACKOFF_LAST	5000
#define LONG_LIFE		10000	/* living this long makes the next restart quick again */
#define KILL_AFTER		10000	/* beyond drain_time */

typedef struct Shared
{
	atomic_bool ready[PROCESSES_MAX];
	atomic_bool announced;
} Shared;

typedef struct Child
{
	pid_t		pid;			/* 0: not running */
	int64_t		started_at;
	int64_t		start_at;		/* when not running: due then */
	int64_t		backoff;
} Child;

static struct
{
	ConfSource *source;
	const Conf *conf;
	Shared	   *shared;
	Child		children[PROCESSES_MAX];
	int			count;
	int			index;			/* of this process, in a child */
	bool		ending;
	int64_t		kill_at;
	int			status;			/* of the program */
	sigset_t	signals;		/* that the parent waits for */
	sigset_t	original;
}			self;

/* ---- for the application ---- */

bool
process_ready(void)
{
	atomic_store(&self.shared->ready[self.index], true);
	for (int i = 0; i < self.count; i++)
	{
		if (!atomic_load(&self.shared->ready[i]))
			return false;
	}
	return !atomic_exchange(&self.shared->announced, true);
}

const Conf *
process_reload(void)
{
	Buf			errors;
	const char *fixed;
	Conf	   *conf;

	buf_init(&errors, 16 * 1024);
	conf = conf_load(self.source, &errors);
	fixed = conf ? conf_needs_restart(self.conf, conf) : NULL;
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
	else
	{
		log_set_level(conf->log_level);
		log_info("configuration reloaded");
		self.conf = conf;
	}
	buf_clear(&errors);
	return conf;
}

/* ---- children ---- */

static void
run_child(int index, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_SETMASK, &self.original, NULL);
	if (getppid() != parent)
		exit(0);				/* the parent died before prctl */
	self.index = index;
	exit(app_run(self.conf, index));
}

static void
start_child(int index)
{
	Child	   *child = &self.children[index];
	pid_t		parent = getpid();
	pid_t		pid = fork();

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
	for (int i = 0; i < self.count; i++)
	{
		if (self.children[i].pid)
			kill(self.children[i].pid, signum);
	}
}

static void
start_ending(int signum)
{
	if (!self.ending)
	{
		self.ending = true;
		self.kill_at = clock_monotonic_ms() + self.conf->drain_time + KILL_AFTER;
	}
	signal_children(signum);
}

static void
child_ended(int index, int wait_status)
{
	Child	   *child = &self.children[index];
	int64_t		now = clock_monotonic_ms();
	bool		exited = WIFEXITED(wait_status);
	int			code = exited ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status);

	child->pid = 0;
	if (self.ending)
	{
		if (!exited || code)
			self.status = 1;
		return;
	}
	log_error("a process ended unexpectedly", LOG_INT("process", index),
			  LOG_INT(exited ? "status" : "signal", code));
	if (exited && code && !atomic_load(&self.shared->ready[index]))
	{
		self.status = code;
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
	int			wait_status;
	pid_t		pid;

	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
	{
		for (int i = 0; i < self.count; i++)
		{
			if (self.children[i].pid == pid)
				child_ended(i, wait_status);
		}
	}
}

/* ---- the parent ---- */

/* start who is due; how long until the next is, in ms */
static int64_t
start_due(void)
{
	int64_t		now = clock_monotonic_ms();
	int64_t		wait = 60000;

	if (self.ending)
		return self.kill_at > now ? self.kill_at - now : 0;
	for (int i = 0; i < self.count; i++)
	{
		if (self.children[i].pid)
			continue;
		if (self.children[i].start_at <= now)
			start_child(i);
		else if (self.children[i].start_at - now < wait)
			wait = self.children[i].start_at - now;
	}
	return wait;
}

static bool
is_anybody_alive(void)
{
	for (int i = 0; i < self.count; i++)
	{
		if (self.children[i].pid)
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
			process_reload();	/* for children that will be started later */
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
	while (!self.ending || is_anybody_alive())
	{
		int64_t		wait = start_due();
		struct timespec timeout = {wait / 1000, wait % 1000 * 1000000};
		int			signum = sigtimedwait(&self.signals, NULL, &timeout);

		if (signum > 0)
			handle_signal(signum);
		else if (self.ending && clock_monotonic_ms() >= self.kill_at)
		{
			log_error("processes did not end in time and are killed");
			signal_children(SIGKILL);
			self.kill_at += KILL_AFTER;
		}
	}
	return self.status;
}

static void
block_signals(void)
{
	sigemptyset(&self.signals);
	sigaddset(&self.signals, SIGCHLD);
	sigaddset(&self.signals, SIGHUP);
	sigaddset(&self.signals, SIGTERM);
	sigaddset(&self.signals, SIGINT);
	sigprocmask(SIG_BLOCK, &self.signals, &self.original);
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
	self.source = source;
	self.conf = conf;
	self.count = (int) conf->processes;
	self.shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (self.shared == MAP_FAILED)
	{
		log_error("cannot map shared memory", LOG_STR("reason", strerror(errno)));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_file_limit();
	log_set_main_pid(getpid());
	if (!app_prepare(conf))
		return 1;
	if (self.count == 1)
		return app_run(conf, 0);
	block_signals();
	return watch_children();
}
