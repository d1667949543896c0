# SPDX-License-Identifier: PostgreSQL
#
# The index over documents answers as the table does: its entries are collected and entered many
# at a time, in another way than by INSERT.  After pieces that were killed, beside VACUUM and
# REINDEX CONCURRENTLY, after VACUUM FULL, on a standby and when that is promoted.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Cluster;
use Test::More;

use constant ALL_FILED => 'SELECT indexed_up_to >= events.horizon() FROM events.search_status';
use constant NOT_REINDEXING => 'SELECT reindex_requested_at IS NULL FROM events.search_status';

# Some of the words, and of the keys, with the rows that have them.
use constant WORDS =>
  'SELECT position, unnest(tsvector_to_array(document)) AS word FROM events.search_document';
use constant KEYS => "SELECT position, unnest(keys) AS key FROM events.search_document";
use constant SOME_WORDS => "hashtext(word) % 97 = 0 OR word IN ('hello', 's')";
use constant SOME_KEYS => "hashint8(key) % 97 = 0";

sub by_table
{
	my ($node) = @_;
	return $node->safe_psql('postgres', <<"SQL");
SELECT word, count(*), sum(position) FROM (${\WORDS}) AS w WHERE ${\SOME_WORDS} GROUP BY 1
UNION ALL
SELECT key::text, count(*), sum(position) FROM (${\KEYS}) AS k WHERE ${\SOME_KEYS} GROUP BY 1
ORDER BY 1
SQL
}

sub by_index
{
	my ($node) = @_;
	my $rows = 'SELECT count(*) AS n, sum(position) AS sum FROM events.search_document';
	return $node->safe_psql('postgres', <<"SQL");
SET enable_seqscan = off;
SELECT word, n, sum
FROM (SELECT DISTINCT word FROM (${\WORDS}) AS a WHERE ${\SOME_WORDS}) AS w,
	LATERAL ($rows WHERE document @@ quote_literal(word)::tsquery) AS r
UNION ALL
SELECT key::text, n, sum
FROM (SELECT DISTINCT key FROM (${\KEYS}) AS a WHERE ${\SOME_KEYS}) AS k,
	LATERAL ($rows WHERE keys @> ARRAY[key]) AS r
ORDER BY 1
SQL
}

sub same
{
	my ($node, $when) = @_;
	my $table = by_table($node);
	cmp_ok(scalar(split /\n/, $table), '>', 50, "$when: there is something to compare");
	ok(by_index($node) eq $table, "$when: the index answers as the table does");
	return;
}

sub publish_many
{
	my ($node, $n) = @_;
	$node->safe_psql('postgres', "SELECT count(events.publish('s.' || i % 7,"
		. " jsonb_build_object('text', 'hello w' || i % 500 || ' ' || md5(i::text))))"
		. " FROM generate_series(1, $n) AS i");
	return;
}

my $node = new_node('gin', 'preloaded', streaming => 1,
	conf => "restart_after_crash = on\nevents.maintenance_interval = 1s");
my $partition = 'events.search_document_0';
publish_many($node, 12000);
wait_for($node, ALL_FILED, 'events are filed');
same($node, 'filed');

foreach my $signal ('KILL', 'TERM')
{
	# It is kept from beginning until its number is known, however fast it is.
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('BEGIN; LOCK TABLE events.search_state IN EXCLUSIVE MODE');
	publish_many($node, 15000);
	wait_for($node, <<'SQL', 'it files');
SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'events indexer' AND wait_event_type = 'Lock'
SQL
	my $pid = $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'events indexer'");
	$holder->query_safe('COMMIT');
	$holder->quit;
	like($pid, qr/^\d+$/, 'the process is there') and kill $signal, $pid;
	$node->poll_query_until('postgres', 'SELECT true');
	wait_for($node, ALL_FILED, 'and goes on');
	same($node, "ended by SIG$signal");
}

# Beside it: rows of documents that were made anew are taken out of the index.
my @beside = map { start_statement($node, 'beside', $_) }
  ("VACUUM $partition", "REINDEX TABLE CONCURRENTLY $partition", "VACUUM $partition");
$node->safe_psql('postgres', 'SELECT events.reindex_search()');
publish_many($node, 10000);
foreach my $end (@beside)
{
	my ($status, $out, $err) = $end->();
	is($err, '', 'beside it: done');
}
wait_for($node, NOT_REINDEXING, 'documents are made anew');
wait_for($node, ALL_FILED, 'and the new events filed');
$node->safe_psql('postgres', "VACUUM $partition");
same($node, 'beside VACUUM and REINDEX');
publish_many($node, 1000);
wait_for($node, ALL_FILED, 'after VACUUM');
same($node, 'into pages that VACUUM has freed');
$node->safe_psql('postgres', "VACUUM FULL $partition");
publish_many($node, 1000);
wait_for($node, ALL_FILED, 'after VACUUM FULL');
same($node, 'VACUUM FULL');

$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('gin_standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
publish_many($node, 12000);
$node->safe_psql('postgres', 'SELECT events.reindex_search()');
wait_for($node, ALL_FILED, 'more is filed');
wait_for($node, NOT_REINDEXING, 'and made anew');
$node->safe_psql('postgres', "VACUUM $partition");
$node->wait_for_catchup($standby);
ok(by_index($standby) eq by_table($node),
	'the index of a standby answers as the table of the primary');
$node->stop('immediate');
$standby->promote;
wait_for_worker($standby);
publish_many($standby, 3000);
wait_for($standby, ALL_FILED, 'the standby is promoted and files');
same($standby, 'promoted');
$standby->stop;
done_testing();
