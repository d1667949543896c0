#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The property test of events.schema_compatibility(): it never promises too much.

Pairs of schemas are made at random: small ones of all keywords, from a seed, and schemas of the
open corpus, where that is at hand; the second of a pair is the first with some random changes.
Where the function says that a promise holds, all sample values that are valid under the one schema
have to be valid under the other. Samples follow the schema where they can, and are then damaged.

With `strict`, any value will do. Without, a property that a schema does not mention counts as
unused, so only values count that were made by following the schema, which have no others.

Besides: a schema is compatible with itself, and with itself in another order.

EVENTS_RANDOM_SECONDS (20) is how long it goes on, from the seed EVENTS_RANDOM_SEED (1, so that a
change is what makes a test fail; $RANDOM looks elsewhere), which is printed. So is, for
information, how often a promise was called broken for which no sample is the proof: what could not
be decided, and what the samples missed.
"""

import copy
import json
import os
import random
import sys
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test/sidecar/wire"))

from kit.postgres import Cluster, PgError

SECONDS = float(os.environ.get("EVENTS_RANDOM_SECONDS", "20"))
SEED = int(os.environ.get("EVENTS_RANDOM_SEED") or 1)
SUITES = os.environ.get("EVENTS_SUITES") or os.path.join(ROOT, "..", "shared", "suites")

NAMES = ["a", "b", "c", "xa", "xb"]
STRINGS = ["", "a", "b", "xa", "xab", "xxxx", "2020-01-02"]
NUMBERS = [-1, 0, 0.5, 1, 1.0, 2, 3, 6, 7.25, 12]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
BRANCHES = ["anyOf", "oneOf", "allOf"]
BOUNDS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
PATTERNS = ["^x", "a", "^a", "b$"]
DRAFTS = [None, "http://json-schema.org/draft-07/schema#",
          "https://json-schema.org/draft/2019-09/schema"]

ANSWERS = """
SELECT (SELECT coalesce(string_agg(DISTINCT kind, ' '), '')
        FROM events.schema_compatibility(a, b, true)),
       (SELECT coalesce(string_agg(DISTINCT kind, ' '), '')
        FROM events.schema_compatibility(a, b)),
       (SELECT coalesce(string_agg(events.is_valid(v, a)::int::text || events.is_valid(v, b)::int,
                                   ' ' ORDER BY n), '')
        FROM jsonb_array_elements($3::jsonb) WITH ORDINALITY x (v, n))
