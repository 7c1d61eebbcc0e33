-- Read backwards along job_of_team.
SELECT job.*, team.id AS team_id
FROM job JOIN team USING (team_no)
WHERE team.id = ?1
    AND (job.created_at, job.id) < (?2, ?3)
    AND (?4 IS NULL OR iif(job.ended_at IS NULL, 'processing', job.state) = ?4)
    AND (?5 IS NULL OR job.object_type = ?5)
    AND (?6 IS NULL OR job.created_at > ?6)
    AND (?7 IS NULL OR job.created_at < ?7)
ORDER BY job.created_at DESC, job.id DESC
LIMIT ?8
