# SPDX-License-Identifier: PostgreSQL
#
# DROP EXTENSION leaves nothing: the catalogs are as they were before CREATE
# EXTENSION, whatever happened in between (partitions made at run time, grants,
# a prepared transaction, sessions that have used it), and sessions that still
# have the library loaded go on as if it had never been there.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;

foreach my $mode ('preloaded', 'plain')
{
	my $node = new_node("drop_$mode", $mode, extension => 0);
	$node->safe_psql('postgres', 'CREATE ROLE app; CREATE ROLE relay');
	my $before = catalogs($node);

	foreach my $round (1 .. 2)
	{
		$node->safe_psql('postgres', 'CREATE EXTENSION events');
		$node->safe_psql('postgres', "SELECT events.grant_role('app', 'publish'), events.grant_role('relay', 'relay')");
		my $session = $node->background_psql('postgres', on_error_stop => 0);
		$session->query_safe("SELECT events.publish('used', '{}')");
		$node->safe_psql('postgres', 'SELECT events.maintain()');
		$node->safe_psql('postgres',
			"BEGIN; SELECT events.publish('prepared', '{}'); PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'");
		is(read_types($node), 'used prepared', "$mode $round: it works");

		$node->safe_psql('postgres', 'DROP EXTENSION events');
		is(catalogs($node), $before, "$mode $round: the catalogs are as before");

		my ($out, $failed) = $session->query("SELECT events.publish('gone', '{}')");
		ok($failed, "$mode $round: publish is gone");
		is($session->query('SELECT 1'), '1', "$mode $round: a session that used it goes on");
		$session->quit;
	}

	# Dropped between publish and commit, in the same transaction: an error, or nothing
	# to flush to; never a crash.
	$node->safe_psql('postgres', 'CREATE EXTENSION events');
	$node->psql('postgres', "BEGIN; SELECT events.publish('orphan', '{}'); DROP EXTENSION events; COMMIT");
	is($node->safe_psql('postgres', 'SELECT 1'), '1', "$mode: DROP EXTENSION after publish crashes nothing");
	$node->safe_psql('postgres', 'DROP EXTENSION IF EXISTS events');

	# Made and used in one transaction.
	$node->safe_psql('postgres', "BEGIN; CREATE EXTENSION events; SELECT events.publish('first', '{}'); COMMIT");
	is(read_types($node), 'first', "$mode: CREATE EXTENSION and publish in one transaction");
	$node->safe_psql('postgres', 'DROP EXTENSION events');
	is(catalogs($node), $before, "$mode: the catalogs are as before once more");
	$node->stop;
}
done_testing();

# Everything that a user's database could keep of an extension.
sub catalogs
{
	my ($node) = @_;
	return $node->safe_psql('postgres', <<'SQL');
SELECT 'schemas', string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
UNION ALL SELECT 'relations', count(*)::text FROM pg_class WHERE relpersistence <> 't'
UNION ALL SELECT 'functions', count(*)::text FROM pg_proc
UNION ALL SELECT 'types', count(*)::text FROM pg_type
UNION ALL SELECT 'constraints', count(*)::text FROM pg_constraint
UNION ALL SELECT 'triggers', count(*)::text FROM pg_trigger
UNION ALL SELECT 'event triggers', count(*)::text FROM pg_event_trigger
UNION ALL SELECT 'operators', count(*)::text FROM pg_operator
UNION ALL SELECT 'casts', count(*)::text FROM pg_cast
UNION ALL SELECT 'rules', count(*)::text FROM pg_rewrite
UNION ALL SELECT 'default privileges', count(*)::text FROM pg_default_acl
UNION ALL SELECT 'dependencies', count(*)::text FROM pg_depend
UNION ALL SELECT 'shared dependencies', count(*)::text FROM pg_shdepend
UNION ALL SELECT 'comments', count(*)::text FROM pg_description
UNION ALL SELECT 'initial privileges', count(*)::text FROM pg_init_privs
UNION ALL SELECT 'statistics objects', count(*)::text FROM pg_statistic_ext
UNION ALL SELECT 'roles', string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles
UNION ALL SELECT 'large objects', count(*)::text FROM pg_largeobject_metadata
UNION ALL SELECT 'publications', count(*)::text FROM pg_publication
SQL
}
