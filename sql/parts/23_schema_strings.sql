-- SPDX-License-Identifier: PostgreSQL
--
-- Strings as JSON Schema sees them: how URIs resolve, which patterns and formats
-- match.  These functions show what the validator does with a string by itself,
-- for tests and for whoever looks for the reason of a verdict; nothing else
-- calls them.

CREATE FUNCTION events._resolve_uri(base text, reference text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'ev_strings_resolve_uri';
COMMENT ON FUNCTION events._resolve_uri(text, text) IS
'The URI that a reference means, seen from a base URI, which may be relative or empty (RFC 3986, 5.2).';

CREATE FUNCTION events._decode_uri(value text) RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'ev_strings_decode_uri';
COMMENT ON FUNCTION events._decode_uri(text) IS
'A part of a URI with its percent-encoded bytes decoded; NULL if they are malformed or no UTF-8 (RFC 3986, 2.1).';

CREATE FUNCTION events._pattern_matches(pattern text, value text) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'ev_strings_pattern_matches';
COMMENT ON FUNCTION events._pattern_matches(text, text) IS
'Does a regular expression of ECMA-262 match anywhere in the value, as the keyword pattern has it?
Errors: 2201B it is no such expression, or PCRE2 has a limit that it passes; 54001 events.pattern_match_limit is passed.';

CREATE FUNCTION events._format_matches(format text, value text) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'ev_strings_format_matches';
COMMENT ON FUNCTION events._format_matches(text, text) IS
'Is the value of that format of JSON Schema 2020-12 (Validation, 7.3)? NULL if there is no such format.';

REVOKE EXECUTE ON FUNCTION events._resolve_uri(text, text), events._decode_uri(text),
	events._pattern_matches(text, text), events._format_matches(text, text) FROM PUBLIC;
