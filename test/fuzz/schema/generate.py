# SPDX-License-Identifier: PostgreSQL
"""Random schemas of all five drafts, and values that have a chance against them.

A schema is drawn from a grammar over the keywords of its draft; names, strings and numbers come
from small sets, so that schema and value meet. A value is drawn either blindly or along the
schema, so that it is valid about as often as not. Mutations take a schema or a value and change
one place of it: a keyword is removed, renamed or given the operand of another, so that malformed
schemas and forgotten combinations turn up as well.

Everything depends on the random.Random that is given, and on nothing else.
"""

import copy

DRAFTS = {
    "draft-04": "http://json-schema.org/draft-04/schema#",
    "draft-06": "http://json-schema.org/draft-06/schema#",
    "draft-07": "http://json-schema.org/draft-07/schema#",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}
ORDER = list(DRAFTS)

NAMES = ["a", "b", "c", "ab", "foo", "\u00e9", "\U0001d4b3", "", "a/b", "~0", "x y", "longer_name"]
STRINGS = ["", "a", "b", "ab", "abc", "aaa", "\u00e9", "e\u0301", "\U0001f600", "1", "-1",
           "2020-02-29", "2021-02-29", "2020-01-01T00:00:00Z", "23:59:60Z", "P1Y2M", "a@b.de",
           "example.com", "xn--bcher-kva.de", "b\u00fccher.de", "127.0.0.1", "::1", "http://a/b",
           "/a/b", "#x", "{a}", "0/a", "/a~1b", "[a-z]+", "(",
           "123e4567-e89b-12d3-a456-426614174000", "foo", "x" * 40, "\n", "\u2028", "\\", "\""]
NUMBERS = [0, 1, -1, 2, 3, 5, 7, 10, 100, 0.5, 1.5, -2.5, 0.1, 0.01, 1.0, 1e2, 1e-7, 1e30,
           9007199254740993, 123456789012345678901234567890, -10, 4294967296, 0.30000000000000004]
PATTERNS = ["^a", "b$", "^a*$", "[a-z]", "^.$", "\\d", "^\\w+$", "a|b", "(a)(b)?", "^\\S*$",
            "\\u00e9", "^[^a]*$", "a{2}", "(?=a)", "\\p{L}", "^$", "x{0,3}", "(?:a|b)*c",
            "\\bfoo\\b"]
FORMATS = ["date-time", "date", "time", "duration", "email", "idn-email", "hostname",
           "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference",
           "uri-template", "uuid", "json-pointer", "relative-json-pointer", "regex", "unknown"]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]


