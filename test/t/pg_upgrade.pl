# SPDX-License-Identifier: PostgreSQL
#
# pg_upgrade (to the same version): the new cluster has every event at its
# position, in its partitions, under its epoch; cursors go on; new positions come
# after the old ones; the extension can be dropped and made again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = new_node('old', 'preloaded');
publish($old, map { "before.$_" } 1 .. 20);

# The rest of the first partition is skipped, and later ones are used.
$old->safe_psql('postgres', 'SELECT events._advance_position(upper + 10) FROM events._partitions() LIMIT 1');
publish($old, 'second', 'third');
$old->safe_psql('postgres', 'SELECT events.maintain()') for 1 .. 2;
my $history = "SELECT tableoid::regclass, * FROM events.event ORDER BY position";
my $rows = $old->safe_psql('postgres', $history);
my $epoch = $old->safe_psql('postgres', 'SELECT epoch FROM events.status');
my $cursor = last_position($old) - 1;
my $partitions = $old->safe_psql('postgres', 'SELECT * FROM events._partitions()');
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => [ '-E', 'UTF8', '--locale=C' ]);
$new->append_conf('postgresql.conf', "shared_preload_libraries = 'events'");
my $bin = $new->config_data('--bindir');
chdir PostgreSQL::Test::Utils::tempdir or die "chdir: $!";
command_ok(
	[
		'pg_upgrade', '--no-sync', '-b', $bin, '-B', $bin,
		'-d', $old->data_dir, '-D', $new->data_dir,
		'-p', $old->port, '-P', $new->port, '-s', $new->host,
	],
	'pg_upgrade');
$new->start;
wait_for_worker($new);

is($new->safe_psql('postgres', $history), $rows, 'every event is at its position');
is($new->safe_psql('postgres', 'SELECT epoch FROM events.status'), $epoch, 'the epoch is the same');
is(read_types($new, $cursor), 'third', 'a cursor goes on');
my $kept = $new->safe_psql('postgres', 'SELECT * FROM events._partitions()');
is(substr($kept, 0, length $partitions), $partitions, 'partitions are partitions');
my $last = last_position($new);
publish($new, 'after');
is(read_types($new, $last), 'after', 'a new event is read');
cmp_ok(last_position($new), '>', $last, 'its position comes after the old ones');
is( $new->safe_psql(
		'postgres',
		'DROP EXTENSION events; CREATE EXTENSION events; SELECT count(*) FROM events._partitions()'),
	'1',
	'the extension can be dropped and made again');
$new->stop;
done_testing();
