# SPDX-License-Identifier: PostgreSQL
"""What the actors of a randomised model test have in common.

An Actor is a thread with a session of its own, to which losing its connection at any moment is
part of life; anything else that goes wrong is a fault, which it keeps for the test to raise.

Whether a transaction was committed must not be told by what is tested. So transactions write their
names to the table `done`, and whoever lost the answer to a COMMIT looks there.
"""

import random
import threading

from harness import PgError


def is_outage(error):
    """The connection is gone, or the server is going down or coming up."""
    return error.lost or (error.sqlstate or "").startswith("57P")


class Actor(threading.Thread):
    """Does step() again and again until it is told to stop."""

    def __init__(self, seed, title, stand, stop):
        super().__init__(daemon=True)
        self.random = random.Random(f"{seed}/{title}")
        self.title, self.stand, self.stop = title, stand, stop
        self.session, self.failure, self.outages = None, None, 0

    def step(self):
        raise NotImplementedError

    def begin(self):
        """A new session is there."""

    def run(self):
        try:
            while not self.stop.is_set():
                self._guarded()
        except Exception as error:
            self.failure = error
        finally:
            self.lose()

    def _guarded(self):
        try:
            if self.session is None:
                self.session = self.stand.cluster.session()
                self.begin()
            self.step()
        except PgError as error:
            if not is_outage(error):
                raise
            self.outages += 1
            self.lose()
            self.stop.wait(0.02)

    def lose(self):
        if self.session is not None:
            self.session.close()
        self.session = None

    def rest(self, seconds):
        self.stop.wait(self.random.uniform(0, seconds))

    def is_done(self, name):
        return self.session.value("SELECT true FROM done WHERE name = $1", name) is not None
