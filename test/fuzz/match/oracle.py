# SPDX-License-Identifier: PostgreSQL
"""The language of event patterns a second time, written for clearness and not for speed.

An event is flattened into scalars, each with its path, split at dots, and the elements of arrays
that lead to it. A pattern becomes all combinations of its choices. A combination matches if for
each of its conditions a scalar can be chosen that passes it, so that no two of those chosen stand
below different elements of one array, or, where the condition takes absence, if no scalar at its
path goes with those chosen. All choices are tried.
"""

import copy
import ipaddress
from decimal import Decimal

MOST = 1000
ALIASES = {"detail": "data", "detail-type": "type"}


class Scalar:
    """A scalar of an event: its value, and for each array on its way the element."""

    def __init__(self, value, places):
        self.value = value
        self.places = places


def flatten(value, path, places, out):
    if isinstance(value, dict):
        for name, member in value.items():
            flatten(member, path + tuple(name.split(".")), places, out)
    elif isinstance(value, list):
        array = id(value)
        for number, element in enumerate(value):
            inside = places
            if isinstance(element, (dict, list)):
                inside = dict(places)
                inside[array] = number
            flatten(element, path, inside, out)
    else:
        out.setdefault(path, []).append(Scalar(value, places))


def kind(value):
    if value is None or isinstance(value, bool):
        return repr(value)
    return "string" if isinstance(value, str) else "number"


def decimal(value):
    return Decimal(getattr(value, "text", None) or repr(value))


def equal(a, b):
    if kind(a) != kind(b):
        return False
    if kind(a) == "string":
        return a == b
    return kind(a) != "number" or decimal(a) == decimal(b)


def address(text):
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def wildcard(pattern, text):
    """By dynamic programming over tokens: a star, or a character."""
    tokens, escaped = [], False
    for c in pattern:
        if escaped or c not in "*\\":
            tokens.append(c)
            escaped = False
        elif c == "\\":
            escaped = True
        else:
            tokens.append(None)
    reached = {0}
    for token in tokens:
        if token is None:
            reached = set(range(min(reached), len(text) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(text) and text[at] == token}
    return len(text) in reached


def passes_text(operator, argument, text):
    if operator == "wildcard":
        return wildcard(argument, text)
    if operator == "equals-ignore-case":
        return text.casefold() == argument.casefold()
    if isinstance(argument, dict):
        text, argument = text.casefold(), argument["equals-ignore-case"].casefold()
    return text.startswith(argument) if operator == "prefix" else text.endswith(argument)


COMPARE = {"=": lambda a, b: a == b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
           ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def passes_but(argument, value):
    if isinstance(argument, dict):
        (operator, texts), = argument.items()
        texts = texts if isinstance(texts, list) else [texts]
        return not (isinstance(value, str) and any(passes_text(operator, t, value) for t in texts))
    values = argument if isinstance(argument, list) else [argument]
    return not any(equal(v, value) for v in values)


def passes(test, value):
    if not isinstance(test, dict):
        if isinstance(test, str) and isinstance(value, str) and address(test) is not None:
            return address(test) == address(value)
        return equal(test, value)
    (operator, argument), = test.items()
    if operator == "exists":
        return argument
    if operator == "anything-but":
        return passes_but(argument, value)
    if operator == "numeric":
        return kind(value) == "number" and all(
            COMPARE[argument[i]](decimal(value), decimal(argument[i + 1]))
            for i in range(0, len(argument), 2))
    if not isinstance(value, str):
        return False
    if operator == "cidr":
        found, network = address(value), ipaddress.ip_network(argument)
        return found is not None and found.version == network.version and found in network
    return passes_text(operator, argument, value)


# ---- combinations

def combinations(members, path, depth):
    """All ways to choose from $or: dicts of path → (depth, condition, rivals...)."""
    ways = [{}]
    for name, value in members.items():
        if name == "$or":
            options = [way for branch in value for way in combinations(branch, path, depth + 1)]
        else:
            below = path + tuple(name.split("."))
            options = (combinations(value, below, depth) if isinstance(value, dict)
                       else [{below: (depth, value)}])
        ways = [combine(way, option) for way in ways for option in options]
        if len(ways) > MOST:
            raise Refused()
    return ways


class Refused(Exception):
    """Two conditions of one rank on one path, or more than 1,000 combinations."""


def combine(a, b):
    """The condition of most $or wins; two of the same rank are a fault, if none is above them."""
    both = dict(a)
    for path, (depth, *conditions) in b.items():
        if path not in both or both[path][0] < depth:
            both[path] = (depth, *conditions)
        elif both[path][0] == depth:
            both[path] += tuple(conditions)
    return both


def compatible(a, b):
    return all(b.get(array, element) == element for array, element in a.items())


def satisfied(conditions, chosen, absences, scalars):
    """Can the rest of the conditions be satisfied along with what has been chosen?"""
    if not conditions:
        return not any(compatible(scalar.places, chosen)
                       for path in absences for scalar in scalars(path))
    (path, tests), rest = conditions[0], conditions[1:]
    for scalar in scalars(path):
        if compatible(scalar.places, chosen) and any(passes(t, scalar.value) for t in tests):
            if satisfied(rest, {**chosen, **scalar.places}, absences, scalars):
                return True
    return {"exists": False} in tests and satisfied(rest, chosen, absences + [path], scalars)


def matches_pattern(event, ways):
    flat, aliased = {}, {}
    flatten(event, (), {}, flat)
    # what is reached by two names is two values, whose arrays know nothing of each other
    again = copy.deepcopy(event)
    flatten(again, (), {}, aliased)

    def scalars(path):
        found = flat.get(path, [])
        alias = ALIASES.get(path[0])
        if alias is not None and path[0] not in event:
            found = found + aliased.get((alias,) + path[1:], [])
        return found

    if any(len(found) > 2 for way in ways for found in way.values()):
        raise Refused()
    return any(satisfied([(path, tests) for path, (_, tests) in way.items()], {}, [], scalars)
               for way in ways)


def matches_filter(event, expression):
    (dialect, argument), = expression.items()
    if dialect == "all":
        return all(matches_filter(event, e) for e in argument)
    if dialect == "any":
        return any(matches_filter(event, e) for e in argument)
    if dialect == "not":
        return not matches_filter(event, argument)
    flat = {}
    flatten(event, (), {}, flat)
    return all(any(passes_attribute(dialect, text, scalar.value)
                   for scalar in flat.get((name,), []))
               for name, text in argument.items())


def passes_attribute(dialect, text, value):
    if dialect != "exact":
        return isinstance(value, str) and passes_text(dialect, text, value)
    if isinstance(value, bool):
        return text == str(value).lower()
    if kind(value) == "number":
        number = decimal(value)
        return number == number.to_integral_value() and text == str(int(number))
    return text == value


def matches(event, pattern):
    """True, False, or None for a pattern that is refused."""
    if isinstance(pattern, list):
        return all(matches_filter(event, expression) for expression in pattern)
    (name, value), *more = pattern.items()
    if not more and name in ("exact", "prefix", "suffix", "all", "any", "not"):
        return matches_filter(event, pattern)
    try:
        return matches_pattern(event, combinations(pattern, (), 0))
    except Refused:
        return None
