# SPDX-License-Identifier: PostgreSQL
"""What goes wrong during a randomised model test: one misfortune after the other.

It runs in the main thread. Servers that it ends it starts again; what it does to single processes
they have to make good themselves.
"""

import os
import random
import signal
import time

from harness import Deadline, PgError, equal


class Disturber:
    """Ends servers and processes, in an order that follows from the seed."""

    def __init__(self, seed, stand, instances):
        self.random = random.Random(f"{seed}/disturb")
        self.stand, self.instances = stand, instances
        self.counts = {}
        self.of_server = (self.crash_postgresql, self.stop_postgresql, self.crash_backend,
                          self.end_worker)
        self.of_eventsd = (self.kill_eventsd, self.kill_eventsd, self.restart_eventsd,
                           self.cut_connections, self.cut_connections, self.kill_process)

    def run(self, seconds, actions=None):
        deadline = Deadline(seconds)
        while not deadline.passed():
            action = self.random.choice(actions or (*self.of_eventsd, *self.of_server))
            self.counts[action.__name__] = self.counts.get(action.__name__, 0) + 1
            action()
            time.sleep(min(self.random.uniform(0.2, 2.5), max(0, deadline.end - time.monotonic())))

    def kill_eventsd(self):
        eventsd = self.random.choice(self.instances)
        eventsd.kill()
        eventsd.check()
        eventsd.start(wait=False)

    def kill_process(self):
        """One of the processes of an instance that has several."""
        for pid in self.instances[-1].children()[:1]:
            os.kill(pid, signal.SIGKILL)

    def restart_eventsd(self):
        eventsd = self.random.choice(self.instances)
        equal(eventsd.stop(), 0, "exit status of eventsd")
        eventsd.check()
        eventsd.start(wait=False)

    def crash_postgresql(self):
        self.stand.cluster.crash()
        self.stand.cluster.start()

    def stop_postgresql(self):
        self.stand.cluster.stop(self.random.choice(("fast", "immediate")))
        self.stand.cluster.start()

    def _ask(self, sql):
        session = self.stand.cluster.session("postgres")
        try:
            return session.query(sql)
        finally:
            session.close()

    def _try(self, sql):
        """For what may hit a server that is just recovering."""
        try:
            return self._ask(sql)
        except PgError:
            return []

    def crash_backend(self):
        """kill -9 of one session: the server ends all others, and recovers."""
        for (pid,) in self._try("SELECT pid FROM pg_stat_activity WHERE datname = 'app' "
                                "AND backend_type = 'client backend' ORDER BY random() LIMIT 1"):
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def cut_connections(self):
        self._try("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'relay'")

    def end_session(self):
        """Of one client, whatever it does."""
        self._try("SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity "
                  "WHERE datname = 'app' AND backend_type = 'client backend' "
                  "ORDER BY random() LIMIT 1) one")

    def end_worker(self):
        self._try("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'app' "
                  "AND backend_type NOT IN ('client backend', 'autovacuum worker')")
