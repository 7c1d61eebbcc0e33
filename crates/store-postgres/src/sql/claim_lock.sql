-- The job as it is now, locked; no row when another transaction has it or has taken it meanwhile.
SELECT job.*, team.id AS team_id, job_note.row_noted
FROM job
JOIN team USING (team_no)
LEFT JOIN job_note ON job_note.team_no = job.team_no AND job_note.job_id = job.id AND job_note.attempt = job.attempt
WHERE job.team_no = $1 AND job.id = $2 AND ended_at IS NULL
    AND (state = 'queued' OR lease_until <= coalesce($3, (extract(epoch FROM clock_timestamp()) * 1000)::bigint))
FOR UPDATE OF job SKIP LOCKED
