# SPDX-License-Identifier: PostgreSQL
#
# pg_dump and restore, plain and custom format, into a fresh database: events
# keep their positions, the epoch is the same, cursors go on, new positions come
# after the old ones, and partitions are partitions again.  Registered schemas and
# types serve as before, in whatever order their rows come.  Tracked tables are
# tracked, with their partitions, and the event trigger follows them there.  After a
# restore to an earlier point events.new_epoch() tells readers.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $foreign = '{"id": "i", "source": "/imported", "type": "imported", "sequence": "otherhub-0000000000000009000"}';
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

# A tracked table with partitions, one of which is tracked in its own way, and a child.
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('sad', 'ok');
CREATE FUNCTION shop.is_big(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 10';
CREATE TABLE shop.sale (id int, region text, mood shop.mood, secret text, "it's" int, PRIMARY KEY (id, region))
	PARTITION BY LIST (region);
CREATE TABLE shop.sale_a PARTITION OF shop.sale FOR VALUES IN ('a');
CREATE TABLE shop.sale_b PARTITION OF shop.sale FOR VALUES IN ('b') PARTITION BY RANGE (id);
CREATE TABLE shop.sale_b1 PARTITION OF shop.sale_b FOR VALUES FROM (1) TO (1000);
SET search_path = shop;
SELECT events.track('sale', redact => '{"secret": "hash", "it''s": "omit"}',
	"when" => 'is_big(new.id) OR old.id IS NOT NULL');
SELECT events.track('sale_b', type => 'special.{operation}', operations => '{insert,truncate}');
ALTER TABLE sale_a DISABLE TRIGGER events_track_delete;
INSERT INTO sale VALUES (1, 'a', NULL, NULL, NULL), (11, 'a', 'ok', 'x', 1), (12, 'b', 'sad', 'y', 2);
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (n int) INHERITS (parent);
SELECT events.track('parent', granularity => 'statement', topic => '{"{table}", x}');
SQL
my $registry = registry('postgres');
my $tracked = tracked_tables('postgres');
is(scalar(split /\n/, $tracked), 6, 'six tables are tracked');
my $triggers = triggers('postgres');
$rows = all_rows('postgres');
$state = $node->safe_psql('postgres', 'SELECT epoch, horizon FROM events._relay_state()');

# Consumers that are somewhere, with an event that waits and one that was given up.
$node->safe_psql('postgres', <<'SQL');
SELECT events.create_consumer('one', start => 'earliest'), events.create_consumer('many', start => 'earliest',
	key => 'type', max_attempts => 2);
SELECT events.acknowledge('one', max(position)) FROM events.fetch('one', 7);
SELECT events.nack('many', max(position), 'not yet', '1 day', 'a') FROM events.fetch('many', 3, member => 'a');
SELECT events.nack('many', max(position), 'no', '0', 'a') FROM events.fetch('many', 1, member => 'a');
SELECT events.nack('many', max(position), 'never', '0', 'a') FROM events.fetch('many', 1, member => 'a');
SQL
$node->safe_psql('postgres', <<'SQL');
SELECT events.retain('{audit}', '10 years'), events.retain(keep => '1 day', types => '{debug.*,trace}'),
	events.hold('case', subject => 's', from_time => '2020-01-01Z', reason => 'because');
INSERT INTO events.consumer_loss VALUES ('one', 7);
SQL
# Events of another hub.
$node->safe_psql('postgres', "SELECT events.import_events(\$\$$foreign\$\$)");
$rows = all_rows('postgres');
$state = $node->safe_psql('postgres', 'SELECT epoch, horizon FROM events._relay_state()');
my $retention = retention('postgres');
my $consumers = consumers('postgres');
like($consumers, qr/many:\d+:1:1 one:\d+:0:0/, 'consumers have come somewhere');

wait_for($node, 'SELECT indexed_up_to >= events.horizon() FROM events.search_status', 'all is filed for search');
my $documents = 'SELECT position, keys, document FROM events.search_document ORDER BY position';
my $filed = $node->safe_psql('postgres', $documents);
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

	unlike(slurp_file($file), qr/search_document/, 'a dump leaves out what is made again') if $format eq 'plain';
	is(all_rows($format), $rows, "$format: every event with its position");
	wait_for($node, 'SELECT indexed_up_to >= events.horizon() FROM events.search_status',
		"$format: events are filed for search", $format);
	is($node->safe_psql($format, $documents), $filed, "$format: as they were before");
	is(partitions_used($format), $partitions, "$format: in as many partitions");
	is( $node->safe_psql($format, 'SELECT epoch FROM events._relay_state()'),
		(split /\|/, $state)[0],
		"$format: the epoch is the same, so cursors are valid");
	is( read_types($node, $cursor, $format),
		'start.3 start.4 start.5 start.6 last once sale.inserted sale.inserted imported',
		"$format: a cursor goes on");
	is($node->safe_psql($format, <<'SQL'), "x\n1", "$format: what was published with an id is not published again");
SELECT events.publish('once', '{}', source => '/s', subject => 'a', id => 'x');
SELECT count(*) FROM events.read_subject('/s', 'a');
SQL
	is($node->safe_psql($format, "SELECT * FROM events.import_events(\$\$$foreign\$\$)"),
		'0|1', "$format: what was imported is not imported again");
	is($node->safe_psql($format, 'SELECT * FROM events.import_events((SELECT string_agg(line, chr(10)) ' .
				'FROM (SELECT events.export() AS line) AS e))'),
		'0|' . scalar(split /\n/, $rows), "$format: nor what the dumped hub exports");
	$node->safe_psql($format, "SELECT events.publish('new', '{}')");
	cmp_ok(last_position($node, $format), '>', (split /\|/, $state)[1], "$format: new positions come after the old");
	is(read_types($node, last_position($node), $format), 'new', "$format: and are read");
	wait_for_worker($node, $format);
	pass("$format: the worker serves it");
	$node->safe_psql($format, 'SELECT events.maintain()');
	pass("$format: maintenance runs");

	is(consumers($format), $consumers, "$format: consumers are where they were");
	is( $node->safe_psql($format, "SELECT string_agg(type, ' ' ORDER BY position) FROM events.fetch('one', 2)"),
		'before.8 before.9',
		"$format: and go on");

	is(retention($format), $retention, "$format: rules of retention and legal holds are there");
	is(registry($format), $registry, "$format: the registry is the same");
	is($node->safe_psql($format, <<'SQL'), "accepted\ninvalid\ninvalid", "$format: and checks events");
SELECT status FROM events.publish_batch('[
	{"type": "a.made", "data": {"b": "xy"}}, {"type": "a.made", "data": {"b": "y"}}, {"type": "a.made", "data": {}}
]', 'skip')
SQL

	is(tracked_tables($format), $tracked, "$format: tables are tracked as before");
	is(triggers($format), $triggers, "$format: by the same triggers");
	my $before = last_position($node, $format);
	$node->safe_psql($format, <<'SQL');
INSERT INTO shop.sale VALUES (2, 'a', NULL, NULL, NULL), (20, 'a', 'sad', 'z', 3);
INSERT INTO shop.sale_b VALUES (21, 'b');
INSERT INTO shop.child VALUES (1, 1);
SQL
	is(read_types($node, $before, $format), 'sale.inserted special.inserted parent.inserted',
		"$format: and publish their changes");
	is( $node->safe_psql($format, 'SELECT bool_and(events.is_valid(data, dataschema)) FROM events.event ' .
			"WHERE type ~ '^(sale|special|parent)'"),
		't', "$format: which are valid by their schemas");
	$node->safe_psql($format, <<'SQL');
CREATE TABLE shop.sale_c PARTITION OF shop.sale FOR VALUES IN ('c');
ALTER TABLE shop.sale RENAME secret TO hidden;
ALTER TYPE shop.mood ADD VALUE 'great';
SQL
	is( $node->safe_psql($format, <<'SQL'), "t|t\n/table/shop.sale/inserted/2.1.0", "$format: DDL is followed");
SELECT inherited, redact ? 'hidden' FROM events.tracked_tables WHERE "table" = 'shop.sale_c'::regclass;
SELECT schema_uri FROM events.type WHERE name = 'sale.inserted';
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

sub consumers
{
	my ($database) = @_;
	return $node->safe_psql($database, <<'SQL');
SELECT string_agg(concat_ws(':', name, position, retrying, dead), ' ' ORDER BY name) FROM events.consumers
SQL
}

sub retention
{
	my ($database) = @_;
	return $node->safe_psql($database, <<'SQL');
SELECT * FROM events.retention_rule ORDER BY keep; SELECT * FROM events.legal_hold; SELECT * FROM events.consumer_loss
SQL
}

sub registry
{
	my ($database) = @_;
	return $node->safe_psql($database,
		'SELECT * FROM events.schema ORDER BY uri; SELECT * FROM events.type ORDER BY name');
}

sub tracked_tables
{
	my ($database) = @_;
	return $node->safe_psql($database, 'SELECT * FROM events.tracked_tables ORDER BY "table"::text');
}

sub triggers
{
	my ($database) = @_;
	return $node->safe_psql($database, <<'SQL');
SELECT pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE tgname LIKE 'events_track_%' ORDER BY 1
SQL
}

sub partitions_used
{
	my ($database) = @_;
	return $node->safe_psql($database, 'SELECT count(DISTINCT tableoid) FROM events.event');
}
