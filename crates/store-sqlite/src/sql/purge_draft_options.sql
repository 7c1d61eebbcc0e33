DELETE FROM draft_option
WHERE job_no IN (SELECT job_no FROM job WHERE kind = 'dry_run' AND ended_at IS NOT NULL)
