-- Rows stay where some did not get in.
UPDATE job SET
    state = 'complete', ended_at = ?2, worker = NULL, lease_until = NULL,
    kept = iif(?3, staged, NULL), staged = NULL
WHERE job_no = ?1
