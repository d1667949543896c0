# SPDX-License-Identifier: PostgreSQL
#
# pg_upgrade, to a server of the same version (which it allows): events keep
# their positions and the epoch, cursors go on, new positions come after the old,
# partitions are partitions, and the worker serves the new cluster.  Prepared
# transactions cannot be upgraded, which is PostgreSQL's own rule.

use strict;
use warnings;
use Cwd qw(getcwd);
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = new_node('old', 'preloaded');
publish($old, map { "old.$_" } 1 .. 20);
foreach my $round (1 .. 6)
{
	$old->stop('immediate');
	$old->start;
	publish($old, "start.$round");
}
my $cursor = $old->safe_psql('postgres', "SELECT position FROM events.event WHERE type = 'start.4'");
my $rows = $old->safe_psql('postgres', 'SELECT * FROM events.event ORDER BY position');
my $epoch = $old->safe_psql('postgres', 'SELECT epoch FROM events._relay_state()');
my $last = last_position($old);
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => [ '-E', 'UTF8', '--locale=C' ]);
$new->append_conf('postgresql.conf', "shared_preload_libraries = 'events'");
$new->append_conf('postgresql.conf', "max_worker_processes = 20");

my $bin = $old->config_data('--bindir');
my $folder = getcwd();
chdir PostgreSQL::Test::Utils::tempdir or die;
command_ok(
	[
		'pg_upgrade', '-b', $bin, '-B', $bin, '-d', $old->data_dir, '-D', $new->data_dir,
		'-s', $new->host, '-p', $old->port, '-P', $new->port
	],
	'pg_upgrade');
chdir $folder or die;

$new->start;
is($new->safe_psql('postgres', 'SELECT * FROM events.event ORDER BY position'),
	$rows, 'every event with its position');
is($new->safe_psql('postgres', 'SELECT epoch FROM events._relay_state()'), $epoch, 'the same epoch');
wait_for_worker($new);
pass('the worker serves the new cluster');
publish($new, 'new');
cmp_ok(last_position($new), '>', $last, 'new positions come after the old');
is(read_types($new, $cursor), 'start.5 start.6 new', 'a cursor goes on');
$new->safe_psql('postgres', 'SELECT events.maintain()');
$new->safe_psql('postgres', 'DROP EXTENSION events');
is($new->safe_psql('postgres', "SELECT count(*) FROM pg_namespace WHERE nspname = 'events'"),
	0, 'and the extension can be dropped');
$new->stop;
done_testing();
