-- What is being undone stays, and so does a dry run as long as a job is there that reads its rows, or anything is drafted.
SELECT team_no, id, kept
FROM job
WHERE ended_at <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $2
    AND created_at <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $3
    AND NOT EXISTS (
        SELECT 1 FROM job AS other
        WHERE other.team_no = job.team_no AND other.of_job = job.id
            AND (other.kind = 'apply' OR (other.kind = 'undo' AND other.ended_at IS NULL))
    )
    AND NOT EXISTS (SELECT 1 FROM draft_key WHERE draft_key.team_no = job.team_no AND draft_key.job_id = job.id)
    AND NOT EXISTS (SELECT 1 FROM draft_record WHERE draft_record.team_no = job.team_no AND draft_record.job_id = job.id)
    AND NOT EXISTS (SELECT 1 FROM draft_option WHERE draft_option.team_no = job.team_no AND draft_option.job_id = job.id)
ORDER BY ended_at
LIMIT $4
FOR UPDATE SKIP LOCKED
