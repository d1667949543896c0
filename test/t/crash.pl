# SPDX-License-Identifier: PostgreSQL
#
# Crashes.  No position that a reader may have seen is ever given out again, no
# acknowledged event of a synchronous commit is lost, and the first draw after
# shared memory was initialised skips 2^20 positions - whatever crashed: a
# backend in the middle of its commit, the server, or the server with WAL that
# had not left its buffers (the WAL writer is stopped, so that commits with
# synchronous_commit = off are really lost: killing the postmaster alone loses
# nothing, and would prove nothing).

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Utils;
use Test::More;

# ---- a backend is killed inside its commit

my $node = new_node('backend', 'preloaded', conf => 'restart_after_crash = on');
publish($node, 'kept.one', 'kept.two');
my $seen = last_position($node);
my $old_worker = worker_pid($node);
my $held = hold_commit($node, 'killed');
signal_backend('KILL', $held->{pid});
$held->{holder}->{run}->finish;
$held->{session}->{run}->finish;

$node->poll_query_until('postgres', 'SELECT true') or die 'no restart';
is(read_types($node), 'kept.one kept.two', 'the killed commit published nothing, the others are there');
publish($node, 'after');
my $next = last_position($node);
cmp_ok($next, '>=', $seen + JUMP, 'the first position after a backend crash is 2^20 ahead');
cmp_ok($next, '<', $seen + 3 * JUMP, 'and not much further');
is(read_types($node, $seen), 'after', 'a reader goes on with its cursor');
my $new_worker = wait_for_worker($node);
isnt($new_worker, $old_worker, 'the worker is back');
publish($node, 'more');
cmp_ok(last_position($node), '<', $next + JUMP, 'only the first draw skips');
$node->stop;

# ---- immediate stop, synchronous commits

foreach my $mode ('preloaded', 'plain')
{
	$node = new_node("sync_$mode", $mode);
	publish($node, map { "sync.$_" } 1 .. 100);
	$seen = last_position($node);
	is($node->safe_psql('postgres', 'SELECT events.horizon()'), $seen, "$mode: all is decided");
	$node->stop('immediate');
	$node->start;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM events.event'),
		100, "$mode: no acknowledged event is lost");
	publish($node, 'after');
	$next = last_position($node);
	cmp_ok($next, '>', $seen, "$mode: no position is given out again");
	cmp_ok($next, '>=', $seen + JUMP, "$mode: the first is 2^20 ahead")
	  if has_shared_memory($node, $mode);
	is(read_types($node, $seen), 'after', "$mode: a reader goes on with its cursor");
	$node->stop;
}

# ---- a power cut, asynchronous commits

# Once after a durable event, and once where the very first events are lost, so
# that the sequence looks as if it had never been used.
foreach my $case ([ 'preloaded', 1 ], [ 'preloaded', 0 ], [ 'plain', 1 ])
{
	my ($mode, $durable) = @$case;
	$node = new_node("async_${mode}_$durable", $mode);
	if (!has_shared_memory($node, $mode))
	{
		# Documented: without the preload, a server before 17 cannot do this.
		$node->stop;
		next;
	}
	publish($node, 'durable') if $durable;
	$node->safe_psql('postgres', 'CHECKPOINT');

	my @stopped = map { background_process($node, $_) } ('walwriter', 'background writer');
	signal_backend('STOP', $_) foreach @stopped;
	$node->safe_psql('postgres', <<'SQL');
SET synchronous_commit = off;
DO $$ BEGIN FOR i IN 1..500 LOOP PERFORM events.publish('lost.' || i, '{}'); COMMIT; END LOOP; END $$;
SQL
	my $read = read_types($node);
	like($read, qr/lost\.500$/, "$mode: a reader has seen events of asynchronous commits");
	$seen = last_position($node);

	# The postmaster gives its children five seconds, then they are killed.
	$node->stop('immediate');
	$node->start;
	my $left = $node->safe_psql('postgres', 'SELECT count(*) FROM events.event');
	cmp_ok($left, '<', 501, "$mode: commits were lost, so this test proves something ($left left)");
	cmp_ok($left, '>=', $durable, "$mode: the durable one was not");
	publish($node, 'after');
	cmp_ok(last_position($node), '>', $seen, "$mode: no position that was seen is given out again");
	is(read_types($node, $seen), 'after', "$mode: a reader with the lost cursor gets what is new");
	$node->stop;
}

# ---- crash after crash, nobody makes partitions ahead but publish itself

$node = new_node('repeated', 'plain');
my @positions;
foreach my $round (1 .. 12)
{
	publish($node, "round.$round");
	push @positions, last_position($node);
	$node->stop('immediate');
	$node->start;
}
my @sorted = sort { $a <=> $b } @positions;
is_deeply(\@positions, \@sorted, 'positions rise through twelve crashes');
is(read_types($node), join(' ', map { "round.$_" } 1 .. 12), 'every event is there, in order');
$node->stop;

done_testing();

# The flag "first draw" needs shared memory: by the preload, or on 17 and later
# by itself.
sub has_shared_memory
{
	my ($node, $mode) = @_;
	return $mode eq 'preloaded'
	  || $node->safe_psql('postgres', 'SHOW server_version_num') >= 170000;
}

sub background_process
{
	my ($node, $type) = @_;
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = '$type'");
}
