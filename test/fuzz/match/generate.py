# SPDX-License-Identifier: PostgreSQL
"""Random events and patterns out of a small alphabet, so that they meet.

Names and strings are few and short; arrays hold objects, arrays and scalars mixed. A pattern is
drawn as EventBridge's, with $or, or as a filter of the Subscriptions API. mutate() changes one
place of any JSON value into something that may be no pattern at all.
"""

import json

NAMES = ["a", "b", "c", "data", "type", "x.y"]
LETTERS = "aAbBéÉ*/"
ADDRESSES = ["10.0.0.1", "10.0.0.77", "10.1.0.1", "::a", "0:0::A", "2001:db8::1", "::ffff:10.0.0.1"]
NUMBERS = ["0", "1", "1.0", "1e0", "2", "-1", "2.5", "2.50", "10", "1e20", "0.000001", "1e-7"]
SECTIONS = ["10.0.0.0/24", "10.0.0.0/8", "10.0.0.1/32", "::/120", "2001:db8::/32", "0.0.0.0/0"]


class Number(float):
    """A number as it is to be written."""

    def __new__(cls, text):
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self):
        return self.text


def dumps(value):
    """JSON text, with numbers as they were drawn."""
    if isinstance(value, dict):
        return "{%s}" % ", ".join(f"{json.dumps(k)}: {dumps(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "[%s]" % ", ".join(dumps(v) for v in value)
    return value.text if isinstance(value, Number) else json.dumps(value)


class Generator:
    """Draws values; `dots` says whether names of events may have dots."""

    def __init__(self, rng, dots=True):
        self.rng = rng
        self.names = NAMES if dots else NAMES[:-1]

    def string(self):
        rng = self.rng
        if rng.random() < 0.15:
            return rng.choice(ADDRESSES)
        return "".join(rng.choice(LETTERS) for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 5])))

    def number(self):
        return Number(self.rng.choice(NUMBERS))

    def scalar(self):
        kind = self.rng.random()
        if kind < 0.6:
            return self.string()
        if kind < 0.85:
            return self.number()
        return self.rng.choice([True, False, None])

    # ---- events

    def value(self, depth):
        kind = self.rng.random()
        if depth <= 0 or kind < 0.4:
            return self.scalar()
        if kind < 0.7:
            return self.object(depth - 1)
        return [self.value(depth - 1) for _ in range(self.rng.choice([0, 1, 2, 2, 3]))]

    def object(self, depth):
        return {self.rng.choice(self.names): self.value(depth)
                for _ in range(self.rng.choice([0, 1, 2, 3, 4]))}

    def event(self):
        return self.object(3) or {"type": self.string()}

    # ---- patterns

    def text_operator(self):
        rng = self.rng
        return rng.choice(["prefix", "suffix", "equals-ignore-case", "wildcard"])

    def wildcard(self):
        tokens = []
        for _ in range(self.rng.choice([1, 2, 3, 4])):
            token = self.rng.choice(["*", "a", "b", "A", "é", "/", "\\*", "\\\\"])
            if token != "*" or tokens[-1:] != ["*"]:
                tokens.append(token)
        return "".join(tokens)

    def text_for(self, operator):
        return self.wildcard() if operator == "wildcard" else self.string()

    def comparison(self):
        rng = self.rng
        low, high = sorted(rng.sample([-1, 0, 1, 2, 2.5, 10], 2))
        return rng.choice([["=", low], ["<", high], ["<=", high], [">", low], [">=", low],
                           [">", low, "<", high], [">=", low, "<=", high], [">", low, "<=", high]])

    def anything_but(self):
        rng = self.rng
        if rng.random() < 0.5:
            operator = self.text_operator()
            texts = [self.text_for(operator) or "a" for _ in range(rng.choice([1, 1, 2]))]
            return {operator: texts if len(texts) > 1 or rng.random() < 0.3 else texts[0]}
        if rng.random() < 0.3:
            return [rng.choice([1, 2, -1, 2.5]) for _ in range(rng.choice([1, 2]))]
        values = [self.string() for _ in range(rng.choice([1, 2, 3]))]
        return values if len(values) > 1 else values[0]

    def test(self):
        rng = self.rng
        kind = rng.choice(["value", "value", "value", "text", "text", "numeric", "cidr", "exists",
                           "but", "but", "folded"])
        if kind == "value":
            return self.scalar()
        if kind == "text":
            operator = self.text_operator()
            return {operator: self.text_for(operator)}
        if kind == "folded":
            return {rng.choice(["prefix", "suffix"]): {"equals-ignore-case": self.string()}}
        if kind == "numeric":
            return {"numeric": self.comparison()}
        if kind == "cidr":
            return {"cidr": rng.choice(SECTIONS)}
        if kind == "exists":
            return {"exists": rng.random() < 0.5}
        return {"anything-but": self.anything_but()}

    def condition(self):
        return [self.test() for _ in range(self.rng.choice([1, 1, 1, 2, 3]))]

    def fields(self, depth, choices):
        rng = self.rng
        members = {}
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            name = rng.choice(self.names + ["detail", "detail-type"])
            members[name] = (self.fields(depth - 1, choices) if depth > 0 and rng.random() < 0.5
                             else self.condition())
        if choices > 0 and rng.random() < 0.4:
            members["$or"] = [self.fields(depth - 1, choices - 1)
                              for _ in range(rng.choice([2, 2, 3]))]
        return members

    def filter(self, depth):
        rng = self.rng
        kind = rng.choice(["exact", "prefix", "suffix", "all", "any", "not"] if depth > 0
                          else ["exact", "prefix", "suffix"])
        if kind == "not":
            return {kind: self.filter(depth - 1)}
        if kind in ("all", "any"):
            return {kind: [self.filter(depth - 1) for _ in range(rng.choice([1, 2, 3]))]}
        return {kind: {rng.choice(["a", "b", "c", "type"]): rng.choice(["a", "A", "ab", "1", "true",
                                                                       "b/", self.string() or "a"])
                       for _ in range(rng.choice([1, 1, 2]))}}

    def pattern(self):
        kind = self.rng.random()
        if kind < 0.8:
            return self.fields(2, 2)
        if kind < 0.9:
            return self.filter(2)
        return [self.filter(1) for _ in range(self.rng.choice([0, 1, 2]))]

    # ---- nonsense

    def mutate(self, value):
        rng = self.rng
        if isinstance(value, dict) and value and rng.random() < 0.7:
            key = rng.choice(list(value))
            changed = dict(value)
            kind = rng.random()
            if kind < 0.15:
                del changed[key]
            elif kind < 0.3:
                changed[rng.choice(["$or", "prefix", "not", "numeric", "exists", "", "a.b", "é",
                                    "anything-but", "."])] = changed.pop(key)
            else:
                changed[key] = self.mutate(value[key])
            return changed
        if isinstance(value, list) and value and rng.random() < 0.7:
            changed = list(value)
            at = rng.randrange(len(changed))
            if rng.random() < 0.2:
                del changed[at]
            else:
                changed[at] = self.mutate(changed[at])
            return changed
        return rng.choice([None, True, [], {}, "", "*", "**", "\\", Number("1e400"),
                           Number("-5000000000.0000001"), "10.0.0.0/33", ["<", 1, ">", 2],
                           [[]], {"exists": None}, self.scalar(), [value], {"a": value}])
