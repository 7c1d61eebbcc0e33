SELECT job.*, $3::uuid AS team_id
FROM job
WHERE team_no = $1 AND coalesce(record_ids_ms, created_at) = $2 AND kind NOT IN ('undo', 'dry_run')
