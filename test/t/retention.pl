# SPDX-License-Identifier: PostgreSQL
#
# Retention drops whole partitions and disturbs nobody.  A reader that has a
# transaction open keeps its partition; maintenance gives up after a moment and
# tries again later, and publishers and other readers do not queue behind it.  A
# cursor older than what is kept is refused, in words that say what to do.
#
# Where only some events of a partition may go, they are deleted a few thousand at a
# time.  A crash between two rounds loses nothing that is kept and deletes nothing twice;
# the worker goes on at once while something is left, and publishers and readers do not
# notice.  Consumers that would lose events are named in the log, once.  Filing for search and
# deleting, which exclude each other, both go on.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('retention', 'plain', conf => "events.partition_size = 2097152");
foreach my $round (1 .. 6)
{
	$node->safe_psql('postgres', "SELECT events.publish('round.$round', '{}', source => '/s', subject => 'a')");
	$node->stop('immediate');
	$node->start;
	$node->safe_psql('postgres', "SELECT setval('events.position', nextval('events.position') + 1049000)");
}
publish($node, 'last');
is($node->safe_psql('postgres', "SELECT count(*) FROM events.read_subject('/s', 'a')"), 6, 'a stream over all of them');
my $first = $node->safe_psql('postgres', 'SELECT min(position) FROM events.event');
my $partitions = $node->safe_psql('postgres', 'SELECT count(DISTINCT tableoid) FROM events.event');
cmp_ok($partitions, '>', 2, "events are in $partitions partitions");

# Nothing is dropped without being asked for.
$node->safe_psql('postgres', 'SELECT events.maintain()');
is($node->safe_psql('postgres', 'SELECT count(*) FROM events.event'), 7, 'without retention all are kept');

my $idle = $node->background_psql('postgres');
$idle->query_safe('BEGIN');
$idle->query_safe("SELECT count(*) FROM events.event WHERE position = $first");

$node->append_conf('postgresql.conf', "events.retention = '1 microsecond'");
$node->reload;
wait_for($node, "SELECT current_setting('events.retention', true) = '1 microsecond'", 'retention is set');
my $begin = time;
$node->safe_psql('postgres', 'SELECT events.maintain()');
publish($node, 'meanwhile');
like(read_types($node), qr/ meanwhile$/, 'publishers and readers go on');
cmp_ok(time - $begin, '<', 10, 'without waiting for the idle reader');
is($idle->query_safe("SELECT count(*) FROM events.event WHERE position = $first"), 1,
	'who keeps what he has read');
$idle->query_safe('COMMIT');
$idle->quit;

wait_for($node, "WITH m AS MATERIALIZED (SELECT events.maintain()) SELECT events.oldest() > $first FROM m",
	'when he is gone, the partition is dropped');
publish($node, 'newest');
like(read_types($node), qr{newest$}, 'what is published then is there');
wait_for($node, 'WITH m AS MATERIALIZED (SELECT events.maintain()) SELECT count(s.*) = 0 FROM m '
	. 'LEFT JOIN events.subject_event AS s ON position < events.oldest()', 'its index forgets what is gone');
is($node->safe_psql('postgres', "SELECT count(*) FROM events.read_subject('/s', 'a')"),
	$node->safe_psql('postgres', "SELECT count(*) FROM events.event WHERE source = '/s'"),
	'a stream is read from what is kept');
like(error_of($node, "SELECT events.read_subject('/s', 'a', 0)"), qr/ERROR:  EV001:/, 'not from before');
my $follow = "SELECT events.publish('next', '{}', source => '/s', subject => 'a', expected_position =>";
like(error_of($node, "$follow $first)"), qr/ERROR:  40001:/, 'nobody goes on from an event that is gone');
is($node->psql('postgres', "$follow coalesce((SELECT max(position) FROM events.read_subject('/s', 'a')), 0))"),
	0, 'but from the last one kept');
my $error = error_of($node, "SELECT events.read(0, 10)");
like($error, qr/ERROR:  EV001:/, 'a cursor that is too old is refused');
like($error, qr/HINT: /, 'with advice');
is($node->psql('postgres', 'SELECT events.read(events.oldest() - 1, 10)'), 0, 'the oldest valid one is not');
$node->stop;

# ---- size: the oldest partitions go while there is more

$node = new_node('size', 'plain', conf => "events.partition_size = 2097152");
foreach my $round (1 .. 3)
{
	$node->safe_psql('postgres', "SELECT count(events.publish('a', to_jsonb(n))) FROM generate_series(1, 5000) AS n");
	$node->safe_psql('postgres', 'SELECT events._advance_position(min(upper) - 1) FROM events._partitions() '
		. 'WHERE upper > events.horizon() + 1');
	wait_for($node, 'WITH m AS MATERIALIZED (SELECT events.maintain()) '
		. "SELECT count(*) = $round FROM m, events.partition", "partition $round is closed");
}
$first = $node->safe_psql('postgres', 'SELECT min(position) FROM events.event');
my $kept = $node->safe_psql('postgres', 'SELECT sum(bytes) / 1024 FROM events.storage '
	. 'WHERE lower > (SELECT min(lower) FROM events.storage)');
$node->append_conf('postgresql.conf', "events.retention_size = '" . int($kept + 64) . "kB'");
$node->reload;
wait_for($node, "WITH m AS MATERIALIZED (SELECT events.maintain()) SELECT events.oldest() > $first FROM m",
	'the oldest partition is dropped');
$node->safe_psql('postgres', 'SELECT events.maintain()') foreach 1 .. 3;
is($node->safe_psql('postgres', 'SELECT count(*) FROM events.event'), 10000, 'and no more than that');
like(error_of($node, "SELECT events.read($first, 10)"), qr/ERROR:  EV001:/, 'whose readers are told');
$node->stop;

