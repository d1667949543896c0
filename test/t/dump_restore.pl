# SPDX-License-Identifier: PostgreSQL
#
# pg_dump and restore, plain and custom format, into a fresh database: events
# keep their positions, the epoch is the same, cursors go on, new positions come
# after the old ones, and partitions are partitions again.  Registered schemas and
# types serve as before, in whatever order their rows come.  After a restore to an
# earlier point events.new_epoch() tells readers.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('dump', 'preloaded');
publish($node, map { "before.$_" } 1 .. 20);

# A second start puts the following positions into another partition in time.
foreach my $round (1 .. 6)
{
	$node->stop('immediate');
	$node->start;
	publish($node, "start.$round");
}
my $cursor = $node->safe_psql('postgres', "SELECT position FROM events.event WHERE type = 'start.2'");
publish($node, 'last');
$node->safe_psql('postgres', "SELECT events.publish('once', '{}', source => '/s', subject => 'a', id => 'x')");
$node->safe_psql('postgres', "SELECT count(*) FROM events.read_subject('/s', 'a')");
my $state = $node->safe_psql('postgres', 'SELECT epoch, horizon FROM events._relay_state()');
my $rows = all_rows('postgres');
my $partitions = partitions_used('postgres');
cmp_ok($partitions, '>', 1, "events are in $partitions partitions");

# A risky schema, one that breaks the version before, one that refers to a later row.
$node->safe_psql('postgres', <<'SQL');
SELECT events.register_schema('/b/1.0.0', '{"type": "string", "pattern": "^x"}', allow_insecure => true);
SELECT events.register_schema('/a/1.0.0', '{"properties": {"b": {"$ref": "../b/1"}}}', description => 'first');
SELECT events.register_schema('/a/1.1.0', '{"required": ["b"], "properties": {"b": {"$ref": "../b/1"}}}',
	force => true);
SELECT events.register_type('a.made', '/a/latest', '{"b": "xy"}', 'made of b', ARRAY['a']);
SQL
my $registry = registry('postgres');

my $folder = PostgreSQL::Test::Utils::tempdir;
foreach my $format ('plain', 'custom')
{
	my $file = "$folder/$format.dump";
	$node->command_ok([ 'pg_dump', "--format=$format", '-f', $file, '-d', $node->connstr('postgres') ],
		"$format: pg_dump");
	$node->safe_psql('postgres', "CREATE DATABASE $format");
	if ($format eq 'plain')
	{
		$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr($format) ],
			"$format: psql restores it without error");
	}
	else
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr($format), $file ],
			"$format: pg_restore restores it without error");
	}

	is(all_rows($format), $rows, "$format: every event with its position");
	is(partitions_used($format), $partitions, "$format: in as many partitions");
	is( $node->safe_psql($format, 'SELECT epoch FROM events._relay_state()'),
		(split /\|/, $state)[0],
		"$format: the epoch is the same, so cursors are valid");
	is(read_types($node, $cursor, $format), 'start.3 start.4 start.5 start.6 last once', "$format: a cursor goes on");
	is($node->safe_psql($format, <<'SQL'), "x\n1", "$format: what was published with an id is not published again");
SELECT events.publish('once', '{}', source => '/s', subject => 'a', id => 'x');
SELECT count(*) FROM events.read_subject('/s', 'a');
SQL
	$node->safe_psql($format, "SELECT events.publish('new', '{}')");
	cmp_ok(last_position($node, $format), '>', (split /\|/, $state)[1], "$format: new positions come after the old");
	is(read_types($node, last_position($node), $format), 'new', "$format: and are read");
	wait_for_worker($node, $format);
	pass("$format: the worker serves it");
	$node->safe_psql($format, 'SELECT events.maintain()');
	pass("$format: maintenance runs");

	is(registry($format), $registry, "$format: the registry is the same");
	is($node->safe_psql($format, <<'SQL'), "accepted\ninvalid\ninvalid", "$format: and checks events");
SELECT status FROM events.publish_batch('[
	{"type": "a.made", "data": {"b": "xy"}}, {"type": "a.made", "data": {"b": "y"}}, {"type": "a.made", "data": {}}
]', 'skip')
SQL

	# A dump of the restored database is like the first.
	$node->command_ok([ 'pg_dump', '-f', "$folder/again.dump", '-d', $node->connstr($format) ],
		"$format: pg_dump of it");
	$node->safe_psql($format, 'DROP EXTENSION events CASCADE');
	is($node->safe_psql($format, "SELECT count(*) FROM pg_namespace WHERE nspname = 'events'"), 0,
		"$format: DROP EXTENSION leaves no schema");
}

# ---- an earlier state is restored: a new epoch, and readers are told

my $old_epoch = (split /\|/, $state)[0];
$node->safe_psql('postgres', 'SELECT events.new_epoch()');
my $new_epoch = $node->safe_psql('postgres', 'SELECT epoch FROM events._relay_state()');
isnt($new_epoch, $old_epoch, 'events.new_epoch() makes another');
like($new_epoch, qr/^[a-z0-9]{8}$/, 'of eight letters and digits');
$node->stop;
done_testing();

sub all_rows
{
	my ($database) = @_;
	return $node->safe_psql($database, 'SELECT * FROM events.event ORDER BY position');
}

sub registry
{
	my ($database) = @_;
	return $node->safe_psql($database,
		'SELECT * FROM events.schema ORDER BY uri; SELECT * FROM events.type ORDER BY name');
}

sub partitions_used
{
	my ($database) = @_;
	return $node->safe_psql($database, 'SELECT count(DISTINCT tableoid) FROM events.event');
}
