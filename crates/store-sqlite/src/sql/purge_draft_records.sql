DELETE FROM draft_record WHERE (job_no, record_id) IN (
    SELECT job_no, record_id FROM draft_record
    WHERE job_no IN (SELECT job_no FROM job WHERE kind = 'dry_run' AND ended_at IS NOT NULL)
    LIMIT ?1
)
