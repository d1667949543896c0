#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The examples of the documentation, run as they stand.

    test/docs/examples.py [--update] [PAGE...]      all pages with examples if none is named

A block of SQL on a page that is followed by a block without a language is an example: what
psql prints for the first has to be the second. The examples of a page run in the order of the
page, in one session, in a database of their own that has the extension and nothing else, so that
one can build on another. A block of SQL that is followed by no such block runs too, and has to
print no error.

--update writes what psql prints into the page; read the difference before you keep it.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test/sidecar/wire"))

from kit.postgres import Cluster

BLOCK = re.compile(r"^```sql\n(.*?)^```\n(?:\n```\n(.*?)^```\n)?", re.M | re.S)
MARK = "---- end of example"
PAGES = ["docs/publishing.md",
         "docs/capture.md", "docs/schema.md", "docs/filters.md", "docs/search.md"]


def run(cluster, blocks):
    """What psql prints for each of the blocks."""
    script = "".join(f"{block}\n\\echo '{MARK}'\n" for block in blocks)
    psql = subprocess.run(
        [os.path.join(cluster.bindir, "psql"), "-Xq", "-P", "null=NULL", "-v", "SHOW_CONTEXT=never",
         cluster.conninfo()],
        input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env={**os.environ, "PGOPTIONS": "-c client_min_messages=notice", "LC_ALL": "C"})
    return [tidy(part) for part in psql.stdout.split(MARK + "\n")[:-1]]


def tidy(text):
    """Without blanks at line ends and empty lines at both ends."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def differences(page, text, blocks, outputs):
    """A line of TAP for each example of the page; returns how many failed."""
    failed = 0
    for (match, got), number in zip(zip(blocks, outputs), range(1, len(blocks) + 1)):
        expected = match.group(2)
        line = text[:match.start()].count("\n") + 1
        if expected is None:
            good = "ERROR" not in got
        else:
            good = tidy(expected) == got
        print(f"{'ok' if good else 'not ok'} {number} - {page}:{line}")
        if not good:
            failed += 1
            for name, lines in (("expected", expected or ""), ("got", got)):
                print(f"#   {name}:")
                print("".join(f"#     {l}\n" for l in tidy(lines).split("\n")), end="")
    if len(outputs) != len(blocks):
        print(f"not ok {len(blocks) + 1} - {page}: psql ended in example {len(outputs) + 1}")
        failed += 1
    return failed


def update(path, text, outputs):
    """Writes the outputs into the page."""
    results = iter(outputs)

    def replace(match):
        got = next(results)
        if match.group(2) is None:
            return match.group(0)
        return f"```sql\n{match.group(1)}```\n\n```\n{got}\n```\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(BLOCK.sub(replace, text))


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    failed = 0
    for page in arguments or PAGES:
        path = os.path.join(ROOT, page)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        blocks = list(BLOCK.finditer(text))
        cluster = Cluster(preload=False)
        try:
            outputs = run(cluster, [match.group(1) for match in blocks])
        finally:
            cluster.close()
        if "--update" in sys.argv[1:] and len(outputs) == len(blocks):
            update(path, text, outputs)
        else:
            failed += differences(page, text, blocks, outputs) + (not blocks)
            print(f"1..{len(blocks)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
