-- URIs as schemas use them: references resolved against bases of all kinds.

-- RFC 3986, 5.4: only what differs from the specification would be shown
WITH example(reference, target) AS (VALUES
    ('g:h', 'g:h'), ('g', 'http://a/b/c/g'), ('./g', 'http://a/b/c/g'), ('g/', 'http://a/b/c/g/'), ('/g', 'http://a/g'),
    ('//g', 'http://g'), ('?y', 'http://a/b/c/d;p?y'), ('g?y', 'http://a/b/c/g?y'), ('#s', 'http://a/b/c/d;p?q#s'),
    ('g#s', 'http://a/b/c/g#s'), ('g?y#s', 'http://a/b/c/g?y#s'), (';x', 'http://a/b/c/;x'), ('g;x', 'http://a/b/c/g;x'),
    ('g;x?y#s', 'http://a/b/c/g;x?y#s'), ('', 'http://a/b/c/d;p?q'), ('.', 'http://a/b/c/'), ('./', 'http://a/b/c/'),
    ('..', 'http://a/b/'), ('../', 'http://a/b/'), ('../g', 'http://a/b/g'), ('../..', 'http://a/'), ('../../', 'http://a/'),
    ('../../g', 'http://a/g'), ('../../../g', 'http://a/g'), ('../../../../g', 'http://a/g'), ('/./g', 'http://a/g'),
    ('/../g', 'http://a/g'), ('g.', 'http://a/b/c/g.'), ('.g', 'http://a/b/c/.g'), ('g..', 'http://a/b/c/g..'),
    ('..g', 'http://a/b/c/..g'), ('./../g', 'http://a/b/g'), ('./g/.', 'http://a/b/c/g/'), ('g/./h', 'http://a/b/c/g/h'),
    ('g/../h', 'http://a/b/c/h'), ('g;x=1/./y', 'http://a/b/c/g;x=1/y'), ('g;x=1/../y', 'http://a/b/c/y'),
    ('g?y/./x', 'http://a/b/c/g?y/./x'), ('g?y/../x', 'http://a/b/c/g?y/../x'), ('g#s/./x', 'http://a/b/c/g#s/./x'),
    ('g#s/../x', 'http://a/b/c/g#s/../x'), ('http:g', 'http:g'))
SELECT reference, target, events._resolve_uri('http://a/b/c/d;p?q', reference) AS resolved
FROM example WHERE target <> events._resolve_uri('http://a/b/c/d;p?q', reference);

-- bases without a scheme, without a path, and no base
SELECT base, reference, events._resolve_uri(base, reference) FROM (VALUES
    ('/order/created/1.2.0', '../paid/1.0.0'), ('/order/created/1.2.0', '#/$defs/x'), ('/order/created/1.2.0', '/y'),
    ('/order/created/1.2.0', 'https://example.com/./a/../b'), ('', 'a.json'), ('', '../a'), ('', '#x'), ('', ''),
    ('a/b', '../c'), ('a/b', '../../c'), ('a/b', 'c/..'), ('http://a', 'b'), ('http://a?q', 'b'), ('http://a/b', '//c/d/../e'),
    ('urn:example:a', '#x'), ('urn:example:a', 'urn:uuid:2#/x'), ('urn:a/b', '../c')) AS t(base, reference);

-- what would be read as something else is kept apart
SELECT base, reference, events._resolve_uri(base, reference) FROM (VALUES
    ('', './a:b'), ('a/', 'b:c/../d:e'), ('', '/..//b'), ('tag:x:/a/b/c', '../..//d')) AS t(base, reference);

-- percent-encoding
SELECT value, events._decode_uri(value) FROM (VALUES
    ('a%20b'), ('~1%7e%25'), ('%C3%BC'), ('plain'), (''), ('%'), ('a%2'), ('%zz'), ('%FF'), ('%C3'), ('%00')) AS t(value);

-- long paths take no more than their length
SELECT length(events._resolve_uri('http://a/', repeat('a/', 200000) || repeat('../', 200000) || 'b'));

-- private
SET ROLE pg_read_all_data;
SELECT events._resolve_uri('', '');
RESET ROLE;
