-- TypeScript types for schemas.  Whether they are what the compiler takes is tested in test/typescript.
\pset format unaligned
\pset tuples_only on

SELECT events.typescript('{
    "title": "Order created", "description": "A customer has\nordered.", "type": "object",
    "required": ["id", "lines"],
    "properties": {
        "id": {"type": "string", "format": "uuid", "maxLength": 36},
        "note": {"type": ["string", "null"], "default": null},
        "state": {"enum": ["new", "paid", 3]},
        "old-name": {"deprecated": true, "const": "x"},
        "address": {"$ref": "#/$defs/address"},
        "lines": {"type": "array", "items": {"type": "object", "additionalProperties": false,
            "required": ["sku"], "properties": {"sku": {"type": "string"}, "count": {"type": "integer"}}}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "range": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "items": false, "minItems": 1},
        "any": true},
    "$defs": {"address": {"type": "object", "properties": {"street": {"type": "string"}, "parent": {"$ref": "#/$defs/address"}}}}}',
    'order.created');
SELECT events.typescript('{"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}', 'Tree');
SELECT events.typescript('{"oneOf": [{"type": "object", "properties": {"a": {"const": 1}}}, {"type": "array", "items": {"type": ["string", "number"]}}]}');
SELECT events.typescript('{"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/A"}], "$defs": {"a": {"type": "object", "required": ["x"]}, "A": {"type": "object"}}}');

-- everything and nothing, and schemas that say nothing about kinds
SELECT s, events.typescript(s) FROM (VALUES ('true'::jsonb), ('false'), ('{}'), ('{"type": "string"}'), ('{"required": ["a"]}'), ('{"minLength": 1}')) AS schemas(s);

-- what a schema says cannot get out of comments, names and literals
SELECT events.typescript('{"description": "*/ alert(1) /* **/", "type": "object",
    "properties": {"*/ x": {"const": "\"; alert(1); //"}, "a\nb": {"default": "*/"}, "constructor": {"type": "string"}}}', '*/ evil; name');
SELECT events.typescript('{"type": "null"}', ''), events.typescript('{"type": "null"}', '3'), events.typescript('{"type": "null"}', 'string');

-- references in circles
SELECT events.typescript('{"$ref": "#"}');
SELECT events.typescript('{"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}], "$defs": {"a": {"allOf": [{"$ref": "#"}]}}}');

-- deep schemas are cut into types with names; large enums are their kind
SELECT count(*) > 10 AS several_types FROM regexp_matches(events.typescript(
    (repeat('{"type": "object", "properties": {"a": ', 500) || 'true' || repeat('}}', 500))::jsonb), 'export', 'g');
SELECT events.typescript(jsonb_build_object('type', 'string', 'enum', jsonb_agg('v' || n))) FROM generate_series(1, 2000) AS n;

-- errors
SELECT events.typescript('{"type": "nothing"}');
SELECT events.typescript('{"$ref": "#/nowhere"}');
SELECT events.typescript(NULL::jsonb) IS NULL AS null_is_null;

-- registered types and schemas
SELECT events.register_schema('https://example.com/money/1.0.0', '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "required": ["amount"], "properties": {"amount": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}}}');
SELECT events.register_schema('https://example.com/order/paid/1.0.0', '{"title": "Paid", "type": "object", "required": ["total"],
    "properties": {"total": {"$ref": "../../money/1.0.0"}, "event": {"$ref": "#/$defs/cloud-event"}}, "$defs": {"cloud-event": {"type": "string"}}}');
SELECT events.register_type('order.paid', 'https://example.com/order/paid/1', '{"total": {"amount": 1}}');
SELECT events.typescript('order.paid');
SELECT events.typescript('https://example.com/money/1.0.0');
SELECT events.typescript('{"type": "string"}') = events.typescript('{"type": "string"}'::jsonb) AS same;
SELECT events.typescript('order.unpaid');
SELECT events.unregister_type('order.paid');
SELECT events.unregister_schema('https://example.com/order/paid/1.0.0');
SELECT events.unregister_schema('https://example.com/money/1.0.0');
