# SPDX-License-Identifier: PostgreSQL
#
# pg_upgrade, to a server of the same version (which it allows): events keep
# their positions and the epoch, cursors go on, new positions come after the old,
# partitions are partitions, tracked tables are tracked, and the worker serves the
# new cluster.  Prepared transactions cannot be upgraded, which is PostgreSQL's own rule.

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
$old->safe_psql('postgres', <<'SQL');
CREATE TABLE sale (id int PRIMARY KEY, region text) PARTITION BY RANGE (id);
CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (1) TO (1000);
SELECT events.track('sale', "when" => 'new.region <> ''''');
SQL
my $tracked = $old->safe_psql('postgres', 'SELECT * FROM events.tracked_tables ORDER BY "table"::text');
my $rows = $old->safe_psql('postgres', 'SELECT * FROM events.event ORDER BY position');
my $epoch = $old->safe_psql('postgres', 'SELECT epoch FROM events._relay_state()');
my $last = last_position($old);
wait_for($old, 'SELECT indexed_up_to >= events.horizon() FROM events.search_status', 'all is filed for search');
my $documents = 'SELECT position, keys, document FROM events.search_document ORDER BY position';
my $filed = $old->safe_psql('postgres', $documents);
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
is($new->safe_psql('postgres', $documents), $filed, 'what was filed for search is');
wait_for_worker($new);
pass('the worker serves the new cluster');
publish($new, 'new');
cmp_ok(last_position($new), '>', $last, 'new positions come after the old');
is(read_types($new, $cursor), 'start.5 start.6 new', 'a cursor goes on');
is($new->safe_psql('postgres', 'SELECT * FROM events.tracked_tables ORDER BY "table"::text'),
	$tracked, 'tables are tracked as before');
$new->safe_psql('postgres', <<'SQL');
CREATE TABLE sale_2 PARTITION OF sale FOR VALUES FROM (1000) TO (2000);
INSERT INTO sale_1 VALUES (1, 'x'), (2, '');
INSERT INTO sale_2 VALUES (1001, 'x');
ALTER TABLE sale RENAME region TO area;
SELECT events.untrack('sale');
SQL
is(read_types($new, $cursor), 'start.5 start.6 new sale.inserted sale.inserted', 'and publish their changes');
wait_for($new, 'SELECT indexed_up_to >= events.horizon() FROM events.search_status', 'new events are filed for search');
is($new->safe_psql('postgres', 'SELECT count(*) FROM events.event JOIN events.search_document USING (position)'),
	$new->safe_psql('postgres', 'SELECT count(*) FROM events.event'), 'each has a document');
$new->safe_psql('postgres', 'SELECT events.maintain()');
$new->safe_psql('postgres', 'DROP EXTENSION events');
is($new->safe_psql('postgres', "SELECT count(*) FROM pg_namespace WHERE nspname = 'events'"),
	0, 'and the extension can be dropped');
$new->stop;
done_testing();
