# SPDX-License-Identifier: PostgreSQL
#
# Handlers and their processes: the worker has them run, as their owners; a slow
# one delays neither the feed nor another; whoever is killed, each event takes
# effect exactly once; an event that takes the server down is given up; they
# take turns when there are more of them than processes; and they are never in
# the way of DROP DATABASE, DROP EXTENSION or a shutdown.
#
# A function waits where it is told to: for an advisory lock that the test holds.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $setup = q{
	CREATE SCHEMA app;
	CREATE TABLE app.done (handler text, type text, position bigint, who text);
	CREATE FUNCTION app.work(handler text, e events.event) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_advisory_xact_lock_shared((e.data ->> 'lock')::int) WHERE e.data ? 'lock';
		INSERT INTO app.done VALUES (handler, e.type, e.position, current_user || ' of ' || session_user);
	END $$;
	CREATE FUNCTION app.one(e events.event) RETURNS void LANGUAGE sql AS 'SELECT app.work(''one'', e)';
	CREATE FUNCTION app.two(e events.event) RETURNS void LANGUAGE sql AS 'SELECT app.work(''two'', e)';
};
my $running = "(SELECT pid FROM pg_stat_activity WHERE backend_type = 'events handler' AND wait_event = 'advisory')";

my $node = new_node('handler', 'preloaded', conf => "restart_after_crash = on\nclient_min_messages = warning");
$node->safe_psql('postgres', $setup);

# ---- they run, and then their processes go

$node->safe_psql('postgres', q{SELECT events.create_handler('one', 'app.one(events.event)')});
publish($node, 'a', 'b');
wait_for_done($node, 'one', 'a b', 'the worker has a handler run');
$node->safe_psql('postgres', q{SELECT events.create_handler('two', 'app.two(events.event)', start => 'earliest')});
wait_for_done($node, 'two', 'a b', 'one that begins with old events runs at once');
publish($node, 'c');
wait_for_done($node, 'one', 'a b c', 'a new event');
wait_for_done($node, 'two', 'a b c', 'for each');
wait_for($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'events handler'",
	'when there is nothing to do, there are no processes');
publish($node, 'd');
wait_for_done($node, 'one', 'a b c d', 'which come back');

# ---- as whom

$node->safe_psql('postgres', q{
	CREATE ROLE may_login LOGIN; CREATE ROLE no_login NOLOGIN;
	CREATE FUNCTION app.check_later() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO app.done VALUES ('trigger of ' || new.handler, 'later', 0, current_user || ' of ' || session_user);
		IF new.type = 'owners.bad' THEN
			RAISE 'refused at commit' USING ERRCODE = '23514';
		END IF;
		RETURN NULL;
	END $$;
	CREATE TABLE app.checked (LIKE app.done);
	CREATE CONSTRAINT TRIGGER later AFTER INSERT ON app.checked DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION app.check_later();
	CREATE FUNCTION app.owners(e events.event) RETURNS void LANGUAGE sql AS $$
		INSERT INTO app.checked VALUES (current_user, e.type, e.position, current_user || ' of ' || session_user);
		INSERT INTO app.done VALUES (current_user, e.type, e.position, current_user || ' of ' || session_user) $$;
	GRANT USAGE ON SCHEMA events, app TO may_login, no_login;
	GRANT ALL ON app.done, app.checked TO may_login, no_login;
	SELECT events.grant_role(r, 'read') FROM unnest('{may_login,no_login}'::regrole[]) AS r;
	SET ROLE may_login;
	SELECT events.create_handler('of_may_login', 'app.owners(events.event)', types => '{owners.*}',
		retry_delay => '1 ms', max_attempts => 2);
	SET ROLE no_login;
	SELECT events.create_handler('of_no_login', 'app.owners(events.event)', types => '{owners.*}', max_attempts => 1);
});
publish($node, 'owners.good');
wait_for_done($node, 'may_login', 'owners.good', 'the function of an owner who may log in');
is($node->safe_psql('postgres', "SELECT DISTINCT who FROM app.done WHERE handler LIKE '%may_login'"),
	'may_login of may_login', 'runs in a session of his, and so do its deferred triggers');
