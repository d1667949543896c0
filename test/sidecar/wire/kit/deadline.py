# SPDX-License-Identifier: PostgreSQL
"""Waiting for conditions, never for time.

A test that sleeps is either slow or wrong. Everything here waits until
something is true, or fails at a deadline. The deadline is long, since it is
only ever reached by a failing test: EVENTS_TEST_TIMEOUT seconds, 30 if unset.
"""

import os
import time

DEFAULT = float(os.environ.get("EVENTS_TEST_TIMEOUT", "30"))


class Deadline:
    """A moment by which something must have happened."""

    def __init__(self, seconds=None, what="condition"):
        self.seconds = DEFAULT if seconds is None else seconds
        self.end = time.monotonic() + self.seconds
        self.what = what

    def left(self):
        """Seconds that remain; raises when none do."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{self.what}: not within {self.seconds:g} s")
        return left

    def passed(self):
        return time.monotonic() >= self.end


def wait_until(condition, what="condition", seconds=None, every=0.02):
    """Returns the first true value of condition()."""
    deadline = Deadline(seconds, what)
    while True:
        value = condition()
        if value:
            return value
        time.sleep(min(every, deadline.left()))
