# SPDX-License-Identifier: PostgreSQL
#
# Retention drops whole partitions and disturbs nobody.  A reader that has a
# transaction open keeps its partition; maintenance gives up after a moment and
# tries again later, and publishers and other readers do not queue behind it.  A
# cursor older than what is kept is refused, in words that say what to do.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
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
done_testing();
