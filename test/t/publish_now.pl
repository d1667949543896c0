# SPDX-License-Identifier: PostgreSQL
#
# events.publish_now(): the processes that commit for others.  They are started
# at need, they are ended in all ways (told to, killed, with the server, with the
# database), they wait for locks and for standbys, there may be none free: what
# was answered is there, what was refused is not, and nobody waits for long.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# Segments lie in files of the data directory with this setting, so they can be counted.
my $conf = join("\n", 'dynamic_shared_memory_type = mmap', 'min_dynamic_shared_memory = 0', 'restart_after_crash = on',
	"events.publish_now_timeout = '60s'");
my $node = new_node('now', 'preloaded', streaming => 1, conf => $conf);

# ---- one process for all, started at need

my $segments = count_segments();
is(publishers($node), '', 'no publisher before there is anything to publish');
now($node, 'first');
my $publisher = publishers($node);
like($publisher, qr/^\d+$/, 'the first request starts one');
now($node, 'second');
is(publishers($node), $publisher, 'which serves the next one too');

$node->safe_psql('postgres', "SELECT pg_terminate_backend($publisher, 60000)");
now($node, 'third');
isnt(publishers($node), $publisher, 'ended while idle: there is another one for the next request');
is(read_types($node), 'first second third', 'all is there');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . publishers($node) . ')');
is($node->safe_psql('postgres', "SELECT events.publish_now('not.cancelled', '[]', id => '1')"), '1',
	'a publisher that is cancelled while idle does not pass that on to the next request');

# ---- ended while it works

my $locker = $node->background_psql('postgres');
lock_events($locker);
my $caller = start_statement($node, 'caller', "SELECT events.publish_now('ended', '[]')");
wait_for_lock();
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . publishers($node) . ')');
my ($code, $out, $err) = $caller->();
like($err, qr/ERROR:  40000: the process that publishes was ended/, 'ended while it waits: the caller is told');
unlock_events($locker);
is(read_types($node), 'first second third not.cancelled', 'and nothing was published');
now($node, 'fourth');

# ---- the caller goes away while it waits

foreach my $way (qw(cancel terminate))
{
	lock_events($locker);
	$caller = start_statement($node, 'caller', "SELECT events.publish_now('gone', '[]')");
	wait_for_lock();
	$node->safe_psql('postgres',
		"SELECT pg_${way}_backend(pid) FROM pg_stat_activity WHERE application_name = 'caller'");
	($code, $out, $err) = $caller->();
	like($err, qr/57014: canceling|57P01: terminating/, "$way: the caller is gone");
	wait_for($node, "SELECT count(*) = 0 FROM pg_stat_activity"
		  . " WHERE backend_type = 'events publisher' AND wait_event_type = 'Lock'",
			"$way: and the publisher waits no more");
	unlock_events($locker);
	now($node, "after.$way");
}
is(read_types($node), 'first second third not.cancelled fourth after.cancel after.terminate',
	'nothing of those who went was published');

# ---- a request that waits does not hold up others

$locker->query_safe("BEGIN; SELECT events.publish('locker', '[]', id => 'held')");
$caller = start_statement($node, 'caller', "SELECT events.publish_now('held', '[]', id => 'held')");
wait_for_lock();
my $begin = time;
now($node, 'beside');
cmp_ok(time - $begin, '<', 20, 'another publisher serves those who come meanwhile');
is(() = publishers($node) =~ /\d+/g, 2, 'there are two');
$locker->query_safe('ROLLBACK');
($code, $out, $err) = $caller->();
is($out, "held\n", 'the first one is served when the lock is free');

# Nor for longer than the server has set, whatever the session has.
$node->safe_psql('postgres', "ALTER SYSTEM SET events.publish_now_timeout = '500ms'");
$node->reload;
wait_for($node, "SELECT current_setting('events.publish_now_timeout') = '500ms'", 'the server has a limit');
$node->safe_psql('postgres',
	"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE backend_type = 'events publisher'");
