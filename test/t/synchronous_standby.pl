# SPDX-License-Identifier: PostgreSQL
#
# A dead synchronous standby.  A commit that waits for it for ever has its
# position and its place in the gate: later events are held back, nobody waits,
# what came before stays readable; when the standby is given up, all is there.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('synchronous', 'preloaded', streaming => 1, conf => "max_connections = 30");
publish($node, 'before');
my $before = last_position($node);
$node->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
$node->reload;
wait_for($node, "SELECT current_setting('synchronous_standby_names') = 'nobody'", 'a standby that is not there');

my $hanging = $node->background_psql('postgres');
$hanging->query_until(qr/publishing/, "\\echo publishing\nSELECT events.publish('hanging', '[]');\n");
wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'", 'a commit waits for it');

my $begin = time;
$node->safe_psql('postgres', "SET synchronous_commit = local; SELECT events.publish('local', '[]')");
is(read_types($node), 'before', 'later events are held back, earlier ones are not');
is($node->safe_psql('postgres', 'SELECT events.horizon()'), $before, 'the horizon stands before the commit that hangs');
cmp_ok(time - $begin, '<', 10, 'nobody waits');

$node->safe_psql('postgres', "SET synchronous_commit = local; ALTER SYSTEM RESET synchronous_standby_names");
$node->reload;
$hanging->query_safe("SELECT 'through'");
$hanging->quit;
wait_for($node, 'SELECT events.horizon() = max(position) FROM events.event', 'given up, it goes on');
is(read_types($node), 'before hanging local', 'in the order of positions');
$node->stop;
done_testing();
