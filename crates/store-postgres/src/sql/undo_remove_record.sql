DELETE FROM record WHERE team_no = $1 AND id = ANY ($2)