lock_events($locker);
like(error_of($node, "SET events.publish_now_timeout = '60s'; SELECT events.publish_now('no', '[]')"),
	qr/ERROR:  55P03: .*the server's own events\.publish_now_timeout = 500 ms/s,
	'a lock is waited for no longer than that');
unlock_events($locker);
$node->safe_psql('postgres',
	"BEGIN; SELECT events.publish('prepared', '[]', id => 'prepared'); PREPARE TRANSACTION 'holder'");
like(error_of($node, "SELECT events.publish_now('no', '[]', id => 'prepared')"),
	qr/ERROR:  55P03: .*could not get a lock in time.*waited for a lock of a prepared transaction/s,
	'where both have the same limit, whom it waited for is said');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'holder'");
$node->safe_psql('postgres', "ALTER SYSTEM RESET events.publish_now_timeout");
$node->reload;
wait_for($node, "SELECT current_setting('events.publish_now_timeout') = '1min'", 'as before');
now($node, 'unlimited');

# Not more than events.max_publishers.
$node->safe_psql('postgres', "ALTER SYSTEM SET events.max_publishers = 1");
$node->reload;
$node->safe_psql('postgres',
	"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE backend_type = 'events publisher'");
$locker->query_safe("BEGIN; SELECT events.publish('locker', '[]', id => 'held.again')");
$caller = start_statement($node, 'caller', "SELECT events.publish_now('held', '[]', id => 'held.again')");
wait_for_lock();
like(error_of($node, "SET events.publish_now_timeout = '500ms'; SELECT events.publish_now('no', '[]')"),
	qr/ERROR:  53000: .*not served in time.*Nothing was published.*HINT:.*events\.max_publishers \(now 1\)/s,
	'all busy: refused when the time is up');
$locker->query_safe('ROLLBACK');
($code, $out, $err) = $caller->();
is($out, "held.again\n", 'the one that had it is served');

# The only one waits for a lock of a session that waits for it in the queue.
$locker->query_safe('SELECT pg_advisory_lock(6)');
my $queued = start_statement($node, 'queued', "LOCK TABLE events.event IN ACCESS EXCLUSIVE MODE;"
	  . " SELECT pg_advisory_lock_shared(6); SELECT events.publish_now('queued', '[]')");
wait_for($node, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 6 AND NOT granted",
	'a session has the lock');
$caller = start_statement($node, 'caller', "SELECT events.publish_now('held', '[]', id => 'held.too')");
wait_for_lock();
$begin = time;
$locker->query_safe('SELECT pg_advisory_unlock(6)');
($code, $out, $err) = $queued->();
like($err, qr/40P01: deadlock detected.*All processes that publish/s, 'a deadlock by way of the queue');
cmp_ok(time - $begin, '<', 20, 'is told at once');
($code, $out, $err) = $caller->();
is($out, "held.too\n", 'and the one before it is served');
$node->safe_psql('postgres', "ALTER SYSTEM RESET events.max_publishers");
$node->reload;
is(read_types($node, "(SELECT position FROM events.event WHERE type = 'after.terminate')"),
	'beside held unlimited held held',
	'what was refused is not there');

# ---- two sessions whose publishers wait for the other session

$locker->query_safe('SELECT pg_advisory_lock(5)');
my @crossing = map {
	my $other = 1 - $_;
	start_statement($node, "crossing$_", "SELECT events.publish('cross', '[]', id => 'cross.$_');"
		  . " SELECT pg_advisory_lock_shared(5); SELECT events.publish_now('cross', '[]', id => 'cross.$other')");
} 0, 1;
wait_for($node, "SELECT count(*) = 2 FROM pg_locks WHERE locktype = 'advisory' AND objid = 5 AND NOT granted",
	'two are ready');
