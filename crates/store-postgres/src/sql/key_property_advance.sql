UPDATE keyed_property SET next_id = $4 WHERE team_no = $1 AND object_type = $2 AND slug = $3
