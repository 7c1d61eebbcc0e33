UPDATE team_schema SET version = version + 1 WHERE team_no = $1 RETURNING version
