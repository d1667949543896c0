# SPDX-License-Identifier: PostgreSQL
#
# EventsTest.pm: what the TAP tests share.
#
# A node is a PostgreSQL::Test::Cluster with the extension; "preloaded" means
# that events is in shared_preload_libraries, so that there is a worker, "plain"
# that it is not.  Nothing here sleeps to let something happen: wait_for asks for
# a condition until it holds or the time is up.
#
# A commit can be held inside the commit gate: hold_commit starts a session whose
# COMMIT waits for an advisory lock after it has drawn its positions.

package EventsTest;

use strict;
use warnings;
use Exporter qw(import);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

our @EXPORT = qw(new_node wait_for wait_for_worker worker_pid last_position publish read_types
  hold_commit signal_backend error_of start_statement listen_to notifications JUMP);

# What the first draw after a server start skips.
use constant JUMP => 1 << 20;

# $mode is "preloaded" or "plain"; %options: streaming (as of init), conf (text),
# databases (events.databases), extension (0: do not create it).
sub new_node
{
	my ($name, $mode, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(
		defined $options{streaming} ? (allows_streaming => $options{streaming}) : (),
		extra => [ '-E', 'UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', "max_connections = 30");
	$node->append_conf('postgresql.conf', "max_worker_processes = 20");
	$node->append_conf('postgresql.conf', "max_prepared_transactions = 10");
	$node->append_conf('postgresql.conf', "log_statement = none");
	$node->append_conf('postgresql.conf', "autovacuum = off");
	if ($mode eq 'preloaded')
	{
		$node->append_conf('postgresql.conf', "shared_preload_libraries = 'events'");
		$node->append_conf('postgresql.conf', "events.databases = '$options{databases}'")
		  if defined $options{databases};
	}
	$node->append_conf('postgresql.conf', $options{conf}) if defined $options{conf};
	$node->start;
	if (!defined $options{extension} || $options{extension})
	{
		$node->safe_psql('postgres', 'CREATE EXTENSION events');
		wait_for_worker($node) if $mode eq 'preloaded';
	}
	return $node;
}

# Until $query answers $expected (true); fails the test by name when it does not.
sub wait_for
{
	my ($node, $query, $name, $database, $expected) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return ok($node->poll_query_until($database // 'postgres', $query, $expected // 't'), $name);
}

sub wait_for_worker
{
	my ($node, $database) = @_;
	$database //= 'postgres';
	$node->poll_query_until($database, 'SELECT worker FROM events._relay_state()')
	  or die "no worker in $database";
	return worker_pid($node, $database);
}

# The worker's process id, or the empty string.
sub worker_pid
{
	my ($node, $database) = @_;
	$database //= 'postgres';
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'events worker' AND datname = '$database'"
	);
}

sub last_position
{
	my ($node, $database) = @_;
	return $node->safe_psql($database // 'postgres',
		'SELECT coalesce(max(position), 0) FROM events.event');
}

# Publish the types named, each in a transaction of its own.
sub publish
{
	my ($node, @types) = @_;
	$node->safe_psql('postgres', join('', map { "SELECT events.publish('$_', '{}');\n" } @types));
	return;
}

# The types after a position, joined by blanks.
sub read_types
{
	my ($node, $after, $database) = @_;
	$after //= 'events.oldest() - 1';
	return $node->safe_psql($database // 'postgres',
		"SELECT coalesce(string_agg(type, ' ' ORDER BY position), '') FROM events.read($after, 100000)"
	);
}

# The message, detail, hint and SQLSTATE of a statement that should fail.
sub error_of
{
	my ($node, $statement, $database) = @_;
	my ($status, $out, $err) = $node->psql($database // 'postgres', $statement,
		on_error_stop => 1, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $status == 0 ? "no error, but: $out" : $err;
}

# Statements that run beside the test, in a session of their own.  Returns a sub
# that waits for their end and gives (exit code, output, errors).  application_name
# tells the session from others.
sub start_statement
{
	my ($node, $name, $statements, $database) = @_;
	my ($out, $err) = ('', '');
	my $connection = $node->connstr($database // 'postgres') . " application_name=$name";
	my $psql = IPC::Run::start(
		[ $node->installed_command('psql'), '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $connection, '-c', $statements ],
		'<', \undef, '>', \$out, '2>', \$err,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return sub {
		$psql->finish;
		return ($psql->result // 0, $out, $err);
	};
}

# A session whose commit of an event of this type waits inside the gate.  Returns
# {release, session, pid}: release->() lets it go and waits until it is through;
# release(0) only lets it go.
sub hold_commit
{
	my ($node, $type, %options) = @_;
	my $key = $options{key} // 7;
	my $holder = $node->background_psql('postgres');
	$holder->query_safe("SELECT pg_advisory_lock($key)");

	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_safe("SET events.debug_wait_in_gate = $key");
	$session->query_safe("SET synchronous_commit = $options{synchronous_commit}")
	  if defined $options{synchronous_commit};
	$session->query_safe('BEGIN');
	$session->query_safe("SELECT events.publish('$type', '{}')");
	$session->query_until(qr/committing/, "\\echo committing\nCOMMIT;\n");
	$node->poll_query_until('postgres',
		"SELECT count(*) > 0 FROM pg_locks WHERE pid = $pid AND locktype = 'advisory' AND NOT granted")
	  or die "the commit does not wait in the gate";

	return {
		session => $session,
		holder => $holder,
		pid => $pid,
		release => sub {
			my $wait = shift // 1;
			$holder->quit;
			$session->query_safe("SELECT 'through'") if $wait;
			$session->quit if $wait;
		}
	};
}

sub signal_backend
{
	my ($signal, $pid) = @_;
	kill($signal, $pid) == 1 or die "no process $pid for signal $signal: $!";
	return;
}

# A session that listens, and the payloads that it has heard since it was asked
# last: psql prints notifications after each statement.
sub listen_to
{
	my ($node, $database) = @_;
	my $session = $node->background_psql($database // 'postgres');
	$session->query_safe('LISTEN events');
	return $session;
}

sub notifications
{
	my ($session) = @_;
	my $heard = $session->query_safe('SELECT 1');
	my @payloads = $heard =~ /Asynchronous notification "events" with payload "(\d+)"/g;
	return @payloads;
}

1;
