-- Rows stay where some did not get in.
UPDATE job SET
    state = 'failed', ended_at = ?2, updated_at = ?2, error_code = ?3, error_message = ?4,
    worker = NULL, lease_until = NULL, kept = iif(?5, staged, NULL), staged = NULL
WHERE job_no = ?1
