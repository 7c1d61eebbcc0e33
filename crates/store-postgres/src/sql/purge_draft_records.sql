DELETE FROM draft_record
WHERE (team_no, job_id, record_id) IN (
    SELECT draft_record.team_no, job_id, record_id
    FROM job
    JOIN draft_record ON draft_record.team_no = job.team_no AND draft_record.job_id = job.id
    WHERE kind = 'dry_run' AND ended_at IS NOT NULL
    LIMIT $1
    FOR UPDATE OF draft_record SKIP LOCKED
)
