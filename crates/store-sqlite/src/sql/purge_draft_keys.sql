DELETE FROM draft_key WHERE (job_no, key, record_id) IN (
    SELECT job_no, key, record_id FROM draft_key
    WHERE job_no IN (SELECT job_no FROM job WHERE kind = 'dry_run' AND ended_at IS NOT NULL)
    LIMIT ?1
)
