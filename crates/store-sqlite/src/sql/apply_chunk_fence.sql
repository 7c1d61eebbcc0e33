-- No row: another worker owns the job, or it has ended.
UPDATE job SET lease_until = ?4, updated_at = ?5, deaths = 0, suspect_row = NULL, suspect_deaths = 0
WHERE id = ?1 AND attempt = ?2 AND cursor = ?3 AND state = 'running'
RETURNING job_no, created, existing, updated, rejected, skipped, new_options_made, staged
