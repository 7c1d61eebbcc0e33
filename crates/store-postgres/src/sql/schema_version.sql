SELECT version FROM team_schema WHERE team_no = $1
