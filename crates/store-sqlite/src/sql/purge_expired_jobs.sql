-- What is being undone stays, and so does a dry run as long as a job is there that reads its rows, or anything is drafted.
SELECT job_no, kept
FROM job
WHERE ended_at <= ?1 AND created_at <= ?2
    AND NOT EXISTS (
        SELECT 1 FROM job AS other WHERE other.team_no = job.team_no AND other.of_job = job.id
            AND (other.kind = 'apply' OR (other.kind = 'undo' AND other.ended_at IS NULL))
    )
    AND NOT EXISTS (SELECT 1 FROM draft_key WHERE draft_key.job_no = job.job_no)
    AND NOT EXISTS (SELECT 1 FROM draft_record WHERE draft_record.job_no = job.job_no)
ORDER BY ended_at
LIMIT ?3
