SELECT job.*, team.id AS team_id
FROM job JOIN team USING (team_no)
WHERE ended_at IS NULL AND (state = 'queued' OR lease_until <= ?1)
ORDER BY job.created_at, job_no
