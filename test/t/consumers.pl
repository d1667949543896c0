# SPDX-License-Identifier: PostgreSQL
#
# Consumers under chaos.  Members of a group and sessions of a consumer without a
# key fetch, process and acknowledge in one transaction, and do all that may go
# wrong: they acknowledge a part, or nothing; give events back; roll back, wholly
# or to a savepoint, before and after they have acknowledged; let their lease run
# out in the middle of a transaction; leave; are terminated; the server crashes.
# Publishers roll back, too, maintenance runs beside them, and dead letters are redriven.
#
# At the end each event was processed once or lies among the dead letters, never
# both, and the events of one key were processed in the order of their positions.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $publishers = 4;
my $transactions = 150;
my $members = 5;

# What a member does in one transaction is work(); the dice say how it ends.  To give an
# event back acknowledges those before it; then it has to fetch again.
my $schema = <<'SQL';
CREATE TABLE processed (nr bigserial, consumer text, member text, position bigint, subject text);
CREATE TABLE turns (consumer text, what text, pid int DEFAULT pg_backend_pid());

CREATE FUNCTION outlive_lease(consumer text, me text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	WHILE EXISTS (SELECT FROM events.consumer_members m
		WHERE (m.consumer, m.member) = (outlive_lease.consumer, me) AND m.leased_until > clock_timestamp())
	LOOP
		PERFORM pg_stat_clear_snapshot();
	END LOOP;
END $$;

CREATE FUNCTION work(consumer text, me text, taken events.event[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	e events.event;
	dice float := random();
	upto bigint;
	got int := 0;
	most int := 1 + (random() * 15)::int;
BEGIN
	-- What a savepoint took back has not been fetched.
	IF taken IS NULL AND random() < 0.1 THEN
		BEGIN
			SELECT max(f.position) INTO upto FROM events.fetch(consumer, most, member => me) f;
			IF random() < 0.5 AND upto IS NOT NULL THEN
				PERFORM events.acknowledge(consumer, upto, me);
			END IF;
			RAISE EXCEPTION 'back' USING ERRCODE = 'P0099';
		EXCEPTION WHEN SQLSTATE 'P0099' THEN
			upto := NULL;
		END;
	END IF;
	IF taken IS NULL THEN
		taken := ARRAY(SELECT f FROM events.fetch(consumer, most, member => me) f);
	END IF;
	FOREACH e IN ARRAY taken LOOP
		got := got + 1;
		IF e.position % 29 = 0 OR dice < 0.2 AND random() < 0.2 THEN
			PERFORM events.nack(consumer, e.position, 'dice', delay => random() * interval '20 ms', member => me);
			upto := NULL;
			EXIT;
		END IF;
		INSERT INTO processed (consumer, member, position, subject) VALUES (work.consumer, me, e.position, e.subject);
		upto := e.position;
		EXIT WHEN dice > 0.8 AND random() < 0.2;
	END LOOP;
	IF dice BETWEEN 0.2 AND 0.25 THEN
		RAISE EXCEPTION 'before acknowledge' USING ERRCODE = 'P0098';
	END IF;
	IF upto IS NOT NULL THEN
		PERFORM events.acknowledge(consumer, upto, me);
	END IF;
	IF dice BETWEEN 0.25 AND 0.3 THEN
		RAISE EXCEPTION 'after acknowledge' USING ERRCODE = 'P0098';
	END IF;
	-- The lease runs out before the commit.
	IF dice BETWEEN 0.3 AND 0.31 THEN
		PERFORM outlive_lease(consumer, me);
	END IF;
	IF me IS NOT NULL AND dice BETWEEN 0.31 AND 0.34 THEN
		PERFORM events.leave(consumer, me);
	END IF;
	RETURN got;
END $$;

-- Until somebody says stop: a table, so that sessions that come later know.
CREATE TABLE stop (stopped_at timestamptz);
CREATE PROCEDURE be_member(consumer text, me text) LANGUAGE plpgsql AS $$
DECLARE
	got int;
	taken events.event[];
BEGIN
	PERFORM set_config('application_name', 'member', false);
	WHILE NOT EXISTS (SELECT FROM stop) LOOP
		-- In two transactions: a member has its shares until the lease runs out.
		taken := NULL;
		IF me IS NOT NULL AND random() < 0.3 THEN
			taken := ARRAY(SELECT f FROM events.fetch(consumer, 10, member => me) f);
			COMMIT;
			IF random() < 0.1 THEN
				PERFORM outlive_lease(consumer, me);
			END IF;
		END IF;
		BEGIN
			got := work(consumer, me, taken);
		EXCEPTION WHEN SQLSTATE 'P0098' OR serialization_failure THEN
			INSERT INTO turns VALUES (consumer, SQLSTATE);
		END;
		COMMIT;
	END LOOP;
END $$;
CREATE VIEW outcome AS
	SELECT c.name AS consumer, e.position, e.subject,
		(SELECT count(*) FROM processed p WHERE p.consumer = c.name AND p.position = e.position) AS processed,
		(SELECT count(*) FROM events.dead_letter d WHERE d.consumer = c.name AND d.position = e.position) AS dead
	FROM events.consumer c, events.event e
	WHERE e.type = 'order.changed';
SQL

my %scripts = (
	'commit' => <<'SQL',
\set key random(1, 30)
SELECT events.publish('order.changed', '{}', subject => 'o-:key');
SQL
	'several' => <<'SQL',
\set key random(1, 30)
SELECT events.publish('order.changed', '{}', subject => 'o-' || (:key + n)) FROM generate_series(1, 5) n;
SQL
	'other' => <<'SQL',
SELECT events.publish('something.else', '{}') FROM generate_series(1, 20) n;
SQL
	'rollback' => <<'SQL',
BEGIN;
SELECT events.publish('order.changed', '{}', subject => 'never');
ROLLBACK;
SQL
	'maintain' => <<'SQL',
SELECT events.maintain();
SQL
);

foreach my $mode ('preloaded', 'plain')
{
	# Hardly any room for what has to wait.
	my $node = new_node("consumers_$mode", $mode, conf => 'events.max_redeliveries = 5');
	$node->safe_psql('postgres', $schema);
	$node->safe_psql('postgres', <<'SQL');
SELECT events.create_consumer('alone', types => '{order.changed}', start => 'earliest',
	max_attempts => 3, retry_delay => '1 ms');
SELECT events.create_consumer('group', types => '{order.changed}', start => 'earliest', key => 'subject',
	shares => 16, lease => '200 ms', max_attempts => 3, retry_delay => '1 ms');
SQL

	my @sessions = map { { consumer => 'group', member => "'m$_'" } } 1 .. $members;
	push @sessions, map { { consumer => 'alone', member => 'NULL' } } 1 .. 2;
	start_session($node, $_) foreach @sessions;

	my %files = map { ("$mode.$_" => $scripts{$_}) } keys %scripts;
	my $pgbench = IPC::Run::start(
		[
			'pgbench', '--no-vacuum', '--client', $publishers, '--jobs', 2,
			'--transactions', $transactions, '--rate', 150,
			map { ('--file', write_script($node, $_, $files{$_})) } sort keys %files,
		],
		'<', \undef, '>', \my $out, '2>', \my $err,
		init => sub { $ENV{PGHOST} = $node->host; $ENV{PGPORT} = $node->port; $ENV{PGDATABASE} = 'postgres' });

	# Terminate one after the other while events are published.
	my ($killed, $deadline) = (0, time + 150);
	while ($pgbench->pumpable && time < $deadline)
	{
		$pgbench->pump_nb;
		$killed += kill_somebody($node);
		restart_the_dead($node, \@sessions);
		redrive_somewhat($node);
	}
	$pgbench->finish;
	like($out, qr/number of transactions actually processed: (\d+)\/\g1\b/, "$mode: publishers got through");
	$killed += kill_somebody($node) while $killed < 10;
	restart_the_dead($node, \@sessions);

	# And all of them at once, in the middle of their work.
	$node->safe_psql('postgres', "SELECT count(events.publish('order.changed', '{}', subject => 'o-' || n % 50))
		FROM generate_series(1, 400) n");
	$node->stop('immediate');
	$node->start;
	$_->{run}->finish foreach @sessions;
	restart_the_dead($node, \@sessions);

	wait_for($node, 'SELECT bool_and(processed + dead > 0) FROM outcome', "$mode: everything is processed in the end");
	$node->safe_psql('postgres', 'INSERT INTO stop VALUES (now())');
	$_->{run}->finish foreach @sessions;

	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM outcome'), '>', 500, "$mode: which is a lot");
	is($node->safe_psql('postgres', <<'SQL'), '', "$mode: once, or among the dead letters");
SELECT * FROM outcome WHERE processed + dead <> 1 ORDER BY 1, 2 LIMIT 20
SQL
	is($node->safe_psql('postgres', <<'SQL'), '', "$mode: the events of a key in order");
SELECT * FROM (SELECT *, lag(position) OVER w AS before FROM processed WHERE consumer = 'group'
	WINDOW w AS (PARTITION BY subject ORDER BY nr)) o
WHERE position < before ORDER BY nr LIMIT 20
SQL
	is($node->safe_psql('postgres', <<'SQL'), '', "$mode: without a key, all in order");
SELECT * FROM (SELECT *, lag(position) OVER (ORDER BY nr) AS before FROM processed WHERE consumer = 'alone') o
WHERE position < before ORDER BY nr LIMIT 20
SQL
	is($node->safe_psql('postgres', "SELECT count(*) FROM processed WHERE subject = 'never'"),
		0, "$mode: nothing that was rolled back");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM events.redelivery'), 0, "$mode: nothing waits");
	cmp_ok($killed, '>=', 10, "$mode: sessions were terminated");
	cmp_ok($node->safe_psql('postgres', 'SELECT count(DISTINCT member) FROM processed'),
		'>=', 2, "$mode: the work was shared");
	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM events.dead_letter'),
		'>', 0, "$mode: some were given up");
	note($node->safe_psql('postgres', "SELECT string_agg(consumer || ' ' || what || ' ' || n, ', ')
		FROM (SELECT consumer, what, count(*) AS n FROM turns GROUP BY 1, 2) t"));
	$node->stop;
}
done_testing();

sub start_session
{
	my ($node, $session) = @_;
	$session->{run} = IPC::Run::start(
		[
			'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
			'-c', "CALL be_member('$session->{consumer}', $session->{member})"
		],
		'<', \undef, '>', \$session->{out}, '2>', \$session->{err});
	return;
}

# A session that has ended was terminated, and for no other reason.
sub restart_the_dead
{
	my ($node, $sessions) = @_;
	foreach my $session (@$sessions)
	{
		$session->{run}->pump_nb if $session->{run}->pumpable;
		next if $session->{run}->pumpable;
		$session->{run}->finish;
		like($session->{err}, qr/terminating connection|server closed the connection/,
			"$session->{consumer} ended because it was told to")
		  or BAIL_OUT('a member failed');
		start_session($node, $session);
	}
	return;
}

sub kill_somebody
{
	my ($node) = @_;
	return $node->safe_psql('postgres', <<'SQL');
SELECT coalesce(sum(pg_terminate_backend(pid)::int), 0) FROM
	(SELECT pid FROM pg_stat_activity WHERE application_name = 'member' ORDER BY random() LIMIT 1) s
SQL
}

# Only what fails again: others would be processed after what came later in their key.
sub redrive_somewhat
{
	my ($node) = @_;
	return $node->safe_psql('postgres', <<'SQL');
SELECT events.redrive(consumer, position) FROM
	(SELECT consumer, position FROM events.dead_letter WHERE position % 29 = 0 ORDER BY random() LIMIT 1) d
SQL
}

sub write_script
{
	my ($node, $name, $text) = @_;
	my $path = $node->basedir . "/$name";
	PostgreSQL::Test::Utils::append_to_file($path, $text);
	return $path;
}
