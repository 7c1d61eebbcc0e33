SELECT key, record_id, held FROM draft_key WHERE team_no = $1 AND job_id = $2 AND key = ANY ($3) ORDER BY key, record_id
