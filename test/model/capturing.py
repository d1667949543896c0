# SPDX-License-Identifier: PostgreSQL
"""Writers that change tracked tables at random, and the events that this must make.

Each writer has a model of its rows in each table, and changes it beside the table: a statement
gives the rows before and after, and TrackedTable.events() says what capture has to publish of
them. The rows of a writer are its own, so the model knows what they are; the table `item` is
shared with the others.

A Statement of several rows publishes in the order of its rows where that order is ours (INSERT,
COPY), else in one that only the plan knows: `ordered` says which.
"""

import json

from harness import PgError
from model.actor import Actor

SETUP = """
    CREATE SCHEMA shop;
    CREATE TABLE done (name text PRIMARY KEY);
    CREATE TABLE shop.item (id text PRIMARY KEY, n int NOT NULL, note text, secret text,
        twice int GENERATED ALWAYS AS (n * 2) STORED);
    SELECT events.track('shop.item', type => 'item.{operation}', redact => '{"secret": "omit"}');
"""
SETUP_OF_WRITER = """
    CREATE TABLE shop.bulk_%(w)d (id text PRIMARY KEY, n int NOT NULL, note text);
    SELECT events.track('shop.bulk_%(w)d', granularity => 'statement');
    CREATE TABLE shop.diff_%(w)d (id text PRIMARY KEY, n int NOT NULL, note text);
    SELECT events.track('shop.diff_%(w)d', only_changed => true, columns => '{id,n,note}',
        "when" => 'coalesce(new.n, old.n) %% 3 <> 0');
    CREATE TABLE shop.part_%(w)d (id text, n int NOT NULL, note text, PRIMARY KEY (id, n))
        PARTITION BY RANGE (n);
    CREATE TABLE shop.part_%(w)d_0 PARTITION OF shop.part_%(w)d FOR VALUES FROM (0) TO (40);
    SELECT events.track('shop.part_%(w)d', key => '{id}');
    CREATE TABLE shop.part_%(w)d_1 PARTITION OF shop.part_%(w)d FOR VALUES FROM (40) TO (100);
"""
PARTITIONS = {"_0": (0, 40), "_1": (40, 100)}


class TrackedTable:
    """One writer's rows in one table: id -> row, and what capture makes of changes."""

    def __init__(self, name, kind, shared=False):
        self.name, self.kind, self.shared = name, kind, shared
        self.rows = {}

    def image(self, row):
        """A row as it is published."""
        if row is None or self.kind != "item":
            return row
        public = {name: value for name, value in row.items() if name != "secret"}
        return {**public, "twice": row["n"] * 2}

    def _event(self, old, new):
        """The data of one row's event, or None where there is to be none."""
        before, after = self.image(old), self.image(new)
        if self.kind == "diff":
            if (new or old)["n"] % 3 == 0:
                return None
            if old and new:
                changed = [name for name in before if before[name] != after[name]]
                if not changed:
                    return None
                before, after = ({name: image[name] for name in changed}
                                 for image in (before, after))
        data = {"key": {"id": (new or old)["id"]}}
        data.update({} if old is None else {"old": before})
        data.update({} if new is None else {"new": after})
        return data

    def events(self, operation, changes):
        """[(type, subject, data)] of one operation of a statement on these (old, new)."""
        kind = f"{self.name.rpartition('.')[2]}.{operation}"
        rows = [data for data in (self._event(old, new) for old, new in changes) if data]
        if self.kind != "bulk":
            return [(kind, data["key"]["id"], data) for data in rows]
        return [(kind, None, {"rows": rows, "count": len(rows)})] if rows else []

    def truncated(self):
        return [(f"{self.name.rpartition('.')[2]}.truncated", None, {})]


class Statement:
    """What one statement has to publish."""

    def __init__(self, events, ordered=False):
        self.events, self.ordered = events, ordered


def canonical(event):
    """An event as a text to compare, without regard to the order of the rows in it."""
    kind, subject, data = event
    if "rows" in data:
        data = {**data, "rows": sorted(data["rows"], key=lambda row: row["key"]["id"])}
    return json.dumps([kind, subject, data], sort_keys=True)


