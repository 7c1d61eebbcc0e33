UPDATE record_count SET live = live + ?3 WHERE team_no = ?1 AND object_type = ?2
