-- Rows stay where some did not get in.
UPDATE job SET
    state = 'complete', ended_at = $3, worker = NULL, lease_until = NULL,
    kept = CASE WHEN $4 THEN staged END, staged = NULL
WHERE team_no = $1 AND id = $2
