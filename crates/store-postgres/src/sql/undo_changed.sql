SELECT record_id FROM job_image WHERE team_no = $1 AND job_id = $2 AND record_id = ANY ($3)
