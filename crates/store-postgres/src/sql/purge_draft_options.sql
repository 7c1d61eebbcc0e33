DELETE FROM draft_option
WHERE (team_no, job_id, place) IN (
    SELECT draft_option.team_no, job_id, place
    FROM job
    JOIN draft_option ON draft_option.team_no = job.team_no AND draft_option.job_id = job.id
    WHERE kind = 'dry_run' AND ended_at IS NOT NULL
    FOR UPDATE OF draft_option SKIP LOCKED
)
