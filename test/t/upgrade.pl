# SPDX-License-Identifier: PostgreSQL
#
# A fresh install equals a stepped upgrade: whatever version somebody came from,
# ALTER EXTENSION events UPDATE gives the same tables, columns, constraints,
# indexes, functions, views, privileges and comments.  With one version there is
# one path; the comparator is proved by a difference that it must see.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use EventsTest;
use Test::More;

my $node = new_node('upgrade', 'plain', extension => 0);
my $current = $node->safe_psql('postgres',
	"SELECT default_version FROM pg_available_extensions WHERE name = 'events'");
my @versions = split /\n/,
  $node->safe_psql('postgres', "SELECT version FROM pg_available_extension_versions WHERE name = 'events'");
ok(scalar(grep { $_ eq $current } @versions), "the current version, $current, can be installed");

$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION events');
my %fresh = describe('fresh');
ok(scalar(keys %fresh) > 50, 'the description sees ' . scalar(keys %fresh) . ' objects');

foreach my $version (@versions)
{
	my $path = $node->safe_psql('postgres',
		"SELECT path FROM pg_extension_update_paths('events') WHERE source = '$version' AND target = '$current'");
	next if $version ne $current && $path eq '';
	$node->safe_psql('postgres', 'CREATE DATABASE stepped');
	$node->safe_psql('stepped', "CREATE EXTENSION events VERSION '$version'");
	$node->safe_psql('stepped', "SELECT events.publish('kept', '{}')");
	$node->safe_psql('stepped', 'ALTER EXTENSION events UPDATE');
	is_deeply({ describe('stepped') }, \%fresh, "from $version: the same as a fresh install");
	is(read_types($node, undef, 'stepped'), 'kept', "from $version: events are kept");
	$node->safe_psql('postgres', 'DROP DATABASE stepped');
}

$node->safe_psql('fresh', "COMMENT ON FUNCTION events.horizon() IS 'another'");
isnt(differences({ describe('fresh') }, \%fresh), 0, 'the comparator sees a changed comment');
$node->stop;
done_testing();

# Every member of the extension and what depends on it, by name and without OIDs.
# The partitions made at run time are not told apart by version.
sub describe
{
	my ($database) = @_;
	my $text = $node->safe_psql($database, <<'SQL');
WITH relation AS (
	SELECT c.* FROM pg_class c WHERE c.relnamespace = 'events'::regnamespace AND NOT c.relispartition
)
SELECT 'relation ' || oid::regclass || ': ' || relkind::text || ' ' || relpersistence::text || ' ' ||
	coalesce(array_to_string(relacl, ','), '-') || ' ' || coalesce(array_to_string(reloptions, ','), '-') || ' ' ||
	coalesce(obj_description(oid, 'pg_class'), '-')
FROM relation
UNION ALL
SELECT 'column ' || attrelid::regclass || '.' || attname || ': ' || format_type(atttypid, atttypmod) || ' ' ||
	attnum || ' ' || attnotnull || ' ' || attstorage::text || ' ' || coalesce(pg_get_expr(adbin, adrelid), '-')
FROM pg_attribute JOIN relation r ON r.oid = attrelid
	LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint ' || conrelid::regclass || '.' || conname || ': ' || pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN relation r ON r.oid = conrelid
UNION ALL
SELECT 'index ' || indexrelid::regclass || ': ' || pg_get_indexdef(indexrelid)
FROM pg_index JOIN relation r ON r.oid = indrelid
UNION ALL
SELECT 'view ' || oid::regclass || ': ' || pg_get_viewdef(oid) FROM relation WHERE relkind = 'v'
UNION ALL
SELECT 'trigger ' || tgrelid::regclass || '.' || tgname || ': ' || pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN relation r ON r.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || p.oid::regprocedure || ': ' ||
	CASE WHEN prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END || ' ' ||
	coalesce(array_to_string(proacl, ','), '-') || ' ' || coalesce(obj_description(p.oid, 'pg_proc'), '-')
FROM pg_proc p WHERE pronamespace = 'events'::regnamespace
UNION ALL
SELECT 'type ' || oid::regtype || ': ' || typtype::text FROM pg_type
WHERE typnamespace = 'events'::regnamespace AND typrelid = 0 AND typelem = 0
UNION ALL
SELECT 'member ' || pg_describe_object(classid, objid, objsubid) || ': ' || deptype::text
FROM pg_depend WHERE refclassid = 'pg_extension'::regclass
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'events')
UNION ALL
SELECT 'dumped ' || unnest(extconfig)::regclass || ': ' || unnest(extcondition) FROM pg_extension
WHERE extname = 'events'
SQL
	my ($name, %objects);
	foreach my $line (split /\n/, $text)
	{
		if ($line =~ /^((?:relation|column|constraint|index|view|trigger|function|type|member|dumped) .*?): (.*)$/)
		{
			$name = $1;
			$objects{$name} = $2;
		}
		else
		{
			$objects{$name} .= "\n$line";
		}
	}
	return %objects;
}

sub differences
{
	my ($one, $other) = @_;
	my %names = map { $_ => 1 } (keys %$one, keys %$other);
	return scalar grep { ($one->{$_} // '') ne ($other->{$_} // '') } keys %names;
}
