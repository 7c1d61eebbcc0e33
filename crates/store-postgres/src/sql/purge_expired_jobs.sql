-- What is being undone stays.
SELECT team_no, id, kept
FROM job
WHERE ended_at <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $2
    AND created_at <= coalesce($1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) - $3
    AND NOT EXISTS (
        SELECT 1 FROM job AS undo
        WHERE undo.team_no = job.team_no AND undo.ended_at IS NULL AND undo.of_job = job.id AND undo.kind = 'undo'
    )
ORDER BY ended_at
LIMIT $4
FOR UPDATE SKIP LOCKED
