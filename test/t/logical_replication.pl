# SPDX-License-Identifier: PostgreSQL
#
# Logical replication of events.event: another database gets every committed
# event with its position, none of the rolled back, whichever partition it is in;
# and decoding shows an event in the transaction of the change that it tells of.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Cluster;
use Test::More;

my $publisher = new_node('publisher', 'preloaded', streaming => 'logical', conf => "max_connections = 30");
$publisher->safe_psql('postgres', 'CREATE TABLE business (id int PRIMARY KEY)');
publish($publisher, 'before');

my $subscriber = new_node('subscriber', 'plain',
	extension => 0, streaming => 'logical', conf => "max_connections = 30");
$subscriber->safe_psql('postgres', <<'SQL');
CREATE SCHEMA events;
CREATE TABLE events.event (position bigint PRIMARY KEY, type text, data jsonb);
SQL
$publisher->safe_psql('postgres',
	"CREATE PUBLICATION all_events FOR TABLE events.event (position, type, data)"
	  . " WITH (publish_via_partition_root = true)");
my $connection = $publisher->connstr('postgres');
$subscriber->safe_psql('postgres',
	"CREATE SUBSCRIPTION all_events CONNECTION \$\$$connection\$\$ PUBLICATION all_events");
$subscriber->wait_for_subscription_sync;

publish($publisher, 'one', 'two');
$publisher->safe_psql('postgres', "BEGIN; SELECT events.publish('no', '{}'); ROLLBACK;");
$publisher->stop('immediate');
$publisher->start;
publish($publisher, 'three');
$publisher->wait_for_catchup('all_events');
is( $subscriber->safe_psql('postgres', 'SELECT position, type FROM events.event ORDER BY position'),
	$publisher->safe_psql('postgres', 'SELECT position, type FROM events.event ORDER BY position'),
	'another database has the same events at the same positions');
is($subscriber->safe_psql('postgres', "SELECT string_agg(type, ' ' ORDER BY position) FROM events.event"),
	'before one two three', 'all that were committed');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION all_events');
$subscriber->stop;

# One transaction: the change and what tells of it.
$publisher->safe_psql('postgres', "SELECT pg_create_logical_replication_slot('decode', 'test_decoding')");
$publisher->safe_psql('postgres',
	"BEGIN; INSERT INTO business VALUES (7); SELECT events.publish('business.made', '[7]'); COMMIT");
my $decoded = $publisher->safe_psql('postgres',
	"SELECT data FROM pg_logical_slot_get_changes('decode', NULL, NULL,"
	  . " 'include-xids', '0', 'skip-empty-xacts', '1')");
my $change = qr/table public\.business: INSERT.*\n/;
my $event = qr/table events\.\w+: INSERT:.*business\.made.*\n/;
like($decoded, qr/BEGIN\n$change(?:.*\n)*$event(?:.*\n)*COMMIT/,
	'an event is decoded in the transaction of its change, after it');
$publisher->safe_psql('postgres', "SELECT pg_drop_replication_slot('decode')");
$publisher->stop;
done_testing();
