SELECT job.*, team.id AS team_id FROM job JOIN team USING (team_no) WHERE team.id = $1 AND job.id = $2
