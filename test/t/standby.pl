# SPDX-License-Identifier: PostgreSQL
#
# A hot standby replicates the events, refuses what it cannot promise (publish,
# and read and horizon, whose answer would not be true there) with errors that
# say what to do, and works when it is promoted: all that the primary told
# readers is there, and no position is given out again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Cluster;
use Test::More;

my $primary = new_node('primary', 'preloaded', streaming => 1, conf => "max_connections = 30");
publish($primary, map { "primary.$_" } 1 .. 40);
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;
publish($primary, 'last');
my $seen = last_position($primary);
$primary->wait_for_catchup($standby);

is(last_position($standby), $seen, 'events are replicated');
foreach my $call ("events.publish('standby', '{}')", 'events.horizon()', 'events.read(0, 10)',
	'events.new_epoch()')
{
	my $error = error_of($standby, "SELECT $call");
	like($error, qr/ERROR:  (25006|55000|0A000):/, "$call is refused on a standby");
	like($error, qr/HINT: /, "$call: with advice") unless $call eq 'events.new_epoch()';
}
is($standby->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'events worker'"),
	0, 'no worker on a standby');
like(error_of($standby, "BEGIN TRANSACTION READ ONLY; SELECT events.publish('standby', '{}')"),
	qr/ERROR:  \w+:/, 'nor in a transaction that says so');

# The primary dies, the standby takes over.
$primary->stop('immediate');
$standby->promote;
wait_for_worker($standby);
pass('the worker starts after promotion');
publish($standby, 'promoted');
cmp_ok(last_position($standby), '>', $seen, 'positions go on after those of the primary');
is(read_types($standby, $seen), 'promoted', 'a cursor of the primary goes on');
like(read_types($standby), qr/^primary\.1 .*primary\.40 last promoted$/, 'all is there, in order');

my $listener = listen_to($standby);
publish($standby, 'told');
my @heard;
while (!@heard) { @heard = notifications($listener); }
is($heard[-1], last_position($standby), 'listeners are told');
$listener->quit;

$standby->stop;
done_testing();
