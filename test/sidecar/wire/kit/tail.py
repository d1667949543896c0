# SPDX-License-Identifier: PostgreSQL
"""`eventsd tail` behind the shape of a reader: it reads the database itself, without a server."""

import json
import os
import select
import signal
import subprocess

from .deadline import DEFAULT, Deadline
from .eventsd import binary, complain_of_sanitizers, environment
from .postgres import end_with_parent


class TailReader:
    """A running `eventsd tail`; its lines as they come."""

    name = "tail"

    def __init__(self, database, *arguments, after=None):
        self.database, self.arguments, self.cursor = database, arguments, after
        self._start()

    def _start(self):
        after = ["--after", str(self.cursor)] if self.cursor is not None else []
        self.process = subprocess.Popen(
            [binary(), "tail", "--database", self.database, *self.arguments, *after],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(), preexec_fn=end_with_parent(signal.SIGKILL))
        self._text = b""

    def take(self, count, seconds=None):
        """Exactly the next `count` events."""
        deadline = Deadline(seconds, f"{count} events by tail")
        events = [json.loads(self._line(deadline)) for _ in range(count)]
        self.cursor = events[-1]["sequence"]
        return events

    def _line(self, deadline):
        stdout = self.process.stdout.fileno()
        while b"\n" not in self._text:
            if not select.select([stdout], [], [], deadline.left())[0]:
                continue
            data = os.read(stdout, 65536)
            if not data:
                raise ConnectionError(f"tail ended with {self.process.wait(DEFAULT)}")
            self._text += data
        line, _, self._text = self._text.partition(b"\n")
        return line

    def kill(self):
        """kill -9; what it has printed and nobody has read is lost with it."""
        self.process.kill()
        self.process.communicate()

    def resume(self, *_):
        self.close()
        self._start()
        return self

    def close(self):
        """SIGTERM; it must end well."""
        if self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=DEFAULT)
        complain_of_sanitizers(errors.decode(errors="replace").splitlines())
        if self.process.returncode not in (0, -signal.SIGTERM):
            raise AssertionError(f"tail ended with {self.process.returncode}: {errors!r}")
