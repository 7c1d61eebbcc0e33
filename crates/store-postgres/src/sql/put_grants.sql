UPDATE record SET grants = $3 WHERE team_no = $1 AND id = $2
