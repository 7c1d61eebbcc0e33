DELETE FROM draft_key
WHERE (team_no, job_id, key, record_id) IN (
    SELECT draft_key.team_no, job_id, key, record_id
    FROM job
    JOIN draft_key ON draft_key.team_no = job.team_no AND draft_key.job_id = job.id
    WHERE kind = 'dry_run' AND ended_at IS NOT NULL
    LIMIT $1
    FOR UPDATE OF draft_key SKIP LOCKED
)
