INSERT INTO job (
    id, team_no, key_id, object_type,
    dedupe_by, case_insensitive, update_existing, create_missing_options, require_list_stage, list_id,
    total, first_record_no, staged, created_at, updated_at, state, kind, of_job, more
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, 'queued', ?15, ?16, ?17)
