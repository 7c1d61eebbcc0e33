SELECT id AS last_id FROM record WHERE team_no = $1 ORDER BY id DESC LIMIT 1