FROM (SELECT $1::jsonb AS a, $2::jsonb AS b) s
"""


class Maker:
    """Random schemas, changes to them, and values that follow them."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.gave = False

    def scalar(self):
        return self.r.choice([None, True, False, self.r.choice(NUMBERS), self.r.choice(STRINGS)])

    def value(self, depth=2):
        kind = self.r.randrange(8)
        if depth > 0 and kind == 0:
            return [self.value(depth - 1) for _ in range(self.r.randrange(4))]
        if depth > 0 and kind < 4:
            return {self.r.choice(NAMES): self.value(depth - 1)
                    for _ in range(self.r.randrange(4))}
        return self.scalar()

    # ---- schemas

    def keyword(self, depth):
        """One keyword, or a few that go together."""
        r, sub = self.r, lambda: self.schema(depth - 1)
        plain = [
            lambda: {"type": r.choice(TYPES)},
            lambda: {"type": r.sample(TYPES, r.randrange(1, 4))},
            lambda: {"type": "object", "required": r.sample(NAMES, r.randrange(1, 3))},
            lambda: {"enum": [self.value(1) for _ in range(r.randrange(1, 4))]},
            lambda: {"const": self.value(1)},
            lambda: {r.choice(BOUNDS): r.choice(NUMBERS)},
            lambda: {"multipleOf": r.choice([0.5, 1, 2, 3])},
            lambda: {r.choice(["minLength", "maxLength", "minItems", "maxItems"]): r.randrange(4)},
            lambda: {r.choice(["minProperties", "maxProperties"]): r.randrange(4)},
            lambda: {"pattern": r.choice(PATTERNS)},
            lambda: {"uniqueItems": True},
            lambda: {"additionalProperties": False,
                     "properties": {n: True for n in r.sample(NAMES, 2)}},
            lambda: {"dependentRequired": {r.choice(NAMES): [r.choice(NAMES)]}},
        ]
        if depth <= 0:
            return r.choice(plain)()
        nested = [
            lambda: {"properties": {n: sub() for n in r.sample(NAMES, r.randrange(1, 3))}},
            lambda: {"type": "object", "required": r.sample(NAMES, 1),
                     "properties": {n: sub() for n in r.sample(NAMES, r.randrange(1, 4))},
                     "additionalProperties": r.choice([True, False, sub()])},
            lambda: {"patternProperties": {r.choice(PATTERNS): sub()}},
            lambda: {"additionalProperties": sub()},
            lambda: {"propertyNames": sub()},
            lambda: {"type": "array", "items": sub()},
            lambda: {"prefixItems": [sub() for _ in range(r.randrange(1, 3))],
                     "items": r.choice([True, False, sub()])},
            lambda: {"contains": sub(), "minContains": r.randrange(3)},
            lambda: {"contains": sub(), "maxContains": r.randrange(1, 3)},
            lambda: {r.choice(BRANCHES): [sub() for _ in range(r.randrange(1, 4))]},
            lambda: {"not": sub()},
            lambda: {"if": sub(), "then": sub(), "else": sub()},
            lambda: {"dependentSchemas": {r.choice(NAMES): sub()}},
            lambda: {"$ref": "#/$defs/" + r.choice("pq")},
            lambda: {"unevaluatedProperties": r.choice([False, sub()])},
            lambda: {"unevaluatedItems": r.choice([False, sub()])},
        ]
        return r.choice(plain + nested + nested)()

    def schema(self, depth):
        schema = {}
        if self.r.randrange(12) == 0:
            return self.r.random() < 0.7
        for _ in range(self.r.choice([1, 1, 2, 2, 3])):
            schema.update(self.keyword(depth))
        return schema

    def document(self):
        schema = self.schema(2)
        schema = schema if isinstance(schema, dict) else {"allOf": [schema]}
        # Below, the references lead to values inside of the value: they end.
        schema["$defs"] = {n: {"type": ["object", "array", "string"], "items": {"$ref": "#"},
                               "properties": {"a": self.schema(1)}} for n in "pq"}
        draft = self.r.choice(DRAFTS)
        if draft:
            schema["$schema"] = draft
        return schema

    # ---- changes

    def places(self, schema, found):
        """All subschemas, as far as they stand where one expects them."""
        if not isinstance(schema, dict):
            return found
        found.append(schema)
        for key, value in schema.items():
            if key in ("const", "enum", "required", "dependentRequired", "default", "examples"):
                continue
            if key in ("properties", "patternProperties", "$defs", "definitions",
                       "dependentSchemas"):
                for inner in value.values() if isinstance(value, dict) else []:
                    self.places(inner, found)
            elif isinstance(value, dict):
                self.places(value, found)
            elif isinstance(value, list):
                for inner in value:
                    self.places(inner, found)
        return found

    def change(self, schema):
        r = self.r
        schema = copy.deepcopy(schema)
        for _ in range(r.choice([1, 1, 2, 3])):
            place = r.choice(self.places(schema, []))
            keys = [k for k in place if k not in ("$schema", "$defs", "definitions", "$id")]
            kind = r.randrange(8)
            if kind < 2 and keys:
                del place[r.choice(keys)]
            elif kind < 4:
                place.update(self.keyword(1))
            elif kind == 4 and isinstance(place.get("properties"), dict):
                place["properties"][r.choice(NAMES)] = self.schema(1)
            elif kind == 5 and isinstance(place.get("properties"), dict) and place["properties"]:
                del place["properties"][r.choice(list(place["properties"]))]
            elif kind == 6 and isinstance(place.get("required"), list):
                place["required"] = [n for n in place["required"] if r.random() < 0.5]
            elif kind == 6:
                place["required"] = r.sample(list(place.get("properties") or NAMES), 1)
            elif keys:
                key = r.choice(keys)
                place[key] = self.tweak(place[key])
        return schema

    def tweak(self, value):
        r = self.r
        if isinstance(value, bool):
            return not value
        if isinstance(value, (int, float)):
            return max(0, value + r.choice([-1, 1, 2]))
        if isinstance(value, list) and value:
            shorter = r.random() < 0.6 and len(value) > 1
            return r.sample(value, len(value) - 1) if shorter else value + [value[0]]
        if isinstance(value, str) and value in TYPES:
            return [value, r.choice(TYPES)] if r.random() < 0.7 else r.choice(TYPES)
        return value

    def shuffled(self, value):
        if isinstance(value, dict):
            return {k: self.shuffled(v) if k in ("properties", "$defs", "items") else
                    self.r.sample(v, len(v)) if k in BRANCHES + ["enum", "required"] else v
                    for k, v in value.items()}
        return value

    # ---- values

    def follow(self, schema, root, depth=3):
        """A value that has a chance to be valid, without properties that are not mentioned."""
        r = self.r
        if not isinstance(schema, dict) or depth < 0:
            return self.scalar()
        if "const" in schema:
            return self.given(schema["const"])
        if schema.get("enum"):
            return self.given(r.choice(schema["enum"]))
        parts, ignored = [schema], []
        for part in parts:
            if len(parts) > 12 or not isinstance(part, dict):
                continue
            ref = part.get("$ref", "")
            if isinstance(ref, str) and ref.startswith("#"):
                target = root
                for token in ref.split("/")[1:]:
                    target = target.get(token, {}) if isinstance(target, dict) else {}
                parts.append(target)
                if "draft-0" in root.get("$schema", ""):
                    ignored.append(part)  # what stands beside $ref says nothing there
                    continue
            parts += part.get("allOf", []) if isinstance(part.get("allOf"), list) else []
            for key in ("anyOf", "oneOf"):
                if isinstance(part.get(key), list) and part[key]:
                    parts.append(r.choice(part[key]))
            parts += [part[k] for k in ("if", "then", "else") if k in part and r.random() < 0.5]
        parts = [p for p in parts if isinstance(p, dict) and p not in ignored]
        for part in parts:
            if "const" in part or part.get("enum"):
                return self.follow(part, root, depth)
        types = []
        for part in parts:
            own = part.get("type", [])
            types += [own] if isinstance(own, str) else own
        used = {key for part in parts for key in part}
        if not types:
            types = ["object" if used & {"properties", "required"} else
                     "array" if used & {"items", "prefixItems", "contains"} else r.choice(TYPES)]
        return self.of_type(r.choice(types), parts, root, depth)

    def given(self, value):
        """A value that a schema has; with names that another branch need not mention."""
        if isinstance(value, (dict, list)):
            self.gave = True
        return value

    def following(self, schema, count):
        """Values that follow it, and those that may have names that are not mentioned."""
        values = [], []
        for _ in range(count):
            self.gave = False
            value = self.follow(schema, schema)
            values[self.gave].append(value)
        return values

    def of_type(self, kind, parts, root, depth):
        r = self.r
        if kind == "object":
            found = {}
            for part in parts:
                named = part.get("properties")
                for name, inner in named.items() if isinstance(named, dict) else []:
                    if r.random() < 0.6 or name in part.get("required", []):
                        found[name] = self.follow(inner, root, depth - 1)
                for name in part.get("required", []):
                    if isinstance(name, str):
                        found.setdefault(name, self.scalar())
            return found
        if kind == "array":
            items = [p["items"] for p in parts if isinstance(p.get("items"), dict)] or [{}]
            # a keyword of 2020-12, the default; before that it says nothing
            knows = "2020-12" in root.get("$schema", "2020-12")
            prefix = [i for p in parts for i in (p.get("prefixItems") or []) if knows]
            return [self.follow(i, root, depth - 1) for i in prefix] + \
                   [self.follow(r.choice(items), root, depth - 1) for _ in range(r.randrange(3))]
        return {"null": None, "boolean": r.random() < 0.5,
                "integer": r.choice([-1, 0, 1, 2, 3, 6, 12]),
                "number": r.choice(NUMBERS)}.get(kind, r.choice(STRINGS))

    def damage(self, value):
        r = self.r
        value = copy.deepcopy(value)
        place = value
        while isinstance(place, (dict, list)) and place:
            key = r.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if r.random() < 0.4 or not isinstance(place[key], (dict, list)):
                if r.random() < 0.4:
                    del place[key]
                else:
                    place[key] = self.value(1)
                return value
            place = place[key]
        if isinstance(place, dict):
            place[r.choice(NAMES)] = self.value(1)
            return value
        return self.value(2)