class CaptureWriter(Actor):
    """Random transactions on its rows of four tables."""

    def __init__(self, seed, number, stand, stop):
        super().__init__(seed, f"capture/{number}", stand, stop)
        self.number, self.made, self.rows_made = number, 0, 0
        self.tables = [TrackedTable("shop.item", "item", shared=True)] + [
            TrackedTable(f"shop.{kind}_{number}", kind) for kind in ("bulk", "diff", "part")]
        self.committed = []     # Statements, in order
        self.pending = None     # of a transaction whose fate is not known: (name, statements, rows)

    def mine(self, kind, subject, data):
        """Is this event of the log one of ours?"""
        if kind.startswith("item."):
            return subject.startswith(f"c{self.number}-")
        return kind.partition(".")[0].endswith(f"_{self.number}")

    # ---- transactions

    def begin(self):
        self.settle()

    def settle(self):
        """What became of the transaction whose answer was lost?"""
        if self.pending is None:
            return
        name, statements, rows = self.pending
        if self.is_done(name):
            self.committed += statements
        else:
            self._set_rows(rows)
        self.pending = None

    def _rows(self):
        return [dict(table.rows) for table in self.tables]

    def _set_rows(self, rows):
        for table, of_table in zip(self.tables, rows):
            table.rows = of_table

    def step(self):
        name = f"c{self.number}t{self.made}"
        self.made += 1
        before, statements = self._rows(), []
        self.pending = (name, statements, before)
        self.session.query("BEGIN")
        marks = []
        for _ in range(self.random.choice((1, 1, 2, 3, 5, 8))):
            self._one(statements, marks)
        if self.random.random() < 0.2:
            self.session.query("ROLLBACK")
            self._set_rows(before)
        else:
            self.session.query("INSERT INTO done VALUES ($1)", name)
            self.session.query("COMMIT")
            self.committed += statements
        self.pending = None
        self.rest(0.05)

    def _one(self, statements, marks):
        step = self.random.random()
        if step < 0.78:
            statements.append(self._change())
        elif step < 0.86 or not marks:
            marks.append((len(statements), self._rows()))
            self.session.query(f"SAVEPOINT s{len(marks)}")
        elif step < 0.93:
            depth = self.random.randrange(len(marks)) + 1
            self.session.query(f"ROLLBACK TO SAVEPOINT s{depth}")
            count, rows = marks[depth - 1]
            del statements[count:]
            self._set_rows(rows)
            del marks[depth:]
            marks[depth - 1] = (count, [dict(of_table) for of_table in rows])
        else:
            self._failing()

    def _failing(self):
        """A change that is taken back by an error in the same statement."""
        rows = self._rows()
        self.session.query("SAVEPOINT f")
        self._change()
        try:
            self.session.query("UPDATE shop.item SET n = n / 0 WHERE id LIKE $1",
                               f"c{self.number}-%")
        except PgError as error:
            if error.sqlstate != "22012":
                raise
        self.session.query("ROLLBACK TO SAVEPOINT f; RELEASE SAVEPOINT f")
        self._set_rows(rows)

    # ---- statements

    def _change(self):
        table = self.random.choice(self.tables)
        ways = [self._insert, self._insert, self._copy, self._update, self._update, self._remove,
                self._on_conflict, self._merge]
        if table.kind == "part":
            ways += [self._insert_partition, self._update_partition]
        if not table.shared and self.random.random() < 0.04:
            ways = [self._truncate]
        return self.random.choice(ways)(table)

    def _new_rows(self, table, low=0, high=100):
        rows = []
        for _ in range(self.random.choice((1, 2, 5, 20))):
            self.rows_made += 1
            rows.append(self._row(table, f"c{self.number}-{self.rows_made}", low, high))
        return rows

    def _row(self, table, identity, low=0, high=100):
        row = {"id": identity, "n": self.random.randrange(low, high),
               "note": self.random.choice((None, "x", "\u00fc \"'\\", "y" * 50))}
        return {**row, "secret": "s3cret"} if table.kind == "item" else row

    def _some(self, table):
        """Rows that are there, perhaps none."""
        count = min(len(table.rows), self.random.choice((1, 2, 4, 10)))
        return [table.rows[identity] for identity in self.random.sample(sorted(table.rows), count)]

    def _columns(self, table):
        return "id, n, note, secret" if table.kind == "item" else "id, n, note"

    def _source(self):
        return "jsonb_to_recordset($1::jsonb) AS r (id text, n int, note text, secret text)"

    def _insert(self, table, suffix="", rows=None):
        rows = rows or self._new_rows(table)
        columns = self._columns(table)
        self.session.query(f"INSERT INTO {table.name}{suffix} ({columns}) SELECT {columns} "
                           f"FROM {self._source()}", json.dumps(rows))
        return self._inserted(table, rows)

    def _inserted(self, table, rows):
        table.rows.update((row["id"], row) for row in rows)
        return Statement(table.events("inserted", [(None, row) for row in rows]), ordered=True)

    def _copy(self, table):
        rows = self._new_rows(table)
        columns = self._columns(table).split(", ")
        self.session.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN",
                          "".join("\t".join(copied(row[name]) for name in columns) + "\n"
                                  for row in rows))
        return self._inserted(table, rows)

    def _insert_partition(self, table):
        suffix = self.random.choice(sorted(PARTITIONS))
        return self._insert(table, suffix, self._new_rows(table, *PARTITIONS[suffix]))

    def _update_partition(self, table):
        """Names a partition, so its rows only."""
        suffix = self.random.choice(sorted(PARTITIONS))
        low, high = PARTITIONS[suffix]
        rows = [row for row in self._some(table) if low <= row["n"] < high]
        return self._update(table, suffix, [{**row, "note": "here"} for row in rows])

    def _update(self, table, suffix="", rows=None):
        """Rows get new values, or those that they have."""
        if rows is None:
            rows = [dict(row) if self.random.random() < 0.2
                    else {**row, **self._row(table, row["id"])} for row in self._some(table)]
        self.session.query(f"UPDATE {table.name}{suffix} t SET n = r.n, note = r.note "
                           f"FROM {self._source()} WHERE t.id = r.id", json.dumps(rows))
        changes = [(table.rows[row["id"]], row) for row in rows]
        table.rows.update((row["id"], row) for row in rows)
        return Statement(table.events("updated", changes))

    def _remove(self, table):
        rows = self._some(table)
        self.session.query(f"DELETE FROM {table.name} t USING {self._source()} "
                           "WHERE t.id = r.id", json.dumps(rows))
        for row in rows:
            del table.rows[row["id"]]
        return Statement(table.events("deleted", [(row, None) for row in rows]))

    def _on_conflict(self, table):
        """New rows and such as are there already, which are changed, or left alone."""
        new = self._new_rows(table)
        old = [{**row, "note": self.random.choice(("clash", row["note"]))}
               for row in self._some(table)]
        both = [*new, *old]
        self.random.shuffle(both)
        columns, update = self._columns(table), self.random.random() < 0.7
        self.session.query(
            f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {self._source()} "
            f"ON CONFLICT ({'id, n' if table.kind == 'part' else 'id'}) "
            + ("DO UPDATE SET note = excluded.note" if update else "DO NOTHING"), json.dumps(both))
        changes = [(table.rows[row["id"]], row) for row in old] if update else []
        table.rows.update((row["id"], row) for row in (both if update else new))
        return Statement(table.events("inserted", [(None, row) for row in new])
                         + table.events("updated", changes))

    def _merge(self, table):
        """Some new, some changed, and of those that are there some deleted."""
        new, old = self._new_rows(table), self._some(table)
        gone = [row for row in old if self.random.random() < 0.3]
        changed = [{**row, "n": self.random.randrange(100)} for row in old if row not in gone]
        columns = self._columns(table)
        self.session.query(
            f"MERGE INTO {table.name} t USING (SELECT * FROM {self._source()}) r ON t.id = r.id "
            "WHEN MATCHED AND r.n < 0 THEN DELETE WHEN MATCHED THEN UPDATE SET n = r.n "
            f"WHEN NOT MATCHED THEN INSERT ({columns}) "
            f"VALUES ({', '.join('r.' + name for name in columns.split(', '))})",
            json.dumps([*new, *changed, *({**row, "n": -1} for row in gone)]))
        # PostgreSQL has MERGE delete and insert a row that goes to another partition
        pairs = [(table.rows[row["id"]], row) for row in changed]
        moved = [(old, row) for old, row in pairs
                 if table.kind == "part" and partition(old) != partition(row)]
        events = (table.events("inserted", [(None, row) for row in new + [new for _, new in moved]])
                  + table.events("updated", [pair for pair in pairs if pair not in moved])
                  + table.events("deleted", [(row, None) for row in
                                             gone + [old for old, _ in moved]]))
        table.rows.update((row["id"], row) for row in (*new, *changed))
        for row in gone:
            del table.rows[row["id"]]
        return Statement(events)

    def _truncate(self, table):
        self.session.query(f"TRUNCATE {table.name}")
        table.rows.clear()
        return Statement(table.truncated())


def partition(row):
    return next(suffix for suffix, (low, high) in PARTITIONS.items() if low <= row["n"] < high)


def copied(value):
    """A value in COPY's text format."""
    return "\\N" if value is None else str(value).replace("\\", "\\\\").replace("\t", "\\t")


def differences(statements, got):
    """The first place where events of the log are not what the statements publish, in words."""
    at = 0
    for number, statement in enumerate(statements):
        count = len(statement.events)
        want, have = ([canonical(event) for event in events]
                      for events in (statement.events, got[at:at + count]))
        if statement.ordered and want != have or sorted(want) != sorted(have):
            return f"statement {number} of {len(statements)}, event {at}: want {want}, got {have}"
        at += count
    return None if at == len(got) else f"{len(got) - at} events too many: {got[at:at + 3]}"
