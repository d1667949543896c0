# SPDX-License-Identifier: PostgreSQL
#
# The isolation tests in the order in which they run, one name to a line:
# test/isolation/specs/NAME.spec against test/isolation/expected/NAME.out.  Where
# the gate is a lock (no preload, a server before 17) a reader cannot tell which of
# two commits in flight is the lower: NAME_1.out is what is right there.

ISOLATION = \
	iso_two_writers_order \
	iso_horizon_commit_in_flight \
	iso_reader_never_skips \
	iso_gate_left_in_any_order \
	iso_cause_before_effect \
	iso_locks_before_gate \
	iso_savepoints \
	iso_duplicate \
	iso_expected_position \
	iso_cancel_in_commit \
	iso_publish_now \
	iso_schema_replaced \
	iso_schema_race \
	iso_track \
	iso_consumer_turns \
	iso_consumer_members \
	iso_consumer_join \
	iso_consumer_long_work \
	iso_consumer_upheaval \
	iso_consumer_exactly_once \
	iso_consumer_shares \
	iso_consumer_lease \
	iso_consumer_wait \
	iso_consumer_old_snapshot \
	iso_consumer_loss \
	iso_thin_reader \
	iso_hold \
	iso_search_dropped \
	iso_erase \
	iso_search_index \
	iso_reindex \
	iso_search_dropped \
	iso_import \
	iso_export_retention