class Generator:
    """Schemas and values out of one source of randomness."""

    def __init__(self, rng, draft=None, references=True):
        self.rng = rng
        self.draft = draft or rng.choice(ORDER)
        self.age = ORDER.index(self.draft)
        self.references = references
        self.definitions = []

    # ---- values

    def value(self, depth=3):
        """Any JSON value."""
        rng = self.rng
        kind = rng.randrange(10 if depth > 0 else 7)
        if kind == 0:
            return None
        if kind == 1:
            return rng.random() < 0.5
        if kind in (2, 3):
            return self.number()
        if kind in (4, 5, 6):
            return self.string()
        if kind == 7:
            return [self.value(depth - 1) for _ in range(rng.randrange(5))]
        return {rng.choice(NAMES): self.value(depth - 1) for _ in range(rng.randrange(5))}

    def number(self):
        if self.rng.random() < 0.3:
            return self.rng.randrange(-20, 20)
        return self.rng.choice(NUMBERS)

    def string(self):
        if self.rng.random() < 0.2:
            return "".join(self.rng.choice("ab\u00e90 -/.:") for _ in range(self.rng.randrange(12)))
        return self.rng.choice(STRINGS)

    def value_for(self, schema, depth=4):
        """A value that takes its shape from the schema."""
        rng = self.rng
        if not isinstance(schema, dict) or depth <= 0 or rng.random() < 0.1:
            return self.value(2)
        for key in ("const", "default"):
            if key in schema and rng.random() < 0.8:
                return copy.deepcopy(schema[key])
        if isinstance(schema.get("enum"), list) and schema["enum"] and rng.random() < 0.8:
            return copy.deepcopy(rng.choice(schema["enum"]))
        for key in ("allOf", "anyOf", "oneOf"):
            if isinstance(schema.get(key), list) and schema[key] and rng.random() < 0.4:
                return self.value_for(rng.choice(schema[key]), depth - 1)
        types = schema.get("type")
        if isinstance(types, list) and types:
            types = rng.choice(types)
        if types == "object" or (types is None and "properties" in schema):
            return self.object_for(schema, depth)
        if types == "array" or (types is None and ("items" in schema or "prefixItems" in schema)):
            return self.array_for(schema, depth)
        if types == "string":
            return self.string()
        if types == "integer":
            return rng.choice([self.number(), rng.randrange(-5, 30)])
        if types == "number":
            return self.number()
        if types == "boolean":
            return rng.random() < 0.5
        return None if types == "null" else self.value(2)

    def object_for(self, schema, depth):
        members, properties = {}, schema.get("properties")
        if isinstance(properties, dict):
            for name, subschema in properties.items():
                if self.rng.random() < 0.7:
                    members[name] = self.value_for(subschema, depth - 1)
        required = schema.get("required")
        for name in required if isinstance(required, list) else []:
            if isinstance(name, str) and self.rng.random() < 0.9:
                members.setdefault(name, self.value(1))
        if self.rng.random() < 0.3:
            members[self.rng.choice(NAMES)] = self.value(1)
        return members

    def array_for(self, schema, depth):
        items, prefix = schema.get("items"), schema.get("prefixItems")
        if isinstance(items, list):
            items, prefix = schema.get("additionalItems"), items
        elements = [self.value_for(s, depth - 1) for s in prefix or [] if self.rng.random() < 0.9]
        elements += [self.value_for(items, depth - 1) for _ in range(self.rng.randrange(4))]
        return elements

    # ---- schemas

    def root(self):
        """A whole schema, with $schema, definitions and sometimes an $id."""
        names = [f"d{n}" for n in range(self.rng.randrange(3))] if self.references else []
        self.definitions = names
        schema = self.schema(3)
        if not isinstance(schema, dict):
            return schema
        key = "$defs" if self.age >= 3 else "definitions"
        if names and "$ref" in schema and self.age < 3:
            schema = {"allOf": [schema]}
        if names:
            schema[key] = {name: self.schema(2) for name in names}
        if self.rng.random() < 0.1:
            schema["id" if self.age == 0 else "$id"] = "https://fuzz.test/root"
        return {"$schema": DRAFTS[self.draft], **schema}

    def schema(self, depth):
        """A subschema."""
        rng = self.rng
        if self.age > 0 and rng.random() < 0.07:
            return rng.random() < 0.7
        if depth <= 0:
            return self.leaf()
        if self.definitions and rng.random() < 0.12:
            return self.reference()
        schema = {}
        if rng.random() < 0.6:
            schema["type"] = (rng.choice(TYPES) if rng.random() < 0.8
                              else rng.sample(TYPES, rng.randrange(1, 4)))
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            rng.choice([self.add_number, self.add_string, self.add_array, self.add_object,
                        self.add_object, self.add_applicator, self.add_value])(schema, depth)
        if rng.random() < 0.05:
            schema["title"] = self.string()
        return schema

    def leaf(self):
        schema = {}
        if self.rng.random() < 0.7:
            schema["type"] = self.rng.choice(TYPES)
        self.rng.choice([self.add_number, self.add_string, self.add_value])(schema, 0)
        return schema

    def reference(self):
        where = "$defs" if self.age >= 3 else "definitions"
        target = self.rng.choice([f"#/{where}/{name}" for name in self.definitions])
        schema = {"$ref": target}
        if self.age >= 3 and self.rng.random() < 0.3:
            self.add_object(schema, 1)
        return schema

    def count(self):
        return self.rng.randrange(4)

    def add_number(self, schema, _depth):
        rng = self.rng
        key = rng.choice(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
                          "multipleOf"])
        if key == "multipleOf":
            schema[key] = rng.choice([1, 2, 3, 0.5, 0.01, 0.1, 1e-7, 7])
        elif key.startswith("exclusive") and self.age == 0:
            schema[key] = rng.random() < 0.7
            schema["m" + key.removeprefix("exclusiveM")] = self.number()
        else:
            schema[key] = self.number()

    def add_string(self, schema, _depth):
        key = self.rng.choice(["minLength", "maxLength", "pattern", "format"])
        schema[key] = {"pattern": lambda: self.rng.choice(PATTERNS),
                       "format": lambda: self.rng.choice(FORMATS)}.get(key, self.count)()

    def add_value(self, schema, depth):
        rng = self.rng
        key = rng.choice(["enum", "const", "default"])
        if key == "enum" or (key == "const" and self.age == 0):
            values = [self.value(min(depth, 1)) for _ in range(rng.randrange(1, 6))]
            # the values of an enum are different ones
            schema["enum"] = [v for n, v in enumerate(values)
                              if not any(same(v, w) for w in values[:n])]
        else:
            schema[key] = self.value(1)

    def add_array(self, schema, depth):
        rng = self.rng
        keys = ["items", "items", "minItems", "maxItems", "uniqueItems", "additionalItems"]
        if self.age > 0:
            keys += ["contains"]
        if self.age >= 3:
            keys += ["unevaluatedItems", "minContains", "maxContains"]
        if self.age == 4:
            keys += ["prefixItems", "prefixItems"]
        key = rng.choice(keys)
        if key in ("minItems", "maxItems", "minContains", "maxContains"):
            schema[key] = self.count()
            if key.endswith("Contains"):
                schema["contains"] = self.schema(depth - 1)
        elif key == "uniqueItems":
            schema[key] = rng.random() < 0.8
        elif key == "prefixItems" or (key == "items" and self.age < 4 and rng.random() < 0.4):
            schema[key] = [self.schema(depth - 1) for _ in range(rng.randrange(1, 4))]
        else:
            schema[key] = self.flag_or_schema(key, depth)

    def flag_or_schema(self, key, depth):
        """additional... may be booleans in draft 4 too."""
        if key != "contains" and self.rng.random() < 0.3 and (self.age > 0 or "add" in key):
            return self.rng.random() < 0.4
        return self.schema(depth - 1)

    def add_object(self, schema, depth):
        rng = self.rng
        keys = ["properties", "properties", "properties", "required", "patternProperties",
                "additionalProperties", "minProperties", "maxProperties"]
        keys += ["dependencies"] if self.age < 3 else ["dependentRequired", "dependentSchemas",
                                                       "unevaluatedProperties"]
        keys += ["propertyNames"] if self.age > 0 else []
        key = rng.choice(keys)
        if key == "properties":
            schema[key] = {n: self.schema(depth - 1) for n in rng.sample(NAMES, rng.randrange(4))}
        elif key == "required":
            schema[key] = rng.sample(NAMES, rng.randrange(1, 3))
        elif key == "patternProperties":
            schema[key] = {rng.choice(PATTERNS): self.schema(depth - 1)}
        elif key in ("minProperties", "maxProperties"):
            schema[key] = self.count()
        elif key == "dependentRequired" or (key == "dependencies" and rng.random() < 0.5):
            schema[key] = {rng.choice(NAMES): rng.sample(NAMES, rng.randrange(1, 3))}
        elif key in ("dependencies", "dependentSchemas"):
            schema[key] = {rng.choice(NAMES): self.schema(depth - 1)}
        else:
            schema[key] = self.flag_or_schema(key, depth)

    def add_applicator(self, schema, depth):
        rng = self.rng
        keys = ["allOf", "anyOf", "oneOf", "not"] + (["if"] if self.age >= 2 else [])
        key = rng.choice(keys)
        if key == "not":
            schema[key] = self.schema(depth - 1)
        elif key == "if":
            for part in ("if", "then", "else"):
                if part == "if" or rng.random() < 0.7:
                    schema[part] = self.schema(depth - 1)
        else:
            schema[key] = [self.schema(depth - 1) for _ in range(rng.randrange(1, 4))]

    # ---- mutations

    def mutate(self, value):
        """A copy with one place changed."""
        value = copy.deepcopy(value)
        places = []
        collect(value, places)
        if not places:
            return self.value(2)
        holder, key = self.rng.choice(places)
        kind = self.rng.randrange(4)
        if kind == 0:
            del holder[key]
        elif kind == 1:
            other, other_key = self.rng.choice(places)
            holder[key] = copy.deepcopy(other[other_key])
        elif kind == 2 and isinstance(holder, dict):
            holder[self.rng.choice(list(holder) + NAMES)] = holder.pop(key)
        else:
            holder[key] = self.value(2)
        return value


def collect(value, places):
    """All (container, key) of a value."""
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        return
    for key, member in members:
        places.append((value, key))
        collect(member, places)


def same(a, b):
    """Equal as JSON: True is not 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b
