# SPDX-License-Identifier: PostgreSQL
"""One eventsd under test.

The binary is $EVENTSD, else sidecar/eventsd-asan when it is there, else
sidecar/eventsd. It is started on free ports and is ready when it says so.
Settings are flags: Eventsd(..., head_timeout="2s") is --head-timeout=2s.

Everything it writes to stderr is kept. Logs are JSON lines; any other line is
a fault, above all one of a sanitizer. check() finds both, and a wrong exit
status, so a test that only looked at answers fails all the same.
"""

import json
import os
import signal
import subprocess
import threading

from .deadline import DEFAULT, wait_until
from .postgres import end_with_parent

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../../.."))
_SANITIZERS = ("AddressSanitizer", "LeakSanitizer", "UndefinedBehaviorSanitizer",
               "runtime error:", "Sanitizer:")
_all = []


def binary(plain=False):
    """The program to test; `plain` asks for one without sanitizers."""
    if os.environ.get("EVENTSD") and not plain:
        return os.environ["EVENTSD"]
    candidates = [os.path.join(ROOT, "sidecar", name) for name in ("eventsd-asan", "eventsd")]
    if plain:
        candidates.reverse()
    for path in candidates:
        if os.access(path, os.X_OK):
            return path
    raise FileNotFoundError("no eventsd: run `make sidecar`, or name one in EVENTSD")


def environment(extra=None):
    """A clean environment, with the sanitizers told to speak up."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("EVENTSD_", "PG"))}
    kept.update({"ASAN_OPTIONS": "detect_leaks=1:exitcode=99:quarantine_size_mb=16:"
                                 "detect_stack_use_after_return=0",
                 "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=98",
                 "LSAN_OPTIONS": "exitcode=97"})
    kept.update(extra or {})
    return kept


def flags(settings):
    words = []
    for key, value in settings.items():
        if value is not None:
            words.append(f"--{key.replace('_', '-')}={value}")
    return words


def run(*arguments, stdin=None, seconds=None, env=None):
    """Runs one command of eventsd to its end; returns the finished process."""
    done = subprocess.run([binary(), *arguments], input=stdin, capture_output=True, text=True,
                          timeout=seconds or DEFAULT, env=environment(env), check=False)
    complain_of_sanitizers(done.stderr.splitlines())
    return done


def complain_of_sanitizers(lines):
    for number, line in enumerate(lines):
        if any(word in line for word in _SANITIZERS):
            raise AssertionError("sanitizer:\n" + "\n".join(lines[number:number + 40]))


def address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Eventsd:
    """A running `eventsd serve`."""

    def __init__(self, database, plain=False, wait=True, env=None, **settings):
        self.settings = {"database": database, "listen": "127.0.0.1:0",
                         "admin_listen": "127.0.0.1:0", **settings}
        self.settings = {key: value for key, value in self.settings.items() if value is not None}
        self.plain, self.env = plain, env
        self.process = None
        try:
            self.start(wait)
        except BaseException:
            self.process.kill()
            raise
        _all.append(self)

    def start(self, wait=True):
        """Starts it (anew: at the ports it had)."""
        self.lines, self.logs, self.odd = [], [], []
        self._expected = {0}
        self.process = subprocess.Popen(
            [binary(self.plain), "serve", *flags(self.settings)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment(self.env),
            preexec_fn=end_with_parent(signal.SIGKILL))
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,),
                                        daemon=True)
        self._reader.start()
        if wait:
            self.ready()

    def _read(self, stream):
        for raw in stream:
            line = raw.decode("utf-8", errors="backslashreplace").rstrip("\n")
            self.lines.append(line)
            try:
                entry = json.loads(line)
                if not isinstance(entry, dict):
                    raise ValueError("not an object")
                self.logs.append(entry)
            except ValueError:
                self.odd.append(line)
        stream.close()

    def ready(self, seconds=60):
        """Waits for the ready line and learns the addresses from it."""
        entry = self.wait_log(lambda log: log.get("event") == "ready", "ready line", seconds)
        self.address = address(entry["listen"][0])
        self.settings["listen"] = entry["listen"][0]
        self.admin = None
        if entry.get("admin"):
            self.admin = address(entry["admin"][0])
            self.settings["admin_listen"] = entry["admin"][0]
        return self

    def wait_log(self, wanted, what="log line", seconds=None):
        """The first log entry for which wanted(entry) is true."""
        def look():
            for entry in list(self.logs):
                if wanted(entry):
                    return entry
            if self.process.poll() is not None:
                self._reader.join(5)
                raise AssertionError(f"eventsd ended ({self.process.returncode}) before: {what}\n"
                                     + self.tail())
            return None
        return wait_until(look, what, seconds)

    def tail(self, lines=12):
        return "\n".join(self.lines[-lines:])

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """kill -9, and nothing to complain of."""
        self._expected = {-signal.SIGKILL}
        self.process.kill()
        self.process.wait()
        self._reader.join(5)

    def stop(self, seconds=60):
        """SIGTERM, then the exit status."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            tail = self.tail()
            self.kill()
            raise AssertionError(f"SIGTERM was not heard within {seconds} s\n{tail}") from None
        self._reader.join(5)
        return self.process.returncode

    def children(self):
        """The processes that this one has started."""
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as file:
                return [int(pid) for pid in file.read().split()]
        except FileNotFoundError:
            return []

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def check(self):
        """Raises for what a sanitizer said, a line that is no JSON, a wrong exit status."""
        complain_of_sanitizers(list(self.lines))
        if self.odd:
            raise AssertionError(f"log lines that are not JSON objects: {self.odd[:5]}")
        if not self.running() and self.process.returncode not in self._expected:
            raise AssertionError(f"eventsd ended with {self.process.returncode}\n{self.tail()}")

    def close(self):
        if self.process is not None and self.running():
            self.stop()
        self.check()
        if self in _all:
            _all.remove(self)


def check_all():
    """For tap.watch: none of the running ones has anything to complain of."""
    for eventsd in _all:
        eventsd.check()