if ($node->safe_psql('postgres', 'SHOW server_version_num') < 170000)
{
	wait_for($node, "SELECT sqlstate = '42501' AND reason LIKE 'cannot fire deferred trigger%'"
		  . " FROM events.dead_letter WHERE consumer = 'of_no_login'",
		'that of one who may not is refused deferred triggers, which would have other rights');
}
else
{
	wait_for_done($node, 'no_login', 'owners.good', 'and that of one who may not');
}
publish($node, 'owners.bad', 'owners.fine');
wait_for_done($node, 'may_login', 'owners.good owners.fine', 'what fails at commit is given up');
is($node->safe_psql('postgres', "SELECT sqlstate, attempts, split_part(reason, E'\\n', 1) FROM events.dead_letter"
	  . " WHERE consumer = 'of_may_login'"), '23514|2|refused at commit', 'with its reason, after its attempts');
$node->safe_psql('postgres', "SELECT events.drop_handler(name) FROM events.handlers WHERE name LIKE 'of%'");

# ---- a slow one delays nobody

my $gate = $node->background_psql('postgres');
$gate->query_safe('SELECT pg_advisory_lock(11)');
$node->safe_psql('postgres', q{
	DELETE FROM app.done;
	SELECT events.drop_handler('one');
	SELECT events.create_handler('one', 'app.one(events.event)', types => '{slow,then}')});
my $listener = listen_to($node);
$node->safe_psql('postgres', q{SELECT events.publish('slow', '{"lock": 11}')});
wait_for($node, "SELECT count(*) = 2 FROM $running AS x", 'both wait in their function');
$node->safe_psql('postgres', q{
	SELECT events.drop_handler('two') WHERE pg_terminate_backend(events._handler_pid('two'));
	SELECT events.create_handler('two', 'app.two(events.event)', types => '{then,more}')});
publish($node, 'then', 'more');
wait_for_done($node, 'two', 'then more', 'one goes on while the other one waits');
wait_for_done($node, 'one', '', 'which does');
my $heard = '';
for (my $i = 0; $i < 1000 && $heard ne last_position($node); $i++)
{
	$heard = (notifications($listener))[-1] // $heard;
}
is($heard, last_position($node), 'and the feed goes on');
$listener->quit;
is($node->safe_psql('postgres', "SELECT count(*) FROM events.handlers WHERE pid IN $running"), 1,
	'the view shows the process');
$gate->query_safe('SELECT pg_advisory_unlock(11)');
wait_for_done($node, 'one', 'slow then', 'until it may go on');

# ---- killed in the midst of it

$gate->query_safe('SELECT pg_advisory_lock(11)');
$node->safe_psql('postgres', q{DELETE FROM app.done;
	SELECT events.publish('then', '{}'), events.publish('slow', '{"lock": 11}'), events.publish('then', '{}')});
foreach my $how ('pg_terminate_backend', 'pg_cancel_backend', 'pg_terminate_backend')
{
	wait_for($node, "SELECT count(*) = 1 FROM $running AS x", "$how: a process waits");
	my $pid = $node->safe_psql('postgres', "SELECT $how(pid)::text || ' ' || pid FROM $running AS x");
	$pid =~ s/.* //;
	wait_for($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid", 'and ends');
}
wait_for($node, "SELECT count(*) = 1 FROM $running AS x", 'there is another process');
kill_worker_process($node);
$gate->query_safe('SELECT pg_advisory_unlock(11)');
wait_for_done($node, 'one', 'then slow then', 'each event has had its effect once');
unlike(slurp_file($node->logfile), qr/handler "one" failed/, 'and none of that was blamed on it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM events.dead_letter WHERE consumer = $$one$$'), 0,
	'none was given up');

$gate->query_safe('SELECT pg_advisory_lock(11)');
$node->safe_psql('postgres', q{DELETE FROM app.done;
	SELECT events.publish('then', '{}'), events.publish('slow', '{"lock": 11}'), events.publish('then', '{}')});
