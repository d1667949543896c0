-- Formats: what each takes and what it does not; only verdicts that are not as expected are shown.
CREATE TEMP TABLE verdict (format text, expected boolean, value text);

INSERT INTO verdict SELECT 'date-time', true, unnest(ARRAY['2024-02-29T23:59:59Z', '2024-02-29t00:00:00.123456789z', '0000-01-01T00:00:00-23:59',
    '2016-12-31T23:59:60Z', '2017-01-01T00:59:60+01:00', '1985-04-12T23:20:50.52Z']);
INSERT INTO verdict SELECT 'date-time', false, unnest(ARRAY['', '2023-02-29T00:00:00Z', '2024-02-29T24:00:00Z', '2024-02-29 00:00:00Z', '2024-02-29T00:00:00',
    '2024-02-29T00:00:00+1:00', '2024-02-29T00:00:00+24:00', '2024-02-29T00:00:00.Z', '2024-02-29T00:00Z', '2016-12-31T22:59:60Z', '24-02-29T00:00:00Z', '2024-02-29T00:00:00Zx',
    '2024-13-01T00:00:00Z', '2024-00-01T00:00:00Z', '2024-04-31T00:00:00Z', E'2024-02-29T00:00:00Z\n']);
INSERT INTO verdict SELECT 'date', value ~ '^(2000-02-29|9999-12-31)$', value FROM unnest(ARRAY['2000-02-29', '9999-12-31', '1900-02-29', '2000-2-29', '20000229', '2000-W09-2', '2000-02-29Z']) AS value;
INSERT INTO verdict SELECT 'time', true, unnest(ARRAY['00:00:00Z', '23:59:60+00:00', '12:30:00.5-08:00', '00:29:60+00:30']);
INSERT INTO verdict SELECT 'time', false, unnest(ARRAY['00:00:00', '24:00:00Z', '00:60:00Z', '12:00Z', '23:58:60Z', '1:00:00Z', '2024-02-29T00:00:00Z']);
INSERT INTO verdict SELECT 'duration', true, unnest(ARRAY['P1D', 'P1Y2M3DT4H5M6S', 'PT0S', 'P52W', 'P1YT1S', 'P01M', 'PT36H']);
INSERT INTO verdict SELECT 'duration', false, unnest(ARRAY['', 'P', 'PT', 'P1', '1D', 'P1H', 'PT1D', 'P1D1Y', 'P1Y1D', 'PT1H1S', 'P1W1D', 'P1DT', 'PT1.5S', '-P1D', 'P-1D', 'P1d', 'P1YP1M']);

INSERT INTO verdict SELECT 'email', true, unnest(ARRAY['a@b', 'first.last+tag@example.com', '!#$%&''*+-/=?^_`{|}~@example.com', '"a b"@example.com', '"\"\\"@example.com', '""@example.com',
    'a@[192.0.2.1]', 'a@[IPv6:2001:db8::1]', repeat('a', 64) || '@example.com']);
INSERT INTO verdict SELECT 'email', false, unnest(ARRAY['', '@', 'a', 'a@', '@b', 'a@b@c', '.a@b', 'a.@b', 'a..b@c', 'a b@c', 'a@-b', 'a@b-', 'a@b..c', 'a@b_c', 'a@.b', '"a@b', '"a"b@c', 'a"b"@c', 'ü@example.com', 'a@ü.example',
    'a@[192.0.2.256]', 'a@[2001:db8::1]', 'a@[]', 'a@[x:y]', 'a@[', repeat('a', 65) || '@example.com', 'a <a@b>', E'a@b\n', E'"\n"@b']);
INSERT INTO verdict SELECT 'idn-email', true, unnest(ARRAY['ü@bücher.example', '"ü"@b', 'a@example.com', 'あ@[192.0.2.1]', E'a@cafe\u0301.example']);
INSERT INTO verdict SELECT 'idn-email', false, unnest(ARRAY['ü', '@ü', 'ü@', E'a@\u0301b.example', E'"\\\u00fc"@b']);

INSERT INTO verdict SELECT unnest(ARRAY['hostname', 'idn-hostname']), true, value FROM unnest(ARRAY['a', 'a.b', '1.2', 'a-b.example', 'A.EXAMPLE', 'a--b', 'xn--bcher-kva.example', 'XN--BCHER-KVA.example',
    repeat('a', 63), rtrim(repeat(repeat('a', 49) || '.', 5), '.')]) AS value;
