SELECT team_no FROM team WHERE id = $1