wait_for($node, "SELECT count(*) = 1 FROM $running AS x", 'a process waits');
signal_backend('KILL', $node->safe_psql('postgres', "SELECT pid FROM $running AS x"));
$gate->{run}->finish;
$node->poll_query_until('postgres', 'SELECT true') or die 'no restart';
wait_for_done($node, 'one', 'then slow then', 'after a crash, each event has its effect once');

# ---- an event that takes the server down

$node->safe_psql('postgres', q{
	DELETE FROM app.done;
	CREATE FUNCTION app.poison(e events.event) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		IF e.type = 'poison.strong' THEN
			COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID';
		ELSIF e.type = 'poison.weak' THEN
			PERFORM pg_terminate_backend(pg_backend_pid());
		END IF;
		PERFORM app.work('poison', e);
	END $$;
	SELECT events.create_handler('poison', 'app.poison(events.event)', types => '{poison.*}',
		retry_delay => '1 ms', max_attempts => 2);
	SELECT events.publish('poison.not', '{}'), events.publish('poison.strong', '{}'), events.publish('poison.no', '{}'),
		events.publish('poison.weak', '{}'), events.publish('poison.never', '{}')});
my $deadline = time + 120;
my $dead = '';
while ($dead ne 'poison.strong poison.weak' && time < $deadline)
{
	$node->psql('postgres',
		"SELECT string_agg(type, ' ' ORDER BY position) FROM events.dead_letter WHERE consumer = 'poison'",
		stdout => \$dead);
	select(undef, undef, undef, 0.1);
}
is($dead, 'poison.strong poison.weak', 'events that take down the server or their process are given up');
wait_for_done($node, 'poison', 'poison.not poison.no poison.never', 'the others had their effect once');
like($node->safe_psql('postgres', "SELECT min(sqlstate || reason) FROM events.dead_letter WHERE consumer = 'poison'"),
	qr/57P02the process ended/, 'with that as the reason');

# ---- nobody is held up

$gate = $node->background_psql('postgres', on_error_stop => 0);
$gate->query('SELECT pg_advisory_lock(11)');
foreach my $command ('DROP DATABASE other', 'ALTER DATABASE other RENAME TO another')
{
	$node->safe_psql('postgres', 'CREATE DATABASE other');
	$node->safe_psql('other', "CREATE EXTENSION events; $setup" . q{
		CREATE TABLE app.stop ();
		CREATE FUNCTION app.busy(e events.event) RETURNS void LANGUAGE plpgsql AS $$
		BEGIN
			PERFORM app.work('busy', e);
			WHILE NOT EXISTS (SELECT FROM app.stop) LOOP END LOOP;
		END $$;
		SELECT events.create_handler('busy', 'app.busy(events.event)');
		SELECT events.publish('busy', '{}')});
	wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'events handler'"
		  . " AND datname = 'other' AND backend_xid IS NOT NULL", 'a process is busy in the other database');
	my $begin = time;
	$node->safe_psql('postgres', $command);
	cmp_ok(time - $begin, '<', 5, "$command does not wait for a handler");
}
is($node->safe_psql('another', 'SELECT count(*) FROM app.done'), 0, 'its work is undone');
$node->safe_psql('another', q{INSERT INTO app.stop DEFAULT VALUES; SELECT events.publish('next', '{}')});
wait_for($node, "SELECT string_agg(type, ' ' ORDER BY position) = 'busy next' FROM app.done",
	'after ALTER DATABASE the handler goes on', 'another');

$node->safe_psql('postgres', q{DELETE FROM app.done; SELECT events.publish('slow', '{"lock": 11}')});
wait_for($node, "SELECT count(*) = 1 FROM $running AS x", 'a process waits');
my $begin = time;
$node->safe_psql('postgres', 'DROP EXTENSION events CASCADE');
cmp_ok(time - $begin, '<', 5, 'DROP EXTENSION does not wait for a handler');
is($node->safe_psql('postgres', 'SELECT count(*) FROM app.done'), 0, 'whose work is undone');
$node->safe_psql('postgres', "DROP SCHEMA app CASCADE; CREATE EXTENSION events; $setup"
	  . q{SELECT events.create_handler('one', 'app.one(events.event)')});