def corpus():
    """Pairs of a schema's text and events that name it."""
    path = os.path.join(SUITES, "corpus.ndjson")
    if not os.path.exists(path):
        print(f"# no corpus in {SUITES}")
        return []
    events = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            if entry.get("schema_file"):
                events.setdefault(entry["schema_file"], []).append(entry["event"])
    schemas = []
    for name, samples in sorted(events.items()):
        file_name = os.path.join(SUITES, "corpus-schemas", os.path.basename(name))
        if os.path.exists(file_name) and os.path.getsize(file_name) < 100_000:
            with open(file_name, encoding="utf-8") as file:
                schemas.append((json.load(file), samples[:4]))
    return schemas


class Test:
    def __init__(self, session, seed):
        self.session = session
        self.maker = Maker(seed)
        self.problems = []
        self.pairs = self.kept = self.unproved = self.skipped = 0

    def ask(self, older, newer, samples):
        try:
            return self.session.query(ANSWERS, json.dumps(older), json.dumps(newer),
                                      json.dumps(samples))[0]
        except PgError as error:
            if error.sqlstate not in ("22023", "2201B"):
                self.problems.append(f"{error}: {json.dumps(older)} {json.dumps(newer)}")
            self.skipped += 1
            return None

    def pair(self, older, newer, follows, others):
        """`follows`: for each of the two schemas, values that it mentions all properties of."""
        samples = follows[0] + follows[1] + others
        answer = self.ask(older, newer, samples)
        if answer is None:
            return
        self.pairs += 1
        verdicts = [(v[0] == "1", v[1] == "1") for v in answer[2].split()]
        for kind, here, there in (("backward", 0, 1), ("forward", 1, 0)):
            proofs = [s for s, v in zip(samples, verdicts) if v[here] and not v[there]]
            own = follows[0] if here == 0 else follows[1]
            for mode, broken, counts in (("strict", kind in answer[0], proofs),
                                         ("", kind in answer[1], [p for p in proofs if p in own])):
                if not broken:
                    self.kept += 1
                    if counts:
                        self.problems.append(
                            f"{kind} {mode} promised, but {json.dumps(counts[0])} breaks it: "
                            f"{json.dumps(older)} {json.dumps(newer)}")
                elif mode and not proofs:
                    self.unproved += 1

    def small(self):
        m = self.maker
        older = m.document()
        newer = m.change(older) if m.r.random() < 0.8 else m.document()
        (olds, given), (news, also_given) = m.following(older, 15), m.following(newer, 15)
        others = given + also_given + [m.damage(v) for v in olds + news]
        others += [m.value() for _ in range(15)]
        self.pair(older, newer, [olds, news], others)
        if m.r.random() < 0.1:
            answer = self.ask(older, m.shuffled(older), [])
            if answer is not None and (answer[0] or answer[1]):
                self.problems.append(f"not compatible with itself: {json.dumps(older)}")

    def real(self, schema, events):
        m = self.maker
        newer = m.change(schema)
        if m.r.random() < 0.5:
            schema, newer = newer, schema
        damaged = [m.damage(e) for e in events for _ in range(8)]
        self.pair(schema, newer, [[], []], events + damaged)


def main():
    print(f"# EVENTS_RANDOM_SEED={SEED} EVENTS_RANDOM_SECONDS={SECONDS:g}", flush=True)
    cluster = Cluster(preload=False)
    try:
        test = Test(cluster.session(), SEED)
        schemas = corpus()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and len(test.problems) < 5:
            test.small()
            if schemas and test.pairs % 20 == 0:
                test.real(*test.maker.r.choice(schemas))
    finally:
        cluster.close()
    print(f"# {test.pairs} pairs of schemas, {test.kept} promises kept, {test.unproved} called "
          f"broken without a sample that breaks them, {test.skipped} pairs were no schemas")
    for problem in test.problems:
        print("not ok -", problem)
    print(f"# {test.pairs} passed, {len(test.problems)} failed")
    return 1 if test.problems or test.pairs == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
