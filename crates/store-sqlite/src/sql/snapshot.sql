SELECT job.*, team.id AS team_id FROM job JOIN team USING (team_no) WHERE job.id = ?1 AND team.id = ?2