wait_for_worker($node);
publish($node, 'anew');
wait_for_done($node, 'one', 'anew', 'made anew, it begins anew');
$node->safe_psql('postgres', q{SELECT events.publish('slow', '{"lock": 11}')});
wait_for($node, "SELECT count(*) = 1 FROM $running AS x", 'a process waits');
$begin = time;
$node->stop('fast');
cmp_ok(time - $begin, '<', 30, 'nor does a shutdown');
$gate->{run}->finish;
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|segfault|signal 11/, 'the log shows nothing bad');

# ---- more handlers than processes: the first never comes to an end

$node = new_node('turns', 'preloaded', conf => "events.max_handler_workers = 1\nclient_min_messages = warning");
$node->safe_psql('postgres', $setup . q{
	CREATE FUNCTION app.endless(e events.event) RETURNS void LANGUAGE sql AS $$SELECT events.publish('endless', '{}')$$;
	SELECT events.create_handler('endless', 'app.endless(events.event)', types => '{endless}');
	SELECT events.create_handler('endless too', 'app.endless(events.event)', types => '{endless}');
	SELECT events.create_handler('one', 'app.one(events.event)', types => '{a,b}');
	SELECT events.create_handler('two', 'app.two(events.event)', types => '{a,b}');
	SELECT events.publish('endless', '{}'), events.publish('a', '{}')});
wait_for_done($node, 'one', 'a', 'the next one gets its turn');
wait_for_done($node, 'two', 'a', 'and the next');
my $before = $node->safe_psql('postgres', "SELECT count(*) FROM events.event WHERE type = 'endless'");
publish($node, 'b');
wait_for_done($node, 'one', 'a b', 'and again');
wait_for_done($node, 'two', 'a b', 'all of them');
wait_for($node, "SELECT count(*) > $before FROM events.event WHERE type = 'endless'", 'the first one does not starve');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'events handler'"),
	'<=', 1, 'in one process at a time');
$node->safe_psql('postgres', "SELECT events.drop_handler(name) FROM events.handlers WHERE name <> 'endless'");
wait_for($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'events handler'"
	  . " AND clock_timestamp() - backend_start > '3 s'", 'for one that was dropped while it waited nobody makes room');
$node->stop('fast');

# ---- no free slot: two launchers and two workers take all there are

$node = new_node('slots', 'preloaded', conf => "max_worker_processes = 4\nclient_min_messages = warning");
$node->safe_psql('postgres', $setup);
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION events');
wait_for_worker($node, 'other');
$node->safe_psql('postgres',
	q{SELECT events.create_handler('one', 'app.one(events.event)'); SELECT events.publish('a', '{}')});
wait_for($node, "SELECT pg_read_file('" . $node->logfile . "') LIKE '%no free background worker slot for handler%'",
	'without a free slot the log says so');
is($node->safe_psql('postgres', 'SELECT count(*) FROM app.done'), 0, 'and nothing runs');
$node->safe_psql('postgres', 'DROP DATABASE other');
wait_for_done($node, 'one', 'a', 'until there is one');
# That one is not for the first alone, though more processes would be allowed.
$node->safe_psql('postgres', q{
	CREATE FUNCTION app.endless(e events.event) RETURNS void LANGUAGE sql AS $$SELECT events.publish('endless', '{}')$$;
	SELECT events.create_handler('endless', 'app.endless(events.event)', types => '{endless}');
	SELECT events.publish('endless', '{}')});
wait_for($node, "SELECT count(*) > 10 FROM events.event WHERE type = 'endless'",
	'a handler without end takes the only slot');
$node->safe_psql('postgres', q{SELECT events.create_handler('two', 'app.two(events.event)', types => '{b}')});
publish($node, 'b');
wait_for_done($node, 'two', 'b', 'with one slot they take turns');
$node->stop('fast');

# ---- without a worker: two sessions take turns, as those of eventsd do

