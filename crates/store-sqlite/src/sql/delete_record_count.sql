UPDATE record_count SET live = live - 1 WHERE team_no = ?1 AND object_type = ?2
