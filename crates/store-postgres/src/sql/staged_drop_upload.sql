DELETE FROM upload WHERE team_no = $1 AND id = $2
