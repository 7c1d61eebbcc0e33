INSERT INTO job (
    team_no, id, key_id, object_type,
    dedupe_by, case_insensitive, update_existing, create_missing_options, require_list_stage, list_id,
    total, staged, created_at, updated_at, state, kind, of_job, more
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, 'queued', $14, $15, $16)
