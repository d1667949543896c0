# SPDX-License-Identifier: PostgreSQL
#
# A backend that stands still inside its commit (stopped by a signal, a dead
# disk, a dead synchronous standby) holds back later positions and nothing else:
# other commits go through, what came before stays readable, readers are answered
# without waiting, and when it goes on nothing has been skipped.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;
use Time::HiRes qw(time);

my $read = "SELECT string_agg(type, ' ') FROM events.read(events.oldest() - 1, 100)";

foreach my $mode ('preloaded', 'plain')
{
	my $node = new_node("stopped_$mode", $mode, conf => "events.horizon_timeout = '200ms'");
	publish($node, 'before');
	my $before = last_position($node);
	my $reader = $node->background_psql('postgres');
	is($reader->query_safe($read), 'before', "$mode: a reader");

	my $held = hold_commit($node, 'stopped');
	signal_backend('STOP', $held->{pid});
	$held->{release}->(0);

	my $begin = time;
	publish($node, 'after.one', 'after.two');
	cmp_ok(time - $begin, '<', 10, "$mode: others commit");

	$begin = time;
	is($reader->query_safe($read), 'before', "$mode: a reader gets what came before and nothing beyond");
	my $horizon = $reader->query_safe('SELECT events.horizon()');
	$reader->quit;
	cmp_ok(time - $begin, '<', 10, "$mode: and does not wait for the stopped commit");
	cmp_ok($horizon, '>=', $before, "$mode: the horizon does not go back");
	cmp_ok($horizon, '<', last_position($node), "$mode: nor on, past the commit in flight");

	is(read_types($node), 'before', "$mode: a new session is told the same");
	cmp_ok($node->safe_psql('postgres', 'SELECT horizon FROM events._relay_state()'),
		'>=', $before, "$mode: and the relay");

	my $in_flight = $node->safe_psql('postgres', 'SELECT commits_in_flight FROM events.status');
	is($in_flight, 1, "$mode: events.status tells of it");

	my $listener = listen_to($node);
	signal_backend('CONT', $held->{pid});
	$held->{session}->query_safe("SELECT 'through'");
	$held->{session}->quit;
	wait_for($node, 'SELECT events.horizon() = max(position) FROM events.event', "$mode: it goes on");
	is(read_types($node, $before), 'stopped after.one after.two', "$mode: nothing was skipped, all is in order");
	my @heard;
	while (!@heard) { @heard = notifications($listener); }
	ok(@heard, "$mode: listeners are told when it is through");
	$listener->quit;

	# The same, but the stopped one never comes back.
	$before = last_position($node);
	$held = hold_commit($node, 'cancelled');
	signal_backend('STOP', $held->{pid});
	publish($node, 'later');
	is(read_types($node, $before), '', "$mode: held back again");
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($held->{pid})");
	signal_backend('CONT', $held->{pid});
	$held->{session}->{run}->finish;
	$held->{release}->(0);
	wait_for($node, "SELECT count(*) = 1 FROM events.read($before, 10)", "$mode: ended, it leaves a hole");
	is(read_types($node, $before), 'later', "$mode: which readers pass");
	$node->stop;
}
done_testing();
