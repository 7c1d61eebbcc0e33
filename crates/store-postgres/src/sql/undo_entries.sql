SELECT list_id, record_id, "values", version FROM list_entry WHERE team_no = $1 AND record_id = ANY ($2)