INSERT INTO verdict SELECT unnest(ARRAY['hostname', 'idn-hostname']), false, value FROM unnest(ARRAY['', '.', 'a.', '.a', 'a..b', '-a', 'a-', 'a_b', 'a b', 'a/b', 'xn--', 'xn--a', 'xn--bcher-', 'xn--zzzzzzzz', E'a\n',
    repeat('a', 64), rtrim(repeat(repeat('a', 50) || '.', 5), '.'), '[::1]']) AS value;
INSERT INTO verdict SELECT 'hostname', false, unnest(ARRAY['bücher.example', 'a。b']);
INSERT INTO verdict SELECT 'idn-hostname', true, unnest(ARRAY['bücher.example', 'a。b', 'あ.example', E'l\u00b7l', E'\u05d0\u05d1.example', E'\u0915\u094d\u200d\u0937']);
INSERT INTO verdict SELECT 'idn-hostname', false, unnest(ARRAY['Bücher.example', '。', 'a。', E'\u0300a', E'a\u00b7l', E'\u0915\u200d\u0937', E'cafe\u0301', E'\u05d0a', E'0a.\u05d0', E'\u05d0.1', E'\u05d00\u0660', E'xn--4db.0a', E'\u2603', 'ü-', 'ü_', repeat('ü', 60)]);

