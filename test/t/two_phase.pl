# SPDX-License-Identifier: PostgreSQL
#
# PREPARE TRANSACTION.  Events of a prepared transaction wait with it, through a
# restart too; they get their positions when it is committed, before those of
# anybody who could have seen its effect, and are gone when it is rolled back.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;

foreach my $mode ('preloaded', 'plain')
{
	my $node = new_node("prepared_$mode", $mode);
	$node->safe_psql('postgres', 'CREATE TABLE effect (name text)');
	my $start = $node->safe_psql('postgres', 'SELECT events.horizon()');

	prepare($node, 'one', 'prepared.a', 'prepared.b');
	publish($node, 'between');
	is(read_types($node, $start), 'between', "$mode: a prepared transaction holds back nobody, and shows nothing");
	$node->safe_psql('postgres', "COMMIT PREPARED 'one'");
	reads($node, $start, 'between prepared.a prepared.b', "$mode: its events come at COMMIT PREPARED");

	# Whoever sees the effect comes after it.
	my $after = last_position($node);
	prepare($node, 'two', 'cause');
	$node->safe_psql('postgres', "COMMIT PREPARED 'two'");
	is($node->safe_psql('postgres', "SELECT count(*) FROM effect WHERE name = 'two'"), 1, "$mode: the effect is seen");
	publish($node, 'effect');
	is(read_types($node, $after), 'cause effect', "$mode: cause before effect");

	# Rolled back, after a savepoint or whole.
	$after = last_position($node);
	prepare($node, 'three', 'dropped');
	$node->safe_psql('postgres', "ROLLBACK PREPARED 'three'");
	$node->safe_psql('postgres', <<'SQL');
BEGIN;
SELECT events.publish('kept', '{}');
SAVEPOINT s;
SELECT events.publish('dropped', '{}');
ROLLBACK TO s;
PREPARE TRANSACTION 'four';
COMMIT PREPARED 'four';
SQL
	publish($node, 'then');
	is(read_types($node, $after), 'kept then', "$mode: ROLLBACK PREPARED and savepoints drop events");

	# Through a restart and through a crash.
	$after = last_position($node);
	foreach my $stop ('fast', 'immediate')
	{
		# Its ids and its streams are held meanwhile.
		$node->safe_psql('postgres', <<"SQL");
BEGIN;
SELECT events.publish('claimed', '{}', source => '/$stop', subject => 'a', id => 'x', expected_position => 0);
PREPARE TRANSACTION 'claim $stop';
SQL
		prepare($node, "over $stop", "over.$stop");
		$node->stop($stop);
		$node->start;
		foreach my $claim ("id => 'x'", "subject => 'a', expected_position => 0")
		{
			my $error = error_of($node,
				"SET lock_timeout = '10ms'; SELECT events.publish('no', '{}', source => '/$stop', $claim)");
			like($error, qr/ERROR:  55P03:/, "$mode: a prepared transaction holds $claim over a restart");
		}
		$node->safe_psql('postgres', "ROLLBACK PREPARED 'claim $stop'");
		publish($node, "before.$stop");
		$node->safe_psql('postgres', "COMMIT PREPARED 'over $stop'");
		publish($node, "after.$stop");
	}
	is( read_types($node, $after),
		'before.fast over.fast after.fast before.immediate over.immediate after.immediate',
		"$mode: prepared events outlive a restart and a crash");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_prepared_xacts'), 0, "$mode: none is left");

	# COMMIT PREPARED while somebody is inside the gate: it neither fails nor is lost.
	$after = last_position($node);
	prepare($node, 'five', 'prepared.five');
	my $held = hold_commit($node, 'held');
	$node->safe_psql('postgres', "COMMIT PREPARED 'five'");
	$held->{release}->();
	wait_for($node, "SELECT count(*) = 2 FROM events.read($after, 10)", "$mode: beside a commit in flight");

	# Many at once, in the order of their commits; in a session that has not loaded the
	# library the next to move them cannot know that, and they keep that of PREPARE.
	$after = last_position($node);
	prepare($node, "many $_", "many.$_.a", "many.$_.b") foreach (1 .. 5);
	$node->safe_psql('postgres', "COMMIT PREPARED 'many $_'") foreach (3, 1, 5, 2, 4);
	my @order = $mode eq 'preloaded' ? (3, 1, 5, 2, 4) : (1 .. 5);
	reads($node, $after, join(' ', map { "many.$_.a many.$_.b" } @order), "$mode: many at once, in order");
	$node->stop;
}

# ---- a server that allows none

my $node = new_node('prepared_off', 'plain', conf => 'max_prepared_transactions = 0');
publish($node, 'works');
is(read_types($node), 'works', 'without prepared transactions nothing is missed');
$node->stop;

done_testing();

# A reader that goes on reading gets these types, in this order.  Where COMMIT
# PREPARED itself could not move the events (a session that has not loaded the
# library), the first read moves them, and the next one finds them.
sub reads
{
	my ($node, $after, $types, $name) = @_;
	my $count = () = $types =~ /\S+/g;
	$node->poll_query_until('postgres', "SELECT count(*) = $count FROM events.read($after, 100)");
	return is(read_types($node, $after), $types, $name);
}

sub prepare
{
	my ($node, $name, @types) = @_;
	my $publish = join('', map { "SELECT events.publish('$_', '{}');\n" } @types);
	$node->safe_psql('postgres',
		"BEGIN;\nINSERT INTO effect VALUES ('$name');\n${publish}PREPARE TRANSACTION '$name';");
	return;
}
