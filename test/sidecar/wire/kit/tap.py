# SPDX-License-Identifier: PostgreSQL
"""Registers test functions, runs them in order, prints TAP.

A test is a function under @test("name"); it passes by returning. Arguments on
the command line choose the tests whose names contain one of them. What was
opened with `closing(...)` during a test is closed after it, whatever happened;
what was registered with `at_end(...)` is closed after the last one, also when
the script is ended by a signal.

A watcher (`watch(...)`) is asked after every test whether what is shared by
the tests still stands; its complaint fails the test that it follows.
"""

import atexit
import faulthandler
import os
import signal
import sys
import traceback

_tests = []
_watchers = []
_open_in_test = []
_open_in_file = []


class Skip(Exception):
    """Raised by a test that cannot run here; the text says why."""


def test(name):
    """Registers the function below it under this name."""
    def register(function):
        _tests.append((name, function))
        return function
    return register


def closing(thing):
    """Closes `thing` after the running test."""
    _open_in_test.append(thing)
    return thing


def at_end(thing):
    """Closes `thing` after the last test of the file."""
    _open_in_file.append(thing)
    return thing


def watch(check):
    """Runs check() after every test; it raises when something broke."""
    _watchers.append(check)


def note(text):
    """A line for the reader of the TAP output."""
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def equal(got, expected, what="value"):
    if got != expected:
        raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def true(value, what):
    if not value:
        raise AssertionError(what)


def one_of(got, expected, what="value"):
    if got not in expected:
        raise AssertionError(f"{what}: got {got!r}, expected one of {expected!r}")


def _close_all(things):
    """Closes in reverse order; returns the first complaint."""
    complaint = None
    while things:
        thing = things.pop()
        try:
            thing.close()
        except Exception as error:
            complaint = complaint or error
    return complaint


def _run_one(function):
    """Runs one test, then closes what it opened, then asks the watchers."""
    try:
        function()
        outcome = None
    except Exception as error:
        outcome = error
    complaint = _close_all(_open_in_test)
    outcome = outcome or complaint
    for check in _watchers:
        try:
            check()
        except Exception as error:
            if outcome is None or isinstance(outcome, Skip):
                outcome = error
            else:
                note(f"also: {error}")
    return outcome


def _chosen():
    wanted = sys.argv[1:]
    if not wanted:
        return _tests
    return [(n, f) for n, f in _tests if any(w in n for w in wanted)]


def _explain(error):
    """The failure as TAP comments: the last frames, then the message."""
    lines = traceback.format_exception(error)
    note("".join(lines[-4:]).rstrip())


def main(at_last=None):
    """Runs everything and exits. `at_last` is one more test, run when all is closed."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    atexit.register(_close_all, _open_in_file)
    faulthandler.dump_traceback_later(int(os.environ.get("EVENTS_TEST_WATCHDOG", "900")), exit=True)
    chosen = _chosen()
    print(f"1..{len(chosen) + 1}", flush=True)
    failed = 0
    for number, (name, function) in enumerate(chosen, 1):
        outcome = _run_one(function)
        if isinstance(outcome, Skip):
            print(f"ok {number} - {name} # SKIP {outcome}", flush=True)
        elif outcome is None:
            print(f"ok {number} - {name}", flush=True)
        else:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            _explain(outcome)
    failed += _end(len(chosen) + 1, at_last)
    faulthandler.cancel_dump_traceback_later()
    sys.exit(1 if failed else 0)


def _end(number, at_last):
    """The last test of every file: all that was started ends cleanly."""
    complaint = _close_all(_open_in_file)
    if complaint is None and at_last is not None:
        try:
            at_last()
        except Exception as error:
            complaint = error
    if complaint is None:
        print(f"ok {number} - everything_ends_cleanly", flush=True)
        return 0
    print(f"not ok {number} - everything_ends_cleanly", flush=True)
    _explain(complaint)
    return 1
