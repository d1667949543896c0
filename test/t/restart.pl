# SPDX-License-Identifier: PostgreSQL
#
# Planned restarts.  Fast and immediate stops with writers at work: a reader that
# goes on with its cursor gets every event that was acknowledged, once, in one
# order; the worker comes back by itself and speaks again.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;

my $node = new_node('restart', 'preloaded');
my $epoch = $node->safe_psql('postgres', 'SELECT epoch FROM events._relay_state()');
my ($cursor, $published, @received) = (0, 0);
$cursor = $node->safe_psql('postgres', 'SELECT events.horizon()');

foreach my $mode ('fast', 'immediate', 'fast')
{
	# A writer that counts what it was told is committed.
	my $writer = $node->background_psql('postgres', on_error_stop => 1);
	foreach my $i (1 .. 30)
	{
		$published++;
		$writer->query_safe("SELECT events.publish('nr.$published', '{}')");
	}

	# And one whose transaction is open when the server goes.
	my $open = $node->background_psql('postgres');
	$open->query_safe("BEGIN; SELECT events.publish('never', '{}')");

	$node->stop($mode);
	$_->{run}->finish foreach ($writer, $open);
	$node->start;

	wait_for_worker($node);
	read_on();
	is(scalar(@received), $published, "$mode: all that was acknowledged is there");

	my $listener = listen_to($node);
	publish($node, 'nr.' . ++$published);
	my @heard;
	while (!@heard) { @heard = notifications($listener); }
	$listener->quit;
	cmp_ok($heard[-1], '>', $cursor, "$mode: the worker speaks again");
	read_on();
}

is(join(' ', @received), join(' ', map { "nr.$_" } 1 .. $published), 'once each, in order, none of the rolled back');
is($node->safe_psql('postgres', 'SELECT epoch FROM events._relay_state()'), $epoch, 'the epoch is the same');
$node->stop;
done_testing();

sub read_on
{
	foreach my $row (split /\n/,
		$node->safe_psql('postgres', "SELECT position, type FROM events.read($cursor, 100000)"))
	{
		my ($position, $type) = split /\|/, $row;
		die "position $position after $cursor" if $position <= $cursor;
		$cursor = $position;
		push @received, $type;
	}
	return;
}
