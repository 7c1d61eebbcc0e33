DELETE FROM property_option
WHERE team_no = ?1 AND object_type = ?3 AND property = ?4
    AND list_no IS (SELECT list_no FROM list WHERE team_no = ?1 AND id = ?2)
