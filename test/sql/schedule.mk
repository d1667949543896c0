# SPDX-License-Identifier: PostgreSQL
#
# The pg_regress tests in the order in which they run, one name to a line:
# test/sql/NAME.sql against expected/NAME.out.

REGRESS = \
	install \
	publish \
	publish_cloudevent \
	publish_batch \
	publish_transaction \
	publish_bulk \
	publish_now \
	duplicate \
	read \
	event_row \
	read_subject \
	search_failing \
	search_index \
	search_missing \
	expected_position \
	consumer \
	consumer_nothing_skipped \
	schema_registry \
	type_registry \
	encoding \
	security \
	partition \
	schema_compile \
	schema_validation \
	schema_defaults \
	schema_limits \
	schema_inference \
	schema_typescript \
	schema_sample \
	schema_risks \
	schema_uri \
	schema_pattern \
	schema_format \
	schema_compatibility \
	feel_language \
	feel_errors \
	feel_equality \
	feel_list \
	feel_context \
	feel_range \
	feel_temporal \
	feel_number \
	feel_string \
	event_pattern \
	event_pattern_errors \
	event_pattern_filter \
	event_set \
	event_pattern_row \
	filter \
	publish_change \
	publish_change_errors \
	table_schema \
	track \
	track_ddl \
	handler \
	retain \
	hold \
	erase \
	consumer_loss \
	search_http \
	export_import \
	search \
	search_facets \
	search_errors \
	archive_random
