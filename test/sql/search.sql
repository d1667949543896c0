-- Search: text, filters, order, pages; before events are filed and after.
SET events.search_index = on;
SELECT count(events.publish(
    CASE WHEN n % 2 = 0 THEN 'find.order.created' ELSE 'find.order.paid' END,
    jsonb_build_object('n', n, 'customer', CASE WHEN n % 3 = 0 THEN 'Ada Lovelace' ELSE 'Grace Hopper' END,
                       'note', CASE WHEN n % 5 = 0 THEN 'very urgent' ELSE 'no hurry' END,
                       'tags', jsonb_build_array('t' || n % 4)),
    subject => 'order-' || n, source => '/find/' || n % 2, id => 'find-' || n,
    topic => CASE WHEN n % 4 = 0 THEN '{find,eu,late}'::text[] ELSE '{find,us}' END,
    attributes => jsonb_build_object('user', 'u' || n % 3, 'correlationid', 'corr-' || n / 3)))
FROM generate_series(1, 12) n;

-- what is found, as numbers
CREATE FUNCTION found(VARIADIC arguments text[]) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
    numbers text;
BEGIN
    EXECUTE format('SELECT string_agg(data->>%L, %L) FROM events.search(%s)', 'n', ' ',
                   array_to_string(arguments || '{"types => ''{find.*}''"}', ', ')) INTO numbers;
    RETURN numbers;
END
$$;
CREATE FUNCTION file_all() RETURNS void LANGUAGE plpgsql AS
$$
BEGIN
    LOOP
        PERFORM events._index_search(events.horizon(), 10000);
        EXIT WHEN (SELECT max(indexed_up_to) FROM events.search_state) >= events.horizon();
    END LOOP;
END
$$;

CREATE VIEW answers AS
SELECT * FROM (VALUES
    ('all', found('NULL')),
    ('blank', found($$'  '$$)),
    ('a word', found($$'urgent'$$)),
    ('whatever its case', found($$'URGENT'$$)),
    ('two words', found($$'urgent ada'$$)),
    ('a phrase', found($$'"ada lovelace"'$$)),
    ('no phrase', found($$'"lovelace ada"'$$)),
    ('not across values', found($$'"hopper no"'$$)),
    ('without', found($$'-urgent'$$)),
    ('ada without', found($$'ada -urgent'$$)),
    ('either', found($$'urgent OR ada'$$)),
    ('either or both', found($$'urgent ada or hopper hurry'$$)),
    ('beginning', found($$'urg*'$$)),
    ('two beginnings', found($$'love* urg*'$$)),
    ('name in parts', found($$'created'$$)),
    ('whole name', found($$'find.order.paid'$$)),
    ('whole subject', found($$'order-7'$$)),
    ('a key', found($$'customer'$$)),
    ('a number', found($$'11'$$)),
    ('an id', found($$'find-3'$$)),
    ('a correlation id', found($$'corr-2'$$)),
    ('quotes without a pair', found($$'"ada'$$)),
    ('nothing', found($$'nowhere'$$)),
    ('source', found('sources => ''{/find/1}''')),
    ('sources', found($$'urgent'$$, 'sources => ''{/find/1,/find/0}''')),
    ('no source', found('sources => ''{}''')),
    ('topic', found('topics => ''{find,eu}''')),
    ('topic with star', found('topics => ''{find,*,late}''')),
    ('topics', found('topics => ''{{find,eu},{find,us}}''', 'max_count => 3')),
    ('subject', found('subject => ''order-5''')),
    ('data', found('data_contains => ''{"customer": "Ada Lovelace"}''')),
    ('data within', found('data_contains => ''{"tags": ["t2"]}''')),
    ('data and word', found($$'ada'$$, 'data_contains => ''{"tags": ["t2"]}''')),
    ('a pattern', found('pattern => ''{"user": ["u1"]}''')),
    ('a pattern of numbers', found('pattern => ''{"data": {"n": [{"numeric": [">", 9]}]}}''')),
    ('FEEL', found('filter => ''data.n < 4''')),
    ('oldest', found('"order" => ''oldest''', 'max_count => 3')),
    ('by rank', found($$'urgent OR "ada lovelace"'$$, '"order" => ''rank''', 'max_count => 1')),
    ('rank without text', found('"order" => ''rank''', 'max_count => 2')),
    ('all of it', found($$'ada'$$, 'topics => ''{find,us}''', 'sources => ''{/find/0}''',
                        'data_contains => ''{"n": 6}''', 'filter => ''data.n > 1''', 'subject => ''order-6'''))
) AS a (question, answer);
CREATE TEMP TABLE before AS SELECT * FROM answers;
SELECT * FROM before;

-- the same when all is filed
SELECT file_all();
SELECT a.* FROM answers AS a JOIN before AS b USING (question) WHERE a.answer IS DISTINCT FROM b.answer;

-- and found in the first query after the commit
SELECT events.publish('find.order.created', '{"n": 13, "note": "urgent"}', source => '/find/1') IS NOT NULL AS published;
SELECT found($$'urgent'$$);

-- types
SELECT count(*) FROM events.search(types => '{find.order.paid}');
SELECT count(*) FROM events.search(types => '{find.order.c*}');
SELECT count(*) FROM events.search(types => '{find.*,nothing}');
SELECT count(*) FROM events.search(types => '{}');

