UPDATE keyed_property SET state = 'ready', next_id = NULL, end_id = NULL
WHERE team_no = $1 AND object_type = $2 AND slug = $3
