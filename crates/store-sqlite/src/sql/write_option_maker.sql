UPDATE property_option SET made_by = ?6
WHERE team_no = ?1 AND object_type = ?3 AND property = ?4 AND slug = ?5
    AND list_no IS (SELECT list_no FROM list WHERE team_no = ?1 AND id = ?2)
