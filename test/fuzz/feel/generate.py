# SPDX-License-Identifier: PostgreSQL
"""Random FEEL: expressions by the grammar, and texts that nearly are."""

import json

NAMES = [
    "a", "b", "xs", "data", "order id", "a-b", "größe", "item", "partial", "x?", "count", "time",
    "l'été", "date and time", "?",
]
FUNCTIONS = [
    "context merge", "context put", "date and time", "day of week", "day of year",
    "distinct values", "duplicate values", "ends with", "finished by", "from json",
    "get entries", "get or else", "get value", "index of", "insert before", "is empty",
    "list contains", "list replace", "lower case", "month of year", "round down",
    "round half even", "round up", "starts with", "string join", "string length",
    "substring after", "substring before", "upper case", "week of year",
    "years and months duration", "abs", "after", "all", "any", "append", "before", "ceiling",
    "concatenate", "contains", "context", "count", "date", "decimal", "duration", "even",
    "every", "exp", "flatten", "floor", "includes", "is", "log", "matches", "max", "mean",
    "median", "meets", "min", "mode", "modulo", "not", "number", "odd", "overlaps", "partition",
    "product", "range", "remove", "replace", "reverse", "sort", "split", "sqrt", "stddev",
    "string", "sublist", "substring", "sum", "time", "today", "now", "union", "nothing",
]
MEMBERS = ["start", "year", "time offset", "end included"]
TYPES = [
    "number", "string", "boolean", "Any", "Null", "date", "date and time",
    "days and time duration", "list<number>", "list<Any>", "context<a: number>", "range<number>",
    "function<number>->Any", "tOther",
]
NUMBERS = [
    "0", "1", "-1", "2", "7", ".5", "1e3", "1e-3", "0.1", "34",
    "9999999999999999999999999999999999", "1e6144", "1e-6176",
    "123456789012345678901234567890123456789", "1e9999",
]
STRINGS = [
    "", "a", "abc", "größe", r"\u00e9", r"\uD83D\uDE00", r"\n", "[1..3]", "2024-02-29",
    "10:00:00Z", "P1D", "PT1H", "P1Y2M", "2024-02-29T10:00:00@Europe/Paris", "{\\\"a\\\": 1}",
    "(a+)+$", "[a-z]+", "x" * 50,
]
MOMENTS = [
    "2024-02-29", "-0001-01-01", "999999999-12-31", "10:30:00", "10:30:00.123456789Z",
    "23:59:59+14:00", "2024-02-29T10:30:00", "2024-10-27T02:30:00@Europe/Paris", "P1D",
    "-P1DT2H3M4.5S", "P1Y2M", "P999999999Y", "PT999999999999999999S", "P0D", "2024-13-01",
    "nonsense",
]
OPERATORS = ["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"]
PIECES = [
    "(", ")", "[", "]", "{", "}", ",", ":", "..", ".", "@", '"', "`", "'", "?", "-", "not", "in",
    "for", "if", "then", "else", "return", "satisfies", "instance of", "between", "function",
    "external", "//", "/*", "*/", "\\", "\\u", "1", "null", "\n", "\u00a0", "🐎", "#", "**", "!=",
    "<",
]


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def pick(self, things):
        return things[self.rng.randrange(len(things))]

    def leaf(self):
        kind = self.rng.randrange(8)
        if kind == 0:
            return self.pick(["true", "false", "null"])
        if kind in (1, 2):
            return self.pick(NUMBERS)
        if kind == 3:
            return f'"{self.pick(STRINGS)}"'
        if kind == 4:
            return f'@"{self.pick(MOMENTS)}"'
        return self.pick(NAMES)

    def bracket(self, depth):
        opening, closing = self.pick(["[", "(", "]"]), self.pick(["]", ")", "["])
        return f"{opening}{self.expression(depth)}..{self.expression(depth)}{closing}"

    def items(self, depth):
        return ", ".join(self.expression(depth) for _ in range(self.rng.randrange(4)))

    def iterators(self, depth):
        parts = []
        for _ in range(self.pick([1, 1, 2])):
            source = self.expression(depth)
            if self.rng.random() < 0.4:
                start = self.pick(["1", "-2", "3", source])
                source = f"{start}..{self.pick(['4', '-3', '1000000000', source])}"
            parts.append(f"{self.pick(NAMES)} in {source}")
        return ", ".join(parts)

    def call(self, depth):
        name = self.pick(FUNCTIONS)
        if self.rng.random() < 0.1:
            parameter = self.pick(["list", "string", "from", "value", "a"])
            return f"{name}({parameter}: {self.expression(depth)})"
        return f"{name}({self.items(depth)})"

    def function(self, depth):
        names = [self.pick(["x", "y", "n", "x y"]) for _ in range(self.rng.randrange(3))]
        typed = [name + (f": {self.pick(TYPES)}" if self.rng.random() < 0.3 else "")
                 for name in names]
        return f"function({', '.join(typed)}) {self.expression(depth)}"

    def test(self, depth):
        kind = self.rng.randrange(4)
        if kind == 0:
            return f"{self.pick(['<', '<=', '>', '>=', '=', '!='])} {self.expression(depth)}"
        return self.bracket(depth) if kind == 1 else self.expression(depth)

    def tests(self, depth):
        inner = ", ".join(self.test(depth) for _ in range(self.rng.randrange(1, 4)))
        return f"not({inner})" if self.rng.random() < 0.2 else inner

    def recursion(self, depth):
        base, step = self.expression(depth), self.expression(depth)
        function = f"function(n) if n <= 0 then {base} else [f(n - 1), {step}]"
        return f"{{f: {function}, r: f({self.pick(NUMBERS)})}}.r"

    def entries(self, depth):
        names = dict.fromkeys(self.pick(NAMES) for _ in range(self.rng.randrange(4)))
        return "{" + ", ".join(f"{name}: {self.expression(depth)}" for name in names) + "}"

    def quantified(self, depth):
        return (f"{self.pick(['some', 'every'])} {self.iterators(depth)} "
                f"satisfies {self.expression(depth)}")

    def expression(self, depth):
        if depth <= 0:
            return self.leaf()
        depth -= 1
        sub = self.expression
        makers = [
            self.leaf,
            lambda: f"{sub(depth)} {self.pick(OPERATORS)} {sub(depth)}",
            lambda: f"{sub(depth)} {self.pick(OPERATORS)} {sub(depth)}",
            lambda: f"({sub(depth)})",
            lambda: f"-{sub(depth)}",
            lambda: f"[{self.items(depth)}]",
            lambda: self.bracket(depth),
            lambda: self.entries(depth),
            lambda: f"{sub(depth)}.{self.pick(NAMES + MEMBERS)}",
            lambda: f"{sub(depth)}[{self.test(depth)}]",
            lambda: f"if {sub(depth)} then {sub(depth)} else {sub(depth)}",
            lambda: f"for {self.iterators(depth)} return {sub(depth)}",
            lambda: self.quantified(depth),
            lambda: f"{sub(depth)} between {sub(depth)} and {sub(depth)}",
            lambda: f"{sub(depth)} in {self.test(depth)}",
            lambda: f"{sub(depth)} in ({self.tests(depth)})",
            lambda: f"{sub(depth)} instance of {self.pick(TYPES)}",
            lambda: self.function(depth),
            lambda: f"({self.function(depth)})({self.items(depth)})",
            lambda: self.call(depth),
            lambda: self.call(depth),
            lambda: self.call(depth),
            lambda: self.recursion(depth),
        ]
        return self.pick(makers)()

    def mutate(self, text):
        """The text with pieces taken out, put in, doubled."""
        for _ in range(self.rng.randrange(1, 4)):
            at = self.rng.randrange(len(text) + 1)
            end = min(len(text), at + self.rng.randrange(1, 8))
            kind = self.rng.randrange(4)
            if kind == 0:
                text = text[:at] + text[end:]
            elif kind == 1:
                text = text[:at] + self.pick(PIECES) + text[at:]
            elif kind == 2:
                text = text[:end] + text[at:end] * self.rng.randrange(1, 30) + text[end:]
            else:
                text = text[:at] + self.pick(PIECES) + text[end:]
        return text.replace("\0", "")

    def value(self, depth):
        kind = self.rng.randrange(9 if depth > 0 else 7)
        if kind < 2:
            return self.pick([0, 1, -1, 2.5, 1e30, 12345678901234567890])
        if kind < 4:
            return self.pick(["", "a", "abc", "2024-02-29", "P1D", "größe"])
        if kind < 6:
            return self.pick([True, False])
        if kind == 6:
            return None
        if kind == 7:
            return [self.value(depth - 1) for _ in range(self.rng.randrange(5))]
        return {self.pick(NAMES): self.value(depth - 1) for _ in range(self.rng.randrange(4))}

    def context(self):
        return json.dumps({self.pick(NAMES): self.value(3) for _ in range(self.rng.randrange(6))},
                          ensure_ascii=False)
