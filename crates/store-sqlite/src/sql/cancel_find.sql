SELECT job.* FROM job JOIN team USING (team_no) WHERE job.id = ?1 AND team.id = ?2 AND ended_at IS NULL