$begin = time;
$locker->query_safe('SELECT pg_advisory_unlock(5)');
my @ends = map { [ $_->() ] } @crossing;
is(scalar(grep { $_->[0] != 0 && $_->[2] !~ /40P01: deadlock detected/ } @ends), 0,
	'each is served, or told of a deadlock');
isnt(scalar(grep { $_->[0] != 0 } @ends), 0, 'at least one of them is');
cmp_ok(time - $begin, '<', 30, 'neither waits until its time is up');

# ---- a commit that does not end

$node->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
$node->reload;
wait_for($node, "SELECT current_setting('synchronous_standby_names') = 'nobody'", 'a standby that is not there');
my $here = last_position($node);
like(error_of($node, "SET events.publish_now_timeout = '1s'; SELECT events.publish_now('unknown', '[]', id => 'u1')"),
	qr/ERROR:  08007: it is not known whether.*HINT:  Publish them again with the same id/s,
	'the time is up during the commit: it is not known, and said');
$caller = start_statement($node, 'caller', "SELECT events.publish_now('unknown', '[]', id => 'u2')");
wait_for($node, "SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event = 'SyncRep'", 'another commit waits');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'caller'");
($code, $out, $err) = $caller->();
like($err, qr/WARNING:  08007: it is not known whether.*ERROR:  57014:/s,
	'cancelled during the commit: the same by a warning');
is($node->safe_psql('postgres',
	"SET synchronous_commit = local; SELECT events.publish_now('local', '[]')  IS NOT NULL"), 't',
	'who does not wait for standbys is served');
$node->safe_psql('postgres', "SET synchronous_commit = local; ALTER SYSTEM RESET synchronous_standby_names");
$node->reload;
wait_for($node, "SELECT events.horizon() = max(position) FROM events.event", 'given up, it goes on');
$node->safe_psql('postgres', "SELECT events.publish_now('unknown', '[]', id => 'u$_')") foreach 1, 2;
is(read_types($node, $here), 'unknown unknown local', 'published again with the same id, each is there once');

# ---- the extension and databases go and come

foreach my $round (1 .. 2)
{
	$node->safe_psql('postgres', 'DROP EXTENSION events');
	$node->safe_psql('postgres', 'CREATE EXTENSION events');
	now($node, "round.$round");
	is(read_types($node), "round.$round", "round $round: the publisher serves the new extension");
}
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION events');
now($node, 'there', 'other');
isnt(publishers($node, 'other'), '', 'another database has a publisher of its own');
is(read_types($node), 'round.2', 'which serves it alone');
$begin = time;
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE other');
is(publishers($node, 'other'), '', 'it is no hindrance to a copy');
now($node, 'again', 'other');
$node->safe_psql('postgres', 'ALTER DATABASE other RENAME TO renamed');
now($node, 'renamed', 'renamed');
is(read_types($node, undef, 'renamed'), 'there again renamed', 'nor to a new name');
$node->safe_psql('postgres', 'DROP DATABASE renamed');
is(publishers($node, 'renamed'), '', 'nor to DROP DATABASE');
cmp_ok(time - $begin, '<', 30, 'which all take no time');

# ---- the server

is(count_segments(), $segments, 'no segment is left over');
my @answered = map { "answered.$_" } 1 .. 20;
now($node, $_) foreach @answered;
$begin = time;
$node->restart;
cmp_ok(time - $begin, '<', 30, 'a standing publisher does not hold up a restart');
now($node, 'restarted');
$publisher = publishers($node);
signal_backend('KILL', $publisher);
wait_for_recovery();
now($node, 'recovered');
is(read_types($node), join(' ', 'round.2', @answered, 'restarted', 'recovered'), 'all that was answered is there');
$node->stop;

# ---- no slot for a process

my $full = new_node('full', 'preloaded', databases => 'nowhere', extension => 0,
	conf => "max_worker_processes = 1\nmax_logical_replication_workers = 0\nevents.publish_now_timeout = '1s'");
