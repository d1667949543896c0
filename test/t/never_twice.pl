# SPDX-License-Identifier: PostgreSQL
#
# Never twice, while backends are killed.  Many publishers retry the same ids until
# each was acknowledged, in batches and one by one, with rollbacks; others append to
# streams after the event that they saw last.  Backends are terminated, and the whole
# server crashes, in the middle.  At the end each id is there exactly once, and each
# stream is a chain: every event names the position of the one before it.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use IPC::Run;
use Test::More;

my $ids = 3000;
my $appends = 200;
my $streams = 3;

# Each publisher goes through all ids in an order of its own and notes nothing: an id
# is done when it was acknowledged.  What is killed on the way is tried again.  They end
# each other now and then, so that it happens as often on a fast machine as on a slow one.
my $schema = <<'SQL';
CREATE TABLE acknowledged (worker int, id int, PRIMARY KEY (worker, id));
CREATE PROCEDURE publish_ids(me int, n int) LANGUAGE plpgsql AS $$
DECLARE
	tried int[];
BEGIN
	LOOP
		tried := ARRAY(SELECT i FROM generate_series(1, n) AS i
			WHERE NOT EXISTS (SELECT FROM acknowledged AS a WHERE a.worker = me AND a.id = i)
			ORDER BY random() LIMIT 1 + random() * 10);
		EXIT WHEN tried = '{}';
		BEGIN
			CASE (random() * 3)::int
				WHEN 0 THEN
					PERFORM events.publish_batch(jsonb_agg(
						jsonb_build_object('type', 'once', 'source', '/once', 'id', i::text)))
					FROM unnest(tried) AS i;
				WHEN 1 THEN
					PERFORM events.publish('once', '{}', source => '/once', id => tried[1]::text);
					tried := tried[1:1];
				ELSE
					PERFORM events.publish('once', '{}', source => '/once', id => i::text) FROM unnest(tried) AS i;
			END CASE;
			PERFORM 1 / (random() * 4)::int;
		EXCEPTION WHEN division_by_zero OR deadlock_detected THEN
			tried := '{}';
		END;
		COMMIT;
		-- who is killed here does not know that it is done
		INSERT INTO acknowledged SELECT me, unnest(tried);
		COMMIT;
		IF random() < 0.02 THEN
			PERFORM pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
				WHERE application_name LIKE 'publisher%' AND pid <> pg_backend_pid()
				ORDER BY random() LIMIT 1) AS victim;
		END IF;
	END LOOP;
END $$;
CREATE PROCEDURE append(me int, n int, streams int) LANGUAGE plpgsql AS $$
DECLARE
	last bigint;
	stream text;
	done int;
BEGIN
	LOOP
		done := (SELECT count(*) FROM acknowledged WHERE worker = me);
		EXIT WHEN done >= n;
		stream := 'stream ' || (done % streams);
		last := coalesce((SELECT max(position) FROM events.read_subject('/chain', stream)), 0);
		COMMIT;
		BEGIN
			PERFORM events.publish('chain', to_jsonb(last), source => '/chain', subject => stream,
				expected_position => last);
			INSERT INTO acknowledged VALUES (me, done);
		EXCEPTION WHEN serialization_failure THEN
			NULL;
		END;
		COMMIT;
	END LOOP;
END $$;
SQL

foreach my $mode ('preloaded', 'plain')
{
	my $node = new_node("never_twice_$mode", $mode,
		conf => "restart_after_crash = on\nevents.maintenance_interval = 1\ndeadlock_timeout = 20ms");
	$node->safe_psql('postgres', $schema);
	my %calls = (
		(map { ($_ => "CALL publish_ids($_, $ids)") } 1 .. 5),
		(map { ($_ => "CALL append($_, $appends, $streams)") } 6 .. 8));
	my %running = map { $_ => start_session($node, $_, $calls{$_}) } keys %calls;
	my ($crashes, $again) = (0, 0);

	# Each time a third more is done the server crashes; who has ended begins again.
	while (%running)
	{
		if ($crashes < 2 && progress($node) > 5 * $ids * ($crashes + 1) / 3)
		{
			my $pid = $node->safe_psql('postgres', <<'SQL');
SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'publisher%' ORDER BY random() LIMIT 1
SQL
			if ($pid ne '')
			{
				kill 'KILL', $pid and $crashes++;
				$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
			}
		}
		foreach my $me (keys %running)
		{
			next if $running{$me}->pumpable;
			$running{$me}->finish;
			my $through = $running{$me}->result == 0;
			delete $running{$me};
			next if $through;
			$again++;
			$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
			$running{$me} = start_session($node, $me, $calls{$me});
		}
		$_->pump_nb foreach grep { $_->pumpable } values %running;
		# a look at the database is what paces this loop
		$node->psql('postgres', 'SELECT 1');
	}
	is($crashes, 2, "$mode: the server crashed");
	cmp_ok($again, '>', 10, "$mode: $again began again");

	is($node->safe_psql('postgres', "SELECT count(*), count(DISTINCT id) FROM events.event WHERE type = 'once'"),
		"$ids|$ids", "$mode: each id is there exactly once");
	is($node->safe_psql('postgres', <<'SQL'), 0, "$mode: each event of a stream follows the one before it");
SELECT count(*) FROM (SELECT data::text::bigint AS expected, coalesce(lag(position) OVER (PARTITION BY subject
	ORDER BY position), 0) AS before FROM events.event WHERE type = 'chain') AS e WHERE expected <> before
SQL
	is($node->safe_psql('postgres', "SELECT count(*) FROM events.event WHERE type = 'chain'"),
		3 * $appends, "$mode: what was acknowledged is there, once");

	# The same by the index of subjects, however far it has come.
	is($node->safe_psql('postgres', <<'SQL'), 3 * $appends, "$mode: and is read by its streams");
SELECT count(*) FROM generate_series(0, 2) AS i, events.read_subject('/chain', 'stream ' || i)
SQL
	$node->stop;
}
done_testing();

sub progress
{
	my ($node) = @_;
	my ($status, $out) = $node->psql('postgres', 'SELECT count(*) FROM acknowledged');
	return $status == 0 && $out ne '' ? $out : 0;
}

sub start_session
{
	my ($node, $me, $call) = @_;
	my ($out, $err) = ('', '');
	local $ENV{PGAPPNAME} = "publisher $me";
	return IPC::Run::start(
		[ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $call ],
		'<', \undef, '>', \$out, '2>', \$err);
}
