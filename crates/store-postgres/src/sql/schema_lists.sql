SELECT id, object_type, template FROM list WHERE team_no = $1
