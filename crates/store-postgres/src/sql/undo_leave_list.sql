DELETE FROM list_entry WHERE team_no = $1 AND list_id = $2 AND record_id = ANY ($3)
