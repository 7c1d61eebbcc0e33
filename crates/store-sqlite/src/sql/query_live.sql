SELECT live FROM record_count WHERE team_no = ?1 AND object_type = ?2
