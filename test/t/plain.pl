# SPDX-License-Identifier: PostgreSQL
#
# Without events in shared_preload_libraries: CREATE EXTENSION in a running
# database works at once.  There is no worker; a writer tells listeners itself,
# once a transaction, of a position that can be read by then, and nothing of what
# is rolled back.  Then the preload is switched on and off: the same data serves.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;

my $node = new_node('plain', 'plain');
is($node->safe_psql('postgres', 'SELECT worker FROM events._relay_state()'), 'f', 'there is no worker');
my $listener = listen_to($node);

publish($node, 'one');
my @heard = notifications($listener);
is_deeply(\@heard, [ last_position($node) ], 'a commit is told at once, with its position');

$node->safe_psql('postgres', <<'SQL');
BEGIN;
SELECT events.publish('two', '{}');
SAVEPOINT s;
SELECT events.publish('dropped', '{}');
ROLLBACK TO s;
SELECT events.publish('three', '{}');
COMMIT;
SQL
@heard = notifications($listener);
is_deeply(\@heard, [ last_position($node) ], 'two events of one transaction are told once');

$node->safe_psql('postgres', "BEGIN; SELECT events.publish('no', '{}'); ROLLBACK;");
is(scalar(notifications($listener)), 0, 'a rollback is told to nobody');
is(read_types($node), 'one two three', 'and published nothing');

# The listener's own transaction.
$listener->query_safe("SELECT events.publish('own', '{}')");
@heard = notifications($listener);
$listener->quit;
is(read_types($node), 'one two three own', 'a session can publish and listen');

# Nobody but the caller does the background work.
$node->safe_psql('postgres', 'SELECT events.maintain()');
pass('events.maintain() runs');

my $cursor = last_position($node);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'events'");
$node->restart;
wait_for_worker($node);
publish($node, 'preloaded');
is(read_types($node, $cursor), 'preloaded', 'with the preload the same cursor goes on');

$cursor = last_position($node);
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
publish($node, 'plain.again');
is(read_types($node, $cursor), 'plain.again', 'and without it again');
$node->stop;
done_testing();