INSERT INTO verdict SELECT 'ipv4', true, unnest(ARRAY['0.0.0.0', '255.255.255.255', '192.0.2.1']);
INSERT INTO verdict SELECT 'ipv4', false, unnest(ARRAY['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4/8', '0x1.2.3.4', '1..2.3', ' 1.2.3.4', '1.2.3.4 ', '1.2.3.', '2130706433', '1.2.3.0000']);
INSERT INTO verdict SELECT 'ipv6', true, unnest(ARRAY['::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '1:2:3:4:5:6:192.0.2.1', '::192.0.2.1', 'FE80::abcd', '1::3:4:5:6:7:8']);
INSERT INTO verdict SELECT 'ipv6', false, unnest(ARRAY['', ':', ':::', '1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8', '1::2::3', '12345::', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', 'g::', '::1%eth0', '::1/64', '[::1]',
    '1:2:3:4:5:6:7:192.0.2.1', '::192.0.2', '::192.0.2.01', '192.0.2.1', '192.0.2.1::', '1:2:3:4:5:6:7:8::192.0.2.1']);

INSERT INTO verdict SELECT unnest(ARRAY['uri', 'uri-reference', 'iri', 'iri-reference']), true, value FROM unnest(ARRAY['a:', 'http://a', 'http://a:/', 'http://a:80/b;c=1/%20?d=/?e#f/?', 'urn:isbn:0451450523', 'mailto:a@b', 'http://u:p@[::1]:8080/', 'http://[v1.a:b]/',
    'file:///etc/hosts', 'a+b-c.1:x', 'http://999.1.2.3/', 'data:,a%2Fb', 'http://', 'x:/', 'x:?q', 'x:#f']) AS value;
INSERT INTO verdict SELECT unnest(ARRAY['uri', 'uri-reference', 'iri', 'iri-reference']), false, value FROM unnest(ARRAY['1a:b', ':', ':a', 'a^:b', 'http://a b', 'http://a/%', 'http://a/%2', 'http://a/%zz', 'http://a/\b', 'http://a/{b}', 'http://a/<', 'http://a/"', 'http://a/|', 'http://a/`',
    'http://[::1', 'http://[1]/', 'http://[::1%25eth0]/', 'http://[v.a]/', 'http://[v1.]/', 'http://a:b/', 'http://a@b@c/', 'http://a[/', 'http://a/[', 'http://a/#b#c', E'http://a/\n', E'http://a/\u007f', E'http://a/\u0080']) AS value;
INSERT INTO verdict SELECT unnest(ARRAY['uri', 'iri']), false, value FROM unnest(ARRAY['', 'a', '/a', '//a', '?a', '#a', './a:b', 'a/b:c']) AS value;
INSERT INTO verdict SELECT unnest(ARRAY['uri-reference', 'iri-reference']), true, value FROM unnest(ARRAY['', 'a', '/a', '//a', '?a', '#a', './a:b', 'a/b:c', '..', '//', '///', '?#', '@', '%41']) AS value;
INSERT INTO verdict SELECT unnest(ARRAY['uri', 'uri-reference']), false, value FROM unnest(ARRAY['http://ü/', 'http://a/ü', 'http://a/#ü']) AS value;
INSERT INTO verdict SELECT unnest(ARRAY['iri', 'iri-reference']), true, value FROM unnest(ARRAY['http://ü/', 'http://a/ü', 'http://a/#ü', 'http://a/あ?あ', E'http://a/?\ue000', E'http://a/\U00010000']) AS value;
INSERT INTO verdict SELECT unnest(ARRAY['iri', 'iri-reference']), false, value FROM unnest(ARRAY[E'http://a/\ue000', E'http://a/\ufffe', E'http://a/#\U000f0000', E'http://a/\U000e0001', E'http://a/\ufdd0', 'ü:a']) AS value;
INSERT INTO verdict SELECT 'uri-template', true, unnest(ARRAY['', 'a/{b}', '{+a,b:10,c*}{#d}{.e}{/f}{;g}{?h}{&i}', '{a.b}', '{%41_1}', 'ü{a}', '%20', 'a''b', '{=a}', '{,a}']);
INSERT INTO verdict SELECT 'uri-template', false, unnest(ARRAY['{', '}', '{}', '{a', 'a}', '{a}}', '{{a}}', '{a b}', '{a,}', '{a:0}', '{a:10000}', '{a:}', '{a*b}', '{a:1*}', '{-a}', '{.}', '{a..b}', '{a.}', '{ü}', '%', '%2', 'a b', 'a"b', 'a<b', 'a\b', 'a^b', 'a`b', 'a|b', E'a\nb']);
INSERT INTO verdict SELECT 'uuid', true, unnest(ARRAY['00000000-0000-0000-0000-000000000000', 'F81D4FAE-7DEC-11D0-A765-00a0c91e6bf6']);
INSERT INTO verdict SELECT 'uuid', false, unnest(ARRAY['', 'f81d4fae7dec11d0a76500a0c91e6bf6', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf', 'f81d4fae-7dec-11d0-a765-00a0c91e6bfg', '{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}', 'f81d4fae-7dec-11d0-a765000a0c91e6bf6']);
INSERT INTO verdict SELECT 'json-pointer', true, unnest(ARRAY['', '/', '/a/b~0~1/', '//', '/ü', '/ ', '/a~00']);
INSERT INTO verdict SELECT 'json-pointer', false, unnest(ARRAY['a', '#', '#/a', '/~', '/~2', '/a~', '/~~0', ' /a']);
INSERT INTO verdict SELECT 'relative-json-pointer', true, unnest(ARRAY['0', '1/a', '0#', '10/~0', '0+1', '2-1/a', '0+10#']);
INSERT INTO verdict SELECT 'relative-json-pointer', false, unnest(ARRAY['', '/a', '#', '-1', '01', '1a', '0##', '0#/a', '0+', '0+0', '0+01', '1/~', ' 0']);
INSERT INTO verdict SELECT 'regex', true, unnest(ARRAY['', '^a$', '(?<=a+)b', '[]', '\p{Letter}']);
INSERT INTO verdict SELECT 'regex', false, unnest(ARRAY['(', '\a', 'a**', '(?i)a', '[b-a]', '\p{Foo}']);

SELECT format, count(*) FROM verdict GROUP BY format ORDER BY format;
SELECT format, expected, to_json(value) AS value, events._format_matches(format, value) AS got
FROM verdict WHERE events._format_matches(format, value) IS DISTINCT FROM expected;

-- no such format
SELECT events._format_matches('color', 'red') IS NULL AS unknown;

-- long values
SELECT format, events._format_matches(format, repeat(piece, 1000000)) FROM (VALUES
    ('date-time', '2'), ('email', 'a.'), ('hostname', 'a.'), ('idn-hostname', 'ü'), ('ipv6', '1:'), ('uri', 'a:'), ('iri', 'aü:'), ('uri-template', '{a}'), ('json-pointer', '/~0'), ('duration', 'P1'), ('regex', '(a|b)*')) AS t(format, piece);
