-- SPDX-License-Identifier: PostgreSQL
--
-- ---------------------------------------------------------------------------
-- Who may do what: PUBLIC gets nothing
-- ---------------------------------------------------------------------------

CREATE FUNCTION events._role_functions(privilege text)
RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.oid::regprocedure
    FROM pg_proc AS p
    WHERE p.pronamespace = 'events'::regnamespace
      -- what looks at its arguments and the registry only goes with every privilege
      AND (p.proname IN ('is_valid', 'validate', 'validation_errors', 'validation_report',
                         'apply_defaults', 'resolve_schema', 'schema_risks', 'schema_compatibility',
                         'infer_schema', 'infer_schema_agg', 'typescript', 'sample',
                         'matches', 'check_pattern', 'explain_match', '_match_set', 'feel', 'feel_test',
                         'feel_unary', 'feel_problems', 'check_feel',
                         'table_schema', '_encode_name', '_row_schema', '_type_schema', '_trigger_options')
           OR CASE privilege
          WHEN 'publish' THEN p.proname IN ('publish', 'publish_batch', 'publish_now', 'publish_batch_now',
                                            'publish_change', 'track', 'untrack',
                                            '_check_columns', '_check_condition', '_check_redact', '_check_table',
                                            '_create_trigger', '_descendants', '_drop_trigger', '_fill_template',
                                            '_inherit_tracking', '_lock_tracked', '_register_changes', '_set_trigger_options',
                                            '_set_triggers', '_track_key',
                                            '_track_options', '_track_schema_name')
          WHEN 'read' THEN p.proname IN ('read', 'export', 'horizon', 'oldest', 'position_at', 'read_subject',
                                         'matches_event', '_matches_event',
                                         'search', 'explain_search', 'facets', 'histogram',
                                         'create_consumer', 'drop_consumer', 'fetch', 'acknowledge', 'nack',
                                         'leave', 'seek', 'redrive', 'create_handler', 'drop_handler',
                                         '_relay_state', '_partitions', '_retention', '_search_document', '_search_partitions')
          WHEN 'relay' THEN p.proname IN ('horizon', 'oldest', 'position_at', 'maintain', '_maintain',
                                          '_relay_state', '_partitions', '_retention', '_feed', '_intake', '_index_search', 'export',
                                          '_check_filter', '_try_filter', '_test_filter',
                                          'search', 'facets', '_histogram', '_search_page', '_event_page',
                                          '_cloudevent', '_limit_search', '_search_facets', '_search_filter_of',
                                          '_search_histogram', '_search_hits', '_search_json', '_search_of_users',
                                          '_search_texts', '_search_topics',
                                          '_due_handlers', '_run_handler')
          WHEN 'admin' THEN p.proname NOT IN ('_advance_position', '_change_role',
                                              '_check_claims', '_check_schema', '_check_type', '_check_unused',
                                              '_clean_consumers',
                                              '_close_partitions', '_consumer_wants', '_covers', '_check_covered',
                                              '_drop_partition', '_drop_partitions', '_enforce_retention',
                                              '_ensure_partitions', '_erase_some', '_forget_chunks', '_forget_duplicates', '_forget_subjects',
                                              '_handlers_changed', '_held', '_index_subjects', '_is_thinning',
                                              '_note_losses', '_note_risks', '_partition_bytes',
                                              '_removals', '_remove_events', '_rule_of',
                                              '_thin_partitions', '_thin_step',
                                              '_registry_changed', '_role_functions',
                                              '_drop_search_partitions', '_filed_missing_chunk',
                                              '_find_missing_documents', '_forget_documents', '_forget_summaries',
                                              '_lock_search_index', '_newest_event', '_next_missing_chunk',
                                              '_next_reindex_chunk', '_note_search_configuration',
                                              '_reindexed_chunk', '_summarise_chunks', '_summarise_stale_chunks', '_wake_indexer',
                                              '_roll_over_partition',
                                              '_change_schema', '_ddl', '_follow_ddl', '_keep_in_step',
                                              '_recheck_condition', '_rename_in_condition', '_rename_tracked',
                                              '_tracked_with_type', '_undescribed', '_write_change_schema', '_write_changes')
          END)
$$;
COMMENT ON FUNCTION events._role_functions(text) IS 'The functions that a privilege of events.grant_role() stands for';

CREATE FUNCTION events._change_role(role regrole, privilege text, command text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    direction text := CASE command WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END;
    f regprocedure;
BEGIN
    IF role IS NULL OR privilege IS NULL OR privilege NOT IN ('publish', 'read', 'relay', 'admin') THEN
        RAISE EXCEPTION 'privilege must be publish, read, relay or admin: %', coalesce(privilege, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example events.grant_role(''app'', ''publish'').';
    END IF;
    IF command = 'GRANT' THEN
        EXECUTE format('GRANT USAGE ON SCHEMA events TO %s', role);
    END IF;
    FOR f IN SELECT events._role_functions(privilege) LOOP
        EXECUTE format('%s EXECUTE ON FUNCTION %s %s %s', command, f, direction, role);
    END LOOP;
    EXECUTE format('%s SELECT ON events.schema, events.type, events.tracked_tables, events._tracking %s %s', command, direction, role);
    IF privilege <> 'publish' THEN
        EXECUTE format('%s SELECT ON events.status, events.storage, events.consumers, events.consumer_members %s %s',
                       command, direction, role);
    END IF;
    IF privilege = 'admin' THEN
        EXECUTE format('%s SELECT ON ALL TABLES IN SCHEMA events %s %s', command, direction, role);
    END IF;
END
$$;
COMMENT ON FUNCTION events._change_role(regrole, text, text) IS 'For events.grant_role() and events.revoke_role()';

CREATE FUNCTION events.grant_role(role regrole, privilege text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM events._change_role(role, privilege, 'GRANT');
END
$$;
COMMENT ON FUNCTION events.grant_role(regrole, text) IS
'Lets a role publish (publish events), read (read events and events.status), relay (what eventsd needs, for its login role) or admin (all of it, and the registry of schemas and types, maintenance, epochs, grants). With each of them comes the right to see registered schemas and types and to validate by them.
Errors: 22023 unknown privilege; 42704 unknown role; 42501 the caller is neither owner of the extension nor admin.';

CREATE FUNCTION events.revoke_role(role regrole, privilege text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM events._change_role(role, privilege, 'REVOKE');
END
$$;
COMMENT ON FUNCTION events.revoke_role(regrole, text) IS
'Takes back what events.grant_role() gave. A function that several privileges share is taken back with any of them; grant the ones that stay again.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA events FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA events FROM PUBLIC;
REVOKE ALL ON SCHEMA events FROM PUBLIC;
