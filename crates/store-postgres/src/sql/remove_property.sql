DELETE FROM property WHERE team_no = $1 AND list_id = $2 AND object_type = $3 AND slug = $4
