# SPDX-License-Identifier: PostgreSQL
#
# Many writers, readers with cursors, nothing skipped.  pgbench commits and rolls
# back, with and without savepoints, synchronously and not, while readers read on
# from their cursors without a pause.  At the end each reader has what is in the
# table: every event once, in the order of positions.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;

# A reader is a call of this procedure; it ends with the event that says so.
my $schema = <<'SQL';
CREATE TABLE seen (reader int, nr bigserial, position bigint, id text);
CREATE PROCEDURE read_to_the_end(me int) LANGUAGE plpgsql AS $$
DECLARE
	cursor bigint := events.oldest() - 1;
	found record;
	ended bool := false;
BEGIN
	WHILE NOT ended LOOP
		FOR found IN SELECT * FROM events.read(cursor, 50) LOOP
			INSERT INTO seen (reader, position, id) VALUES (me, found.position, found.id);
			cursor := found.position;
			ended := found.type = 'the.end';
		END LOOP;
		COMMIT;
	END LOOP;
END $$;
SQL

my %scripts = (
	'commit' => <<'SQL',
SELECT events.publish('plain.commit', '[]');
SQL
	'two' => <<'SQL',
BEGIN;
SELECT events.publish('two.a', '[]');
SELECT events.publish('two.b', '[]');
END;
SQL
	'rollback' => <<'SQL',
BEGIN;
SELECT events.publish('never', '[]');
ROLLBACK;
SQL
	'savepoint' => <<'SQL',
BEGIN;
SELECT events.publish('savepoint.a', '[]');
SAVEPOINT s;
SELECT events.publish('never', '[]');
ROLLBACK TO s;
SELECT events.publish('savepoint.b', '[]');
END;
SQL
	'asynchronous' => <<'SQL',
BEGIN;
SET LOCAL synchronous_commit = off;
SELECT events.publish('asynchronous', '[]');
END;
SQL
	'batch' => <<'SQL',
SELECT count(*) FROM (SELECT events.publish('batch.' || i, '[]') FROM generate_series(1, 20) i) b;
SQL
);

foreach my $mode ('preloaded', 'plain')
{
	my $node = new_node("concurrency_$mode", $mode);
	$node->safe_psql('postgres', $schema);

	my @readers;
	foreach my $me (1 .. 2)
	{
		my $reader = $node->background_psql('postgres');
		$reader->query_until(qr/reading/, "\\echo reading\nCALL read_to_the_end($me);\n");
		push @readers, $reader;
	}
	my %files = map { ("$mode.$_" => $scripts{$_}) } keys %scripts;
	$node->pgbench('--no-vacuum --client=8 --jobs=2 --transactions=100',
		0, [qr{processed: 800/800}], [qr{^$}], "$mode: 8 writers", \%files);
	publish($node, 'the.end');

	foreach my $me (1 .. 2)
	{
		$readers[ $me - 1 ]->query_safe("SELECT 'done'");
		$readers[ $me - 1 ]->quit;
		is($node->safe_psql('postgres', <<SQL), 0, "$mode: reader $me has every event once, in order");
SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY nr) AS n, position, id FROM seen WHERE reader = $me) s
FULL JOIN (SELECT row_number() OVER (ORDER BY position) AS n, position, id FROM events.event) e
USING (n, position, id) WHERE s.n IS NULL OR e.n IS NULL
SQL
	}
	is($node->safe_psql('postgres', "SELECT count(*) FROM events.event WHERE type = 'never'"),
		0, "$mode: nothing that was rolled back");
	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM seen WHERE reader = 1'),
		'>', 800, "$mode: which is a lot");
	is($node->safe_psql('postgres', <<'SQL'), 0, "$mode: events of one transaction in the order of publishing");
SELECT count(*) FROM (SELECT type, lag(type) OVER (PARTITION BY xmin::text ORDER BY position) AS before
	FROM events.event WHERE type LIKE 'batch.%') b
WHERE before IS NOT NULL AND substr(before, 7)::int + 1 <> substr(type, 7)::int
SQL
	$node->stop;
}
done_testing();
