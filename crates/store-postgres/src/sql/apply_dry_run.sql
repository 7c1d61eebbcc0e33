SELECT job.*, $3::uuid AS team_id FROM job WHERE team_no = $1 AND id = $2