$full->safe_psql('postgres', 'CREATE EXTENSION events');
$begin = time;
like(error_of($full, "SELECT events.publish_now('no', '[]')"),
	qr/ERROR:  53000: no process is free.*HINT:  Increase max_worker_processes \(now 1\)/s,
		'no slot: an error that says so');
cmp_ok(time - $begin, '<', 20, 'within its time');
publish($full, 'yes');
is(read_types($full), 'yes', 'and nothing was published');
$full->append_conf('postgresql.conf', 'max_worker_processes = 2');
$full->restart;
now($full, 'now');
is(read_types($full), 'yes now', 'with a slot it is');
$full->stop;

# ---- without the preload: a process for each request

my $plain = new_node('now_plain', 'plain', conf => "max_worker_processes = 3\nevents.publish_now_timeout = '60s'");
now($plain, 'plain.first');
my @callers = map { start_statement($plain, "caller$_",
	"SELECT events.publish_now('many', '[]', id => 'many$_')") } 1 .. 10;
is_deeply([ map { ($_->())[1] } @callers ], [ map { "many$_\n" } 1 .. 10 ],
	'more callers than slots: they wait for one');
is($plain->safe_psql('postgres', "SELECT count(DISTINCT id) FROM events.event WHERE type = 'many'"), 10,
	'all are served');
wait_for($plain, "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'events publisher'",
	'no process is left');

$locker = $plain->background_psql('postgres');
lock_events($locker);
$caller = start_statement($plain, 'caller', "SELECT events.publish_now('ended', '[]')");
wait_for_lock($plain);
$plain->safe_psql('postgres', 'SELECT pg_terminate_backend(' . publishers($plain) . ')');
($code, $out, $err) = $caller->();
like($err, qr/ERROR:  40000: the process that publishes was ended/, 'plain: ended while it waits, the caller is told');
unlock_events($locker);
$locker->quit;
is($plain->safe_psql('postgres', "SELECT count(*) FROM events.event WHERE type = 'ended'"), 0,
	'plain: and nothing was published');

$plain->safe_psql('postgres', 'CREATE DATABASE other');
$plain->safe_psql('other', 'CREATE EXTENSION events');
now($plain, 'there', 'other');
$plain->safe_psql('postgres', 'DROP DATABASE other');
pass('plain: a database that has published can be dropped');
$plain->stop;
done_testing();

# ----

sub now
{
	my ($server, $type, $database) = @_;
	$server->safe_psql($database // 'postgres', "SELECT events.publish_now('$type', '[]')");
	return;
}

# The process ids of a database's publishers, joined by blanks.
sub publishers
{
	my ($server, $database) = @_;
	$database //= 'postgres';
	return $server->safe_psql('postgres', "SELECT coalesce(string_agg(pid::text, ' '), '') FROM pg_stat_activity"
		  . " WHERE backend_type = 'events publisher' AND datname = '$database'");
}

sub count_segments
{
	my @files = glob($node->data_dir . '/pg_dynshmem/mmap.*');
	return scalar @files;
}

sub lock_events
{
	my ($session) = @_;
	$session->query_safe('BEGIN; LOCK TABLE events.event IN ACCESS EXCLUSIVE MODE');
	return;
}

sub unlock_events
{
	my ($session) = @_;
	$session->query_safe('ROLLBACK');
	return;
}

# Until the server is back after the crash of a process.
sub wait_for_recovery
{
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	while (time < $deadline)
	{
		my ($status, $answer) = $node->psql('postgres', 'SELECT count(*) FROM pg_stat_activity WHERE pid = '
			. $publisher);
		return pass('killed: the server recovers') if $status == 0 && $answer eq '0';
	}
	return fail('killed: the server recovers');
}

# Until a publisher waits for a lock.
sub wait_for_lock
{
	my ($server) = @_;
	$server //= $node;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($server, "SELECT count(*) = 1 FROM pg_stat_activity"
		  . " WHERE backend_type = 'events publisher' AND wait_event_type = 'Lock'", 'a publisher waits for a lock');
	return;
}
