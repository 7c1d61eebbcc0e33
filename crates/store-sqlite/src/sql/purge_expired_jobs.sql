-- What is being undone stays.
SELECT job_no, kept
FROM job
WHERE ended_at <= ?1 AND created_at <= ?2
    AND NOT EXISTS (
        SELECT 1 FROM job AS undo WHERE undo.team_no = job.team_no AND undo.ended_at IS NULL AND undo.of_job = job.id
            AND undo.kind = 'undo'
    )
ORDER BY ended_at
LIMIT ?3
