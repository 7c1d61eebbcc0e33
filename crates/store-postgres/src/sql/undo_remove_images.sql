DELETE FROM job_image WHERE team_no = $1 AND record_id = ANY ($2)
