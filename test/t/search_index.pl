# SPDX-License-Identifier: PostgreSQL
#
# Filing events for search in the background: a process of its own does it, soon and
# without being told; killed in the middle it has done nothing, and the next one goes on;
# events.reindex_search() goes on after a restart, with the settings that hold now; without a free slot for the process
# events.maintain() files; neither DROP EXTENSION nor DROP DATABASE waits for it; retention
# takes the documents along.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant ALL_FILED => 'SELECT indexed_up_to >= events.horizon() FROM events.search_status';
use constant NOT_REINDEXING => 'SELECT reindex_requested_at IS NULL FROM events.search_status';

# Documents that are missing, that have no event, and that are not what they should be.
sub faults
{
	my ($node, $database) = @_;
	return $node->safe_psql($database // 'postgres', <<'SQL');
SELECT count(*) FILTER (WHERE d.position IS NULL), count(*) FILTER (WHERE e.position IS NULL),
	count(*) FILTER (WHERE d.document <> s.document OR d.keys <> s.keys)
FROM events.event AS e FULL JOIN events.search_document AS d USING (position),
	LATERAL events._search_document(e) AS s;
SQL
}

sub publish_many
{
	my ($node, $n, $database) = @_;
	$node->safe_psql($database // 'postgres',
		"SELECT count(events.publish('many', jsonb_build_object('n', i, 'text', 'houses ' || md5(i::text))))"
		  . " FROM generate_series(1, $n) AS i");
	return;
}

sub indexer_pid
{
	my ($node) = @_;
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'events indexer' AND datname = 'postgres'");
}

my $node = new_node('search', 'preloaded', conf => 'restart_after_crash = on');
publish($node, 'first');
wait_for($node, ALL_FILED, 'an event is filed soon');
is(faults($node), '0|0|0', 'and its document is right');
publish_many($node, 500);
wait_for($node, ALL_FILED, 'and so are more');
wait_for($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'events indexer'",
	'the process ends when there is nothing to do');
publish($node, 'later');
wait_for($node, ALL_FILED, 'and another one comes');

# ---- another session files, or keeps everybody from it, and does not end it

my $other = $node->background_psql('postgres', on_error_stop => 1);
$other->query_safe('BEGIN; SELECT events._lock_search_index()');
publish($node, 'meanwhile');
wait_for($node, <<'SQL', 'the process finds the lock taken');
SELECT count(*) > 0 FROM pg_stat_activity
WHERE backend_type = 'events indexer' AND state = 'idle' AND query = 'filing events for search'
SQL
$other->query_safe('ROLLBACK');
$other->quit;
wait_for($node, ALL_FILED, 'and files when it is free');

# ---- killed in the middle

$node->safe_psql('postgres', "ALTER SYSTEM SET events.maintenance_interval = '1d'; SELECT pg_reload_conf()");
publish_many($node, 30000);
wait_for($node, "SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'events indexer' AND state = 'active'",
	'it files');
my $pid = indexer_pid($node);
like($pid, qr/^\d+$/, 'the process is there');
kill 'KILL', $pid;
wait_for($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid", 'and is killed');
wait_for($node, ALL_FILED, 'killed, it goes on');
is(faults($node), '0|0|0', 'nothing is missing and nothing is there twice');
is($node->safe_psql('postgres', <<'SQL'), 't', 'and chunks are summarised as events are');
SELECT count(*) > 0 AND bool_and(events = (SELECT count(*) FROM events.event WHERE position BETWEEN first AND last))
FROM events.search_chunk
SQL

# ---- settings of the database: the process that is there does not have them

$node->safe_psql('postgres', 'CREATE TEXT SEARCH CONFIGURATION public.plain (COPY = pg_catalog.simple)');
publish($node, 'another');
wait_for($node, ALL_FILED, 'there is a process');
$pid = indexer_pid($node);
$node->safe_psql('postgres', "ALTER DATABASE postgres SET events.search_configuration = 'public.plain'");
$node->safe_psql('postgres', 'SELECT events.reindex_search()');
wait_for($node, NOT_REINDEXING, 'after ALTER DATABASE ... SET all is filed anew');
isnt(indexer_pid($node), $pid, 'by another process');
is($node->safe_psql('postgres', 'SELECT name FROM events.search_configuration_used'), 'public.plain',
	'with the new configuration');
is(faults($node), '0|0|0', 'none is missing and none is as it was');
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET ALL');

# ---- another configuration; a restart in the middle

$node->safe_psql('postgres', "ALTER SYSTEM SET events.maintenance_interval = '1s'");
$node->safe_psql('postgres', "ALTER SYSTEM SET events.search_configuration = 'english'; SELECT pg_reload_conf()");
my $stems = "SELECT count(*) FROM events.search_document WHERE document @@ 'hous'::tsquery";
is($node->safe_psql('postgres', $stems), 0, 'documents have no English stems');
is($node->safe_psql('postgres', 'SELECT events.reindex_search()'),
	$node->safe_psql('postgres', 'SELECT count(*) FROM events.event'), 'all are to be filed anew');
wait_for($node,
	'SELECT reindexed_from IS NOT NULL OR reindex_requested_at IS NULL FROM events.search_status',
	'it begins');
$node->stop('immediate');
$node->start;
wait_for($node, NOT_REINDEXING, 'after a restart it goes on to the end');
is($node->safe_psql('postgres', $stems), 30500, 'documents have English stems');
is($node->safe_psql('postgres', "SET events.search_configuration = 'english';\n"
	. "SELECT name FROM events.search_configuration_used"), 'pg_catalog.english', 'and no others are left');
is(faults($node), '0|0|0', 'none is missing and none is there twice');

# ---- settings that change while piece follows piece

my $end = $node->safe_psql('postgres', 'SELECT indexed_up_to FROM events.search_status');
publish_many($node, 60000);
wait_for($node, "SELECT indexed_up_to > $end FROM events.search_status", 'it files much');
$node->safe_psql('postgres', 'ALTER SYSTEM SET events.search_index = off; SELECT pg_reload_conf()');
wait_for($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'events indexer'",
	'switched off, it ends');
is($node->safe_psql('postgres', ALL_FILED), 'f', 'before it is through');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET events.search_index; SELECT pg_reload_conf()');
wait_for($node, ALL_FILED, 'switched on, it files the rest');

# ---- in nobody's way

publish_many($node, 20000);
$node->safe_psql('postgres', 'DROP EXTENSION events');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relname LIKE 'search\\_%'"), 0,
	'DROP EXTENSION takes all along, in the middle of filing');
$node->safe_psql('postgres', 'CREATE EXTENSION events');
wait_for_worker($node);
publish($node, 'anew');
wait_for($node, ALL_FILED, 'the new installation is filed');
$node->safe_psql('postgres', 'CREATE DATABASE gone');
$node->safe_psql('gone', 'CREATE EXTENSION events');
wait_for_worker($node, 'gone');
publish_many($node, 20000, 'gone');
$node->safe_psql('postgres', 'DROP DATABASE gone');
pass('nor does DROP DATABASE wait for it');

# ---- retention

$node->safe_psql('postgres', <<'SQL');
SELECT events._advance_position((SELECT upper - 1 FROM events._partitions()
	WHERE lower <= events.horizon() ORDER BY lower DESC LIMIT 1));
SQL
publish($node, 'kept');
wait_for($node, ALL_FILED, 'two partitions are filed');
is($node->safe_psql('postgres', 'SELECT count(*) FROM events._search_partitions()'), 2, 'each has its own');
$node->safe_psql('postgres', "ALTER SYSTEM SET events.retention = '1 ms'; SELECT pg_reload_conf()");
wait_for($node, 'SELECT count(*) = 0 FROM events._search_partitions()',
	'retention drops them after those of the events');
wait_for($node, 'SELECT count(*) = 0 FROM events.search_chunk', 'and summaries');
$node->stop;

# ---- no slot for a process: two launchers and the worker take all

my $full = new_node('full', 'preloaded', conf => "max_worker_processes = 3\nevents.maintenance_interval = 1s");
publish($full, 'a', 'b');
wait_for($full, ALL_FILED, 'without a slot for the process maintenance files');
is(faults($full), '0|0|0', 'and files right');
$full->stop;

# ---- no worker at all

my $plain = new_node('plain', 'plain');
publish($plain, 'a');
is($plain->safe_psql('postgres', ALL_FILED), '', 'without a worker nothing is filed by itself');
$plain->safe_psql('postgres', 'SELECT events.maintain()');
is($plain->safe_psql('postgres', ALL_FILED), 't', 'but by events.maintain()');
$plain->stop;
done_testing();