# ---- row by row, by the worker, with a crash in between

my $rows = 100000;
$node = new_node('thinning', 'preloaded', conf => "events.maintenance_interval = '1d'");
$node->safe_psql('postgres', "SELECT count(events.publish(CASE n % 4 WHEN 0 THEN 'order' ELSE 'debug' END, "
	. "to_jsonb(n))) FROM generate_series(1, $rows) AS n");
$node->safe_psql('postgres', "SELECT events.create_consumer('late', start => 'earliest', types => '{debug}'), "
	. "events.create_consumer('order', start => 'earliest', types => '{order}')");
$node->safe_psql('postgres', 'SELECT events._advance_position(min(upper) - 1) FROM events._partitions()');
$node->safe_psql('postgres', "UPDATE events.event SET recorded_at = recorded_at - interval '10 days'");
$node->safe_psql('postgres', 'SELECT events.maintain()') foreach 1 .. 2;
my $removed = 'SELECT coalesce(sum(removed), 0) FROM events.partition';

# It is near its end, but not there yet.
$node->safe_psql('postgres', "SELECT events.retain('{debug}', '12 days')");
$node->safe_psql('postgres', 'SELECT events.maintain()') foreach 1 .. 15;
is($node->safe_psql('postgres', $removed), 0, 'nothing is removed before its time');
is($node->safe_psql('postgres', 'SELECT consumers_at_risk FROM events.status'), '{late}',
	'the consumer is named in time');
is(times_in_log('consumer "late" is about to lose events'), 1, 'and in the log, once');

# The worker begins when it starts, and goes on by itself.
$node->safe_psql('postgres', "SELECT events.retain('{debug}', '9 days')");
$node->stop('immediate');
$node->start;
wait_for_worker($node);
wait_for($node, "SELECT ($removed) > 0", 'the worker begins to delete');
$node->stop('immediate');
$node->start;
my $after_crash = $node->safe_psql('postgres', $removed);
cmp_ok($after_crash, '<', $rows / 4 * 3, 'a crash comes in between');
# In one statement, because the worker goes on.
is($node->safe_psql('postgres', 'SELECT sum(events) - (SELECT count(*) FROM events.event) FROM events.partition'), 0,
	'what is recorded of the partition is true');
publish($node, 'meanwhile');
like(read_types($node, 'events.horizon() - 1'), qr/meanwhile/, 'publishers and readers go on');
wait_for($node, "SELECT ($removed) = $rows / 4 * 3", 'the worker goes on at once until all is deleted');
wait_for($node, 'SELECT NOT events._is_thinning()', 'and then it is done');
is($node->safe_psql('postgres', "SELECT count(*), sum(data::int) FROM events.event WHERE type = 'order'"),
	$node->safe_psql('postgres', "SELECT count(*), sum(n) FROM generate_series(4, $rows, 4) AS n"),
	'what is kept is all there');
is($node->safe_psql('postgres', "SELECT count(*) FROM events.event WHERE type = 'debug'"), 0, 'and nothing else');
is($node->safe_psql('postgres', "SELECT lost_before IS NOT NULL FROM events.consumers WHERE name = 'late'"), 't',
	'the consumer is marked');
# (The crash may have taken back the first round, with the note of it.)
like(times_in_log('consumer "late" loses events'), qr/^[12]$/, 'and named in the log, not in each round');
is(times_in_log('consumer "order"'), 0, 'the other one is not');
is($node->safe_psql('postgres', "SELECT count(*) FROM events.fetch('order', NULL)"), $rows / 4, 'it has lost nothing');
unlike(slurp_file($node->logfile), qr/could not remove/, 'no round failed');
$node->stop;

# ---- row by row, while the history is being filed for search

$node = new_node('beside', 'preloaded', conf => "events.maintenance_interval = '1d'\nevents.search_index = off");
$node->safe_psql('postgres', "SELECT count(events.publish(CASE n % 4 WHEN 0 THEN 'order' ELSE 'debug' END, "
	. "to_jsonb(md5(n::text)))) FROM generate_series(1, $rows) AS n");
$node->safe_psql('postgres', 'SELECT events._advance_position(min(upper) - 1) FROM events._partitions()');
$node->safe_psql('postgres', "UPDATE events.event SET recorded_at = recorded_at - interval '10 days'");
$node->safe_psql('postgres', 'SELECT events.maintain()') foreach 1 .. 2;
$node->safe_psql('postgres', "SELECT events.retain('{debug}', '9 days')");
$node->append_conf('postgresql.conf', 'events.search_index = on');
$node->restart;
my $filed = '(SELECT coalesce(max(indexed_up_to), 0) FROM events.search_state)';
wait_for($node, "SELECT ($removed) > 0 OR $filed >= $rows", 'the worker deletes');
cmp_ok($node->safe_psql('postgres', "SELECT $filed"), '<', $rows, 'it does not wait until all is filed');
wait_for($node, "SELECT ($removed) = $rows / 4 * 3 AND $filed >= events.horizon() AND NOT events._is_thinning()",
	'both come to their end');
is($node->safe_psql('postgres', "SELECT count(*), (SELECT count(*) FROM events.search_document) FROM events.event"),
	$rows / 4 . '|' . $rows / 4, 'what is kept is filed, and nothing else');
$node->stop;
done_testing();

sub times_in_log
{
	my ($text) = @_;
	my @found = slurp_file($node->logfile) =~ /WARNING:  \Q$text\E/g;
	return scalar(@found);
}
