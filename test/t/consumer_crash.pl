# SPDX-License-Identifier: PostgreSQL
#
# The server crashes while the members of a group, and two sessions that share a consumer
# without a key, are at work; before and after that they are terminated at random, roll
# back, leave, and give events back.  (consumers.pl goes further in all of that, without a
# crash.)  Every event is done once, those of one key in their order.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use POSIX qw(WNOHANG);
use Test::More;

my $schema = <<'SQL';
CREATE TABLE done (nr bigserial, consumer text, position bigint, key text, worker text);
CREATE TABLE finished ();
SELECT events.create_consumer('group', key => 'subject', lease => '200 ms', shares => 16,
	max_attempts => 1000, retry_delay => '1 ms', types => '{work}');
SELECT events.create_consumer('line', max_attempts => 1000, retry_delay => '1 ms', types => '{work}');

-- One round: what is written to done is done, or rolled back with the rest.
CREATE PROCEDURE work(c text, member text) LANGUAGE plpgsql AS $$
DECLARE
	e events.event;
	upto bigint;
BEGIN
	FOR e IN SELECT * FROM events.fetch(c, 1 + (random() * 20)::int, '20 ms', member) LOOP
		IF random() < 0.01 THEN
			PERFORM events.nack(c, e.position, 'no', member => member);
			upto := NULL;
			EXIT;
		END IF;
		INSERT INTO done (consumer, position, key, worker) VALUES (c, e.position, e.subject, member);
		upto := e.position;
		IF random() < 0.2 THEN
			PERFORM events.acknowledge(c, upto, member);
		END IF;
	END LOOP;
	PERFORM events.acknowledge(c, upto, member);
	IF random() < 0.1 THEN
		ROLLBACK;
	ELSE
		COMMIT;
	END IF;
	IF random() < 0.02 AND member IS NOT NULL THEN
		PERFORM events.leave(c, member);
		COMMIT;
	END IF;
END $$;
CREATE PROCEDURE work_to_the_end(c text, member text) LANGUAGE plpgsql AS $$
BEGIN
	WHILE NOT EXISTS (SELECT FROM finished) LOOP
		CALL work(c, member);
	END LOOP;
END $$;
SQL

# Terminate one of those who work, at random.
my $kill = <<'SQL';
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE query LIKE 'CALL work_to_the_end%' ORDER BY random() LIMIT 1
SQL
my $publish = <<'SQL';
DO $$ BEGIN
	FOR i IN 1 .. 20 LOOP
		PERFORM events.publish('work', to_jsonb(n), subject => 'k' || n % 23), events.publish('noise', '1')
		FROM generate_series(1, (random() * 20)::int) AS n;
		COMMIT;
	END LOOP;
END $$
SQL
my $missing = <<'SQL';
SELECT NOT EXISTS (SELECT FROM events.event AS e CROSS JOIN events.consumer AS c
	WHERE e.type = 'work' AND NOT EXISTS (SELECT FROM done AS d WHERE d.consumer = c.name AND d.position = e.position))
SQL

foreach my $mode ('preloaded', 'plain')
{
	my $node = new_node("consumer_crash_$mode", $mode);
	$node->safe_psql('postgres', $schema);

	# Each worker is a process; who has died is followed by another.
	my $generation = 0;
	my %workers;
	my @slots = ((map { "group.$_" } 1 .. 4), (map { "line.$_" } 1 .. 2));
	my $start = sub {
		my ($slot) = @_;
		my ($consumer) = split /\./, $slot;
		my $member = $consumer eq 'group' ? "'$slot." . $generation++ . "'" : 'NULL';
		my $pid = fork // die "fork: $!";
		return $workers{$slot} = $pid if $pid;
		open STDOUT, '>>', "$PostgreSQL::Test::Utils::log_path/$mode.$slot.log" or die $!;
		open STDERR, '>&', \*STDOUT or die $!;
		exec 'psql', '-Xq', '-d', $node->connstr('postgres'), '-c', "CALL work_to_the_end('$consumer', $member)"
		  or POSIX::_exit(1);
	};
	my $restart_dead = sub {
		foreach my $slot (@slots)
		{
			$start->($slot) if !defined $workers{$slot} || waitpid($workers{$slot}, WNOHANG) != 0;
		}
	};
	foreach my $round (1 .. 8)
	{
		$restart_dead->();
		$node->safe_psql('postgres', $publish);
		$node->safe_psql('postgres', $kill);
		if ($round == 4)
		{
			$node->stop('immediate');
			$node->start;
		}
	}
	$restart_dead->();
	wait_for($node, $missing, "$mode: every event is done");
	$node->safe_psql('postgres', 'INSERT INTO finished DEFAULT VALUES');
	waitpid $_, 0 foreach values %workers;

	is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT (consumer, position)) FROM done'),
		0, "$mode: none is done twice");
	is($node->safe_psql('postgres', <<'SQL'), 0, "$mode: events of a key keep their order");
SELECT count(*)
FROM (SELECT position < lag(position) OVER (PARTITION BY consumer, key ORDER BY nr) AS wrong FROM done) AS d
WHERE wrong
SQL
	is($node->safe_psql('postgres', <<'SQL'), 0, "$mode: without a key, all do");
SELECT count(*)
FROM (SELECT position < lag(position) OVER (ORDER BY nr) AS wrong FROM done WHERE consumer = 'line') AS d
WHERE wrong
SQL
	cmp_ok($node->safe_psql('postgres', "SELECT count(DISTINCT worker) FROM done WHERE consumer = 'group'"),
		'>', 4, "$mode: by many workers");
	is($node->safe_psql('postgres', 'SELECT sum(retrying) + sum(dead) FROM events.consumers'),
		0, "$mode: nothing is left over");
	$node->safe_psql('postgres', 'SELECT events._clean_consumers()');
	is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT (consumer, member)) FROM events.consumer_state'),
		0, "$mode: and cleared up");
	$node->stop;
}

done_testing();
