DELETE FROM property_option WHERE team_no = $1 AND list_id = $2 AND object_type = $3 AND property = $4
