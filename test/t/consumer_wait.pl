# SPDX-License-Identifier: PostgreSQL
#
# A fetch that waits goes by what the consumer is when events come, not by what it was
# when it began to wait: it may have been dropped, and made anew for other events, or
# for somebody else.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;

foreach my $mode ('preloaded', 'plain')
{
	my $node = new_node("consumer_wait_$mode", $mode);
	$node->safe_psql('postgres', <<'SQL');
CREATE ROLE worker;
SELECT events.grant_role('worker', 'read'), events.grant_role('worker', 'admin');
SET ROLE worker;
SELECT events.create_consumer('c', types => '{a}'), events.create_consumer('d');
SQL
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe('SET ROLE worker');

	is(waiting($node, $session, 'c', "SELECT events.publish('b', '{}'), events.publish('a', '{}')"),
		'a', "$mode: what comes while it waits");
	is(waiting($node, $session, 'c', <<'SQL'), 'b', "$mode: by the filter that the consumer has now");
BEGIN; SET ROLE worker;
SELECT events.drop_consumer('c'), events.create_consumer('c', types => '{b}');
RESET ROLE; COMMIT;
SELECT events.publish('a', '{}'), events.publish('b', '{}')
SQL
	is(waiting($node, $session, 'd', <<'SQL'), '', "$mode: not of one that belongs to another now");
BEGIN; SELECT events.drop_consumer('d'), events.create_consumer('d'); COMMIT;
SELECT events.publish('a', '{}')
SQL
	like($session->{stderr}, qr/permission denied for consumer "d"/, "$mode: which is an error");
	$session->{stderr} = '';
	is(waiting($node, $session, 'c', "SELECT events.drop_consumer('c')"), '', "$mode: nor of one that is gone");
	like($session->{stderr}, qr/consumer "c" does not exist/, "$mode: which is an error, too");
	$session->{stderr} = '';
	$session->quit;
	$node->stop;
}
done_testing();

# The types that a fetch gets which waits while something is done.
sub waiting
{
	my ($node, $session, $consumer, $command) = @_;
	$session->query_safe("SELECT count(*) FROM events.fetch('$consumer')");
	$session->query_safe("SELECT events.acknowledge('$consumer', events.horizon())");
	$session->query_until(qr/waiting/, <<"SQL");
\\echo waiting
SELECT 'got:' || coalesce(string_agg(type, ' '), '') FROM events.fetch('$consumer', 10, '1 min');
SQL
	$node->poll_query_until('postgres',
		"SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%1 min%' AND wait_event = 'Extension'")
	  or die 'it does not wait';
	$node->safe_psql('postgres', $command);
	my $out = $session->query("\\echo done");
	return $out =~ /got:(.*)/ ? $1 : '';
}