$node = new_node('plain', 'plain', conf => 'client_min_messages = warning');
$node->safe_psql('postgres', $setup . q{
	SELECT events.create_handler('one', 'app.one(events.event)', max_attempts => 2, retry_delay => '1 ms');
	SELECT events.create_handler('two', 'app.two(events.event)')});
publish($node, 'a', 'b', 'c', 'd');
is($node->safe_psql('postgres', 'SELECT string_agg(h, $$ $$ ORDER BY h) FROM events._due_handlers() AS h'), 'one two',
	'without a worker, the handlers are due');
my @sessions = map { $node->background_psql('postgres') } 1 .. 2;
my ($turns, $more) = (0, 1);
while ($more && $turns < 200)
{
	$more = 0;
	foreach my $handler ('one', 'two')
	{
		my $session = $sessions[ $turns++ % 3 == 0 ];
		$more = 1 if $session->query_safe("SELECT events._run_handler('$handler')") eq 't';
	}
}
wait_for_done($node, 'one', 'a b c d', 'two sessions by turns have each event taken once');
wait_for_done($node, 'two', 'a b c d', 'by each handler');
is($node->safe_psql('postgres', 'SELECT count(*) FROM events.handler_state'), 0, 'without trouble');
unlike(slurp_file($node->logfile), qr/handler ".*" failed/, 'or blame');
is($node->safe_psql('postgres', 'SELECT count(*) FROM events._due_handlers()'), 0, 'none is due any more');

# One ends in the midst of a call.
$sessions[0]->query_safe('SELECT pg_advisory_lock(11)');
$node->safe_psql('postgres', q{SELECT events.publish('slow', '{"lock": 11}'), events.publish('e', '{}')});
my $dying = $node->background_psql('postgres', on_error_stop => 0);
my $dying_pid = $dying->query('SELECT pg_backend_pid()');
my $round = "SELECT events._run_handler('one');\n";
$dying->query_until(qr/begins/, "$round\\echo begins\n$round");
wait_for($node, "SELECT wait_event = 'advisory' FROM pg_stat_activity WHERE pid = $dying_pid",
	'a session is in a call');
is($sessions[1]->query_safe($round), 'f', 'another one does not disturb it');
signal_backend('TERM', $dying_pid);
$dying->{run}->finish;
$sessions[0]->query_safe('SELECT pg_advisory_unlock(11)');
my $done = "SELECT count(*) FROM app.done WHERE handler = 'one'";
for (my $i = 0; $i < 10000 && $node->safe_psql('postgres', $done) < 6; $i++)
{
	$sessions[ $i % 2 ]->query_safe($round);
}
wait_for_done($node, 'one', 'a b c d slow e', 'when it is ended, the others go on');
$_->quit foreach @sessions;

# ---- restored from a dump, a handler goes on

$node->safe_psql('postgres', "SELECT events.drop_handler('two')");
$node->stop;
$node->append_conf('postgresql.conf',
	"shared_preload_libraries = 'events'\nevents.maintenance_interval = 1\nclient_min_messages = error");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, 'postgres' ], 'a dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, 'restored' ], 'restored');
$node->safe_psql('restored', q{SELECT events.publish('f', '{}')});
wait_for($node,
	"SELECT string_agg(type, ' ' ORDER BY position) = 'a b c d slow e f' FROM app.done WHERE handler = 'one'",
	'the handler of a restored database goes on where it was', 'restored');
$node->stop('fast');
done_testing();

# The types that a handler has taken, in order.
sub wait_for_done
{
	my ($at, $handler, $types, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $query = "SELECT coalesce(string_agg(type, ' ' ORDER BY position), '') FROM app.done WHERE handler = '$handler'";
	return ok(1, $name) if $at->poll_query_until('postgres', $query, $types);
	return is($at->safe_psql('postgres', $query), $types, $name);
}

# The worker's end is not that of the handlers' processes.
sub kill_worker_process
{
	my ($at) = @_;
	my $pid = worker_pid($at);
	$at->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
	wait_for($at, "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'events worker'"
		  . " AND datname = 'postgres' AND pid <> $pid", 'the worker ends and comes back');
	return;
}
