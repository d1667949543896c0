# SPDX-License-Identifier: PostgreSQL
"""What the suites of others have in common: where they lie, a server, and the accepted failures.

The suites are not part of this tree. $EVENTS_SUITES names their folder, ../shared/suites beside
the tree if it is not set; where there is none the runner says so and passes, since there is
nothing to measure against.

An accepted failure is a case that we fail on purpose, or cannot pass, and the reason. The file
names the case on a line of its own and gives the reason on the indented lines below it; lines
that begin with # are comments. The list may only shrink: a case on it that passes is a failure,
and so is one that the suite does not have.
"""

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/sidecar/wire"))

from kit.postgres import Cluster, PgError, Session, end_with_parent, is_running

__all__ = ["HERE", "ROOT", "Accepted", "Cluster", "PgError", "Session", "end_with_parent", "finish",
           "is_running", "server", "suite_folder"]


def suite_folder(*parts):
    """The folder (or file) of a suite; ends the program, passed, where there is none."""
    suites = os.environ.get("EVENTS_SUITES") or os.path.join(ROOT, "..", "shared", "suites")
    path = os.path.join(suites, *parts)
    if not os.path.exists(path):
        print(f"ok 1 - {'/'.join(parts)} # SKIP no such thing in {suites} (EVENTS_SUITES)")
        print("# 1 passed, 0 failed")
        sys.exit(0)
    return path


def server():
    """A private server with the extension in database `app`, ended with the program."""
    try:
        return Cluster(preload=False)
    except PgError as error:
        print(f"not ok 1 - server: {error}")
        print("# 0 passed, 1 failed")
        sys.exit(1)


class Accepted:
    """The cases of a list, with their reasons; remembers which of them it was asked for."""

    def __init__(self, path):
        self.name = os.path.relpath(path, ROOT)
        self.reasons = {}
        self.met = set()
        case = None
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith("#") or not line.strip():
                    continue
                if not line[0].isspace():
                    case = line.rstrip("\n")
                    self.reasons[case] = ""
                elif case is None:
                    raise ValueError(f"{self.name}: a reason before the first case")
                else:
                    self.reasons[case] = f"{self.reasons[case]} {line.strip()}".strip()
        for case, reason in self.reasons.items():
            if not reason:
                raise ValueError(f"{self.name}: no reason given for: {case}")

    def judge(self, case, passed):
        """What is wrong with this case: None, or a text."""
        listed = case in self.reasons
        if listed:
            self.met.add(case)
        if passed:
            return f"passes, but stands in {self.name}" if listed else None
        return None if listed else "fails"

    def unknown(self):
        """Cases of the list that nobody asked for."""
        return sorted(set(self.reasons) - self.met)


def finish(passed, problems):
    """Prints the problems and the last line, and ends the program."""
    for problem in problems:
        print("not ok -", " ".join(problem.split()))
    print(f"# {passed} passed, {len(problems)} failed", flush=True)
    sys.exit(1 if problems else 0)