-- rows
SELECT id, source, type, subject, topic, data, attributes, rank > 0 AS ranked, headline, total_estimate
FROM events.search('urgent', types => '{find.*}', max_count => 1, "order" => 'oldest');
SELECT rank, headline, total_estimate FROM events.search(types => '{find.*}', max_count => 1);

-- headlines are HTML, whatever an event holds
SELECT events.publish('find.html', '{"<b>key</b>": "<script>alert(\"urgent\")</script> & ''urgent''"}',
                      subject => '<i>') IS NOT NULL AS published;
SELECT headline FROM events.search('urgent', types => '{find.html}');
SELECT events.publish('find.long', jsonb_build_object('text', repeat('padding ', 100) || 'needle ' || repeat('hay ', 100)))
    IS NOT NULL AS published;
SELECT headline FROM events.search('needle', types => '{find.long}');

-- pages, and what comes meanwhile
CREATE FUNCTION pages("order" text, size int, query text DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS
$$
DECLARE
    last text;
    page record;
BEGIN
    LOOP
        SELECT string_agg(s.data->>'n', ' ') AS numbers, (array_agg(s.cursor))[count(*)] AS cursor,
               min(s.total_estimate) AS total INTO page
        FROM events.search(query, types => '{find.order.*}', max_count => size, after => last,
                           "order" => pages."order") AS s;
        EXIT WHEN page.cursor IS NULL;
        RETURN NEXT page.numbers || ' of ' || page.total;
        last := page.cursor;
    END LOOP;
END
$$;
SELECT * FROM pages('newest', 5);
SELECT * FROM pages('oldest', 5);
SELECT * FROM pages('newest', 2, 'urgent');
SELECT * FROM pages('rank', 2, 'urgent OR ada');
SELECT cursor FROM events.search('urgent OR ada', types => '{find.order.*}', max_count => 2, "order" => 'rank') OFFSET 1 \gset second_
SELECT events.publish('find.order.created', '{"n": 14, "note": "urgent ada"}', source => '/find/1') IS NOT NULL AS published;
SELECT found($$'urgent OR ada'$$, '"order" => ''rank''', 'max_count => 1');
SELECT string_agg(data->>'n', ' ')
FROM events.search('urgent OR ada', types => '{find.order.*}', max_count => 20, "order" => 'rank', after => :'second_cursor');

-- times
SELECT recorded_at AS seventh FROM events.event WHERE id = 'find-7' \gset
SELECT count(*) > 0 AS found FROM events.search('order-7', from_time => :'seventh', to_time => :'seventh'::timestamptz + interval '1 us');
SELECT count(*) FROM events.search('order-7', types => '{find.*}', to_time => :'seventh');
SELECT count(*) FROM events.search(types => '{find.*}', from_time => '2999-01-01', to_time => 'infinity');
-- a window that moves goes with its cursor
SELECT count(*) FROM events.search('urgent OR ada', types => '{find.order.*}', "order" => 'rank', after => :'second_cursor', from_time => '2001-01-01');

-- text configurations: German events by German stems, others as they are
SELECT events.register_schema('/find/german/1', '{}') IS NOT NULL AS registered;
SELECT events.register_type('find.german', '/find/german/1', '{}', search_configuration => 'german') IS NOT NULL AS registered;
SELECT events.publish('find.german', '{"n": 20, "text": "die alten Häuser"}') IS NOT NULL AS published;
SELECT events.publish('find.simple', '{"n": 21, "text": "die alten Häuser"}') IS NOT NULL AS published;
SELECT found($$'haus'$$), found($$'häuser'$$), found($$'die häuser'$$);
SELECT headline FROM events.search('haus', types => '{find.german}');
SELECT file_all();
SELECT found($$'haus'$$), found($$'häuser'$$), found($$'die häuser'$$);

-- what is asked of the index
CREATE FUNCTION explained(VARIADIC arguments text[]) RETURNS SETOF text LANGUAGE plpgsql AS
$$
BEGIN
    RETURN QUERY EXECUTE format('SELECT line FROM events.explain_search(%s) AS line WHERE line LIKE %L OR line LIKE %L',
                                array_to_string(arguments, ', '), 'Index: %', 'Found: %');
END
$$;
SELECT explained($$'needle'$$);
SELECT explained($$'need*'$$, 'types => ''{find.*,other}''');
SELECT explained('types => ''{find.html}''', 'sources => ''{/postgres}''', 'topics => ''{find,html}''');
SELECT explained('types => ''{fi*}''');
SELECT explained($$'-needle'$$, 'types => ''{find.long}''');
SELECT explained('pattern => ''{"type": ["find.html"], "subject": ["<i>"]}''');
SELECT explained('data_contains => ''{"customer": "Ada Lovelace"}''');

-- candidates that are refused leave nothing behind: each of these is 200 kB, and has the words elsewhere
SELECT count(events.publish('find.large', jsonb_build_object('n', n, 'a', jsonb_build_object('status', 'opened'), 'b', jsonb_build_object('status', CASE n WHEN 1 THEN 'opened' ELSE 'closed' END), 'flags', flags)))
FROM generate_series(1, 200) AS n, (SELECT jsonb_agg(true) AS flags FROM generate_series(1, 50000)) AS f;
SELECT file_all();
SELECT data->>'n' AS n, (SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name = 'ExprContext') < 10000000 AS "little memory"
FROM events.search(types => '{find.large}', data_contains => '{"b": {"status": "opened"}}');

DROP VIEW answers;
DROP FUNCTION found(text[]), file_all(), pages(text, int, text), explained(text[]);
