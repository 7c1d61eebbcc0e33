DELETE FROM key_holder WHERE team_no = $1 AND hash = ANY ($2)
