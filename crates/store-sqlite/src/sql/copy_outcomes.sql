SELECT job_outcome.job_no, first_row, team.id, job.id, first_row, rows, encoded, forecast
FROM job_outcome
CROSS JOIN job ON job.job_no = job_outcome.job_no AND (job.kind <> 'dry_run' OR job.ended_at IS NOT NULL)
CROSS JOIN team ON team.team_no = job.team_no
WHERE job_outcome.job_no >= ?1 AND (job_outcome.job_no, first_row) > (?1, ?2)
ORDER BY job_outcome.job_no, first_row
LIMIT ?3
