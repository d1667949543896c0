# SPDX-License-Identifier: PostgreSQL
#
# Many sessions publish at once, with and without events of their own, while
# their publishers are ended, locks come and go, and they themselves are
# impatient.  Each attempt notes its id and what it was answered.  At the end: what
# was answered with an id is there, once; what was refused is not; what is not
# known may be either; and the events of transactions that rolled back are not.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;
use Time::HiRes qw(time);

# An attempt catches its error, so that its transaction commits the note about it.
# The event of one that fails on purpose stays, and nothing else of it.
my $schema = <<'SQL';
CREATE TABLE attempt (id text, verdict text);
CREATE FUNCTION attempt(id text, batch bool, fail bool) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	verdict text := 'accepted';
BEGIN
	BEGIN
		IF batch THEN
			SELECT string_agg(DISTINCT b.status, ' ') INTO verdict FROM events.publish_batch_now(jsonb_build_array(
				jsonb_build_object('type', 'random', 'id', attempt.id),
				jsonb_build_object('type', 'random', 'id', attempt.id || '.b'))) AS b;
		ELSE
			PERFORM events.publish_now('random', '[]', id => attempt.id);
		END IF;
		IF fail THEN
			PERFORM events.publish('never', '[]', id => 'never.' || attempt.id);
			RAISE EXCEPTION 'on purpose' USING ERRCODE = 'FAIL1';
		END IF;
	EXCEPTION WHEN OTHERS THEN
		verdict := CASE SQLSTATE WHEN 'FAIL1' THEN verdict ELSE SQLSTATE END;
	END;
	INSERT INTO attempt VALUES (attempt.id, verdict);
END $$;
SQL

# With their weights.
my %scripts = (
	'single@6' => <<'SQL',
\set n random(1, 1000000000)
SELECT attempt('s:client_id.:n', false, false);
SQL
	'batch@4' => <<'SQL',
\set n random(1, 1000000000)
SELECT attempt('b:client_id.:n', true, false);
SQL
	'failing@4' => <<'SQL',
\set n random(1, 1000000000)
SELECT attempt('f:client_id.:n', false, true);
SQL
	'impatient@4' => <<'SQL',
\set n random(1, 1000000000)
\set ms random(1, 20)
BEGIN;
SET LOCAL events.publish_now_timeout = :ms;
SELECT attempt('i:client_id.:n', false, false);
END;
SQL
	'locking@1' => <<'SQL',
\set n random(1, 1000000000)
BEGIN;
LOCK TABLE events.event IN ACCESS EXCLUSIVE MODE;
SELECT attempt('l:client_id.:n', false, false);
END;
SQL
	'ending@1' => <<'SQL',
SET client_min_messages = error;
SELECT pg_terminate_backend(pid)
FROM (SELECT pid FROM pg_stat_activity WHERE backend_type = 'events publisher' ORDER BY random() LIMIT 1) AS victim;
SQL
);

foreach my $mode ('preloaded', 'plain')
{
	my $node = new_node("random_$mode", $mode, conf => "events.publish_now_timeout = '60s'");
	$node->safe_psql('postgres', $schema);
	my %files = map { my ($name, $weight) = split /@/; ("$mode.$name\@$weight" => $scripts{$_}) } keys %scripts;
	my $transactions = $mode eq 'preloaded' ? 200 : 50;
	$node->pgbench("--no-vacuum --client=8 --jobs=2 --transactions=$transactions",
		0, [qr{processed: (\d+)/\1}], [qr{^$}], "$mode: 8 sessions", \%files);
	note($node->safe_psql('postgres', 'SELECT verdict, count(*) FROM attempt GROUP BY 1 ORDER BY 2 DESC'));

	is($node->safe_psql('postgres', <<'SQL'), 0, "$mode: what was answered is there, what was refused is not");
SELECT count(*) FROM attempt a LEFT JOIN events.event e ON e.id = a.id
WHERE verdict <> '08007' AND (verdict = 'accepted') <> (e.id IS NOT NULL)
SQL
	is($node->safe_psql('postgres',
		"SELECT count(*) FROM (SELECT id FROM events.event GROUP BY source, id HAVING count(*) > 1) d"),
		0, "$mode: nothing is there twice");
	is($node->safe_psql('postgres', <<'SQL'), 0, "$mode: nothing is there that nobody asked for");
SELECT count(*) FROM events.event e WHERE NOT EXISTS (SELECT FROM attempt a WHERE a.id = regexp_replace(e.id, '\.b$',
	''))
SQL
	is($node->safe_psql('postgres', <<'SQL'), 0, "$mode: batches are whole");
SELECT count(*) FROM events.event e FULL JOIN events.event f ON f.id = e.id || '.b'
WHERE (e.id LIKE 'b%' AND e.id NOT LIKE '%.b' OR f.id LIKE '%.b') AND (e.id IS NULL OR f.id IS NULL)
SQL
	cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM attempt WHERE verdict = 'accepted'"),
		'>', $transactions * 2, "$mode: which is a lot");
	cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM attempt WHERE verdict IN ('53000', '55P03', '40P01')"),
		'>', 0, "$mode: some were refused");
	is($node->safe_psql('postgres', 'SELECT events.horizon() = max(position) FROM events.event'), 't',
		"$mode: and the horizon stands at the end");
	$node->stop;
}
done_testing();
