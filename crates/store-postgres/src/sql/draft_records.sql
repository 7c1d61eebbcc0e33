SELECT record_id, body, list_values FROM draft_record WHERE team_no = $1 AND job_id = $2 AND record_id = ANY ($3)
