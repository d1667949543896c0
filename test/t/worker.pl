# SPDX-License-Identifier: PostgreSQL
#
# The background worker: one notification for many commits, back in a second when
# it is ended, gone when its extension or database is gone, there when they come
# (again), one in each database, and never in the way of DROP DATABASE.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('worker', 'preloaded', databases => 'postgres, other, later');
my $pid = worker_pid($node);
like($pid, qr/^\d+$/, 'there is one worker');

# ---- one notification for all commits since the last

my $listener = listen_to($node);
publish($node, 'one');
my @heard = wait_for_notification($listener);
is($heard[-1], last_position($node), 'a commit is told with its position');

signal_backend('STOP', $pid);
publish($node, map { "burst.$_" } 1 .. 50);
is(scalar(notifications($listener)), 0, 'the writers themselves tell nobody');
signal_backend('CONT', $pid);
@heard = wait_for_notification($listener);
is(scalar(@heard), 1, 'fifty commits, one notification');
is($heard[0], last_position($node), 'with the last position');

$node->safe_psql('postgres', "BEGIN; SELECT events.publish('no', '{}'); ROLLBACK");
publish($node, 'yes');
@heard = wait_for_notification($listener);
is(scalar(@heard), 1, 'a rollback is told to nobody');

# ---- ended, it comes back

my $ended_at = time;
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'events worker'"
	  . " AND datname = 'postgres' AND pid <> $pid", 'another worker is there after pg_terminate_backend');
cmp_ok(time - $ended_at, '<', 10, 'soon');
publish($node, 'again');
# It may first tell what it found when it started.
@heard = wait_for_notification($listener);
push @heard, wait_for_notification($listener) if $heard[-1] != last_position($node);
is($heard[-1], last_position($node), 'and tells of commits');
$listener->quit;

# ---- settings of the database: maintenance goes by those that hold now

$node->safe_psql('postgres', "ALTER SYSTEM SET events.maintenance_interval = 1");
$node->reload;
$pid = worker_pid($node);
$node->safe_psql('postgres', "ALTER DATABASE postgres SET events.retention = '1 day'");
wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'events worker'"
	  . " AND datname = 'postgres' AND pid <> $pid", 'after ALTER DATABASE ... SET there is another worker');
$node->safe_psql('postgres', "ALTER DATABASE postgres RESET ALL; ALTER SYSTEM RESET events.maintenance_interval");
$node->reload;

# ---- the extension goes and comes while the worker runs

foreach my $round (1 .. 3)
{
	$node->safe_psql('postgres', 'DROP EXTENSION events');
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_namespace WHERE nspname = 'events'"),
		0, "round $round: the extension is dropped while its worker runs");
	$node->safe_psql('postgres', 'CREATE EXTENSION events');
	wait_for_worker($node);
	$listener = listen_to($node);
	publish($node, "round.$round");
	@heard = wait_for_notification($listener);
	is($heard[-1], last_position($node), "round $round: the new one is served");
	$listener->quit;
}

# While it is being dropped, the worker neither waits for that nor meets what is gone.
my $dropper = $node->background_psql('postgres');
$dropper->query_safe('BEGIN; DROP EXTENSION events');
$node->reload;    # which wakes the worker
my $tries = 0;
1 until $tries++ > 40
  || $node->safe_psql('postgres', "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
	  . " WHERE backend_type = 'events worker' AND NOT granted");
cmp_ok($tries, '>', 40, 'the worker does not wait for DROP EXTENSION');
$dropper->query_safe('ROLLBACK');
$listener = listen_to($node);
publish($node, 'kept');
@heard = wait_for_notification($listener);
is($heard[-1], last_position($node), 'if that is rolled back, it goes on');
$listener->quit;
$dropper->query_safe('BEGIN; DROP EXTENSION events');
$node->reload;
$dropper->query_safe('COMMIT');
$dropper->quit;
wait_for($node,
	"SELECT count(*) = 0 FROM pg_stat_activity"
	  . " WHERE backend_type = 'events worker' AND datname = 'postgres'",
	'without the extension there is no worker after a while');
unlike(slurp_file($node->logfile), qr/PANIC|FATAL:(?!.*terminating)|exited with exit code [^01]/,
	'the log shows no failure');
$node->safe_psql('postgres', 'CREATE EXTENSION events');
wait_for_worker($node);

# ---- several databases, one that comes later, one that goes

$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION events');
my $other_pid = wait_for_worker($node, 'other');
isnt($other_pid, worker_pid($node), 'each database has a worker of its own');

$listener = listen_to($node, 'other');
$node->safe_psql('other', "SELECT events.publish('there', '{}')");
@heard = wait_for_notification($listener);
is(scalar(@heard), 1, 'which serves it');
publish($node, 'here');
is(read_types($node, undef, 'other'), 'there', 'and only it');
$listener->quit;

$node->safe_psql('postgres', 'CREATE DATABASE later');
$node->safe_psql('later', 'CREATE EXTENSION events');
wait_for_worker($node, 'later');
pass('a database created later gets its worker');

my $begin = time;
$node->safe_psql('postgres', 'DROP DATABASE other');
cmp_ok(time - $begin, '<', 10, 'DROP DATABASE does not wait for the worker');
is(worker_pid($node, 'other'), '', 'which is gone');

$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION events');
wait_for_worker($node, 'other');
$node->safe_psql('other', "SELECT events.publish('new', '{}')");
is(read_types($node, undef, 'other'), 'new', 'a database of the same name is served anew');

$node->safe_psql('postgres', 'ALTER DATABASE other RENAME TO renamed')
  if $node->psql('postgres', 'DROP DATABASE other') != 0;
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_database WHERE datname = 'other'"), 0,
	'and dropped again');

# ---- a database that is not listed: its writers tell themselves

$node->safe_psql('postgres', 'CREATE DATABASE unlisted');
$node->safe_psql('unlisted', 'CREATE EXTENSION events');
$listener = listen_to($node, 'unlisted');
$node->safe_psql('unlisted', "SELECT events.publish('self', '{}')");
@heard = wait_for_notification($listener);
is(scalar(@heard), 1, 'a database without a worker is told by its writers');
is($node->safe_psql('unlisted', 'SELECT worker FROM events._relay_state()'), 'f', 'and says so');
$listener->quit;

# ---- nothing was started over and over

my $log = slurp_file($node->logfile);
unlike($log, qr/ERROR:(?!.*terminating)/, 'the log shows no error');
$node->stop;
done_testing();

sub wait_for_notification
{
	my ($listener) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	while (time < $deadline)
	{
		my @heard = notifications($listener);
		return @heard if @heard;
	}
	die 'no notification';
}
