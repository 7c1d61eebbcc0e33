-- Rows stay where some did not get in.
UPDATE job SET
    state = 'failed', ended_at = $3, updated_at = $3, error_code = $4, error_message = $5,
    worker = NULL, lease_until = NULL, kept = CASE WHEN $6 THEN staged END, staged = NULL
WHERE team_no = $1 AND id = $2
