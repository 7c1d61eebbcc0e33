SELECT team.id, job.id, key_id, object_type, dedupe_by, case_insensitive, update_existing, create_missing_options,
    require_list_stage, list_id, total, record_ids_ms, record_ids_index, staged, job.created_at, updated_at, state,
    attempt, cursor, created, existing, updated, rejected, new_options_made, deaths, suspect_row, suspect_deaths,
    ended_at, error_code, error_message, kind, of_job, kept, more, skipped
FROM job JOIN team USING (team_no)
